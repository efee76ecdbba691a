"""The spool: events on the device's own disk until Kafka has them.

A record that `append` took is on the disk (SQLite, write-ahead log, a flush before the commit returns), so neither a
killed process nor a power cut takes it back. The rule when it is full: nothing that was taken is ever given up for
something newer; new records are refused with SpoolFullError until older ones have been sent.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.publisher.outgoing import Outgoing
from models.errors import SpoolError, SpoolFullError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DEFAULT_MAX_BYTES: Final = 256 * 1024 * 1024

_PAGE_BYTES: Final = 4096
_RESERVE_BYTES: Final = 1024 * 1024
_CACHE_KIB: Final = 1024
_LOG_PAGES: Final = 256
_FORGET_AT_ONCE: Final = 500
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: the sender's place stays true
    topic TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL
)
"""


class Spooled(NamedTuple):
    """A record in the spool, and its place in the order in which it was taken."""

    place: int
    record: Outgoing


class Spool:
    """One folder, one process. Any thread may call.

    `max_bytes` bounds the file of records; beside it stand the write-ahead log, some megabytes at most, and a reserve
    of 1 MiB, which lets a full disk be emptied again. Raises SpoolError where the folder cannot be used, or another
    process uses it.
    """

    def __init__(self, folder: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        """Open the spool, or begin one."""
        self.path = folder / "spool.sqlite"
        self._reserve = folder / "reserve"
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._owner = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._owner)
            raise SpoolError(f"{folder}: another publisher uses this spool: give each its own --spool") from None
        except OSError as error:
            raise SpoolError(
                f"{folder}: no spool can be kept there ({error.strerror}): choose another --spool"
            ) from None
        try:
            self._writer = self._connect()
            # Its commits wait for no disk: a deletion that a power cut takes back means records sent twice, no more.
            self._eraser = self._connect()
            self._eraser.execute("PRAGMA synchronous = NORMAL")
            self._writer.execute(f"PRAGMA max_page_count = {max(max_bytes // _PAGE_BYTES, 16)}")
            self._writer.execute(_SCHEMA)
        except sqlite3.Error as error:
            os.close(self._owner)
            raise SpoolError(f"{self.path}: cannot be used ({error}): move it away to begin a new one") from None
        self._put_reserve()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; it is on the disk when the block has ended. Raises SpoolFullError, SpoolError."""
        with self._lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._refusal(error) from None
            finally:
                # SQLite ends a transaction itself where the disk was full, and not where the block raised.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def append(self, records: Iterable[Outgoing]) -> None:
        """Take records, all or none; they are on the disk when this returns. Raises SpoolFullError, SpoolError."""
        with self.transaction() as writer:
            insert(writer, records)

    def after(self, place: int, max_records: int, max_bytes: int) -> list[Spooled]:
        """Read on behind a place, in order: so many records, or so many bytes of them, and at least one."""
        found: list[Spooled] = []
        size = 0
        with self._lock:
            rows = self._eraser.execute(
                "SELECT id, topic, key, value FROM records WHERE id > ? ORDER BY id LIMIT ?", (place, max_records)
            )
            for at, topic, key, value in rows:
                size += len(value)
                if found and size > max_bytes:
                    break
                found.append(Spooled(at, Outgoing(topic, key, value)))
            rows.close()
        return found

    def forget(self, through: int) -> bool:
        """Delete what has been sent, up to a place. False where the disk has no room even for that: ask again later."""
        with self._lock:
            try:
                self._delete(through)
            except sqlite3.Error:
                # The deletion itself has to be written somewhere: that is what the reserve is for.
                self._reserve.unlink(missing_ok=True)
                try:
                    self._delete(through)
                except sqlite3.Error:
                    return False
            self._put_reserve()
        return True

    def _delete(self, through: int) -> None:
        while self._eraser.execute(
            "DELETE FROM records WHERE id IN (SELECT id FROM records WHERE id <= ? ORDER BY id LIMIT ?)",
            (through, _FORGET_AT_ONCE),
        ).rowcount:
            pass

    def _put_reserve(self) -> None:
        with suppress(OSError):
            if not self._reserve.exists():
                descriptor = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                try:
                    os.posix_fallocate(descriptor, 0, _RESERVE_BYTES)
                except OSError:
                    self._reserve.unlink()
                finally:
                    os.close(descriptor)

    def __len__(self) -> int:
        """How many records it holds, those included that were sent and are kept for a while."""
        with self._lock:
            return int(self._eraser.execute("SELECT count(*) FROM records").fetchone()[0])

    def last_place(self) -> int:
        """Place of the newest record, 0 where there is none."""
        with self._lock:
            return int(self._eraser.execute("SELECT coalesce(max(id), 0) FROM records").fetchone()[0])

    def used_bytes(self) -> int:
        """Bytes of the file that hold something."""
        with self._lock:
            pages = self._eraser.execute(
                "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
            )
            return int(pages.fetchone()[0]) * _PAGE_BYTES

    def close(self) -> None:
        """Let the files go."""
        with self._lock:
            self._writer.close()
            self._eraser.close()
            with suppress(OSError):
                os.close(self._owner)

    def _refusal(self, error: sqlite3.Error) -> SpoolError:
        code = getattr(error, "sqlite_errorcode", None)
        # A disk that fills up while the log grows shows as an I/O error of a write.
        if code == sqlite3.SQLITE_FULL or (code is not None and code & 0xFF == sqlite3.SQLITE_IOERR):
            return SpoolFullError(f"{self.path}: no room ({error}): it takes events again once some have been sent")
        return SpoolError(f"{self.path}: cannot be written ({error}): check the disk")


def insert(writer: sqlite3.Connection, records: Iterable[Outgoing]) -> None:
    """Add records within a transaction of the spool."""
    writer.executemany("INSERT INTO records (topic, key, value) VALUES (?, ?, ?)", records)
