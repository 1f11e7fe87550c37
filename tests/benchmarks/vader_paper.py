"""Why today's VADER does not reach the figures of its paper on the paper's own tweets.

    python tests/benchmarks/vader_paper.py [FOLDER]

FOLDER is that of the real posts (vader/ below it). The reference package is run as it is; with texts cut into
words as its authors' program of 2014 did; without its later rule that "no" turns the words behind it; and with
both. The program of 2014 itself (additional_resources/hutto_ICWSM_2014 in the package's repository; Python 2,
not run here), ported rule by rule and given today's lexicon, has r .8802 (.8814 against the means of the
raters' answers) and weighted F1 .9602: the paper's .881 and .96.
"""

import os
import re
import string
import sys
from pathlib import Path

import numpy as np
from vaderSentiment import vaderSentiment

from murmuration.collect.benchmarks import read_vader_tweets
from murmuration.sentiment.quality import compare_with_paper

_MARKS = re.compile(f"[{re.escape(string.punctuation)}]")
# What was taken off words in 2014; no other mark was, such as # or three dots.
_STRIPPED = [*".!?,;:-'\"", "!!", "!!!", "??", "???", "?!?", "!?!", "?!?!", "!?!?"]
_NO = "no\0"  # is no word of the rule for "no"


def cut_as_in_2014(text: str) -> list[str]:
    """Cut a text into words: marks at one end are taken off where a word is left, single letters are dropped."""
    plain = set(_without_letters(_MARKS.sub("", text).split()))
    words = [_bare(word, plain) for word in text.split()]
    return _without_letters(words)


def _bare(word: str, plain: set[str]) -> str:
    while word not in plain:
        heads = [word[len(mark) :] for mark in _STRIPPED if word.startswith(mark)]
        tails = [word[: -len(mark)] for mark in _STRIPPED if word.endswith(mark)]
        left = next((rest for rest in (*heads, *tails) if rest in plain), None)
        if left is None:
            break
        word = left
    return word


def _without_letters(words: list[str]) -> list[str]:
    """Drop single letters as the program did, which removed them from the list that it walked along."""
    for word in words:
        if len(word) <= 1:
            words.remove(word)
    return words


def scores(texts: list[str], *, cut: bool, no: bool) -> np.ndarray:
    """Score texts with the package, cut as in 2014 and with "no" as in 2014 where asked for."""
    original = vaderSentiment.SentiText

    class Changed(original):
        def _words_and_emoticons(self):
            words = cut_as_in_2014(self.text) if cut else super()._words_and_emoticons()
            return [word + "\0" if no and word.lower() == "no" else word for word in words]

    analyzer = vaderSentiment.SentimentIntensityAnalyzer()
    analyzer.lexicon[_NO] = analyzer.lexicon["no"]
    vaderSentiment.SentiText = Changed
    try:
        return np.array([analyzer.polarity_scores(text)["compound"] for text in texts])
    finally:
        vaderSentiment.SentiText = original


def main() -> None:
    folder = Path(
        (
            sys.argv[1:]
            or [
                os.environ.get("MURMURATION_REAL_DATA") or Path(__file__).parents[3] / "shared/data"
            ]
        )[0]
    )
    tweets = read_vader_tweets(folder)
    if tweets is None:
        print(f"The tweets of VADER's paper are not in {folder}.")
        return
    print(f"{'':40} r       r, raw  weighted F1")
    for name, cut, no in (
        ("package", False, False), ("words cut as in 2014", True, False), ('"no" as in 2014', False, True),
        ("both as in 2014", True, True),
    ):  # fmt: skip
        found = compare_with_paper(
            tweets.texts, tweets.ratings, tweets.raw_ratings, scores(tweets.texts, cut=cut, no=no)
        )
        print(f"{name:40} {found.r:.4f}  {found.r_raw:.4f}  {found.f1:.4f}")


if __name__ == "__main__":
    main()
