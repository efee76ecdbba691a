"""Times as registers write them: by a format, in a zone, or as seconds since 1970."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_SECONDS_OF_EPOCH = {"epoch_s": 1, "epoch_ms": 1_000}
_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.0*)?", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@cache
def parse_zone(name: str) -> dt.tzinfo:
    """Give the zone of a name (`Asia/Aqtau`) or an offset (`+06:00`). Raises ValueError."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        length = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return dt.timezone(-length if offset[1] == "-" else length)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"there is no time zone {name!r}; write it like Asia/Aqtau or +05:00") from None


def parse_time(text: str, form: str, zone: dt.tzinfo | None) -> dt.datetime:
    """Read a time by `form`: `iso`, `epoch_s`, `epoch_ms`, or a format of strptime.

    A time without an offset of its own is one of `zone`; of a local time that a change of the clock gives twice the
    first is taken. What is counted since 1970 is given in `zone`. Raises ValueError, also where no offset is known.
    """
    if form in _SECONDS_OF_EPOCH:
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(f"is not a whole number of {form.removeprefix('epoch_')} since 1970")
        try:
            instant = _EPOCH + dt.timedelta(seconds=int(text.partition(".")[0]) / _SECONDS_OF_EPOCH[form])
            return instant.astimezone(zone or dt.UTC)
        except OverflowError:
            raise ValueError("is no time of this world") from None
    try:
        moment = dt.datetime.fromisoformat(text) if form == "iso" else dt.datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise ValueError(f"is no time of the form {form}") from None
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError("has no offset, and the mapping names no timezone")
        moment = moment.replace(tzinfo=zone)
    return moment


def join_day_and_clock(day: dt.datetime, clock: dt.datetime | None, zone: dt.tzinfo) -> dt.datetime:
    """Give the local time of a day and a clock in `zone`; its midnight where no clock is known."""
    time = dt.time() if clock is None else clock.time()
    return dt.datetime.combine(day.date(), time, zone)
