"""A store of each kind for every test: a DuckDB file, and a database of a real PostgreSQL."""

from __future__ import annotations

import uuid
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from api.store import open_store
from tests.api.database import drop_schema, make_database, running_postgres
from tests.api.recorded import CALENDAR, SOURCE
from tests.rows import NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.store import Store

KINDS = ("duckdb", "postgres")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL that runs for the whole session."""
    with running_postgres() as address:
        yield address


@pytest.fixture(scope="session")
def database(postgres: str) -> str:
    """A database that tests may empty: to make one for each takes a third of a second."""
    return make_database(postgres, "tests")


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made: nothing is there yet."""
    if request.param == "duckdb":
        return str(tmp_path / "store.duckdb")
    database: str = request.getfixturevalue("database")
    drop_schema(database)
    return database


@pytest.fixture(scope="session")
def duckdb_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A DuckDB store, opened once."""
    with closing(open_store(str(tmp_path_factory.mktemp("store") / "a.duckdb"), NETWORK, CALENDAR, SOURCE)) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_store(postgres: str) -> Iterator[Store]:
    """A PostgreSQL store, opened once."""
    with closing(open_store(make_database(postgres, "kept"), NETWORK, CALENDAR, SOURCE)) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Store:
    """A store that holds nothing, of each kind."""
    return emptied(request.getfixturevalue(f"{request.param}_store"))


@pytest.fixture
def any_store(duckdb_store: Store) -> Store:
    """A store that holds nothing, of one kind: for tests of what does not know which it is."""
    return emptied(duckdb_store)


def emptied(store: Store) -> Store:
    store.follow(uuid.uuid4().hex)
    return store
