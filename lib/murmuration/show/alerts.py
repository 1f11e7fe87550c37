"""Sentences about alerts: what is wrong, since when, how much, and what drives it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from murmuration.show.words import as_markdown, count, listing, percent, quoted, tidy
from murmuration.trends import Bucket, SpikeParams

_SHOWN = 3  # alerts that the answer names
_MOST_TERMS = 4
_COPIED = 0.2  # of the posts: then one text is worth a word
_WORSE = 0.05  # of the posts that were scored: more is worth a word
_LEAST_DAYS = 14  # without so many before it, nothing is known to be usual


def describe_alerts(alerts: pd.DataFrame, *, names: Mapping[str, str], timezone: str) -> list[str]:
    """Give a sentence or two about each alert, the severest first, as the answer of the report begins with.

    Parameters
    ----------
    alerts
        Table `alerts`.
    names
        Key to name of every brand.
    timezone
        Whose hours are meant.
    """
    ordered = alerts.sort_values(["severity", "began"], ascending=[False, True], kind="stable")
    return [
        describe_alert(row, names=names, timezone=timezone) for row in ordered.to_dict("records")
    ]


def describe_alert(alert: Mapping[Any, Any], *, names: Mapping[str, str], timezone: str) -> str:
    """Say of one alert how severe it is, since when, how much there is of what, and what drives it."""
    zone = ZoneInfo(timezone)
    name = tidy(names.get(alert["brand"], alert["brand"]))
    began, ended = (alert[one].astimezone(zone) for one in ("began", "ended"))
    when = (
        f"since {_moment(began)}"
        if alert["ongoing"]
        else f"{_moment(began)} to {_moment(ended, began)}"
    )
    parts = [f"Alert, severity {alert['severity']} of 10, {when}: {_amount(alert, name)}"]
    if len(alert["terms"]):
        parts.append(f"the posts speak of {quoted(list(alert['terms'])[:_MOST_TERMS])}")
    parts += _drivers(alert, names)
    return "; ".join(parts) + "."


def _moment(moment: datetime, after: datetime | None = None) -> str:
    if after is not None and moment.date() == after.date():
        return f"{moment:%-H:%M}"
    if (
        after is not None
        and moment.hour == 0
        and (moment - timedelta(minutes=1)).date() == after.date()
    ):
        return "midnight"
    return f"{moment:%A %-d %B %-H:%M}"


def _amount(alert: Mapping[Any, Any], name: str) -> str:
    number = f"{alert['posts']:,} posts about {name}, {max(alert['expected'], 0):,.0f} are usual"
    share, usual = alert["negative_share"], alert["usual_negative_share"]
    if pd.isna(share) or pd.isna(usual):
        return number
    if share - usual > _WORSE:
        return f"{number}, and {percent(share)} of them are negative, usually {percent(usual)}"
    return f"{number}, and not more of them negative than usual ({percent(share)})"


def _drivers(alert: Mapping[Any, Any], names: Mapping[str, str]) -> list[str]:
    said = []
    if alert["driven_by"] == "few":
        said.append(f"few accounts write them, the busiest {percent(alert['top_author_share'])}")
    elif alert["driven_by"] == "many":
        said.append("many accounts write them")
    if alert["shared_copies"] and alert["top_text_share"] >= _COPIED:
        said.append(f"one text is there {count(alert['shared_copies'], 'time')}")
    if len(alert["brands"]):
        also = listing([tidy(names.get(key, key)) for key in alert["brands"]])
        said.append(f"{also} {'is' if len(alert['brands']) == 1 else 'are'} named as well")
    if len(alert["topics"]):
        said.append(
            f"most of it in the {'topic' if len(alert['topics']) == 1 else 'topics'} {quoted(list(alert['topics'])[:2])}"
        )
    return said


def answer_alerts(sentences: Sequence[str]) -> list[str]:
    """Give those that the answer begins with; many more are counted."""
    more = len(sentences) - _SHOWN
    return [*sentences[:_SHOWN], *([f"{count(more, 'more alert')} below."] if more > 0 else [])]


def show_alerts(sentences: Sequence[str]) -> str:
    """Give the heading above the posts of alerts, and the alerts that the answer has no room for; empty without any."""
    if not sentences:
        return ""
    more = "\n".join(f"- {as_markdown(one)}" for one in sentences[_SHOWN:])
    return f"## Posts of the {'alert' if len(sentences) == 1 else 'alerts'}\n\n{more}\n"


def describe_watch(
    alerts: pd.DataFrame,
    *,
    begin: datetime,
    since: datetime,
    until: datetime,
    bucket: Bucket,
    timezone: str,
) -> str:
    """Say in which days alerts were looked for, and why not in others; empty where nobody asked for any.

    Parameters
    ----------
    alerts
        Table `alerts`.
    begin
        When the posts begin that say what is usual.
    since, until
        The days that were to be looked at.
    bucket
        Length of the steps that were looked at.
    timezone
        Whose days are meant.
    """
    if since >= until:
        return ""
    zone = ZoneInfo(timezone)
    first = max(since, begin + timedelta(days=_LEAST_DAYS))
    if first >= until:
        return (
            f"No alert was looked for: that needs {_LEAST_DAYS} days of posts before, and these begin on "
            f"{begin.astimezone(zone):%-d %B %Y}."
        )
    least = SpikeParams()
    found = count(len(alerts), "was found", "were found") if len(alerts) else "None was found"
    return (
        f"Alerts were looked for from {first.astimezone(zone):%-d %B %Y} on: {'an hour' if bucket == 'hour' else 'a day'} or "
        f"several with {least.min_growth:g} times the usual posts or more, or negative ones, beyond chance. {found}. "
        f"About {least.false_alarms:g} in a month comes by chance all the same."
    )
