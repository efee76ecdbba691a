"""Reads events as they come: lines of files, and of standard input at once, in little memory."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, cast

from models.errors import EventsFileError
from models.topics import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STANDARD_INPUT: Final = "-"

_BLOCK_BYTES: Final = 256 * 1024
_MOST_LINES: Final = 500
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class _Arriving(Protocol):
    def read1(self, size: int = -1, /) -> bytes: ...


def arriving_lines(path: Path) -> Iterator[list[bytes]]:
    """Read lines in the groups in which they arrive: whoever writes them is not waited for.

    Blank lines are left out. A line beyond the largest record (1 MiB) is cut behind it, so that it is refused for its
    length later. `.gz` is unpacked, `-` is standard input. Raises EventsFileError for a file that cannot be read.
    """
    try:
        with _open(path) as stream:
            begun, overlong, first = b"", False, True
            while block := stream.read1(_BLOCK_BYTES):
                *ended, rest = block.split(b"\n")
                lines: list[bytes] = []
                for line in ended:
                    whole = begun if overlong else begun + line
                    lines.append(whole.removeprefix(_BYTE_ORDER_MARK) if first else whole)
                    begun, overlong, first = b"", False, False
                if not overlong:
                    begun = (begun + rest)[: MAX_RECORD_BYTES + 1]
                    overlong = len(begun) > MAX_RECORD_BYTES
                yield from _groups([line[: MAX_RECORD_BYTES + 1] for line in lines if line.strip()])
            if begun.strip():
                yield [begun.removeprefix(_BYTE_ORDER_MARK) if first else begun]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise EventsFileError(f"{path}: the compressed data is damaged: {error}") from None
    except OSError as error:
        raise EventsFileError(f"{path}: cannot be read: {error.strerror or error}") from None


def _groups(lines: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(lines), _MOST_LINES):
        yield lines[start : start + _MOST_LINES]


@contextmanager
def _open(path: Path) -> Iterator[_Arriving]:
    if str(path) == STANDARD_INPUT:
        yield cast("_Arriving", sys.stdin.buffer)
    elif path.suffix == ".gz":
        with gzip.open(path) as unpacked:
            yield cast("_Arriving", unpacked)
    else:
        with path.open("rb") as file:
            yield cast("_Arriving", file)
