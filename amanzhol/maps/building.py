"""From the maps that are named to one network."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from amanzhol.maps.areas import read_areas
from amanzhol.maps.routes import read_posts, read_routes, read_stretches
from amanzhol.maps.streets import OSM_ATTRIBUTION, read_streets
from models.errors import MapFileError
from models.network import DEFAULT_RADIUS_M, Network
from models.networks.areas import assign_areas
from models.networks.assembling import MAX_GAP_M
from models.networks.calibrating import DEFAULT_POST_TOLERANCE_M, CalibrationError
from models.networks.cutting import cut_route, cut_stretch
from models.networks.streets import build_streets

if TYPE_CHECKING:
    from pathlib import Path

    from models.network import Junction, Segment
    from models.networks.cutting import RouteReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """The files that a network is built from, and how."""

    routes: Path | None = None
    only: tuple[str, ...] = ()
    posts: Path | None = None
    streets: tuple[Path, ...] = ()
    tables: tuple[Path, ...] = ()
    areas: tuple[Path, ...] = ()
    max_gap_m: float = MAX_GAP_M
    post_tolerance_m: float = DEFAULT_POST_TOLERANCE_M
    junction_radius_m: float = DEFAULT_RADIUS_M

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        one = tuple(path for path in (self.routes, self.posts) if path is not None)
        return (*one, *self.streets, *self.tables, *self.areas)

    @property
    def attribution(self) -> str | None:
        """Whom the geometry is owed to, as far as the kinds of the files tell."""
        return OSM_ATTRIBUTION if any(path.suffix.lower() == ".pbf" for path in self.streets) else None


class Built(NamedTuple):
    """A network, and what came of each route that has a line."""

    network: Network
    routes: list[RouteReport]


def build(maps: Maps) -> Built:
    """Build one network of all the maps. Raises InputError with the line that says what is wrong with which."""
    segments, reports = _routes(maps)
    junctions: list[Junction] = []
    edges = [edge for path in maps.streets for edge in read_streets(path)]
    # The segments of a route are its kilometres: as streets it would lie there twice.
    own, junctions = build_streets(edges, maps.junction_radius_m, {report.ref for report in reports})
    segments += own
    for table in maps.tables:
        segments += [segment for stretch in read_stretches(table) for segment in cut_stretch(stretch)]
    areas = [area for path in maps.areas for area in read_areas(path)]
    _check_ids(segments, junctions)
    return Built(Network(assign_areas(segments, areas), assign_areas(junctions, areas)), reports)


def _routes(maps: Maps) -> tuple[list[Segment], list[RouteReport]]:
    if maps.routes is None:
        return [], []
    routes = read_routes(maps.routes, maps.only)
    posts = {} if maps.posts is None else read_posts(maps.posts, [route.ref for route in routes])
    segments: list[Segment] = []
    reports = []
    for route in routes:
        try:
            own, report = cut_route(route, posts.get(route.ref, ()), maps.max_gap_m, maps.post_tolerance_m)
        except CalibrationError as error:
            raise MapFileError(f"{maps.posts}: line {error.post.line}: km: {route.ref}: {error}") from None
        segments += own
        reports.append(report)
    return segments, reports


def _check_ids(segments: list[Segment], junctions: list[Junction]) -> None:
    ids = Counter([segment.segment_id for segment in segments] + [junction.segment_id for junction in junctions])
    twice = min((segment_id for segment_id, times in ids.items() if times > 1), default=None)
    if twice is not None:
        raise MapFileError(f"segment_id: {twice!r} would come from two of the maps, or twice from one: leave one out")
