"""What a revision of a cell changes: the difference to the revision before, which adds up whatever it is added to.

A record of `segment-counts` or `segment-coverage` is a cell's absolute state. A store that keeps sums by hour, day
and month needs the difference; and the difference to what is held is right however many revisions were missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from models.figures import PASSAGES, WATCHED_S
from models.measures import Dimensions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from models.names import Names
    from models.records import CellRecord, CoverageRecord, Revision

_CHECKPOINT_BITS = 44
NO_FIGURE = -1
"""In the place of a figure's number where a revision changed none: it is noted, so that no older one counts."""

Figures = dict[int, int]
"""Figures by the number of their dimensions."""


class State(NamedTuple):
    """A cell of one source partition at one revision; `known_at` is when it was written, in the store's own grain."""

    revision: int
    known_at: int
    figures: Figures


class Change(NamedTuple):
    """What one revision added to one figure (took away, where negative)."""

    dim: int
    revision: int
    known_at: int
    value: int


NOTHING = State(-1, 0, {})


def revision_number(revision: Revision) -> int:
    """Order of revisions as one number: the epoch first, then the checkpoint."""
    return revision.epoch << _CHECKPOINT_BITS | revision.checkpoint


def changes(held: State, states: Iterable[State]) -> Iterator[Change]:
    """Give what states in the order in which they came change, each held against the newest before it.

    A state that is not newer than what is held changes nothing.
    """
    for state in states:
        if state.revision <= held.revision:
            continue
        differs = False
        for dim in held.figures.keys() | state.figures.keys():
            value = state.figures.get(dim, 0) - held.figures.get(dim, 0)
            if value:
                differs = True
                yield Change(dim, state.revision, state.known_at, value)
        if not differs:
            yield Change(NO_FIGURE, state.revision, state.known_at, 0)
        held = state


def cell_figures(record: CellRecord, dimensions: Names[Dimensions]) -> Figures:
    """Figures of a cell. Words that are new are given numbers."""
    code = dimensions.code
    return {code(row[:7], Dimensions._make): row[7] for row in record.figures}


def coverage_figures(record: CoverageRecord, dimensions: Names[Dimensions]) -> Figures:
    """Who watched an hour and what passed, as figures; zeros are left out."""
    figures: Mapping[Dimensions, int] = {
        **{Dimensions(WATCHED_S, fleet=kind): seconds for kind, seconds in record.watched_s.items()},
        Dimensions(PASSAGES): record.passages,
    }
    return {dimensions.code(words): n for words, n in figures.items() if n}
