"""From a vendor's code of an offence to an article of the administrative code, by a dated table."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from models.errors import PayloadMapError

if TYPE_CHECKING:
    from collections.abc import Iterable

OFFENCES_PATH: Final = Path(__file__).with_name("offences.csv")
SPEED: Final = "speed"
"""In the column `offence`: the article follows from the speed; in `code`: these rows say which."""

_SPEED_ARTICLE: Final = "592"
_COLUMNS: Final = ("since", "vendor", "code", "over_kmh", "offence")
_OFFENCE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,15}")
_NOT_IN_OFFENCE: Final = re.compile(r"[^0-9A-Za-z.\-]+")
_LONGEST: Final = 16


class _Row(NamedTuple):
    since: date
    vendor: str
    code: str
    over_kmh: int | None
    offence: str


class Offences:
    """The table. A row holds from its day on, until rows of the same vendor and code with a later day."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        """Keep the rows, the latest first."""
        self._rows: dict[tuple[str, str], list[_Row]] = {}
        for row in sorted(rows, key=lambda row: (row.since, row.over_kmh or 0), reverse=True):
            self._rows.setdefault((row.vendor, row.code), []).append(row)

    def article(self, vendor: str, code: str, day: date, over_kmh: float | None) -> str:
        """Give the article of a code on a day; `over_kmh` is the speed beyond the limit where both are known.

        A code that the table does not have becomes an offence of its own, such as `hikvision-1234`: it is counted, and
        can be amended later.
        """
        row = next((row for row in self._rows.get((vendor, code), ()) if row.since <= day), None)
        if row is None:
            return _NOT_IN_OFFENCE.sub("-", f"{vendor}-{code}")[:_LONGEST]
        return self._of_speed(day, over_kmh) if row.offence == SPEED else row.offence

    def _of_speed(self, day: date, over_kmh: float | None) -> str:
        rows = [row for row in self._rows.get(("", SPEED), ()) if row.since <= day]
        if over_kmh is None or not rows:
            return _SPEED_ARTICLE
        in_force = [row for row in rows if row.since == rows[0].since]
        return next((row.offence for row in in_force if int(over_kmh) >= (row.over_kmh or 0)), _SPEED_ARTICLE)


def read_offences(path: Path = OFFENCES_PATH) -> Offences:
    """Read a table of offences: CSV with a header. Raises PayloadMapError, naming file, line and column."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PayloadMapError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'is not UTF-8'}") from None
    lines = csv.DictReader(io.StringIO(text))
    missing = [column for column in _COLUMNS if column not in (lines.fieldnames or ())]
    if missing:
        raise PayloadMapError(f"{path}: line 1, column {missing[0]}: is missing from the header")
    return Offences([_row(f"{path}: line {lines.line_num}", cells) for cells in lines])


def _row(place: str, cells: dict[str, str | None]) -> _Row:
    since, vendor, code, over, offence = ((cells[column] or "").strip() for column in _COLUMNS)
    try:
        day = date.fromisoformat(since)
    except ValueError:
        raise PayloadMapError(f"{place}, column since: {since!r} is no day; write YYYY-MM-DD") from None
    if not code:
        raise PayloadMapError(f"{place}, column code: is empty")
    if over and not over.isdecimal():
        raise PayloadMapError(f"{place}, column over_kmh: {over!r} is no whole number of km/h")
    if _OFFENCE.fullmatch(offence) is None:
        raise PayloadMapError(f"{place}, column offence: {offence!r} is neither an article such as 592.2 nor 'speed'")
    return _Row(day, vendor, code, int(over) if over else None, offence)
