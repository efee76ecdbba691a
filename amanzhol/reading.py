"""Reads what the stream has counted so far, from Kafka alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from models.books import Books
from models.latest import LatestCells, LatestCoverage
from models.records import decode_cell, decode_checkpoint, decode_coverage
from models.topics import CHECKPOINT_KEY, SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE
from streams.kafka import CommittedLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.topics import Topics

    Progress = Callable[[int, int], None]


class Counted(NamedTuple):
    """Everything counted, with the books it belongs to, and the digests of the networks that it was counted on."""

    cells: LatestCells
    coverage: LatestCoverage
    books: Books
    networks: frozenset[str]


class CountedReader:
    """Follows the output topics. `read` takes in what has been committed since the last call."""

    def __init__(self, broker: str, topics: Topics) -> None:
        """Find the topics. Raises BrokerUnavailableError where no broker answers, RunError where there are none."""
        self._log = CommittedLog(broker, topics, (SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE))
        self._cells = LatestCells()
        self._coverage = LatestCoverage()
        self._books: dict[int, Books] = {}
        self._networks: dict[int, str] = {}

    def read(self, progress: Progress | None = None) -> Counted:
        """Read to the present end of the topics; `progress` is told how many offsets of how many lie behind."""
        for record in self._log.read_to_end(progress):
            if record.value is None:
                continue
            if record.topic == SEGMENT_COUNTS:
                self._cells.read(decode_cell(record.value))
            elif record.topic == SEGMENT_COVERAGE:
                self._coverage.read(decode_coverage(record.value))
            elif record.key == CHECKPOINT_KEY:
                checkpoint = decode_checkpoint(record.value)
                self._books[record.partition] = Books(**checkpoint.books)
                self._networks[record.partition] = checkpoint.fingerprint.network
        books = sum(self._books.values(), Books())
        return Counted(self._cells, self._coverage, books, frozenset(self._networks.values()))

    def close(self) -> None:
        """Leave Kafka."""
        self._log.close()
