"""Times in any usual format and zone, as UTC.

ISO times and epochs are read column-wise; everything else once per distinct value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from dateutil import parser as dateutil_parser

from murmuration.errors import ReadError
from murmuration.schema import UTC_TIME

# No post is older than the first bulletin boards, or from the far future; a value outside is a
# broken one (Excel's 1900, a default of 9999).
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_NAIVE = pa.timestamp("us")
_ISO = (
    r"^\s*(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?P<part>\.\d+)?)?"
    r"\s*(?P<zone>Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?\s*$"
)
_NUMBER = r"^\s*\d{9,19}(?:\.\d+)?\s*$"
_X_MONTHS = {name: number for number, name in enumerate(
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1
)}  # fmt: skip
# "Wed Aug 27 13:08:45 +0000 2008": X's first programming interface
_X_TIME = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d) ([+-]\d{4}) (\d{4})"
)
_SLASHED = re.compile(r"\s*(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})\b")
_DOTTED = re.compile(r"\s*\d{1,2}[.-]\d{1,2}[.-]\d{4}\b")
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
    """

    zone: str = "UTC"
    format: str | None = None
    _day_first: bool | None = field(default=None, init=False)

    def read(self, column: pa.ChunkedArray | pa.Array) -> pa.Array:
        """Give times in UTC; null where there is none or it cannot be read.

        Raises
        ------
        ReadError
            If days and months cannot be told apart anywhere in the column.
        """
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        kind = column.type
        if pa.types.is_dictionary(kind):
            return self.read(column.dictionary_decode())
        if pa.types.is_timestamp(kind):
            return self._from_clock(column)
        if pa.types.is_date(kind):
            return self._localised(column.cast(_NAIVE))
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return _from_epoch(column)
        if pa.types.is_null(kind):
            return pa.nulls(len(column), UTC_TIME)
        return self._from_text(column.cast(pa.string()))

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
        iso = _iso_parts(texts)
        found = self._from_iso(iso)
        missed = pc.and_(pc.is_null(found), pc.is_valid(texts))
        if not pc.any(missed).as_py():
            return found
        numbers = pc.and_(missed, pc.match_substring_regex(texts, _NUMBER))
        if pc.any(numbers).as_py():
            only = pc.if_else(numbers, pc.utf8_trim_whitespace(texts), None)
            found = pc.coalesce(found, _from_epoch(only.cast(pa.float64())))
            missed = pc.and_(pc.is_null(found), missed)
        rest = pc.if_else(missed, texts, None)
        if pc.any(missed).as_py():
            self._settle_day_first(rest)
            found = pc.coalesce(found, self._each(rest, self._with_guess))
        return found

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
        times = [self._as_utc(read(text)) for text in coded.dictionary.to_pylist()]
        return pa.array(times, _NAIVE).take(coded.indices).view(UTC_TIME)

    def _as_utc(self, moment: datetime | None) -> datetime | None:
        """UTC without its label, which Arrow stores faster."""
        if moment is None:
            return None
        try:
            aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))
            return aware.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            return None

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
        day_first = bool(self._day_first) if _SLASHED.match(text) else bool(_DOTTED.match(text))
        if not any(map(str.isdigit, text)) or len(text) > 64:
            return None
        return _quiet(
            lambda value: dateutil_parser.parse(
                value, dayfirst=day_first, default=_NO_DATE, tzinfos=_ZONE_SECONDS
            ),
            text,
        )

    def _settle_day_first(self, texts: pa.Array) -> None:
        """Find out once per file whether 03/04/2015 is in April or in March."""
        if self._day_first is not None:
            return
        pairs = [
            found.groups()
            for text in pc.unique(texts).to_pylist()
            if text and (found := _SLASHED.match(text))
        ]
        if not pairs:
            return
        if any(int(first) > 12 for first, _, _ in pairs):
            self._day_first = True
        elif any(int(second) > 12 for _, second, _ in pairs):
            self._day_first = False
        else:
            raise ReadError(
                f"Times such as {'/'.join(pairs[0])} could be day/month or month/day, and nothing in the "
                "file tells. Say --time-format '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'."
            )


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
        values = np.round(np.where(missing, 0, values) * 1e6 * _epoch_unit(values))
        missing |= np.abs(values) > 9e18
        micros = np.where(missing, 0, values).astype(np.int64)
    else:
        # Kept as integers: micro- and nanoseconds have more digits than a float holds.
        values = values.astype(np.int64)
        unit = _epoch_unit(values)
        micros = np.where(
            unit < 1e-6, values // 1000, values * np.rint(unit * 1e6).astype(np.int64)
        )
    return pa.array(micros, mask=missing).view(UTC_TIME)


def _epoch_unit(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Seconds that one unit stands for."""
    size = np.abs(values.astype(np.float64))
    return np.select([size < 1e11, size < 1e14, size < 1e17], [1.0, 1e-3, 1e-6], 1e-9)
