"""Cells as they change, handed to whoever listens: a listener that is slow is told that it has missed some."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from models.errors import TooManyLiveError
from models.records import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.store.taking import Changed
    from api.store.words import Words

MAX_LISTENERS = 100
_WAITING = 64
MAX_CELLS = 5_000
"""A batch of more (a store that catches up) is told of in one word: ask for the counts anew."""

MISSED: dict[str, Any] = {"missed": True}

Batch = dict[str, Any]


class Listener:
    """A queue that the follower's thread puts into, and one connection takes from."""

    def __init__(self) -> None:
        """Begin with nothing. Must be called where the event loop runs."""
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Batch] = asyncio.Queue(_WAITING)

    def put(self, batch: Batch) -> None:
        """Hand over a batch, from any thread."""
        with suppress(RuntimeError):  # the loop has ended: so has the connection
            self._loop.call_soon_threadsafe(self._put, batch)

    def _put(self, batch: Batch) -> None:
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            batch = MISSED
        self._queue.put_nowait(batch)

    async def take(self, timeout_s: float) -> Batch | None:
        """Wait for a batch; None where none came in time."""
        try:
            return await asyncio.wait_for(self._queue.get(), timeout_s)
        except TimeoutError:
            return None


class Live:
    """Who listens."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: set[Listener] = set()

    def check(self) -> None:
        """Raise TooManyLiveError where as many listen as may."""
        if len(self._listeners) >= MAX_LISTENERS:
            raise TooManyLiveError(f"{MAX_LISTENERS} live streams are open: close one, or ask for counts now and then")

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Listen while the block runs."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def tell(self, changed: list[Changed], words: Words) -> None:
        """Tell all listeners what a batch has changed: by cell, how much each figure grew."""
        listeners = list(self._listeners)
        if listeners and changed:
            batch = cells_of(changed, words) if len(changed) <= MAX_CELLS else MISSED
            for listener in listeners:
                listener.put(batch)


def cells_of(changed: list[Changed], words: Words) -> Batch:
    """Write changes of cells by segment and window; changes of coverage are left out."""
    cells: dict[tuple[int, int], dict[str, int]] = {}
    for slot, change in changed:
        if slot.coverage or not change.value:
            continue
        measure, fleet, *_ = words.dimensions[change.dim]
        figures = cells.setdefault((slot.segment, slot.begins), {})
        for name in (measure, f"{measure}_{fleet}") if fleet else (measure,):
            figures[name] = figures.get(name, 0) + change.value
    return {
        "cells": [
            {"segment_id": words.segments[segment], "window_start": rfc3339(begins), "added": figures}
            for (segment, begins), figures in cells.items()
        ]
    }
