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
    """Everything counted, with the books it belongs to."""

    cells: LatestCells
    coverage: LatestCoverage
    books: Books


class CountedReader:
    """Follows the output topics. `read` takes in what has been committed since the last call."""

    def __init__(self, broker: str, topics: Topics) -> None:
        """Find the topics. Raises BrokerUnavailableError where no broker answers, RunError where there are none."""
        self._log = CommittedLog(broker, topics, (SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE))
        self._cells = LatestCells()
        self._coverage = LatestCoverage()
        self._books: dict[int, Books] = {}

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
                self._books[record.partition] = Books(**decode_checkpoint(record.value).books)
        return Counted(self._cells, self._coverage, sum(self._books.values(), Books()))

    def close(self) -> None:
        """Leave Kafka."""
        self._log.close()
