"""Real tracks: the road that was driven, and how far, where the nearest line alone is wrong or knows nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from amanzhol.files.tracks import TrackFile, read_tracks
from amanzhol.maps.building import Maps, build
from models.locating import Locator
from models.network_file import read_network
from models.projection import scale, to_mercator
from models.tracks.graph import build_graph
from models.tracks.matching import Matched, match
from models.tracks.routes import Routes
from tests.realdata import traces

if TYPE_CHECKING:
    from pathlib import Path

    from models.network import Network
    from models.tracks.graph import RoadGraph
    from models.tracks.runs import Fixes

needs_andorra = pytest.mark.skipif(
    not (traces.ANDORRA.exists() and traces.ANDORRA_MAP.exists()),
    reason=f"{traces.ANDORRA.name} and {traces.ANDORRA_MAP.name} are not beside this checkout",
)
needs_munich = pytest.mark.skipif(
    not (traces.MUNICH.exists() and traces.MUNICH_LINE.exists() and traces.MUNICH_SLOW.exists()),
    reason=f"{traces.MUNICH.name} and its kin are not beside this checkout",
)

DRIVEN_KM = 13.19
"""The way in Munich; its line is half a kilometre longer, by the scatter of fixes at red lights."""


class Town(NamedTuple):
    network: Network
    graph: RoadGraph
    routes: Routes


def town(network: Network) -> Town:
    graph = build_graph(network)
    return Town(network, graph, Routes(graph))


@pytest.fixture(scope="module")
def andorra() -> Town:
    return town(build(Maps(streets=(traces.ANDORRA_MAP,))).network)


@pytest.fixture(scope="module")
def munich(tmp_path_factory: pytest.TempPathFactory) -> Town:
    file = tmp_path_factory.mktemp("munich") / "network.geojson"
    file.write_text(json.dumps(traces.munich_network()), encoding="utf-8")
    return town(read_network(file))


def read(rows: list[traces.Row], folder: Path) -> Fixes:
    file = folder / "track.csv"
    file.write_text(traces.track_csv("x", rows), encoding="utf-8")
    tracks: TrackFile = read_tracks(file)
    ((_, _, fixes),) = tracks.tracks()
    return fixes


def scattered(fixes: Fixes, noise_m: float) -> Fixes:
    """Give the fixes with an error of so many metres (one standard deviation) in either direction."""
    east, north = np.random.default_rng(1).normal(0, noise_m, (2, fixes.lon.size)) / 111_000
    return fixes._replace(lon=fixes.lon + east / np.cos(np.radians(fixes.lat)), lat=fixes.lat + north)


def driven_km(found: Matched) -> float:
    return sum(found.driven_m.values()) / 1000


@needs_andorra
@pytest.mark.parametrize("noise_m", [0, 5, 10])
def test_in_andorra_one_road_is_driven_past_a_fork(andorra, tmp_path, noise_m):
    fixes = scattered(read(traces.andorra(), tmp_path), noise_m)
    found = match(fixes, andorra.graph, andorra.routes)
    along = [andorra.network.segments[number].segment_id for number in found.segment]
    before, behind = "street/51582530-51952269", "street/51582530-51952844"
    turn = along.index(behind)
    assert along == [before] * turn + [behind] * (21 - turn)
    assert driven_km(found) == pytest.approx(0.673, abs=0.003 * noise_m + 0.001)
    # Fixes just behind the fork are nearer to the other road of the two.
    nearest = Locator(andorra.network).by_coordinates(fixes.lon, fixes.lat).segment
    assert sum(nearest != found.segment) >= 2


@needs_munich
@pytest.mark.parametrize("noise_m", [0, 10])
@pytest.mark.parametrize("source", [traces.MUNICH, traces.MUNICH_SLOW], ids=["each second", "each 15 seconds"])
def test_in_munich_the_whole_line_is_driven_in_order(munich, tmp_path, source, noise_m):
    rows = traces.munich(source)
    fixes = scattered(read(rows, tmp_path), noise_m)
    found = match(fixes, munich.graph, munich.routes)
    assert (found.segment >= 0).all()
    # The line is made of the fixes of each second, so it is known how far along it each of them was.
    each_second = [time for time, *_ in traces.munich(traces.MUNICH)]
    truly_m = metres_along(munich)[[each_second.index(time) for time, *_ in rows]]
    begin_m = metres_along(munich)[::20]
    along_m = np.interp(found.km, np.arange(begin_m.size), begin_m)
    assert (np.abs(along_m - truly_m) <= 30).mean() >= 0.99
    assert driven_km(found) == pytest.approx(DRIVEN_KM, rel=0.05)


def metres_along(munich: Town) -> np.ndarray:
    """How far along the line each of its vertices lies, and the last one again where a segment ends with it."""
    parts = sorted(munich.network.segments, key=lambda segment: segment.from_km)
    lonlat = np.concatenate([parts[0].geometry.coords[:1], *(np.array(part.geometry.coords)[1:] for part in parts)])
    x, y = to_mercator(*lonlat.T)
    lat = (lonlat[1:, 1] + lonlat[:-1, 1]) / 2
    along_m = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y)) / scale(lat)))
    last_is_short = (along_m.size - 1) % 20 != 0
    return np.append(along_m, [along_m[-1]] * (20 - (along_m.size - 1) % 20)) if last_is_short else along_m
