"""How a reader of `segment-counts` and `segment-coverage` comes to figures.

Of the records of one cell and source partition the one with the highest revision holds; over the source
partitions the cells add up. So any record may be read twice, late, or out of order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from models.cells import CellKey, merge
from models.coverage import CoverageCell
from models.records import epoch_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.cells import Cell
    from models.records import CellRecord, CoverageRecord, Revision


class _Held(NamedTuple):
    revision: Revision
    cell: Cell


class LatestCells:
    """The cells as the records read so far have them."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._parts: dict[CellKey, dict[int, _Held]] = {}
        self._ends: dict[int, int] = {}

    def __len__(self) -> int:
        """Count cells, emptied ones too."""
        return len(self._parts)

    def read(self, record: CellRecord) -> bool:
        """Take a record in. Returns whether it was news."""
        start = epoch_s(record.window_start)
        parts = self._parts.setdefault(CellKey(record.segment_id, start), {})
        held = parts.get(record.source_partition)
        if held is not None and held.revision >= record.revision:
            return False
        parts[record.source_partition] = _Held(record.revision, record.cell())
        self._ends[start] = epoch_s(record.window_end)
        return True

    def cells(self) -> dict[CellKey, Cell]:
        """All cells, the source partitions added up."""
        return {key: merge(held.cell for held in parts.values()) for key, parts in self._parts.items()}

    def window_end(self, start: int) -> int:
        """Where the window that starts here ends, as the worker has it that counted it."""
        return self._ends[start]


class LatestCoverage:
    """The coverage as the records read so far have it."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._parts: dict[CellKey, dict[int, tuple[Revision, CoverageCell]]] = {}

    def read(self, record: CoverageRecord) -> bool:
        """Take a record in. Returns whether it was news."""
        parts = self._parts.setdefault(CellKey(record.segment_id, epoch_s(record.hour_start)), {})
        held = parts.get(record.source_partition)
        if held is not None and held[0] >= record.revision:
            return False
        parts[record.source_partition] = (record.revision, record.cell())
        return True

    def cells(self) -> dict[CellKey, CoverageCell]:
        """All coverage cells, the source partitions added up."""
        return {key: _added(cell for _, cell in parts.values()) for key, parts in self._parts.items()}


def _added(cells: Iterable[CoverageCell]) -> CoverageCell:
    total = CoverageCell()
    for cell in cells:
        total.merge(cell)
    return total
