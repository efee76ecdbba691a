"""`amanzhol worker`, but it hits itself with a signal at a named point of a checkpoint, when it is told to.

    FAULTS_ARMED=FILE FAULTS_FOLDED=FILE python -m tests.faults.worker_with_faults worker --broker ...

The product carries nothing of this: the checkpoint log is wrapped here, before the real command runs. The harness arms
a running worker by writing `POINT SIGNAL` into the first file; the worker takes the file away and signals itself. The
second file counts the records that were folded, committed or not; it is mapped, so that it outlives a SIGKILL.
"""

from __future__ import annotations

import mmap
import os
import secrets
import signal
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amanzhol.cli import main
from streams import app, partition
from streams.kafka import CheckpointLog, GroupMember

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.topics import Topics
    from streams.batches import Batch
    from streams.kafka import GroupOffsets
    from streams.partition import Write

BEFORE_TRANSACTION = "before-transaction"
PRODUCED = "produced"
"""All records of the checkpoint are in the broker's log, in an open transaction without offsets."""
OFFSETS_SENT = "offsets-sent"
AFTER_COMMIT = "after-commit"
POINTS = (BEFORE_TRANSACTION, PRODUCED, OFFSETS_SENT, AFTER_COMMIT)

OFFSETS_BEFORE_CELLS = "offsets-before-cells"
NO_FENCE = "no-fence"
INDEX_NOT_RESTORED = "index-not-restored"
PLANTS = (OFFSETS_BEFORE_CELLS, NO_FENCE, INDEX_NOT_RESTORED)
"""Bugs that the harness can plant into the worker, to show that it would catch them."""

ARMED = "FAULTS_ARMED"
FOLDED = "FAULTS_FOLDED"
PLANTED = "FAULTS_PLANTED"
_COUNT = struct.Struct("<q")


def _reach(point: str) -> bool:
    """Signal this process if it is armed for this point. Returns whether it is (and goes on after a SIGSTOP)."""
    armed = Path(os.environ[ARMED])
    if not armed.exists():
        return False
    wanted, name = armed.read_text().split()
    if wanted != point:
        return False
    armed.unlink()
    os.kill(os.getpid(), signal.Signals[name])
    return True


def _is_armed_for(point: str) -> bool:
    armed = Path(os.environ[ARMED])
    return armed.exists() and armed.read_text().startswith(f"{point} ")


class _Producer:
    """The transactional producer, with named points between its calls."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def send_offsets_to_transaction(self, *arguments: Any) -> None:
        if _is_armed_for(PRODUCED):
            self._real.flush(10)
            _reach(PRODUCED)
        self._real.send_offsets_to_transaction(*arguments)

    def commit_transaction(self, *arguments: Any) -> None:
        _reach(OFFSETS_SENT)
        self._real.commit_transaction(*arguments)


class FaultyLog(CheckpointLog):
    """The checkpoint log, with named points and, where asked for, a bug."""

    def __init__(self, broker: str, topics: Topics, transactional_id: str) -> None:
        self._plant = os.environ.get(PLANTED, "")
        if self._plant == NO_FENCE:
            transactional_id += secrets.token_hex(4)
        super().__init__(broker, topics, transactional_id)
        self._producer = _Producer(self._producer)

    def commit(self, writes: Iterable[Write], offsets: GroupOffsets, member: GroupMember) -> bool:
        _reach(BEFORE_TRANSACTION)
        if self._plant == NO_FENCE:
            member = _nobody(member)
        if self._plant == OFFSETS_BEFORE_CELLS:
            committed = super().commit([], offsets, member)
            _reach(AFTER_COMMIT)
            return committed and super().commit(writes, {}, member)
        committed = super().commit(writes, offsets, member)
        if committed:
            _reach(AFTER_COMMIT)
        return committed


def _nobody(member: GroupMember) -> GroupMember:
    """Metadata without generation and member: the broker then checks nothing (prefix, generation, group, member)."""
    head = len(b"CGMDv2:")
    group = member.metadata[head + 4 :].split(b"\0")[0]
    metadata = member.metadata[:head] + struct.pack("<i", -1) + group + b"\0" + b"\0" + b"\0\0"
    return GroupMember(metadata, -1, "")


def _count_folded() -> None:
    """Count what the agents fold."""
    path = Path(os.environ[FOLDED])
    path.write_bytes(_COUNT.pack(0))
    with path.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), _COUNT.size)
    fold = app.fold

    def counted(batch: Batch) -> list[Write]:
        written = fold(batch)
        _COUNT.pack_into(shared, 0, _COUNT.unpack_from(shared)[0] + len(batch.offsets))
        return written

    app.fold = counted


def folded_in(path: Path) -> int:
    """How many records a worker folded that was started with this file."""
    return _COUNT.unpack(path.read_bytes())[0] if path.exists() else 0


def _forget_index() -> None:
    """Plant: restore everything but the index of duplicates."""
    restore = partition._restore_index

    def forgetful(*arguments: Any) -> Any:
        ledger = arguments[-1]
        log = restore(*arguments)
        ledger.index._runs.clear()
        return log

    partition._restore_index = forgetful


if __name__ == "__main__":
    _count_folded()
    app.CheckpointLog = FaultyLog
    if os.environ.get(PLANTED) == INDEX_NOT_RESTORED:
        _forget_index()
    main()
