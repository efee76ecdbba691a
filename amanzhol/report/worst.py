"""The worst segments and stretches of an area, as `models.statistics` finds them in the cells."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from amanzhol.report.figures import bounds_s, injury_accidents
from models.statistics.comparison import Period
from models.statistics.ranking import FEWEST_DAYS, Ranking, rank_injury_accidents
from models.statistics.rates import DAYS_A_YEAR
from models.statistics.safety_performance import Site
from models.statistics.severity import SeverityWeights, severity_index
from models.statistics.stretches import Piece, Stretch, find_stretches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from amanzhol.report.figures import Area, Evidence, PeriodFigures
    from models.statistics.ranking import RankedSite

WORST: Final = 10
FEWEST_ACCIDENTS: Final = 3
"""One or two accidents on a short street make a high rate per km and say nothing."""

_HISTORY_YEARS: Final = 3


@dataclass(frozen=True, slots=True)
class Worst:
    """The ten worst segments in order, the ranking of the three years that they were taken from, and stretches.

    `history` is the span of that ranking, cut where counts begin. Where the ranking is insufficient, the ten are by
    the raw numbers of the period, `raw` being their ranking.
    """

    ten: tuple[RankedSite, ...]
    raw: Mapping[str, RankedSite]
    ranking: Ranking
    history: Period
    stretches: tuple[Stretch, ...]


def find_worst(
    evidence: Evidence,
    area: Area,
    now: PeriodFigures,
    since: dt.date,
    zone: ZoneInfo,
    weights: SeverityWeights,
) -> Worst | None:
    """Rank the segments of an area; None without a network, since then no length is known."""
    if not area.segments:
        return None
    period = now.period
    raw = rank_injury_accidents(
        _sites(area, {one: injury_accidents(c) for one, c in now.by_segment.items()}), period.days
    )
    history = _history(period, since)
    ranking = rank_injury_accidents(_sites(area, _accidents_in(evidence, area, history, zone)), history.days)
    if ranking.insufficient is None:
        ten = ranking.sites[:WORST]
    else:
        by_rank = sorted(raw.sites, key=lambda site: site.raw_rank)
        ten = tuple(site for site in by_rank if site.accidents >= FEWEST_ACCIDENTS)[:WORST]
    pieces = [
        Piece(
            segment.segment_id,
            segment.route,
            segment.from_km,
            segment.to_km,
            injury_accidents(now.by_segment.get(segment.segment_id, {})),
            severity_index(now.by_segment.get(segment.segment_id, {}), weights),
            segment.road_class or "",
        )
        for segment in area.segments.values()
    ]
    return Worst(ten, {site.segment_id: site for site in raw.sites}, ranking, history, find_stretches(pieces))


def _history(period: Period, since: dt.date) -> Period:
    """Give the three years up to the period's end, or what there is of them. A longer period is its own history."""
    length = max(dt.timedelta(days=round(_HISTORY_YEARS * DAYS_A_YEAR)), dt.timedelta(days=FEWEST_DAYS))
    first = min(period.first, period.end - length)
    return Period(min(max(first, since), period.first), period.end)


def _sites(area: Area, accidents: Mapping[str, int]) -> list[Site]:
    return [
        Site(
            segment.segment_id,
            accidents.get(segment.segment_id, 0),
            segment.to_km - segment.from_km,
            segment.road_class or "",
        )
        for segment in area.segments.values()
    ]


def _accidents_in(evidence: Evidence, area: Area, period: Period, zone: ZoneInfo) -> Counter[str]:
    first_s, end_s = bounds_s(period, zone)
    found: Counter[str] = Counter()
    for key, cell in evidence.cells.items():
        if first_s <= key.window_start < end_s and key.segment_id in area.segments:
            found[key.segment_id] += injury_accidents(cell)
    return found
