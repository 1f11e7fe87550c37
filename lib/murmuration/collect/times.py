"""Times in any usual format and zone, as UTC.

ISO times and epochs are read column-wise; everything else once per distinct value.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from dateutil import parser as dateutil_parser

from murmuration.collect.values import Column, plain, read_text, without_nothing
from murmuration.errors import ReadError
from murmuration.schema import UTC_TIME

# No post is older than the first bulletin boards, or from the far future; a value outside is a
# broken one (Excel's 1900, a default of 9999).
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_NAIVE = pa.timestamp("us")
_ISO = (
    r"^\s*(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?P<part>\.\d+)?)?"
    r"\s*(?P<zone>Z|z|UTC|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?\s*$"
)
_WHOLE_NUMBER = r"^(?:\d{9,18}|[1-8]\d{18})$"
_NUMBER = r"^\d{9,19}(?:\.\d+)?$"
_X_MONTHS = {name: number for number, name in enumerate(
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1
)}  # fmt: skip
# "Wed Aug 27 13:08:45 +0000 2008": X's first programming interface
_X_TIME = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d) ([+-]\d{4}) (\d{4})"
)
# Where dots part them the day comes first; with / and - it depends on who wrote it.
_DAY_AND_MONTH = re.compile(r"\s*(\d{1,2})([/.-])(\d{1,2})\2(\d{2}|\d{4})\b")
# "11:35 AM · Feb 24, 2015" and "Feb 24 2015 11:35:52 GMT-0800 (Pacific Standard Time)", as browsers show them.
# dateutil takes the sign behind GMT the other way round, as POSIX does.
_BROWSER = re.compile(r"·|\s*\([^()]*\)\s*$|\b(?:GMT|UTC)\s*(?=[+-]\d)")
# The zone letters of RFC 5322; other letters mean different zones to different people.
_ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_ZONE_SECONDS = {name: hours * 3600 for name, hours in _ZONES.items()}


@dataclass
class TimeReader:
    """Reads the time columns of one file.

    Attributes
    ----------
    zone
        IANA zone of times that name none.
    format
        `datetime.strptime` format, where the file's should not be found out.
    whole_file
        Gives the time columns of the whole file; asked only if those read so far leave open whether
        03/04/2015 is in April or in March.
    """

    zone: str = "UTC"
    format: str | None = None
    whole_file: Callable[[], Iterator[Column]] = lambda: iter(())
    _day_first: bool | None = field(default=None, init=False)

    def read(self, times: Column) -> pa.Array:
        """Give times in UTC; null where there is none or it cannot be read.

        Raises
        ------
        ReadError
            If days and months cannot be told apart anywhere in the file.
        """
        column = plain(times)
        kind = column.type
        if pa.types.is_timestamp(kind):
            return self._from_clock(column)
        if pa.types.is_date(kind):
            return self._localised(column.cast(_NAIVE))
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return _from_epoch(column)
        if pa.types.is_null(kind):
            return pa.nulls(len(column), UTC_TIME)
        return self._from_text(without_nothing(pc.utf8_trim_whitespace(read_text(column))))

    def _from_clock(self, column: pa.Array) -> pa.Array:
        naive = column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if column.type.tz is not None:
            return naive.view(UTC_TIME)
        return self._localised(naive)

    def _localised(self, naive: pa.Array) -> pa.Array:
        """Take times without a zone as local; an hour that comes twice is the earlier one."""
        if self.zone == "UTC":
            return naive.view(UTC_TIME)
        aware = pc.assume_timezone(naive, self.zone, ambiguous="earliest", nonexistent="latest")
        return aware.view(UTC_TIME)

    def _from_text(self, texts: pa.Array) -> pa.Array:
        if self.format is not None:
            return self._each(texts, self._with_format)
        found = self._from_iso(_iso_parts(texts))
        for pattern, kind in ((_WHOLE_NUMBER, pa.int64()), (_NUMBER, pa.float64())):
            missed = _only(texts, pc.is_null(found))
            if missed.null_count == len(texts):
                return found
            numbers = pc.fill_null(pc.match_substring_regex(missed, pattern), False)
            found = pc.coalesce(found, _from_epoch(_only(missed, numbers).cast(kind)))
        missed = _only(texts, pc.is_null(found))
        self._settle_day_first(missed)
        return pc.coalesce(found, self._each(missed, self._with_guess))

    def _from_iso(self, parts: pa.StructArray) -> pa.Array:
        day, clock = parts.field("day"), parts.field("clock")
        part, zone = parts.field("part"), parts.field("zone")
        clock = pc.if_else(pc.equal(clock, ""), "00:00", clock)
        # Digits beyond microseconds are cut: nobody orders posts by them.
        local = pc.binary_join_element_wise(
            day, pc.binary_join_element_wise(clock, pc.utf8_slice_codeunits(part, 0, 7), ""), " "
        )
        naive = _cast_each(local)
        aware = pc.not_equal(zone, "")
        shifted = pc.subtract(naive, _offset(zone))
        if pc.all(aware).as_py():
            return shifted.view(UTC_TIME)
        return pc.if_else(aware, shifted.view(UTC_TIME), self._localised(naive))

    def _each(self, texts: pa.Array, read: Callable[[str], datetime | None]) -> pa.Array:
        coded = texts.dictionary_encode()
        moments = [read(text) for text in coded.dictionary.to_pylist()]
        local = [moment if moment and moment.tzinfo is None else None for moment in moments]
        aware = [_as_utc(moment) if moment and moment.tzinfo else None for moment in moments]
        times = pc.coalesce(
            pa.array(aware, _NAIVE).view(UTC_TIME), self._localised(pa.array(local, _NAIVE))
        )
        return times.take(coded.indices)

    def _with_format(self, text: str) -> datetime | None:
        try:
            return datetime.strptime(text.strip(), self.format or "")  # noqa: DTZ007  _as_utc adds it
        except ValueError:
            return None

    def _with_guess(self, text: str) -> datetime | None:
        known = _X_TIME.fullmatch(text)
        if known:
            month, *numbers, zone, year = known.groups()
            day, hour, minute, second = map(int, numbers)
            stamp = f"{year}-{_X_MONTHS.get(month, 0):02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{zone}"
            return _quiet(datetime.fromisoformat, stamp)
        if not any(map(str.isdigit, text)) or len(text) > 64:
            return None
        iso = _quiet(datetime.fromisoformat, text)
        return iso or self._with_dateutil(_BROWSER.sub(" ", text))

    def _with_dateutil(self, text: str) -> datetime | None:
        parts, day_first = _DAY_AND_MONTH.match(text), False
        if parts:
            first, sign, second, _ = parts.groups()
            day_first = sign == "." or bool(self._day_first)
            if int(second if day_first else first) > 12:
                return None  # dateutil would swap the two
        return _quiet(
            lambda value: dateutil_parser.parse(
                value, dayfirst=day_first, default=_NO_DATE, tzinfos=_zone_seconds
            ),
            text,
        )

    def _settle_day_first(self, texts: pa.Array) -> None:
        """Find out once per file whether 03/04/2015 is in April or in March."""
        if self._day_first is not None:
            return
        example, votes = _day_first_votes(texts)
        if example and not votes:
            for column in self.whole_file():
                votes.update(_day_first_votes(read_text(column))[1])
        if votes:
            # A few rows may be broken; those that contradict the others are then unreadable.
            self._day_first = votes[True] >= votes[False]
        elif example:
            raise ReadError(
                f"Times such as {example} could be day/month or month/day, and nothing in the "
                "file tells. Say --time-format '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'."
            )


def _day_first_votes(texts: pa.Array) -> tuple[str, Counter[bool]]:
    """Give a time that leaves open which number is the day, and how many say so or so."""
    example, votes = "", Counter[bool]()
    for text in pc.unique(texts).to_pylist():
        found = _DAY_AND_MONTH.match(text) if text else None
        if not found or found[2] == ".":
            continue
        first, second = int(found[1]), int(found[3])
        if (first > 12) != (second > 12):
            votes[first > 12] += 1
        elif first != second:
            example = example or found[0].strip()
    return example, votes


def _only(texts: pa.Array, wanted: pa.Array) -> pa.Array:
    return pc.if_else(wanted, texts, None)


def _as_utc(moment: datetime) -> datetime | None:
    """UTC without its label, which Arrow stores faster."""
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, ValueError):  # beyond the calendar, or an offset of more than a day
        return None


def _zone_seconds(name: str | None, offset: int | None) -> int | None:
    """Give the offset that a time states by letters or as a number.

    Raises
    ------
    ValueError
        If the letters are not known, or say something else than the number.
    """
    if name is None:
        return offset
    if name not in _ZONE_SECONDS or offset not in (None, _ZONE_SECONDS[name]):
        raise ValueError(name)
    return _ZONE_SECONDS[name]


_NO_DATE = datetime(1, 1, 1)  # noqa: DTZ001  so that "12:30" alone lands outside the range of posts


def within_range(times: pa.Array) -> pa.Array:
    """Say which times lie where posts can be (1980 to 2100); null for no time."""
    low, high = (pa.scalar(bound, UTC_TIME) for bound in (EARLIEST, LATEST))
    return pc.and_(pc.greater_equal(times, low), pc.less(times, high))


def _quiet(read: Callable[[str], datetime], text: str) -> datetime | None:
    try:
        return read(text)
    except (ValueError, OverflowError, TypeError):  # dateutil raises all three on odd text
        return None


def _iso_parts(texts: pa.Array) -> pa.StructArray:
    parts = pc.extract_regex(texts, _ISO)
    # Without a match the struct is null, and so are its parts.
    return pa.StructArray.from_arrays(
        [pc.struct_field(parts, name) for name in ("day", "clock", "part", "zone")],
        names=["day", "clock", "part", "zone"],
    )


def _cast_each(local: pa.Array) -> pa.Array:
    """Read local times; one that no calendar has (13th month) is null, not the end of all."""
    try:
        return local.cast(_NAIVE)
    except pa.ArrowInvalid:
        coded = local.dictionary_encode()
        times = [
            _quiet(datetime.fromisoformat, text) if text else None
            for text in coded.dictionary.to_pylist()
        ]
        return pa.array(times, _NAIVE).take(coded.indices)


def _offset(zone: pa.Array) -> pa.Array:
    """Offset of "+0530", "-08:00", "Z" or nothing, as a duration."""
    digits = pc.replace_substring(zone, ":", "")
    sign = pc.if_else(pc.starts_with(digits, "-"), -60_000_000, 60_000_000)
    whole = pc.utf8_rpad(digits, 5, "0")
    numeric = pc.match_substring_regex(zone, r"^[+-]")
    hours = pc.if_else(numeric, pc.utf8_slice_codeunits(whole, 1, 3), "0").cast(pa.int64())
    minutes = pc.if_else(numeric, pc.utf8_slice_codeunits(whole, 3, 5), "0").cast(pa.int64())
    micros = pc.multiply(pc.add(pc.multiply(hours, 60), minutes), sign)
    return micros.cast(pa.duration("us"))


def _from_epoch(numbers: pa.Array) -> pa.Array:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by their size."""
    missing = pc.is_null(numbers).to_numpy(zero_copy_only=False)
    values = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    if values.dtype.kind == "f":
        missing |= ~np.isfinite(values)
        values = np.round(np.where(missing, 0, values) * _micros_per_unit(values))
        missing |= np.abs(values) > 9e18
        micros = np.where(missing, 0, values).astype(np.int64)
    else:
        # Kept as integers: micro- and nanoseconds have more digits than a float holds.
        values = values.astype(np.int64)
        factor = _micros_per_unit(values)
        micros = np.where(factor < 1, values // 1000, values * np.rint(factor).astype(np.int64))
    return pa.array(micros, mask=missing).view(UTC_TIME)


def _micros_per_unit(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    size = np.abs(values.astype(np.float64))
    return np.select([size < 1e11, size < 1e14, size < 1e17], [1e6, 1e3, 1.0], 1e-3)
