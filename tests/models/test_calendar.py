"""Local hours, days, months and years, and spans put together from them."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import STEPS, Calendar, Span

AQTAU = Calendar(300, ZoneInfo("Asia/Aqtau"))
BERLIN = Calendar(300, ZoneInfo("Europe/Berlin"))
ASTANA = Calendar(300, ZoneInfo("Asia/Almaty"))  # UTC+6 until 2024-03-01, UTC+5 after
KATHMANDU = Calendar(300, ZoneInfo("Asia/Kathmandu"))
CALENDARS = {"aqtau": AQTAU, "berlin": BERLIN, "almaty": ASTANA, "kathmandu": KATHMANDU}


def at(text):
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("calendar", "step", "instant", "start", "end"),
    [
        (AQTAU, "window", "2025-06-10T12:34:56+05:00", "2025-06-10T12:30+05:00", "2025-06-10T12:35+05:00"),
        (AQTAU, "hour", "2025-06-10T12:34:56+05:00", "2025-06-10T12:00+05:00", "2025-06-10T13:00+05:00"),
        (AQTAU, "day", "2025-06-10T00:00+05:00", "2025-06-10T00:00+05:00", "2025-06-11T00:00+05:00"),
        (AQTAU, "month", "2025-12-31T23:59+05:00", "2025-12-01T00:00+05:00", "2026-01-01T00:00+05:00"),
        (AQTAU, "year", "2025-12-31T23:59+05:00", "2025-01-01T00:00+05:00", "2026-01-01T00:00+05:00"),
        (BERLIN, "day", "2025-03-30T12:00+02:00", "2025-03-30T00:00+01:00", "2025-03-31T00:00+02:00"),
        (BERLIN, "month", "2025-10-31T12:00+01:00", "2025-10-01T00:00+02:00", "2025-11-01T00:00+01:00"),
        (ASTANA, "month", "2024-02-29T23:30+06:00", "2024-02-01T00:00+06:00", "2024-03-01T00:00+05:00"),
        (KATHMANDU, "hour", "2025-06-10T12:34:56+05:45", "2025-06-10T12:00+05:45", "2025-06-10T13:00+05:45"),
    ],
)
def test_units(calendar, step, instant, start, end):
    assert calendar.start(step, at(instant)) == at(start)
    assert calendar.end(step, calendar.start(step, at(instant))) == at(end)


@pytest.mark.parametrize(
    ("first", "end", "step", "expected"),
    [
        ("2025-01-01", "2026-01-01", "all", [("month", "2025-01-01", "2026-01-01")]),
        ("2025-01-01", "2025-02-01", "day", [("day", "2025-01-01", "2025-02-01")]),
        ("2025-01-01", "2025-01-02", "window", [("window", "2025-01-01", "2025-01-02")]),
        (
            "2025-01-30T22:55", "2025-03-02T01:05", "month",
            [
                ("window", "2025-01-30T22:55", "2025-01-30T23:00"),
                ("hour", "2025-01-30T23:00", "2025-01-31"),
                ("day", "2025-01-31", "2025-02-01"),
                ("month", "2025-02-01", "2025-03-01"),
                ("day", "2025-03-01", "2025-03-02"),
                ("hour", "2025-03-02", "2025-03-02T01:00"),
                ("window", "2025-03-02T01:00", "2025-03-02T01:05"),
            ],
        ),
        ("2025-01-01", "2025-01-01", "all", []),
    ],
)  # fmt: skip
def test_pieces(first, end, step, expected):
    def local(text):
        return int(datetime.fromisoformat(text).replace(tzinfo=AQTAU.zone).timestamp())

    pieces = AQTAU.pieces(Span(local(first), local(end)), step)
    assert [(grain, *span) for grain, span in pieces] == [(grain, local(a), local(b)) for grain, a, b in expected]


def test_a_span_that_no_window_fits_is_refused():
    with pytest.raises(ValueError, match="windows"):
        AQTAU.pieces(Span(0, 301), "all")


@given(
    st.sampled_from(sorted(CALENDARS)),
    st.integers(1_600_000_000, 1_800_000_000),
    st.integers(0, 100_000_000),
    st.sampled_from(STEPS),
)
def test_pieces_tile_their_span_with_whole_units_within_the_step(name, first, length, step):
    calendar = CALENDARS[name]
    span = Span(calendar.start("window", first), calendar.start("window", first + length))
    pieces = calendar.pieces(span, step)
    edges = [instant for piece in pieces for instant in piece.span]
    assert edges == sorted(edges)
    assert [edges[0], edges[-1]] == list(span) if edges else span.first == span.end
    assert edges[1:-1:2] == edges[2::2]
    for grain, piece in pieces:
        assert calendar.start(grain, piece.first) == piece.first
        assert calendar.start(grain, piece.end) == piece.end
        if step not in ("all", "year"):
            assert STEPS.index(grain) <= STEPS.index(step)


@given(st.integers(1_600_000_000, 1_800_000_000), st.integers(1, 10_000_000), st.sampled_from(STEPS))
def test_units_tile_a_span(first, length, step):
    span = Span(first, first + length)
    units = list(BERLIN.units(step, span)) if step not in ("window", "hour") else list(BERLIN.units("day", span))
    assert units[0].first == span.first
    assert units[-1].end == span.end
    assert all(a.end == b.first and a.first < a.end for a, b in pairwise(units))
