"""Reads a register's table row by row, bounded in memory, and says which line is at fault where it cannot."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from models.errors import TableFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from amanzhol.registers.mapping import TableForm

MAX_LINE_BYTES = 1024 * 1024
"""A longer line is no row of a register: a quote that is never closed, or another kind of file."""

_BYTE_ORDER_MARK = "\ufeff"
_SHOWN_COLUMNS = 12


class Row(NamedTuple):
    """The cells of a row by column, with the number of its first line; or what is wrong with the row as a whole."""

    line: int
    cells: Mapping[str, str]
    fault: str | None = None


def read_rows(
    path: Path, form: TableForm, columns: Mapping[str, str], progress: Callable[[int], None] | None = None
) -> Iterator[Row]:
    """Read the rows of a table. `.gz` is unpacked; blank lines are no rows.

    `columns` are those that are needed, each with the field it is needed for; others are not looked at. A row that is
    shorter or longer than the header is given with its fault, since its cells may have moved. `progress` is told how
    far into the file reading has come, in bytes as it is stored. Raises TableFileError with one line that names the
    file, the line and the column: where the header lacks one, where the bytes are of another encoding, and where the
    quotes are not closed.
    """
    reading = _Reading(path)
    try:
        with _opened(path) as (stream, position):
            for _ in range(form.skip_lines):
                stream.readline(MAX_LINE_BYTES)
                reading.before += 1
            reader = csv.reader(_lines(stream, form.encoding, reading), delimiter=form.delimiter, strict=True)
            yield from _rows(path, reader, columns, reading, lambda: progress and progress(position()))
    except csv.Error as error:
        raise TableFileError(f"{path}: line {reading.line}: is not CSV: {error}") from None
    except UnicodeDecodeError as error:
        raise TableFileError(
            f"{path}: line {reading.line}: is not {form.encoding} ({error.reason}): correct `encoding` in the mapping"
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TableFileError(f"{path}: the compressed data is damaged: {error}") from None
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}") from None


class _Reading:
    """Where reading is: lines that were skipped, and the line that is being decoded, from 1."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = 0
        self.line = 0


_EVERY_ROWS = 5_000


def _rows(
    path: Path,
    reader: Iterator[list[str]],
    columns: Mapping[str, str],
    reading: _Reading,
    progress: Callable[[], object],
) -> Iterator[Row]:
    header: list[str] | None = None
    wanted: list[tuple[str, int]] = []
    line = reading.before + 1
    for number, cells in enumerate(reader):
        if not number % _EVERY_ROWS:
            progress()
        if any(cell.strip() for cell in cells):
            if header is None:
                header = [cell.strip() for cell in cells]
                _check_header(path, line, header, columns)
                wanted = [(column, header.index(column)) for column in columns]
            elif len(cells) != len(header):
                held = dict(zip(header, cells, strict=False))
                yield Row(line, held, f"has {len(cells)} cells where the header has {len(header)}")
            else:
                yield Row(line, {column: cells[at] for column, at in wanted})
        line = reading.line + 1
    progress()
    if header is None:
        raise TableFileError(f"{path}: line {line}: there is no header: the table is empty")


def _check_header(path: Path, line: int, header: list[str], columns: Mapping[str, str]) -> None:
    for column, field in columns.items():
        if column not in header:
            has = ", ".join(repr(name) for name in header[:_SHOWN_COLUMNS])
            more = f" and {len(header) - _SHOWN_COLUMNS} more" if len(header) > _SHOWN_COLUMNS else ""
            raise TableFileError(
                f"{path}: line {line}, column {column!r}: is missing from the header, and the field {field} needs it; "
                f"the header has {has}{more} (correct the columns, `delimiter` or `encoding` in the mapping)"
            )
        if header.count(column) > 1:
            raise TableFileError(f"{path}: line {line}, column {column!r}: stands in the header twice")


def _lines(stream: IO[bytes], encoding: str, reading: _Reading) -> Iterator[str]:
    """Decode line by line, so that what cannot be decoded has a line number."""
    reading.line = reading.before
    if len("\n".encode(encoding)) > 1:
        # UTF-16, as spreadsheets call "Unicode text": a line does not end with one byte there.
        for text in codecs.getreader(encoding)(stream):
            reading.line += 1
            yield text
        return
    while raw := stream.readline(MAX_LINE_BYTES):
        reading.line += 1
        if len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n"):
            raise TableFileError(
                f"{reading.path}: line {reading.line}: is longer than {MAX_LINE_BYTES:,} bytes: this is no table"
            )
        text = raw.decode(encoding)
        yield text.removeprefix(_BYTE_ORDER_MARK) if reading.line == 1 else text


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """Open the bytes of the lines, and a way to ask how much of the file has been read."""
    with path.open("rb") as file:
        position = file.tell if file.seekable() else lambda: 0
        if path.suffix == ".gz":
            with gzip.open(file) as unpacked:
                yield io.BufferedReader(cast("io.RawIOBase", unpacked)), position
        else:
            yield file, position
