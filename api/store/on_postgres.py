"""The store in a PostgreSQL database, in a schema of its own, through Arrow (ADBC): no row becomes a Python object."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adbc_driver_manager import Error as DriverError
from adbc_driver_postgresql import dbapi

from models.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

SCHEMA = "amanzhol"
_FEED_LOCK = 0x616D616E
"""Number of the advisory lock that whoever writes holds: two services may share a store, and one of them feeds it."""

_KEPT_CONNECTIONS = 16


class _Session:
    """A connection with a cursor: reads and writes of one transaction."""

    def __init__(self, connection: Any) -> None:
        self._cursor = connection.cursor()

    def table(self, sql: str) -> pa.Table:
        self._cursor.execute(sql)
        return self._cursor.fetch_arrow_table()

    def batches(self, sql: str) -> pa.RecordBatchReader:
        self._cursor.execute(sql)
        return self._cursor.fetch_record_batch()

    def execute(self, sql: str) -> None:
        self._cursor.execute(sql)

    def append(self, table: str, rows: pa.Table) -> None:
        self._cursor.adbc_ingest(table, rows, mode="append", db_schema_name=SCHEMA)

    @contextmanager
    def staged(self, name: str, rows: pa.Table) -> Iterator[None]:
        self._cursor.adbc_ingest(name, rows, mode="create", temporary=True)
        # Without it the planner takes a table that it does not know for a large one, and reads all of the others.
        self._cursor.execute(f"ANALYZE {name}")
        yield
        self._cursor.execute(f"DROP TABLE {name}")

    def close(self) -> None:
        self._cursor.close()


class PostgresEngine:
    """A PostgreSQL database, version 15 or newer."""

    def __init__(self, address: str) -> None:
        """Connect, and make the schema. Raises StoreError where the server does not let us."""
        self._address = address
        # The address may hold a password: messages name the server alone.
        self._name = urlsplit(address).hostname or "PostgreSQL"
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._writes = threading.Lock()
        with self.writing() as writing:
            writing.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")

    @contextmanager
    def reading(self) -> Iterator[_Session]:
        """Hold a snapshot."""
        with self._transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY") as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[_Session]:
        """Hold the one transaction that writes, over all services that share the database."""
        with self._writes, self._transaction(f"SELECT pg_advisory_xact_lock({_FEED_LOCK})") as session:
            yield session

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[_Session]:
        try:
            connection = self._connected()
        except DriverError as error:
            raise StoreError(f"PostgreSQL at {self._name}: {_first_line(error)}") from None
        try:
            session = _Session(connection)
            try:
                session.execute(begin)
                yield session
                connection.commit()
            finally:
                session.close()
        except BaseException as error:
            with suppress(Exception):
                connection.close()
            if isinstance(error, DriverError):
                raise StoreError(f"PostgreSQL at {self._name}: {_first_line(error)}") from error
            raise
        if self._idle.qsize() < _KEPT_CONNECTIONS:
            self._idle.put(connection)
        else:
            connection.close()

    def _connected(self) -> Any:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            connection = dbapi.connect(self._address)
            with connection.cursor() as cursor:
                cursor.execute(f"SET search_path TO {SCHEMA}, pg_temp")
            connection.commit()
            return connection

    def close(self) -> None:
        """Close all connections."""
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
