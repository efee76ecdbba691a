"""What a run must have come to: the input counted once, in one go, by the same pure fold and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from models.books import Books
from models.latest import LatestCells, LatestCoverage
from models.ledger import Ledger
from models.records import decode_cell, decode_checkpoint, decode_coverage, decode_quarantine
from models.topics import CHECKPOINT_KEY, INPUTS, QUARANTINE, READ, REROUTED, SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE
from streams.rerouting import forwarded_from
from tests.simulation.rules import RULES, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.cells import CellKey
    from models.coverage import CoverageCell
    from models.records import CheckpointRecord
    from tests.simulation.log import Entry, Log, Transaction


class WrongError(AssertionError):
    """The product broke a promise."""


class Outcome(NamedTuple):
    """All that a reader can see: compare two of them.

    Cells without figures are left out: that something was counted there for a while is no figure. `refused` are the
    places of quarantined records and their codes, each with how often it is there.
    """

    cells: dict
    coverage: dict
    books: Books
    refused: Counter[tuple[str, int, int, str]]

    def differences(self, other: Outcome) -> list[str]:
        """Say in what two outcomes differ, the first few of each kind."""
        told = []
        for name, mine, theirs in zip(self._fields, self, other, strict=True):
            if isinstance(mine, Books):
                if mine != theirs:
                    told.append(f"{name}: {mine} is not {theirs}")
                continue
            keys = [key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)]
            told += [f"{name}: {key}: {mine.get(key)} is not {theirs.get(key)}" for key in sorted(keys, key=str)[:3]]
        return told


def expected(log: Log, partitions: int) -> Outcome:
    """Count the whole input, misrouted records in their places, whatever partition they lie on."""
    ledger = Ledger(RULES)
    refused: Counter[tuple[str, int, int, str]] = Counter()
    for topic in INPUTS:
        records = list(_records(log, topic, partitions))
        if not records:
            continue
        values = [entry.value for _, entry in records]
        folded = ledger.fold(values, topic, [entry.timestamp_ms * 1000 for _, entry in records])
        refused.update((topic, records[at][0], records[at][1].offset, error.code) for at, error in folded.refused)
    for number, entry in _records(log, REROUTED, partitions):
        if forwarded_from(entry.headers) is None:
            ledger.refuse(1)
            refused[REROUTED, number, entry.offset, "misrouted"] += 1
    cells = {(segment, start): dict(cell) for segment, start, cell in ledger.cells() if cell}
    return Outcome(cells, _figures(ledger.coverage_cells()), ledger.books, refused)


def published(log: Log, partitions: int) -> Outcome:
    """Read what the workers have written, as readers do."""
    cells, coverage = LatestCells(), LatestCoverage()
    for _, entry in _records(log, SEGMENT_COUNTS, partitions):
        cells.read(decode_cell(entry.value))
    for _, entry in _records(log, SEGMENT_COVERAGE, partitions):
        coverage.read(decode_coverage(entry.value))
    refused: Counter[tuple[str, int, int, str]] = Counter()
    for _, entry in _records(log, QUARANTINE, partitions):
        one = decode_quarantine(entry.value)
        refused[one.topic, one.partition, one.offset, one.code] += 1
    return Outcome(
        {tuple(key): cell for key, cell in cells.cells().items() if cell},
        _figures(coverage.cells()),
        sum((Books(**one.books) for one in checkpoints(log, partitions).values()), Books()),
        refused,
    )


def _figures(coverage: Mapping[CellKey, CoverageCell]) -> dict:
    told = {tuple(key): (cell.watched_s_by_fleet(), cell.passages) for key, cell in coverage.items()}
    return {key: figures for key, figures in told.items() if any(figures)}


def checkpoints(log: Log, partitions: int) -> dict[int, CheckpointRecord]:
    """The last committed checkpoint of each partition that has one."""
    return {
        number: decode_checkpoint(entry.value)
        for number, entry in _records(log, STATE, partitions)
        if entry.key == CHECKPOINT_KEY
    }


def is_counted_through(log: Log, partitions: int) -> bool:
    """Whether all input lies before the committed checkpoints, and no transaction is under way."""
    if log.ongoing:
        return False
    found = checkpoints(log, partitions)
    for number in range(partitions):
        offsets = found[number].offsets if number in found else {}
        for topic in READ:
            partition = log.partitions[TOPICS.name(topic), number]
            if any(True for _ in partition.committed(offsets.get(topic, 0))):
                return False
    return True


class CheckpointWatch:
    """Looks at every transaction when it is decided: what is committed balances, grows, and has its offsets."""

    def __init__(self) -> None:
        self._last: dict[int, CheckpointRecord] = {}
        self.committed = 0

    def __call__(self, transaction: Transaction) -> None:
        if not transaction.commit:
            return
        self.committed += 1
        found = {}
        for (topic, number), entry in transaction.records:
            if topic == TOPICS.name(STATE) and entry.key == CHECKPOINT_KEY:
                found[number] = decode_checkpoint(entry.value)
        offsets: dict[int, dict[str, int]] = {}
        for (topic, number), offset in transaction.offsets.items():
            offsets.setdefault(number, {})[TOPICS.input_of(topic)] = offset
        if offsets != {number: one.offsets for number, one in found.items()}:
            raise WrongError(f"a transaction commits the offsets {offsets} with the checkpoints {found}")
        for number, one in found.items():
            self._look(number, one)

    def _look(self, number: int, one: CheckpointRecord) -> None:
        difference = Books(**one.books).difference
        if difference:
            raise WrongError(f"the books of partition {number} are {difference} off: {one.books}")
        last = self._last.get(number)
        self._last[number] = one
        if last is None:
            return
        if one.revision != last.revision._replace(checkpoint=last.revision.checkpoint + 1):
            raise WrongError(f"partition {number}: revision {one.revision} follows on {last.revision}")
        if any(one.offsets[topic] < offset for topic, offset in last.offsets.items()):
            raise WrongError(f"partition {number}: offsets {one.offsets} follow on {last.offsets}")


def _records(log: Log, topic: str, partitions: int) -> Iterator[tuple[int, Entry]]:
    for number in range(partitions):
        for entry in log.partitions[TOPICS.name(topic), number].committed(0):
            if entry.value is not None or topic in READ:
                yield number, entry
