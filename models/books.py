"""The books: every record read stands in exactly one column, and the columns add up to what was read."""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, fields
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
        return Books(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def moved(self, old_column: str, new_column: str) -> Books:
        """Move one record from a column to another: a retraction, a restoration, an amended place."""
        columns = self.as_dict()
        columns[old_column] -= 1
        columns[new_column] += 1
        return Books(**columns)

    @property
    def difference(self) -> int:
        """Records received that stand in no column, or in two. Anything but 0 is a bug."""
        accounted: int = sum(astuple(self)[1:])
        return self.received - accounted

    def as_dict(self) -> dict[str, int]:
        """Give the columns by name, `received` first: the JSON object that `--books` writes."""
        return asdict(self)


FIELDS = tuple(field.name for field in fields(Books))
