"""Thinning: of a day that is older than detail is kept for, only sums by day, month and dated revision are left.

Windows and hours of such a day are no longer answered; its daily sums stay as they are. Its cells are packed away, a
row per segment, day and source partition, rather than forgotten: a correction that comes years later brings a cell's
absolute state, and what it changes is the difference to the one before.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from api.store.slots import Slot, from_rows, staged_slots, states_within
from api.store.tables import TABLES
from models.changes import State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from api.store.engine import Writing
    from models.calendar import Calendar, Span

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, int, dict[int, int]]]).decode


def thin_day(writing: Writing, day: Span, calendar: Calendar) -> None:
    """Pack the cells of a day, and forget its windows and hours."""
    states = states_within(writing, day)
    if states:
        store_packs(writing, states, calendar)
    for table in ("changes", "hours"):
        writing.execute(f"DELETE FROM {table} WHERE begins >= {day.first} AND begins < {day.end}")  # noqa: S608


def packed_states(writing: Writing, slots: Collection[Slot], calendar: Calendar) -> dict[Slot, State]:
    """States of all cells that are packed together with any of these."""
    with staged_slots(writing, "wanted", {_pack_of(slot, calendar) for slot in slots}):
        rows = writing.table(
            "SELECT coverage, segment, begins, part, cells FROM packed p "
            "JOIN wanted w USING (coverage, segment, begins, part)"
        )
    return {
        Slot(coverage, segment, begins, part): State(revision, 0, figures)
        for coverage, segment, _, part, cells in zip(*(column.to_pylist() for column in rows.columns), strict=True)
        for begins, revision, figures in _decode(zlib.decompress(cells))
    }


def store_packs(writing: Writing, states: Mapping[Slot, State], calendar: Calendar) -> None:
    """Pack cells, in the place of what was packed of their segments and days: give all cells of each."""
    packs: dict[Slot, list[tuple[int, int, dict[int, int]]]] = defaultdict(list)
    for slot, state in states.items():
        packs[_pack_of(slot, calendar)].append((slot.begins, state.revision, state.figures))
    with staged_slots(writing, "replaced", packs):
        writing.execute(
            "DELETE FROM packed USING replaced r WHERE packed.coverage = r.coverage AND packed.segment = r.segment "
            "AND packed.begins = r.begins AND packed.part = r.part"
        )
    rows = ((*pack, zlib.compress(_encode(cells))) for pack, cells in packs.items())
    writing.append("packed", from_rows(rows, TABLES["packed"].schema))


def _pack_of(slot: Slot, calendar: Calendar) -> Slot:
    return slot._replace(begins=calendar.start("day", slot.begins))
