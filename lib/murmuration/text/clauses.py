"""Which part of a post speaks of which brand.

A post is read in three steps: sentences; pieces, cut where a contrast, a comma, an emoji or a joining word
stands; and, where a piece still holds two brands, windows between them. A piece without a brand goes on about
the brand before it. Brands that are listed (“Delta and United”) share what is said of them.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from murmuration.text.brands import Brand, find_mentions

Span = tuple[int, int]

# In a marked text a mention of the n-th brand is the character FIRST + n, filled up to its length, so that
# places in it are places in the text. Both are of Unicode's private use and cleaned out before.
_FIRST, _LAST, _FILL = 0xE000, 0xE0FF, "\uf8ff"
MAX_BRANDS = _LAST - _FIRST + 1
_PRIVATE = re.compile("[\ue000-\uf8ff]")
MENTION = f"[{chr(_FIRST)}-{chr(_LAST)}]{_FILL}*(?:'s)?"
_MARK = re.compile(MENTION)
# Brands in a row: next to each other, or with a comma, "and", "or", "/" between.
_ROW = re.compile(
    rf"{MENTION}(?:\s*,?\s*(?:(?:and|or|nor|vs\.?|[&+/])\s*)?{MENTION})+", re.IGNORECASE
)
_ROW_OR_MARK = re.compile(f"{_ROW.pattern}|{MENTION}", re.IGNORECASE)
_YOU = re.compile(r"\b(?:you|your|yours|u|ur)\b", re.IGNORECASE)
_QUOTES = str.maketrans("’‘＠", "''@")

_PICTURES = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff"
_SMILEY = r"(?<!\w)[:;=8][-^']?[)(DPp/|\\*]+(?!\w)|<3+"
_SENTENCE_END = re.compile(
    r"(?:(?<!\b\d)\.|[!?…。！？])[.!?…。！？]*[\"')\]”]*(?=\s|$)|\n+|\s(?://|>>|\|)\s|(?<=\S)\s(?=RT\s+@)"
)
# Where a piece ends: behind marks and pictures, or before a word that begins another thought.
_CUT = re.compile(
    rf"[,;:()–—|/]+(?=\s)|\s-+\s|(?:{_SMILEY}|[{_PICTURES}]+)+"
    r"|(?=\b(?:but|while|whilst|whereas|however|although|though|yet|except|despite|meanwhile|unlike|so|because|"
    r"since|when|after|before|until|if|and|then|plus|versus|instead|what|now|cc)\b)",
    re.IGNORECASE,
)
_EDGES = re.compile(
    r"^(?:[\s,;:)/|–—-]|(?:and|but|while|whilst|whereas|however|although|though|yet|so|then|plus)\b)+"
    r"|(?:[\s,;|–—-]|\b(?:and|but|yet|so))+$",
    re.IGNORECASE,
)


def mark_brands(text: str, brands: Sequence[Brand]) -> str:
    """Put one sign in place of every mention of a brand.

    Parameters
    ----------
    text
        As written.
    brands
        At most `MAX_BRANDS`; where two are found in the same place, the earlier one stands.

    Returns
    -------
    str
        As long as `text`. Where one brand is addressed by its handle, “you” is a mention of it.
    """
    letters = list(_PRIVATE.sub(" ", text.translate(_QUOTES)))
    handled: dict[int, int] = {}
    for number, brand in enumerate(brands):
        for start, end in find_mentions(text, brand):
            if any(_is_sign(letter) for letter in letters[start:end]):
                continue
            if letters[start] == "@":
                handled.setdefault(number, start)
            letters[start:end] = _sign(number, end - start)
    marked = "".join(letters)
    addressed = _addressed(marked, handled)
    if addressed is None:
        return marked
    return _YOU.sub(lambda you: _sign(addressed, len(you[0])), marked)


def _sign(number: int, length: int) -> str:
    return chr(_FIRST + number) + _FILL * (length - 1)


def _is_sign(letter: str) -> bool:
    return chr(_FIRST) <= letter <= _FILL


def _addressed(marked: str, handled: dict[int, int]) -> int | None:
    """Give the brand that the post talks to: the only one with a handle, or the only one it begins with."""
    if len(handled) == 1:
        return next(iter(handled))
    row = _ROW.match(marked.lstrip(" ."))
    leading = [number for number, start in handled.items() if not marked[:3][:start].strip(" .")]
    return leading[0] if leading and not row else None


def brands_in(marked: str) -> set[int]:
    """Give the numbers of the brands in a marked text."""
    return {ord(sign) - _FIRST for sign in marked if _FIRST <= ord(sign) <= _LAST}


def split_sentences(text: str) -> list[Span]:
    """Give where the sentences of a text start and end, without the gaps."""
    ends = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
    spans = pairwise(ends)
    return [span for span in spans if text[span[0] : span[1]].strip()]


def split_pieces(marked: str, sentence: Span) -> list[Span]:
    """Cut a sentence of a marked text into pieces that speak of one brand, or of several in a row."""
    rows = [row.span() for row in _ROW.finditer(marked, *sentence)]
    cuts = sorted({cut.end() for cut in _CUT.finditer(marked, *sentence)})
    outside = _outside(cuts, rows)
    ends = [sentence[0], *(cut for cut in outside if sentence[0] < cut < sentence[1]), sentence[1]]
    pieces = pairwise(ends)
    return [window for piece in pieces for window in _windows(marked, piece)]


def _outside(cuts: list[int], rows: list[Span]) -> list[int]:
    """Leave out the cuts inside rows; both are sorted."""
    kept, place = [], 0
    for cut in cuts:
        while place < len(rows) and rows[place][1] <= cut:
            place += 1
        if place == len(rows) or not rows[place][0] < cut < rows[place][1]:
            kept.append(cut)
    return kept


def _windows(marked: str, piece: Span) -> list[Span]:
    """Cut a piece between brands that stand apart.

    The second one takes what follows it. Where nothing follows, it takes what stands before it, if the first
    one has words of its own before it (“adore Lumo despise Vidra”); otherwise both share the piece.
    """
    start, end = piece
    cuts, before = [start], start
    mentions = list(_ROW_OR_MARK.finditer(marked, start, end))
    for first, second in pairwise(mentions):
        if brands_in(first[0]) == brands_in(second[0]):
            continue
        if re.search(r"\w", marked[second.end() : end]):
            cuts.append(second.start())
        elif re.search(r"\w", marked[before : first.start()]):
            cuts.append(first.end())
        before = second.end()
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def split_by_brand(marked: str) -> dict[int, list[Span]]:
    """Say which spans of a marked text speak of which brand.

    Parameters
    ----------
    marked
        See `mark_brands`.

    Returns
    -------
    dict of int to list of (int, int)
        Number of the brand to spans in order, neighbouring ones joined; every span belongs to a brand.
        Takes time in proportion to `marked`.
    """
    found: dict[int, list[Span]] = {}
    speaking: set[int] = set()
    waiting: list[Span] = []
    for sentence in split_sentences(marked):
        pieces = [
            (span, brands_in(marked[slice(*span)])) for span in split_pieces(marked, sentence)
        ]
        opens = any(here for _, here in pieces)
        for span, here in pieces:
            waiting.append(span)
            speaking = here or speaking
            if here or (speaking and not opens):
                for number in speaking:
                    _extend(found.setdefault(number, []), waiting)
                opens, waiting = False, []
    return found


def _extend(spans: list[Span], more: Sequence[Span]) -> None:
    for start, end in more:
        if spans and spans[-1][1] == start:
            start = spans.pop()[0]
        spans.append((start, end))


def trim(text: str) -> str:
    """Give a piece without the joining words and marks at its edges."""
    return _EDGES.sub("", text)
