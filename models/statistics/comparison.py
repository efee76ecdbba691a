"""A period against the one before: how much more or less, how sure, and whether they may be compared at all.

Registered accidents are compared as they are. Detected violations depend on who watched: only segments that were
watched nearly all of both periods are compared, and per watched hour.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from models.statistics.breaks import Break, break_between
from models.statistics.intervals import LEVEL, Interval, ratio_interval
from models.statistics.rates import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WATCHED_SHARE: Final = 0.9
"""A segment is compared only where so much of either period was watched."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days: `first` and those up to, but not including, `end`. Raises ValueError where there is none."""

    first: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        """Refuse a period without a day."""
        if self.first >= self.end:
            raise ValueError(f"a period begins before it ends: {self.first} is not before {self.end}")

    @property
    def days(self) -> int:
        """Number of local days."""
        return (self.end - self.first).days


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a measure. `percent` is None where `broken` says why, or where there was nothing before.

    `interval` is that of `percent`, at the given level; it goes to infinity where there was nothing before.
    """

    now: float
    before: float
    percent: float | None
    interval: Interval | None
    broken: Break | None = None

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out "no change"."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class Watched:
    """One segment in one period: what was detected, and who watched.

    `observed_s` are the seconds in which at least one device watched, at most the period's; `watched_s` adds the
    devices up, so that two cameras make two hours of one.
    """

    detected: int
    watched_s: float
    observed_s: float


@dataclass(frozen=True, slots=True)
class WatchedChange:
    """A change per watched hour over the segments that can be compared; `change` is None where there are none."""

    change: Change | None
    segments: tuple[str, ...]
    watched_h_now: float
    watched_h_before: float


def year_before(period: Period) -> Period:
    """Give the same days of an earlier year: as few years back as keep the two apart. 29 February becomes 1 March."""
    years = 1
    while _earlier(period.end, years) > period.first:
        years += 1
    return Period(_earlier(period.first, years), _earlier(period.end, years))


def change(  # noqa: PLR0913 - two figures, and what each of them needs
    measure: str,
    now: float,
    before: float,
    *,
    periods: tuple[Period, Period],
    breaks: Iterable[Break] = (),
    size: float = 1.0,
    exposure: float = 1.0,
    level: float = LEVEL,
) -> Change:
    """Compare a measure of two periods, `periods` being the one now and the one before.

    `size` is 1 for accidents, reports and violations; for dead and injured pass sum of squares / sum over both
    periods, since people are not hurt one by one (see `intervals`). `exposure` is that of now divided by that of
    before, such as days. Across a break of the measure nothing is said but the figures.
    """
    this, last = periods
    broken = break_between(breaks, measure, min(this.first, last.first), max(this.end, last.end))
    if broken is not None:
        return Change(now, before, None, None, broken)
    ratio = ratio_interval(now / size, before / size, exposure=exposure, level=level)
    interval = Interval(100 * (ratio.low - 1), 100 * (ratio.high - 1))
    if not before:
        return Change(now, before, None, interval if now else None)
    return Change(now, before, 100 * (now / before / exposure - 1), interval)


def watched_change(
    measure: str,
    now: Mapping[str, Watched],
    before: Mapping[str, Watched],
    *,
    periods: tuple[Period, Period],
    breaks: Iterable[Break] = (),
    level: float = LEVEL,
) -> WatchedChange:
    """Compare what was detected on segments, by id, that were watched at least 90 % of both periods, per hour."""
    this, last = periods
    segments = tuple(
        sorted(
            segment
            for segment in now.keys() & before.keys()
            if _watched_enough(now[segment], this) and _watched_enough(before[segment], last)
        )
    )
    hours_now = sum(now[segment].watched_s for segment in segments) / HOUR_S
    hours_before = sum(before[segment].watched_s for segment in segments) / HOUR_S
    if not segments:
        return WatchedChange(None, (), 0.0, 0.0)
    found = change(
        measure,
        sum(now[segment].detected for segment in segments),
        sum(before[segment].detected for segment in segments),
        periods=periods,
        breaks=breaks,
        exposure=hours_now / hours_before,
        level=level,
    )
    return WatchedChange(found, segments, hours_now, hours_before)


def _watched_enough(watched: Watched, period: Period) -> bool:
    # A day of 23 or 25 hours is one in hundreds: the share need not know of it.
    return watched.observed_s >= WATCHED_SHARE * period.days * 24 * HOUR_S


def _earlier(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return dt.date(day.year - years, 3, 1)
