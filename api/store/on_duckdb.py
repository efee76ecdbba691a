"""The store in a DuckDB file that this process owns."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from models.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa


class _Cursor:
    """A connection of its own to the open database: reads and writes of one transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def table(self, sql: str) -> pa.Table:
        return self._connection.sql(sql).to_arrow_table()

    def batches(self, sql: str) -> pa.RecordBatchReader:
        return self._connection.sql(sql).to_arrow_reader(_BATCH_ROWS)

    def execute(self, sql: str) -> None:
        self._connection.execute(sql)

    def append(self, table: str, rows: pa.Table) -> None:
        with self.staged("appended", rows):
            self._connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM appended")  # noqa: S608 - our own name

    @contextmanager
    def staged(self, name: str, rows: pa.Table) -> Iterator[None]:
        self._connection.register(name, rows)
        try:
            yield
        finally:
            self._connection.unregister(name)


_BATCH_ROWS = 100_000


class DuckDBEngine:
    """A DuckDB file. One process may have it open; its threads read while one of them writes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises StoreError where another process has it, or it is none."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = duckdb.connect(path)
        except (duckdb.Error, OSError) as error:
            raise StoreError(f"{path}: {_first_line(error)}") from None
        # Times and numbers only: whatever an answer asks, the database reads and writes no other file.
        self._database.execute("SET enable_external_access = false")
        self._writes = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[_Cursor]:
        """Hold a snapshot."""
        with self._transaction("BEGIN TRANSACTION READ ONLY") as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[_Cursor]:
        """Hold the one transaction that writes."""
        with self._writes, self._transaction("BEGIN TRANSACTION") as cursor:
            yield cursor

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[_Cursor]:
        connection = self._database.cursor()
        try:
            connection.execute(begin)
            yield _Cursor(connection)
            connection.execute("COMMIT")
        except duckdb.Error as error:
            # Closing it rolls back; after a fatal error nothing else would be heard.
            raise StoreError(f"DuckDB: {_first_line(error)}") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Write the log into the file, and let it go."""
        self._database.close()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
