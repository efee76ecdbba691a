"""The rows of a CSV file that is small enough to be read whole, each with the line it begins on."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from models.errors import InputError


def rows_of(path: Path, error: type[InputError]) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that have content, cells stripped, each with the number of its first line.

    Raises `error`, which names the file and, where it has got so far, the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        raise error(f"{path}: line {line}: is not UTF-8: save the file as UTF-8") from None
    except (OSError, ValueError) as fault:
        raise error(f"{path}: cannot be read: {getattr(fault, 'strerror', None) or fault}") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as fault:
        raise error(f"{path}: line {line}: is not CSV: {fault}") from None
