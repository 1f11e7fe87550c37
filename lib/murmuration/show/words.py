"""Numbers as people read them, and sentences built from tables."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from murmuration.trends import Bucket

# Controls, and marks that turn the direction of all that follows.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
# Letters that are written from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko and others.
_LEFTWARDS = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE, _END = "\u2068", "\u2069"
_ASKED = 28  # days of the period that is proposed where there is nothing
_SOUGHT = 6  # words of a brand that are told
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


def describe_no_posts(
    about: str,
    of: str,
    when: str,
    which: str,
    data: tuple[datetime, datetime] | None,
    *,
    timezone: str,
) -> list[str]:
    """Say that a period has no posts, when there are some, and how to ask for them.

    Parameters
    ----------
    about, of, when
        What was looked for, of which source and when, as they follow “No post”; nothing where not known.
    which, data
        Posts that there are at some time, and the times of the first and the last of them.
    timezone
        Whose days are meant.
    """
    nothing = f"No post{of}{about} lies in the period that was looked at{when}."
    if data is None:
        return [
            nothing,
            f"{which} have no time at all; import them with one, or choose another source.",
        ]
    first, last = (moment.astimezone(ZoneInfo(timezone)) for moment in data)
    until = last + timedelta(days=1)
    since = max(first, until - timedelta(days=_ASKED))
    return [
        nothing,
        describe_range((first, last), of=which),
        f"Ask for another time, such as since={since:%Y-%m-%d} and until={until:%Y-%m-%d}; a window counts back from now, or from the time that "
        "--at gives.",
    ]


def describe_no_mention(
    name: str,
    searched: int,
    of: str,
    when: str,
    data: tuple[datetime, datetime] | None,
    *,
    sought: Sequence[str] = (),
) -> list[str]:
    """Say that posts of a period mention a brand nowhere, what was looked for, and how to mend it.

    Parameters
    ----------
    name, sought
        Of the brand, and the words, handles and hashtags that it was looked for by.
    searched, of, when
        How many posts, of which source and when, as in `describe_no_posts`.
    data
        Times of the first and the last post that there are at any time.
    """
    some = [f"“{tidy(word, longest=40)}”" for word in sought[:_SOUGHT]]
    more = [f"{len(sought) - _SOUGHT} more"] if len(sought) > _SOUGHT else []
    told = f" ({listing([*some, *more], last='or')})" if some else ""
    return [
        f"None of {count(searched, 'post')}{of} in the period that was looked at{when}{',' if when else ''} mentions {tidy(name)}{told}.",
        *([] if data is None else [describe_range(data)]),
        "Take another period or source, or add what people call it to the brand's terms in data_catalog.yaml.",
    ]


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


def describe_quarantine(facts: Mapping[str, Any]) -> list[str]:
    """Say how many rows could not be read, of the table `coverage` by item; nothing where there are none."""
    rows = facts["quarantined_rows"]
    return [f"{count(rows, 'row')} of the imported files could not be read as posts (table `quarantine`)."] if rows else []  # fmt: skip
