"""Plate Recognizer Stream: the webhook's JSON, alone or as the field `json` of a form."""

from __future__ import annotations

from typing import Any

from devices.gateway.fields import at, instant, number, share, text
from devices.gateway.reading import Reading
from models.errors import MissingFieldError

_VEHICLES_AT_ONCE = 64


def read(tree: Any) -> list[Reading]:
    """Read one webhook: a passage for each result, named by its place among them."""
    data = at(tree, "data")
    if not isinstance(data, dict):
        raise MissingFieldError("data: field required", "$.data")
    camera, hook, event = text(data, "camera_id"), text(tree, "hook", "id"), text(tree, "hook", "event")
    senders = tuple(filter(None, (hook and camera and f"{hook}/{camera}", camera)))
    results = at(data, "results")
    if (event and event != "recognition") or not isinstance(results, list) or not results:
        return [Reading(about="sign", senders=senders)]
    happened_at = instant(data, "timestamp")
    name = f"{camera} {text(data, 'timestamp')}"
    return [
        Reading(
            about="passage",
            senders=senders,
            happened_at=happened_at,
            vendor_id=f"{name} {number_of}",
            speed_kmh=number(result, "speed", least=0, most=1000),
            vehicle_class=text(result, "vehicle", "type", longest=64),
            confidence=share(result, "score", full=1),
            plate=text(result, "plate", longest=64),
        )
        for number_of, result in enumerate(results[:_VEHICLES_AT_ONCE])
    ]
