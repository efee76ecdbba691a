"""Writing records to a file, one a line, whole or not at all."""

from __future__ import annotations

import gzip
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from models.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devices.simulator.record import SimulatedRecord

STANDARD_OUTPUT = "-"

_GZIP_LEVEL = 6


def write_records(records: Iterable[SimulatedRecord], out: str) -> int:
    """Write records as NDJSON to a path (`.gz` is compressed) or to standard output (`-`); return how many.

    A record without bytes becomes a blank line, which a reader of NDJSON does not count. The file appears under its
    name when it is complete, and the same records make the same bytes. Raises `OutputError`.
    """
    count = 0
    with _opened(out) as file:
        for record in records:
            file.write(record.value + b"\n")
            count += 1
    return count


class _Lines(Protocol):
    def write(self, data: bytes, /) -> int: ...


@contextmanager
def _opened(out: str) -> Iterator[_Lines]:
    if out == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(out)
    # Nothing can take the place of a device or a pipe, such as /dev/null: it is written to.
    special = path.exists() and not path.is_file()
    partial = path if special else path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as raw:
            if path.suffix == ".gz":
                # Neither a time nor a name in the header, so that equal records are equal files.
                with gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as packed:
                    yield packed
            else:
                yield raw
        if not special:
            partial.replace(path)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written ({error.strerror}): choose a folder that exists and is writable"
        ) from error
    finally:
        if not special:
            partial.unlink(missing_ok=True)
