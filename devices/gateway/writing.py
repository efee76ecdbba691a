"""One commit for all that waits: it makes answers after the disk cheap enough for thousands of them a second."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from models.errors import SpoolError, SpoolFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devices.gateway.intake import Entry

logger = logging.getLogger(__name__)

_MOST_WAITING: Final = 10_000


class GroupCommit:
    """Hands waiting entries to `take` in one thread, all that came while the last commit was on its way at once."""

    def __init__(self, take: Callable[[list[Entry]], int]) -> None:
        """Let `take` write entries, all or none, and raise SpoolError where it cannot."""
        self._take = take
        self._waiting: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._came = asyncio.Event()
        self._closing = False
        self._thread = ThreadPoolExecutor(1, "gateway-spool")
        self._task = asyncio.create_task(self._run())

    async def write(self, entries: Sequence[Entry]) -> None:
        """Wait until these are on the disk. Raises SpoolError; then none of them is."""
        if len(self._waiting) >= _MOST_WAITING:
            raise SpoolFullError("more devices wait than the disk keeps up with: try again")
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, done))
        self._came.set()
        await done

    async def in_thread(self, work: Callable[[], object]) -> None:
        """Do other work on the spool, between two commits."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Write what waits, and end."""
        self._closing = True
        self._came.set()
        await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            await self._came.wait()
            waiting, self._waiting = self._waiting, []
            error = await self._write([entry for entries, _ in waiting for entry in entries])
            if error is None or isinstance(error, SpoolError) or len(waiting) == 1:
                outcomes = [error] * len(waiting)
            else:
                # One of them did this; the others shall not suffer for it.
                outcomes = [await self._write(list(entries)) for entries, _ in waiting]
            for (_, done), outcome in zip(waiting, outcomes, strict=True):
                if done.done():  # its device has gone
                    continue
                if outcome is None:
                    done.set_result(None)
                else:
                    done.set_exception(outcome)
            if not self._waiting and not self._closing:
                self._came.clear()

    async def _write(self, entries: list[Entry]) -> Exception | None:
        try:
            await self.in_thread(lambda: self._take(entries))
        except Exception as error:  # noqa: BLE001 - whoever waits for it shall hear of it, and nobody else
            return error
        return None
