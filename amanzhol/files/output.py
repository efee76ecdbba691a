"""Writes tables and other results: whole or not at all."""

from __future__ import annotations

import csv
import math
import os
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import OutputError
from models.records import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from models.tables import Column, Table, Value

_ROW_GROUP = 100_000


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, which takes its place when the block ends well.

    A link stays one: what it points to is replaced. A device or a pipe (/dev/null, /dev/stdout) is written to, for
    nothing can take its place. Raises OutputError where the folder does not exist or cannot be written.
    """
    check_writable(path)
    try:
        if _is_special(path):
            yield path
        else:
            with _replacing(path.resolve()) as temporary:
                yield temporary
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        temporary = Path(file.name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # a temporary file is for its owner alone
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raise OutputError where a file cannot be written here."""
    folder = path.resolve().parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        fault = f"{folder} is not a folder" if folder.exists() else f"the folder {folder} does not exist"
        raise OutputError(f"{path}: {fault}")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder")
    if _is_special(path):
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path | None] = ()) -> None:
    """Raise OutputError, before any work is done, where one cannot be written or would replace another or an input."""
    taken = {path.resolve() for path in inputs if path is not None}
    for path in outputs:
        if path is None:
            continue
        check_writable(path)
        place = path.resolve()
        if place in taken and not _is_special(path):
            raise OutputError(f"{path}: is named twice: give each output a file of its own, apart from the input")
        taken.add(place)


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def writer_for(path: Path) -> Callable[[Table, Path], int]:
    """Choose the format by the file's ending. Raises OutputError for one that is not known."""
    try:
        return _WRITERS[path.suffix.lower()]
    except KeyError:
        raise OutputError(f"{path}: the ending says the format: one of {', '.join(_WRITERS)}") from None


def write_table(table: Table, path: Path) -> int:
    """Write a table in the format that the file's ending names. Returns the number of rows."""
    write = writer_for(path)
    with whole_file(path) as temporary:
        return write(table, temporary)


def _write_csv(table: Table, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in table.columns])
        for count, row in enumerate(table.rows, 1):  # noqa: B007 - the count is the result
            writer.writerow(_text_row(table.columns, row))
    return count


def _write_ndjson(table: Table, path: Path) -> int:
    count = 0
    encode = msgspec.json.Encoder().encode
    names = [column.name for column in table.columns]
    with path.open("wb") as file:
        for count, row in enumerate(table.rows, 1):  # noqa: B007
            file.write(encode(dict(zip(names, _json_row(table.columns, row), strict=True))) + b"\n")
    return count


def _write_parquet(table: Table, path: Path) -> int:
    notes = dict(table.notes) or None
    schema = pa.schema([(column.name, _ARROW_TYPES[column.kind]) for column in table.columns], metadata=notes)
    count = 0
    rows = iter(table.rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while chunk := list(islice(rows, _ROW_GROUP)):
            count += len(chunk)
            columns = [
                pa.array(_arrow_values(column, values), type=_ARROW_TYPES[column.kind])
                for column, values in zip(table.columns, zip(*chunk, strict=True), strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return count


_WRITERS: dict[str, Callable[[Table, Path], int]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".ndjson": _write_ndjson,
}

_ARROW_TYPES = {
    "text": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
    "count": pa.int64(),
    "number": pa.float64(),
}


def _arrow_values(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    return [datetime.fromtimestamp(value, UTC) for value in values] if column.kind == "time" else values


def _text_row(columns: Iterable[Column], row: Iterable[Value]) -> list[Any]:
    return ["" if value is None else value for value in _json_row(columns, row)]


def _json_row(columns: Iterable[Column], row: Iterable[Value]) -> list[Any]:
    return [
        rfc3339(int(value))
        if column.kind == "time" and value is not None
        else None
        if isinstance(value, float) and math.isnan(value)
        else value
        for column, value in zip(columns, row, strict=True)
    ]


def write_json(value: Any, path: Path) -> None:
    """Write one JSON object, readable."""
    with whole_file(path) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
