"""Dahua cameras: JSON events by code, alone, in a list, or as a notification of several."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from devices.gateway.fields import at, number, since_epoch, text, whole
from devices.gateway.reading import Reading
from models.errors import MissingFieldError

if TYPE_CHECKING:
    from datetime import datetime

_PASSAGES: Final = frozenset({"TrafficJunction", "TrafficGate", "TrafficSnap", "TrafficTollGate", "TrafficCarPassing"})
_FLOW: Final = "TrafficFlowStat"
_EVENTS_AT_ONCE: Final = 64
_MOST_PASSAGES: Final = 100_000


def read(tree: Any) -> list[Reading]:
    """Read all events of a body. Codes that begin with Traffic are offences, but for those of passages."""
    listed = at(tree, "params", "eventList") or at(tree, "Events") or tree
    events = listed if isinstance(listed, list) else [listed]
    sender = tuple(filter(None, (text(tree, name) for name in ("DeviceID", "SerialNo", "MachineID", "SN"))))
    if at(tree, "Active") is not None:  # the keep-alive of its intelligent-traffic push
        return [Reading(about="sign", senders=sender)]
    return [reading for event in events[:_EVENTS_AT_ONCE] if (reading := _event(event, sender))]


def _event(event: Any, sender: tuple[str, ...]) -> Reading | None:
    code = text(event, "Code", longest=64)
    if not code:
        raise MissingFieldError("Code: field required", "$.Code")
    data = at(event, "Data") or at(event, "data") or event
    car = at(data, "TrafficCar")
    own = (text(car, "DeviceAddress"), text(car, "MachineAddress"), text(data, "MachineID"), text(event, "SerialNo"))
    senders = (*filter(None, own), *sender)
    channel = text(event, "Index")
    senders = tuple(name for known in senders for name in ((f"{known}/{channel}", known) if channel else (known,)))
    if not code.startswith("Traffic"):
        return Reading(about="sign", senders=senders)
    if text(event, "Action") == "Stop":  # what began is counted already
        return None
    happened_at = _happened_at(data, car)
    if code == _FLOW:
        return _flow(data, senders, happened_at)
    group, number_of = text(data, "GroupID"), text(data, "EventID")
    limits = at(data, "SpeedLimit") or at(car, "SpeedLimit")
    limit = limits[-1] if isinstance(limits, list) and limits else at(car, "UpperSpeedLimit")
    return Reading(
        about="passage" if code in _PASSAGES else "offence",
        senders=senders,
        happened_at=happened_at,
        vendor_id=f"{code} {group} {number_of} {happened_at.timestamp():.0f}" if group or number_of else "",
        code=code,
        speed_kmh=_first(data, car, "Speed", 1000),
        limit_kmh=number({"limit": limit}, "limit", least=1, most=1000),
        lane=whole(data, "Lane", most=64) if at(data, "Lane") is not None else whole(car, "Lane", most=64),
        vehicle_class=text(car, "VehicleSize", longest=64) or text(data, "Vehicle", "Category", longest=64),
        plate=text(car, "PlateNumber", longest=64) or text(data, "PlateNumber", longest=64),
    )


def _first(data: Any, car: Any, name: str, most: float) -> float | None:
    found = number(data, name, least=0, most=most)
    return number(car, name, least=0, most=most) if found is None else found


def _happened_at(data: Any, car: Any) -> datetime:
    holder = data if at(data, "UTC") is not None or at(car, "UTC") is None else car
    milliseconds = whole(holder, "UTCMS", most=999) or 0
    return since_epoch(holder, "UTC", per_s=1) + timedelta(milliseconds=milliseconds)


def _flow(data: Any, senders: tuple[str, ...], happened_at: datetime) -> Reading:
    """Vehicles that passed in a period, over all lanes that it tells of."""
    lanes = at(data, "TrafficFlowStat") or at(data, "Flow") or data
    rows = lanes if isinstance(lanes, list) else [lanes]
    counts = [
        whole({"n": row}, "n", most=_MOST_PASSAGES) if not isinstance(row, dict) else _passages(row) for row in rows
    ]
    if all(count is None for count in counts):
        raise MissingFieldError("Flow: field required", "$.Data.Flow")
    period = text(data, "Sequence") or f"{happened_at.timestamp():.3f}"
    lane = text(data, "Lane")
    return Reading(
        about="flow",
        senders=senders,
        happened_at=happened_at,
        vendor_id=f"flow {lane} {period}",
        passages=sum(filter(None, counts)),
    )


def _passages(row: dict[str, Any]) -> int | None:
    return next(
        (
            count
            for name in ("Vehicles", "Flow", "VehicleCount", "Count")
            if (count := whole(row, name, most=_MOST_PASSAGES)) is not None
        ),
        None,
    )
