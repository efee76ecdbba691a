"""Rows that tests of several rooms share: events as their sources send them, and a small country to count them in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import shapely

from models.fleet import Device, Registry
from models.locating import Locator
from models.network import Network, Segment
from models.sighting import Rules
from models.windows import Windows

NOON = "2026-11-22T12:00:00+05:00"
NOON_S = 1_795_330_800
MICROSECOND = 1_000_000

_ANY = {"event_id": "e1", "source_id": "cam-1", "occurred_at": NOON}


def after_noon(seconds: float = 0) -> str:
    """RFC 3339 time so many seconds after NOON."""
    return (datetime.fromtimestamp(NOON_S, UTC) + timedelta(seconds=seconds)).isoformat()


def _with(event: dict, changes: dict) -> dict:
    """Change fields; one that is set to `...` is left out."""
    return {name: value for name, value in {**event, **changes}.items() if value is not ...}


def violation(**changes):
    return _with({"type": "violation", **_ANY, "offence": "592.2"}, changes)


def accident(**changes):
    return _with({"type": "accident", **_ANY, "source_id": "erap", "kind": "collision"}, changes)


def report(**changes):
    return _with({"type": "report", **_ANY, "source_id": "line-102", "channel": "police_102"}, changes)


def status(**changes):
    row = {"type": "status", **_ANY, "state": "active", "period_start": after_noon(-60)}
    return _with(row, changes)


def correction(**changes):
    target = {"source_id": "cam-1", "event_id": "e1"}
    row = {"type": "correction", **_ANY, "event_id": "c1", "source_id": "office", "target": target, "action": "retract"}
    return _with(row, changes)


def raw(event: object) -> bytes:
    """Bytes of an event as a producer writes them; what is bytes already stays."""
    return event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()


EACH_TYPE = {"violation": violation, "accident": accident, "report": report, "status": status, "correction": correction}


# The country: route R runs along the parallel of 44 degrees north, ten kilometres of posts to a tenth of a degree.
# S has posts but was never drawn. The last kilometres of R stand in the posts only.

AQTAU = ZoneInfo("Asia/Aqtau")


def _drawn(segment_id: str, from_km: float, to_km: float, *positions: tuple[float, float]) -> Segment:
    line = shapely.linestrings(positions) if positions else None
    return Segment(segment_id=segment_id, route=segment_id[0], from_km=from_km, to_km=to_km, geometry=line)


NETWORK = Network(
    [
        _drawn("R/0", 0, 10, (51.0, 44), (51.1, 44)),
        _drawn("R/10", 10, 20, (51.1, 44), (51.2, 44)),
        _drawn("R/20", 20, 30),
        _drawn("S/0", 0, 5),
    ]
)

ON_R0 = {"lon": 51.05, "lat": 44.0}
ON_R10 = {"lon": 51.15, "lat": 44.0}
OFF_THE_ROAD = {"lon": 51.05, "lat": 44.5}

REGISTRY = Registry(
    [
        Device(device_id="cam-1", kind="fixed_camera", mobile=False, lon=51.05, lat=44.0),
        Device(device_id="cam-km", kind="fixed_camera", mobile=False, lon=51.05, lat=44.0, route="R", km=15),
        Device(device_id="cam-bad-km", kind="fixed_camera", mobile=False, lon=51.05, lat=44.0, route="R", km=99),
        Device(device_id="cam-lost", kind="fixed_camera", mobile=False, lon=51.05, lat=44.5),
        Device(device_id="cam-test", kind="fixed_camera", mobile=False, lon=51.05, lat=44.0, mode="test"),
        Device(device_id="cam-back", kind="fixed_camera", mobile=False, route="R", km=5, direction="backward"),
        Device(
            device_id="cam-moved", kind="fixed_camera", mobile=False, route="R", km=5,
            valid_from_us=(NOON_S - 86_400) * MICROSECOND, valid_to_us=NOON_S * MICROSECOND,
        ),
        Device(
            device_id="cam-moved", kind="fixed_camera", mobile=False, route="S", km=1,
            valid_from_us=NOON_S * MICROSECOND, valid_to_us=(NOON_S + 86_400) * MICROSECOND,
        ),
        Device(device_id="car-1", kind="oracle_car", mobile=True),
        Device(device_id="drone-1", kind="drone", mobile=True, mode="test"),
    ]
)  # fmt: skip


def rules(registry: Registry | None = REGISTRY, network: Network = NETWORK, window_s: int = 300) -> Rules:
    """Rules of counting in this country."""
    return Rules(
        network=network,
        locator=Locator(network, 50.0),
        windows=Windows(window_s, AQTAU),
        hours=Windows(3_600, AQTAU),
        registry=registry,
    )
