"""Takes values out of a tree of which nothing is certain: what is not there, or not that, is None."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from models.errors import BadTimeError, BadValueError, MissingFieldError, NaiveTimeError

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})(.*)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2199, 1, 1, tzinfo=UTC)


def at(tree: Any, *path: str) -> Any:
    """Walk down by names; where a list lies on the way, by its first item. None where the way ends."""
    for name in path:
        found = tree[0] if isinstance(tree, list) and tree else tree
        tree = found.get(name) if isinstance(found, dict) else None
    return tree


def text(tree: Any, *path: str, longest: int = 256) -> str:
    """Printable text or a number as text; empty where it is absent, of another kind, or longer."""
    value = at(tree, *path)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    found = str(value).strip()
    return found if len(found) <= longest and found.isprintable() else ""


def number(tree: Any, *path: str, least: float, most: float) -> float | None:
    """Number between bounds, also one written as text."""
    value = at(tree, *path)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if least <= value <= most else None


def whole(tree: Any, *path: str, least: int = 0, most: int) -> int | None:
    """Whole number between bounds."""
    value = number(tree, *path, least=least, most=most)
    return int(value) if value is not None and value.is_integer() else None


def share(tree: Any, *path: str, full: float) -> float | None:
    """Share of a full measure (1 or 100), between 0 and 1."""
    value = number(tree, *path, least=0, most=full)
    return None if value is None else round(value / full, 6)


def flag(tree: Any, *path: str) -> bool:
    """Whether a field says yes."""
    return at(tree, *path) in (True, 1, "true", "True", "1")


def instant(tree: Any, *path: str) -> datetime:
    """Time with an offset, as RFC 3339 or nearly so. Raises MissingFieldError, BadTimeError, NaiveTimeError."""
    value = at(tree, *path)
    where = f"$.{'.'.join(path)}"
    if value is None or value == "":
        raise MissingFieldError(f"{path[-1]}: field required", where)
    found = value.strip() if isinstance(value, str) else ""
    compact = _COMPACT.fullmatch(found)
    if compact is not None:
        year, month, day, hour, minute, second, rest = compact.groups()
        found = f"{year}-{month}-{day}T{hour}:{minute}:{second}{rest}"
    try:
        moment = datetime.fromisoformat(found.replace(" +", "+"))
    except ValueError:
        raise BadTimeError(f"{path[-1]}: is no time such as 2026-11-22T09:30:00+05:00", where) from None
    if moment.tzinfo is None:
        raise NaiveTimeError(f"{path[-1]}: has no offset: set the device's time zone", where)
    return _bounded(moment, path[-1], where)


def since_epoch(tree: Any, *path: str, per_s: int) -> datetime:
    """Time as a count since 1970, `per_s` to a second. Raises MissingFieldError, BadTimeError, BadValueError."""
    value = at(tree, *path)
    where = f"$.{'.'.join(path)}"
    if value is None or value == "":
        raise MissingFieldError(f"{path[-1]}: field required", where)
    count = number(tree, *path, least=0, most=1e17)
    if count is None or math.isnan(count):
        raise BadTimeError(f"{path[-1]}: is no count since 1970", where)
    try:
        moment = _EPOCH + timedelta(microseconds=round(count * 1_000_000 / per_s))
    except OverflowError:
        raise BadValueError(f"{path[-1]}: lies outside the years 2000 to 2198", where) from None
    return _bounded(moment, path[-1], where)


def _bounded(moment: datetime, name: str, where: str) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = _LATEST
    # A device whose clock was never set says 1970.
    if not _EARLIEST <= moment < _LATEST:
        raise BadValueError(f"{name}: lies outside the years 2000 to 2198: set the device's clock", where)
    return moment


def position(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    """Degrees, or None for half a position and for the zeros of a device that was never told its own."""
    if lon is None or lat is None or (lon == 0 and lat == 0):
        return None
    return lon, lat
