"""The register of accidents of Astana, 2011 to 2026, as events of the contract, and the highways it names."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "accidents" / "kz_astana_accidents_2011_2026.csv.gz"
SOURCE_ID = "astana-register"
ZONE = ZoneInfo("Asia/Almaty")
"""UTC+6 until 1 March 2024, UTC+5 since."""

KINDS = {
    "01": "collision",
    "02": "overturn",
    "03": "parked_vehicle",
    "04": "obstacle",
    "05": "pedestrian",
    "06": "cyclist",
    "07": "animal_drawn",
    "08": "animal",
    "09": "other",
    "10": "side_collision",
    "11": "rear_collision",
    "12": "passenger_fall",
}
"""By `fd1r08p1`. The codes 13 to 15 occur without a name anywhere: they are sent as they are."""

_HIGHWAYS_KM = {"002": (1200, 1300), "042": (10, 40), "043": (10, 50), "044": (20, 50)}
"""The stretches of the four highways on which most of those accidents lie that have a kilometre."""

_SEGMENT_KM = 10
_MAX_WORD = 64
# The register keeps a day as the instant of its midnight in UTC+6, also after the clock was changed.
_OF_THE_REGISTER = dt.timezone(dt.timedelta(hours=6))


def rows() -> Iterator[dict[str, str]]:
    """Read the accidents as they were published."""
    with gzip.open(SOURCE, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def local_time_of(row: dict[str, str]) -> dt.datetime:
    """Give the local time of an accident: the day of `rta_date` in the register's own offset, the time of `fd1r05p1`.

    `accident_datetime` is not to be used: whoever made it read `rta_date` in local time, so that from March 2024 on
    it is a day early, and its month differs from the register's own `period` at the turn of each month.
    """
    day = dt.datetime.fromtimestamp(int(row["rta_date"]) / 1000, _OF_THE_REGISTER).date()
    return dt.datetime.combine(day, dt.time.fromisoformat(row["fd1r05p1"]), ZONE)


def write_events(path: Path) -> None:
    """Write all accidents as NDJSON. A highway has its number where any row gives one, else its name."""
    register = list(rows())
    numbers = {row["fd1r061p1"]: row["fd1r061p0"] for row in register if row["fd1r061p0"]}
    with path.open("w", encoding="utf-8") as file:
        for row in register:
            file.write(json.dumps(_event_of(row, numbers), ensure_ascii=False) + "\n")


def _event_of(row: dict[str, str], numbers: dict[str, str]) -> dict[str, Any]:
    location: dict[str, Any] = {"lon": float(row["longitude"]), "lat": float(row["latitude"])}
    highway = row["fd1r061p1"]
    if highway:
        location |= {
            "route": numbers.get(highway, highway.strip()[:_MAX_WORD]),
            "km": float(row["fd1r061p2"]),
        }
    return {
        "type": "accident",
        "event_id": row["fd1id"],
        "source_id": SOURCE_ID,
        "occurred_at": local_time_of(row).isoformat(),
        "time_precision": "minute",
        "mode": "backfill",
        "location": location,
        "kind": KINDS.get(row["fd1r08p1"], row["fd1r08p1"]),
        # The register leaves out what is nought.
        "dead": int(row["fd1r13p2"] or 0),
        "injured": int(row["fd1r13p1"] or 0),
    }


def segment_ids() -> set[str]:
    """Name the segments of `network`, each by its highway and first kilometre."""
    return {feature["properties"]["segment_id"] for feature in network()["features"]}


def network() -> dict[str, Any]:
    """Make the network of the contract: kilometre posts without geometry."""
    segments = []
    for route, (first_km, end_km) in _HIGHWAYS_KM.items():
        for from_km in range(first_km, end_km, _SEGMENT_KM):
            properties = {
                "segment_id": f"{route}/{from_km}",
                "route": route,
                "from_km": from_km,
                "to_km": from_km + _SEGMENT_KM,
            }
            segments.append({"type": "Feature", "geometry": None, "properties": properties})
    return {"type": "FeatureCollection", "features": segments}
