"""By whose word an event is placed, what is noted about it, and which positions are not believed: an event, a row."""

from __future__ import annotations

import math

import pytest
import shapely

from models.fleet import Device, Registry
from models.ledger import Ledger
from models.locating import MAX_ACCURACY_M, Locator
from models.network import Junction, Network, Segment
from tests.rows import accident, after_noon, raw, report, rules, violation

# At 44 degrees north a degree of longitude is 80,309 m and one of latitude 111,114 m.
EAST_M, NORTH_M = 80_309, 111_114

LON, LAT = 51.05, 44.0


def at(east_m=0.0, north_m=0.0, **more):
    """A location so many metres from the middle of the highway."""
    return {"lon": LON + east_m / EAST_M, "lat": LAT + north_m / NORTH_M, **more}


def drawn(segment_id, from_km, to_km, *metres, route=None, **more):
    positions = [(LON + east / EAST_M, LAT + north / NORTH_M) for east, north in metres]
    line = shapely.linestrings(positions) if positions else None
    route = route or segment_id.split("/")[0]
    return Segment(segment_id=segment_id, route=route, from_km=from_km, to_km=to_km, geometry=line, **more)


def beyond(segment_id, *positions):
    """Draw a road somewhere else, in degrees."""
    line = shapely.linestrings(positions)
    return Segment(segment_id=segment_id, route=segment_id, from_km=0, to_km=1, geometry=line)


# A highway of two carriageways, 15 m apart, eastwards with rising kilometres; one of two ways far north of it, with a
# bridge over it; and one whose posts nobody trusts.
NETWORK = Network(
    [
        drawn("H/east", 100, 104, (-2000, 0), (2000, 0), direction="forward"),
        drawn("H/west", 100, 104, (-2000, 15), (2000, 15), direction="backward"),
        drawn("H/undrawn", 104, 108),
        drawn("B/0", 0, 4, (-2000, 5000), (2000, 5000)),
        drawn("Bridge/0", 0, 4, (1000, 3000), (1000, 7000)),
        drawn("Old/0", 0, 4, (-2000, 9000), (2000, 9000), km_uncertainty_m=300),
        beyond("Far/0", (51.499, 44.25), (51.501, 44.25)),
        beyond("Read/0", (51.199, 44.1), (51.201, 44.1)),
        beyond("Beside/0", (51.119, 44.07), (51.121, 44.07)),
    ],
    [Junction(segment_id="junction/J", lon=LON + 1000 / EAST_M, lat=LAT + 5000 / NORTH_M, radius_m=25)],
)  # fmt: skip
REGISTRY = Registry(
    [
        Device(device_id="cam-1", kind="fixed_camera", mobile=False, route="H", km=101),
        Device(device_id="cam-seen", kind="fixed_camera", mobile=False, direction="forward",
               lon=LON, lat=LAT + 8 / NORTH_M),
        Device(device_id="cam-bridge", kind="fixed_camera", mobile=False, heading=90,
               lon=LON + 1003 / EAST_M, lat=LAT + 5004 / NORTH_M),
        Device(device_id="car-1", kind="oracle_car", mobile=True),
        Device(device_id="drone-1", kind="drone", mobile=True),
    ]
)  # fmt: skip


def placed(event, network=NETWORK):
    """Fold one record: its column, its segment and what is noted; of a refused one its code and the repaired values."""
    ledger = Ledger(rules(REGISTRY, network))
    folded = ledger.fold([raw(event)])
    assert ledger.books.difference == 0
    if folded.refused:
        [(_, error)] = folded.refused
        assert (folded.columns, folded.sightings.at) == (["quarantined"], [])
        return error.code, error.repaired
    seen = folded.sightings
    return folded.columns[0], ledger.vocabulary.segments[seen.segment[0]], seen.noted.get(0, ())


def car(**location):
    return violation(source_id="car-1", location=location)


def drone(**location):
    return violation(source_id="drone-1", location=location)


EAST, WEST, NORTH = {"heading": 90}, {"heading": 270}, {"heading": 0}
UNIT = {"of": "unit"}
MEETING = UNIT | {"target": "oncoming"}
FOLLOWING = UNIT | {"target": "same"}
CONFLICT, TIE, DRONE = "location_conflict", "tie", "drone_position"

MOVING = [
    # a vehicle's heading decides between carriageways, and only because it is 0 it is not absent
    (accident(location=at(0, 10)), "H/west"),
    (accident(location=at(0, 10, **EAST)), "H/east"),
    (accident(location=at(0, 5, **WEST)), "H/west"),
    (accident(location=at(1012, 5005)), "junction/J"),
    (accident(location=at(1024, 5011)), "B/0"),
    (accident(location=at(1012, 5024, **NORTH)), "Bridge/0"),
    (report(location=at(1012, 5005)), "B/0"),
    (report(location=at(1012, 5005, **NORTH)), "Bridge/0"),
    (report(location=at(1012, 5005, heading=180)), "Bridge/0"),
    (report(location=at(1005, 5012, **EAST)), "B/0"),
    # its direction does as well
    (accident(location=at(0, 10, direction="forward")), "H/east"),
    (accident(location=at(0, 5, direction="backward")), "H/west"),
    (accident(location=at(0, 4990, direction="backward")), "B/0"),
    # a heading is worth more where the position is worth less
    (report(location=at(0, 40, **EAST, accuracy_m=0)), "H/west"),
    (report(location=at(0, 40, **EAST, accuracy_m=40)), "H/east"),
    # a patrol's heading is the vehicle's where both drive the same way, and turned where they met
    (car(**at(0, 5, **FOLLOWING, **WEST)), "H/west"),
    (car(**at(0, 5, **MEETING, **EAST)), "H/west"),
    (car(**at(0, 5, target="oncoming", **EAST)), "H/west"),
    (car(**at(0, 10, **MEETING, **WEST)), "H/east"),
    # else it tells the road, not the carriageway
    (car(**at(0, 5, **WEST)), "H/east"),
    (car(**at(0, 10, **EAST)), "H/west"),
    (car(**at(1012, 5005, **NORTH)), "Bridge/0"),
    (car(**at(0, 5, of="vehicle", **WEST)), "H/west"),
    (car(**at(0, 5, of="vehicle", target="oncoming", **WEST)), "H/west"),
    # the registry's direction places a camera on its carriageway, its heading on its road
    (violation(source_id="cam-seen"), "H/east"),
    (violation(source_id="cam-bridge"), "B/0"),
    # an exact position widens nothing, an inexact one up to a limit
    (report(location=at(0, 4940)), "unlocated"),
    (report(location=at(0, 4940, accuracy_m=5)), "unlocated"),
    (report(location=at(0, 4940, accuracy_m=11)), "B/0"),
    (report(location=at(0, 5000 - 49 - MAX_ACCURACY_M, accuracy_m=1e6)), "B/0"),
    (report(location=at(0, 5000 - 52 - MAX_ACCURACY_M, accuracy_m=1e6)), "unlocated"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "segment_id"), MOVING)
def test_the_road_that_it_was_on(event, segment_id):
    assert placed(event) == ("unlocated" if segment_id == "unlocated" else "counted", segment_id, ())


def by_section(**location):
    section = {"section_id": "K11", "length_m": 5_000, "entered_at": after_noon(-180)}
    return violation(source_id="car-1", section=section, location=location)


NOTED = [
    # a register's kilometre goes before its coordinates, a device's coordinates before its kilometre
    (accident(location=at(0, 0, route="H", km=102)), ("counted", "H/east", ())),
    (accident(location=at(49, 0, route="H", km=102)), ("counted", "H/east", ())),
    (accident(location=at(51, 0, route="H", km=102)), ("counted", "H/east", (CONFLICT,))),
    (accident(location=at(0, 5000, route="H", km=102)), ("counted", "H/east", (CONFLICT,))),
    (report(location=at(0, 5000, route="H", km=102)), ("counted", "H/east", (CONFLICT,))),
    (car(**at(0, 5000, route="H", km=102)), ("counted", "B/0", (CONFLICT,))),
    (car(**at(0, 4000, route="H", km=102)), ("counted", "H/east", (CONFLICT,))),
    (accident(location=at(0, 8800, route="Old", km=2)), ("counted", "Old/0", ())),
    (accident(location=at(340, 9000, route="Old", km=2)), ("counted", "Old/0", ())),
    (accident(location=at(360, 9000, route="Old", km=2)), ("counted", "Old/0", (CONFLICT,))),
    # where the kilometre is not drawn, the posts of its route are compared, if it is the same route
    (accident(location=at(0, 0, route="H", km=105)), ("counted", "H/undrawn", (CONFLICT,))),
    (accident(location=at(1990, 0, route="H", km=104)), ("counted", "H/undrawn", ())),
    (accident(location=at(0, 5000, route="H", km=105)), ("counted", "H/undrawn", ())),
    # a kilometre that is on no segment contradicts nothing
    (accident(location=at(0, 0, route="H", km=999)), ("counted", "H/east", ())),
    (car(**at(0, 3000, route="X", km=1)), ("unlocated", "unlocated", ())),
    # two that fit as well are told of, and the lesser id has it
    (report(location=at(0, 7.5)), ("counted", "H/east", (TIE,))),
    (report(location=at(0, 7.5, **WEST)), ("counted", "H/west", ())),
    (report(location=at(1000, 5000)), ("counted", "B/0", (TIE,))),
    # a crossroads is one place
    (accident(location=at(1000, 5000)), ("counted", "junction/J", ())),
    (accident(location=at(1000, 5000, route="B", km=3)), ("counted", "junction/J", ())),
    (accident(location=at(1000, 5000, route="H", km=102)), ("counted", "H/east", (CONFLICT,))),
    (accident(junction=True, location=at(1070, 5000)), ("counted", "junction/J", ())),
    (accident(junction=True, location={"route": "B", "km": 3.05}), ("counted", "junction/J", ())),
    (accident(location={"route": "B", "km": 3.05}), ("counted", "B/0", ())),
    # from above, only the vehicle's own place counts
    (drone(**at(0, 0)), ("unlocated", "unlocated", (DRONE,))),
    (drone(**at(0, 0, **UNIT, area="Beyneu")), ("unlocated", "unlocated:Beyneu", (DRONE,))),
    (drone(**at(0, 0, of="vehicle")), ("counted", "H/east", ())),
    (drone(**at(0, 0, route="B", km=1)), ("counted", "B/0", ())),
    (drone(route="B", km=1), ("counted", "B/0", ())),
    # an average speed lies on its section, wherever its exit was seen
    (by_section(**at(0, 5000, route="H", km=102)), ("counted", "section:K11", ())),
]


@pytest.mark.parametrize(("event", "row"), NOTED)
def test_what_is_noted_about_its_place(event, row):
    assert placed(event) == row


def here(**coordinates):
    return accident(location=coordinates)


SWAPPED = {"lon": LON, "lat": 44.001}
SUSPECTED = [
    # no number, or none that is a place
    (here(lon="51,05", lat="44,0"), "decimal_comma", {"lon": 51.05}),
    (here(lon=51.05, lat="-44,25"), "decimal_comma", {"lat": -44.25}),
    (here(lon=51.05, lat="44.0"), "wrong_type", None),
    (here(lon=51.05, lat="1,234,567"), "wrong_type", None),
    (here(lon=51.05, lat=""), "wrong_type", None),
    (accident(location={"route": "H", "km": "102,5"}), "decimal_comma", {"km": 102.5}),
    (violation(speed_kmh="91,5"), "decimal_comma", {"speed_kmh": 91.5}),
    (accident(dead="1,0"), "wrong_type", None),
    (here(lon=999, lat=999), "sentinel_position", None),
    (here(lon=777.7777, lat=77.7777), "sentinel_position", None),
    (here(lon=51.05, lat=99.9999), "sentinel_position", None),
    (here(lon=1e10, lat=1e10), "sentinel_position", None),
    (here(lon=-1e10, lat=44), "sentinel_position", None),
    (here(lon=51.05, lat=-9999.0), "sentinel_position", None),
    (here(lon=51.05, lat=2147483647), "sentinel_position", None),
    (here(lon=51.05, lat=4400.5), "degrees_minutes", {"lat": 44.008333}),
    (here(lon=5103.0, lat=4400.0), "degrees_minutes", {"lon": 51.05}),
    (here(lon=51.05, lat=4460.5), "bad_value", None),
    (here(lon=51.05, lat=9100.5), "bad_value", None),
    (here(lon=51.05, lat=91), "bad_value", None),
    (here(lon=True, lat=44), "wrong_type", None),
    # numbers that are a place, and far from every road
    (here(lon=0, lat=0), "zero_position", None),
    (here(lon=-0.0, lat=0.0), "zero_position", None),
    (car(lon=0, lat=0), "zero_position", None),
    (here(lon=0, lat=0, route="H", km=102), "zero_position", None),
    (here(lon=-1, lat=-1), "sentinel_position", None),
    (here(lon=-1, lat=44.0), "sentinel_position", None),
    (here(lon=88.8888, lat=88.8888), "sentinel_position", None),
    (here(lon=180, lat=90), "sentinel_position", None),
    (here(lon=44.0, lat=51.05), "swapped_coordinates", {"lon": 51.05, "lat": 44.0}),
    (car(lon=44.0, lat=51.05), "swapped_coordinates", {"lon": 51.05, "lat": 44.0}),
    (report(location={"lon": 44.001, "lat": 51.05}), "swapped_coordinates", {"lon": 51.05, "lat": 44.001}),
    # 51° 30' 00" and 44° 15' 01"; 51° 29.994' and 44° 15'
    (here(lon=51.30, lat=44.1501), "degrees_minutes", {"lon": 51.5, "lat": 44.250278}),
    (here(lon=51.29994, lat=44.15), "degrees_minutes", {"lon": 51.4999, "lat": 44.25}),
]  # fmt: skip


@pytest.mark.parametrize(("event", "code", "repaired"), SUSPECTED)
def test_a_known_mistake_is_named_and_not_repaired(event, code, repaired):
    assert placed(event) == (code, repaired)


NOT_SUSPECTED = [
    {"lon": 51.05, "lat": 44.02},  # beside the road
    {"lon": 51.3, "lat": 44.5},  # in the steppe
    {"lon": 76.9, "lat": 43.25},  # in Almaty
    {"lon": 43.25, "lat": 76.9},  # somewhere, but not on the network if it were swapped
    {"lon": 77.7777, "lat": 43.25},
    {"lon": 0, "lat": 44.0},
    {"lon": 0, "lat": 90},
    {"lon": 51.3000001, "lat": 44.15},  # nobody writes seconds so finely
    {"lon": 50.90, "lat": 44.15},  # no degree has 90 minutes
    {"lon": 51.30, "lat": 44.10},  # would be in the steppe, too
    {"lon": 51.12, "lat": 44.06},  # would be on a road, and is a kilometre from one as it is
]


@pytest.mark.parametrize("coordinates", NOT_SUSPECTED)
def test_what_lies_nowhere_is_no_mistake(coordinates):
    assert placed(here(**coordinates)) == ("unlocated", "unlocated", ())


def test_what_lies_on_a_road_is_no_mistake():
    line = shapely.linestrings([(-1, -1), (1, 1)])
    at_zero = Network([Segment(segment_id="Z/1", route="Z", from_km=1, to_km=2, geometry=line)])
    for coordinates in ({"lon": 0, "lat": 0}, {"lon": -1, "lat": -1}):
        assert placed(here(**coordinates), at_zero) == ("counted", "Z/1", ())


def test_without_anything_drawn_only_zero_is_suspected():
    undrawn = Network([drawn("H/0", 0, 5)])
    for coordinates in ({"lon": 44.0, "lat": 51.05}, {"lon": -1, "lat": -1}, {"lon": 51.03, "lat": 44.0}):
        assert placed(here(**coordinates), undrawn) == ("unlocated", "unlocated", ())
    assert placed(here(lon=0, lat=0), undrawn) == ("zero_position", None)


def test_a_fixed_camera_stands_where_the_registry_says_whatever_it_sends():
    for location in ({"lon": 0, "lat": 0}, {"lon": 44.0, "lat": 51.05}, at(0, 5000)):
        assert placed(violation(location=location)) == ("counted", "H/east", ())


def test_a_refused_row_leaves_its_neighbours_as_they_are():
    """Its place among the rows is closed up again: for what is kept, for corrections, and for what is noted."""
    events = [
        here(lon=0, lat=0) | {"event_id": "a"},
        car(**at(0, 4000, route="H", km=102)) | {"event_id": "b"},
        b"{",
        accident(event_id="c", location=at(0, 5000)),
        report(event_id="d", location={"lon": 44.0, "lat": 51.05}),
        violation(event_id="e"),
        report(event_id="f", location=at(0, 7.5)),
    ]
    ledger = Ledger(rules(REGISTRY, NETWORK))
    folded = ledger.fold([raw(event) for event in events])
    seen = folded.sightings
    assert [(at, error.code) for at, error in folded.refused] == [
        (0, "zero_position"), (2, "not_json"), (4, "swapped_coordinates")
    ]  # fmt: skip
    assert [event.event_id for event in seen.events] == ["b", "c", "e", "f"]
    assert [ledger.vocabulary.segments[code] for code in seen.segment] == ["H/east", "B/0", "H/east", "H/east"]
    assert (seen.at, seen.kept, seen.noted) == ([1, 3, 5, 6], [1, 3], {0: (CONFLICT,), 3: (TIE,)})
    assert ledger.books.as_dict() == dict.fromkeys(ledger.books.as_dict(), 0) | {
        "received": 7, "quarantined": 3, "counted": 4
    }  # fmt: skip


def test_the_kilometre_is_that_of_the_carriageway_driven():
    locator = Locator(NETWORK)
    placement = locator.by_chainage("H", 101, "backward")
    assert NETWORK.segments[placement.segment].segment_id == "H/west"
    assert not math.isnan(placement.km)
