"""The store: a view of what was counted, on DuckDB or PostgreSQL, that can be deleted at any time."""

from api.store.opening import open_store
from api.store.store import Store

__all__ = ["Store", "open_store"]
