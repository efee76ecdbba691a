"""The ledger of one source partition: its books, its cells, its coverage and its index, folded together.

The stream and the file path count with this same code; they differ in where records come from and where the
ledger's changes go.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from models import books
from models.books import Books
from models.cells import CellKey
from models.coverage import Coverage, Watcher
from models.decoding import decode_all
from models.errors import RecordError
from models.index import EventIndex, digester, distinct, entries_for
from models.patrols import locate_fixes, mobile_kinds
from models.revising import Move, Reviser
from models.sighting import MICROSECOND, Observer, Rules, Sightings, Vocabulary
from models.tallies import FigureRow, Tallies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from models.cells import Cell
    from models.coverage import CoverageCell
    from models.events import Event
    from models.fleet import Registry

DEFAULT_KEY = b"amanzhol"
"""Key of the index where no attacker chooses the ids: one run over files."""


ELSEWHERE = ""
"""Column of a record that is another partition's to count."""


class Folded(NamedTuple):
    """What became of a batch: `columns[i]` is the column of the books of its record `i`.

    `strays` are the places of records that belong to another partition: they stand in no column here.
    """

    decoded: Sequence[Event | RecordError]
    columns: list[str]
    sightings: Sightings
    strays: list[int]

    @property
    def refused(self) -> list[tuple[int, RecordError]]:
        """The records that go to quarantine, by their place in the batch."""
        return self.sightings.refused


class Ledger:
    """Everything that one source partition has to say, in memory.

    Feed it with `fold`; the `take_*` give what has to be stored so that `restore_*` can make it anew.
    """

    def __init__(self, rules: Rules, key: bytes = DEFAULT_KEY, vocabulary: Vocabulary | None = None) -> None:
        """Begin with nothing counted. `key` is that of the index's digests, at most 64 bytes."""
        self.rules = rules
        self.key = key
        self.books = Books()
        self.vocabulary = vocabulary or Vocabulary()
        self.index = EventIndex()
        self.tallies = Tallies()
        self.coverage = Coverage(rules.hours)
        self._marks: Counter[str] = Counter()
        self._entered: list[NDArray[np.void]] = []
        self._digest = digester(key)
        self._observer = Observer(rules, self.vocabulary)
        self.reviser = Reviser(rules, self.vocabulary, self._observer, self.index, self.tallies)
        # Where a reader wants to know what became of events already told of (`count --located`), a dictionary.
        self.moves: dict[bytes, Move] | None = None

    def digest_of(self, source_id: str, event_id: str) -> bytes:
        """Digest an identity as the index knows it."""
        return self._digest(source_id, event_id)

    def fold(
        self,
        records: Sequence[bytes | None],
        topic: str | None = None,
        arrivals_us: Sequence[int] | None = None,
        is_stray: Callable[[Event], bool] | None = None,
    ) -> Folded:
        """Count a batch of records. Each comes to stand in one column of the books; none raises.

        `topic` is the input topic they were read from and `arrivals_us` when they reached its log, in microseconds
        since 1970; both None for files, where nothing is in the future and any type may stand anywhere. Events that
        `is_stray` are not counted, and it is for the caller to bring them where they belong.
        """
        decoded = decode_all(records)
        if self.rules.keyring is not None:
            decoded = self.rules.keyring.judge(records, decoded, arrivals_us)
        strays = [] if is_stray is None else _places_of(decoded, is_stray)
        seen = self._observer.observe(decoded, topic, arrivals_us, set(strays))
        mobile = mobile_kinds(self.rules.registry)
        locate_fixes(seen, mobile, self.rules.locator, self.vocabulary.segments)
        columns = [books.QUARANTINED] * len(records)
        for at in strays:
            columns[at] = ELSEWHERE
        revised: list[Move] = []
        if seen.at:
            digests = [self._digest(event.source_id, event.event_id) for event in seen.events]
            entries, new = self._enter(seen, digests)
            for at, column, is_new in zip(seen.at, seen.column, new, strict=True):
                columns[at] = column if is_new else books.DUPLICATE
            self._tally(seen, new, mobile)
            revised = self._correct(seen, digests, entries, new, arrivals_us)
        for noted in seen.noted.values():
            self._marks.update(noted)
        counts = Counter(columns)
        del counts[ELSEWHERE]
        self.books += Books.of(counts)
        for move in revised:
            self.books = self.books.moved(move.old_column, move.new_column)
            if self.moves is not None:
                self.moves[move.digest] = move
        return Folded(decoded, columns, seen, strays)

    def adopt(self, registry: Registry | None) -> None:
        """Judge what is folded from now on by another registry. What was folded before stays as it is."""
        self.rules = replace(self.rules, registry=registry)
        self._observer.adopt(registry)

    def refuse(self, count: int) -> None:
        """Enter records that could not even be read: one in quarantine for each."""
        self.books += Books.of({books.QUARANTINED: count})

    def _enter(self, seen: Sightings, digests: list[bytes]) -> tuple[NDArray[np.void], list[bool]]:
        """Enter the sightings into the index. Returns their entries and which of them were not known yet."""
        entries = entries_for(digests)
        entries["segment"] = seen.segment
        entries["time"] = seen.time_us
        code = self.vocabulary.sources.code
        entries["source"] = [code(event.source_id) for event in seen.events]
        entries["contribution"] = seen.contribution
        new = self.index.add_new(entries)
        if new.any():
            self._entered.append(entries[new])
        return entries, [bool(is_new) for is_new in new.tolist()]

    def _tally(self, seen: Sightings, new: list[bool], mobile: frozenset[str]) -> None:
        start = self.rules.windows.start
        counted: Counter[tuple[int, int, int]] = Counter()
        for row, is_new in enumerate(new):
            if not is_new:
                continue
            if seen.column[row] == books.STATUSES:
                fleet = seen.fleet[row]
                self._watch(seen.events[row], seen.segment[row], seen.time_us[row], fleet, moves=fleet in mobile)
            else:
                window = start(seen.time_us[row] // MICROSECOND)
                counted[seen.segment[row], window, seen.contribution[row]] += 1
        for (segment, window, contribution), times in counted.items():
            added = self.vocabulary.contributions[contribution]
            if added:
                self.tallies.add(segment, window, added, times)

    def _watch(self, status: Any, segment: int, time_us: int, fleet: str, *, moves: bool) -> None:
        """Note what an active device watched. A fleet that is not known watches nothing, nor who is nowhere."""
        if not fleet or status.state != "active" or segment == self._observer.nowhere.segment:
            return
        watcher = Watcher(fleet, status.source_id)
        start, end = int(status.period_start.timestamp() // 1), time_us // MICROSECOND
        if moves:
            self.coverage.patrol(segment, watcher, start, end, self.vocabulary.segments.__getitem__)
        else:
            self.coverage.watch(segment, watcher, start, end)
        if status.passages:
            # A period that ends with the hour belongs to that hour: its end is exclusive.
            self.coverage.passed(segment, (time_us - 1) // MICROSECOND, status.passages)

    def _correct(
        self,
        seen: Sightings,
        digests: list[bytes],
        entries: NDArray[np.void],
        new: list[bool],
        arrivals_us: Sequence[int] | None,
    ) -> list[Move]:
        """Apply what was said before to the events of a batch, and what the batch says to all events."""
        rulings = self.reviser.rulings
        concerned: list[NDArray[np.void]] = []
        for row in seen.kept:
            if new[row]:
                self.reviser.keep_value(digests[row], seen.events[row])
        if len(rulings):
            concerned += [
                entries[row : row + 1]
                for row, is_new in enumerate(new)
                if is_new and rulings.concerns(digests[row], seen.events[row].source_id)
            ]
        for row in seen.corrections:
            if new[row]:
                heard = self._heard(seen.events[row])
                concerned.append(heard if arrivals_us is None else self._touchable(heard, arrivals_us[seen.at[row]]))
        if not concerned:
            return []
        held, _found = self.index.find(distinct(np.concatenate(concerned)))
        revised, moves = self.reviser.revise(held)
        if len(revised):
            self._entered.append(revised)
        return moves

    def _heard(self, correction: Any) -> NDArray[np.void]:
        target = correction.target
        digest = None if target.event_id is None else self._digest(target.source_id, target.event_id)
        return self.reviser.hear(correction, digest)

    def _touchable(self, entries: NDArray[np.void], arrival_us: int) -> NDArray[np.void]:
        """Leave out events of before the horizon: whether they were forgotten yet must make no difference."""
        horizon_s = self.rules.horizon_s
        return entries if horizon_s is None else entries[entries["time"] >= arrival_us - horizon_s * MICROSECOND]

    def restore_cell(self, segment_id: str, window_start: int, figures: Iterable[FigureRow]) -> None:
        """Set a cell to what was stored of it."""
        self.tallies.restore(self.vocabulary.segments.code(segment_id), window_start, figures)

    def restore_coverage(self, segment_id: str, hour: int, cell: CoverageCell) -> None:
        """Set a coverage cell to what was stored of it."""
        self.coverage.restore(self.vocabulary.segments.code(segment_id), hour, cell)

    def forget_before(self, time_us: int) -> None:
        """Forget what no event and no correction may touch any more, since it lies before the horizon."""
        self.index.drop_before(time_us)
        # The window in which the horizon lies may still receive events.
        self.tallies.drop_before(self.rules.windows.start(time_us // MICROSECOND))

    def take_marks(self) -> Counter[str]:
        """Numbers of records since the last call by what was noted about their place (`models.marks`)."""
        taken, self._marks = self._marks, Counter()
        return taken

    # -- what has to be stored -----------------------------------------------------------------------------

    def take_entries(self) -> NDArray[np.void]:
        """Index entries since the last call."""
        entered, self._entered = self._entered, []
        return np.concatenate(entered) if entered else entries_for([])

    def take_cells(self) -> Iterator[tuple[str, int, Cell, bool]]:
        """Cells that changed since the last call: segment id, window start, all figures, whether by a correction."""
        for segment, window, cell, corrected in self.tallies.take_changed():
            yield self.vocabulary.segments[segment], window, cell, corrected

    def take_coverage(self) -> Iterator[tuple[str, int, CoverageCell]]:
        """Coverage cells that changed since the last call: segment id, start of the hour, the cell."""
        for segment, hour, cell in self.coverage.take_changed():
            yield self.vocabulary.segments[segment], hour, cell

    def coverage_cells(self) -> dict[CellKey, CoverageCell]:
        """All coverage: who watched which segment in which hour."""
        return {CellKey(self.vocabulary.segments[segment], hour): cell for segment, hour, cell in self.coverage}

    def cells(self) -> Iterator[tuple[str, int, Cell]]:
        """All cells: segment id, window start, figures."""
        for segment, window, cell in self.tallies:
            yield self.vocabulary.segments[segment], window, cell


def _places_of(decoded: Sequence[Event | RecordError], is_stray: Callable[[Event], bool]) -> list[int]:
    return [at for at, event in enumerate(decoded) if not isinstance(event, RecordError) and is_stray(event)]
