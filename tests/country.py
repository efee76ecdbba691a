"""The country of `tests.rows` as the files that a user names on the command line."""

from __future__ import annotations

import csv
import datetime as dt
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import shapely

from tests.rows import NETWORK, REGISTRY, raw

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from models.fleet import Device
    from models.network import Segment

_TIMES = ("valid_from", "valid_to", "verified_until")
REGION = ("--network", "network.geojson", "--devices", "devices.csv")
"""Options that name the files of `write_country`."""


def write_country(folder: Path) -> None:
    """Write `network.geojson` and `devices.csv`."""
    document = {"type": "FeatureCollection", "features": [feature(segment) for segment in NETWORK.segments]}
    (folder / "network.geojson").write_text(json.dumps(document), encoding="utf-8")
    with (folder / "devices.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [_cells(device) for device in REGISTRY.rows]
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def lines(events: Iterable[object]) -> bytes:
    """NDJSON of events; what is bytes already stays."""
    return b"".join(raw(event) + b"\n" for event in events)


def feature(segment: Segment) -> dict:
    properties = {name: value for name, value in _fields(segment).items() if name != "geometry" and value is not None}
    geometry = None if segment.geometry is None else shapely.geometry.mapping(segment.geometry)
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _fields(segment: Segment) -> dict:
    return {name: getattr(segment, name) for name in segment.__slots__}


def _cells(device: Device) -> dict[str, object]:
    cells = {name: "" if value is None else value for name, value in asdict(device).items() if name != "mobile"}
    for name in _TIMES:
        microseconds = cells.pop(f"{name}_us")
        cells[name] = microseconds and dt.datetime.fromtimestamp(microseconds / 1e6, dt.UTC).isoformat()
    return cells
