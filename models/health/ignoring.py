"""The ignore list: what is known to be unwell and shall not be told, from when to when.

CSV with a header, `scope,name,condition,from,until,reason`. Whatever is ignored is so for a time: an entry without an
end would be forgotten, and the device with it.
"""

from __future__ import annotations

import csv
import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

from models.errors import IgnoreListError
from models.health.states import CONDITIONS, DEVICE, FLEET, GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from models.fleet import Device

COLUMNS: Final = ("scope", "name", "condition", "from", "until", "reason")
_SCOPES: Final = (DEVICE, *GROUPS, FLEET)


class Ignored(NamedTuple):
    """A device or a group of which nothing is told in `[from_s, until_s)`, seconds since 1970.

    `condition` None is every one.
    """

    scope: str
    name: str
    condition: str | None
    from_s: float
    until_s: float
    reason: str

    def names(self, device: Device) -> bool:
        """Whether a device is meant."""
        if self.scope == FLEET:
            return True
        return bool((device.device_id if self.scope == DEVICE else getattr(device, self.scope)) == self.name)


def read_ignored(lines: Iterable[str], file: str, zone: ZoneInfo) -> tuple[Ignored, ...]:
    """Read an ignore list. A date is the first instant of its day in `zone`, so `until` is not in the span itself.

    Raises IgnoreListError with one line that names the file, the line and the column.
    """
    table = csv.DictReader(lines, restval="", strict=True)
    entries = []
    try:
        missing = [name for name in ("scope", "until") if name not in (table.fieldnames or ())]
        if missing:
            raise IgnoreListError(f"{file}: line 1: the header lacks {missing[0]}; it is {','.join(COLUMNS)}")
        for row in table:
            cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
            if any(cells.values()):
                entries.append(_entry(cells, f"{file}: line {table.line_num}, column", zone))
    except csv.Error as error:
        raise IgnoreListError(f"{file}: line {table.reader.line_num}: {error}") from None
    return tuple(entries)


def _entry(cells: dict[str, str], at: str, zone: ZoneInfo) -> Ignored:
    scope, name, condition = cells["scope"], cells["name"], cells["condition"] or None
    if scope not in _SCOPES:
        raise IgnoreListError(f"{at} scope: {scope!r} is none of {', '.join(_SCOPES)}")
    if not name and scope != FLEET:
        raise IgnoreListError(f"{at} name: say which {scope}")
    if condition is not None and condition not in CONDITIONS:
        raise IgnoreListError(f"{at} condition: {condition!r} is none of {', '.join(CONDITIONS)}; empty is all of them")
    if not cells["until"]:
        raise IgnoreListError(f"{at} until: say when it ends; what is ignored for good is forgotten")
    from_s = _instant(cells["from"], f"{at} from", zone) if cells["from"] else 0.0
    until_s = _instant(cells["until"], f"{at} until", zone)
    if until_s <= from_s:
        raise IgnoreListError(f"{at} until: lies before from")
    return Ignored(scope, name, condition, from_s, until_s, cells["reason"])


def _instant(text: str, at: str, zone: ZoneInfo) -> float:
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise IgnoreListError(f"{at}: {text!r} is no time; write 2025-01-31 or 2025-01-31T08:00:00+05:00") from None
    if instant.tzinfo is None:
        if "T" in text.upper() or " " in text:
            raise IgnoreListError(f"{at}: {text!r} has no offset; end it with Z or +05:00")
        instant = instant.replace(tzinfo=zone)
    return instant.timestamp()
