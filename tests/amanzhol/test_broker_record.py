"""Whose process is it: a record that is stale, damaged or about somebody else does no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.record import BrokerRecord, is_broker, is_ending, read_record, wait_ended, write_record
from models.errors import BrokerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is no broker."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_record_comes_back_as_written(tmp_path: Path) -> None:
    record = BrokerRecord(port=1, controller_port=2, started_at=STARTED, pid=3)
    write_record(tmp_path / "broker.json", record)
    assert read_record(tmp_path / "broker.json") == record
    assert [path.name for path in tmp_path.iterdir()] == ["broker.json"]


@pytest.mark.parametrize("content", ["", "{", "null", "[]", '{"pid": 1}', '{"port": "x"}', "\ufeff", "\0" * 100])
def test_a_damaged_record_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "broker.json").write_text(content)
    assert read_record(tmp_path / "broker.json") is None


def test_another_process_under_the_pid_is_no_broker(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    assert not is_broker(sleeper.pid, tmp_path / "server.properties")


def test_the_broker_of_another_home_is_not_ours(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)", "kafka.Kafka", str(tmp_path / "theirs")]
    with subprocess.Popen(command) as process:
        while not is_broker(process.pid, tmp_path / "theirs"):  # nameless until the kernel is done with exec
            assert process.poll() is None
        assert not is_broker(process.pid, tmp_path / "ours")
        process.kill()


def test_a_process_that_nobody_waited_for_has_ended() -> None:
    with subprocess.Popen(["true"]) as process:
        assert wait_ended(process.pid, 10)
        assert not is_ending(process.pid)


def test_waiting_for_one_that_goes_on_ends_in_time(sleeper: subprocess.Popen[bytes]) -> None:
    assert not wait_ended(sleeper.pid, 0.1)


def test_a_stale_record_is_not_running_and_stop_spares_the_other_process(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.folder.make()
    write_record(broker.folder.record, BrokerRecord(port=1, controller_port=2, started_at=STARTED, pid=sleeper.pid))
    assert not broker.status().running
    assert not broker.stop()
    assert sleeper.poll() is None
    os.kill(sleeper.pid, 0)


def test_a_home_that_never_had_a_broker(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "new")
    assert not broker.status().running
    assert broker.status().data_bytes == 0
    assert not broker.stop()
    assert not (tmp_path / "new").exists()
    with pytest.raises(BrokerUnavailableError, match="amanzhol broker start"):
        _ = broker.address
