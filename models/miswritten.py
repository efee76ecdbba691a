"""Numbers of a record that cannot be, and look like a known way of writing them wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from models.errors import DecimalCommaError, DegreesMinutesError, SentinelPositionError

if TYPE_CHECKING:
    from models.errors import RecordError

_DECIMAL_COMMA: Final = re.compile(r"[+-]?[0-9]{1,15},[0-9]{1,15}", re.ASCII)
_COORDINATES: Final = frozenset({"$.location.lon", "$.location.lat"})
_ONE_DIGIT: Final = re.compile(r"([789])\1*(\.\1+|\.0)?", re.ASCII)
_POWERS_OF_TEN: Final = frozenset(10.0**n for n in range(3, 39))
_INTEGER_BOUNDS: Final = frozenset({2.0**15 - 1, 2.0**15, 2.0**31 - 1, 2.0**31, 2.0**32 - 1, 2.0**63})
_LEAST_DEGREES: Final = 10
_MOST_DEGREES: Final = 180
_MINUTES: Final = 60


def miswritten(path: str, value: Any) -> RecordError | None:
    """Name the mistake in a refused value of a number's field, or give None where it looks like no known one.

    >>> miswritten("$.location.lon", "51,16").repaired
    {'lon': 51.16}
    """
    name = path.rpartition(".")[2]
    if isinstance(value, str):
        if _DECIMAL_COMMA.fullmatch(value) is None:
            return None
        repaired = float(value.replace(",", "."))
        message = f"{path[2:]}: text with a decimal comma: would be the number {repaired}"
        return DecimalCommaError(message, path, {name: repaired})
    if path not in _COORDINATES or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    size = abs(value)
    if size in _POWERS_OF_TEN or size in _INTEGER_BOUNDS or _ONE_DIGIT.fullmatch(f"{size}"):
        message = f"{path[2:]}: a number that stands for no position: send none, or the true one"
        return SentinelPositionError(message, path)
    degrees, minutes = divmod(size, 100)
    if _LEAST_DEGREES <= degrees < (_MOST_DEGREES if name == "lon" else _MOST_DEGREES / 2) and minutes < _MINUTES:
        repaired = round((degrees + minutes / _MINUTES) * (1 if value > 0 else -1), 6)
        message = f"{path[2:]}: looks like degrees and minutes without a sign between them: would be {repaired}"
        return DegreesMinutesError(message, path, {name: repaired})
    return None
