"""Times in any usual format and zone, as UTC; what could be read in two ways is refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.collect.times import TimeReader, within_range
from murmuration.errors import ParamError, ReadError

MOMENT = datetime(2015, 2, 24, 19, 35, 52, tzinfo=UTC)
MIDNIGHT = datetime(2015, 2, 24, tzinfo=UTC)


def read(*values, kind=None, **options):
    return TimeReader(**options).read(pa.array(values, kind)).to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "2015-02-24T19:35:52Z",
        "2015-02-24 19:35:52",
        "2015-02-24 11:35:52 -0800",  # airline
        "2015-02-24T11:35:52-08:00",
        "2015-02-24T11:35:52-08",
        "2015-02-24 19:35:52 UTC",
        "2015-02-24T19:35:52.000Z",
        "20150224T193552Z",
        "  2015-02-24T19:35:52Z ",
        "Tue Feb 24 19:35:52 +0000 2015",  # X
        "Tue Feb 24 11:35:52 -0800 2015",
        "Tue, 24 Feb 2015 11:35:52 -0800",  # RFC 2822
        "Tue, 24 Feb 2015 19:35:52 GMT",
        "Tue, 24 Feb 2015 11:35:52 -0800 (PST)",
        "24 Feb 2015 11:35:52 PST",
        "24 Feb 2015 14:35:52 EST",
        "Feb 24, 2015, 7:35:52 PM",
        "7:35:52 PM · Feb 24, 2015",  # X's page
        "Tue Feb 24 2015 11:35:52 GMT-0800 (Pacific Standard Time)",  # browsers
        "Tue Feb 24 2015 22:35:52 GMT+0300",
        "2015-02-24 22:35:52 GMT+3",
        "24.02.2015 19:35:52",
        "24/02/2015 19:35:52",
        "2/24/2015 7:35:52 PM",
        "02-24-2015 19:35:52",
        "24-Feb-2015 19:35:52",
        "2015/02/24 19:35:52",
        "1424806552",
        "1424806552.0",
        "1424806552000",
        "1424806552000000",
        "1424806552000000000",
    ],
)
def test_the_same_moment_in_any_usual_writing(text):
    assert read(text) == [MOMENT]


@pytest.mark.parametrize(
    "text", ["2015-02-24", "20150224", "24.02.15", "24/2/15", "February 24, 2015", "24 Feb 2015"]
)
def test_a_day_without_a_clock_is_its_midnight(text):
    assert read(text) == [MIDNIGHT]


def test_digits_beyond_microseconds_are_cut():
    assert read("2015-02-24T19:35:52.1234567Z") == [MOMENT.replace(microsecond=123456)]


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "soon", "2015-02-30", "2015-13-01", "02.24.2015", "2015-02-24T25:00:00",
        "2015-02-24T11:35:52+25:00", "2015-02-24 11:35:52 +2500", "2015-02-24 11:35:52 CEST",
        "24 Feb 2015 11:35:52 XYZ", "31/31/2015", "0", "1" * 64, "9" * 19, "9" * 10_000, "١٢/٠٢",
    ],
)  # fmt: skip
def test_what_is_no_time_or_could_be_several_is_unread_or_out_of_range(text):
    times = TimeReader().read(pa.array([text]))
    assert not within_range(times).fill_null(False).to_pylist()[0]


@pytest.mark.parametrize("text", ["", "  ", "NaN", "None", "null", "NaT"])
def test_words_for_nothing_are_no_time(text):
    assert read(text, "2015-02-24") == [None, MIDNIGHT]


# Zones


@pytest.mark.parametrize("text", ["2015-07-01 12:00:00", "1 Jul 2015 12:00:00", "1435752000"])
def test_only_times_without_a_zone_are_local(text):
    expected = datetime(2015, 7, 1, 12 if text.isdigit() else 10, tzinfo=UTC)
    assert read(text, zone="Europe/Berlin") == [expected]


@pytest.mark.parametrize("text", ["2015-10-25 02:30:00", "25 Oct 2015 02:30:00"])
def test_an_hour_that_comes_twice_is_the_earlier_one_in_any_writing(text):
    assert read(text, zone="Europe/Berlin") == [datetime(2015, 10, 25, 0, 30, tzinfo=UTC)]


@pytest.mark.parametrize("text", ["2015-03-29 02:30:00", "29 Mar 2015 02:30:00"])
def test_an_hour_that_does_not_exist_is_the_next_that_does_in_any_writing(text):
    assert read(text, zone="Europe/Berlin") == [datetime(2015, 3, 29, 1, tzinfo=UTC)]


@pytest.mark.parametrize("zone", ["Mars/Base", "America", "x" * 500])
def test_a_zone_that_is_none_is_refused_before_the_file_is_read(zone):
    from murmuration.collect import ImportOptions

    with pytest.raises(ParamError, match=f"no time zone '{zone}'"):
        ImportOptions(timezone=zone)


def test_letters_that_the_machine_knows_as_its_own_zone_mean_nothing(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert read("24 Feb 2015 11:35:52 CET") == [None]
    finally:
        monkeypatch.undo()
        time.tzset()


# Days and months


@pytest.mark.parametrize("sign", ["/", "-"])
def test_one_time_that_tells_settles_the_whole_file(sign):
    day_first = [f"03{sign}04{sign}2015", f"24{sign}02{sign}2015"]
    assert read(*day_first) == [datetime(2015, 4, 3, tzinfo=UTC), MIDNIGHT]
    month_first = [f"03{sign}04{sign}2015", f"02{sign}24{sign}2015"]
    assert read(*month_first) == [datetime(2015, 3, 4, tzinfo=UTC), MIDNIGHT]


def test_what_settled_them_once_holds_for_later_batches():
    reader = TimeReader()
    reader.read(pa.array(["24/02/2015"]))
    assert reader.read(pa.array(["03/04/2015"])).to_pylist() == [datetime(2015, 4, 3, tzinfo=UTC)]


def test_times_that_contradict_the_others_are_unreadable_and_not_swapped():
    times = read("24/02/2015", "23/02/2015", "02/24/2015", "03/04/2015")
    assert times[2] is None
    assert times[3] == datetime(2015, 4, 3, tzinfo=UTC)


def test_where_nothing_tells_days_from_months_the_file_is_refused():
    with pytest.raises(
        ReadError, match=r"03/04/2015 could be day/month or month/day.*--time-format"
    ):
        read("03/04/2015", "05/06/2015 10:00")


def test_a_day_equal_to_its_month_leaves_nothing_open():
    assert read("04/04/2015") == [datetime(2015, 4, 4, tzinfo=UTC)]


def test_later_rows_of_the_file_are_asked_before_it_is_refused():
    reader = TimeReader(
        whole_file=lambda: iter([pa.array(["01/02/2015"]), pa.array(["24/02/2015"])])
    )
    assert reader.read(pa.array(["01/02/2015"])).to_pylist() == [datetime(2015, 2, 1, tzinfo=UTC)]


def test_where_dots_part_them_the_day_comes_first():
    assert read("03.04.2015") == [datetime(2015, 4, 3, tzinfo=UTC)]


def test_a_given_format_decides():
    assert read("03/04/2015", format="%m/%d/%Y") == [datetime(2015, 3, 4, tzinfo=UTC)]
    assert read("2015-02-24", format="%m/%d/%Y") == [None]
    local = read("24.02.2015 12", format="%d.%m.%Y %H", zone="America/New_York")
    assert local == [datetime(2015, 2, 24, 17, tzinfo=UTC)]


# Numbers and clocks


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()])
@given(second=st.integers(315_532_800, 4_102_444_799))  # 1980 to 2100
def test_epochs_are_read_in_any_unit(kind, factor, second):
    value = second * factor
    expected = datetime.fromtimestamp(second, UTC)
    written = {pa.string(): str, pa.float64(): float}.get(kind, int)(value)
    assert read(written, kind=kind) == [expected]


@given(micros=st.integers(315_532_800_000_000, 4_102_444_799_999_999))
def test_epochs_in_microseconds_keep_every_digit(micros):
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    assert read(str(micros)) == [expected]
    assert read(micros) == [expected]


def test_fractions_of_a_second_are_kept():
    assert read("1424806552.25") == read(1424806552.25) == [MOMENT.replace(microsecond=250_000)]


def test_numbers_that_are_no_time_are_null():
    assert read(float("nan"), float("inf"), 1e300, None) == [None] * 4


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_clocks_of_any_unit_and_zone(unit):
    naive = pa.array([np.datetime64("2015-02-24T19:35:52")]).cast(pa.timestamp(unit))
    assert TimeReader().read(naive).to_pylist() == [MOMENT]
    aware = naive.cast(pa.timestamp(unit, "America/New_York"))
    assert TimeReader(zone="Asia/Tokyo").read(aware).to_pylist() == [MOMENT]


def test_other_types_are_read_as_what_they_say():
    assert read(date(2015, 2, 24)) == [MIDNIGHT]
    assert read(Decimal("1424806552.0")) == [MOMENT]
    assert read(b"2015-02-24") == [MIDNIGHT]
    assert read("2015-02-24", kind=pa.large_string()) == [MIDNIGHT]
    assert read("2015-02-24", kind=pa.dictionary(pa.int8(), pa.string())) == [MIDNIGHT]
    assert read(None, None) == [None, None]
    assert read(True) == [None]
    assert read([2015, 2, 24]) == [None]


@pytest.mark.parametrize("year", ["1677", "1979", "2100", "2300", "9999"])
def test_years_before_1980_and_from_2100_on_lie_outside_the_range(year):
    times = TimeReader().read(pa.array([f"{year}-06-01", f"1 June {year}"]))
    assert within_range(times).to_pylist() == [False, False]


def test_the_range_takes_its_first_and_leaves_its_last_moment():
    times = TimeReader().read(pa.array(["1980-01-01", "2099-12-31T23:59:59.999999", "2100-01-01"]))
    assert within_range(times).to_pylist() == [True, True, False]


# Properties

OFFSETS = st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59)).map(
    lambda offset: timezone(timedelta(seconds=round(offset.total_seconds())))
)


@given(
    moment=st.datetimes(datetime(1980, 1, 2), datetime(2099, 12, 30), timezones=OFFSETS),
    sep=st.sampled_from("T "),
    spec=st.sampled_from(["auto", "milliseconds", "microseconds"]),
)
def test_iso_times_come_back_whatever_their_offset(moment, sep, spec):
    if spec == "milliseconds":
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert read(moment.isoformat(sep, spec)) == [moment]


@given(moment=st.datetimes(datetime(1980, 1, 2), datetime(2099, 12, 30), timezones=OFFSETS))
def test_mail_times_come_back(moment):
    from email.utils import format_datetime

    whole = moment.replace(
        microsecond=0,
        tzinfo=timezone(timedelta(minutes=moment.utcoffset() // timedelta(minutes=1))),
    )
    assert read(format_datetime(whole)) == [whole]


@given(
    st.lists(st.one_of(st.text(max_size=30), st.from_regex(r"[\d:/. TZ+-]{1,25}", fullmatch=True)))
)
def test_no_text_ends_the_import(texts):
    try:
        times = TimeReader(zone="Europe/Berlin").read(pa.array(texts, pa.string()))
    except ReadError:
        return  # days and months that cannot be told apart
    assert len(times) == len(texts)
    within_range(times)
