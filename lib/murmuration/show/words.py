"""Numbers as people read them, and sentences built from tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd


def percent(share: float | None, *, digits: int = 0) -> str:
    """Give a share as a percentage: 0.4123 is “41 %”."""
    if share is None or pd.isna(share):
        return "–"
    return f"{100 * float(share):.{digits}f} %"


def percent_between(low: float | None, high: float | None) -> str:
    """Give an interval of shares: “39–43 %”; nothing where there is none."""
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return ""
    return f"{100 * float(low):.0f}–{100 * float(high):.0f} %"


def share_with_interval(share: float | None, low: float | None, high: float | None) -> str:
    """Give a share with its interval: “41 % (39–43 %)”."""
    between = percent_between(low, high)
    return f"{percent(share)} ({between})" if between else percent(share)


def score(value: float | None) -> str:
    """Give a sentiment from −1 to 1 with its sign: “+0.12”, “−0.30”."""
    if value is None or pd.isna(value):
        return "–"
    return f"{float(value):+.2f}".replace("-", "−")


def points(difference: float) -> str:
    """Give a difference of shares in percentage points: “+8”, “−3”."""
    return f"{100 * difference:+.0f}".replace("-", "−")


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
    return listing([f"“{word}”" for word in words])


def day(moment: datetime) -> str:
    """Give a day with its weekday: “Sunday 22 February”."""
    return f"{moment:%A %-d %B}"
