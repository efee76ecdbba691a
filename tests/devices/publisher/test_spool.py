"""The spool: what it took is there after any end, in order; what it did not take it says."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from devices.publisher.outgoing import Outgoing
from devices.publisher.spool import Spool
from models.errors import SpoolError, SpoolFullError


def record(number: int, size: int = 0) -> Outgoing:
    return Outgoing("statuses", b"cam-1", b"%06d" % number + bytes(size))


def numbers(spool: Spool, place: int = 0) -> list[int]:
    return [int(found.record.value[:6]) for found in spool.after(place, 1_000_000, 1 << 40)]


def test_what_was_taken_is_there_after_a_kill_and_nothing_of_what_was_not(tmp_path):
    # The child says so after each append that returned, and is killed in the middle of them.
    code = """
        import sys
        from pathlib import Path
        from devices.publisher.outgoing import Outgoing
        from devices.publisher.spool import Spool
        spool = Spool(Path(sys.argv[1]))
        for number in range(0, 1_000_000, 3):
            spool.append(Outgoing("statuses", b"cam-1", b"%06d" % n) for n in range(number, number + 3))
            print(number + 3, flush=True)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    said = [int(child.stdout.readline()) for _ in range(50)]
    os.kill(child.pid, signal.SIGKILL)
    said += [int(line) for line in child.stdout.read().splitlines()]
    child.wait()
    child.stdout.close()
    spool = Spool(tmp_path)
    kept = numbers(spool)
    assert kept == list(range(len(kept)))
    assert len(kept) % 3 == 0
    assert len(kept) >= said[-1]
    spool.close()


def test_a_power_cut_takes_nothing_back_that_was_taken(tmp_path):
    # What a power cut leaves is what was flushed; SQLite's own word for it is synchronous=FULL, in the writer alone.
    spool = Spool(tmp_path)
    assert spool._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert spool._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    spool.close()


def test_places_are_never_used_again(tmp_path):
    spool = Spool(tmp_path)
    spool.append([record(1), record(2)])
    assert spool.forget(2)
    spool.close()
    spool = Spool(tmp_path)
    spool.append([record(3)])
    assert [found.place for found in spool.after(0, 10, 1000)] == [3]
    spool.close()


# Place, records and bytes at most; what is read. A record alone is read whatever it weighs.
READS = [
    (0, 10, 1000, [0, 1, 2, 3]),
    (2, 10, 1000, [2, 3]),
    (4, 10, 1000, []),
    (0, 2, 1000, [0, 1]),
    (0, 10, 250, [0, 1]),
    (0, 10, 1, [0]),
]


@pytest.mark.parametrize(("place", "records", "size", "found"), READS)
def test_reading_on(tmp_path, place, records, size, found):
    spool = Spool(tmp_path)
    spool.append(record(number, 100) for number in range(4))
    assert [int(at.record.value[:6]) for at in spool.after(place, records, size)] == found
    spool.close()


def test_a_full_spool_refuses_the_new_and_gives_up_nothing(tmp_path):
    spool = Spool(tmp_path, max_bytes=300_000)
    taken = 0
    with pytest.raises(SpoolFullError, match="takes events again"):  # noqa: PT012 - which of them does not matter
        for taken in range(0, 10_000, 2):
            spool.append([record(taken, 1000), record(taken + 1, 1000)])
    assert numbers(spool) == list(range(taken))
    assert spool.used_bytes() <= 300_000
    # Half of it is sent: there is room again, at the end of the queue.
    assert spool.forget(taken // 2)
    spool.append([record(taken, 1000)])
    assert numbers(spool) == [*range(taken // 2, taken), taken]
    spool.close()


def test_a_batch_that_does_not_fit_is_not_taken_in_part(tmp_path):
    spool = Spool(tmp_path, max_bytes=200_000)
    with pytest.raises(SpoolFullError):
        spool.append(record(number, 10_000) for number in range(50))
    assert len(spool) == 0
    spool.append([record(7)])
    assert numbers(spool) == [7]
    spool.close()


def test_a_full_disk_can_be_emptied_again(tmp_path, monkeypatch):
    # Deleting has to be written, too: the reserve makes the room.
    spool = Spool(tmp_path)
    spool.append(record(number) for number in range(3))
    reserve = tmp_path / "reserve"
    assert reserve.stat().st_size == 1024 * 1024
    delete = spool._delete

    def without_room(through: int) -> None:
        if reserve.exists():
            raise __import__("sqlite3").OperationalError("database or disk is full")
        delete(through)

    monkeypatch.setattr(spool, "_delete", without_room)
    assert spool.forget(2)
    assert numbers(spool) == [2]
    assert reserve.exists()
    spool.close()


def test_one_spool_has_one_owner(tmp_path):
    spool = Spool(tmp_path)
    with pytest.raises(SpoolError, match="another publisher"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_a_file_that_is_no_spool(tmp_path, content):
    (tmp_path / "spool.sqlite").write_bytes(content)
    with pytest.raises(SpoolError, match="move it away"):
        Spool(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SpoolError, match=os.strerror(errno.ENOTDIR)):
        Spool(tmp_path / "file" / "spool")
