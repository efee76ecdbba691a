"""Whether every acknowledged event was counted once: the stream's output against a recount of its input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from amanzhol.files.output import write_table
from amanzhol.rules import load_rules
from amanzhol.settings import Settings
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.cells import CellKey, merge
from models.index import entries_for
from models.ledger import Ledger
from models.records import decode_quarantine
from models.tables import counts_table, coverage_table, detail_table
from models.topics import INPUTS, QUARANTINE
from streams.kafka import CommittedLog, StateReader
from streams.partition import fingerprint_of, restore_partition
from tests.faults.cluster import environment, input_ends
from tests.faults.workload import PARTITIONS, UNREADABLE, Place, home

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from models.cells import Cell
    from models.sighting import Rules
    from models.topics import Topics
    from tests.faults.workload import Sent

_BATCH = 10_000
_TABLES = ("out", "detail", "coverage")


class Arrived(NamedTuple):
    """A record as it lies in an input topic."""

    place: Place
    arrival_us: int
    value: bytes | None


@dataclass
class Verdict:
    """What was found. `findings` says in words what is wrong; none means that all is as it must be."""

    acknowledged: int = 0
    received: int = 0
    lost: int = 0
    twice: int = 0
    quarantine_expected: int = 0
    quarantine_found: int = 0
    findings: list[str] = field(default_factory=list)


def seed_rules() -> Rules:
    """The rules under which the workers count, too."""
    return load_rules(Settings(network=NETWORK_PATH, devices=DEVICES_PATH, timezone="Asia/Aqtau"))


def arrived(broker: str, topics: Topics, unreadable: Collection[Place]) -> list[Arrived]:
    """Everything that can be read in the input topics, those of each partition in order."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "faults", "enable.auto.commit": False})
    found = []
    for (topic, number), end in input_ends(broker, topics).items():
        damaged = sorted(place.offset for place in unreadable if place[:2] == (topic, number))
        stretches = [(0, damaged[0]), (damaged[-1] + 1, end)] if damaged else [(0, end)]
        for begin, until in stretches:
            reached = begin
            consumer.assign([TopicPartition(topics.name(topic), number, begin)])
            while reached < until:
                for message in consumer.consume(_BATCH, 1.0):
                    if message.error() is not None and not damaged:
                        raise RuntimeError(message.error().str())
                    if message.error() is None and message.offset() < until:
                        place = Place(topic, number, message.offset())
                        found.append(Arrived(place, message.timestamp()[1] * 1000, message.value()))
                        reached = place.offset + 1
    consumer.close()
    return found


def recount(records: Iterable[Arrived], rules: Rules) -> tuple[Ledger, dict[Place, str]]:
    """Fold the input once, without partitions and without failures. Returns what was refused besides."""
    by_topic: dict[str, list[Arrived]] = defaultdict(list)
    for record in records:
        by_topic[record.place.topic].append(record)
    ledger = Ledger(rules)
    refused = {}
    for topic in INPUTS:
        of_topic = by_topic[topic]
        for at in range(0, len(of_topic), _BATCH):
            batch = of_topic[at : at + _BATCH]
            folded = ledger.fold([one.value for one in batch], topic, [one.arrival_us for one in batch])
            refused |= {batch[row].place: error.code for row, error in folded.refused}
    return ledger, refused


def judge(broker: str, topics: Topics, acknowledged: Mapping[Place, Sent], folder: Path) -> Verdict:
    """Compare all that the stream wrote with the recount, and the recount with what was sent."""
    verdict = Verdict(acknowledged=len(acknowledged))
    rules = seed_rules()
    unreadable = {place for place, sent in acknowledged.items() if sent.code == UNREADABLE}
    records = arrived(broker, topics, unreadable)
    verdict.received = len(records) + len(unreadable)
    ledger, refused = recount(records, rules)
    ledger.refuse(len(unreadable))
    refused |= dict.fromkeys(unreadable, UNREADABLE)
    _compare_input(verdict, records, {at: sent for at, sent in acknowledged.items() if at not in unreadable})
    _compare_tables(verdict, broker, topics, rules, ledger, folder)
    _compare_quarantine(verdict, broker, topics, acknowledged, refused)
    _compare_state(verdict, broker, topics, rules, ledger, acknowledged)
    return verdict


def _compare_input(verdict: Verdict, records: list[Arrived], acknowledged: Mapping[Place, Sent]) -> None:
    """Whether the broker kept what it acknowledged."""
    held = {record.place: record.value for record in records}
    gone = [place for place, sent in acknowledged.items() if place not in held or held[place] != sent.value]
    if gone:
        verdict.lost += len(gone)
        verdict.findings.append(f"the broker lost {len(gone)} acknowledged records, such as {gone[0]}")


def _compare_tables(verdict: Verdict, broker: str, topics: Topics, rules: Rules, ledger: Ledger, folder: Path) -> None:
    """Whether `export` writes what a recount writes, byte for byte, and the books balance in the same way."""
    exported = folder / "exported"
    exported.mkdir()
    paths = {name: exported / f"{name}.csv" for name in _TABLES} | {"books": exported / "books.json"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "amanzhol", "export", "--broker", broker, "--prefix", topics.prefix),
            *(word for name, path in paths.items() for word in (f"--{name}", str(path))),
        ],
        env=environment(),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        verdict.findings.append(f"export ended with {done.returncode}: {done.stderr.strip()}")
        return
    cells = {CellKey(segment_id, start): cell for segment_id, start, cell in ledger.cells()}
    fleet = [kind.name for kind in Settings().fleet_kinds]
    counted = folder / "recounted"
    counted.mkdir()
    write_table(counts_table(cells, rules.windows.end, fleet), counted / "out.csv")
    write_table(detail_table(cells), counted / "detail.csv")
    write_table(coverage_table(ledger.coverage_cells(), fleet), counted / "coverage.csv")
    for name in _TABLES:
        missing, surplus = differences(_rows(counted / f"{name}.csv"), _rows(paths[name]))
        if missing or surplus:
            verdict.findings.append(f"{name}: {missing} too few, {surplus} too many in `export`")
        if name == "detail":
            verdict.lost += missing
            verdict.twice += surplus
        if (counted / f"{name}.csv").read_bytes() != paths[name].read_bytes() and not missing + surplus:
            verdict.findings.append(f"{name}: the same figures in other bytes")
    books = json.loads(paths["books"].read_bytes())
    if books != ledger.books.as_dict():
        verdict.findings.append(f"books: {books} in `export`, {ledger.books.as_dict()} recounted")
    if ledger.books.difference or books["received"] != verdict.received:
        verdict.findings.append(f"books: {books['received']} received of {verdict.received} records")


def _rows(path: Path) -> Counter[tuple[str, ...]]:
    """A table as sums: the figure of each row's words. Wide tables give one row per column."""
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    if not lines:
        return Counter()
    head, *rows = lines
    if head[-1] == "value":
        return Counter({tuple(row[:-1]): int(row[-1]) for row in rows})
    return Counter(
        {
            (*row[:2], name): int(value)
            for row in rows
            for name, value in zip(head[2:], row[2:], strict=True)
            if value.isdigit() and value != "0"
        }
    )


def differences(expected: Mapping[tuple[str, ...], int], found: Mapping[tuple[str, ...], int]) -> tuple[int, int]:
    """How much is missing and how much is too much, added up over the rows: what lies elsewhere counts in both.

    >>> differences({("a",): 2, ("b",): 1}, {("a",): 1, ("b",): 1, ("c",): 5})
    (1, 5)
    """
    keys = expected.keys() | found.keys()
    over = {key: found.get(key, 0) - expected.get(key, 0) for key in keys}
    return sum(max(-n, 0) for n in over.values()), sum(max(n, 0) for n in over.values())


def _compare_quarantine(
    verdict: Verdict, broker: str, topics: Topics, acknowledged: Mapping[Place, Sent], refused: Mapping[Place, str]
) -> None:
    """Whether exactly the planted records are in quarantine, each once and under its code."""
    log = CommittedLog(broker, topics, [QUARANTINE])
    found: Counter[tuple[Place, str]] = Counter()
    for record in log.read_to_end():
        refusal = decode_quarantine(record.value or b"")
        first = -1 if refusal.offset is None else refusal.offset
        for offset in range(first, first + refusal.records):
            found[Place(refusal.topic or "", refusal.partition or 0, offset), refusal.code] += 1
    log.close()
    planted = Counter({(place, sent.code): 1 for place, sent in acknowledged.items() if sent.code is not None})
    verdict.quarantine_expected, verdict.quarantine_found = planted.total(), found.total()
    for what, odd in (
        ("missing from quarantine", planted - found),
        ("in quarantine without reason, or again", found - planted),
        ("refused by the recount alone", Counter(dict.fromkeys(refused.items(), 1)) - found),
        ("refused by the stream alone", found - Counter(dict.fromkeys(refused.items(), 1))),
    ):
        if odd:
            verdict.findings.append(f"{odd.total()} records {what}, such as {next(iter(odd))}")


def _compare_state(
    verdict: Verdict, broker: str, topics: Topics, rules: Rules, ledger: Ledger, acknowledged: Mapping[Place, Sent]
) -> None:
    """Whether what a worker would restore now knows every event once, and has the recount's cells."""
    reader = StateReader(broker, topics, f"{topics.prefix}worker")
    fingerprint = fingerprint_of(rules, PARTITIONS)
    identities: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for sent in acknowledged.values():
        if sent.identity is not None:
            identities[home(sent.key)].add(sent.identity)
    cells: dict[CellKey, list[Cell]] = defaultdict(list)
    known = 0
    for number in range(PARTITIONS):
        restored = restore_partition(number, rules, fingerprint, reader.stored(number))
        if restored is None:
            verdict.findings.append(f"partition {number} has no state")
            continue
        wanted = sorted(identities[number])
        digests = [restored.ledger.digest_of(*identity) for identity in wanted]
        _held, there = restored.ledger.index.find(entries_for(digests))
        if not there.all():
            missing = [identity for identity, is_there in zip(wanted, there, strict=True) if not is_there]
            verdict.lost += len(missing)
            verdict.findings.append(f"partition {number}: {len(missing)} events not in the index, such as {missing[0]}")
        known += len(wanted)
        for segment_id, start, cell in restored.ledger.cells():
            cells[CellKey(segment_id, start)].append(cell)
    if {key: dict(merged) for key, parts in cells.items() if (merged := merge(parts))} != {
        CellKey(segment_id, start): dict(cell) for segment_id, start, cell in ledger.cells() if cell
    }:
        verdict.findings.append("the cells that would be restored are not those of the recount")
    books = ledger.books
    once = books.received - books.duplicate - books.quarantined
    if once != known:
        verdict.findings.append(f"{known} different events were acknowledged, {once} were counted once")
