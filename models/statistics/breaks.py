"""Breaks: since when a measure is counted by other rules. No percentage may be given across one.

The list is a CSV file, `date,measure,reason,source`: figures of the measure from that local day on must not be
compared with those before it. `DEFAULT_BREAKS_PATH` holds what is known of Kazakhstan.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from models.errors import BreaksFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_BREAKS_PATH: Final = Path(__file__).with_name("breaks.csv")
COLUMNS: Final = ("date", "measure", "reason", "source")


class Break(NamedTuple):
    """From `date` on, a local day, `measure` is counted differently: why, and where that is written."""

    date: dt.date
    measure: str
    reason: str
    source: str


def read_breaks(path: Path = DEFAULT_BREAKS_PATH) -> tuple[Break, ...]:
    """Read a list of breaks: UTF-8, commas, a header; by date.

    Raises BreaksFileError with one line that names the file, the line and the column.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BreaksFileError(f"{path}: is not UTF-8: save the file as UTF-8") from None
    except OSError as error:
        raise BreaksFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for column in COLUMNS:
            if column not in (reader.fieldnames or ()):
                raise BreaksFileError(f"{path}: line 1, column {column}: is missing from the header")
        return tuple(sorted(_break(row, f"{path}: line {reader.line_num}") for row in reader))
    except csv.Error as error:
        raise BreaksFileError(f"{path}: line {reader.line_num}: is not CSV: {error}") from None


def break_between(breaks: Iterable[Break], measure: str, first: dt.date, end: dt.date) -> Break | None:
    """Give the first break of a measure strictly inside `[first, end)`, or None.

    A break on `first` itself divides nothing: all of the span is counted by the new rules.
    """
    return min((one for one in breaks if one.measure == measure and first < one.date < end), default=None)


def _break(row: Mapping[str | None, str | None], place: str) -> Break:
    if None in row:
        raise BreaksFileError(f"{place}: has too many fields: put those that contain a comma in double quotes")
    cells = {column: (row[column] or "").strip() for column in COLUMNS}
    for column, cell in cells.items():
        if not cell:
            raise BreaksFileError(f"{place}, column {column}: is empty")
    try:
        date = dt.datetime.strptime(cells["date"], "%Y-%m-%d").date()  # noqa: DTZ007 - a local day has no zone
    except ValueError:
        raise BreaksFileError(f"{place}, column date: {cells['date']!r} is no day: write 2024-01-01") from None
    return Break(date, cells["measure"], cells["reason"], cells["source"])
