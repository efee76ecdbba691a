"""Reads files of tracks: CSV with a header, one fix of a vehicle per row."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from models.csv_rows import rows_of
from models.errors import TrackFileError
from models.events import CheckError, parse_instant
from models.tracks.runs import Fixes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_REQUIRED: Final = ("track_id", "time", "lon", "lat")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_LONGEST_ID: Final = 128


class TrackFile(NamedTuple):
    """The rows of a file, in its order: lists of one length.

    `lon`, `lat` and `heading` are decimal degrees; `heading` is NaN where the row has none.
    """

    track_id: list[str]
    time: list[datetime]
    lon: list[float]
    lat: list[float]
    heading: list[float]

    def tracks(self) -> Iterator[tuple[str, NDArray[np.int64], Fixes]]:
        """Give each track by its id: which rows it is of, by their times, and the fixes in them."""
        rows: dict[str, list[int]] = {}
        for row, track_id in enumerate(self.track_id):
            rows.setdefault(track_id, []).append(row)
        for track_id in sorted(rows):
            # Rows of one time stay as they stand in the file.
            ordered = sorted(rows[track_id], key=self.time.__getitem__)
            columns = ([column[row] for row in ordered] for column in (self.lon, self.lat, self.heading))
            seconds = np.array([self.time[row].timestamp() for row in ordered], dtype=np.float64)
            yield track_id, np.array(ordered, dtype=np.int64), Fixes(seconds, *map(np.array, columns))


def read_tracks(path: Path) -> TrackFile:
    """Read a file of tracks: UTF-8 (a byte order mark is accepted), commas, `track_id,time,lon,lat[,heading]`.

    Rows may stand in any order; unknown columns are ignored, lines without content skipped. Raises TrackFileError
    with one line that names the file, the line and the column.
    """
    lines = rows_of(path, TrackFileError)
    first, header = next(lines, (1, []))
    _check_header(path, first, header)
    place = {column: header.index(column) for column in (*_REQUIRED, "heading") if column in header}
    read = TrackFile([], [], [], [], [])
    for line, cells in lines:
        if len(cells) > len(header):
            fault = (
                f"has {len(cells)} fields, the header {len(header)}: put fields that contain a comma in double quotes"
            )
            raise TrackFileError(f"{path}: line {line}: {fault}")
        column = ""
        try:
            for column, at in place.items():
                _READERS[column](read, cells[at] if at < len(cells) else "")
        except _CellError as error:
            raise TrackFileError(f"{path}: line {line}, column {column}: {error}") from None
        if "heading" not in place:
            read.heading.append(np.nan)
    return read


def utc(instant: datetime) -> str:
    """Write a time as all outputs do, with as many decimals as it has: `2026-11-22T04:30:00.5Z` keeps its half."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _CellError(Exception):
    """What is wrong with a cell."""


def _check_header(path: Path, line: int, header: list[str]) -> None:
    if not header:
        raise TrackFileError(f"{path}: line 1: is empty: begin with the header {','.join(_REQUIRED)}")
    for column in (*_REQUIRED, "heading"):
        if header.count(column) > 1:
            raise TrackFileError(f"{path}: line {line}, column {column}: stands in the header twice")
        if column not in header and column in _REQUIRED:
            raise TrackFileError(f"{path}: line {line}, column {column}: is missing from the header")


def _read_id(read: TrackFile, text: str) -> None:
    if not text or len(text) > _LONGEST_ID or not text.isprintable():
        raise _CellError(f"must have 1 to {_LONGEST_ID} printable characters")
    read.track_id.append(text)


def _read_time(read: TrackFile, text: str) -> None:
    try:
        read.time.append(parse_instant(text))
    except CheckError as error:
        raise _CellError(error.message()) from None


def _number(text: str, lowest: float, highest: float) -> float:
    number = float(text) if _NUMBER.fullmatch(text) else np.nan
    if not lowest <= number <= highest:
        raise _CellError(f"{text!r:.40} must be a number of degrees from {lowest:g} to {highest:g}")
    return number


def _read_lon(read: TrackFile, text: str) -> None:
    read.lon.append(_number(text, -180, 180))


def _read_lat(read: TrackFile, text: str) -> None:
    read.lat.append(_number(text, -90, 90))


def _read_heading(read: TrackFile, text: str) -> None:
    heading = _number(text, 0, 360) if text else np.nan
    if heading == 360:  # noqa: PLR2004 - a full turn
        raise _CellError("must be below 360; north is 0, and no heading is an empty cell")
    read.heading.append(heading)


_READERS: Final = {
    "track_id": _read_id,
    "time": _read_time,
    "lon": _read_lon,
    "lat": _read_lat,
    "heading": _read_heading,
}
