"""The seeded records of the benchmark: what the fleet sends and what goes wrong in it, made by the million."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import shapely

from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.network_file import read_network
from models.topics import ACCIDENTS, REPORTS, STATUSES, VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20260101
START = datetime(2025, 3, 1, tzinfo=UTC)
SPAN_S = 7 * 86_400

MOVING = 0.06
DUPLICATES = 0.01
MALFORMED = 0.001
STATUS_SHARE, ACCIDENT_SHARE, REPORT_SHARE = 0.01, 0.001, 0.001
_RECENT = 5_000
_OFFENCES = ("592.1", "592.2", "592.3", "592.3-1", "594.1", "596.3", "599.1", "602.1")


class Record(NamedTuple):
    """A record for the topic of this name (without a prefix), with its key."""

    topic: str
    key: str
    value: bytes


def records(count: int, seed: int = SEED) -> Iterator[Record]:
    """Draw so many records, in order of their time; the same for the same seed."""
    rng = random.Random(seed)
    with DEVICES_PATH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fixed = [(row["device_id"], float(row["lon"]), float(row["lat"])) for row in rows if row["lon"]]
    moving = [row["device_id"] for row in rows if row["kind"] == "ekin_patrol"]
    roads = [segment.geometry for segment in read_network(NETWORK_PATH).segments if segment.geometry is not None]
    places = [position for line in roads for position in shapely.get_coordinates(line).tolist()]
    recent: list[Record] = []
    for number in range(count):
        draw = rng.random()
        if draw < DUPLICATES and recent:
            yield rng.choice(recent)
            continue
        at = (START + timedelta(seconds=SPAN_S * number / count, milliseconds=rng.randrange(1000))).isoformat(
            timespec="milliseconds"
        )
        record = _drawn(number, at, rng, fixed, moving, places)
        if rng.random() < MALFORMED:
            record = record._replace(value=record.value[: rng.randrange(1, len(record.value))])
        if len(recent) < _RECENT:
            recent.append(record)
        else:
            recent[rng.randrange(_RECENT)] = record
        yield record


def _drawn(
    number: int,
    at: str,
    rng: random.Random,
    fixed: list[tuple[str, float, float]],
    moving: list[str],
    places: list[list[float]],
) -> Record:
    common = {"event_id": f"{SEED}-{number:09d}", "occurred_at": at}
    kind = rng.random()
    lon, lat = (round(position + rng.uniform(-1e-4, 1e-4), 6) for position in rng.choice(places)[:2])
    if kind < ACCIDENT_SHARE:
        event = {"type": "accident", "source_id": "mvd-register", **common, "kind": "collision", "injured": 1}
        return _record(ACCIDENTS, event | {"location": {"lon": lon, "lat": lat}})
    kind -= ACCIDENT_SHARE
    if kind < REPORT_SHARE:
        event = {"type": "report", "source_id": "egov", **common, "channel": "egov", "category": "traffic"}
        return _record(REPORTS, event | {"location": {"lon": lon, "lat": lat}})
    kind -= REPORT_SHARE
    source, fixed_lon, fixed_lat = rng.choice(fixed)
    if kind < STATUS_SHARE:
        begin = (datetime.fromisoformat(at) - timedelta(seconds=60)).isoformat(timespec="milliseconds")
        event = {"type": "status", "source_id": source, **common, "state": "active", "period_start": begin}
        return _record(STATUSES, event | {"passages": rng.randrange(40)})
    speed = rng.randrange(71, 140)
    event = {
        "type": "violation",
        "event_id": common["event_id"],
        "source_id": source,
        "occurred_at": at,
        "offence": rng.choice(_OFFENCES),
        "location": {"lon": fixed_lon, "lat": fixed_lat},
        "vehicle_class": "car",
        "lane": rng.randrange(1, 4),
        "confidence": round(rng.uniform(0.8, 1), 2),
        "stage": "confirmed",
        "speed_kmh": speed,
        "limit_kmh": 60,
    }
    if rng.random() < MOVING:
        where = {"lon": lon, "lat": lat, "heading": rng.randrange(360), "accuracy_m": 5.0, "of": "unit"}
        event |= {"source_id": rng.choice(moving), "location": where}
    return _record(VIOLATIONS, event)


def _record(topic: str, event: dict[str, object]) -> Record:
    return Record(topic, str(event["source_id"]), json.dumps(event, separators=(",", ":")).encode())
