"""Which encoding a text file has, and how to read it when some rows have another."""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from charset_normalizer import from_bytes

from murmuration.errors import ReadError

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

_USUAL = "cp1252"
_NEARLY = 0.05  # of coherence, 0 to 1; French in cp1252 was seen to differ by 0.04

_STRAY = re.compile("[\udc80-\udcff]")


def detect_encoding(start: bytes) -> str:
    """Find out the encoding of a file from its first bytes.

    Parameters
    ----------
    start
        Tens of kilobytes, enough for rows with accents.

    Returns
    -------
    str
        A name that Python knows; UTF-8 unless the bytes speak against it.
    """
    marked = marked_encoding(start)
    if marked:
        return marked
    try:
        # A character may be cut at the end of the sample.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "utf-8" if _mostly_utf8(start) else _guess(start)
    return "utf-8"


def marked_encoding(start: bytes) -> str | None:
    """Give the encoding that a byte order mark at the beginning says; None without one."""
    return next((name for mark, name in _BOMS.items() if start.startswith(mark)), None)


def is_utf8(encoding: str) -> bool:
    """Say whether an encoding is UTF-8, with a byte order mark or without."""
    return encoding.replace("_", "-").lower() in ("utf-8", "utf8", "utf-8-sig")


def _mostly_utf8(start: bytes) -> bool:
    """Whether whole UTF-8 characters outnumber the bytes that are none: a file of mixed origin."""
    text = start.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in text)
    whole = sum(character > "\x7f" for character in text) - broken
    return whole > broken


def _guess(start: bytes) -> str:
    matches = from_bytes(start)
    best = matches.best()
    if best is None:
        return _USUAL
    # charset-normalizer 3.4 takes the first by name of those that fit alike, and so Central European for
    # French; where Windows-1252 fits nearly as well, it is far more often what was written.
    usual = (match for match in matches if _USUAL in match.could_be_from_charset)
    alike = any(
        match.chaos <= best.chaos and match.coherence >= best.coherence - _NEARLY for match in usual
    )
    return _USUAL if best.encoding == "cp1250" and alike else best.encoding


def open_text(stream: IO[bytes], encoding: str, *, newline: str = "") -> io.TextIOWrapper:
    """Give a stream as text, lines cut at line ends only.

    Bytes that cannot be UTF-8 come as half characters, which `read_stray_bytes` mends where they are.

    Raises
    ------
    ReadError
        If there is no such encoding; says how encodings are called.
    """
    errors = "surrogateescape" if is_utf8(encoding) else "replace"
    with known_encoding(encoding):
        return io.TextIOWrapper(stream, encoding, errors=errors, newline=newline)


@contextmanager
def known_encoding(encoding: str) -> Iterator[None]:
    """Say how encodings are called where this one is none."""
    try:
        yield
    except LookupError as err:
        raise ReadError(
            f"There is no encoding {encoding!r}. Usual ones are utf-8, utf-16, cp1252, latin-1, "
            "cp1251, shift_jis, gb18030."
        ) from err


def read_stray_bytes(text: str) -> str:
    """Read bytes that were no UTF-8 as Windows-1252, the usual stranger in such files."""
    return _STRAY.sub(
        lambda found: bytes([ord(found[0]) - 0xDC00]).decode("cp1252", "replace"), text
    )
