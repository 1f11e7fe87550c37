"""Numbers as people read them, and sentences built from tables."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from murmuration.trends import Bucket

# Controls, and marks that turn the direction of all that follows.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
# Letters that are written from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko and others.
_LEFTWARDS = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE, _END = "\u2068", "\u2069"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~$&!])")


def percent(share: float | None) -> str:
    """Give a share as a percentage: 0.4123 is “41 %”; “0 %” is none and “100 %” is all."""
    if share is None or pd.isna(share):
        return "–"
    value = 100 * float(share)
    if 0 < value <= 0.5:  # Python rounds 0.5 to 0
        return "<1 %"
    if 99.5 <= value < 100:
        return ">99 %"
    return f"{value:.0f} %"


def percent_between(low: float | None, high: float | None) -> str:
    """Give an interval of shares: “39–43 %”, “0.2–0.4 %” if it is narrow; nothing where there is none."""
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return ""
    ends = [f"{100 * float(end):.0f}" for end in (low, high)]
    if ends[0] == ends[1]:
        ends = [f"{100 * float(end):.1f}" for end in (low, high)]
    return f"{ends[0]}–{ends[1]} %"


def share_with_interval(share: float | None, low: float | None, high: float | None) -> str:
    """Give a share with its interval: “41 % (39–43 %)”."""
    between = percent_between(low, high)
    return f"{percent(share)} ({between})" if between else percent(share)


def negative_share(row: Mapping[Any, Any]) -> str:
    """Give the negative share of a row of `estimate_sentiment` with its interval."""
    return share_with_interval(row["negative_share"], row["negative_low"], row["negative_high"])


def left_out(number: int, one: str, many: str) -> str:
    """Say how many are not drawn as their share cannot be told; nothing where there is none."""
    return f" ({count(number, f'{one} is', f'{many} are')} left out: too few of the posts could be scored)" * bool(number)  # fmt: skip


def score(value: float | None) -> str:
    """Give a sentiment from −1 to 1 with its sign: “+0.12”, “−0.30”."""
    if value is None or pd.isna(value):
        return "–"
    return _signed(float(value), 2)


def points(difference: float) -> str:
    """Give a difference of shares in percentage points: “+8”, “−3”, “+0.4”."""
    value = 100 * difference
    return _signed(value, 0 if abs(value) >= 1 else 1)


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}".replace("-", "−")
    return text if text.strip("+−0.") else text[1:]


def count(number: Any, one: str, many: str | None = None) -> str:
    """Give a count with its noun: “1 post”, “3,822 posts”."""
    return f"{int(number):,} {one if int(number) == 1 else many or one + 's'}"


def listing(words: Sequence[str], *, last: str = "and") -> str:
    """Join words as in a sentence: “a, b and c”."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def quoted(words: Sequence[str]) -> str:
    """Join terms in quotation marks: “hold”, “bag” and “late flight”."""
    return listing([f"“{tidy(word, longest=40)}”" for word in words])


def day(moment: datetime) -> str:
    """Give a day with its weekday: “Sunday 22 February”."""
    return f"{moment:%A %-d %B}"


def step(moment: datetime, bucket: Bucket) -> str:
    """Name the step in time that begins at a local moment: “Sunday 22 February”, “February 2015”."""
    if bucket == "hour":
        return f"{day(moment)} from {moment:%-H:%M} to {moment + timedelta(hours=1):%-H:%M}"
    if bucket == "week":
        return f"The week from {day(moment)}"
    return f"{moment:%B %Y}" if bucket == "month" else day(moment)


def describe_range(
    data: tuple[datetime, datetime], *, of: str = "The posts that were searched"
) -> str:
    """Say when the posts of the sources that a report reads were written; `of` names them."""
    return f"{of} run from {data[0]:%-d %B %Y} to {data[1]:%-d %B %Y}."


def tidy(name: str, *, longest: int = 60) -> str:
    """Give a name as it may stand in a sentence: one line, nothing unseen in it, and not too long.

    One with letters that are written from right to left stands between marks that keep it from turning the numbers and
    signs beside it, too.
    """
    seen = " ".join(_UNSEEN.sub(" ", name).split())
    shown = seen if len(seen) <= longest else seen[: longest - 1].rstrip() + "…"
    return f"{_ISOLATE}{shown}{_END}" if _LEFTWARDS.search(shown) else shown


def as_markdown(text: str) -> str:
    """Give text so that Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", text)


def headline(
    what: str,
    name: str,
    period: str,
    *,
    source: str,
    timezone: str,
    answer: Sequence[str],
    about: str = "",
) -> str:
    """Give the top of a report as Markdown: what it is about, and the answer.

    Parameters
    ----------
    what
        What the report tells, such as ``Topics``.
    name
        Name of the brand; nothing for all posts.
    period, source, timezone
        Which posts.
    answer
        Its sentences.
    about
        Describes the source, as the catalog does.
    """
    title = f"{what}: {as_markdown(tidy(name))}" if name else what
    of = f"posts of {as_markdown(source)}" if source else "posts of all sources"
    of += f" ({as_markdown(about.rstrip('.'))})" if about else ""
    lines = "\n>\n".join(f"> {as_markdown(sentence)}" for sentence in answer)
    return f"# {title}\n\n{period} ({timezone}), {of}.\n\n{lines}\n"
