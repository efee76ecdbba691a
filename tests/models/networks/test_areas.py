"""Polygons over roads: which district, settlement and area each gets."""

from __future__ import annotations

import pytest
import shapely

from models.network import Junction, Segment
from models.networks.areas import Area, assign_areas

DISTRICT = Area(shapely.box(51, 43, 53, 45), district="Munaily")
TOWN = Area(shapely.box(51.4, 43.4, 51.6, 43.6), settlement="Batyr")
SUBURB = Area(shapely.box(51.4, 43.4, 51.45, 43.6), settlement="Old Batyr")
PLAIN = Area(shapely.box(51.55, 43.4, 51.6, 43.6), area="highway")


def segment(*lonlat, **said):
    geometry = shapely.linestrings(lonlat) if lonlat else None
    return Segment(segment_id="s", route="r", from_km=0, to_km=1, geometry=geometry, **said)


IN_TOWN = ((51.49, 43.5), (51.51, 43.5))

ROWS = [
    (IN_TOWN, {}, [DISTRICT, TOWN], ("Munaily", "Batyr", "town")),
    (((51.2, 43.5), (51.3, 43.5)), {}, [DISTRICT, TOWN], ("Munaily", None, "highway")),
    (((60.0, 43.5), (60.1, 43.5)), {}, [DISTRICT, TOWN], (None, None, "highway")),
    # without any settlement nobody knows what is a town
    (IN_TOWN, {}, [DISTRICT], ("Munaily", None, None)),
    (IN_TOWN, {}, [], (None, None, None)),
    # its middle decides, not its ends
    (((51.39, 43.5), (51.6, 43.5)), {}, [DISTRICT, TOWN], ("Munaily", "Batyr", "town")),
    (((51.2, 43.5), (51.41, 43.5)), {}, [DISTRICT, TOWN], ("Munaily", None, "highway")),
    # the smaller polygon goes first, field by field
    (((51.42, 43.5), (51.43, 43.5)), {}, [TOWN, DISTRICT, SUBURB], ("Munaily", "Old Batyr", "town")),
    (((51.56, 43.5), (51.57, 43.5)), {}, [TOWN, DISTRICT, PLAIN], ("Munaily", "Batyr", "highway")),
    # what the segment says itself stays
    (IN_TOWN, {"settlement": "X", "area": "highway"}, [DISTRICT, TOWN], ("Munaily", "X", "highway")),
    # nothing is known of what has no line
    ((), {}, [DISTRICT, TOWN], (None, None, None)),
]


@pytest.mark.parametrize(("lonlat", "said", "areas", "expected"), ROWS)
@pytest.mark.parametrize("turn", [1, -1])
def test_segments(lonlat, said, areas, expected, turn):
    (found,) = assign_areas([segment(*lonlat, **said)], areas[::turn])
    assert (found.district, found.settlement, found.area) == expected


def test_a_line_of_several_parts_lies_where_the_middle_of_its_longest_is():
    lines = shapely.from_wkt("MULTILINESTRING ((60 43.5, 60.001 43.5), (51.49 43.5, 51.51 43.5))")
    (found,) = assign_areas([Segment(segment_id="s", route="r", from_km=0, to_km=1, geometry=lines)], [TOWN])
    assert found.settlement == "Batyr"


def test_junctions_are_assigned_as_well():
    (found,) = assign_areas([Junction(segment_id="j", lon=51.5, lat=43.5)], [DISTRICT, TOWN])
    assert (found.district, found.settlement, found.area) == ("Munaily", "Batyr", "town")


def test_nothing_in_nothing_out():
    assert assign_areas([], [TOWN]) == []
