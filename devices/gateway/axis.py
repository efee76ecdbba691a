"""Axis cameras with FF Group's plate reader: JSON."""

from __future__ import annotations

from typing import Any

from devices.gateway.fields import at, number, position, share, since_epoch, text
from devices.gateway.reading import Reading
from models.errors import MissingFieldError


def read(tree: Any) -> list[Reading]:
    """Read one event. A car is told of when it comes, changes and is lost: one passage, by its `carID`."""
    if not isinstance(tree, dict):
        raise MissingFieldError("camera_info: field required", "$.camera_info")
    senders = [text(tree, "camera_info", name) for name in ("SerialNumber", "MACAddress")]
    senders.append(text(tree, "sensorProviderID"))
    car = text(tree, "carID")
    serial = text(tree, "packetCounter")
    return [
        Reading(
            about="passage" if at(tree, "plateUTF8") is not None or car else "sign",
            senders=tuple(filter(None, senders)),
            happened_at=since_epoch(tree, "capture_timestamp", per_s=1_000),
            vendor_id=f"car {car}" if car else f"packet {serial}" if serial else "",
            confidence=share(tree, "plateConfidence", full=1),
            position=position(
                number(tree, "geotag", "lon", least=-180, most=180), number(tree, "geotag", "lat", least=-90, most=90)
            ),
            plate=text(tree, "plateUTF8", longest=64),
        )
    ]
