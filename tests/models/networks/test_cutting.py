"""Routes cut at their posts: names, ends and lines of the segments."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely

from models.network import Segment
from models.networks.calibrating import Post
from models.networks.cutting import Route, Stretch, cut_route, cut_stretch, kilometres
from models.networks.measuring import GroundLine

ROAD = np.array([(51.0, 43.0), (51.0, 43.02), (51.0, 43.05)])
LENGTH_KM = GroundLine(ROAD).length_m / 1000  # 5.555


@pytest.mark.parametrize(
    ("first", "last", "names", "ends"),
    [
        (0, 3, [0, 1, 2], [0, 1, 2, 3]),
        (0.3, 2.6, [0, 1, 2], [0.3, 1, 2, 2.6]),
        # stubs of less than 50 m belong to their neighbours, which keep their names
        (381.98, 384, [382, 383], [381.98, 383, 384]),
        (382, 384.02, [382, 383], [382, 383, 384.02]),
        (0.2, 0.7, [0], [0.2, 0.7]),
        (0.99, 1.02, [1], [0.99, 1.02]),
        (-1.5, 0.5, [-2, -1, 0], [-1.5, -1, 0, 0.5]),
    ],
)
def test_kilometres_are_named_like_posts(first, last, names, ends):
    found = list(kilometres(first, last))
    assert [name for name, *_ in found] == names
    assert [from_km for _, from_km, _ in found] == ends[:-1]
    assert [to_km for *_, to_km in found] == ends[1:]


def test_a_route_without_posts_has_the_official_length():
    segments, report = cut_route(Route(ref="A-1", parts=[ROAD], official_length_km=6, said={"limit_kmh": 90.0}), [])
    assert [s.segment_id for s in segments] == [f"A-1/{n}" for n in range(6)]
    assert {(s.route, s.direction, s.limit_kmh) for s in segments} == {("A-1", "both", 90.0)}
    assert [s.to_km for s in segments] == [1, 2, 3, 4, 5, 6]
    assert (report.bridges, report.unused_m) == ([], pytest.approx(0))


def test_segments_meet_and_are_as_long_as_the_calibration_says():
    posts = [Post(10, 51.0, 43.0), Post(12, 51.0, 43.01), Post(13, 51.0, 43.04)]
    segments, report = cut_route(Route(ref="A-1", parts=[ROAD[::-1]]), posts)
    assert [s.segment_id for s in segments] == ["A-1/10", "A-1/11", "A-1/12", "A-1/13"]
    lines = [shapely.get_coordinates(s.geometry) for s in segments]
    assert all((a[-1] == b[0]).all() for a, b in itertools.pairwise(lines))
    assert [GroundLine(line).length_m for line in lines[:3]] == pytest.approx([555, 555, 3333], abs=1)
    assert lines[0][0].tolist() == [51.0, 43.0]
    # The post in the middle says what the other two do not: that is what the uncertainty is learnt from.
    assert [placed.residual_m is not None for placed in report.calibration.posts] == [False, True, False]
    assert all(s.km_uncertainty_m > 0 for s in segments)


def test_a_stretch_without_a_line():
    assert cut_stretch(Stretch("R-7", 3.5, 5, {"district": "Beyneu"})) == [
        Segment(segment_id="R-7/3", route="R-7", from_km=3.5, to_km=4, district="Beyneu"),
        Segment(segment_id="R-7/4", route="R-7", from_km=4, to_km=5, district="Beyneu"),
    ]
    assert cut_stretch(Stretch("R-7", 3.5, 5, {"segment_id": "pass"})) == [
        Segment(segment_id="pass", route="R-7", from_km=3.5, to_km=5)
    ]
