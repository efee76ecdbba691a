"""Networks of real maps: KAZ11 with the posts that were published, the streets of Aktau, Andorra's extract."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import shapely

from amanzhol.maps.building import Maps, build
from amanzhol.maps.routes import read_routes
from models.network_file import read_features, read_network
from models.networks.assembling import assemble
from models.networks.calibrating import Post, calibrate, leave_every_other_out
from models.networks.checking import check_features
from models.networks.measuring import GroundLine
from models.networks.writing import network_bytes

ROOT = Path(__file__).resolve().parents[2]
ROADS = ROOT.parent / "shared" / "data" / "roads"
KAZ11 = ROADS / "kz_kaz11_dossor_beyneu_aktau.geojson"
EDGES = ROADS / "aktau_osm_edges.csv"
ANDORRA = ROADS / "osm_andorra.osm.pbf"

pytestmark = pytest.mark.skipif(not ROADS.exists(), reason="the maps are not beside this checkout")

SETTLEMENT_M = 3_000.0
"""A settlement's middle lies beside the road by up to this."""


class Variant(NamedTuple):
    """A set of posts as they were published, which do not agree on one of them."""

    name: str
    shetpe_km: float
    end_km: float


VARIANTS = (
    Variant("Shetpe 632, line ends at 786", 632, 786),
    Variant("Shetpe 642, line ends at 786", 642, 786),
    Variant("Shetpe 632, line ends at 773", 632, 773.2),
    Variant("Shetpe 642, line ends at 773", 642, 773.2),
)


@pytest.fixture(scope="module")
def line():
    """KAZ11 from Dossor on."""
    (route,) = read_routes(KAZ11)
    return GroundLine(assemble(route.parts).lonlat[::-1])


@pytest.fixture(scope="module")
def posts(line):
    """Published kilometres at places that have coordinates: the region's border, settlements, the end of the line."""
    settlements = json.loads((ROADS / "mangystau_settlements_osm.json").read_bytes())["settlements"]
    place = {one["id"]: (one["lon"], one["lat"]) for one in settlements}
    region = json.loads((ROADS / "mangystau_region_boundary.geojson").read_bytes())["geometry"]
    border = shapely.intersection(
        shapely.linestrings(line.lonlat), shapely.boundary(shapely.from_geojson(json.dumps(region)))
    )

    def of(variant):
        return [
            Post(210, border.x, border.y),
            Post(335, *place["beyneu"]),  # published as 332 at its one side and 338 at the other
            Post(variant.shetpe_km, *place["shetpe"]),
            Post(718, *place["zhetybay"]),
            Post(variant.end_km, *line.lonlat[-1].tolist()),
        ]

    return of


def test_the_parts_of_kaz11_are_one_line(line):
    assert line.length_m == pytest.approx(784_349, abs=1)
    assert line.lonlat[0] == pytest.approx([52.955357, 47.527392])  # Dossor
    assert line.lonlat[-1] == pytest.approx([51.325925, 43.666701])
    assert line.nearest(51.168222, 43.6353364).offset_m == pytest.approx(13_100, abs=10)  # central Aktau


@pytest.mark.parametrize("variant", VARIANTS, ids=[variant.name for variant in VARIANTS])
def test_the_errors_at_left_out_posts_are_those_of_the_documentation(line, posts, variant):
    documented = documented_errors()[variant.name]
    for kept_from in (0, 1):
        for post, error_km in leave_every_other_out(line, posts(variant), kept_from, SETTLEMENT_M):
            assert f"{error_km:+.1f}" == documented[f"{post.km:g}"]


def documented_errors():
    """The table of docs/networks.md: errors in km by variant and post left out."""
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in (ROOT / "docs" / "networks.md").read_text(encoding="utf-8").splitlines()
        if row.startswith("| Shetpe")
    ]
    return {row[0]: dict(re.findall(r"(\S+): ([+-]\S+)", " ".join(row[1:]))) for row in rows}


def test_the_documentation_has_every_variant():
    assert {name: len(errors) for name, errors in documented_errors().items()} == {v.name: 5 for v in VARIANTS}


def test_zhetybai_contradicts_its_neighbours_by_kilometres(line, posts):
    calibration = calibrate(line, posts(VARIANTS[3]), post_tolerance_m=SETTLEMENT_M)
    residual_m = {placed.post.km: placed.residual_m for placed in calibration.posts}
    assert residual_m[718] == pytest.approx(14_100, abs=100)
    # What the posts do not agree on, each kilometre says of itself: those around Zhetybai by more than around Beyneu.
    around = [calibration.uncertainty_m(calibration.metres_at(km)) for km in (336, 600, 750)]
    assert around[0] < 4_000 < around[1]


def write_posts(path, posts):
    rows = [f"KAZ11,{post.km},{post.lon},{post.lat}" for post in posts]
    path.write_text("\n".join(["route,km,lon,lat", *rows]) + "\n", encoding="utf-8")


def test_kaz11_is_built_by_the_kilometres_on_its_posts(tmp_path, posts):
    write_posts(tmp_path / "posts.csv", posts(VARIANTS[1]))
    maps = Maps(
        routes=KAZ11,
        posts=tmp_path / "posts.csv",
        areas=(ROADS / "mangystau_districts_geoboundaries_adm2.geojson",),
        post_tolerance_m=SETTLEMENT_M,
    )
    network, (report,) = build(maps)
    ids = {segment.segment_id for segment in network.segments}
    assert {f"KAZ11/{km}" for km in range(786)} <= ids
    assert all(segment.km_uncertainty_m is not None for segment in network.segments)
    at = network.segments[network.index_of("KAZ11/335")]
    assert at.district == "Beyneuskiy"
    assert GroundLine(np.array(at.geometry.coords)).nearest(55.186226, 45.321377).offset_m < SETTLEMENT_M
    assert sorted(round(bridge.gap_m) for bridge in report.bridges) == [3, 5, 8, 12, 158]
    assert_sound(network, tmp_path)


def test_streets_of_aktau(tmp_path):
    network = build(Maps(streets=(EDGES,))).network
    assert (len(network), len(network.junctions)) == (1_435, 606)
    # 1,690 of the 2,297 directed edges are two-way streets that come once in each direction.
    directions = Counter(segment.direction for segment in network.segments)
    assert directions.keys() == {"both", "forward"}
    # The Primorsky boulevard and President avenue, in Russian or Kazakh
    assert any("Приморский бульвар" in (segment.name or "") for segment in network.segments)
    drawn_km = sum(segment.to_km for segment in network.segments)
    assert drawn_km == pytest.approx(249.57, abs=0.01)
    assert_sound(network, tmp_path)


def test_andorra(tmp_path):
    network = build(Maps(streets=(ANDORRA,))).network
    assert (len(network), len(network.junctions)) == (1_556, 603)
    assert {segment.road_class for segment in network.segments} == {"regional", "district", "street"}
    assert any(segment.limit_kmh == 60 for segment in network.segments)
    assert_sound(network, tmp_path)


def test_half_an_extract_is_refused(tmp_path):
    half = tmp_path / "half.osm.pbf"
    half.write_bytes(ANDORRA.read_bytes()[: ANDORRA.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"half\.osm\.pbf: cannot be read as an OpenStreetMap extract"):
        build(Maps(streets=(half,)))


def assert_sound(network, folder):
    """It is read back as it was, and nothing is wrong with it."""
    path = folder / "net.geojson"
    path.write_bytes(network_bytes(network))
    assert read_network(path).digest == network.digest
    assert check_features(read_features(path)) == []
