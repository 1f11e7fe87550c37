"""Which part of a post speaks of which brand.

A post is read in three steps: sentences; pieces, cut where a contrast, a comma, an emoji or a joining word
stands; and, where a piece still holds two brands, windows between them. A piece without a brand goes on about
the brand before it. Brands in a row (“Delta and United”) share what is said of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise

from murmuration.text.brands import Brand, find_mentions

Span = tuple[int, int]

# In a marked text a mention of the n-th brand is the character _FIRST + n, filled up to its length, so that
# places in it are places in the post. These are of Unicode's private use, and cleaned out before.
_FIRST, _LAST, _HANDLE, _FILL = "\ue000", "\ue0ff", "\uf8fe", "\uf8ff"
_PRIVATE = re.compile("[\ue000-\uf8ff]")
MAX_BRANDS = ord(_LAST) - ord(_FIRST) + 1
MENTION = f"[{_FIRST}-{_LAST}][{_HANDLE}{_FILL}]*(?:'s)?"
_ROW = rf"{MENTION}(?:\s{{0,3}},?\s{{0,3}}(?:(?:and|or|nor|vs\.?|[&+/])\s{{0,3}})?{MENTION})*"
_ROWS = re.compile(_ROW, re.IGNORECASE)
_LEADING_HANDLE = re.compile(rf"[\s.,-]*([{_FIRST}-{_LAST}]){_HANDLE}")
_YOU = re.compile(rf"\b(?:you|your|yours|u|ur)\b(?!\s+[{_FIRST}-{_LAST}])", re.IGNORECASE)
# Of the same length, so that places stay.
_PLAIN = {"’": "'", "‘": "'", "＠": "@", "&amp;": "and  ", "&gt;": ">   ", "&lt;": "<   "}
_TO_PLAIN = re.compile("|".join(_PLAIN))

# Runs are matched from their first character on only: otherwise a long one takes time with its square.
_ENDS = ".!?…。！？"
_SENTENCE_END = re.compile(
    rf"(?<![{_ENDS}])(?:(?<!\b\d)\.|[!?…。！？])[{_ENDS}]*+[\"')\]”]*+(?=\s|$)"
    r"|\n+|\s(?://|>>|\|)\s|(?<=\S)\s(?=RT\s@)"
)
_PICTURES = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff"
_SMILEY = r"(?<!\w)[:;=8][-^']?[)(DPp/|\\*]+(?!\w)|<3+"
_MARKS = ",;:()–—|/"
# Where a piece ends: behind marks and pictures, or before a word that begins another thought.
_CUT = re.compile(
    rf"(?<![{_MARKS}])[{_MARKS}]++(?=\s)|\s-+\s|(?:{_SMILEY}|[{_PICTURES}]+)+"
    r"|(?=\b(?:but|while|whilst|whereas|however|although|though|yet|except|despite|meanwhile|unlike|so|because|"
    r"since|when|after|before|until|if|and|then|plus|versus|instead|what|now|cc)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
# What belongs to the brand behind it: "the awful", "my good old".
_BEGINS_NAME = re.compile(
    r"\b(?:the|this|that|those|my|our|a|an)\s+(?:[\w'-]{1,30}\s+){0,2}$", re.IGNORECASE
)
# Another brand among the first words of a piece is what it is about.
_SUBJECT = re.compile(rf"\W{{0,9}}(?:[\w'-]{{1,30}}\W{{1,5}}){{0,2}}?{MENTION}")
_JOINING = "and|but|while|whilst|whereas|however|although|though|yet|so|then|plus"
_OPENING = re.compile(rf"(?:[\s,;:)/|–—-]|(?:{_JOINING})\b)+", re.IGNORECASE)
_CLOSING = re.compile(r"\b(?:and|but|yet|so)$", re.IGNORECASE)


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
        As long as `text`. “You” is a mention of the brand that is addressed: the one whose handle begins the
        sentence, or one before, or the only one with a handle.
    """
    plain = _TO_PLAIN.sub(lambda found: _PLAIN[found[0]], text)
    letters = list(_PRIVATE.sub(" ", plain))
    handles = set()
    for number, brand in enumerate(brands):
        for start, end in find_mentions(text, brand):
            if any(_FIRST <= letter <= _FILL for letter in letters[start:end]):
                continue
            is_handle = letters[start] == "@"
            handles |= {number} if is_handle else set()
            letters[start:end] = _sign(number, end - start, is_handle=is_handle)
    marked = "".join(letters)
    return _mark_you(marked, handles) if handles else marked


def _sign(number: int, length: int, *, is_handle: bool = False) -> str:
    return chr(ord(_FIRST) + number) + (_HANDLE if is_handle else _FILL) * (length - 1)


def _mark_you(marked: str, handles: set[int]) -> str:
    addressed = next(iter(handles)) if len(handles) == 1 else None
    sentences = []
    for start, end in _stretches(marked):
        sentence = marked[start:end]
        if leading := leading_handles(sentence):
            addressed = next(iter(leading)) if len(leading) == 1 else None
        if addressed is not None:
            sentence = _YOU.sub(partial(_replace, addressed), sentence)
        sentences.append(sentence)
    return "".join(sentences)


def _replace(number: int, found: re.Match[str]) -> str:
    return _sign(number, len(found[0]))


def brands_in(marked: str) -> set[int]:
    """Give the numbers of the brands in a marked text."""
    return {ord(sign) - ord(_FIRST) for sign in marked if _FIRST <= sign <= _LAST}


def leading_handles(marked: str, start: int = 0, end: int | None = None) -> set[int]:
    """Give the brands whose handles a marked text, or a span of it, begins with."""
    last = len(marked) if end is None else end
    leading = _LEADING_HANDLE.match(marked, start, last)
    row = _ROWS.match(marked, leading.start(1), last) if leading else None
    return brands_in(row[0]) if row else set()


def split_sentences(text: str) -> list[Span]:
    """Give where the sentences of a text start and end; together they are the text, but for empty ones."""
    return [span for span in _stretches(text) if text[slice(*span)].strip()]


def _stretches(text: str) -> Iterator[Span]:
    return pairwise([0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)])


def split_by_brand(marked: str) -> dict[int, list[Span]]:
    """Say which spans of a marked text speak of which brand.

    Parameters
    ----------
    marked
        See `mark_brands`.

    Returns
    -------
    dict of int to list of (int, int)
        Number of the brand to spans in order, neighbouring ones joined; where there is a brand, every
        sentence belongs to one. Takes time in proportion to `marked`.
    """
    sentences = [_cut(marked, sentence) for sentence in split_sentences(marked)]
    found: dict[int, list[Span]] = {}
    for spans, numbers in _spoken_of(marked, sentences):
        for number in numbers:
            found.setdefault(number, []).extend(spans)
    for span, number in _spoken_to(marked, sentences):
        found[number].append(span)
    return {number: _joined(spans) for number, spans in found.items()}


def _spoken_of(
    marked: str, sentences: Iterable[Sequence[Span]]
) -> Iterator[tuple[list[Span], set[int]]]:
    """Give spans with the brands that they mention, or that were mentioned last; before any, that come first."""
    speaking: set[int] = set()
    waiting: list[Span] = []
    for pieces in sentences:
        windows = [window for piece in pieces for window in _windows(marked, piece)]
        owners = [brands_in(marked[slice(*window)]) for window in windows]
        opens = any(owners)
        for window, here in zip(windows, owners, strict=True):
            waiting.append(window)
            speaking = here or speaking
            if here or (speaking and not opens):
                yield waiting, speaking
                opens, waiting = False, []


def _spoken_to(marked: str, sentences: Iterable[Sequence[Span]]) -> Iterator[tuple[Span, int]]:
    """Give the pieces that a brand hears because its handle begins the post, or a sentence before.

    It hears all but those whose subject is another brand, and what follows them in their sentence.
    """
    listening: set[int] = set()
    for pieces in sentences:
        # No further than the sentence: otherwise many short ones take time with the square of their number.
        listening = leading_handles(marked, pieces[0][0], pieces[-1][1]) or listening
        hears = True
        for piece in pieces:
            here = brands_in(marked[slice(*piece)])
            if here:
                hears = bool(here & listening) or not _SUBJECT.match(marked, *piece)
            if hears:
                yield from ((piece, number) for number in listening)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Sort spans and join those that touch."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            first, last = joined.pop()
            joined.append((first, max(last, end)))
        else:
            joined.append((start, end))
    return joined


def _cut(marked: str, sentence: Span) -> list[Span]:
    rows = [row.span() for row in _ROWS.finditer(marked, *sentence)]
    cuts = sorted({cut.end() for cut in _CUT.finditer(marked, *sentence)})
    inner = (cut for cut in _outside(cuts, rows) if sentence[0] < cut < sentence[1])
    return list(pairwise([sentence[0], *inner, sentence[1]]))


def _outside(cuts: Iterable[int], rows: Sequence[Span]) -> Iterator[int]:
    """Leave out the cuts inside rows; both are sorted."""
    place = 0
    for cut in cuts:
        while place < len(rows) and rows[place][1] <= cut:
            place += 1
        if place == len(rows) or cut <= rows[place][0]:
            yield cut


def _windows(marked: str, piece: Span) -> Iterator[Span]:
    """Cut a piece between brands that stand apart.

    The second one takes what follows it. Where nothing follows, it takes what stands before it, if the first
    one has words of its own before it (“adore Lumo despise Vidra”); otherwise both share the piece.
    """
    start, end = piece
    last = max((word.start() for word in _WORD.finditer(marked, start, end)), default=start)
    cuts, before = [start], start
    for first, second in pairwise(_ROWS.finditer(marked, start, end)):
        if brands_in(first[0]) == brands_in(second[0]):
            continue
        if last >= second.end():
            name = _BEGINS_NAME.search(marked, first.end(), second.start())
            cuts.append(name.start() if name else second.start())
        elif _WORD.search(marked, before, first.start()):
            cuts.append(first.end())
        before = second.end()
    return pairwise([*cuts, end])


def trim(text: str) -> str:
    """Give a piece without the joining words and marks at its edges."""
    opening = _OPENING.match(text)
    inner = text[opening.end() if opening else 0 :].rstrip(" \t\n,;|–—-")
    return _CLOSING.sub("", inner).rstrip()
