"""Read the device registry: a CSV file with a header, one row per device and span of validity."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from models.csv_rows import rows_of
from models.errors import RegistryFileError
from models.fleet import DEFAULT_FLEET, DEFAULT_FLEET_KINDS, Device, FleetKind, Registry
from models.windows import DAY_S, Windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

__all__ = [
    "DEFAULT_FLEET",
    "DEFAULT_FLEET_KINDS",
    "Device",
    "FleetKind",
    "Registry",
    "RowError",
    "check_overlaps",
    "device_of",
    "read_registry",
]

_REQUIRED: Final = ("device_id", "kind")
_TEXTS: Final = ("name", "route", "vendor_id", "site", "uplink", "district", "contact")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_QUOTE: Final = "put fields that contain a comma in double quotes"
_MAX_ID: Final = 64
_MAX_KM: Final = 1e6
_FULL_CIRCLE: Final = 360.0


def read_registry(path: Path, fleet: Sequence[FleetKind] = DEFAULT_FLEET, *, zone: ZoneInfo) -> Registry:
    """Read a registry: UTF-8 (a byte order mark is accepted), commas, a header.

    Times are RFC 3339 with an offset, or a date, which is the first instant of that day in `zone`. Validity
    is half-open, so a `valid_to` of 2025-09-01 ends with the last instant of August. Unknown columns are
    ignored, lines without content skipped; columns other than device_id and kind may be empty or absent,
    from the end of a line too. Raises RegistryFileError with one line that names the file, the line and the
    column.
    """
    table = _Table(path, {kind.name: kind for kind in fleet}, Windows(DAY_S, zone))
    placed = [(device, line) for line, device in table.devices()]
    device_at = {line: device for device, line in placed}
    for first, second in check_overlaps(placed):
        raise RegistryFileError(
            f"{path}: line {second}, column valid_from: overlaps line {first}, "
            f"which is of {device_at[second].device_id!r} too: end one where the other begins"
        )
    return Registry(device for device, _ in placed)


def check_overlaps(placed: Iterable[tuple[Device, int]]) -> Iterator[tuple[int, int]]:
    """Yield the places of rows of one device that are valid at once; the places are lines or numbers, the lesser first.

    Of rows one after the other in time: where those of a device overlap at all, two such do.
    """
    ordered = sorted(
        placed, key=lambda pair: (pair[0].device_id, pair[0].valid_from_us is not None, pair[0].valid_from_us or 0)
    )
    for (earlier, place), (later, other) in pairwise(ordered):
        if earlier.device_id == later.device_id and (
            earlier.valid_to_us is None or later.valid_from_us is None or later.valid_from_us < earlier.valid_to_us
        ):
            yield min(place, other), max(place, other)


class RowError(Exception):
    """A column of a row and what is wrong with it."""

    def __str__(self) -> str:
        """Name the column, then the fault."""
        return "column {}: {}".format(*self.args)


class _Table:
    def __init__(self, path: Path, fleet: dict[str, FleetKind], days: Windows) -> None:
        self._path = path
        self._fleet = fleet
        self._days = days

    def devices(self) -> Iterator[tuple[int, Device]]:
        """Give each row with the number of its first line in the file."""
        lines = rows_of(self._path, RegistryFileError)
        header_line, header = next(lines, (1, []))
        self._check_header(header_line, header)
        for line, cells in lines:
            if len(cells) > len(header):
                raise self._refusal(line, None, f"has {len(cells)} fields, the header {len(header)}: {_QUOTE}")
            try:
                yield line, device_of(dict(zip(header, cells, strict=False)), self._fleet, self._days)
            except RowError as error:
                column, fault = error.args
                raise self._refusal(line, column, fault) from None

    def _check_header(self, line: int, header: list[str]) -> None:
        if len(header) <= 1 and re.search("[;\t]", "".join(header)):
            raise self._refusal(line, None, f"separate the columns with commas, not {_separator(header)}")
        for column in _REQUIRED:
            if column not in header:
                raise self._refusal(line, column, "is missing from the header")
        for column in filter(None, header):
            if header.count(column) > 1:
                raise self._refusal(line, column, "stands in the header twice")

    def _refusal(self, line: int, column: str | None, fault: str) -> RegistryFileError:
        place = f"line {line}" if column is None else f"line {line}, column {column}"
        return RegistryFileError(f"{self._path}: {place}: {fault}")


def device_of(cells: Mapping[str, str], fleet: Mapping[str, FleetKind], days: Windows) -> Device:
    """Make a row of its cells, by column; `fleet` are the kinds by name, `days` those that a date stands for.

    Raises RowError with the first column at fault.
    """
    kind = fleet.get(cells.get("kind", ""))
    if kind is None:
        known = ", ".join(fleet)
        raise RowError("kind", f"{cells.get('kind', '')!r} is not a kind of this fleet ({known})")
    values: dict[str, Any] = {column: cells.get(column) or None for column in _TEXTS}
    values |= {
        "device_id": _device_id(cells.get("device_id", "")),
        "lon": _number(cells, "lon", -180, 180),
        "lat": _number(cells, "lat", -90, 90),
        "heading": _heading(cells),
        "km": _number(cells, "km", -_MAX_KM, _MAX_KM),
        "direction": _choice(cells, "direction", ("forward", "backward", "both")),
        "mode": _choice(cells, "mode", ("live", "test")) or "live",
        "valid_from_us": _time_us(days, cells, "valid_from"),
        "valid_to_us": _time_us(days, cells, "valid_to"),
        "verified_until_us": _time_us(days, cells, "verified_until"),
    }
    device = Device(kind=kind.name, mobile=kind.mobile, **values)
    _check_place(device)
    if (
        device.valid_from_us is not None
        and device.valid_to_us is not None
        and device.valid_from_us >= device.valid_to_us
    ):
        raise RowError("valid_to", "must be after valid_from")
    return device


def _time_us(days: Windows, cells: Mapping[str, str], column: str) -> int | None:
    text = cells.get(column)
    if not text:
        return None
    try:
        if _DATE.fullmatch(text):
            noon = dt.datetime.fromisoformat(f"{text}T12:00").replace(tzinfo=days.zone)
            return days.start(int(noon.timestamp())) * 1_000_000
        match = _TIME.fullmatch(text)
        if match is not None and match[2] is None:
            raise RowError(column, f"{text!r} has no offset: write Z or +05:00 after it, or only the date")
        if match is not None:
            return (dt.datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        pass
    raise RowError(column, f"{text!r} is neither a date nor a time: write 2025-09-01 or 2025-09-01T08:00:00+05:00")


def _separator(header: list[str]) -> str:
    return "semicolons" if ";" in header[0] else "tabs"


def _device_id(text: str) -> str:
    if not text:
        raise RowError("device_id", "is empty")
    if len(text) > _MAX_ID or not text.isprintable():
        raise RowError("device_id", f"must be 1 to {_MAX_ID} printable characters")
    return text


def _number(cells: Mapping[str, str], column: str, least: float, most: float) -> float | None:
    text = cells.get(column)
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise RowError(column, f"{text!r} is not a number: write digits with a decimal point")
    value = float(text) + 0.0
    if not least <= value <= most:
        raise RowError(column, f"{text} is out of range: {least:g} to {most:g}")
    return value


def _heading(cells: Mapping[str, str]) -> float | None:
    heading = _number(cells, "heading", 0, 360)
    if heading == _FULL_CIRCLE:
        raise RowError("heading", "360 is out of range: north is 0")
    return heading


def _choice(cells: Mapping[str, str], column: str, allowed: tuple[str, ...]) -> str | None:
    text = cells.get(column)
    if text and text not in allowed:
        raise RowError(column, f"{text!r} must be one of {', '.join(allowed)}")
    return text or None


def _check_place(device: Device) -> None:
    if (device.lon is None) != (device.lat is None):
        missing = "lon" if device.lon is None else "lat"
        raise RowError(missing, "is empty while its pair is not: give both or neither")
    if device.km is not None and device.route is None:
        raise RowError("route", "is empty while km is not: a kilometre needs its route")
    if not device.mobile and device.lon is None and device.km is None:
        raise RowError("lon", f"a {device.kind} stands somewhere: give lon and lat, or route and km")
