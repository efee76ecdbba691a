"""What the store asks of a database. SQL here is of the kind that DuckDB and PostgreSQL read alike.

No text of a user stands in it: words are made into numbers before, so that there is nothing to inject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pyarrow as pa


class Reading(Protocol):
    """A snapshot of the database: all that is read through it is of one moment."""

    def table(self, sql: str) -> pa.Table:
        """Read an answer as a whole."""

    def batches(self, sql: str) -> pa.RecordBatchReader:
        """Read an answer piece by piece, however long it is."""


class Writing(Reading, Protocol):
    """A transaction: all that is written through it holds, or nothing."""

    def execute(self, sql: str) -> None:
        """Run a statement that answers nothing."""

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table; columns are matched by name."""

    def staged(self, name: str, rows: pa.Table) -> AbstractContextManager[None]:
        """Have rows stand as a table of this name while the block runs."""


class Engine(Protocol):
    """A database that is open."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Hold a snapshot while the block runs. Any thread may."""

    def writing(self) -> AbstractContextManager[Writing]:
        """Hold the one transaction that writes; it commits when the block ends well."""

    def close(self) -> None:
        """Let go of the database."""
