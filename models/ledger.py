"""The ledger of one source partition: its books, its cells, its coverage and its index, folded together.

The stream and the file path count with this same code; they differ in where records come from and where the
ledger's changes go.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from models import books
from models.books import Books
from models.cells import CellKey
from models.coverage import CoverageCell, Watcher
from models.decoding import decode_all
from models.index import EventIndex, digester, entries_for
from models.sighting import MICROSECOND, Observer, Rules, Sightings, Vocabulary
from models.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.cells import Cell
    from models.errors import RecordError
    from models.events import Event

DEFAULT_KEY = b"amanzhol"
"""Key of the index where no attacker chooses the ids: one run over files."""


class Folded(NamedTuple):
    """What became of a batch: `columns[i]` is the column of the books of its record `i`."""

    decoded: Sequence[Event | RecordError]
    columns: list[str]
    sightings: Sightings

    @property
    def refused(self) -> list[tuple[int, RecordError]]:
        """The records that go to quarantine, by their place in the batch."""
        return self.sightings.refused


class Ledger:
    """Everything that one source partition has to say, in memory.

    Feed it with `fold`; `take_changes` gives what has to be stored so that `streams.restore` can make it anew.
    """

    def __init__(self, rules: Rules, key: bytes = DEFAULT_KEY, vocabulary: Vocabulary | None = None) -> None:
        """Begin with nothing counted. `key` is that of the index's digests, at most 64 bytes."""
        self.rules = rules
        self.key = key
        self.books = Books()
        self.vocabulary = vocabulary or Vocabulary()
        self.index = EventIndex()
        self.tallies = Tallies()
        self.coverage: dict[tuple[int, int], CoverageCell] = {}
        self._coverage_changed: set[tuple[int, int]] = set()
        self._entered: list[NDArray[np.void]] = []
        self._digest = digester(key)
        self._observer = Observer(rules, self.vocabulary)

    def fold(
        self,
        records: Sequence[bytes | None],
        topic: str | None = None,
        arrivals_us: Sequence[int] | None = None,
    ) -> Folded:
        """Count a batch of records. Each comes to stand in one column of the books; none raises.

        `topic` is the input topic they were read from and `arrivals_us` when they reached its log, in microseconds
        since 1970; both None for files, where nothing is in the future and any type may stand anywhere.
        """
        decoded = decode_all(records)
        seen = self._observer.observe(decoded, topic, arrivals_us)
        columns = [books.QUARANTINED] * len(records)
        if seen.at:
            new = self._enter(seen)
            for at, column, is_new in zip(seen.at, seen.column, new, strict=True):
                columns[at] = column if is_new else books.DUPLICATE
            self._tally(seen, new)
        self.books += Books.of(Counter(columns))
        return Folded(decoded, columns, seen)

    def refuse(self, count: int) -> None:
        """Enter records that could not even be read: one in quarantine for each."""
        self.books += Books.of({books.QUARANTINED: count})

    def _enter(self, seen: Sightings) -> list[bool]:
        """Enter the sightings into the index. Returns which of them were not known yet."""
        digest = self._digest
        entries = entries_for([digest(event.source_id, event.event_id) for event in seen.events])
        entries["segment"] = seen.segment
        entries["time"] = seen.time_us
        code = self.vocabulary.sources.code
        entries["source"] = [code(event.source_id) for event in seen.events]
        entries["contribution"] = seen.contribution
        new = self.index.add_new(entries)
        if new.any():
            self._entered.append(entries[new])
        return [bool(is_new) for is_new in new.tolist()]

    def _tally(self, seen: Sightings, new: list[bool]) -> None:
        start = self.rules.windows.start
        counted: Counter[tuple[int, int, int]] = Counter()
        for row, is_new in enumerate(new):
            if not is_new:
                continue
            if seen.column[row] == books.STATUSES:
                self._watch(seen.events[row], seen.segment[row], seen.time_us[row], seen.fleet[row])
            else:
                window = start(seen.time_us[row] // MICROSECOND)
                counted[seen.segment[row], window, seen.contribution[row]] += 1
        for (segment, window, contribution), times in counted.items():
            added = self.vocabulary.contributions[contribution]
            if added:
                self.tallies.add(segment, window, added, times)

    def _watch(self, status: Any, segment: int, time_us: int, fleet: str) -> None:
        """Note what an active device watched, hour by hour. A fleet that is not known watches nothing."""
        if not fleet or status.state != "active" or segment == self._observer.nowhere.segment:
            return
        hours = self.rules.hours
        end = time_us // MICROSECOND
        begin = int(status.period_start.timestamp() // 1)
        while begin < end:
            hour = hours.start(begin)
            upto = min(end, hours.end(hour))
            cell = self._coverage_cell(segment, hour)
            cell.watch(Watcher(fleet, status.source_id), begin, upto)
            begin = upto
        if status.passages:
            # A period that ends with the hour belongs to that hour: its end is exclusive.
            self._coverage_cell(segment, hours.start(max(time_us - 1, 0) // MICROSECOND)).passages += status.passages

    def _coverage_cell(self, segment: int, hour: int) -> CoverageCell:
        self._coverage_changed.add((segment, hour))
        return self.coverage.setdefault((segment, hour), CoverageCell())

    def restore_cell(self, segment_id: str, window_start: int, cell: Cell) -> None:
        """Set a cell to what was stored of it."""
        self.tallies.restore(self.vocabulary.segments.code(segment_id), window_start, cell.items())

    def restore_coverage(self, segment_id: str, hour: int, cell: CoverageCell) -> None:
        """Set a coverage cell to what was stored of it."""
        self.coverage[self.vocabulary.segments.code(segment_id), hour] = cell

    # -- what has to be stored -----------------------------------------------------------------------------

    def take_entries(self) -> NDArray[np.void]:
        """Index entries since the last call."""
        entered, self._entered = self._entered, []
        return np.concatenate(entered) if entered else entries_for([])

    def take_cells(self) -> Iterator[tuple[str, int, Cell]]:
        """Cells that changed since the last call: segment id, window start, all figures."""
        for segment, window, cell in self.tallies.take_changed():
            yield self.vocabulary.segments[segment], window, cell

    def take_coverage(self) -> Iterator[tuple[str, int, CoverageCell]]:
        """Coverage cells that changed since the last call: segment id, start of the hour, the cell."""
        changed, self._coverage_changed = self._coverage_changed, set()
        for segment, hour in changed:
            yield self.vocabulary.segments[segment], hour, self.coverage[segment, hour]

    def coverage_cells(self) -> dict[CellKey, CoverageCell]:
        """All coverage: who watched which segment in which hour."""
        return {
            CellKey(self.vocabulary.segments[segment], hour): cell for (segment, hour), cell in self.coverage.items()
        }

    def cells(self) -> Iterator[tuple[str, int, Cell]]:
        """All cells: segment id, window start, figures."""
        for segment, window, cell in self.tallies:
            yield self.vocabulary.segments[segment], window, cell
