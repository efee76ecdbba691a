"""Takes records of Kafka into the store: what each revision changes is added to the sums, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from api.store.packing import packed_states, store_packs
from api.store.slots import Slot, from_rows, states_of
from api.store.tables import TABLES
from models.calendar import HOUR_S
from models.changes import (
    NOTHING,
    Change,
    State,
    cell_figures,
    changes,
    coverage_figures,
    revision_number,
)
from models.records import decode_cell, decode_coverage, epoch_s
from models.topics import SEGMENT_COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from api.store.engine import Writing
    from api.store.words import Words
    from models.calendar import Calendar

Changed = tuple[Slot, Change]


class Arrival(NamedTuple):
    """A record as it was read: the topic by its short name, the time as Kafka has it."""

    topic: str
    partition: int
    time_ms: int
    value: bytes


class Taken(NamedTuple):
    """What came of a batch: what it changed, and how many records are not of the worker's format."""

    changed: list[Changed]
    unreadable: int


def take_in(
    writing: Writing, arrivals: Iterable[Arrival], words: Words, calendar: Calendar, thinned_before: int
) -> Taken:
    """Add what the records change. A record that was taken in before changes nothing."""
    arrived, unreadable = _decoded(arrivals, words)
    if not arrived:
        return Taken([], unreadable)
    held = states_of(writing, arrived)
    packed = [slot for slot in arrived if slot.begins < thinned_before]
    if packed:
        held |= packed_states(writing, packed, calendar)
    changed = [
        (slot, change) for slot, states in arrived.items() for change in changes(held.get(slot, NOTHING), states)
    ]
    _append(writing, [row for row in changed if row[0].begins >= thinned_before], ("changes", "hours"), calendar)
    _append(writing, changed, ("days", "months", "revisions"), calendar)
    if packed:
        newest = {slot: max((held.get(slot, NOTHING), *arrived[slot]), key=_revision) for slot in packed}
        whole = {slot: state for slot, state in held.items() if slot.begins < thinned_before}
        store_packs(writing, whole | newest, calendar)
    return Taken(changed, unreadable)


def _revision(state: State) -> int:
    return state.revision


def _decoded(arrivals: Iterable[Arrival], words: Words) -> tuple[dict[Slot, list[State]], int]:
    """States by cell, in the order in which they came; of those within an hour only the last."""
    arrived: dict[Slot, list[State]] = defaultdict(list)
    unreadable = 0
    for arrival in arrivals:
        try:
            slot, state = _decoded_cell(arrival, words)
        except (msgspec.MsgspecError, ValueError):
            # Workers alone write there. What is not theirs is passed over, and said in every answer.
            unreadable += 1
            continue
        states = arrived[slot]
        if states and states[-1].known_at == state.known_at and states[-1].revision <= state.revision:
            states[-1] = state
        else:
            states.append(state)
    return arrived, unreadable


def _decoded_cell(arrival: Arrival, words: Words) -> tuple[Slot, State]:
    known_at = arrival.time_ms // 1_000 // HOUR_S * HOUR_S + HOUR_S
    if arrival.topic == SEGMENT_COUNTS:
        cell = decode_cell(arrival.value)
        slot = Slot(0, words.segments.code(cell.segment_id), epoch_s(cell.window_start), cell.source_partition)
        return slot, State(revision_number(cell.revision), known_at, cell_figures(cell, words.dimensions))
    hour = decode_coverage(arrival.value)
    slot = Slot(1, words.segments.code(hour.segment_id), epoch_s(hour.hour_start), hour.source_partition)
    return slot, State(revision_number(hour.revision), known_at, coverage_figures(hour, words.dimensions))


def _append(writing: Writing, changed: list[Changed], tables: Iterable[str], calendar: Calendar) -> None:
    """Add changes to tables, each summed up by the key of its rows."""
    for table in tables:
        rows = _ROWS[table](changed, calendar)
        if rows:
            writing.append(table, from_rows(rows, TABLES[table].schema))


def _details(changed: list[Changed], _: Calendar) -> list[tuple[int, ...]]:
    return [(*slot, change.dim, change.revision, change.value) for slot, change in changed]


def _sums_by(grain: str) -> Callable[[list[Changed], Calendar], list[tuple[int, ...]]]:
    def rows(changed: list[Changed], calendar: Calendar) -> list[tuple[int, ...]]:
        sums: defaultdict[tuple[int, int, int], int] = defaultdict(int)
        starts = _starts(changed, grain, calendar)
        for slot, change in changed:
            sums[slot.segment, starts[slot.begins], change.dim] += change.value
        return [(*key, value) for key, value in sums.items() if value]

    return rows


def _dated(changed: list[Changed], calendar: Calendar) -> list[tuple[int, ...]]:
    sums: defaultdict[tuple[int, int, int, int], int] = defaultdict(int)
    starts = _starts(changed, "day", calendar)
    for slot, change in changed:
        sums[slot.segment, starts[slot.begins], change.dim, change.known_at] += change.value
    return [
        (segment, begins, dim, value, known_at) for (segment, begins, dim, known_at), value in sums.items() if value
    ]


def _starts(changed: list[Changed], grain: str, calendar: Calendar) -> dict[int, int]:
    return {begins: calendar.start(grain, begins) for begins in {slot.begins for slot, _ in changed}}  # type: ignore[arg-type]


_ROWS: dict[str, Callable[[list[Changed], Calendar], list[tuple[int, ...]]]] = {
    "changes": _details,
    "hours": _sums_by("hour"),
    "days": _sums_by("day"),
    "months": _sums_by("month"),
    "revisions": _dated,
}
