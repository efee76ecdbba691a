"""The fleet of the shipped registry: where each camera stands, and when it does not work."""

from __future__ import annotations

import csv
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from devices.mangystau import DEVICES_PATH
from devices.simulator.chance import dice, whole
from devices.simulator.moments import epoch_us
from devices.simulator.roads import load_roads

_FAR = 2**62


class AverageSpeed(NamedTuple):
    """A stretch between two cameras; the second one records the violation."""

    section_id: str
    length_m: int


class Camera(NamedTuple):
    """A row of the registry with what the network says about its place; valid in `[from_us, to_us)`."""

    number: int
    device_id: str
    lon: float
    lat: float
    heading: int
    from_us: int
    to_us: int
    test: bool
    highway: bool
    limit_kmh: int
    section: AverageSpeed | None


class Downtime(NamedTuple):
    """Hours of a day in which a camera does not work: `from_hour` ≤ hour < `to_hour`."""

    from_hour: int
    to_hour: int
    state: str


@lru_cache(maxsize=1)
def cameras() -> tuple[Camera, ...]:
    """Read every row of a fixed camera. `number` counts devices, so the two rows of one that moved share it."""
    roads = load_roads()
    rows = [row for row in registry_rows() if row["kind"] == "fixed_camera"]
    sections = _sections(rows)
    numbers: dict[str, int] = {}
    fleet = []
    for row in rows:
        stretch = roads[row["route"]].stretch(float(row["km"]))
        fleet.append(
            Camera(
                numbers.setdefault(row["device_id"], len(numbers)),
                row["device_id"],
                float(row["lon"]),
                float(row["lat"]),
                int(row["heading"]),
                _instant(row["valid_from"], 0),
                _instant(row["valid_to"], _FAR),
                row["mode"] == "test",
                stretch.area == "highway",
                stretch.limit_kmh,
                sections.get(row["device_id"]),
            )
        )
    return tuple(fleet)


@lru_cache(maxsize=1)
def mobile_units() -> dict[str, tuple[str, ...]]:
    """Device ids of the mobile kinds."""
    units: dict[str, tuple[str, ...]] = {}
    for row in registry_rows():
        if row["kind"] != "fixed_camera":
            units[row["kind"]] = (*units.get(row["kind"], ()), row["device_id"])
    return units


def valid_cameras(start_us: int) -> list[Camera]:
    """Cameras valid on the day that begins at `start_us` (rows change at local midnight only)."""
    return [camera for camera in cameras() if camera.from_us <= start_us < camera.to_us]


@lru_cache(maxsize=4)
def popularity(seed: int) -> tuple[float, ...]:
    """How much traffic and how many violations each camera sees, about 1; by its number."""
    rng = dice(seed, "popularity")
    # The product of two draws: a few cameras record far more than the rest, as in real fleets.
    return tuple(0.25 + 3 * rng.random() * rng.random() for _ in range(_devices()))


@lru_cache(maxsize=4)
def downtimes(seed: int, day: date) -> dict[int, Downtime]:
    """Which cameras do not work for some hours of this day: by their number."""
    rng = dice(seed, "downtime", day)
    found = {}
    for number in range(_devices()):
        luck = rng.random()
        if luck < _MAINTENANCE + _OFF:
            begin = whole(rng, 1, 20)
            state = "maintenance" if luck < _MAINTENANCE else "off"
            found[number] = Downtime(begin, min(begin + whole(rng, 1, 6), 24), state)
    return found


def _devices() -> int:
    return max(camera.number for camera in cameras()) + 1


_MAINTENANCE, _OFF = 0.008, 0.004
"""Share of camera-days with a spell of maintenance, or of no power or line at all (assumed)."""

_SECTION_STEP = 3
"""A section reaches back over this many cameras of its road: some 12 km."""


def _sections(rows: list[dict[str, str]]) -> dict[str, AverageSpeed]:
    """Average speed between Zhetybai, Aktau and Zhanaozen, where cameras stand every few kilometres."""
    found = {}
    for route, from_km in (("KAZ11", 718), ("ZHETYBAI-ZHANAOZEN", 0)):
        row_of = [r for r in rows if r["route"] == route and r["mode"] == "live" and float(r["km"]) >= from_km]
        for entry, leaving in zip(row_of[::_SECTION_STEP], row_of[_SECTION_STEP::_SECTION_STEP], strict=False):
            a, b = float(entry["km"]), float(leaving["km"])
            found[leaving["device_id"]] = AverageSpeed(f"{route}-{int(a)}-{int(b)}", round((b - a) * 1000))
    return found


@lru_cache(maxsize=1)
def registry_rows() -> tuple[dict[str, str], ...]:
    """Read the shipped registry, row by row."""
    with DEVICES_PATH.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _instant(text: str, default: int) -> int:
    return epoch_us(datetime.fromisoformat(text)) if text else default
