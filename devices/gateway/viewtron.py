"""Viewtron cameras and recorders: XML, in which plate reads come as `config`, keep-alives as `DeviceInfo`."""

from __future__ import annotations

from typing import Any

from devices.gateway.fields import at, since_epoch, text
from devices.gateway.reading import Reading
from models.errors import MissingFieldError


def read(tree: Any) -> list[Reading]:
    """Read one message. A read often does not say which camera it is of: then the address it was posted to does."""
    config = at(tree, "config")
    if not isinstance(config, dict):
        info = at(tree, "DeviceInfo")
        if not isinstance(info, dict):
            raise MissingFieldError("config: field required", "$.config")
        return [Reading(about="sign", senders=_senders(info))]
    senders = _senders(at(config, "deviceInfo"))
    listed = at(config, "listInfo", "item")
    items = listed if isinstance(listed, list) else [listed]
    plates = [text(item, "plateNumber", longest=64) for item in items if at(item, "plateNumber") is not None]
    if not plates:
        return [Reading(about="sign", senders=senders)]
    happened_at = since_epoch(config, "currentTime", per_s=1_000_000)
    taken = text(config, "currentTime")
    return [
        Reading(about="passage", senders=senders, happened_at=happened_at, vendor_id=f"{taken} {number}", plate=plate)
        for number, plate in enumerate(plates)
    ]


def _senders(info: Any) -> tuple[str, ...]:
    return tuple(filter(None, (text(info, name) for name in ("macAddress", "sn", "SN"))))
