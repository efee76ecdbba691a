"""Functions that run in turns: one at a time, for as long as the scheduler lets them, the same each time.

The product blocks: it polls, waits for a transaction, sleeps. A thread per function lets it, and since only one of
them ever runs, and hands over where it would block, the order in which they run is the scheduler's alone.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Killed(BaseException):
    """The process is gone. Nothing may catch this, as nothing may catch SIGKILL."""


class Fiber:
    """One function that runs in turns.

    `ready` tells whether it could go on; `at` names the place where it stands, for faults that want one.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.ready: Callable[[], bool] = _always
        self.at = "start"
        self.done = False
        self.killed = False
        self._work = work
        self._go = threading.Lock()
        self._back = threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def resume(self) -> None:
        """Let it run until it waits or ends. Raises what it raised."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="fiber", daemon=True)
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()
        if self.done:
            self._thread.join()
        if self._error is not None:
            raise self._error

    def wait(self, at: str, ready: Callable[[], bool]) -> None:
        """Hand over to the scheduler; called by the function itself."""
        if self.killed:
            raise Killed
        self.at, self.ready = at, ready
        self._back.release()
        self._go.acquire()
        if self.killed:
            raise Killed

    def kill(self) -> None:
        """End it where it stands."""
        self.killed = True
        if self._thread is None:
            self.done = True
        elif not self.done:
            self.resume()

    def _run(self) -> None:
        try:
            self._work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again by `resume`
            self._error = error
        finally:
            self.done = True
            self._back.release()


def _always() -> bool:
    return True
