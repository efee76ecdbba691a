"""The worst segments: as they were counted, and as they are to be expected.

The segment with most accidents per kilometre was often just unlucky: its next years are mostly better whatever is
done (regression to the mean). The empirical Bayes estimate weighs what happened there against what is expected of a
segment like it (`safety_performance`), and the more it happened the more it counts:
`estimate = w * expected + (1 - w) * accidents` with `w = 1 / (1 + overdispersion * expected)`; see Hauer 1997,
chapter 11. It needs three years, and is said to be insufficient before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import gammaincinv

from models.statistics.intervals import LEVEL, Interval, poisson_bounds
from models.statistics.rates import DAYS_A_YEAR, HOUR_S, Rate, rate
from models.statistics.safety_performance import SafetyPerformance, fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.statistics.safety_performance import Site

FEWEST_DAYS: Final = 3 * 365
"""Three years: one year's accidents on a kilometre say little."""

FEWEST_WATCHED_H: Final = 24.0
"""Below a day of watching, a rate of violations is chance."""


class Insufficient(StrEnum):
    """Why there is no estimate."""

    SPAN = "less_than_three_years"
    ACCIDENTS = "too_few_accidents_or_segments"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The empirical Bayes side of a ranked segment.

    `expected` are the accidents of a segment like it in the span, `estimate` those to expect of this one, with the
    interval of its gamma posterior; `weight` is that of `expected` in it. `excess` = estimate - expected: what a cure
    could save at best.
    """

    rank: int
    expected: float
    estimate: float
    interval: Interval
    weight: float
    excess: float


@dataclass(frozen=True, slots=True)
class RankedSite:
    """One segment in the ranking of injury accidents, both ranks by accidents per km, from 1, ties by segment_id."""

    segment_id: str
    accidents: int
    length_km: float
    raw_rank: int
    per_km_year: Rate
    expectation: Expectation | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Segments from the worst on: by estimate, or, where `insufficient` says why there is none, by the raw rank."""

    sites: tuple[RankedSite, ...]
    performance: SafetyPerformance | None
    insufficient: Insufficient | None


@dataclass(frozen=True, slots=True)
class WatchedSite:
    """Violations that were detected on a segment, and how long devices watched it; None or 0: not at all."""

    segment_id: str
    violations: int
    watched_s: float | None


@dataclass(frozen=True, slots=True)
class RankedViolations:
    """A segment in the ranking of violations per watched hour."""

    segment_id: str
    rank: int
    violations: int
    watched_h: float
    per_watched_hour: Rate


def rank_injury_accidents(sites: Sequence[Site], days: float, level: float = LEVEL) -> Ranking:
    """Rank all segments of a network, those without accidents too, over the same span of so many days.

    Raises ValueError for a length or a span that is not above 0.
    """
    if not days > 0:
        raise ValueError(f"a ranking needs a span of days, not {days}")
    performance = None if days < FEWEST_DAYS else fit(sites, days)
    insufficient = None
    if performance is None:
        insufficient = Insufficient.SPAN if days < FEWEST_DAYS else Insufficient.ACCIDENTS
    raw_ranks = _ranks(sites, [site.accidents for site in sites])
    expectations = _expectations(sites, days, performance, level)
    low, high = poisson_bounds([site.accidents for site in sites], level)
    ranked = []
    for at, site in enumerate(sites):
        km_years = site.length_km * days / DAYS_A_YEAR
        density = rate(site.accidents, km_years, Interval(float(low[at]), float(high[at])))
        assert density is not None
        ranked.append(
            RankedSite(site.segment_id, site.accidents, site.length_km, raw_ranks[at], density, expectations[at])
        )
    ranked.sort(key=lambda one: one.expectation.rank if one.expectation else one.raw_rank)
    return Ranking(tuple(ranked), performance, insufficient)


def rank_violations(
    sites: Iterable[WatchedSite], fewest_h: float = FEWEST_WATCHED_H, level: float = LEVEL
) -> tuple[RankedViolations, ...]:
    """Rank segments by violations per watched hour, worst first, ties by segment_id.

    A segment that was watched less than `fewest_h` (above 0) is left out: where nobody looks, nothing is found.
    """
    if not fewest_h > 0:
        raise ValueError("violations are never ranked without watch time")
    rows = [(site, (site.watched_s or 0.0) / HOUR_S) for site in sites]
    watched = sorted(
        ((site, hours) for site, hours in rows if hours >= fewest_h),
        key=lambda row: (-row[0].violations / row[1], row[0].segment_id),
    )
    ranked = []
    for at, (site, hours) in enumerate(watched, start=1):
        per_hour = rate(site.violations, hours, level=level)
        assert per_hour is not None
        ranked.append(RankedViolations(site.segment_id, at, site.violations, hours, per_hour))
    return tuple(ranked)


def _ranks(sites: Sequence[Site], accidents: Sequence[float]) -> list[int]:
    """Ranks from 1 by accidents per km, the most first."""
    order = sorted(range(len(sites)), key=lambda at: (-accidents[at] / sites[at].length_km, sites[at].segment_id))
    ranks = [0] * len(sites)
    for rank, at in enumerate(order, start=1):
        ranks[at] = rank
    return ranks


def _expectations(
    sites: Sequence[Site], days: float, performance: SafetyPerformance | None, level: float
) -> list[Expectation] | list[None]:
    if performance is None:
        return [None] * len(sites)
    accidents = np.array([site.accidents for site in sites], dtype=np.float64)
    expected = np.array([performance.expected(site, days) for site in sites])
    weight = 1 / (1 + performance.overdispersion * expected)
    estimate = weight * expected + (1 - weight) * accidents
    # The posterior of a gamma prior of mean `expected` and shape 1 / overdispersion is a gamma distribution again.
    shape = 1 / performance.overdispersion + accidents
    tail = (1 - level) / 2
    low, high = (estimate / shape * gammaincinv(shape, share) for share in (tail, 1 - tail))
    ranks = _ranks(sites, [float(one) for one in estimate])
    return [
        Expectation(
            ranks[at],
            float(expected[at]),
            float(estimate[at]),
            Interval(float(low[at]), float(high[at])),
            float(weight[at]),
            float(estimate[at] - expected[at]),
        )
        for at in range(len(sites))
    ]
