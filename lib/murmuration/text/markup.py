"""HTML of posts → the text that people see, and the addresses it links to."""

import html
import re
from collections.abc import Iterator

# What follows a "<" stops at the next one, so that every character is looked at a bounded number
# of times; the standard library's parser takes quadratic time on "<a<a<a…".
_TOKEN = re.compile(
    r"""
    <!--.*?(?:-->|\Z)
    | <(?P<hidden>script|style)(?=[\s/>]).*?(?:</(?P=hidden)[^<>]*>|\Z)
    | <(?P<slash>/?)(?P<name>[a-z][^\s<>/"']*)(?P<rest>(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)>
    | <[/!?a-z][^<>]*(?:>|\Z)          # a declaration, a broken tag, a tag cut off at the end
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_BLOCK = re.compile(
    "article|aside|blockquote|d[dlt]|div|fig(?:caption|ure)|footer|h[1-6r]|header|li|main|nav|[ou]l|"
    "p|pre|section|t(?:able|[dhr])"
)
# Mastodon's stand-in for a quoted post ("RE: https://…"), for programs that cannot show quotes.
_STAND_IN = re.compile(r"""\bclass\s*=\s*["'][^"']*\bquote-inline\b""", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f]+")
_SPACES_AND_BREAKS = re.compile(r"[ \t\r\f\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
# Beyond Unicode; `html.unescape` raises ValueError on one of more than 4,300 digits.
_HUGE_NUMBER = re.compile(r"&#[0-9]{8,};?")

_ANCHOR = re.compile(r"<a\s([^<>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_NO_LINK = re.compile(r"""\bclass\s*=\s*["'][^"']*\b(?:mention|hashtag)\b""", re.IGNORECASE)


def html_to_text(source: str) -> str:
    """Give the text of HTML as a reader sees it, with links in full.

    Parameters
    ----------
    source
        HTML; broken markup is read as far as it goes.

    Returns
    -------
    str
        Text; a paragraph or a `<br>` ends a line, entities are characters. Parts of addresses that
        a page hides (Mastodon's class `invisible`) are there. Takes time in proportion to `source`.
    """
    page = _Page()
    at = 0
    for token in _TOKEN.finditer(source):
        page.write(source[at : token.start()])
        if token["name"]:
            page.tag(token["name"].lower(), token["rest"], closing=bool(token["slash"]))
        at = token.end()
    page.write(source[at:])
    return page.text()


def html_links(source: str) -> list[str]:
    """Give the addresses that HTML links to, in order; mentions and hashtags are no links.

    Parameters
    ----------
    source
        HTML.

    Returns
    -------
    list of str
        Addresses that begin with http; an address linked twice is there twice.
    """
    if "<" not in source:
        return []
    return [
        address for address in _addresses(source) if address.startswith(("http://", "https://"))
    ]


def _addresses(source: str) -> Iterator[str]:
    for anchor in _ANCHOR.finditer(source):
        href = _HREF.search(anchor[1])
        if href and not _NO_LINK.search(anchor[1]):
            yield unescape(href[1] or href[2] or "")


class _Page:
    """Text in lines, as it comes out of markup."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._preformatted = 0
        self._skipped = ""  # name of the element that is left out
        self._depth = 0

    def write(self, text: str) -> None:
        """Take in text between tags."""
        if not text or self._skipped:
            return
        if not self._preformatted:
            text = _SPACES_AND_BREAKS.sub(" ", text)
            if text == " " and not self._lines[-1]:
                return
        self._lines[-1].append(unescape(text))

    def tag(self, name: str, rest: str, *, closing: bool) -> None:
        """Take in a tag."""
        if self._skipped:
            self._leave_out(name, closing=closing)
        elif name == "br" or (self._lines[-1] and _BLOCK.fullmatch(name)):
            self._lines.append([])
        if name == "pre":
            self._preformatted = max(0, self._preformatted + (-1 if closing else 1))
        if not (closing or self._skipped) and _STAND_IN.search(rest):
            self._skipped, self._depth = name, 1

    def _leave_out(self, name: str, *, closing: bool) -> None:
        if name == self._skipped:
            self._depth += -1 if closing else 1
            if self._depth == 0:
                self._skipped = ""

    def text(self) -> str:
        """Give all lines."""
        whole = "\n".join("".join(line) for line in self._lines)
        tidy = "\n".join(_SPACES.sub(" ", line).strip(" ") for line in whole.split("\n"))
        return _BLANK_LINES.sub("\n\n", tidy).strip("\n")


def unescape(text: str) -> str:
    """Give text with HTML entities as characters, whatever they are."""
    return html.unescape(_HUGE_NUMBER.sub("\ufffd", text)) if "&" in text else text
