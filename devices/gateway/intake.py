"""From readings to what is kept: entries without plates, and the events and minutes that they become."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec

from devices.gateway.reading import Reading
from devices.publisher.outgoing import Outgoing
from models.masking import mask_text
from models.topics import STATUSES, VIOLATIONS

if TYPE_CHECKING:
    from devices.gateway.offences import Offences
    from devices.gateway.senders import Senders
    from devices.publisher.outgoing import PlatePolicy

MINUTE_S: Final = 60
_MICROSECOND: Final = 1_000_000
_VERSION: Final = b"amanzhol gateway 1"


class Entry(msgspec.Struct, frozen=True):
    """A reading that is known to be of a device, without its plate. Its times are aware, UTC."""

    vendor: str
    source_id: str
    mobile: bool
    happened_at: datetime
    arrived_at: datetime
    reading: Reading
    plate_hash: str | None = None

    @property
    def minute_s(self) -> int:
        """First second of its minute, since 1970."""
        return int(self.happened_at.timestamp()) // MINUTE_S * MINUTE_S

    @property
    def name(self) -> bytes:
        """16 bytes that are the same whenever the device tells the same thing again."""
        seen = self.reading
        # Where the vendor gives no name, the moment and what was measured do; never the plate: a hash of it is one.
        named = (
            seen.vendor_id or f"{self.happened_at.isoformat()} {seen.lane} {seen.speed_kmh} {seen.code}{seen.article}"
        )
        words = (self.vendor, self.source_id, seen.about == "offence" and "offence", named)
        text = "".join(f"{len(str(word))}:{word}" for word in words)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=_VERSION[:16]).digest()


def entry_of(reading: Reading, vendor: str, arrived_at: datetime, senders: Senders, plates: PlatePolicy) -> Entry:
    """Find the device, and drop the plate or replace it. Raises UnknownDeviceError, DeviceNotValidError."""
    happened_at = (reading.happened_at or arrived_at).astimezone(UTC)
    device = senders.device(reading.senders, round(happened_at.timestamp() * _MICROSECOND))
    word = None
    vendor_id = reading.vendor_id
    if reading.plate:
        word = plates.pseudonym(reading.plate, None, happened_at.isoformat())
        vendor_id = vendor_id.replace(reading.plate, "")
    bare = msgspec.structs.replace(
        reading, plate="", senders=(), vendor_id=vendor_id, vehicle_class=mask_text(reading.vehicle_class)
    )
    return Entry(vendor, device.device_id, device.mobile, happened_at, arrived_at, bare, word)


def joined(first: Entry, second: Entry) -> Entry:
    """Put the two parts of one event together: what the second does not say, the first does."""
    said = {
        name: value
        for name in Reading.__struct_fields__
        if (value := getattr(second.reading, name)) not in (None, "", ())
    }
    offence = "offence" in (first.reading.about, second.reading.about)
    about = "offence" if offence else second.reading.about
    reading = msgspec.structs.replace(first.reading, **(said | {"about": about, "more": False}))
    return msgspec.structs.replace(first, reading=reading, plate_hash=first.plate_hash or second.plate_hash)


def violation_of(entry: Entry, offences: Offences) -> Outgoing:
    """Make the contract's violation of an offence."""
    seen = entry.reading
    known = seen.speed_kmh is not None and seen.limit_kmh is not None
    over_kmh = (seen.speed_kmh or 0) - (seen.limit_kmh or 0) if known else None
    event: dict[str, Any] = {
        "type": "violation",
        "event_id": entry.name.hex(),
        "source_id": entry.source_id,
        "occurred_at": _rfc3339(entry.happened_at),
        "offence": seen.article or offences.article(entry.vendor, seen.code, entry.happened_at.date(), over_kmh),
        "stage": "detected",
        "speed_kmh": seen.speed_kmh,
        "limit_kmh": seen.limit_kmh,
        "lane": seen.lane,
        "vehicle_class": seen.vehicle_class or None,
        "confidence": seen.confidence,
        "plate_hash": entry.plate_hash,
        "mode": "backfill" if seen.history else None,
        "location": _location(entry.mobile, seen.position),
    }
    return _outgoing(VIOLATIONS, event)


def status_of(
    source_id: str,
    minute_s: int,
    opened_ms: int,
    passages: int,
    offset_ms: int | None,
    place: tuple[float, float] | None,
) -> Outgoing:
    """Make the contract's status of a minute in which a device was heard from.

    `opened_ms` is when its first word about that minute arrived: a minute that is told of again later is another event.
    """
    event: dict[str, Any] = {
        "type": "status",
        "event_id": f"minute-{minute_s}-{opened_ms}",
        "source_id": source_id,
        "occurred_at": _rfc3339(datetime.fromtimestamp(minute_s + MINUTE_S, UTC)),
        "period_start": _rfc3339(datetime.fromtimestamp(minute_s, UTC)),
        "state": "active",
        "passages": passages,
        "clock_offset_ms": offset_ms,
        "location": _location(place is not None, place),
    }
    return _outgoing(STATUSES, event)


def _location(mobile: bool, position: tuple[float, float] | None) -> dict[str, Any] | None:
    """Where a patrol was; a fixed camera's place is the registry's business."""
    if not mobile or position is None:
        return None
    return {"lon": position[0], "lat": position[1], "of": "unit"}


def _outgoing(topic: str, event: dict[str, Any]) -> Outgoing:
    said = {name: value for name, value in event.items() if value is not None}
    return Outgoing(topic, event["source_id"].encode(), msgspec.json.encode(said))


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
