"""Hashtags → words.

Where capitals, digits or underscores show the words of a tag (#BlackLivesMatter), they are taken as shown. Words that run
together (#climatechange) are split where known words are the likeliest, each by how often posts write it (the
unigram model and the price of unknown words of Norvig 2009, “Natural Language Corpus Data”, in *Beautiful Data*).
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import accumulate, pairwise

from murmuration.text.letters import MARKS, UNSPACED

# One tag or several in a row ("#one#two"). "#1" is no tag, nor is what stands behind a letter ("C#").
_TAG = rf"[#＃]+(?=\d*_*[^\W\d_])[\w{MARKS}\u200c\u200d]+"
HASHTAGS = re.compile(rf"(?<![\w&/#])(?:{_TAG})+")
_SIGNS = re.compile("[#＃]+")

MIN_COUNT = 3  # times that posts must write a word before it is known
MAX_LETTERS = 24  # of a known word
MIN_LETTERS = 4  # of what may be two words
LEAST_TELLING = 0.4  # share of its letters that stand in words of three letters and more
MAX_SHOWN = 9  # letters of a word that capitals show, beyond which it may be two
MAX_TAG = 200  # longer tags are left as they are
# Short words are everywhere in run-together letters, so only very common ones count: least share of all words by letters.
_LEAST_SHARE = {1: 3e-3, 2: 5e-4, 3: 2e-5}

_BREAKS = re.compile(r"_+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
# Over kinds of characters: U upper case, l lower case, d digit, o letters without case.
_SHOWN = re.compile(
    r"""
    U{1,3}d{1,3}(?![dlo])       # MH370, G20; not CES2015
    | (?<!d)d{1,2}l{1,2}(?!l)   # 4th, 90s
    | (?<![Uldo])d+U(?![Ul])    # 2A, 3D
    | (?<![Uldo])lU(?:U*|l+)(?!l)  # iPhone, iOS
    | U+(?!l) | U?l+ | d+ | o+ | U
    """,
    re.VERBOSE,
)


class HashtagSplitter:
    """Splits hashtags into words; remembers the tags it has seen.

    Parameters
    ----------
    counts
        How often posts write each word, and each phrase that a tag shows, in small letters; see `count_words`.
        Without any, only what capitals, digits and underscores show is split.
    """

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        words = {word: count for word, count in (counts or {}).items() if " " not in word}
        total = max(1, sum(words.values()))
        least = {size: max(MIN_COUNT, share * total) for size, share in _LEAST_SHARE.items()}
        self._log_total = math.log10(total)
        self._counts = {
            word: count for word, count in words.items() if count >= least.get(len(word), MIN_COUNT)
        }
        self._logs = {
            word: math.log10(count) - self._log_total for word, count in self._counts.items()
        }
        self._longest = min(MAX_LETTERS, max(map(len, self._counts), default=0))
        self._phrases = _joined(counts or {})
        self._seen: dict[str, str] = {}

    def split(self, tags: str) -> str:
        """Give the words of a tag, or of several in a row, with spaces between."""
        words = self._seen.get(tags)
        if words is None:
            names = _SIGNS.split(unicodedata.normalize("NFKC", tags))
            words = " ".join(word for name in names if name for word in self._words(name))
            self._seen[tags] = words
        return words

    def _words(self, tag: str) -> Iterator[str]:
        for part in _BREAKS.split(tag):
            shown = [part] if len(part) > MAX_TAG or _UNSPACED.search(part) else shown_words(part)
            if len(shown) == 1:
                shown = self._as_others_show(part)
            if self._is_one_word(part, shown):
                yield part
                continue
            for word in shown:
                # Where capitals show words, few of them are two.
                is_shown = word[0].isupper() and word[1:].islower() and len(word) <= MAX_SHOWN
                yield from [word] if is_shown and len(shown) > 1 else self._run_together(word)

    def _as_others_show(self, part: str) -> list[str]:
        """Cut "blacklivesmatter" like "#BlackLivesMatter"."""
        phrase = self._phrases.get(part.lower(), "")
        if len(phrase.replace(" ", "")) != len(part):
            return [part]
        ends = [0, *accumulate(len(word) for word in phrase.split(" "))]
        return [part[a:b] for a, b in pairwise(ends)]

    def _is_one_word(self, part: str, shown: list[str]) -> bool:
        """Say whether posts write it in one more often than its rarest part ("YouTube")."""
        count = self._counts.get(part.lower(), 0)
        return count > min((self._counts.get(word.lower(), 0) for word in shown), default=0)

    def _run_together(self, piece: str) -> list[str]:
        """Give the likeliest known words that make up all of a piece, else the piece itself."""
        small = piece.lower()
        if len(small) < MIN_LETTERS or len(small) != len(piece) or not small.isalpha():
            return [piece]
        # Of each beginning: log of the likelihood (base 10) of its best split, and where its last word begins.
        best, begin = [0.0] + [-math.inf] * len(small), [0] * (len(small) + 1)
        for start in range(len(small)):
            if best[start] == -math.inf:
                continue
            for end in range(start + 1, min(start + self._longest, len(small)) + 1):
                score = best[start] + self._logs.get(small[start:end], -math.inf)
                if score > best[end]:
                    best[end], begin[end] = score, start
        unknown = 1 - self._log_total - len(small)
        if best[-1] <= unknown:
            return [piece]
        cuts = [len(small)]
        while cuts[-1]:
            cuts.append(begin[cuts[-1]])
        words = [piece[a:b] for a, b in pairwise(reversed(cuts))]
        # "aiweiwei" is not "a i we i we i".
        telling = sum(len(word) for word in words if len(word) > 2)
        return words if telling >= LEAST_TELLING * len(piece) else [piece]


def _joined(counts: Mapping[str, int]) -> dict[str, str]:
    """Give the most frequent phrase for each that is written together."""
    phrases = sorted(
        (
            (count, phrase)
            for phrase, count in counts.items()
            if " " in phrase and count >= MIN_COUNT
        )
    )
    return {phrase.replace(" ", ""): phrase for _, phrase in phrases}


def shown_words(part: str) -> list[str]:
    """Cut where capitals and digits show it: "USAToday2016" is "USA", "Today", "2016"."""
    kinds = ""
    for letter in part:
        if letter.isdigit():
            kinds += "d"
        elif letter.isupper():
            kinds += "U"
        elif letter.islower() or (kinds[-1:] in ("U", "l") and not letter.isalpha()):
            kinds += "l"
        else:
            kinds += "o"
    return [part[found.start() : found.end()] for found in _SHOWN.finditer(kinds)]


def shown_phrases(tags: str) -> Iterator[str]:
    """Give the phrase of each tag in a row that shows two words and more, in small letters."""
    for name in _SIGNS.split(tags):
        words = [word for part in _BREAKS.split(name) for word in shown_words(part)]
        telling = max(map(len, words), default=0) >= MIN_LETTERS and min(map(len, words)) > 1
        if len(words) > 1 and telling and all(word.isalpha() for word in words):
            yield " ".join(words).lower()
