"""Formatting the storage and starting the process: it answers in the end, or nothing is left running."""

from __future__ import annotations

import base64
import subprocess
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from amanzhol.broker import java
from amanzhol.broker.answering import answers
from amanzhol.broker.record import write_record
from models.errors import BrokerUnavailableError, PortLostError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from amanzhol.broker.folder import BrokerFolder
    from amanzhol.broker.record import BrokerRecord

__all__ = ["format_storage", "launch"]

_POLL_S = 0.05
_FORMAT_TIMEOUT_S = 60.0


def format_storage(folder: BrokerFolder, jars: Sequence[Path]) -> None:
    """Give the data folder a cluster id, once in its life.

    Raises BrokerUnavailableError with what Kafka said where that fails.
    """
    if folder.cluster_id() is not None:
        return
    command = java.storage_tool_command(jars, folder.properties, _new_cluster_id())
    command += folder.security.format_arguments()
    try:
        done = subprocess.run(  # noqa: S603 - our own runtime and arguments, no shell
            command,
            env=java.ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_FORMAT_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise BrokerUnavailableError(
            f"Kafka did not format {folder.data} within {_FORMAT_TIMEOUT_S:.0f} s: "
            "is this machine or its disk overloaded?"
        ) from None
    if done.returncode != 0:
        said = java.last_errors(done.stdout.decode(errors="replace"))
        raise BrokerUnavailableError(f"Kafka could not format {folder.data}: {said}")


def launch(
    folder: BrokerFolder, jars: Sequence[Path], record: BrokerRecord, *, heap_mb: int, deadline: float
) -> subprocess.Popen[bytes]:
    """Start Kafka on the settings in the folder and return once it answers, with its pid in the record.

    `deadline` is on the monotonic clock. Raises BrokerUnavailableError with the last words of its log where
    it ends or does not answer in time (PortLostError where a port was lost to somebody). Then, and on
    Ctrl-C, the process is gone.
    """
    command = java.kafka_command(jars, folder.properties, logs=folder.logs, scratch=folder.scratch, heap_mb=heap_mb)
    said_before = folder.log.stat().st_size if folder.log.exists() else 0
    with folder.console.open("wb") as console:
        # A session of its own: Ctrl-C in the terminal is for those who started it, and they stop it in
        # their own order.
        child = subprocess.Popen(  # noqa: S603 - our own runtime and arguments, no shell
            command,
            cwd=folder.root,
            env=java.ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        write_record(folder.record, msgspec.structs.replace(record, pid=child.pid))
        _wait_until_it_answers(folder, record, child, said_before=said_before, deadline=deadline)
    except BaseException:
        child.kill()
        child.wait()
        with suppress(OSError):  # on a full disk: the record then names a process that is gone, which is known
            write_record(folder.record, record)
        raise
    return child


def _wait_until_it_answers(
    folder: BrokerFolder,
    record: BrokerRecord,
    child: subprocess.Popen[bytes],
    *,
    said_before: int,
    deadline: float,
) -> None:
    address = folder.endpoint(record.port)
    while not answers(address, folder.cluster_id(), timeout_s=0.5):
        if child.poll() is not None:
            raise _why_it_ended(folder, address, child.returncode, said_before)
        if time.monotonic() > deadline:
            raise BrokerUnavailableError(
                f"Kafka did not answer on {address} in time and was stopped: if {folder.log} says that it was still "
                "reading its data again, give it longer (--timeout)"
            )
        time.sleep(_POLL_S)


def _why_it_ended(folder: BrokerFolder, address: str, exit_code: int, said_before: int) -> BrokerUnavailableError:
    log = folder.log.read_bytes() if folder.log.exists() else b""
    # Shorter than before: the log was turned over during this start, and all of it is new.
    this_start = log[said_before:] if len(log) >= said_before else log
    said = (this_start + b"\n" + folder.console.read_bytes()).decode(errors="replace")
    message = (
        f"Kafka ended with exit code {exit_code} while it started on {address}: "
        f"{java.last_errors(said)} (more in {folder.logs})"
    )
    return PortLostError(message) if "Address already in use" in said else BrokerUnavailableError(message)


def _new_cluster_id() -> str:
    """Draw an id as Kafka writes them: 16 bytes in base64, no hyphen first, which its tools take for an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        if not text.startswith("-"):
            return text
