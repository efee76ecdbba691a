"""A real Kafka on this machine: no Docker, no installed Java, one folder.

with EmbeddedBroker(home) as broker:
    producer = Producer({"bootstrap.servers": broker.address})
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import msgspec

from amanzhol.broker.answering import answers
from amanzhol.broker.folder import BrokerFolder
from amanzhol.broker.jars import class_path
from amanzhol.broker.java import render_properties
from amanzhol.broker.launch import format_storage, launch
from amanzhol.broker.ports import HOST, free_port, is_free
from amanzhol.broker.record import BrokerRecord, is_broker, is_ending, read_record, wait_ended, write_record
from amanzhol.files.private import write_private
from models.errors import BrokerUnavailableError, PortLostError, SettingsError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from amanzhol.broker.jars import Progress
    from models.endpoint import Endpoint

__all__ = ["BrokerStatus", "EmbeddedBroker"]

# A port found free can be lost before Kafka binds it; losing three in a row has another cause.
_PORT_CHOICES = 3
_POLL_S = 0.05
_KILL_TIMEOUT_S = 10.0
_STATUS_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """What is known of a home's broker at one moment.

    `running`: its process is there. `answers`: it also answers requests, which it does not yet while it
    starts. `address` is the one it has, or had last, or None. `data_bytes` is what its data takes on the
    disk.
    """

    running: bool
    answers: bool
    address: str | None
    pid: int | None
    started_at: datetime | None
    data_bytes: int


class EmbeddedBroker:
    """The Kafka whose data, settings and logs live in `home/broker`.

    The object knows no more than the folder says, so any process may start, watch or stop the broker of a
    home. `port` None means the port the home had last where it is free, or else any free one. `overrides`
    are Kafka settings that win over ours (`server.properties`, which gives the reason of each). `progress`
    hears of the first download, in bytes. `secured` makes the broker of a new home a locked one, with TLS, passwords
    and grants (`amanzhol.broker.securing`); it stays so.
    """

    def __init__(
        self,
        home: Path,
        port: int | None = None,
        *,
        heap_mb: int = 512,
        overrides: Mapping[str, str] | None = None,
        progress: Progress | None = None,
        secured: bool = False,
    ) -> None:
        self.folder = BrokerFolder(home)
        self._port = port
        self._heap_mb = heap_mb
        self._overrides = dict(overrides or {})
        self._progress = progress
        self._secured = secured
        # Kept only so that a child of this process is waited for: a zombie and a ResourceWarning otherwise.
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> Endpoint:
        """`host:port`, for `bootstrap.servers`; of a locked broker with how its administrator is let in.

        Raises BrokerUnavailableError where this home never had a broker.
        """
        record = read_record(self.folder.record)
        if record is None:
            raise BrokerUnavailableError(
                f"no broker was ever started in {self.folder.home}: run `amanzhol broker start`"
            )
        return self.folder.endpoint(record.port)

    def status(self) -> BrokerStatus:
        """Look at the broker. Takes at most two seconds, where its process is there and does not answer."""
        record = read_record(self.folder.record)
        running = self._running()
        return BrokerStatus(
            running=running is not None,
            answers=running is not None and self._answers(running, _STATUS_TIMEOUT_S),
            address=f"{HOST}:{record.port}" if record else None,
            pid=running.pid if running else None,
            started_at=running.started_at if running else None,
            data_bytes=self.folder.data_bytes(),
        )

    def start(self, timeout_s: float = 60) -> None:
        """Start the broker and return once it answers; return at once where it does already.

        It outlives this process unless `stop` is called. On the first start of a machine its jars are
        fetched, which the timeout does not count. Whatever goes wrong, Ctrl-C included, leaves no process
        behind.

        Raises BrokerUnavailableError (a port or the data is taken, Kafka gave up or did not answer in time:
        the message says which and what to do), JarsUnavailableError, or SettingsError for a home that
        cannot be used.
        """
        self.folder.make()
        self._lock()
        jars = class_path(progress=self._progress)
        deadline = time.monotonic() + timeout_s
        try:
            with self.folder.start_lock(timeout_s):
                running = self._running()
                if running and self._join(running, deadline):
                    return
                self._wait_for_predecessor(deadline)
                self.folder.refuse_if_in_use()
                self._launch(jars, deadline)
        except OSError as error:
            raise BrokerUnavailableError(
                f"the folder {self.folder.root} cannot be written ({error.strerror}): make room there, "
                "or give it to this user"
            ) from error

    def stop(self, timeout_s: float = 20) -> bool:
        """Stop the broker cleanly, after `timeout_s` by force; tell whether there was one to stop.

        By force it loses nothing that it acknowledged: the next start reads the ends of its logs again.
        Raises BrokerUnavailableError where it belongs to another user or does not end.
        """
        running = self._running()
        if running is None or running.pid is None:
            return False
        for kind, patience_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, _KILL_TIMEOUT_S)):
            self._signal(running.pid, kind)
            if wait_ended(running.pid, patience_s):
                break
        else:
            raise BrokerUnavailableError(
                f"the broker of {self.folder.home} (process {running.pid}) does not end, not even by force: "
                "its disk hangs, look into the system's log"
            )
        self._reap()
        with suppress(OSError):  # on a full disk: the record then names a process that is gone, which is known
            write_record(self.folder.record, msgspec.structs.replace(running, pid=None))
        return True

    def _running(self) -> BrokerRecord | None:
        record = read_record(self.folder.record)
        if record is None or record.pid is None or not is_broker(record.pid, self.folder.properties):
            return None
        return record

    def _lock(self) -> None:
        """Make certificates and password of a new home's locked broker."""
        security = self.folder.security
        if not self._secured or security.exists:
            return
        if self.folder.cluster_id() is not None:
            raise SettingsError(
                f"--secured: the broker of {self.folder.home} was made without, and its data knows no password: "
                "choose another --home"
            )
        try:
            security.make()
        except OSError as error:
            raise SettingsError(f"--home: the folder {security.root} cannot be used ({error.strerror})") from error

    def _answers(self, record: BrokerRecord, timeout_s: float) -> bool:
        return answers(self.folder.endpoint(record.port), self.folder.cluster_id(), timeout_s=timeout_s)

    def _join(self, running: BrokerRecord, deadline: float) -> bool:
        """Be content with the broker that runs, if it is the one asked for; tell whether it lived to answer."""
        address = f"{HOST}:{running.port}"
        if self._port not in {None, running.port}:
            raise BrokerUnavailableError(
                f"the broker of {self.folder.home} already runs on {address}, not on port {self._port}: "
                "use that one, stop it first (`amanzhol broker stop`), or choose another --home"
            )
        while self._running() == running:
            if self._answers(running, 1):
                return True
            if time.monotonic() > deadline:
                raise BrokerUnavailableError(
                    f"the broker of {self.folder.home} runs (process {running.pid}) but does not answer on "
                    f"{address}: see {self.folder.log}, or stop it (`amanzhol broker stop`) and start it again"
                )
            time.sleep(_POLL_S)
        return False

    def _wait_for_predecessor(self, deadline: float) -> None:
        """Let a broker that was just killed give back its ports and its lock."""
        record = read_record(self.folder.record)
        if record and record.pid is not None and is_ending(record.pid):
            wait_ended(record.pid, deadline - time.monotonic())
        self._reap()

    def _launch(self, jars: list[Path], deadline: float) -> None:
        for choices_left in reversed(range(_PORT_CHOICES)):
            record = self._choose_ports()
            self._write_properties(record)
            format_storage(self.folder, jars)
            try:
                self._child = launch(self.folder, jars, record, heap_mb=self._heap_mb, deadline=deadline)
            except PortLostError:
                if self._port is not None or not choices_left:
                    raise
            else:
                return

    def _choose_ports(self) -> BrokerRecord:
        if self._port is not None and not is_free(self._port):
            raise BrokerUnavailableError(
                f"port {self._port} of {HOST} is taken by another program: stop that one, or choose another --port"
            )
        last = read_record(self.folder.record)
        port = self._port or free_port(last.port if last else None)
        controller_port = free_port(last.controller_port if last else None, besides=port)
        return BrokerRecord(port=port, controller_port=controller_port, started_at=datetime.now(UTC))

    def _write_properties(self, record: BrokerRecord) -> None:
        values = {
            "port": record.port,
            "controller_port": record.controller_port,
            "data_dir": self.folder.data,
        }
        settings = render_properties(values, self.folder.security.properties() | self._overrides)
        write_private(self.folder.properties, settings.encode("ascii"))

    def _signal(self, pid: int, kind: signal.Signals) -> None:
        try:
            os.kill(pid, kind)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise BrokerUnavailableError(
                f"the broker of {self.folder.home} (process {pid}) belongs to another user: let that one stop it"
            ) from error

    def _reap(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None
