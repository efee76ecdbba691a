"""Breakdowns on request (`simulate --fault`): what a device does that is unwell, from when to when.

Imperfections are what happens every day and change no total; a breakdown is caused on purpose, to see it noticed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from devices.simulator.fleet import registry_rows
from devices.simulator.moments import SECOND_US, rfc3339
from models.topics import STATUSES, VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from devices.simulator.record import SimulatedRecord

SILENT: Final = "silent"
CLOCK: Final = "clock"
STUCK: Final = "stuck"
SPEED: Final = "speed"
BROKEN: Final = "broken"
KINDS: Final = {
    SILENT: "sends nothing",
    CLOCK: "dates everything three hours back, as with the time zone of its factory",
    STUCK: "sends one violation over and over",
    SPEED: "measures 102 km/h, whatever passes",
    BROKEN: "sends half of each record",
}
SCOPES: Final = ("device", "site", "uplink", "district", "kind")

_FORM: Final = re.compile(r"([a-z]+):([a-z]+)=([^@]+)(?:@(\d{1,6})([smhd])-(\d{1,6})([smhd]))?")
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_CLOCK_US: Final = -3 * 3_600 * SECOND_US
_STUCK_SPEED_KMH: Final = 102


class Breakdown(NamedTuple):
    """What goes wrong with which devices in `[from_us, to_us)` of simulated time."""

    kind: str
    devices: frozenset[str]
    from_us: int
    to_us: int


def parse_breakdown(text: str, start_us: int) -> Breakdown:
    """Read `silent:uplink=fibre-aktau@10m-40m`, counted from `start_us`; without the last part it is for good.

    Raises ValueError that says what is wrong.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r}: write it like silent:device=cam-007, or clock:uplink=lte-highway@10m-40m")
    kind, scope, name, from_, from_unit, to, to_unit = match.groups()
    if kind not in KINDS:
        raise ValueError(f"{text!r}: there is {', '.join(KINDS)}, but no {kind}")
    if scope not in SCOPES:
        raise ValueError(f"{text!r}: a fault is of a {', a '.join(SCOPES)}, not of a {scope}")
    column = "device_id" if scope == "device" else scope
    devices = frozenset(row["device_id"] for row in registry_rows() if row[column] == name)
    if not devices:
        raise ValueError(f"{text!r}: no device of the simulated fleet has the {scope} {name!r}")
    if from_ is None:
        return Breakdown(kind, devices, start_us, 2**62)
    begin_us = start_us + int(from_) * _UNIT_S[from_unit] * SECOND_US
    end_us = start_us + int(to) * _UNIT_S[to_unit] * SECOND_US
    if end_us <= begin_us:
        raise ValueError(f"{text!r}: ends before it begins")
    return Breakdown(kind, devices, begin_us, end_us)


def broken_down(records: Iterable[SimulatedRecord], breakdowns: Sequence[Breakdown]) -> Iterator[SimulatedRecord]:
    """Let records, in the order in which they are sent, go through breakdowns."""
    for record in records:
        spoiled = [record]
        for breakdown in breakdowns:
            if breakdown.from_us <= record.sent_at < breakdown.to_us and record.key in breakdown.devices:
                spoiled = [made for one in spoiled for made in _SPOILERS[breakdown.kind](one, breakdown)]
        yield from spoiled


def _silent(_record: SimulatedRecord, _breakdown: Breakdown) -> list[SimulatedRecord]:
    return []


def _clock(record: SimulatedRecord, _breakdown: Breakdown) -> list[SimulatedRecord]:
    try:
        event = msgspec.json.decode(record.value)
        event |= {name: _shifted(event[name]) for name in ("occurred_at", "period_start") if name in event}
    except (msgspec.DecodeError, TypeError, ValueError, AttributeError):
        return [record]  # one that was broken anyway
    return [record._replace(value=msgspec.json.encode(event))]


def _shifted(text: str) -> str:
    return rfc3339(round(datetime.fromisoformat(text).timestamp() * 1e6) + _CLOCK_US, 3)


def _stuck(record: SimulatedRecord, breakdown: Breakdown) -> list[SimulatedRecord]:
    if record.topic != STATUSES:
        return [record]
    event = _violation(record, breakdown.from_us, "stuck")
    return [record, record._replace(topic=VIOLATIONS, value=msgspec.json.encode(event))]


def _speed(record: SimulatedRecord, _breakdown: Breakdown) -> list[SimulatedRecord]:
    if record.topic != STATUSES:
        return [record]
    event = _violation(record, record.sent_at, f"speed-{record.sent_at // SECOND_US}")
    return [record, record._replace(topic=VIOLATIONS, value=msgspec.json.encode(event))]


def _violation(record: SimulatedRecord, occurred_us: int, event_id: str) -> dict[str, Any]:
    event = {
        "type": "violation",
        "event_id": event_id,
        "source_id": record.key,
        "occurred_at": rfc3339(occurred_us, 3),
        "offence": "592.3",
        "speed_kmh": _STUCK_SPEED_KMH,
        "limit_kmh": 60,
    }
    location = msgspec.json.decode(record.value).get("location")
    return event if location is None else event | {"location": location}


def _broken(record: SimulatedRecord, _breakdown: Breakdown) -> list[SimulatedRecord]:
    return [record._replace(value=record.value[: len(record.value) // 2])]


_SPOILERS: Final = {SILENT: _silent, CLOCK: _clock, STUCK: _stuck, SPEED: _speed, BROKEN: _broken}
