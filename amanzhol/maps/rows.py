"""Rows of a CSV file with the lines they stand on, and their cells as numbers."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

from models.errors import MapFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# A street of the Caspian's length, vertex by vertex, takes less; Python's own limit of 128 KiB is too narrow for it.
_LONGEST_CELL = 16 * 1024 * 1024


class Row:
    """One row: its cells by column, stripped, and its line in the file."""

    __slots__ = ("_cells", "line", "path")

    def __init__(self, path: Path, line: int, cells: dict[str, str]) -> None:
        """Keep where the row is from, to name it in a refusal."""
        self.path = path
        self.line = line
        self._cells = cells

    def refused(self, column: str, fault: str) -> MapFileError:
        """Make the error that names file, line and column."""
        return MapFileError(f"{self.path}: line {self.line}: {column}: {fault}")

    def text(self, column: str) -> str:
        """Give a cell that must not be empty."""
        text = self.optional(column)
        if text is None:
            raise self.refused(column, "is missing")
        return text

    def optional(self, column: str) -> str | None:
        """Give a cell, None where it is empty or the column is not there."""
        return self._cells.get(column) or None

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float:
        """Give a cell as a finite number between two bounds."""
        text = self.text(column)
        try:
            number = float(text)
        except ValueError:
            with_point = " (a decimal comma? write a point)" if "," in text else ""
            raise self.refused(column, f"{text!r:.40} is not a number{with_point}") from None
        if not math.isfinite(number) or not low <= number <= high:
            raise self.refused(column, f"{text:.40} is not between {low:g} and {high:g}")
        return number

    def whole(self, column: str) -> int:
        """Give a cell as a whole number."""
        text = self.text(column)
        try:
            return int(text)
        except ValueError:
            raise self.refused(column, f"{text!r:.40} is not a whole number") from None


def read_rows(path: Path, required: Sequence[str]) -> Iterator[Row]:
    """Read a CSV file with a header that has at least these columns. Rows without any cell are none.

    Raises MapFileError, which names file, line and column.
    """
    csv.field_size_limit(_LONGEST_CELL)
    line = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in required if name not in header]
            if missing:
                raise MapFileError(f"{path}: line 1: {missing[0]}: the column is missing from the header")
            line = reader.line_num
            for cells in reader:
                begun, line = line + 1, reader.line_num
                if not any(cells):
                    continue
                if len(cells) != len(header):
                    raise MapFileError(f"{path}: line {begun}: has {len(cells)} cells, the header {len(header)}")
                yield Row(path, begun, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    except OSError as error:
        raise MapFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise MapFileError(f"{path}: line {line + 1}: is not UTF-8") from None
    except csv.Error as error:
        raise MapFileError(f"{path}: line {line + 1}: is not CSV: {error}") from None
