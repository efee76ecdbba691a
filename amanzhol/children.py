"""Commands of ours that run beside this one, and end with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from models.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KILLED_AFTER_S = 20.0
_LAST_LINES = 5


class Child:
    """An `amanzhol` command in a process of its own, with its output in a file."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        """Start it, out of reach of the terminal's Ctrl-C: the parent decides in which order children end."""
        self._name = arguments[0]
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "amanzhol", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def check(self) -> None:
        """Raise RunError, with the last lines of its log, where it has ended with an error."""
        if self._process.poll() not in (None, 0):
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_LAST_LINES:]
            raise RunError(f"`amanzhol {self._name}` ended with {self._process.returncode}: {' | '.join(lines)}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and wait; kill it where it does not."""
        if self.runs:
            self._process.send_signal(how)
            try:
                self._process.wait(_KILLED_AFTER_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@contextmanager
def child(arguments: list[str], log: Path) -> Iterator[Child]:
    """Run a command while the block runs."""
    running = Child(arguments, log)
    try:
        yield running
    finally:
        running.stop()
