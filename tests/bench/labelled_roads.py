"""Roads on which it is known which one a vehicle was on, and what locating makes of positions with noise.

`python -m tests.bench.labelled_roads` prints the table of docs/locating.md; a test holds the page against it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from models.locating import Locator
from models.network import Network, Segment
from models.travel import Travel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LON, LAT = 51.2, 43.7
EAST_M, NORTH_M = 80_711.0, 111_100.0
"""Metres per degree there."""

POINTS = 4_000
SEED = 5
NOISE_M = (5, 10, 20)
HEADING_NOISE_DEGREES = 10
_STEP_M = 40


class Scene(NamedTuple):
    """Roads, each a line in metres (east, north) with its `direction`, and what is asked of them."""

    name: str
    roads: dict[str, tuple[list[tuple[float, float]], str]]


def _circle(radius_m: float, first: float, last: float) -> list[tuple[float, float]]:
    turn = np.radians(np.linspace(first, last, 13))
    return list(zip((radius_m * np.cos(turn)).tolist(), (radius_m * np.sin(turn)).tolist(), strict=True))


SCENES = (
    Scene(
        "carriageways 15 m apart",
        {"east": ([(-500, 0), (500, 0)], "forward"), "west": ([(500, 15), (-500, 15)], "forward")},
    ),
    Scene(
        "two-way service road 25 m beside a highway of two carriageways",
        {
            "east": ([(-500, 0), (500, 0)], "forward"),
            "west": ([(500, 15), (-500, 15)], "forward"),
            "service": ([(-500, -25), (500, -25)], "both"),
        },
    ),
    Scene(
        "bridge across a highway, within 40 m of the crossing",
        {"below": ([(-40, 0), (40, 0)], "both"), "bridge": ([(0, -40), (0, 40)], "both")},
    ),
    Scene(
        "roundabout of 20 m radius with four two-way arms",
        {
            # Driven anticlockwise; drawn so.
            "ring": (_circle(20, 0, 360), "forward"),
            "arm-e": ([(20, 0), (100, 0)], "both"),
            "arm-n": ([(0, 20), (0, 100)], "both"),
            "arm-w": ([(-20, 0), (-100, 0)], "both"),
            "arm-s": ([(0, -20), (0, -100)], "both"),
        },
    ),
)


class Drive(NamedTuple):
    """Positions as sent, the heading of each vehicle as sent, and the road that it was on."""

    lon: Floats
    lat: Floats
    heading: Floats
    road: NDArray[np.int64]


def locator_of(scene: Scene) -> Locator:
    def drawn(line: list[tuple[float, float]]) -> object:
        return shapely.linestrings([(LON + east / EAST_M, LAT + north / NORTH_M) for east, north in line])

    segments = [
        Segment(segment_id=name, route=name, from_km=0, to_km=1, direction=direction, geometry=drawn(line))
        for name, (line, direction) in scene.roads.items()
    ]
    return Locator(Network(segments), tolerance_m=100)


def drive(scene: Scene, noise_m: float, rng: np.random.Generator) -> Drive:
    """Put vehicles anywhere on the roads, by length; on a two-way road either way; scatter what they send."""
    names = sorted(scene.roads)  # as a network sorts its segments
    lines = [np.array(scene.roads[name][0], dtype=float) for name in names]
    edges = np.concatenate([np.column_stack([line[:-1], line[1:]]) for line in lines])
    road_of_edge = np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])
    length = np.hypot(*(edges[:, 2:] - edges[:, :2]).T)
    edge = rng.choice(len(edges), POINTS, p=length / length.sum())
    road = road_of_edge[edge]
    step = edges[edge, 2:] - edges[edge, :2]
    place = edges[edge, :2] + rng.random((POINTS, 1)) * step
    both = np.array([scene.roads[name][1] == "both" for name in names])[road]
    way = np.where(both & (rng.random(POINTS) < 0.5), -1, 1)[:, None]
    heading = np.degrees(np.arctan2(*(way * step).T))
    sent = place + rng.normal(0, noise_m, (POINTS, 2))
    heading = (heading + rng.normal(0, HEADING_NOISE_DEGREES, POINTS)) % 360
    return Drive(LON + sent[:, 0] / EAST_M, LAT + sent[:, 1] / NORTH_M, heading, road)


class Shares(NamedTuple):
    """Fractions placed on the road they were on: by the nearest line alone, and with headings."""

    nearest: float
    with_heading: float


def shares(scene: Scene, noise_m: float) -> Shares:
    """Locate one drive both ways. The accuracy sent is the radius of 68 %, as receivers give it."""
    driven = drive(scene, noise_m, np.random.default_rng(SEED))
    locator = locator_of(scene)
    accuracy_m = np.full(POINTS, 1.515 * noise_m)
    travel = Travel(driven.heading, np.zeros(POINTS, dtype=bool), np.zeros(POINTS, dtype=np.int8))
    found = [
        locator.by_coordinates(driven.lon, driven.lat, known, accuracy_m).segment == driven.road
        for known in (None, travel)
    ]
    return Shares(*(float(right.mean()) for right in found))


def table() -> str:
    """Give the table in Markdown."""
    lines = ["| Roads | Noise, m | Nearest line alone | With heading |", "| --- | ---: | ---: | ---: |"]
    for scene in SCENES:
        for noise_m in NOISE_M:
            right = shares(scene, noise_m)
            lines.append(f"| {scene.name} | {noise_m} | {right.nearest:.1%} | {right.with_heading:.1%} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
