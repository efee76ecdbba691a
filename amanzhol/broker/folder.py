"""The folder of an embedded broker: where everything lies, and who may use it."""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amanzhol.broker.ports import HOST
from amanzhol.broker.securing import SecurityFolder
from models.endpoint import Endpoint
from models.errors import BrokerUnavailableError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["BrokerFolder"]

_POLL_S = 0.05
_BLOCK_BYTES = 512


class BrokerFolder:
    """`home/broker`: `data`, `logs`, settings and the record of who runs.

    Raises SettingsError for a home that Kafka could not use.
    """

    def __init__(self, home: Path) -> None:
        if "," in str(home.absolute()):
            raise SettingsError(
                f"--home {home}: Kafka takes a comma for the end of a folder's name; choose another folder"
            )
        self.home = home.absolute()
        self.root = self.home / "broker"
        self.data = self.root / "data"
        self.logs = self.root / "logs"
        self.scratch = self.root / "tmp"
        self.properties = self.root / "server.properties"
        self.record = self.root / "broker.json"
        self.log = self.logs / "broker.log"
        self.console = self.logs / "console.log"
        self.security = SecurityFolder(self.home)

    def make(self) -> None:
        """Make what is not there. Raises SettingsError where that is not allowed."""
        try:
            for folder in (self.data, self.logs, self.scratch):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"--home: the folder {self.root} cannot be used ({error.strerror})") from error

    def endpoint(self, port: int) -> Endpoint:
        """Where the broker is found at a port, and how its administrator is let in."""
        return Endpoint(f"{HOST}:{port}", self.security.security())

    def cluster_id(self) -> str | None:
        """Return the id the data was formatted with; None where it is not formatted yet."""
        try:
            lines = (self.data / "meta.properties").read_text(encoding="ascii").splitlines()
        except OSError:
            return None
        return next((line.partition("=")[2] for line in lines if line.startswith("cluster.id=")), None)

    def data_bytes(self) -> int:
        """Measure what the data takes on the disk.

        Kafka's index files are mostly holes, so their lengths say nothing.
        """
        total = 0
        for path in self.data.rglob("*"):
            try:
                total += path.lstat().st_blocks * _BLOCK_BYTES
            except FileNotFoundError:  # a segment deleted meanwhile
                continue
        return total

    def refuse_if_in_use(self) -> None:
        """Raise BrokerUnavailableError where a Kafka that we have no record of works on this data.

        Kafka would refuse as well, with a stack trace and after two seconds: this is the lock that it takes.
        """
        lock = self.data / ".lock"
        if not lock.exists():
            return
        with lock.open("r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BrokerUnavailableError(
                    f"the data folder {self.data} is in use by another broker: stop that one, or choose another --home"
                ) from None

    @contextmanager
    def start_lock(self, timeout_s: float) -> Iterator[None]:
        """Let one process at a time start this folder's broker; the others wait, at most `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        with (self.root / "start.lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise BrokerUnavailableError(
                            f"another process has been starting the broker of {self.home} for "
                            f"{timeout_s:.0f} s: wait for it, or end it"
                        ) from None
                    time.sleep(_POLL_S)
            yield
