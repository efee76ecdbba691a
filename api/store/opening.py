"""Opens the store that a setting names: a file of DuckDB, or `postgresql://…`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from api.store.on_duckdb import DuckDBEngine
from api.store.store import Store
from api.store.words import Words
from models.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.store.engine import Engine
    from models.calendar import Calendar
    from models.network import Network

_POSTGRES = ("postgresql://", "postgres://")


def open_store(address: str, network: Network, calendar: Calendar, source: Mapping[str, str]) -> Store:
    """Open a store, or make it.

    `source` names what it is made from: a store that was made from anything else is emptied and filled again. Raises
    StoreError where the database cannot be used, SettingsError where the address is of no kind that is known.
    """
    return Store(_engine(address), Words(network), calendar, source)


def _engine(address: str) -> Engine:
    if address.startswith(_POSTGRES):
        # Its driver takes a second to import, which those who do not use it need not wait for.
        from api.store.on_postgres import PostgresEngine  # noqa: PLC0415

        return PostgresEngine(address)
    if "://" in address:
        raise SettingsError("--store: must be the path of a DuckDB file, or postgresql://user@host/database")
    return DuckDBEngine(Path(address))
