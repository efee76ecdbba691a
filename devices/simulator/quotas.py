"""How much happens in which period: published totals, which every seed reproduces, and estimates where none are.

"Published" below is the Police Department of Mangystau as quoted by lada.kz, mangystaumedia.kz and BAQ.KZ. Totals of
one year differ by the day on which they were drawn; those below are one consistent reading of them:
"to September" is taken as January to August.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from devices.simulator.chance import apportion, dice
from devices.simulator.rhythm import day_weight


class Period(NamedTuple):
    """What was registered from `first` up to the next period."""

    first: date
    accidents: int
    dead: int
    injured: int
    reports: int


class _Quarterly(NamedTuple):
    month: int
    accidents: int
    dead: int
    injured: int
    reports: int


_YEAR_2024 = (
    _Quarterly(1, 400, 34, 540, 230),  # accidents and dead published
    _Quarterly(4, 325, 20, 450, 400),  # 725 accidents to September, published
    _Quarterly(9, 74, 5, 105, 85),
    _Quarterly(10, 240, 15, 345, 260),
)
_YEAR_2025 = (
    _Quarterly(1, 1027, 59, 1489, 762),  # accidents and injured published
    _Quarterly(9, 168, 9, 253, 96),  # with it 1,195 accidents, 68 dead, 1,742 injured, 858 reports: published
    _Quarterly(10, 155, 8, 221, 95),  # with it 1,350, 76 and 1,963: published
    _Quarterly(11, 268, 15, 388, 190),
)
_BEFORE_2024 = 0.6
"""Since 2024 every accident with a medical visit counts, so earlier years counted fewer (not to be compared)."""
_AFTER_2025 = 1.04
"""Growth assumed over 2025 for any later year."""

_FIXED_YEAR_2025 = 178_416
"""Violations recorded by the fixed cameras in 2025: published."""
_FIXED_YEARS = {2023: 114_000, 2024: 166_000, 2025: _FIXED_YEAR_2025}
"""2023: 83,257 in the first four months from 18 July, published, carried on to the year's end. 2024: assumed."""
_FIXED_FIRST = date(2023, 7, 18)

_MOBILE_YEAR = {
    "ekin_patrol": 26_300,  # as the mobile Cyber-Sheriff: 24,124 in eleven months of 2023, published
    "oracle_car": 3_870,  # as Skat-P: 3,549 in the same months, published
    "drone": 1_800,  # assumed
}
_MOBILE_FIRST = date(2023, 1, 1)


@lru_cache(maxsize=8)
def periods(year: int) -> tuple[Period, ...]:
    """Accidents, dead, injured and reports of a year's periods. The last one ends with the year."""
    table = _YEAR_2024 if year < 2025 else _YEAR_2025  # noqa: PLR2004  # the first year with figures of its own
    scale = {2024: 1.0, 2025: 1.0}.get(year, _BEFORE_2024 if year < 2025 else _AFTER_2025)  # noqa: PLR2004
    return tuple(Period(date(year, row.month, 1), *(round(scale * n) for n in row[1:])) for row in table)


def period_of(day: date) -> tuple[Period, date]:
    """Find the period a day belongs to, and the first day after it."""
    ends = [period.first for period in periods(day.year)] + [date(day.year + 1, 1, 1)]
    return next(
        (period, end)
        for period, (first, end) in zip(periods(day.year), pairwise(ends), strict=True)
        if first <= day < end
    )


def violations_of_day(seed: int, kind: str, day: date) -> int:
    """How many violations a fleet kind records on a day; the year's days add up to its total."""
    return _violations_of_year(seed, kind, day.year)[day.timetuple().tm_yday - 1]


@lru_cache(maxsize=32)
def _violations_of_year(seed: int, kind: str, year: int) -> list[int]:
    if kind == "fixed_camera":
        first = _FIXED_FIRST
        later = round(_FIXED_YEAR_2025 * _AFTER_2025)
        total = _FIXED_YEARS.get(year, later) if year >= first.year else 0
    else:
        first = _MOBILE_FIRST
        total = _MOBILE_YEAR[kind] if year >= first.year else 0
    rng = dice(seed, "days", kind, year)
    days = days_of(date(year, 1, 1), date(year + 1, 1, 1))
    # The jitter is drawn for every day, in service or not, so that it does not depend on when service began.
    weights = [day_weight(day) * (0.85 + 0.3 * rng.random()) * (day >= first) for day in days]
    return apportion(total, weights) if total else [0] * len(days)


def days_of(first: date, end: date) -> list[date]:
    """Every day from `first` up to but not including `end`."""
    return [first + timedelta(days=n) for n in range((end - first).days)]
