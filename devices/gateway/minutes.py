"""The gateway's memory in the spool: passages by device and minute, names of what was seen, halves of events.

All of it is written in the transaction that answers the device, so a power cut loses no passage and counts none twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from devices.gateway.intake import Entry, joined, status_of, violation_of
from devices.publisher.spool import insert
from models.errors import SpoolError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from devices.gateway.offences import Offences
    from devices.publisher.outgoing import Outgoing
    from devices.publisher.spool import Spool

OPEN_MS: Final = 75_000
"""So long after its first word a minute is closed, whatever the device's clock says; later words make one more."""
REMEMBERED_MS: Final = 3_600_000
"""A passage that is told of again within an hour counts once; offences have names, and always count once."""
HALF_MS: Final = 10_000
"""So long the first half of an event waits for the second."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS minutes (
    source TEXT, minute_s INTEGER, opened_ms INTEGER, passages INTEGER, offset_ms INTEGER, lon REAL, lat REAL,
    PRIMARY KEY (source, minute_s)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (name BLOB PRIMARY KEY, seen_ms INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_by_time ON seen (seen_ms);
CREATE TABLE IF NOT EXISTS halves (name BLOB PRIMARY KEY, came_ms INTEGER, entry BLOB) WITHOUT ROWID;
"""


class Minutes:
    """Takes entries into the spool. One thread calls."""

    def __init__(self, spool: Spool, offences: Offences) -> None:
        """Open, or begin, the tables in the spool. Raises SpoolError."""
        self._spool = spool
        self._offences = offences
        with spool.transaction() as writer:
            for statement in _SCHEMA.split(";")[:-1]:
                writer.execute(statement)

    def take(self, entries: Iterable[Entry]) -> int:
        """Take entries, all or none; they are on the disk when this returns. Returns how many violations came of them.

        Raises SpoolFullError and SpoolError, with nothing taken.
        """
        with self._spool.transaction() as writer:
            records = [record for entry in entries for record in self._absorb(writer, entry)]
            insert(writer, records)
        return len(records)

    def close_due(self, now_ms: int) -> int:
        """Make statuses of minutes that are over, and events of halves that stayed alone. Returns how many records."""
        with self._spool.transaction() as writer:
            records: list[Outgoing] = []
            halves = writer.execute("DELETE FROM halves WHERE came_ms <= ? RETURNING entry", (now_ms - HALF_MS,))
            for (kept,) in halves.fetchall():
                records += self._count(writer, _decoded(kept))
            due = writer.execute(
                "DELETE FROM minutes WHERE opened_ms <= ? "
                "RETURNING source, minute_s, opened_ms, passages, offset_ms, lon, lat",
                (now_ms - OPEN_MS,),
            )
            for source, minute_s, opened_ms, passages, offset_ms, lon, lat in sorted(
                due.fetchall(), key=lambda row: row[:2]
            ):
                place = None if lon is None else (lon, lat)
                records.append(status_of(source, minute_s, opened_ms, passages, offset_ms, place))
            insert(writer, records)
            writer.execute("DELETE FROM seen WHERE seen_ms <= ?", (now_ms - REMEMBERED_MS,))
        return len(records)

    def _absorb(self, writer: sqlite3.Connection, entry: Entry) -> list[Outgoing]:
        name = entry.name if entry.reading.vendor_id else None
        if entry.reading.more and name is not None:
            writer.execute(
                "INSERT OR IGNORE INTO halves VALUES (?, ?, ?)", (_half(entry), _ms(entry), msgspec.json.encode(entry))
            )
            return []
        if name is not None:
            kept = writer.execute("DELETE FROM halves WHERE name = ? RETURNING entry", (_half(entry),)).fetchone()
            if kept is not None:
                entry = joined(_decoded(kept[0]), entry)
        return self._count(writer, entry)

    def _count(self, writer: sqlite3.Connection, entry: Entry) -> list[Outgoing]:
        """Add an entry to its minute, unless it has been; an offence also becomes its event, however often it comes."""
        seen = entry.reading
        passages = 0 if seen.about == "sign" else seen.passages
        if seen.vendor_id and passages:
            fresh = writer.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (entry.name, _ms(entry))).rowcount
            passages = passages if fresh else 0
        offset_ms = (
            None
            if seen.history or seen.happened_at is None
            else round((entry.happened_at - entry.arrived_at).total_seconds() * 1000)
        )
        lon, lat = seen.position if entry.mobile and seen.position is not None else (None, None)
        writer.execute(
            "INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "passages = passages + excluded.passages, offset_ms = coalesce(excluded.offset_ms, offset_ms), "
            "lon = coalesce(excluded.lon, lon), lat = coalesce(excluded.lat, lat)",
            (entry.source_id, entry.minute_s, _ms(entry), passages, offset_ms, lon, lat),
        )
        return [violation_of(entry, self._offences)] if seen.about == "offence" else []


def _ms(entry: Entry) -> int:
    return round(entry.arrived_at.timestamp() * 1000)


def _half(entry: Entry) -> bytes:
    """Name of an event's halves, of which only one may say that it is an offence."""
    return f"{entry.vendor} {entry.source_id} {entry.reading.vendor_id}".encode("utf-8", "surrogatepass")


def _decoded(kept: bytes) -> Entry:
    try:
        return msgspec.json.decode(kept, type=Entry)
    except msgspec.DecodeError as error:
        raise SpoolError(f"the spool holds half an event that cannot be read ({error}): move it away") from None
