"""The input of one run: events of all types, in no good order, with everything that goes wrong on the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from models.partitioning import murmur2
from models.topics import ACCIDENTS, CORRECTIONS, INPUTS, REPORTS, REROUTED, STATUSES, VIOLATIONS
from tests.simulation.rules import CAMERAS, KILOMETRES

if TYPE_CHECKING:
    from random import Random

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
"""When the simulated clock shows 0."""

_OFFENCES = ("592.1", "592.2", "599")
_JUNK = (
    b"",
    b"   ",
    b"\xff\xfe",
    b"{",
    b"[]",
    b"null",
    b'{"type": "violation"}',
    b'{"type": "siren", "event_id": "1", "source_id": "cam0", "occurred_at": "2025-03-01T11:00:00Z"}',
    b'{"type": "report", "event_id": "1", "source_id": "egov", "occurred_at": "2025-03-01T11:00:00"}',
    None,
)


class Record(NamedTuple):
    """What a producer appends: to which topic (without prefix) and partition."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None


def workload(rng: Random, events: int, partitions: int) -> list[Record]:
    """Draw about so many records."""
    drawn = _Draw(rng, partitions)
    records = [drawn.record(number) for number in range(events)]
    for _ in range(events // 5):  # producers' retries, and days that are sent again
        again = rng.choice(records)
        records.insert(rng.randrange(len(records)), drawn.astray(again))
    return records


class _Draw:
    def __init__(self, rng: Random, partitions: int) -> None:
        self._rng = rng
        self._partitions = partitions
        self._told: list[tuple[str, str]] = [("cam0", "never sent")]

    def record(self, number: int) -> Record:
        rng = self._rng
        draw = rng.random()
        if draw < 0.06:
            topic = rng.choice((*INPUTS, REROUTED))
            return Record(topic, rng.randrange(self._partitions), None, rng.choice(_JUNK))
        topic, event, home = self._event(number, draw)
        if rng.random() < 0.02:
            topic = rng.choice(INPUTS)  # often another than its type's
        value = json.dumps(event, separators=(",", ":")).encode()
        record = Record(topic, self._home(home), home.encode(), value)
        return self.astray(record)

    def astray(self, record: Record) -> Record:
        """Send one record in eight by a producer that chooses partitions at random."""
        if record.topic == REROUTED or self._rng.random() > 0.125:
            return record
        return record._replace(partition=self._rng.randrange(self._partitions))

    def _home(self, source_id: str) -> int:
        return (murmur2(source_id.encode()) & 0x7FFFFFFF) % self._partitions

    def _event(self, number: int, draw: float) -> tuple[str, dict, str]:
        rng = self._rng
        if draw < 0.45:
            source = rng.choice((*CAMERAS, *CAMERAS, "stranger"))
            return VIOLATIONS, self._told_of("violation", source, number, offence=rng.choice(_OFFENCES)), source
        if draw < 0.60:
            fields = {"kind": rng.choice(("overturn", "animal", "meteor")), "injured": rng.randrange(3)}
            return ACCIDENTS, self._told_of("accident", "mvd", number, **fields), "mvd"
        if draw < 0.70:
            return REPORTS, self._told_of("report", "egov", number, channel="egov", category="traffic"), "egov"
        if draw < 0.82:
            source = rng.choice(CAMERAS)
            event = self._told_of("status", source, number, state="active", passages=rng.randrange(9))
            start = datetime.fromisoformat(event["occurred_at"]) - timedelta(seconds=60)
            return STATUSES, event | {"period_start": start.isoformat()}, source
        correction = self._correction(number)
        return CORRECTIONS, correction, correction["target"]["source_id"]

    def _told_of(self, type_: str, source: str, number: int, **fields) -> dict:
        # The same id from two sources is two events.
        event_id = str(number if self._rng.random() < 0.9 else number // 2)
        if (source, event_id) in self._told:
            event_id = f"{number}-{type_}"
        self._told.append((source, event_id))
        event = {"type": type_, "event_id": event_id, "source_id": source, "occurred_at": self._when()}
        if self._rng.random() < 0.05:
            event["mode"] = "test"
        if self._rng.random() < 0.9:
            event["location"] = self._location()
        return event | fields

    def _location(self) -> dict:
        if self._rng.random() < 0.1:
            return {"route": "KAZ11", "km": 500.0, "area": "Beyneu"}
        return {"route": "KAZ11", "km": self._rng.choice(KILOMETRES) + 0.25}

    def _when(self) -> str:
        draw = self._rng.random()
        if draw < 0.03:
            return (START + timedelta(days=1)).isoformat()  # a clock that is wrong
        if draw < 0.06:
            return (START - timedelta(days=60)).isoformat()  # before the horizon
        return (START - timedelta(minutes=self._rng.randrange(0, 40))).isoformat()

    def _correction(self, number: int) -> dict:
        rng = self._rng
        event = {
            "type": "correction",
            "event_id": f"c{number}",
            "source_id": rng.choice(("clerk", "judge")),
            "occurred_at": (START - timedelta(minutes=rng.randrange(0, 5))).isoformat(),
        }
        source, event_id = rng.choice(self._told)
        if rng.random() < 0.05:
            event_id = str(number + rng.randrange(1, 9))  # of an event that comes later, or never
        draw = rng.random()
        if draw < 0.25:
            begin = START - timedelta(minutes=rng.randrange(0, 40))
            end = begin + timedelta(minutes=rng.randrange(-2, 20))  # some end before they begin
            span = {"source_id": source, "from": begin.isoformat(), "to": end.isoformat()}
            return event | {"target": span, "action": rng.choice(("retract", "restore"))}
        event["target"] = {"source_id": source, "event_id": event_id}
        if draw < 0.65:
            return event | {"action": rng.choice(("retract", "retract", "restore"))}
        return event | {"action": "amend", "fields": self._amended()}

    def _amended(self) -> dict:
        rng = self._rng
        return rng.choice(
            (
                {"dead": 1, "injured": rng.randrange(3)},
                {"offence": rng.choice(_OFFENCES)},
                {"location": self._location()},
                {"handled_at": (START + timedelta(hours=rng.randrange(3))).isoformat()},
                {"kind": "animal"},
                {"dead": "one"},
            )
        )
