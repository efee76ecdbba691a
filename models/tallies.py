"""The compact form in which a partition holds its cells: some 150 bytes for the common cell of one figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.measures import Dimensions
from models.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from models.cells import Cell
    from models.measures import Contribution

FigureRow = tuple[str, str, str, str, str, str, str, int]

_START_BITS = 36
_START_MASK = (1 << _START_BITS) - 1
_START_BIAS = 1 << (_START_BITS - 1)
"""Window starts are kept as unsigned numbers: 36 bits reach a thousand years either way from 1970."""


class Tallies:
    """Cells by (segment code, window start), and which of them changed since they were last stored.

    A cell is one flat tuple of pairs (code of dimensions, figure), since most cells have one or two figures and
    a dictionary of its own would take four times the memory.

    >>> tallies = Tallies()
    >>> tallies.add(7, 300, ((Dimensions("violations"), 1),), times=5)
    >>> [(segment, start, dict(cell)) for segment, start, cell in tallies]
    [(7, 300, {Dimensions(measure='violations', fleet='', ...): 5})]
    """

    __slots__ = ("_cells", "_changed", "_dimensions")

    def __init__(self) -> None:
        """Begin with no cells."""
        self._cells: dict[int, tuple[int, ...]] = {}
        self._changed: dict[int, bool] = {}
        self._dimensions = Names[Dimensions]()

    def __len__(self) -> int:
        """Count cells, emptied ones too."""
        return len(self._cells)

    def __iter__(self) -> Iterator[tuple[int, int, Cell]]:
        """All cells: segment code, window start, figures."""
        return self._unpacked(self._cells)

    @property
    def changed(self) -> int:
        """How many cells changed since `take_changed`."""
        return len(self._changed)

    def add(
        self, segment: int, window_start: int, contribution: Contribution, times: int = 1, *, corrected: bool = False
    ) -> None:
        """Add a contribution to a cell so many times; a negative number takes it away again.

        `corrected` says that it was a correction that did so, not an event that came.
        """
        key = segment << _START_BITS | window_start + _START_BIAS
        cell = self._cells.get(key, ())
        for dimensions, n in contribution:
            code = self._dimensions.code(dimensions)
            for at in range(0, len(cell), 2):
                if cell[at] == code:
                    cell = (*cell[: at + 1], cell[at + 1] + n * times, *cell[at + 2 :])
                    break
            else:
                cell = (*cell, code, n * times)
        self._cells[key] = cell
        self._changed[key] = corrected or self._changed.get(key, False)

    def restore(self, segment: int, window_start: int, figures: Iterable[FigureRow]) -> None:
        """Set a cell to what was stored: rows of the seven dimensions and the figure. It does not count as changed."""
        # A plain tuple finds the code of equal dimensions; only what is new is made into them.
        code = self._dimensions.code
        flat = tuple(number for row in figures for number in (code(row[:7], Dimensions._make), row[7]))
        self._cells[segment << _START_BITS | window_start + _START_BIAS] = flat

    def drop_before(self, window_start: int) -> None:
        """Forget cells whose windows begin before this, unless they wait to be stored."""
        for key in [key for key in self._cells if (key & _START_MASK) - _START_BIAS < window_start]:
            if key not in self._changed:
                del self._cells[key]

    def take_changed(self) -> Iterator[tuple[int, int, Cell, bool]]:
        """Cells that changed since the last call, and whether a correction had part in it."""
        changed, self._changed = self._changed, {}
        for (segment, start, cell), corrected in zip(self._unpacked(changed), changed.values(), strict=True):
            yield segment, start, cell, corrected

    def _unpacked(self, keys: Iterable[int]) -> Iterator[tuple[int, int, Cell]]:
        for key in keys:
            flat = self._cells[key]
            cell = {self._dimensions[code]: n for code, n in zip(flat[::2], flat[1::2], strict=True) if n}
            yield key >> _START_BITS, (key & _START_MASK) - _START_BIAS, cell
