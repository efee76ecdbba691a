"""Counts against what they could have happened to: kilometres, passages, watched hours.

`None` is "not observed": nobody counted vehicles, or nobody watched. It is not 0, which says that somebody did
and nothing happened; neither may be drawn or written as the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from models.statistics.intervals import LEVEL, poisson_interval

if TYPE_CHECKING:
    from models.statistics.intervals import Interval

HOUR_S: Final = 3_600
DAYS_A_YEAR: Final = 365.25
PER_PASSAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a segment was exposed to in a span.

    `length_km` of the segment and `days` of the span are always known. `passages` (vehicles seen) and
    `watched_s` (seconds of watching, added up over devices) are None or 0 where there were none.
    """

    length_km: float
    days: float
    passages: int | None = None
    watched_s: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """An estimated rate with its interval, in the unit of the function that made it."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Rates:
    """All rates of one count; None where that exposure was not observed."""

    per_km_year: Rate
    per_1000_passages: Rate | None
    per_watched_hour: Rate | None


def rate(count: float, exposure: float | None, interval: Interval | None = None, level: float = LEVEL) -> Rate | None:
    """Give a count per unit of exposure, or None where the exposure is None or 0: not observed.

    `interval` is that of the count; without one, it is taken for Poisson (accidents, violations, reports). For
    dead and injured pass `compound_poisson_interval`. Raises ValueError for a negative exposure.
    """
    if exposure is None or exposure == 0:
        return None
    if exposure < 0:
        raise ValueError(f"an exposure is at least 0, not {exposure}")
    bounds = poisson_interval(count, level) if interval is None else interval
    return Rate(count / exposure, bounds.scaled(1 / exposure))


def rates(count: float, exposure: Exposure, interval: Interval | None = None, level: float = LEVEL) -> Rates:
    """Give a count per km and year, per 1,000 passages and per watched hour. See `rate`.

    Raises ValueError where the length or the days are not above 0: every segment has a length.
    """
    if not (exposure.length_km > 0 and exposure.days > 0):
        raise ValueError("a rate needs a length in km and a span in days above 0")
    km_years = exposure.length_km * exposure.days / DAYS_A_YEAR
    per_km_year = rate(count, km_years, interval, level)
    assert per_km_year is not None
    thousands = None if exposure.passages is None else exposure.passages / PER_PASSAGES
    hours = None if exposure.watched_s is None else exposure.watched_s / HOUR_S
    return Rates(per_km_year, rate(count, thousands, interval, level), rate(count, hours, interval, level))
