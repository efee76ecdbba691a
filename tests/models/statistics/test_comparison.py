"""Two periods side by side, and when they must not be."""

import datetime as dt

import pytest

from models.errors import BreaksFileError
from models.statistics.breaks import DEFAULT_BREAKS_PATH, Break, break_between, read_breaks
from models.statistics.comparison import Change, Period, Watched, change, watched_change, year_before
from models.statistics.intervals import Interval, ratio_interval


def day(text):
    return dt.date.fromisoformat(text)


def period(first, end):
    return Period(day(first), day(end))


@pytest.mark.parametrize("ends", [("2025-01-01", "2025-01-01"), ("2025-01-02", "2025-01-01")])
def test_a_period_has_days(ends):
    with pytest.raises(ValueError, match="begins before it ends"):
        period(*ends)


BEFORE = [
    (("2025-01-01", "2025-10-01"), ("2024-01-01", "2024-10-01")),
    (("2025-01-01", "2026-01-01"), ("2024-01-01", "2025-01-01")),
    (("2024-01-01", "2025-07-01"), ("2022-01-01", "2023-07-01")),  # a year and a half: two years back
    (("2024-02-29", "2024-03-02"), ("2023-03-01", "2023-03-02")),
    (("2024-02-01", "2024-02-29"), ("2023-02-01", "2023-03-01")),
]


@pytest.mark.parametrize(("this", "last"), BEFORE)
def test_the_same_period_before(this, last):
    assert year_before(period(*this)) == period(*last)


NOW, THEN = period("2025-01-01", "2025-10-01"), period("2024-01-01", "2024-10-01")
PERIODS = (NOW, THEN)
NEW_RULES = Break(day("2024-07-01"), "accidents", "why", "where")


def test_across_a_break_there_is_no_percentage():
    assert change("accidents", 1195, 799, periods=PERIODS, breaks=[NEW_RULES]) == Change(
        1195, 799, None, None, NEW_RULES
    )
    assert change("dead", 68, 59, periods=PERIODS, breaks=[NEW_RULES]).broken is None


@pytest.mark.parametrize(
    ("on", "broken"),
    [("2024-01-01", False), ("2024-01-02", True), ("2024-12-01", True), ("2025-09-30", True), ("2025-10-01", False)],
)
def test_a_break_divides_what_lies_on_both_sides_of_it(on, broken):
    found = break_between([NEW_RULES._replace(date=day(on))], "accidents", THEN.first, NOW.end)
    assert (found is not None) == broken


CHANGES = [
    # now, before, options: percent, interval, sure
    ((0, 0, {}), (None, None, False)),
    ((5, 0, {}), (None, Interval(-8.4, float("inf")), False)),
    ((9, 0, {}), (None, Interval(97.4, float("inf")), True)),
    ((150, 100, {}), (50.0, Interval(15.7, 95.2), True)),
    ((0, 5, {}), (-100.0, Interval(-100, 9.1), False)),
    ((150, 100, {"exposure": 1.5}), (0.0, Interval(-22.9, 30.1), False)),
    # as many dead in a third of the accidents: the same change, less sure
    ((150, 100, {"size": 3}), (50.0, Interval(-5.1, 139.9), False)),
]


@pytest.mark.parametrize(("given", "expected"), CHANGES)
def test_a_change(given, expected):
    now, before, options = given
    found = change("dead", now, before, periods=PERIODS, **options)
    percent, interval, sure = expected
    assert found.percent == (None if percent is None else pytest.approx(percent))
    assert (found.interval and tuple(found.interval)) == (interval and pytest.approx(tuple(interval), abs=0.06))
    assert found.sure == sure


DAY_S = 86_400


def watched(detected, share, days=273, devices=1):
    return Watched(detected, share * days * DAY_S * devices, share * days * DAY_S)


def test_only_what_was_watched_in_both_periods_is_compared_and_per_hour():
    now = {
        "both": watched(200, 1.0),
        "two cameras now": watched(300, 0.95, devices=2),
        "hardly now": watched(9_999, 0.89),
        "new": watched(9_999, 1.0),
    }
    before = {
        "both": watched(100, 1.0, days=274),
        "two cameras now": watched(100, 0.95, days=274),
        "hardly now": watched(1, 1.0, days=274),
        "gone": watched(1, 1.0, days=274),
    }
    found = watched_change("violations", now, before, periods=PERIODS)
    assert found.segments == ("both", "two cameras now")
    assert (found.change.now, found.change.before) == (500, 200)
    exposure = found.watched_h_now / found.watched_h_before
    assert exposure == pytest.approx((1 + 1.9) * 273 / (1.95 * 274))
    assert found.change.percent == pytest.approx(100 * (2.5 / exposure - 1))
    assert found.change.interval.low == pytest.approx(100 * (ratio_interval(500, 200, exposure=exposure).low - 1))


def test_where_nothing_was_watched_in_both_there_is_no_change_to_tell():
    found = watched_change("violations", {"a": watched(5, 1)}, {"a": watched(5, 0.5)}, periods=PERIODS)
    assert (found.change, found.segments) == (None, ())


HEADER = "date,measure,reason,source\n"
REFUSED = [
    (b"\xff", "is not UTF-8"),
    (b"", "line 1, column date: is missing"),
    (b"date,measure,reason\n", "line 1, column source: is missing"),
    (f"{HEADER}2024-01-01,accidents,,s\n".encode(), "line 2, column reason: is empty"),
    (f"{HEADER}2024-01-01,accidents\n".encode(), "line 2, column reason: is empty"),
    (f"{HEADER}01.01.2024,accidents,r,s\n".encode(), "line 2, column date: '01.01.2024' is no day"),
    (f"{HEADER}2024-02-30,accidents,r,s\n".encode(), "line 2, column date"),
    (f"{HEADER}2024-01-01,accidents,a, b,s\n".encode(), "line 2: has too many fields"),
    (f'{HEADER}2024-01-01,accidents,"r,s\n'.encode(), "is not CSV"),
]


@pytest.mark.parametrize(("content", "fault"), REFUSED)
def test_a_list_that_cannot_be_used_is_refused_by_line_and_column(tmp_path, content, fault):
    path = tmp_path / "breaks.csv"
    path.write_bytes(content)
    with pytest.raises(BreaksFileError) as refused:
        read_breaks(path)
    assert str(refused.value).startswith(str(path))
    assert fault in str(refused.value)


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BreaksFileError, match="cannot be read"):
        read_breaks(tmp_path / "none.csv")


def test_a_list_is_read_by_date(tmp_path):
    path = tmp_path / "breaks.csv"
    path.write_text(f'\ufeff{HEADER}2024-01-01,dead,"a, b",c\n2020-01-01,accidents,d,e\n', encoding="utf-8")
    assert read_breaks(path) == (
        Break(day("2020-01-01"), "accidents", "d", "e"),
        Break(day("2024-01-01"), "dead", "a, b", "c"),
    )


def test_since_2024_every_accident_with_a_medical_visit_counts():
    known = read_breaks()
    assert DEFAULT_BREAKS_PATH.is_file()
    span = (day("2023-01-01"), day("2025-01-01"))
    assert {measure for measure in ("accidents", "injured", "dead") if break_between(known, measure, *span)} == {
        "accidents",
        "injured",
    }
