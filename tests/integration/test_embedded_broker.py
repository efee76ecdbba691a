"""The embedded broker for real: what it keeps, and what it says when it cannot start."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.ports import free_port
from amanzhol.broker.record import BrokerRecord, is_broker, read_record, write_record
from models.errors import BrokerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLI = [sys.executable, "-c", "from amanzhol.broker.commands import broker; broker()"]
MIB = 1024 * 1024


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker of the test's own, not started; stopped at the end whatever happened."""
    own = EmbeddedBroker(tmp_path)
    yield own
    own.stop()


def make_topic(address: str, topic: str) -> None:
    # The client must outlive the call: its outcome is lost with it.
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)


def produce(address: str, topic: str, value: bytes) -> None:
    outcome: list[object] = []
    producer = Producer({"bootstrap.servers": address, "message.max.bytes": 17 * MIB, "log_level": 0})
    producer.produce(topic, value, on_delivery=lambda error, _: outcome.append(error))
    assert producer.flush(20) == 0
    assert outcome == [None]


def consume(address: str, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "g", "enable.auto.commit": False, "log_level": 0})
    consumer.assign([TopicPartition(topic, 0, 0)])
    messages = []
    deadline = time.monotonic() + 20
    while len(messages) < count and time.monotonic() < deadline:
        messages += consumer.consume(count, 0.5)
    consumer.close()
    assert [message.error() for message in messages] == [None] * count
    return [message.value() for message in messages]


def wait_until(condition: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def pid_of(broker: EmbeddedBroker) -> int:
    pid = broker.status().pid
    assert pid is not None
    return pid


def test_a_record_survives_a_stop_and_a_kill(own: EmbeddedBroker) -> None:
    own.start()
    address, cluster = own.address, own.folder.cluster_id()
    make_topic(address, "kept")
    produce(address, "kept", b"before the stop")
    assert own.stop()
    assert not own.status().running

    own.start()
    assert (own.address, own.folder.cluster_id()) == (address, cluster)
    produce(address, "kept", b"before the kill")
    os.kill(pid_of(own), signal.SIGKILL)

    # At once, while the killed one may still hold its ports; and soon, though the controller still expects it.
    killed = time.monotonic()
    own.start()
    assert time.monotonic() - killed < 9
    assert own.address == address
    assert consume(address, "kept", 2) == [b"before the stop", b"before the kill"]
    assert own.status().data_bytes > 0


def test_a_start_beside_a_running_one_does_nothing(broker: EmbeddedBroker) -> None:
    pid = pid_of(broker)
    again = EmbeddedBroker(broker.folder.home)
    again.start()
    assert (pid_of(again), again.address) == (pid, broker.address)

    port = int(broker.address.rpartition(":")[2])
    EmbeddedBroker(broker.folder.home, port).start()
    with pytest.raises(BrokerUnavailableError, match=f"already runs on {broker.address}, not on port {port + 1}"):
        EmbeddedBroker(broker.folder.home, port + 1).start()
    assert pid_of(broker) == pid


def test_two_starts_at_once_make_one_broker(own: EmbeddedBroker) -> None:
    command = [*CLI, "start", "--home", str(own.folder.home), "--port", str(free_port())]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = {start.communicate(timeout=60)[0] for start in starts}
    assert [start.returncode for start in starts] == [0, 0]
    assert outputs == {f"running on {own.address}\n"}
    assert own.status().answers


def test_the_command_line(own: EmbeddedBroker) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [*CLI, *arguments, "--home", str(own.folder.home)], capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, done.stdout + done.stderr

    port = free_port()
    assert run("status") == (1, "state    not running\ndata     0 bytes\n")
    assert run("stop") == (0, "was not running\n")
    assert run("start", "--port", str(port)) == (0, f"running on 127.0.0.1:{port}\n")
    # The command has ended, its broker has not: it is in a session of its own, where no Ctrl-C reaches it.
    pid = pid_of(own)
    assert os.getsid(pid) == pid
    code, said = run("status")
    assert code == 0
    assert f"state    running\naddress  127.0.0.1:{port}\npid      {pid_of(own)}\nuptime   0:0" in said
    # A broker that is there and does not answer is not up.
    os.kill(pid, signal.SIGSTOP)
    code, said = run("status")
    assert code == 1
    assert "running, but it does not answer" in said
    # Nor does it hear a SIGTERM: it is stopped by force.
    assert run("stop", "--timeout", "0.2") == (0, "stopped\n")
    assert not is_broker(pid, own.folder.properties)
    assert not own.status().running


def test_a_stale_record_and_a_reused_pid(own: EmbeddedBroker) -> None:
    own.start()
    record = read_record(own.folder.record)
    assert record is not None
    own.stop()
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        write_record(own.folder.record, msgspec.structs.replace(record, pid=sleeper.pid))
        own.start()
        assert pid_of(own) != sleeper.pid
        assert sleeper.poll() is None
        sleeper.kill()


def test_a_running_one_that_ends_before_it_answers_is_replaced(own: EmbeddedBroker) -> None:
    own.folder.make()
    looks_like_it = [sys.executable, "-c", "import time; time.sleep(1)", "kafka.Kafka", str(own.folder.properties)]
    with subprocess.Popen(looks_like_it) as ending:
        record = BrokerRecord(free_port(), free_port(), datetime.now(UTC), ending.pid)
        write_record(own.folder.record, record)
        wait_until(lambda: is_broker(ending.pid, own.folder.properties))
        own.start()
        assert own.status().answers
        assert pid_of(own) != ending.pid


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(BrokerUnavailableError, match=rf"port {port} of 127\.0\.0\.1 is taken .* --port"):
            EmbeddedBroker(tmp_path, port).start()
    assert not EmbeddedBroker(tmp_path).status().running


def test_a_free_port_lost_to_another_program_is_chosen_anew(
    own: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        lost = server.getsockname()[1]
        ports = iter([lost, free_port(), free_port(), free_port()])
        monkeypatch.setattr("amanzhol.broker.embedded.free_port", lambda *_, **__: next(ports))
        own.start()
    assert own.status().answers
    assert not own.address.endswith(f":{lost}")


def test_a_data_folder_in_use_by_a_broker_without_a_record(own: EmbeddedBroker) -> None:
    own.start()
    record = own.folder.record.read_bytes()
    own.folder.record.unlink()
    with pytest.raises(BrokerUnavailableError, match="in use by another broker"):
        own.start()
    own.folder.record.write_bytes(record)
    assert own.status().answers


@pytest.mark.parametrize(
    ("formatted", "overrides", "said"),
    [
        (
            False,
            {"log.segment.bytes": "many"},
            "could not format .*Invalid value many for configuration log.segment.bytes",
        ),
        (True, {"log.segment.bytes": "many"}, "exit code 1 .*Invalid value many for configuration log.segment.bytes"),
        (True, {"node.id": "7", "controller.quorum.voters": "7@127.0.0.1:1"}, "exit code 1 .*node id"),
    ],
)
def test_a_kafka_that_gives_up_is_quoted(tmp_path: Path, formatted: bool, overrides: dict[str, str], said: str) -> None:
    if formatted:
        with EmbeddedBroker(tmp_path):
            pass
    started = time.monotonic()
    failing = EmbeddedBroker(tmp_path, overrides=overrides)
    with pytest.raises(BrokerUnavailableError, match=said) as failure:
        failing.start()
    assert time.monotonic() - started < 15
    assert "\n" not in str(failure.value)
    assert not failing.status().running


def test_too_short_a_time_leaves_nothing_behind(own: EmbeddedBroker) -> None:
    with pytest.raises(BrokerUnavailableError, match=r"did not answer .*--timeout"):
        own.start(timeout_s=0.01)
    assert not own.status().running
    own.start()


def test_a_full_disk_is_said_and_leaves_nothing_behind(own: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("amanzhol.broker.launch.write_record", full)
    with pytest.raises(BrokerUnavailableError, match=r"No space left on device.*make room"):
        own.start()
    own.folder.refuse_if_in_use()
    monkeypatch.undo()
    own.start()


def test_ctrl_c_while_it_starts_leaves_nothing_behind(own: EmbeddedBroker) -> None:
    command = [*CLI, "start", "--home", str(own.folder.home), "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as starting:

        def pid() -> int | None:
            record = read_record(own.folder.record)
            return record.pid if record else None

        wait_until(lambda: pid() is not None)
        kafka = pid()
        assert kafka is not None
        wait_until(lambda: is_broker(kafka, own.folder.properties))
        starting.send_signal(signal.SIGINT)
        assert starting.wait(20) != 0
    assert not is_broker(kafka, own.folder.properties)
    assert not own.status().running


def test_a_home_with_a_space_and_in_kazakh(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "Қызыл жол") as broker:
        make_topic(broker.address, "t")
        wait_until((broker.folder.data / "t-0").is_dir)


def test_the_settings_reach_kafka(broker: EmbeddedBroker) -> None:
    admin = AdminClient({"bootstrap.servers": broker.address})
    resource = ConfigResource(ResourceType.BROKER, "1")
    config = admin.describe_configs([resource])[resource].result(10)
    wanted = {
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "log.retention.ms": "-1",
        "message.max.bytes": str(16 * MIB + 64 * 1024),
        "transaction.max.timeout.ms": "60000",
    }
    assert {name: config[name].value for name in wanted} == wanted


def test_a_record_of_16_mib_is_taken(broker: EmbeddedBroker, topic_prefix: str) -> None:
    topic = f"{topic_prefix}large"
    make_topic(broker.address, topic)
    value = os.urandom(16 * MIB)
    produce(broker.address, topic, value)
    assert consume(broker.address, topic, 1) == [value]


def test_a_transaction_commits(broker: EmbeddedBroker, topic_prefix: str) -> None:
    topic = f"{topic_prefix}committed"
    make_topic(broker.address, topic)
    producer = Producer({"bootstrap.servers": broker.address, "transactional.id": f"{topic_prefix}id", "log_level": 0})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topic, b"one")
    producer.commit_transaction(20)
    assert consume(broker.address, topic, 1) == [b"one"]
