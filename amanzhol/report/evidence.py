"""Reads all that was counted for a summary: from Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amanzhol.reading import CountedReader
from amanzhol.report.figures import Evidence, Seen
from models.coverage import add_span, watched_s

if TYPE_CHECKING:
    from amanzhol.reading import Progress
    from models.coverage import CoverageCell, Spans
    from models.topics import Topics


def from_kafka(broker: str, topics: Topics, progress: Progress | None = None) -> Evidence:
    """Read the newest state of every cell.

    Raises BrokerUnavailableError where no broker answers, TopicMismatchError where nobody has counted.
    """
    reader = CountedReader(broker, topics)
    try:
        counted = reader.read(progress)
    finally:
        reader.close()
    coverage = {key: seen(cell) for key, cell in counted.coverage.cells().items()}
    return Evidence(counted.cells.cells(), counted.cells.window_end, coverage, f"Kafka ({topics.prefix}*)")


def seen(cell: CoverageCell) -> Seen:
    """Tell of an hour's coverage how long devices watched, and how long any of them did."""
    together: Spans = []
    for spans in cell.spans.values():
        for start, end in spans:
            add_span(together, start, end)
    return Seen(cell.watched_s_by_fleet(), watched_s(together), cell.passages)
