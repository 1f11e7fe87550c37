"""Posts → the text that topics are made of."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.frames import TEXT, Frame, is_dask, map_rows, text_array, text_list
from murmuration.schema import NO_LANG, check_columns
from murmuration.text.fillers import ANYWHERE, HINDI_IN_ENGLISH
from murmuration.text.hashtags import HASHTAGS, MIN_COUNT, HashtagSplitter, shown_phrases
from murmuration.text.letters import MARKS
from murmuration.text.markup import html_to_text, unescape
from murmuration.text.tokens import LISTED, MIN_CHARS, stop_words

MAX_CHARS = 20_000  # beyond it a text is not read: no post is as long

_ESCAPED_AT_MOST = 3  # times over ("&amp;amp;lt;")
_HTML = re.compile(
    r"</?(?:p|br|a|div|span|b|i|u|em|strong|ul|ol|li|blockquote|code|pre|h[1-6])(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# Not seen, or drawn: marks of direction, emoji, arrows, boxes, signs of trade, what could not be read.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_DRAWN = re.compile(
    "[©®\u2120\u2122\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\u20d0-\u20ff\u3030\u303d\u3297\u3299\ue000-\uf8ff"
    "\ufffc\ufffd\U0001f000-\U0001faff\U000e0000-\U000e007f\ud800-\udfff]+"
)
_LONE_JOINER = re.compile(rf"(?<![\w{MARKS}])[\u200c\u200d]+|[\u200c\u200d]+(?![\w{MARKS}])")
# An atomic group where `(…)++` says the same: that one is matched wrongly by Python 3.11.2, Debian's.
_ADDRESS = re.compile(
    r"(?:https?:/|www\.|pic\.twitter\.com/)\S*|(?<![\w.@-])(?>(?:[a-z0-9-]++\.)+)[a-z]{2,6}/\S*"
    r"|\bhttps?(?=\W*$)",
    re.IGNORECASE,
)
# Who passes it on, and whom it names ("h/t @name", "@name@server", "u/name").
_HANDLE = re.compile(
    r"(?:\b(?:RT|MT|HT|h/t|via|cc|by)[\s:]*)?(?<![A-Za-z0-9_])@\w(?:[\w.-]*\w)?(?:@[\w.-]*\w)?(?:'s\b)?"
    r"|(?<![\w/])/?u/[\w-]+",
    re.IGNORECASE,
)
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\(\s*(?:https?:|/|www\.)[^()\s]*\s*\)")  # Markdown
_MARKS = re.compile(r"(?<!\w)[*~`^|]+|[*~`^|]+(?!\w)")
_LINE_MARK = re.compile(r"^[ \t]*(?:>+|#{1,6}(?=\s))", re.MULTILINE)
# X cuts reposts at 140 characters, in the middle of a word.
_CUT = re.compile(r"\S*…(?:https?://\S*)?")
_PIECE = re.compile(r"\S+")
_MIN_CUT = 100
# What platforms and apps add to what people write, and what one of it holds for certain.
_BOILERPLATE = re.compile(
    r"""
    \A\s*\[\s*(?:deleted|removed)\s*\]\s*\Z
    | [\[(]\s*(?:x-?post|cross-?post)[^\[\]()]{0,60}[\])] | \[\s*oc\s*\] | \(\s*cont\s*\)
    | \bi\ (?:liked|added|rated)\ an?\ (?:youtube\ )?video(?:\ from\b|\ to\ a\ (?:youtube\ )?playlist)?
    | \b(?:i\ )?(?:just\ )?posted\ (?:a\ new|\d+|a)\ (?:photos?|videos?)(?:\ to\ (?:facebook|the\ album))?
    | \bsent\ from\ my\ (?:iphone|ipad|android|blackberry|samsung|mobile|phone)\w*
    | \b(?:read\ (?:more|on)|continue\ reading|see\ more|click\ here|link\ in\ (?:my\ )?bio|full\ story)\s*(?=[:.!>-]|$)
    | ^\s*(?:photo|video|new\ (?:blog\ )?post|blog\ post)\s*:
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_SIGNS_OF_IT = (
    "deleted", "removed", "post", "[oc", "cont", "video", "photo", "sent from", "read ", "see more", "click here", "bio",
    "full story",
)  # fmt: skip
_EMPTY = re.compile(r"\(\s*\)|\[\s*\]|\{\s*\}|“\s*”")
_EDGES = " \t\r\n:;,|>–—-/\\·•"
_LETTER = re.compile(r"[^\W\d_]")

_NAMES = re.compile(r"[#＃@＠/]|www\.")
_LETTERS = rf"[^\W\d_]+(?:[{MARKS}\u200c\u200d]+[^\W\d_]*)*"
_WORD = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})*")
_NONE: frozenset[str] = frozenset()
# A language has to have so many words of a text to be taken for its: "die" alone may be English. More are needed where nobody
# looked for the language: most such texts are English, and a title has few words.
_LEAST_FUNCTION_WORDS, _LEAST_UNLOOKED = 2, 3
# French and Italian write the article and the like in one with the word.
_ELIDING = frozenset({"ca", "fr", "it"})
_ELIDED = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|(?:d|n|qu)?[aeou]ll|un|quest)'(?=\w{2})")
_CHINESE = "\u3005-\u3007\u3040-\u312f\u3400-\u9fff\U00020000-\U0003ffff"
_CHINESE_RUN = re.compile(f"[{_CHINESE}]{{2,}}")


def count_words(posts: Any, *, column: str = "text", least: int = MIN_COUNT) -> pd.Series:
    """Count the words of posts, for the splitting of hashtags; computes.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`.
    column
        The column with text.
    least
        Words written fewer times are left out.

    Returns
    -------
    pandas.Series
        Times each word is written, by word in small letters without apostrophes, the most frequent first; and times
        each phrase of two words and more is shown by the capitals of a hashtag. Handles and addresses do not count.
    """
    check_columns(posts.columns, [column], what="count_words")
    if is_dask(posts):
        from dask.base import compute
        from dask.delayed import delayed

        parts = compute(*[delayed(_count)(part, column) for part in posts[[column]].to_delayed()])
        counts = sum(parts, Counter[str]())
    else:
        counts = _count(posts, column)
    kept = [(word, count) for word, count in counts.items() if count >= least]
    kept.sort(key=lambda pair: (-pair[1], pair[0]))
    index = pd.Index([word for word, _ in kept], dtype=TEXT, name="word")
    return pd.Series([count for _, count in kept], index=index, dtype="int64", name="count")


def _count(part: pd.DataFrame, column: str) -> Counter[str]:
    pieces = pc.utf8_split_whitespace(text_array(part[column], column=column))
    found = pc.value_counts(pc.list_flatten(pieces))
    counts: Counter[str] = Counter()
    # Distinct pieces are few beside all that is written.
    pairs = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
    for piece, count in pairs:
        for word in _phrases(piece) if _NAMES.search(piece) else _WORD.findall(piece.lower()):
            counts[word.replace("'", "").replace("’", "")] += count
    return counts


def _phrases(piece: str) -> Iterator[str]:
    for tags in HASHTAGS.findall(piece):
        yield from shown_phrases(tags)


def prepare_texts(posts: Frame, *, column: str = "text", words: pd.Series | None = None) -> Frame:
    """Put beside each post what it says, without what would make topics of its own.

    Out go addresses, handles, markup, emoji and what platforms and apps add ("I liked a YouTube video", "[removed]");
    hashtags become words. Case and marks stay: models of language read them.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`; a `title` that says something else than the text goes before it.
    column
        The column with text.
    words
        From `count_words`: how often words are written, to split hashtags that run together. Without it only
        those are split that show their words by capitals, digits or underscores.

    Returns
    -------
    same kind as `posts`
        With `topic_text`: on one line; empty where no letter is left, null where there is neither text nor
        title. Preparing it again changes nothing. Takes time in proportion to the text.

    Raises
    ------
    SchemaError
        If `column` is missing or no text.
    """

    def prepared(part: pd.DataFrame, words: Any) -> pd.DataFrame:
        check_columns(part.columns, [column], what="prepare_texts")
        splitter = HashtagSplitter(None if words is None else words.to_dict())
        said = text_list(part[column], column=column)
        titles = text_list(part["title"], column="title") if "title" in part else [None] * len(said)
        texts = [_prepare(_whole(*pair), splitter) for pair in zip(titles, said, strict=True)]
        values = pd.Series(pa.array(texts, pa.string()), dtype=TEXT)
        return part.assign(topic_text=values.set_axis(part.index))

    return map_rows(posts, prepared, words)


def join_titles(posts: Frame, *, column: str = "text") -> Frame:
    """Put before each text the title that goes with it, as `prepare_texts` does; without titles nothing changes.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`.
    column
        The column with text.

    Returns
    -------
    same kind as `posts`
        Two posts of other titles and the same text ("[removed]") say different things then.
    """

    def joined(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, [column], what="join_titles")
        if "title" not in part or column == "title":
            return part
        said, titles = (text_list(part[name], column=name) for name in (column, "title"))
        texts = [_whole(*pair) for pair in zip(titles, said, strict=True)]
        values = pd.Series(pa.array(texts, pa.string()), dtype=TEXT)
        return part.assign(**{column: values.set_axis(part.index)})

    return map_rows(posts, joined)


def _whole(title: str | None, text: str | None) -> str | None:
    if not title or (text and text.startswith(title)):
        return text
    # From the text alone: behind a title it is not at the beginning, or all there is, any more.
    body = _BOILERPLATE.sub(" ", text) if text and _may_be_boilerplate(text) else text
    return f"{title}\n{body}" if body and not body.isspace() else title


def _prepare(text: str | None, splitter: HashtagSplitter) -> str | None:
    if text is None:
        return None
    plain = _drop_drawn(_drop_markup(text[:MAX_CHARS]))
    if "[" in plain:
        plain = _LINK.sub(r"\1", plain)
    if "/" in plain or "www." in plain or "http" in plain:
        plain = _ADDRESS.sub(" ", plain)
    if "@" in plain or "u/" in plain:
        plain = _HANDLE.sub(" ", plain)
    if "\n" in plain or plain[:1] in (">", "#"):
        plain = _LINE_MARK.sub(" ", plain)
    plain = _MARKS.sub(" ", plain)
    if "#" in plain:
        plain = HASHTAGS.sub(lambda found: f" {splitter.split(found[0])} ", plain)
    return _tidy(_drop_boilerplate(plain))


def _drop_boilerplate(text: str) -> str:
    return _BOILERPLATE.sub(" ", " ".join(text.split())) if _may_be_boilerplate(text) else text


def _may_be_boilerplate(text: str | None) -> bool:
    small = (text or "").lower()
    return any(sign in small for sign in _SIGNS_OF_IT)


def _tidy(text: str) -> str:
    if "(" in text or "[" in text or "“" in text:
        text = _EMPTY.sub(" ", text)
    line = " ".join(text.split()).removeprefix(". ").strip(_EDGES)  # ".@name", said to all
    return line if _LETTER.search(line) else ""


def _drop_markup(text: str) -> str:
    if "…" in text and len(text) >= _MIN_CUT:
        text = _drop_cut(text)
    for _ in range(_ESCAPED_AT_MOST):
        if "<" in text and _HTML.search(text):
            text = html_to_text(text)
        if "&" not in text:
            break
        text = unescape(text)
    return text


def _drop_cut(text: str) -> str:
    """Leave out the word at the end that was cut, and the addresses behind it."""
    for piece in reversed(list(_PIECE.finditer(text))):
        if not piece[0].startswith(("http://", "https://")):
            return text[: piece.start()] if _CUT.fullmatch(piece[0]) else text
    return text


def _drop_drawn(text: str) -> str:
    """Leave letters, digits and marks, letters in one form."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", _DRAWN.sub(" ", _UNSEEN.sub("", text)))
    return _LONE_JOINER.sub("", plain).replace("’", "'")


def drop_stop_words(
    posts: Frame,
    *,
    column: str = "topic_text",
    fillers: Mapping[str, Collection[str]] | None = None,
) -> Frame:
    """Put beside each post its words without those that carry no topic in its language.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`, and `lang` where it is known. A post whose language is not known, or has no list,
        is taken for the one of whose function words it has most; English where there are none.
    column
        The column with text.
    fillers
        More words that carry none, by language.

    Returns
    -------
    same kind as `posts`
        With `topic_words`: words of two letters and more in small letters with a space between; null where there is
        no text. A German "die" goes, an English one stays; of "l'énergie" what it means stays. Chinese and Japanese, which
        put no space between words, are cut into pairs of characters that overlap.
    """
    own = {code: frozenset(words) for code, words in (fillers or {}).items()}

    def dropped(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, [column], what="drop_stop_words")
        said = text_list(part[column], column=column)
        langs = text_list(part["lang"], column="lang") if "lang" in part else [None] * len(said)
        texts = [
            None if text is None else _words(text, lang, own.get(lang or NO_LANG, _NONE))
            for text, lang in zip(said, langs, strict=True)
        ]
        values = pd.Series(pa.array(texts, pa.string()), dtype=TEXT)
        return part.assign(topic_words=values.set_axis(part.index))

    return map_rows(posts, dropped)


def _words(text: str, lang: str | None, fillers: frozenset[str]) -> str:
    plain = text.lower()
    if not plain.isascii():
        plain = _CHINESE_RUN.sub(_pairs, plain)
    found = _WORD.findall(plain)
    least = _LEAST_UNLOOKED if lang is None else _LEAST_FUNCTION_WORDS
    langs = (lang,) if lang in LISTED else _guess_languages(found, least)
    stop = _stop_words(langs)
    if "'" in plain and not _ELIDING.isdisjoint(langs):
        found = [word if word in stop else _ELIDED.sub("", word) for word in found]
    return " ".join(
        word
        for word in found
        if len(word) >= MIN_CHARS and word not in stop and word not in fillers
    )


def _pairs(run: re.Match[str]) -> str:
    return f" {' '.join(a + b for a, b in pairwise(run[0]))} "


def _guess_languages(words: list[str], least: int) -> tuple[str, ...]:
    """Give the languages of whose function words a text has most, English unless others have `least` and more than it."""
    known = _languages_of_words()
    counts = Counter(lang for word in set(words) for lang in known.get(word, ()))
    most = max(counts.values(), default=0)
    if most < least or most == counts["en"]:
        return ("en",)
    return tuple(sorted(lang for lang, count in counts.items() if count == most))


@cache
def _languages_of_words() -> dict[str, tuple[str, ...]]:
    known: dict[str, list[str]] = {}
    for lang in sorted(LISTED):
        for word in stop_words((lang,)) - ANYWHERE:
            known.setdefault(word, []).append(lang)
    return {word: tuple(langs) for word, langs in known.items()}


@cache
def _stop_words(langs: tuple[str, ...]) -> frozenset[str]:
    found = stop_words(langs)
    return found | frozenset(HINDI_IN_ENGLISH.split()) if "en" in langs else found
