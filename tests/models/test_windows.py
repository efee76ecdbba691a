"""Windows tile time in every zone, and a 24-hour window is a local day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import SettingsError
from models.windows import Windows, parse_window

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Asia/Aqtau",
        "Asia/Almaty",
        "Asia/Kathmandu",
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",
        "America/Havana",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Africa/Monrovia",
        "Pacific/Apia",
        "America/Juneau",
    )
]
LENGTHS_S = [30, 300, 720, 900, 1_800, 3_600, 7_200, 10_800, 86_400]

HOSTILE_WINDOWS = [
    ("", "write it like"),
    ("5", "write it like"),
    ("m", "write it like"),
    ("0m", "write it like"),
    ("-5m", "write it like"),
    ("5 m", "write it like"),
    ("5M", "write it like"),
    ("1.5h", "write it like"),
    ("\u0665m", "write it like"),
    ("9999999999999s", "write it like"),
    ("7m", "take 400 s or 432 s"),
    ("5h", "take 17280 s or 21600 s"),
    ("2d", "take 86400 s"),
]


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp())


def local(epoch_s: int, zone: ZoneInfo) -> str:
    return dt.datetime.fromtimestamp(epoch_s, zone).isoformat(timespec="minutes")


@pytest.mark.parametrize(("text", "says"), HOSTILE_WINDOWS)
def test_a_length_that_cannot_be_is_refused(text, says):
    with pytest.raises(SettingsError, match=says):
        parse_window(text)


@pytest.mark.parametrize("length_s", [0, -300, 420, 86_401, 172_800])
def test_windows_refuse_a_length_that_does_not_divide_a_day(length_s):
    with pytest.raises(SettingsError, match="does not divide 24 hours"):
        Windows(length_s, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("text", "length_s"),
    [("30s", 30), ("5m", 300), (" 90s ", 90), ("1h", 3_600), ("24h", 86_400), ("1d", 86_400)],
)
def test_lengths(text, length_s):
    assert parse_window(text) == length_s


# zone: length, instant, and the start and end of the window that contains it, in local time
ROWS = {
    "Asia/Aqtau": [
        ("5m", "2025-09-01T12:34:56+05:00", "2025-09-01T12:30+05:00", "2025-09-01T12:35+05:00"),
        ("1d", "2025-09-01T00:00+05:00", "2025-09-01T00:00+05:00", "2025-09-02T00:00+05:00"),
    ],
    "Asia/Kathmandu": [
        ("1h", "1985-06-01T10:59:59+05:30", "1985-06-01T10:00+05:30", "1985-06-01T11:00+05:30"),
        # Nepal set its clocks forward by 15 minutes at midnight: that day had no midnight.
        ("1d", "1986-01-01T05:00+05:45", "1986-01-01T00:15+05:45", "1986-01-02T00:00+05:45"),
    ],
    "Asia/Almaty": [
        # From +6 to +5 at midnight: the last of February had 25 hours, two of them after 23:00.
        ("1d", "2024-02-29T23:30+05:00", "2024-02-29T00:00+06:00", "2024-03-01T00:00+05:00"),
        ("5m", "2024-02-29T23:59:59+06:00", "2024-02-29T23:55+06:00", "2024-02-29T23:00+05:00"),
        ("1h", "2024-02-29T23:00+05:00", "2024-02-29T23:00+05:00", "2024-03-01T00:00+05:00"),
    ],
    "Europe/Berlin": [
        # The repeated hour of a night in autumn
        ("5m", "2025-10-26T02:57+02:00", "2025-10-26T02:55+02:00", "2025-10-26T02:00+01:00"),
        ("5m", "2025-10-26T02:57+01:00", "2025-10-26T02:55+01:00", "2025-10-26T03:00+01:00"),
        ("1h", "2025-10-26T02:30+01:00", "2025-10-26T02:00+01:00", "2025-10-26T03:00+01:00"),
        ("2h", "2025-10-26T02:30+01:00", "2025-10-26T02:00+02:00", "2025-10-26T04:00+01:00"),
        ("1d", "2025-10-26T02:30+01:00", "2025-10-26T00:00+02:00", "2025-10-27T00:00+01:00"),
    ],
    "America/New_York": [
        # The hour that a night in spring lacks
        ("1d", "2025-03-09T12:00-04:00", "2025-03-09T00:00-05:00", "2025-03-10T00:00-04:00"),
        ("1h", "2025-03-09T01:30-05:00", "2025-03-09T01:00-05:00", "2025-03-09T03:00-04:00"),
        ("2h", "2025-03-09T03:30-04:00", "2025-03-09T03:00-04:00", "2025-03-09T04:00-04:00"),
    ],
    "Australia/Lord_Howe": [
        # Half an hour of change inside an hour
        ("1h", "2025-04-06T01:45+10:30", "2025-04-06T01:00+11:00", "2025-04-06T02:00+10:30"),
        ("1h", "2025-10-05T02:45+11:00", "2025-10-05T02:30+11:00", "2025-10-05T03:00+11:00"),
    ],
    "America/Sao_Paulo": [
        # A midnight that does not exist
        ("1d", "2018-11-04T12:00-02:00", "2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00"),
    ],
    "America/Havana": [
        # A midnight that comes twice
        ("1d", "2025-11-02T00:30-05:00", "2025-11-02T00:00-04:00", "2025-11-03T00:00-05:00"),
    ],
    "America/St_Johns": [
        # A change at one minute past midnight, inside a 5-minute window and just after a day began
        ("5m", "2010-03-14T00:00:30-03:30", "2010-03-14T00:00-03:30", "2010-03-14T01:01-02:30"),
        ("5m", "2010-03-14T01:04-02:30", "2010-03-14T01:01-02:30", "2010-03-14T01:05-02:30"),
        ("1d", "2010-11-06T23:30-03:30", "2010-11-07T00:00-02:30", "2010-11-08T00:00-03:30"),
    ],
    "Pacific/Apia": [
        # A day that Samoa left out
        ("1d", "2011-12-29T23:59:59-10:00", "2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00"),
    ],
}
CASES = [(zone, *row) for zone, rows in ROWS.items() for row in rows]


@pytest.mark.parametrize(("zone", "length", "instant", "start", "end"), CASES)
def test_a_window_in_local_time(zone, length, instant, start, end):
    windows = Windows(parse_window(length), ZoneInfo(zone))
    begins = windows.start(at(instant))
    assert (local(begins, windows.zone), local(windows.end(begins), windows.zone)) == (start, end)


# Half of the instants lie within two days of a change of some zone's clock.
CHANGES = [at(case[2]) for case in CASES]
INSTANTS = st.one_of(
    st.integers(at("1800-01-01T00:00:00Z"), at("2100-01-01T00:00:00Z")),
    st.builds(int.__add__, st.sampled_from(CHANGES), st.integers(-172_800, 172_800)),
)


@given(st.sampled_from(ZONES), st.sampled_from(LENGTHS_S), INSTANTS)
def test_a_window_contains_its_instants_and_meets_the_next(zone, length_s, instant):
    windows = Windows(length_s, zone)
    start = windows.start(instant)
    end = windows.end(start)
    assert start <= instant < end
    assert windows.end(instant) == end
    for inside in {start, (start + instant) // 2, instant, (instant + end) // 2, end - 1}:
        assert windows.start(inside) == start
    assert windows.start(end) == end
    assert windows.end(windows.start(start - 1)) == start


@given(st.sampled_from(ZONES), st.sampled_from(LENGTHS_S), INSTANTS)
def test_what_is_remembered_never_changes_an_answer(zone, length_s, instant):
    seen, fresh = Windows(length_s, zone), Windows(length_s, zone)
    for other in range(instant - 1_800, instant + 1_800, 59):
        seen.start(other)
    assert seen.start(instant) == fresh.start(instant)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/Havana", "Asia/Almaty", "Pacific/Apia", "America/Sao_Paulo"]
)
def test_a_day_is_every_instant_of_one_local_date(zone):
    windows = Windows(86_400, ZoneInfo(zone))
    for change in CHANGES:
        for instant in range(change - 172_800, change + 172_800, 1_800):
            day = dt.datetime.fromtimestamp(instant, windows.zone).date()
            start = windows.start(instant)
            assert dt.datetime.fromtimestamp(start, windows.zone).date() == day
            assert dt.datetime.fromtimestamp(start - 1, windows.zone).date() < day


@pytest.mark.parametrize("instant", [-62_135_596_800, 253_402_300_799, -(10**12), 10**12])
@pytest.mark.parametrize("zone", ["Asia/Aqtau", "America/New_York"])
def test_the_ends_of_the_calendar_have_windows_too(zone, instant):
    windows = Windows(86_400, ZoneInfo(zone))
    start = windows.start(instant)
    assert start <= instant < windows.end(start)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("models.windows._MEMO_LIMIT", 10)
    windows = Windows(300, ZoneInfo("Asia/Aqtau"))
    starts = [windows.start(day * 86_400) for day in range(50)]
    assert starts == [day * 86_400 for day in range(50)]
    assert len(windows._memo) <= 10
    assert len(windows._changes) <= 10
