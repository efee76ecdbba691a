"""Streets between junctions, from the edges of a map: who meets whom is known by the numbers of its nodes.

A street's id names the two nodes at its ends, `street/253059731-1978435319`: it stays while the street runs between the
same two junctions, whatever happens to its name, its line or the streets around it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from models.network import DEFAULT_RADIUS_M, Junction, Segment
from models.networks.measuring import DIGITS, GroundLine, distance_m
from models.projection import scale, to_mercator

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

_ARMS: Final = 3
_SHORTEST_KM: Final = 0.001

# By whom a road is kept; within towns too, where it carries their traffic. OpenStreetMap's words, "Key:highway".
ROAD_CLASSES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), "republican"),
    **dict.fromkeys(("primary", "primary_link"), "regional"),
    **dict.fromkeys(("secondary", "secondary_link", "tertiary", "tertiary_link"), "district"),
    **dict.fromkeys(("unclassified", "residential", "living_street", "road"), "street"),
}
"""Class of road by OpenStreetMap's `highway`; what is not here is not built."""


class Edge(NamedTuple):
    """A piece of street from node `u` to node `v` of the map, drawn in that direction: (n, 2) in decimal degrees.

    `way` is the number of the map's way, the least where it is of several; `oneway` forbids driving from v to u.
    """

    u: int
    v: int
    way: int
    lonlat: NDArray[np.float64]
    oneway: bool
    highway: str
    name: str | None = None
    name_ru: str | None = None
    name_kk: str | None = None
    name_en: str | None = None
    ref: str | None = None
    limit_kmh: float | None = None


def build_streets(
    edges: Iterable[Edge], radius_m: float = DEFAULT_RADIUS_M, without_refs: Collection[str] = ()
) -> tuple[list[Segment], list[Junction]]:
    """Make a segment of each street between two junctions, and a junction of each place where three or more meet.

    A two-way street that comes once in each direction is one. Edges that merely go on in each other are joined.
    Junctions nearer to each other than `radius_m` are one, with the name of the least node and as much more radius as
    takes them all in: a crossroads of two dual carriageways. Streets with a `ref` of `without_refs` are routes, which
    are built elsewhere: they make junctions, but no segments.
    """
    joined = _join(_undirected(edges))
    own = [edge for edge in joined if not _refs(edge) & set(without_refs)]
    return _segments(own), _junctions(joined, radius_m)


def _refs(edge: Edge) -> set[str]:
    return {ref.strip() for ref in (edge.ref or "").split(";")}


def _undirected(edges: Iterable[Edge]) -> list[Edge]:
    """Turn two-way edges so that u < v, and keep one of those that are then alike."""
    kept: dict[object, Edge] = {}
    for edge in edges:
        turned = edge if edge.oneway else _upright(edge)
        kept[turned.u, turned.v, turned.way, turned.oneway, turned.lonlat.tobytes()] = turned
    return sorted(kept.values(), key=_order)


def _upright(edge: Edge) -> Edge:
    if (edge.u, edge.lonlat.tolist()) <= (edge.v, edge.lonlat[::-1].tolist()):
        return edge
    return _turned(edge)


def _turned(edge: Edge) -> Edge:
    return edge._replace(u=edge.v, v=edge.u, lonlat=edge.lonlat[::-1])


def _order(edge: Edge) -> tuple[object, ...]:
    return edge.u, edge.v, edge.way, edge.oneway, edge.lonlat.tolist()


def _join(edges: Sequence[Edge]) -> list[Edge]:
    """Join edges at nodes where exactly two of one kind meet, so that a street runs from junction to junction."""
    touching: defaultdict[int, list[int]] = defaultdict(list)
    for number, edge in enumerate(edges):
        touching[edge.u].append(number)
        touching[edge.v].append(number)

    def next_of(number: int, node: int) -> int | None:
        """Give the one edge that an edge goes on in behind a node."""
        there = touching[node]
        if len(there) != 2 or there[0] == there[1]:  # noqa: PLR2004 - the two that meet
            return None
        other = there[0] if there[1] == number else there[1]
        return other if _goes_on(edges[number], edges[other], node) else None

    done: set[int] = set()
    joined: list[Edge] = []
    # A street is found from one of its ends; what is left then are rings, which are opened at their least edge.
    starts = sorted(range(len(edges)), key=lambda n: None not in {next_of(n, edges[n].u), next_of(n, edges[n].v)})
    for start in starts:
        if start in done:
            continue
        edge = edges[start]
        if not edge.oneway and next_of(start, edge.u) is not None and next_of(start, edge.v) is None:
            edge = _turned(edge)
        elif edge.oneway and next_of(start, edge.u) is not None and next_of(start, edge.v) is None:
            continue  # it will be reached from the street's beginning
        done.add(start)
        at = start
        while (after := next_of(at, edge.v)) is not None and after not in done:
            at = after
            done.add(at)
            more = edges[at] if edges[at].u == edge.v else _turned(edges[at])
            edge = edge._replace(
                v=more.v, way=min(edge.way, more.way), lonlat=np.vstack([edge.lonlat, more.lonlat[1:]])
            )
        joined.append(edge if edge.oneway else _upright(edge))
    return sorted(joined, key=_order)


def _goes_on(one: Edge, other: Edge, node: int) -> bool:
    if one[4:] != other[4:]:
        return False
    return not one.oneway or (one.v == node and other.u == node) or (one.u == node and other.v == node)


def _segments(edges: Sequence[Edge]) -> list[Segment]:
    segments = []
    for (u, v), parallel in groupby(edges, key=lambda edge: (edge.u, edge.v)):
        same = list(parallel)
        ways = Counter(edge.way for edge in same)
        seen: Counter[int] = Counter()
        for edge in same:
            # Between two junctions there may be two streets: their ways tell them apart.
            segment_id = f"street/{u}-{v}" if len(same) == 1 else f"street/{u}-{v}/{edge.way}"
            if ways[edge.way] > 1:
                seen[edge.way] += 1
                segment_id += f".{seen[edge.way]}"
            length_km = round(GroundLine(edge.lonlat).length_m / 1000, 3)
            segment = Segment(
                segment_id=segment_id,
                route=segment_id,
                from_km=0.0,
                to_km=max(length_km, _SHORTEST_KM),
                direction="forward" if edge.oneway else "both",
                name=edge.name,
                name_ru=edge.name_ru,
                name_kk=edge.name_kk,
                name_en=edge.name_en,
                road_class=ROAD_CLASSES.get(edge.highway, "street"),
                limit_kmh=edge.limit_kmh,
                geometry=shapely.linestrings(edge.lonlat.round(DIGITS)),
            )
            segments.append(segment)
    return segments


def _junctions(edges: Sequence[Edge], radius_m: float) -> list[Junction]:
    arms: Counter[int] = Counter()
    place: dict[int, NDArray[np.float64]] = {}
    names: defaultdict[int, set[str]] = defaultdict(set)
    for edge in edges:
        for node, at in ((edge.u, 0), (edge.v, -1)):
            arms[node] += 1
            place[node] = edge.lonlat[at]
            names[node] |= {edge.name} if edge.name else set()
    nodes = sorted(node for node, count in arms.items() if count >= _ARMS)
    if not nodes:
        return []
    lonlat = np.array([place[node] for node in nodes])
    members: defaultdict[int, list[int]] = defaultdict(list)
    for at, first in enumerate(_clusters(lonlat, radius_m)):
        members[first].append(at)
    return [_junction([nodes[at] for at in group], lonlat[group], names, radius_m) for group in members.values()]


def _clusters(lonlat: NDArray[np.float64], reach_m: float) -> list[int]:
    """Give each place the number of the first one that it is connected to by steps within reach."""
    x, y = to_mercator(lonlat[:, 0], lonlat[:, 1])
    points = shapely.points(x, y)
    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=reach_m * scale(lonlat[:, 1]))
    first = list(range(len(lonlat)))

    def find(at: int) -> int:
        while first[at] != at:
            first[at] = first[first[at]]
            at = first[at]
        return at

    for a, b in near.T.tolist():
        one, other = sorted((find(a), find(b)))
        first[other] = one
    return [find(at) for at in range(len(first))]


def _junction(
    nodes: Sequence[int], lonlat: NDArray[np.float64], names: Mapping[int, set[str]], radius_m: float
) -> Junction:
    centre = lonlat.mean(axis=0).round(DIGITS)
    farthest_m = float(distance_m(lonlat, np.broadcast_to(centre, lonlat.shape)).max())
    meeting = sorted(set().union(*(names[node] for node in nodes)))
    return Junction(
        segment_id=f"junction/{min(nodes)}",
        lon=float(centre[0]),
        lat=float(centre[1]),
        radius_m=round(radius_m + farthest_m, 1) if len(nodes) > 1 else radius_m,
        name=" × ".join(meeting) or None,
    )
