"""The shipped network and registry: equal to their build, usable by the product, as many devices as published."""

import csv
from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from devices.mangystau.drawing import network, network_text, place_of_post
from devices.mangystau.registry import COLUMNS, registry_text
from devices.mangystau.sources import read_waypoints
from models.locating import Locator
from models.network_file import read_network
from models.registry import read_registry


def rows() -> list[dict[str, str]]:
    with DEVICES_PATH.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_shipped_files_equal_their_build():
    assert NETWORK_PATH.read_text(encoding="utf-8") == network_text()
    assert DEVICES_PATH.read_text(encoding="utf-8") == registry_text(network()["features"])


def test_the_product_reads_them():
    assert len(read_network(NETWORK_PATH).segments) == len(network()["features"])
    assert len(read_registry(DEVICES_PATH, zone=ZoneInfo("Asia/Aqtau")).rows) == len(rows())


def test_the_network_says_that_it_is_schematic():
    assert "Schematic" in network()["note"]


@pytest.mark.parametrize(
    ("route", "first", "last", "segments"),
    [
        ("KAZ11", 210, 786, 576),
        ("ZHETYBAI-ZHANAOZEN", 0, 222, 222),
        ("AKTAU-KURYK", 13, 72, 59),
        ("FORT-SHEVCHENKO-SHETPE", 0, 161, 161),
        ("BEYNEU-AKZHIGIT", 0, 80, 80),
    ],
)
def test_roads_have_a_segment_for_each_kilometre(route, first, last, segments):
    properties = [f["properties"] for f in network()["features"] if f["properties"]["route"] == route]
    assert [p["segment_id"] for p in properties] == [f"{route}/{km}" for km in range(first, last)]
    assert (properties[0]["from_km"], properties[-1]["to_km"], len(properties)) == (first, last, segments)


@pytest.mark.parametrize(
    ("route", "km", "settlement", "area"),
    [
        ("KAZ11", 331, None, "highway"),
        ("KAZ11", 332, "Beyneu", "town"),
        ("KAZ11", 337, "Beyneu", "town"),
        ("KAZ11", 338, None, "highway"),
        ("KAZ11", 383, None, "highway"),
        ("KAZ11", 632, "Shetpe", "town"),
        ("KAZ11", 718, "Zhetybai", "town"),
        ("ZHETYBAI-ZHANAOZEN", 58, "Zhanaozen", "town"),
    ],
)
def test_kilometres_in_settlements(route, km, settlement, area):
    (found,) = [f["properties"] for f in network()["features"] if f["properties"]["segment_id"] == f"{route}/{km}"]
    assert (found.get("settlement"), found["area"], found["limit_kmh"]) == (settlement, area, 60 if settlement else 90)


def test_way_points_are_where_they_should_be():
    for waypoints in read_waypoints().values():
        for waypoint in waypoints[:-1]:
            assert place_of_post(waypoints, waypoint.km) == (waypoint.lon, waypoint.lat)


def test_segments_of_a_route_join():
    end = {}
    for feature in network()["features"]:
        route = feature["properties"]["route"]
        line = feature["geometry"]["coordinates"]
        from_km = feature["properties"]["from_km"]
        assert end.get(route, (from_km, line[0])) == (from_km, line[0])
        end[route] = (feature["properties"]["to_km"], line[-1])


def test_aktau_has_streets():
    streets = {f["properties"]["route"] for f in network()["features"] if f["properties"].get("settlement") == "Aktau"}
    assert 20 <= len(streets) <= 40


@pytest.mark.parametrize(
    ("kind", "devices"), [("fixed_camera", 215), ("ekin_patrol", 10), ("oracle_car", 2), ("drone", 2)]
)
def test_as_many_devices_as_published(kind, devices):
    assert len({row["device_id"] for row in rows() if row["kind"] == kind}) == devices


def test_registry_has_the_columns_of_the_contract():
    assert tuple(rows()[0]) == COLUMNS
    # A device has one vendor id, locally administered, and shares it with no other.
    vendors = {row["device_id"]: row["vendor_id"] for row in rows()}
    assert len(set(vendors.values())) == 229
    assert all(vendor.startswith("02:") for vendor in vendors.values())


def test_cameras_by_place_mode_and_moves():
    cameras = {row["device_id"]: row for row in rows() if row["kind"] == "fixed_camera"}
    assert Counter(row["uplink"] for row in cameras.values()) == {
        "fibre-aktau": 118,
        "fibre-zhanaozen": 34,
        "fibre-beyneu": 10,
        "fibre-shetpe": 8,
        "lte-highway": 45,
    }
    assert sum(row["mode"] == "test" for row in cameras.values()) == 3
    moved = Counter(row["device_id"] for row in rows())
    assert [device for device, count in moved.items() if count == 2] == ["cam-031", "cam-118"]


def test_cameras_stand_on_the_kilometre_they_name():
    shipped = read_network(NETWORK_PATH)
    locator = Locator(shipped)
    for row in rows():
        if row["kind"] == "fixed_camera":
            by_km = locator.by_chainage(row["route"], float(row["km"]))
            assert shipped.segments[by_km.segment].route == row["route"]
