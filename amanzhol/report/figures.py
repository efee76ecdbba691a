"""What a period came to: its cells added up by segment, month and all that the summary tells. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import shapely

from models.cells import UNLOCATED, UNLOCATED_AREA
from models.errors import SettingsError
from models.measures import ACCIDENTS, ANIMAL, FATAL, INJURY, VIOLATIONS, Dimensions
from models.statistics.comparison import Watched
from models.statistics.sun import Light, light
from models.windows import DAY_S, Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from models.cells import Cell, CellKey
    from models.network import Network, Segment
    from models.statistics.comparison import Period

GRACE_S: Final = DAY_S
"""A cell is provisional until so long after its end: late events still come."""

DEATHS_WITHIN_S: Final = 30 * DAY_S
"""Who dies within thirty days died of the accident: so long the dead may still become more."""


_LIT_ALIKE_S: Final = 3_600
"""The light at the middle of a longer window says nothing about its ends."""


class Seen(NamedTuple):
    """One segment in one hour: device-seconds by fleet kind, seconds in which any device watched, vehicles seen."""

    watched_s: Mapping[str, int]
    observed_s: int
    passages: int


class Evidence(NamedTuple):
    """All that was counted, wherever it was read.

    `origin` says where, `as_of_s` with the knowledge of what moment (None: the newest), and `behind` whether more had
    been counted that was not there yet.
    """

    cells: Mapping[CellKey, Cell]
    window_end: Callable[[int], int]
    coverage: Mapping[CellKey, Seen]
    origin: str
    as_of_s: int | None = None
    behind: bool = False


class Area:
    """The segments that a summary is about: all, or those of one district or settlement of the network."""

    def __init__(self, network: Network | None, region: str | None) -> None:
        """Find the region's segments. Raises SettingsError where the network has none of that name."""
        self.network = network
        self.region = region
        self.segments: dict[str, Segment] = {}
        if network is not None:
            self.segments = {one.segment_id: one for one in network.segments if region is None or _lies_in(one, region)}
        if region is None:
            return
        if network is None:
            raise SettingsError("--region: needs --network, which says what lies in which district")
        if not self.segments:
            names = sorted({name for one in network.segments for name in (one.district, one.settlement) if name})
            raise SettingsError(f"--region: {region!r} is no district or settlement of the network: {', '.join(names)}")

    def holds(self, segment_id: str) -> bool:
        """Say whether a segment, or what is counted beside segments, is of this area."""
        if self.region is None or segment_id in self.segments:
            return True
        area = segment_id.removeprefix(UNLOCATED_AREA)
        return area != segment_id and area.casefold() == self.region.casefold()


@dataclass(slots=True)
class PeriodFigures:
    """A period's sums: of everything, by segment and by local month, and the light in which animals were hit.

    `provisional` says that events may still come that change them; of `deaths_provisional` see `DEATHS_WITHIN_S`.
    """

    period: Period
    total: Counter[Dimensions] = field(default_factory=Counter)
    by_segment: defaultdict[str, Counter[Dimensions]] = field(default_factory=lambda: defaultdict(Counter))
    by_month: defaultdict[dt.date, Counter[Dimensions]] = field(default_factory=lambda: defaultdict(Counter))
    animals_by_light: Counter[Light | None] = field(default_factory=Counter)
    watched: dict[str, Watched] = field(default_factory=dict)
    watched_s: Counter[str] = field(default_factory=Counter)
    provisional: bool = False
    deaths_provisional: bool = False

    def sum(self, measure: str, **wanted: str | tuple[str, ...]) -> int:
        """Add up a measure over the cells that have these dimensions."""
        return total(self.total, measure, **wanted)


def total(cell: Mapping[Dimensions, int], measure: str, **wanted: str | tuple[str, ...]) -> int:
    """Add up a measure of a cell, of those dimensions that are wanted: one value, or any of several."""
    return sum(
        n
        for dimensions, n in cell.items()
        if dimensions.measure == measure
        and all(
            getattr(dimensions, name) in (value if isinstance(value, tuple) else (value,))
            for name, value in wanted.items()
        )
    )


def injury_accidents(cell: Mapping[Dimensions, int]) -> int:
    """Accidents with dead or injured."""
    return total(cell, ACCIDENTS, severity=(FATAL, INJURY))


def bounds_s(period: Period, zone: ZoneInfo) -> tuple[int, int]:
    """First second of a period, and the first after it: the starts of local days."""
    days = Windows(DAY_S, zone)

    def start(day: dt.date) -> int:
        # Noon is on that day in every zone; midnight is not, where the clock skips it.
        return days.start(int(dt.datetime.combine(day, dt.time(12), zone).timestamp()))

    return start(period.first), start(period.end)


def period_figures(evidence: Evidence, area: Area, period: Period, zone: ZoneInfo, now_s: int) -> PeriodFigures:
    """Add up the cells of an area whose windows begin in the period; `now_s` is the reader's clock."""
    first_s, end_s = bounds_s(period, zone)
    found = PeriodFigures(period)
    for key, cell in evidence.cells.items():
        if not (cell and first_s <= key.window_start < end_s and area.holds(key.segment_id)):
            continue
        found.total.update(cell)
        found.by_segment[key.segment_id].update(cell)
        found.by_month[dt.datetime.fromtimestamp(key.window_start, zone).date().replace(day=1)].update(cell)
        if animals := total(cell, ACCIDENTS, kind=ANIMAL):
            until_s = evidence.window_end(key.window_start)
            found.animals_by_light[_light_on(area.segments.get(key.segment_id), key.window_start, until_s)] += animals
    observed_s: Counter[str] = Counter()
    watched_s: Counter[str] = Counter()
    for key, seen in evidence.coverage.items():
        if first_s <= key.window_start < end_s and area.holds(key.segment_id):
            found.watched_s.update(seen.watched_s)
            observed_s[key.segment_id] += seen.observed_s
            watched_s[key.segment_id] += sum(seen.watched_s.values())
    found.watched = {
        segment_id: Watched(total(found.by_segment.get(segment_id, {}), VIOLATIONS), watched_s[segment_id], seconds)
        for segment_id, seconds in observed_s.items()
    }
    known_s = now_s if evidence.as_of_s is None else min(now_s, evidence.as_of_s)
    found.provisional = end_s + GRACE_S > known_s
    found.deaths_provisional = end_s + DEATHS_WITHIN_S > known_s
    return found


def counted_since(evidence: Evidence, zone: ZoneInfo) -> dt.date | None:
    """First local day that anything was counted on."""
    start_s = min((key.window_start for key, cell in evidence.cells.items() if cell), default=None)
    return None if start_s is None else dt.datetime.fromtimestamp(start_s, zone).date()


def is_located(segment_id: str) -> bool:
    """Say whether this is a segment, and not what is counted where none is known."""
    return segment_id != UNLOCATED and not segment_id.startswith((UNLOCATED_AREA, "section:"))


def _lies_in(segment: Segment, region: str) -> bool:
    return region.casefold() in {(segment.district or "").casefold(), (segment.settlement or "").casefold()}


def _light_on(segment: Segment | None, start_s: int, end_s: int) -> Light | None:
    """Light at the middle of a window; None where nobody knows the place, or the window is too long to say."""
    if segment is None or segment.geometry is None or end_s - start_s > _LIT_ALIKE_S:
        return None
    middle = shapely.line_interpolate_point(segment.geometry, 0.5, normalized=True)
    return light(middle.x, middle.y, (start_s + end_s) / 2)
