"""One number for outcomes of different weight.

Every choice of weights is a policy, so they are a setting. The default is the one of Flanders' programme of
dangerous locations: 5 for a dead, 3 for a seriously and 1 for a slightly injured person; see K. Geurts, G. Wets,
T. Brijs, K. Vanhoof: Identification and ranking of black spots: sensitivity analysis. Transportation Research
Record 1897 (2004) 34-42.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from models.errors import SettingsError
from models.measures import DEAD, INJURED, INJURED_SERIOUSLY, INJURED_SLIGHTLY

if TYPE_CHECKING:
    from models.cells import Cell


@dataclass(frozen=True, slots=True)
class SeverityWeights:
    """What a person counts for; `injured` is for those of whom nobody said how badly. None is negative."""

    dead: float = 5.0
    injured_seriously: float = 3.0
    injured_slightly: float = 1.0
    injured: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a weight that is negative or not a number."""
        for field in fields(self):
            weight = getattr(self, field.name)
            if not 0 <= weight < float("inf"):
                raise SettingsError(f"the severity weight {field.name} must be 0 or more, not {weight}")


DEFAULT_WEIGHTS: Final = SeverityWeights()


def severity_index(cell: Cell, weights: SeverityWeights = DEFAULT_WEIGHTS) -> float:
    """Weigh the casualties of a cell, or of any sum of cells. 0 where nobody was hurt."""
    dead, injured, seriously, slightly = casualties(cell)
    # Registers may say how badly for some only, and an amended total may leave the parts above it.
    unsaid = max(injured - seriously - slightly, 0)
    return (
        weights.dead * dead
        + weights.injured_seriously * seriously
        + weights.injured_slightly * slightly
        + weights.injured * unsaid
    )


def casualties(cell: Cell) -> tuple[int, int, int, int]:
    """Sum a cell's dead, injured, and of these the seriously and the slightly injured."""
    sums = dict.fromkeys((DEAD, INJURED, INJURED_SERIOUSLY, INJURED_SLIGHTLY), 0)
    for dimensions, n in cell.items():
        if dimensions.measure in sums:
            sums[dimensions.measure] += n
    return sums[DEAD], sums[INJURED], sums[INJURED_SERIOUSLY], sums[INJURED_SLIGHTLY]


def dead_per_100_casualties(dead: int, injured: int) -> float | None:
    """Severity as traffic police here publish it: dead per 100 dead and injured; None where nobody was."""
    return 100 * dead / (dead + injured) if dead + injured else None
