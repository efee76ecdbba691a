"""What was sent of a register's cards: one SQLite file per source, as safe against a crash as the disk is.

An import compares and remembers in one transaction, which also puts what has to be sent into an outbox; what was
delivered is taken out of it. An import that is killed has either changed nothing, or the next one delivers the rest:
a record may be delivered twice, with the same id, and is counted once.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amanzhol.registers.comparing import Card
from models.errors import MemoryFileError
from models.topics import CORRECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from amanzhol.registers.comparing import Content

_VERSION = 1
_BUSY_S = 1.0
_SLUG_CHARS = 40
_BATCH = 2_000

_SCHEMA = """
CREATE TABLE destination (name TEXT PRIMARY KEY, imports INTEGER NOT NULL, drawn_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE card (
    destination TEXT, card TEXT, generation INTEGER NOT NULL, retracted INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (destination, card)
) WITHOUT ROWID;
CREATE TABLE outbox (at INTEGER PRIMARY KEY, destination TEXT NOT NULL, topic TEXT NOT NULL, value BLOB NOT NULL);
"""
_INCOMING = """
CREATE TEMP TABLE incoming (card TEXT PRIMARY KEY, line INTEGER NOT NULL, other INTEGER, content BLOB) WITHOUT ROWID;
"""


class Incoming(NamedTuple):
    """A card of the table beside what is known of it."""

    card_id: str
    content: Content
    known: Card | None


class Conflict(NamedTuple):
    """A card that stands in the table twice, with different values."""

    card_id: str
    line: int
    other_line: int


class Taken(NamedTuple):
    """What a table held: how many cards are believed, rows that repeat an earlier one, cards that contradict it."""

    believed: int
    repeats: int
    conflicts: list[Conflict]


class Due(NamedTuple):
    """A record of the outbox, by its topic."""

    at: int
    topic: str
    value: bytes


def memory_path(home: Path, source_id: str) -> Path:
    """Give the file that remembers a source: its name to read, and a digest since an id may hold any character."""
    digest = hashlib.blake2b(source_id.encode(), digest_size=4).hexdigest()
    slug = re.sub(r"[^A-Za-z0-9._-]", "_", source_id)[:_SLUG_CHARS]
    return home / "registers" / f"{slug}-{digest}.sqlite"


@contextmanager
def open_memory(path: Path, destination: str) -> Iterator[Memory]:
    """Open the memory of a source for one destination (a Kafka, or files), alone: who comes second is refused.

    Raises MemoryFileError where it is in use, damaged, or cannot be written.
    """
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        # Kept until it is closed, between transactions too: an outbox has one who empties it.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        elif version != _VERSION:
            raise MemoryFileError(f"{path}: was written by another amanzhol (form {version}): use that one")
        connection.execute("COMMIT")
        connection.execute(_INCOMING)
        yield Memory(connection, destination)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise MemoryFileError(f"{path}: another import of this source is running: wait for its end") from None
        raise MemoryFileError(f"{path}: {error}: make room there, or give the folder to this user") from None
    except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
        raise MemoryFileError(
            f"{path}: is damaged ({error}): move it away, and name the table that was imported last with --previous"
        ) from None
    except OSError as error:
        raise MemoryFileError(f"{path.parent}: cannot be used: {error.strerror or error}") from None
    finally:
        if connection is not None:
            connection.close()


class Memory:
    """The memory of one source and one destination. Made by `open_memory`."""

    def __init__(self, connection: sqlite3.Connection, destination: str) -> None:
        """Use this connection."""
        self._connection = connection
        self._destination = destination

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Remember all of what happens in here, or nothing; nothing either where it is not to be kept."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT" if keep else "ROLLBACK")

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever sent there."""
        query = "SELECT 1 FROM card WHERE destination = ? LIMIT 1"
        return self._connection.execute(query, (self._destination,)).fetchone() is None

    @property
    def last(self) -> tuple[int, int]:
        """Number of the last import, and when its table was drawn, in ms since 1970; zeros where there was none."""
        query = "SELECT imports, drawn_ms FROM destination WHERE name = ?"
        imports, drawn_ms = self._connection.execute(query, (self._destination,)).fetchone() or (0, 0)
        return imports, drawn_ms

    def note_import(self, number: int, drawn_ms: int) -> None:
        """Remember the last import."""
        row = (self._destination, number, drawn_ms)
        self._connection.execute("INSERT OR REPLACE INTO destination VALUES (?, ?, ?)", row)

    def take_in(self, rows: Iterable[tuple[str, int, Content | None]]) -> Taken:
        """Take in the table: card, line and content, None where the row was refused.

        Of a card with different values in two rows neither is believed: it stays as it was.
        """
        self._connection.execute("DELETE FROM incoming")
        repeats = 0
        for card_id, line, content in rows:
            packed = None if content is None else msgspec.json.encode(content, order="sorted")
            try:
                self._connection.execute("INSERT INTO incoming VALUES (?, ?, NULL, ?)", (card_id, line, packed))
            except sqlite3.IntegrityError:
                query = "SELECT content FROM incoming WHERE card = ?"
                (held,) = self._connection.execute(query, (card_id,)).fetchone()
                if held == packed and held is not None:
                    repeats += 1
                    continue
                update = "UPDATE incoming SET content = NULL, other = coalesce(other, ?) WHERE card = ?"
                self._connection.execute(update, (line, card_id))
        found = self._connection.execute("SELECT card, line, other FROM incoming WHERE other IS NOT NULL ORDER BY line")
        conflicts = [Conflict(*row) for row in found]
        (believed,) = self._connection.execute("SELECT count(content) FROM incoming").fetchone()
        return Taken(believed, repeats, conflicts)

    def incoming(self) -> Iterator[Incoming]:
        """The cards that were taken in and are not as they were, in the order of their lines."""
        query = """
            SELECT incoming.card, incoming.content, card.content, card.generation, card.retracted
            FROM incoming LEFT JOIN card ON card.destination = ? AND card.card = incoming.card
            WHERE incoming.content IS NOT NULL AND (card.content IS NOT incoming.content OR card.retracted)
            ORDER BY incoming.line
        """
        for card_id, content, *known in self._in_batches(query):
            yield Incoming(card_id, msgspec.json.decode(content), _card(*known))

    def missing(self) -> Iterator[tuple[str, Card]]:
        """Cards that count and that the table no longer has, not even in a row that was refused."""
        # By +card, not by its index: rows are sorted before the first is given, so they may be changed meanwhile.
        query = """
            SELECT card, content, generation, retracted FROM card
            WHERE destination = ? AND NOT retracted AND card NOT IN (SELECT card FROM incoming) ORDER BY +card
        """
        for card_id, *known in self._in_batches(query):
            card = _card(*known)
            if card is not None:
                yield card_id, card

    def _in_batches(self, query: str) -> Iterator[Any]:
        cursor = self._connection.execute(query, (self._destination,))
        while rows := cursor.fetchmany(_BATCH):
            yield from rows

    def remember(self, card_id: str, card: Card) -> None:
        """Remember what was sent of a card."""
        content = msgspec.json.encode(card.content, order="sorted")
        row = (self._destination, card_id, card.generation, int(card.retracted), content)
        self._connection.execute("INSERT OR REPLACE INTO card VALUES (?, ?, ?, ?, ?)", row)

    def put(self, topic: str, value: bytes) -> None:
        """Put a record into the outbox."""
        insert = "INSERT INTO outbox (destination, topic, value) VALUES (?, ?, ?)"
        self._connection.execute(insert, (self._destination, topic, value))

    def due(self) -> Iterator[Due]:
        """What has to be delivered: events before corrections, each in the order in which they were put there."""
        query = "SELECT at, topic, value FROM outbox WHERE destination = ? ORDER BY topic = ?, at"
        cursor = self._connection.execute(query, (self._destination, CORRECTIONS))
        while rows := cursor.fetchmany(_BATCH):
            for row in rows:
                yield Due(*row)

    def delivered(self) -> None:
        """Forget what was in the outbox: all of it has arrived."""
        with self.transaction():
            self._connection.execute("DELETE FROM outbox WHERE destination = ?", (self._destination,))


def _card(content: bytes | None, generation: int, retracted: int) -> Card | None:
    return None if content is None else Card(msgspec.json.decode(content), generation, bool(retracted))
