"""The books: every record read stands in exactly one column, and the columns add up to what was read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Self

QUARANTINED = "quarantined"
DUPLICATE = "duplicate"
CORRECTIONS = "corrections"
STATUSES = "statuses"
TEST = "test"
RETRACTED = "retracted"
UNLOCATED = "unlocated"
COUNTED = "counted"

COLUMNS = (QUARANTINED, DUPLICATE, CORRECTIONS, STATUSES, TEST, RETRACTED, UNLOCATED, COUNTED)
"""In the order in which a record is tried: it stands in the first that fits."""


@dataclass(frozen=True, slots=True)
class Books:
    """Numbers of records by outcome. Books of disjoint inputs add up: `a + b`."""

    received: int = 0
    quarantined: int = 0
    duplicate: int = 0
    corrections: int = 0
    statuses: int = 0
    test: int = 0
    retracted: int = 0
    unlocated: int = 0
    counted: int = 0

    @classmethod
    def of(cls, columns: dict[str, int]) -> Self:
        """Books of records whose columns are known; `received` follows from them."""
        return cls(received=sum(columns.values()), **columns)

    def __add__(self, other: Books) -> Books:
        """Add column by column: the books of both inputs read together."""
        return Books(*(a + b for a, b in zip(_values(self), _values(other), strict=True)))

    def moved(self, old_column: str, new_column: str) -> Books:
        """Move one record from a column to another: a retraction, a restoration, an amended place."""
        columns = self.as_dict()
        columns[old_column] -= 1
        columns[new_column] += 1
        return Books(**columns)

    @property
    def difference(self) -> int:
        """Records received that stand in no column, or in two. Anything but 0 is a bug."""
        accounted: int = sum(_values(self)[1:])
        return self.received - accounted

    def as_dict(self) -> dict[str, int]:
        """Give the columns by name, `received` first: the JSON object that `--books` writes."""
        return dict(zip(FIELDS, _values(self), strict=True))


FIELDS = tuple(field.name for field in fields(Books))
# Books are added once a batch: `dataclasses.astuple` copies each number deeply, and takes thirty times as long.
_values = attrgetter(*FIELDS)
