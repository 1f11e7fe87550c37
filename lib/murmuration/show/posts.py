"""Posts and tables as HTML, every character of theirs escaped."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from murmuration.show.markup import table_markup
from murmuration.show.theme import table_rows
from murmuration.show.words import count, score

_SHOWN_CHARS = 600
_WEB = ("https://", "http://")
_FIELDS = ("text", "created_at", "author_key", "sentiment", "engagement", "url")
_ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|#39);")


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of HTML that a notebook shows."""

    markup: str

    def _repr_html_(self) -> str:
        return self.markup


@dataclass(frozen=True, slots=True)
class Markdown:
    """A piece of Markdown that a notebook shows.

    Not IPython's, which takes a text that begins with "http" for an address and opens it.
    """

    text: str

    def _repr_markdown_(self) -> str:
        return self.text


def show_posts(posts: pd.DataFrame, *, timezone: str = "UTC", empty: str = "No posts.") -> Html:
    """Show posts as cards: what they say, when, by whom (a pseudonym), with which reactions.

    Parameters
    ----------
    posts
        With `text`, and what there is of `created_at`, `author_key`, `sentiment`, `engagement` and
        `url`; best first.
    timezone
        Whose clock is shown.
    empty
        What to say when there are none.
    """
    if posts.empty:
        return Html(f'<p class="empty">{html.escape(empty)}</p>')
    cards = [_card(row, ZoneInfo(timezone)) for row in posts.to_dict("records")]
    return Html('<ol class="posts">' + "".join(cards) + "</ol>")


def _card(post: Mapping[Any, Any], zone: ZoneInfo) -> str:
    known = {name: post[name] for name in _FIELDS if name in post and pd.notna(post[name])}
    facts = []
    if "created_at" in known:
        facts.append(f"{known['created_at'].astimezone(zone):%-d %b %Y, %H:%M}")
    if "author_key" in known:
        facts.append(f"author {known['author_key'][:8]}")
    if "sentiment" in known:
        facts.append(f"sentiment {score(known['sentiment'])}")
    if known.get("engagement", -1) >= 0:  # a vote score below zero is no number of reactions
        facts.append(count(known["engagement"], "reaction"))
    line = [html.escape(fact) for fact in facts]
    url = str(known.get("url", ""))
    if url.lower().startswith(_WEB):
        line.append(f'<a href="{html.escape(url)}" rel="noreferrer noopener nofollow">open</a>')
    return f'<li><p class="post" dir="auto">{_shown_text(known.get("text", ""))}</p><p class="facts">{" · ".join(line)}</p></li>'


def read_escapes(text: str) -> str:
    """Give text as it was written where a platform delivers it escaped, as X does with "&amp;"."""
    # Read once. No other entity is read: "?a=1&section=2" is an address.
    return _ESCAPED.sub(lambda found: html.unescape(found[0]), text)


def _shown_text(text: str) -> str:
    plain = read_escapes(text)
    cut = plain[:_SHOWN_CHARS] + ("…" if len(plain) > _SHOWN_CHARS else "")
    return html.escape(cut).replace("\n", "<br>")


def show_table(table: pd.DataFrame, *, caption: str = "") -> Html:
    """Show a small table; numbers are expected as they should be read."""
    return Html(table_markup(list(table.columns), table_rows(table), caption=caption))
