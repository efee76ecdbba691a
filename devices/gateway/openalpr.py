"""OpenALPR and Rekor Scout agents: JSON."""

from __future__ import annotations

from typing import Any

from devices.gateway.fields import at, number, position, share, since_epoch, text
from devices.gateway.reading import Reading
from models.errors import MissingFieldError


def read(tree: Any) -> list[Reading]:
    """Read one message. A group is a vehicle; single frames of it (`alpr_results`) would count it again and again."""
    kind = text(tree, "data_type")
    if not kind:
        raise MissingFieldError("data_type: field required", "$.data_type")
    agent, camera = text(tree, "agent_uid"), text(tree, "camera_id")
    if kind != "alpr_group":
        return [Reading(about="sign", senders=tuple(filter(None, (agent and camera and f"{agent}/{camera}", agent))))]
    return [
        Reading(
            about="passage",
            senders=tuple(filter(None, (agent and camera and f"{agent}/{camera}", camera, agent))),
            happened_at=since_epoch(tree, "epoch_start", per_s=1_000),
            vendor_id=text(tree, "best_uuid"),
            vehicle_class=_vehicle_class(at(tree, "vehicle")),
            confidence=share(tree, "best_confidence", full=100),
            position=_position(tree),
            plate=text(tree, "best_plate_number", longest=64),
        )
    ]


def _vehicle_class(vehicle: Any) -> str:
    return text(vehicle, "body_type", "name", longest=64)


def _position(tree: Any) -> tuple[float, float] | None:
    lon = number(tree, "gps_longitude", least=-180, most=180)
    lat = number(tree, "gps_latitude", least=-90, most=90)
    return position(lon, lat)
