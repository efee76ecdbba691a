"""Time as the simulator keeps it: microseconds since 1970, and local days of Mangystau."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from devices.simulator.chance import Weighted

SECOND_US = 1_000_000
HOUR_S = 3_600
DAY_S = 86_400

AQTAU = timezone(timedelta(hours=5))
"""Asia/Aqtau has been at UTC+5 without summer time since 2004 (tzdata), which is longer than there are cameras."""

_OFFSET_S = 5 * HOUR_S
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_us(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def day_start_us(day: date) -> int:
    """Local midnight at which the day begins, in epoch µs."""
    return epoch_us(datetime(day.year, day.month, day.day, tzinfo=AQTAU))


def days_between(start_us: int, end_us: int) -> Iterator[date]:
    """Local days that have a moment in `[start_us, end_us)`, in order."""
    first, last = ((us // SECOND_US + _OFFSET_S) // DAY_S for us in (start_us, end_us - 1))
    for ordinal in range(first, last + 1):
        yield date.fromordinal(ordinal + _UNIX_ORDINAL)


_UNIX_ORDINAL = date(1970, 1, 1).toordinal()


def rfc3339(us: int, digits: int = 0) -> str:
    """Write an instant with the local offset, cut to whole seconds or to milliseconds (`digits` = 3).

    >>> rfc3339(1735671600_250_000, 3)
    '2025-01-01T00:00:00.250+05:00'
    """
    seconds, rest = divmod(us, SECOND_US)
    ordinal, second = divmod(seconds + _OFFSET_S, DAY_S)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    fraction = f".{rest // 1000:03}" if digits else ""
    return f"{_day_text(ordinal)}T{hour:02}:{minute:02}:{second:02}{fraction}+05:00"


@lru_cache(maxsize=512)
def _day_text(ordinal: int) -> str:
    return date.fromordinal(ordinal + _UNIX_ORDINAL).isoformat()


def moment_of_day(rng: Random, start_us: int, hours: Weighted[int]) -> int:
    """Draw a moment (epoch µs, whole milliseconds) of the day that begins at `start_us`, by the weights of hours."""
    hour = hours.draw(rng)
    return start_us + (hour * HOUR_S * 1000 + int(rng.random() * HOUR_S * 1000)) * 1000
