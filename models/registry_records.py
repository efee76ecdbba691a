"""The registry as it travels through Kafka: all rows of one device in one record, keyed by the device.

A record is the whole truth about its device: it takes the place of the one before, so the topic can be compacted and
a record read twice does no harm. When a row counts is said by its `valid_from` and `valid_to` alone, never by when the
record came: a replay with the same registry decides the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import msgspec

from models.errors import RegistryRecordError
from models.fleet import Device, Registry
from models.registry import RowError, check_overlaps, device_of
from models.windows import DAY_S, Windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from models.fleet import FleetKind

_MAX_ROWS: Final = 1_000
_INSTANTS: Final = {"valid_from_us": "valid_from", "valid_to_us": "valid_to", "verified_until_us": "verified_until"}
_LEFT_OUT: Final = frozenset({"device_id", "mobile"})
"""The one is the key, the other follows from the kind."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def encode_devices(rows: Iterable[Device]) -> dict[bytes, bytes]:
    """Write rows as records: by device, the value of its record."""
    by_device: dict[bytes, list[dict[str, Any]]] = {}
    for row in rows:
        by_device.setdefault(row.device_id.encode(), []).append(_cells_of(row))
    return {device_id: msgspec.json.encode(cells) for device_id, cells in by_device.items()}


def decode_device(key: bytes | None, value: bytes, fleet: Sequence[FleetKind], zone: ZoneInfo) -> tuple[Device, ...]:
    """Read the rows of one device. They are held to the rules of the file, a date meaning its first instant in `zone`.

    Raises RegistryRecordError, which names the device, the row (from 1) and the column.
    """
    try:
        device_id = (key or b"").decode()
        rows = msgspec.json.decode(value, type=list[dict[str, str | float | None]])
    except (UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise RegistryRecordError(f"registry: {key!r:.80}: no list of rows: {error}") from None
    if len(rows) > _MAX_ROWS:
        raise RegistryRecordError(f"registry: {device_id!r:.80}: {len(rows):,} rows; at most {_MAX_ROWS:,} are taken")
    kinds = {kind.name: kind for kind in fleet}
    days = Windows(DAY_S, zone)
    devices = []
    for number, row in enumerate(rows, 1):
        cells = {name: _cell(cell) for name, cell in row.items() if cell is not None} | {"device_id": device_id}
        try:
            devices.append((device_of(cells, kinds, days), number))
        except RowError as error:
            raise RegistryRecordError(f"registry: {device_id!r:.80}: row {number}, {error}") from None
    for earlier, later in check_overlaps(devices):
        raise RegistryRecordError(f"registry: {device_id!r:.80}: row {later} overlaps row {earlier}")
    return tuple(device for device, _ in devices)


class FollowedRegistry:
    """A registry from a file, and what records say beyond it: of a device that has a record, only that counts.

    >>> followed = FollowedRegistry(None)
    >>> followed.hear({"cam-1": (Device(device_id="cam-1", kind="fixed_camera", mobile=False, lon=51.2, lat=43.6),)})
    >>> [row.device_id for row in followed.registry.rows]
    ['cam-1']
    """

    def __init__(self, file: Registry | None) -> None:
        """Begin with the file's rows, or None where every source is accepted until a first record comes."""
        self._file = file
        self._heard: dict[str, tuple[Device, ...]] = {}
        self.registry = file

    def hear(self, said: dict[str, tuple[Device, ...] | None]) -> None:
        """Take in what records say, by device; None is a record that was deleted. `registry` is then another."""
        for device_id, rows in said.items():
            if rows is None:
                self._heard.pop(device_id, None)
            else:
                self._heard[device_id] = rows
        if not self._heard:
            self.registry = self._file
            return
        kept = () if self._file is None else (row for row in self._file.rows if row.device_id not in self._heard)
        registry = Registry([*kept, *(row for rows in self._heard.values() for row in rows)])
        if self.registry is None or registry.digest != self.registry.digest:
            self.registry = registry


def _cells_of(row: Device) -> dict[str, Any]:
    """Name the fields of a row as the columns of the file, those that are said."""
    cells: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if value is None or field.name in _LEFT_OUT:
            continue
        instant = _INSTANTS.get(field.name)
        if instant is None:
            cells[field.name] = value
        else:
            cells[instant] = (_EPOCH + dt.timedelta(microseconds=value)).isoformat()
    return cells


def _cell(value: str | float) -> str:
    """Write a value as it would stand in the file."""
    return value.strip() if isinstance(value, str) else repr(value)
