"""What is written down about the broker, `broker.json`, and whether that process is still it."""

from __future__ import annotations

import os
import time
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from pathlib import Path

import msgspec

__all__ = [
    "MAIN_CLASS",
    "BrokerRecord",
    "is_broker",
    "is_ending",
    "read_record",
    "wait_ended",
    "write_record",
]

MAIN_CLASS = "kafka.Kafka"

_POLL_S = 0.02


class BrokerRecord(msgspec.Struct, frozen=True):
    """The broker last started in a home.

    `pid` is None once it was stopped; the ports are kept for the next start.
    """

    port: int
    controller_port: int
    started_at: datetime
    pid: int | None = None


def read_record(path: Path) -> BrokerRecord | None:
    """Read the record; None where there is none or it is damaged, since it is a hint and `is_broker` decides."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=BrokerRecord)
    except (OSError, msgspec.DecodeError):
        return None


def write_record(path: Path, record: BrokerRecord) -> None:
    """Write the record in one step: a reader sees the old one or the new one. Raises OSError on a full disk."""
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        partial.write_bytes(msgspec.json.encode(record))
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def is_broker(pid: int, properties: Path) -> bool:
    """Tell whether process `pid` runs Kafka on the settings file `properties`.

    A pid alone says nothing: after a restart of the machine it belongs to another process. A process that
    is ending has an empty command line, so it is none.
    """
    command = (_read(pid, "cmdline") or b"").split(b"\0")
    return MAIN_CLASS.encode() in command and os.fsencode(properties) in command


def wait_ended(pid: int, timeout_s: float) -> bool:
    """Wait until process `pid` has let go of its ports and locks; tell whether it did within `timeout_s`.

    A killed JVM spends a while giving its memory back, nameless already but its ports still bound.
    """
    deadline = time.monotonic() + timeout_s
    while not _has_ended(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def is_ending(pid: int) -> bool:
    """Tell whether process `pid` is on its way out: nameless, but not gone."""
    return _read(pid, "cmdline") == b"" and not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    stat = _read(pid, "stat")
    if stat is None:
        return True
    # The state follows the name, which stands in brackets and may hold any character. Z: ended, its parent
    # has not asked yet. Its first thread may be Z while others still run and hold its files.
    state = stat.rpartition(b") ")[2][:1]
    return state == b"Z" and len(list(Path(f"/proc/{pid}/task").glob("*"))) <= 1


def _read(pid: int, name: str) -> bytes | None:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return None
