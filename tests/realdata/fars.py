"""FARS 2013: the fatal accidents of the USA (https://www.nhtsa.gov/fars), as events of the contract.

Codes are those of the FARS Analytical User's Manual for 2013.
"""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "accidents" / "us_fars_accident_2013.csv.bz2"
SOURCE_ID = "fars"

_NOT_BETWEEN_VEHICLES = "0"
_BY_MANNER = {
    "1": "rear_collision",
    "2": "head_on",
    "6": "side_collision",  # angle
    "7": "side_collision",  # sideswipe, same direction
    "8": "side_collision",  # sideswipe, opposite direction
    "9": "side_collision",  # rear to side
}
"""By `MAN_COLL`, how vehicles in motion met. All others are a `collision` of which no more is known."""

_BY_HARM = (
    dict.fromkeys(("8", "15"), "pedestrian")  # 15: skaters, wheelchairs
    | dict.fromkeys(("9",), "cyclist")
    | dict.fromkeys(("11",), "animal")
    | dict.fromkeys(("49",), "animal_drawn")
    | dict.fromkeys(("1",), "overturn")
    | dict.fromkeys(("5",), "passenger_fall")
    | dict.fromkeys(("14", "45"), "parked_vehicle")
    | dict.fromkeys(map(str, (*range(16, 45), 46, 48, 50, 52, 53, 57, 58, 59, 73)), "obstacle")
)
"""By `HARM_EV`, the first harmful event, where no two vehicles in motion met. All others are `other`."""

_UNKNOWN = "99"
"""Of an hour or a minute."""

_EASTERN = "America/New_York"
_CENTRAL = "America/Chicago"
_MOUNTAIN = "America/Denver"
_PACIFIC = "America/Los_Angeles"
_ZONES = (
    dict.fromkeys((9, 10, 11, 12, 13, 18, 21, 23, 24, 25, 26, 33, 34, 36, 37, 39, 42, 44, 45, 50, 51, 54), _EASTERN)
    | dict.fromkeys((1, 5, 17, 19, 20, 22, 27, 28, 29, 31, 38, 40, 46, 47, 48, 55), _CENTRAL)
    | dict.fromkeys((8, 16, 30, 35, 49, 56), _MOUNTAIN)
    | dict.fromkeys((6, 32, 41, 53), _PACIFIC)
    | {2: "America/Anchorage", 4: "America/Phoenix", 15: "Pacific/Honolulu"}
)
"""By `STATE`. FARS gives local times and no zone: a state with two is given that of most of its people."""


def rows() -> Iterator[dict[str, str]]:
    """Read the accidents as they were published."""
    with bz2.open(SOURCE, "rt", encoding="latin-1", newline="") as file:
        yield from csv.DictReader(file)


def event_of(row: dict[str, str]) -> dict[str, Any]:
    """Make the event of the contract. Coordinates are sent as they stand, also those that stand for "unknown"."""
    occurred_at, precision = _when(row)
    return {
        "type": "accident",
        "event_id": row["ST_CASE"],
        "source_id": SOURCE_ID,
        "occurred_at": occurred_at.isoformat(),
        "time_precision": precision,
        "mode": "backfill",
        "location": {"lon": float(row["LONGITUD"]), "lat": float(row["LATITUDE"])},
        "kind": _kind(row),
        "dead": int(row["FATALS"]),
        "injured": 0,
        "vehicles": int(row["VE_TOTAL"]),
        "official": True,
    }


def _kind(row: dict[str, str]) -> str:
    if row["MAN_COLL"] == _NOT_BETWEEN_VEHICLES:
        return _BY_HARM.get(row["HARM_EV"], "other")
    return _BY_MANNER.get(row["MAN_COLL"], "collision")


def _when(row: dict[str, str]) -> tuple[dt.datetime, str]:
    hour, minute, precision = row["HOUR"], row["MINUTE"], "minute"
    if hour == _UNKNOWN:
        hour, minute, precision = "12", "0", "day"
    elif minute == _UNKNOWN:
        minute, precision = "0", "hour"
    zone = ZoneInfo(_ZONES[int(row["STATE"])])
    day = int(row["YEAR"]), int(row["MONTH"]), int(row["DAY"])
    return dt.datetime(*day, int(hour), int(minute), tzinfo=zone), precision


def write_events(path: Path) -> None:
    """Write all accidents as NDJSON."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows():
            file.write(json.dumps(event_of(row)) + "\n")
