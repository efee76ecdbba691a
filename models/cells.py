"""Cells: what was counted on one segment in one window. An algebra of sums.

A cell is a mapping from `Dimensions` to a figure, without zeros. `EMPTY` is its neutral element and `merge` is
associative and commutative, so cells of several source partitions, or of the windows of a day, add up in any order.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from models.measures import (
    ACCIDENTS,
    ACCIDENTS_UNOFFICIAL,
    ANIMAL,
    DEAD,
    FATAL,
    INJURED,
    INJURY,
    REPORTS,
    TEST_EVENTS,
    VIOLATIONS,
    VIOLATIONS_SECTION,
    Contribution,
    Dimensions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNLOCATED = "unlocated"
"""Segment id of events that lie on no known segment."""

UNLOCATED_AREA = "unlocated:"
"""Prefix of the segment id of unlocated events that name an area."""

SECTION = "section:"
"""Prefix of the segment id of violations of average speed."""


class CellKey(NamedTuple):
    """One segment in one window; the window by the UTC second it starts at."""

    segment_id: str
    window_start: int


if TYPE_CHECKING:
    Cell = Mapping[Dimensions, int]

EMPTY: Cell = MappingProxyType({})


def cell_of(contributions: Iterable[Contribution]) -> Cell:
    """Add up what events contribute."""
    return merge({dimensions: n} for contribution in contributions for dimensions, n in contribution)


def merge(cells: Iterable[Cell]) -> Cell:
    """Add cells up. No cells make the empty one; figures that cancel vanish."""
    total: dict[Dimensions, int] = {}
    for cell in cells:
        for dimensions, n in cell.items():
            total[dimensions] = total.get(dimensions, 0) + n
    return {dimensions: n for dimensions, n in total.items() if n}


def figures(cell: Cell, fleet: Sequence[str]) -> dict[str, int]:
    """Sum a cell up into the columns of the wide table, in their order.

    `violations` counts all of them, with those of average speed, which `violations_section` shows as a part.
    `accidents_fatal` and `accidents_injury` are told apart by the worst outcome, so an accident is in one of them.
    """
    row = dict.fromkeys(figure_columns(fleet), 0)
    for dimensions, n in cell.items():
        if dimensions.measure in row:
            row[dimensions.measure] += n
        if dimensions.measure == ACCIDENTS:
            if dimensions.severity == FATAL:
                row["accidents_fatal"] += n
            elif dimensions.severity == INJURY:
                row["accidents_injury"] += n
            if dimensions.kind == ANIMAL:
                row["animal_accidents"] += n
        elif dimensions.measure == VIOLATIONS and f"violations_{dimensions.fleet}" in row:
            row[f"violations_{dimensions.fleet}"] += n
    return row


def figure_columns(fleet: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of the wide table for these fleet kinds."""
    return (
        ACCIDENTS,
        "accidents_fatal",
        "accidents_injury",
        DEAD,
        INJURED,
        "animal_accidents",
        VIOLATIONS,
        *(f"violations_{kind}" for kind in fleet),
        VIOLATIONS_SECTION,
        REPORTS,
        ACCIDENTS_UNOFFICIAL,
        TEST_EVENTS,
    )
