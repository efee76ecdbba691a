"""Reads files of events, line by line and bounded in memory, whatever stands in them."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from models.errors import EventsFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

STANDARD_INPUT = "-"
_BLOCK_BYTES = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is cut here. It is far above what is counted, and would otherwise fill the memory."""


class Lines(NamedTuple):
    """Records of one file: the lines that are not blank, with their numbers from 1."""

    file: str
    numbers: Sequence[int]
    records: Sequence[bytes]


def read_lines(path: Path, at_least: int, progress: Callable[[int], None]) -> Iterator[Lines]:
    """Read a file in pieces of some `at_least` records. `.gz` is unpacked, `-` is standard input.

    A byte order mark at the beginning, as editors on Windows write it, is no part of the first record.
    `progress` is told how far into the file reading has come, in bytes of the file as it is stored.
    Raises EventsFileError for a file that cannot be opened or whose compressed data is damaged.
    """
    name = str(path)
    try:
        with _open(path) as (stream, position):
            numbers: list[int] = []
            records: list[bytes] = []
            for number, read in _numbered(stream):
                line = read.removeprefix(_BYTE_ORDER_MARK) if number == 1 else read
                if line.strip():
                    numbers.append(number)
                    records.append(line)
                if len(records) >= at_least:
                    progress(position())
                    yield Lines(name, numbers, records)
                    numbers, records = [], []
            progress(position())
            if records:
                yield Lines(name, numbers, records)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise EventsFileError(f"{name}: the compressed data is damaged: {error}") from None
    except OSError as error:
        raise EventsFileError(f"{name}: cannot be read: {error.strerror or error}") from None


@contextmanager
def _open(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """Open the bytes of the lines, and a way to ask how much of the file has been read."""
    if str(path) == STANDARD_INPUT:
        yield sys.stdin.buffer, lambda: 0
        return
    with path.open("rb") as file:
        # A pipe, such as the shell's <(...), has no position.
        position = file.tell if file.seekable() else lambda: 0
        if path.suffix == ".gz":
            with gzip.open(file) as unpacked:
                yield cast("IO[bytes]", unpacked), position
        else:
            yield file, position


def _numbered(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Split a stream into lines. Reads block by block: a single line may be larger than the memory."""
    number = 0
    begun: list[bytes] = []
    begun_bytes = 0
    while block := stream.read(_BLOCK_BYTES):
        head, *rest = block.split(b"\n")
        if begun_bytes < _MAX_LINE_BYTES:
            begun.append(head)
            begun_bytes += len(head)
        if rest:
            number += 1
            yield number, b"".join(begun)
            for line in rest[:-1]:
                number += 1
                yield number, line
            begun, begun_bytes = [rest[-1]], len(rest[-1])
    if begun_bytes:
        yield number + 1, b"".join(begun)
