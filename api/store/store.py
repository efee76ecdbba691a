"""The store as the service uses it: takes records in, and answers questions of one moment."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from api.store.asking import sql_of
from api.store.merging import Appended, merge
from api.store.packing import thin_day
from api.store.slots import from_rows
from api.store.tables import LAYOUT, TABLES, create_indexes, create_tables, drop_tables
from api.store.taking import take_in
from models.books import Books
from models.calendar import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from api.store.asking import Question
    from api.store.engine import Engine, Reading, Writing
    from api.store.taking import Arrival, Taken
    from api.store.words import Words
    from models.calendar import Calendar
    from models.network import Network

_ORIGIN = "origin"

Reached = dict[tuple[str, int], int]
"""Per topic (its short name) and partition the offset of the next record."""


class Version(NamedTuple):
    """Which state of the store an answer is of: a number that grows, and the time of the newest record in it.

    Detail before `thinned_before` (UTC seconds) is gone. `words` is how many words have been given numbers.
    """

    number: int
    newest_ms: int
    thinned_before: int
    words: int


class Snapshot:
    """What there is to read at one moment. `words` are those of its numbers."""

    def __init__(self, reading: Reading, words: Words, calendar: Calendar, version: Version) -> None:
        """Read through an open transaction."""
        self._reading = reading
        self._calendar = calendar
        self.words = words
        self.version = version

    def ask(self, question: Question) -> pa.Table:
        """Answer as a whole. See `api.store.asking.sql_of` for the columns."""
        return self._reading.table(sql_of(question, self._calendar))

    def stream(self, question: Question) -> pa.RecordBatchReader:
        """Answer piece by piece."""
        return self._reading.batches(sql_of(question, self._calendar))

    def books(self) -> Books:
        """The books, over all source partitions."""
        return sum(_books(self._reading).values(), Books())


class Store:
    """Owns the database. One thread takes records in; any thread reads."""

    def __init__(self, engine: Engine, words: Words, calendar: Calendar, source: Mapping[str, str]) -> None:
        """Open what is stored, or begin anew where it was made from another `source`: names and values.

        What is stored is only a view, so anything that does not fit is deleted, to be read again.
        """
        self._engine = engine
        self._calendar = calendar
        self._source = {"layout": LAYOUT, **source}
        self._appended = Appended()
        self._words = words
        with engine.writing() as writing:
            create_tables(writing)
            facts = _facts(writing)
            if any(facts.get(name) != value for name, value in self._source.items()):
                drop_tables(writing)
                create_tables(writing)
                facts = {}
            create_indexes(writing)
            words.load(writing)
            known = len(words.segments)
            words.place_all(writing)
            new = words.segments.since(known)
            if new:
                rows = zip(range(known, len(words.segments)), new, strict=True)
                writing.append("segments", from_rows(rows, TABLES["segments"].schema))
            self._version = _version(facts)._replace(words=words.count)
            self._note(writing, self._version, facts.get(_ORIGIN, ""))
        # The thread that takes records in gives new numbers before they are stored; readers have a list of their own.
        self._shown = words.copy()

    @property
    def network(self) -> Network:
        """The network that segments are described by."""
        return self._words.network

    @property
    def taking_words(self) -> Words:
        """Words of the numbers in what `take` returns, for the thread that takes."""
        return self._words

    @property
    def calendar(self) -> Calendar:
        """The calendar that sums are kept by."""
        return self._calendar

    def follow(self, origin: str) -> None:
        """Say which topics the records are of from now on: what was read from others is forgotten."""
        with self._engine.writing() as writing:
            facts = _facts(writing)
            version = _version(facts)._replace(number=_version(facts).number + 1)
            if facts.get(_ORIGIN, "") not in ("", origin):
                for table in set(TABLES) - {"segments", "dimensions", "places", "facts"}:
                    writing.execute(f"DELETE FROM {table}")  # noqa: S608 - our own name
                version = version._replace(newest_ms=0, thinned_before=0)
            self._note(writing, version, origin)
        self._version = version

    def reached(self) -> Reached:
        """How far each partition has been read into the store."""
        with self._engine.reading() as reading:
            return _reached(reading)

    def take(self, arrivals: Sequence[Arrival], reached: Reached, books: Mapping[int, Books]) -> Taken:
        """Take records in, note how far was read and the books, all or nothing.

        Raises StoreError where the database fails: then nothing was taken in, and `reached()` says where to go on.
        """
        try:
            with self._engine.writing() as writing:
                origin = self._refresh(writing)
                segments, dimensions = len(self._words.segments), len(self._words.dimensions)
                taken = take_in(writing, arrivals, self._words, self._calendar, self._version.thinned_before)
                self._words.store_since(writing, segments, dimensions)
                _store_reached(writing, _reached(writing) | reached)
                if books:
                    _store_books(writing, _books(writing) | dict(books))
                version = self._version
                if taken.changed or books:
                    newest_ms = max((version.newest_ms, *(arrival.time_ms for arrival in arrivals)))
                    version = version._replace(number=version.number + 1, newest_ms=newest_ms, words=self._words.count)
                    self._note(writing, version, origin)
            self._version = version
        except BaseException:
            # Numbers given in a transaction that was not committed were never given.
            self._version = self._version._replace(number=-1)
            raise
        if taken.changed:
            first = min(slot.begins for slot, _ in taken.changed)
            self._appended.note(len(taken.changed), first, self._calendar)
        return taken

    def tidy(self) -> None:
        """Add up rows of one key where there are many. To be called where there is time for it."""
        with self._engine.writing() as writing:
            due = self._appended.due(writing)
            for table, first in due.items():
                merge(writing, table, first)
        for table in due:
            self._appended.forget(table)

    def thin(self, before: int) -> None:
        """Thin all days that end by an instant, a transaction each."""
        before = self._calendar.start("day", before)
        for day in self._calendar.units("day", Span(self._first_detailed(before), before)):
            with self._engine.writing() as writing:
                origin = self._refresh(writing)
                thin_day(writing, day, self._calendar)
                version = self._version._replace(number=self._version.number + 1, thinned_before=day.end)
                self._note(writing, version, origin)
            self._version = version

    def _first_detailed(self, default: int) -> int:
        with self._engine.reading() as reading:
            first = reading.table("SELECT min(begins) AS first FROM changes")["first"][0].as_py()
        return default if first is None else min(self._calendar.start("day", first), default)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Hold one moment of the store while the block runs."""
        with self._engine.reading() as reading:
            version = _version(_facts(reading))
            words = self._shown
            if words.count != version.words:
                words = words.copy()
                words.load(reading)
                self._shown = words
            yield Snapshot(reading, words, self._calendar, version)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.close()

    def _refresh(self, writing: Writing) -> str:
        """Go on from what another process, or a transaction of ours that failed, has left. Returns the origin."""
        facts = _facts(writing)
        version = _version(facts)
        if version.number != self._version.number:
            self._words.load(writing)
            self._version = version
        return facts.get(_ORIGIN, "")

    def _note(self, writing: Writing, version: Version, origin: str) -> None:
        numbers = {name: str(value) for name, value in version._asdict().items()}
        _replace(writing, "facts", (self._source | numbers | {_ORIGIN: origin}).items())


def _facts(reading: Reading) -> dict[str, str]:
    return {row["name"]: row["value"] for row in reading.table("SELECT name, value FROM facts").to_pylist()}


def _version(facts: Mapping[str, str]) -> Version:
    return Version(*(int(facts.get(name, 0)) for name in Version._fields))


def _reached(reading: Reading) -> Reached:
    rows = reading.table("SELECT topic, partition, next_offset FROM reached").to_pylist()
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


def _store_reached(writing: Writing, reached: Reached) -> None:
    _replace(writing, "reached", ((*at, offset) for at, offset in reached.items()))


def _books(reading: Reading) -> dict[int, Books]:
    rows = reading.table("SELECT partition, columns FROM books").to_pylist()
    return {row["partition"]: Books(**json.loads(row["columns"])) for row in rows}


def _store_books(writing: Writing, books: Mapping[int, Books]) -> None:
    _replace(writing, "books", ((partition, json.dumps(own.as_dict())) for partition, own in books.items()))


def _replace(writing: Writing, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    found = list(rows)
    writing.execute(f"DELETE FROM {table}")  # noqa: S608 - our own name
    if found:
        writing.append(table, from_rows(found, TABLES[table].schema))
