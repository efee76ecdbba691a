"""Points a second that are located on one core: `python -m tests.bench.locating [--points N]`.

On 5,000 and on 500,000 segments, with headings and without; then a million points that are mostly no place at all.
A process of its own for each network, so that memory is that of one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from models.ledger import Ledger
from models.locating import UNLOCATED, Locator
from models.network import Network, Segment
from models.sighting import Rules
from models.suspicions import suspicions
from models.travel import Travel
from models.windows import Windows

SEGMENTS = (5_000, 500_000)
HOSTILE = "hostile"
_BATCH = 10_000
_VERTICES = 12
_SEGMENTS_PER_DEGREE = 70
_SEED = 6


def network(count: int) -> Network:
    """Make winding roads of about a kilometre, as near to each other as in a region with towns."""
    rng = np.random.default_rng(_SEED)
    side = np.sqrt(count) / _SEGMENTS_PER_DEGREE
    starts = np.array([51.0, 43.0]) + rng.random((count, 2)) * (side, min(side, 20.0))
    steps = rng.normal(0, 0.001, (count, _VERTICES, 2)).cumsum(axis=1) + starts[:, None]
    return Network(
        Segment(segment_id=f"s{number}", route=f"r{number}", from_km=0, to_km=1, geometry=line)
        for number, line in enumerate(shapely.linestrings(steps))
    )


def beside(roads: Network, points: int) -> np.ndarray:
    """Scatter points some 15 m around the roads."""
    rng = np.random.default_rng(_SEED + 1)
    lines = np.array([segment.geometry for segment in roads.segments], dtype=object)
    picked = lines[rng.integers(0, len(lines), points)]
    on_road = shapely.get_coordinates(shapely.line_interpolate_point(picked, rng.random(points), normalized=True))
    return on_road + rng.normal(0, 15 / 111_000, (points, 2))


def hostile(points: int) -> np.ndarray:
    """Scatter points over the Earth and beyond: NaN, infinities, poles, the antimeridian, and known mistakes."""
    rng = np.random.default_rng(_SEED + 2)
    lonlat = rng.uniform((-180, -90), (180, 90), (points, 2))
    odd = [
        np.nan,
        np.inf,
        -np.inf,
        0,
        -0.0,
        90,
        -90,
        180,
        -180,
        1e300,
        -1e300,
        5e-324,
        999,
        -1,
        43.401,
        51.1,
        85,
        84.99,
    ]
    for column in (0, 1):
        rows = rng.random(points) < 0.3
        lonlat[rows, column] = rng.choice(odd, rows.sum())
    return lonlat


def rate(locator: Locator, lonlat: np.ndarray, travel: Travel | None) -> tuple[int, float]:
    """Give points a second, and the share that was located."""
    lon, lat = lonlat.T.copy()
    locator.by_coordinates(
        lon[:100], lat[:100], travel and travel.take(np.arange(100))
    )  # the tree grows when first asked
    begun = time.perf_counter()
    found = locator.by_coordinates(lon, lat, travel)
    return round(lon.size / (time.perf_counter() - begun)), float((found.segment != UNLOCATED).mean())


def hostile_records(points: int) -> list[bytes]:
    """Write an accident at each hostile place; what JSON does not know, as Python writes it."""
    where = zip(*(map(json.dumps, column) for column in hostile(points).T.tolist()), strict=True)
    return [
        b'{"type":"accident","event_id":"%d","source_id":"erap","occurred_at":"2026-11-22T12:00:00Z",'
        b'"kind":"collision","location":{"lon":%s,"lat":%s}}' % (number, lon.encode(), lat.encode())
        for number, (lon, lat) in enumerate(where)
    ]


def fold_hostile(points: int, rules: Rules) -> Ledger:
    """Count an accident at each hostile place."""
    ledger = Ledger(rules)
    records = hostile_records(points)
    for at in range(0, points, _BATCH):
        ledger.fold(records[at : at + _BATCH])
    return ledger


def measure_hostile(points: int) -> dict[str, object]:
    roads = network(SEGMENTS[0])
    locator = Locator(roads)
    lon, lat = hostile(points).T.copy()
    begun = time.perf_counter()
    found = locator.by_coordinates(lon, lat)
    suspected = suspicions(locator, lon, lat, found.segment)
    per_s = round(points / (time.perf_counter() - begun))
    zone = ZoneInfo("Asia/Aqtau")
    books = fold_hostile(points, Rules(roads, locator, Windows(300, zone), Windows(3_600, zone))).books
    return {
        "hostile_points": points,
        "per_s": per_s,
        "suspected": len(suspected),
        "books": {name: count for name, count in books.as_dict().items() if count},
        "books_difference": books.difference,
    }


def measure(what: str, points: int) -> dict[str, object]:
    if what == HOSTILE:
        return measure_hostile(points)
    roads = network(int(what))
    begun = time.perf_counter()
    locator = Locator(roads)
    locator.by_coordinates(np.array([51.0]), np.array([43.0]))
    indexed_s = time.perf_counter() - begun
    lonlat = beside(roads, points)
    headings = np.random.default_rng(_SEED).random(points) * 360
    travel = Travel(headings, np.zeros(points, dtype=bool), np.zeros(points, dtype=np.int8))
    plain_per_s, located = rate(locator, lonlat, None)
    heading_per_s, _ = rate(locator, lonlat, travel)
    return {
        "segments": len(roads),
        "points": points,
        "per_s": plain_per_s,
        "with_heading_per_s": heading_per_s,
        "located": round(located, 3),
        "indexed_in_s": round(indexed_s, 1),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--what", help="One of the measurements alone.")
    arguments = parser.parse_args()
    if arguments.what is not None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        sys.stdout.write(json.dumps(measure(arguments.what, arguments.points)) + "\n")
        return
    for what in (*map(str, SEGMENTS), HOSTILE):
        subprocess.run(
            [sys.executable, "-m", "tests.bench.locating", "--what", what, "--points", str(arguments.points)],
            check=True,
        )


if __name__ == "__main__":
    main()
