"""The registry of the fleet: 215 fixed cameras, 10 Ekin patrols, 2 Oracle cars, 2 drones.

The numbers are those the Police Department of Mangystau published for January to September 2025; 45 of the
cameras stand on highways, mostly between Aktau and Zhanaozen (lada.kz, 2025 and 2026). Sites, identifiers
and dates are invented.
"""

from __future__ import annotations

import csv
import io
from itertools import cycle, islice
from math import atan2, cos, degrees, radians
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devices.mangystau.drawing import Feature

COLUMNS = (
    "device_id",
    "kind",
    "name",
    "lon",
    "lat",
    "heading",
    "route",
    "km",
    "direction",
    "valid_from",
    "valid_to",
    "mode",
    "vendor_id",
    "site",
    "uplink",
    "district",
    "contact",
    "verified_until",
)

Row = dict[str, Any]

_TOWN_SITES = {"Aktau": 59, "Zhanaozen": 17, "Beyneu": 5, "Shetpe": 4}
"""Crossings with two cameras each, one for either direction."""

_HIGHWAY_KM = {
    "KAZ11": (
        *(262, 301, 356, 405, 468, 531, 590, 655, 694),
        *(723, 727, 732, 736, 741, 745, 750, 754, 759, 763, 768, 772, 777, 782),  # Zhetybai to Aktau
    ),
    "ZHETYBAI-ZHANAOZEN": (3, 6, 10, 13, 17, 20, 24, 27, 31, 34, 38, 41, 45, 48, 52, 55),
    "AKTAU-KURYK": (18, 33, 49, 65),
    "FORT-SHEVCHENKO-SHETPE": (12, 148),
}
"""Posts of the single cameras outside the towns."""

_MOBILE = (
    ("ekin_patrol", "ekin", "Ekin Patrol", 10),
    ("oracle_car", "oracle", "Oracle", 2),
    ("drone", "drone", "Drone", 2),
)

_TOWNS_SINCE = "2023-07-18T00:00:00+05:00"
"""The town cameras went live on 18 July 2023 (lada.kz on Sergek's first four months)."""

_HIGHWAYS_SINCE = "2024-12-01T00:00:00+05:00"
"""Average speed is enforced on republican roads since December 2024."""

_MOBILE_SINCE = "2023-01-01T00:00:00+05:00"

_TESTED_SINCE = "2025-06-01T00:00:00+05:00"
_IN_TEST = frozenset({("ZHETYBAI-ZHANAOZEN", 3), ("ZHETYBAI-ZHANAOZEN", 31), ("AKTAU-KURYK", 65)})
"""Highway cameras that were put up last and do not count officially yet."""

_MOVED_AT = "2025-06-01T00:00:00+05:00"
_MOVED = {"cam-031": 0.2, "cam-118": 0.8}
"""Cameras that were moved along their street, to this part of its segment's length."""

_SITE_PREFIX = {"Aktau": "AKT", "Zhanaozen": "ZHN", "Beyneu": "BEY", "Shetpe": "SHE"}


class _Spot(NamedTuple):
    """A place on a segment: `part` of its length from its beginning."""

    feature: Feature
    part: float

    def row(self, direction: str) -> Row:
        properties = self.feature["properties"]
        line = self.feature["geometry"]["coordinates"]
        place = self.part * (len(line) - 1)
        index = min(int(place), len(line) - 2)
        (lon_a, lat_a), (lon_b, lat_b) = line[index], line[index + 1]
        rest = place - index
        # A heading needs no geodesy here: a degree of longitude is shorter by the cosine of the latitude.
        east, north = (lon_b - lon_a) * cos(radians(lat_a)), lat_b - lat_a
        turn = 0 if direction == "forward" else 180
        km = properties["from_km"] + self.part * (properties["to_km"] - properties["from_km"])
        return {
            "lon": f"{lon_a + rest * (lon_b - lon_a):.5f}",
            "lat": f"{lat_a + rest * (lat_b - lat_a):.5f}",
            "heading": round(degrees(atan2(east, north)) + turn) % 360,
            "route": properties["route"],
            "km": f"{km:.3f}",
            "direction": direction,
            "district": properties["district"],
        }


def registry_text(features: Sequence[Feature]) -> str:
    """Write the registry of a network's fleet as CSV."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    cameras = [*_town_cameras(features), *_highway_cameras(features)]
    for number, (spot, row) in enumerate(cameras, start=1):
        row |= {"device_id": f"cam-{number:03}", "kind": "fixed_camera", "vendor_id": _mac(1, number)}
        row |= {"contact": "duty-traffic@example.org", "verified_until": _verified_until(number)}
        writer.writerows(_validities(spot, row))
    writer.writerows(_mobile_units())
    return file.getvalue()


def _town_cameras(features: Sequence[Feature]) -> Iterator[tuple[_Spot, Row]]:
    for town, count in _TOWN_SITES.items():
        streets = [f for f in features if f["properties"]["road_class"] == "street"]
        here = [f for f in streets if f["properties"]["settlement"] == town]
        # First once round the town's segments, then the rest of the sites from the start again, elsewhere on them.
        for index, feature in enumerate(islice(cycle(here), count)):
            spot = _Spot(feature, 0.5 if index < len(here) else 0.75)
            site = f"{_SITE_PREFIX[town]}-{index + 1:03}"
            for direction in ("forward", "backward"):
                name = f"{feature['properties']['name']}, {site} {direction}"
                uplink = f"fibre-{town.lower()}"
                yield spot, spot.row(direction) | _live(name, site, uplink, _TOWNS_SINCE)


def _highway_cameras(features: Sequence[Feature]) -> Iterator[tuple[_Spot, Row]]:
    by_post = {(f["properties"]["route"], f["properties"]["from_km"]): f for f in features}
    for route, posts in _HIGHWAY_KM.items():
        for post in posts:
            spot = _Spot(by_post[route, post], 0.5)
            site = f"{route}-{post}"
            row = _live(f"{route} km {post}", site, "lte-highway", _HIGHWAYS_SINCE)
            if (route, post) in _IN_TEST:
                row |= {"mode": "test", "valid_from": _TESTED_SINCE}
            # The cameras of one road look one way, so that those between Zhetybai and Aktau make sections.
            direction = "backward" if route in ("AKTAU-KURYK", "FORT-SHEVCHENKO-SHETPE") else "forward"
            yield spot, spot.row(direction) | row


def _live(name: str, site: str, uplink: str, since: str) -> Row:
    return {"name": name, "site": site, "uplink": uplink, "valid_from": since, "mode": "live"}


def _validities(spot: _Spot, row: Row) -> list[Row]:
    """One row, or two where the camera was moved."""
    if row["device_id"] not in _MOVED:
        return [row]
    moved = row | spot._replace(part=_MOVED[row["device_id"]]).row(row["direction"])
    return [row | {"valid_to": _MOVED_AT}, moved | {"valid_from": _MOVED_AT}]


def _mobile_units() -> Iterator[Row]:
    for family, (kind, prefix, name, count) in enumerate(_MOBILE, start=2):
        for number in range(1, count + 1):
            yield {
                "device_id": f"{prefix}-{number:02}",
                "kind": kind,
                "vendor_id": _mac(family, number),
                "contact": "duty-patrol@example.org",
                "verified_until": _verified_until(number),
            } | _live(f"{name} {number}", f"patrol-{prefix}", "lte-patrol", _MOBILE_SINCE)


def _mac(family: int, number: int) -> str:
    """Locally administered (02:…), so that it can belong to no real device."""
    return f"02:4d:47:{family:02x}:{number >> 8:02x}:{number & 255:02x}"


def _verified_until(number: int) -> str:
    """Spread the two-yearly verification of speed meters over the months of 2027."""
    return f"2027-{number % 12 + 1:02}-28"
