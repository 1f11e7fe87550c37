"""Which stretch of time a report is about: since and until, or a window before the logical time."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from murmuration.errors import ParamError

DEFAULT_WINDOW = "28d"
_LENGTH = re.compile(r"\s*(\d{1,4})\s*([hdw])\s*")
_PREVIOUS = re.compile(r"\s*(day|week|month|quarter|year)\s*:\s*previous\s*")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time.

    Attributes
    ----------
    since, until
        UTC; the first is included, the second is not.
    timezone
        IANA name of the zone whose days count.
    """

    since: datetime
    until: datetime
    timezone: str

    @property
    def zone(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.timezone)

    @property
    def before(self) -> "Period":
        """The period of the same length that ends where this one begins, in local time."""
        start, end = (moment.astimezone(self.zone) for moment in (self.since, self.until))
        # Wall clocks, so that seven days before stay seven days across a change of the clocks.
        length = end.replace(tzinfo=None) - start.replace(tzinfo=None)
        first = (start.replace(tzinfo=None) - length).replace(tzinfo=self.zone)
        return Period(first.astimezone(UTC), self.since, self.timezone)

    @property
    def days(self) -> int:
        """How many local days it touches."""
        start, end = (moment.astimezone(self.zone) for moment in (self.since, self.until))
        last = end - timedelta(microseconds=1)
        return (last.date() - start.date()).days + 1

    def last(self, days: int) -> "Period":
        """Give its last local days, or all of it where it has fewer."""
        end = self.until.astimezone(self.zone).replace(tzinfo=None)
        first = (end - timedelta(days=days)).replace(tzinfo=self.zone).astimezone(UTC)
        return Period(max(first, self.since), self.until, self.timezone)

    def reach_back(self, days: int) -> datetime:
        """Give the moment so many days before it begins, in local time; the first there is where that is too far."""
        start = self.since.astimezone(self.zone).replace(tzinfo=None)
        try:
            return (start - timedelta(days=days)).replace(tzinfo=self.zone).astimezone(UTC)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)

    def describe(self) -> str:
        """Give the period in words, for instance “16 to 24 February 2015”."""
        start = self.since.astimezone(self.zone)
        last = (self.until - timedelta(microseconds=1)).astimezone(self.zone)
        end = self.until.astimezone(self.zone)
        if (start.hour, start.minute, end.hour, end.minute) != (0, 0, 0, 0):
            return f"{start:%-d %B %Y %H:%M} to {end:%-d %B %Y %H:%M}"
        if start.date() == last.date():
            return f"{start:%-d %B %Y}"
        if (start.year, start.month) == (last.year, last.month):
            return f"{start:%-d} to {last:%-d %B %Y}"
        if start.year == last.year:
            return f"{start:%-d %B} to {last:%-d %B %Y}"
        return f"{start:%-d %B %Y} to {last:%-d %B %Y}"


def resolve_period(
    *,
    since: str | None = None,
    until: str | None = None,
    window: str | None = None,
    timezone: str = "UTC",
    at: datetime,
    default: str = DEFAULT_WINDOW,
) -> Period:
    """Work out the period of a report.

    Parameters
    ----------
    since, until
        Dates or times; a plain date is its midnight in `timezone`. Without `until` the period ends at
        `at`; without `since` it is as long as `default`.
    window
        Instead of both: ``7d``, ``4w`` (whole local days up to the last local midnight before `at`), ``48h`` (whole local
        hours up to the last full one), or ``month: previous`` (also day, week, quarter, year).
    timezone
        IANA name.
    at
        The logical time of the run.
    default
        The window when nothing is said.

    Returns
    -------
    Period
        Never empty.

    Raises
    ------
    ParamError
        If since and window are both given, since is not before until, or a value cannot be read.
    """
    zone = check_zone(timezone)
    if window and (since or until):
        raise ParamError(
            f"window={window!r} and {'since' if since else 'until'}={since or until!r} say the same thing "
            "twice. Give either a window, or since and until."
        )
    if not since and not until:
        start, end = _window(window or default, at.astimezone(zone))
    else:
        end = read_time(until, zone, "until") if until else at.astimezone(zone)
        start = read_time(since, zone, "since") if since else end - _length(default)
    if start >= end:
        raise ParamError(
            f"since ({start.isoformat()}) must lie before until ({end.isoformat()})."
            + (" Swap the two." if since and until else "")
        )
    try:
        return Period(start.astimezone(UTC), end.astimezone(UTC), timezone)
    except OverflowError as err:
        raise ParamError(
            f"The period from {start.isoformat()} to {end.isoformat()} reaches beyond the years 1 to 9999. "
            "Choose a later since or an earlier until."
        ) from err


def check_zone(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name, or raise ParamError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise ParamError(
            f"timezone is {name!r}, but it must be an IANA name such as Europe/Berlin or UTC."
        ) from err


def read_time(text: str, zone: ZoneInfo, name: str) -> datetime:
    """Read a date or time; without an offset it is local to `zone`."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as err:
        raise ParamError(
            f"{name} is {text!r}, but it must be a date or time such as 2026-01-31 or 2026-01-31T08:00."
        ) from err
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _window(window: str, at: datetime) -> tuple[datetime, datetime]:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    previous = _PREVIOUS.fullmatch(window)
    if previous is None:
        length = _length(window)
        if _is_hours(window):
            hour = at.replace(minute=0, second=0, microsecond=0)
            # Real hours: a day has 23 or 25 of them when the clocks are moved.
            return (hour.astimezone(UTC) - length).astimezone(at.tzinfo), hour
        return midnight - length, midnight
    unit = previous[1]
    if unit in ("day", "week"):
        end = midnight - timedelta(days=midnight.weekday() if unit == "week" else 0)
        return end - timedelta(days=7 if unit == "week" else 1), end
    months = _MONTHS[unit]
    end = midnight.replace(month=(midnight.month - 1) // months * months + 1, day=1)
    index = end.year * 12 + end.month - 1 - months
    return end.replace(year=index // 12, month=index % 12 + 1), end


def _is_hours(window: str) -> bool:
    return window.strip().endswith("h")


def _length(window: str) -> timedelta:
    found = _LENGTH.fullmatch(window)
    if found is None or int(found[1]) == 0:
        raise ParamError(
            f"window is {window!r}, but it must be a number of days, weeks or hours such as 7d, 4w or 48h, or "
            "'month: previous' (also day, week, quarter, year)."
        )
    return timedelta(hours=int(found[1]) * {"h": 1, "d": 24, "w": 168}[found[2]])
