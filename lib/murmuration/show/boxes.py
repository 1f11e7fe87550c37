"""Boxes on a sheet: places at which words and labels do not cover each other.

A sheet is as wide as a phone, in pixels. Where a page is wider, a chart stretches it sideways, so that gaps only grow.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHEET = 340.0  # pixels: what a chart has on a phone of 390
_WIDE = 1.0  # of the height of letters: the width of a Chinese or Japanese one
_LETTER = 0.58  # the mean width of others; capitals are wider, "i" and "l" narrower
_CAPITAL = 0.7
_LINE = 1.25  # of the height of letters: the height of a line
_ROUNDS = 400
_STEP = 5.0  # pixels between the places that are tried


def text_width(text: str, size: float) -> float:
    """Give about how wide a line of text is, in pixels, at a size of letters in pixels."""
    return size * sum(_letter_width(letter) for letter in text)


def _letter_width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    return _CAPITAL if letter.isupper() or letter in "mw@%" else _LETTER


def text_height(size: float, lines: int = 1) -> float:
    """Give how high lines of text are, in pixels."""
    return _LINE * size * lines


def spread_boxes(places: Floats, sizes: Floats, *, sheet: tuple[float, float]) -> Floats:
    """Move boxes apart as little as can be, until none covers another.

    Parameters
    ----------
    places
        Middles of boxes, shape (n_boxes, 2), in pixels.
    sizes
        Widths and heights, shape (n_boxes, 2).
    sheet
        Width and height of the sheet; boxes stay on it.

    Returns
    -------
    numpy.ndarray
        Middles of boxes. Where the sheet has no room for all, some still touch.
    """
    spots = _keep_on_sheet(places.astype(np.float64), sizes, sheet)
    room = (sizes[:, None] + sizes[None]) / 2
    # Boxes at one place part in the order they are given in.
    order = np.sign(np.arange(len(spots))[:, None] - np.arange(len(spots))[None])
    for _ in range(_ROUNDS):
        gap = spots[:, None] - spots[None]
        over = room - np.abs(gap)
        covers = np.asarray((over > 0).all(axis=2))
        np.fill_diagonal(covers, False)
        if not covers.any():
            break
        sideways = over[..., 0] < over[..., 1]
        side = np.where(gap == 0, order[..., None], np.sign(gap))
        push = np.where(covers[..., None], over * side * 0.5, 0)
        push[..., 0] *= sideways
        push[..., 1] *= ~sideways
        spots = _keep_on_sheet(
            spots + 0.9 * push.sum(axis=1) + 0.01 * np.sign(push.sum(axis=1)), sizes, sheet
        )
    return spots


def _keep_on_sheet(spots: Floats, sizes: Floats, sheet: tuple[float, float]) -> Floats:
    half = sizes / 2
    kept: Floats = np.clip(spots, half, np.maximum(np.array(sheet) - half, half))
    return kept


def pack_boxes(places: Floats, sizes: Floats, *, sheet: tuple[float, float]) -> Floats:
    """Put boxes onto a sheet one after the other, each where there is room nearest to where it wants to be.

    Parameters
    ----------
    places
        Where the middles of boxes want to be, shape (n_boxes, 2), in pixels; the most important one first.
    sizes
        Widths and heights, shape (n_boxes, 2).
    sheet
        Width and height of the sheet.

    Returns
    -------
    numpy.ndarray
        Middles of boxes; NaN for those that found no room.
    """
    spots = _grid(sheet)
    found = np.full(places.shape, np.nan)
    for at, (place, size) in enumerate(zip(places, sizes, strict=True)):
        inside = ((spots >= size / 2) & (spots <= np.array(sheet) - size / 2)).all(axis=1)
        there = ~np.isnan(found[:at, 0])
        room = (size + sizes[:at][there]) / 2
        covers = (np.abs(spots[:, None] - found[:at][there][None]) < room[None]).all(axis=2)
        good = spots[inside & ~covers.any(axis=1)]
        if len(good):
            far = ((good - place) / (1.0, 0.7)) ** 2
            found[at] = good[far.sum(axis=1).argmin()]
    return found


def _grid(sheet: tuple[float, float]) -> Floats:
    across, down = (np.arange(_STEP / 2, side, _STEP) for side in sheet)
    return np.array([(x, y) for y in down for x in across])


def wrap_words(words: Sequence[str], *, longest: int, lines: int) -> list[str]:
    """Set words in lines of so many letters; what does not fit is cut."""
    out: list[str] = []
    for word in words:
        if out and len(out[-1]) + 1 + len(word) <= longest:
            out[-1] += f" {word}"
        else:
            out.append(word)
    cut = [line if len(line) <= longest else line[: longest - 1] + "…" for line in out[:lines]]
    if len(out) > lines and cut and not cut[-1].endswith("…"):
        cut[-1] = cut[-1][: longest - 1] + "…"
    return cut
