"""Hikvision ISAPI: `EventNotificationAlert`, in either of its XML namespaces, or as JSON."""

from __future__ import annotations

from typing import Any, Final

from devices.gateway.fields import at, flag, instant, number, position, share, text, whole
from devices.gateway.reading import Reading
from models.errors import MissingFieldError

_ROOT: Final = "EventNotificationAlert"
_NO_PLATE: Final = frozenset({"", "noplate", "unknown"})
_NO_OFFENCE: Final = frozenset({"", "0", "none", "normal"})
_DEGREES: Final = (("degree", 1, 180), ("minute", 60, 60), ("sec", 3600, 60))


def read(tree: Any) -> list[Reading]:
    """Read one alert. What is no ANPR event only shows that the device is alive (its heartbeat is a `videoloss`)."""
    alert = at(tree, _ROOT)
    if not isinstance(alert, dict):
        raise MissingFieldError(f"{_ROOT}: field required", f"$.{_ROOT}")
    senders = _senders(alert)
    if text(alert, "eventType").upper() != "ANPR":
        return [Reading(about="sign", senders=senders)]
    code = text(alert, "ANPR", "illegalInfo", "illegalCode", longest=32)
    code = "" if code.lower() in _NO_OFFENCE else code
    plate = text(alert, "ANPR", "licensePlate", longest=64)
    return [
        Reading(
            about="offence" if code else "passage",
            senders=senders,
            happened_at=instant(alert, "dateTime"),
            vendor_id=text(alert, "UUID"),
            code=code,
            speed_kmh=number(alert, "ANPR", "vehicleInfo", "speed", least=0, most=1000),
            limit_kmh=number(alert, "ANPR", "speedLimit", least=1, most=1000),
            lane=whole(alert, "ANPR", "line", most=64),
            vehicle_class=text(alert, "ANPR", "vehicleType", longest=64),
            confidence=share(alert, "ANPR", "confidenceLevel", full=100),
            position=_position(at(alert, "DeviceGPSInfo")),
            plate="" if plate.lower() in _NO_PLATE else plate,
            history=flag(alert, "isDataRetransmission") or text(alert, "ANPR", "alarmDataType") == "1",
            more=flag(alert, "hasMoreData") or flag(alert, "ANPR", "hasMoreData"),
        )
    ]


def _senders(alert: Any) -> tuple[str, ...]:
    """Give the device's ids; a channel of a recorder is a camera of its own, `MAC/channel`."""
    ids = [text(alert, name) for name in ("macAddress", "deviceUUID", "deviceSerialNo", "monitoringSiteID")]
    channel = text(alert, "channelID")
    return tuple(sender for known in ids if known for sender in ([f"{known}/{channel}", known] if channel else [known]))


def _position(gps: Any) -> tuple[float, float] | None:
    """Degrees, minutes and seconds: 43°40'10" is 43.6694, not 43.4010."""
    lon, lat = _degrees(at(gps, "Longitude")), _degrees(at(gps, "Latitude"))
    if lon is not None and text(gps, "longitudeType").upper() == "W":
        lon = -lon
    if lat is not None and text(gps, "latitudeType").upper() == "S":
        lat = -lat
    return None if lat is not None and abs(lat) > 90 else position(lon, lat)  # noqa: PLR2004 - degrees


def _degrees(angle: Any) -> float | None:
    parts = [number(angle, name, least=0, most=most) for name, _, most in _DEGREES]
    if any(part is None for part in parts):
        return None
    found = sum((part or 0.0) / per for part, (_, per, _) in zip(parts, _DEGREES, strict=True))
    return found if found <= 180 else None  # noqa: PLR2004 - degrees
