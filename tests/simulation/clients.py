"""confluent-kafka's clients over the log in memory: as much of them as `streams` uses, with their errors.

They are put in their places in `streams.kafka`, so `CheckpointLog`, `StateReader` and the consumer's settings are the
product's own.
"""

from __future__ import annotations

import struct
from concurrent.futures import Future
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from tests.simulation.group import RefusedError
from tests.simulation.log import Entry, FencedEpochError, Partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulation.group import Member
    from tests.simulation.log import At
    from tests.simulation.world import World

TIMED_OUT = KafkaError(KafkaError._TIMED_OUT, "the broker does not answer", False, True)
HICCUP = KafkaError(KafkaError._TRANSPORT, "connection lost")
FENCED = KafkaError(KafkaError._FENCED, "producer fenced", True)
REFUSED = KafkaError(KafkaError.UNKNOWN_MEMBER_ID, "unknown member", False, False, True)


class SimulatedMessage:
    """A record, an end of a partition, or an error, as `consume` gives it."""

    __slots__ = ("_at", "_entry", "_error", "_offset")

    def __init__(self, at: At, offset: int, entry: Entry | None, error: KafkaError | None = None) -> None:
        self._at, self._offset, self._entry, self._error = at, offset, entry, error

    def error(self) -> KafkaError | None:
        return self._error

    def topic(self) -> str:
        return self._at[0]

    def partition(self) -> int:
        return self._at[1]

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes | None:
        return self._entry.key

    def value(self) -> bytes | None:
        return self._entry.value

    def __len__(self) -> int:
        return len(self._entry.value or b"")

    def timestamp(self) -> tuple[int, int]:
        return 2, self._entry.timestamp_ms  # 2 is LogAppendTime

    def headers(self) -> list[tuple[str, bytes]] | None:
        return list(self._entry.headers) or None


class SimulatedConsumer:
    """A reader of committed records: of the group once it has subscribed, else of what it is assigned."""

    def __init__(self, world: World, settings: dict[str, Any]) -> None:
        assert settings["isolation.level"] == "read_committed"
        assert settings["enable.auto.commit"] is False
        self._world = world
        self._process = world.running
        self._tells_ends = settings.get("enable.partition.eof", False)
        self._positions: dict[At, int] = {}
        self._told_end: dict[At, int] = {}
        self._paused: set[At] = set()
        self._callbacks: tuple[Callable, Callable, Callable] | None = None
        self._topic = ""
        self._member: Member | None = None

    # -- assignment ----------------------------------------------------------------------------------------

    def subscribe(self, topics: list[str], on_assign: Callable, on_revoke: Callable, on_lost: Callable) -> None:
        (self._topic,) = topics
        self._callbacks = on_assign, on_revoke, on_lost
        self._member = self._world.group.join(self._world.now())
        self._process.heartbeat = self.heartbeat

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._positions = {}
        self.incremental_assign(sorted(partitions, key=lambda at: (at.topic, at.partition)))

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        for at in partitions:
            assert (at.topic, at.partition) not in self._positions, "assigned twice"
            self._positions[at.topic, at.partition] = 0 if at.offset == OFFSET_BEGINNING else at.offset

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        for at in partitions:
            del self._positions[at.topic, at.partition]
            self._paused.discard((at.topic, at.partition))
            self._told_end.pop((at.topic, at.partition), None)

    def pause(self, partitions: list[TopicPartition]) -> None:
        self._paused |= {self._assigned(at) for at in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        self._paused -= {self._assigned(at) for at in partitions}

    def seek(self, at: TopicPartition) -> None:
        self._positions[self._assigned(at)] = at.offset
        self._told_end.pop((at.topic, at.partition), None)

    def _assigned(self, at: TopicPartition) -> At:
        if (at.topic, at.partition) not in self._positions:
            raise KafkaException(KafkaError(KafkaError._STATE, "not assigned"))
        return at.topic, at.partition

    # -- membership ----------------------------------------------------------------------------------------

    def heartbeat(self) -> None:
        self._world.group.heartbeat(self._member, self._world.now())

    def consumer_group_metadata(self) -> bytes:
        member = self._member
        member_id = member.id if member.generation >= 0 else ""
        return b"CGMDv2:" + struct.pack("<i", member.generation) + f"group\0{member_id}\0".encode()

    def _serve(self) -> None:
        """Act on what the coordinator said, by the callbacks, as only a poll does."""
        self.heartbeat()
        on_assign, on_revoke, on_lost = self._callbacks
        member = self._member
        if member.id not in self._world.group.members:
            on_lost(self, self._topic_partitions(member.owned))
            self._member = self._world.group.join(self._world.now())
        elif member.given is not None:
            given, owned = member.given, set(member.owned)
            if owned - given:
                on_revoke(self, self._topic_partitions(owned - given))
                self._world.group.rebalance()
            on_assign(self, self._topic_partitions(given - owned))
            member.owned, member.given = given, None

    def _topic_partitions(self, numbers: set[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, number) for number in sorted(numbers)]

    def close(self) -> None:
        if self._member is None or self._process.dead:
            return
        _on_assign, on_revoke, _on_lost = self._callbacks
        on_revoke(self, self._topic_partitions(self._member.owned))
        self._world.group.leave(self._member)
        self._process.heartbeat = None

    # -- reading -------------------------------------------------------------------------------------------

    def consume(self, count: int, timeout: float) -> list[SimulatedMessage]:
        deadline = self._world.now() + timeout
        if self._member is None:
            self._world.wait("restore", lambda: self._has_news() or self._world.now() >= deadline)
        else:
            self._world.wait("poll", lambda: self._may_turn(deadline))
            self._serve()
        messages = list(self._fetch(count))
        if self._member is not None and self._world.chance("consumer error"):
            messages.append(SimulatedMessage((self._topic, 0), 0, None, HICCUP))
        return messages

    def _may_turn(self, deadline: float) -> bool:
        return self._world.now() >= deadline or self._has_news() or self._member.given is not None

    def _open(self) -> Iterator[tuple[At, Partition]]:
        for at in self._positions:
            if at not in self._paused:
                yield at, self._world.log.partitions[at]

    def _has_news(self) -> bool:
        return any(
            self._positions[at] < partition.stable_end
            or (self._tells_ends and self._told_end.get(at, -1) < self._positions[at])
            for at, partition in self._open()
        )

    def _fetch(self, count: int) -> Iterator[SimulatedMessage]:
        """Records of each partition in order, of some partitions more and of some none: fetches have no order."""
        world = self._world
        for at, partition in list(self._open()):
            if self._member is not None and world.rng.random() < world.slowness:
                continue
            most = min(count, world.rng.choice(world.fetches))
            for entry in partition.committed(self._positions[at]):
                if not most:
                    break
                most -= 1
                self._positions[at] = entry.offset + 1
                yield SimulatedMessage(at, entry.offset, entry)
            else:
                self._positions[at] = max(partition.stable_end, self._positions[at])
                if self._tells_ends and self._told_end.get(at, -1) < self._positions[at]:
                    self._told_end[at] = self._positions[at]
                    end = KafkaError(KafkaError._PARTITION_EOF)
                    yield SimulatedMessage(at, self._positions[at], None, end)

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        log, deadline = self._world.log, self._world.now() + timeout
        wanted = [(at.topic, at.partition) for at in partitions]

        def stable() -> bool:
            return not any(log.unstable(at) for at in wanted)

        self._world.wait("committed", lambda: stable() or self._world.now() >= deadline)
        if not stable():
            raise KafkaException(TIMED_OUT)
        return [TopicPartition(*at, log.group_offsets.get(at, OFFSET_INVALID)) for at in wanted]

    def get_watermark_offsets(self, at: TopicPartition, *, cached: bool = False) -> tuple[int, int]:
        return 0, self._world.log.partitions[at.topic, at.partition].stable_end


class SimulatedProducer:
    """A transactional producer. It can be killed, stopped and cut off between any two of its calls."""

    def __init__(self, world: World, settings: dict[str, Any]) -> None:
        self._world = world
        self._name = settings["transactional.id"]
        self._epoch = -1
        self._decided: bool | None = None
        self._begun = False

    def init_transactions(self, timeout: float) -> None:
        self._epoch = self._world.log.init(self._name)

    def begin_transaction(self) -> None:
        self._world.wait("before the transaction")
        self._decided = None
        self._begun = False

    def produce(self, topic: str, value: bytes | None, key: bytes, partition: int, headers: list) -> None:
        if self._world.chance("full queue"):
            raise BufferError
        if self._world.rng.random() < 0.1:
            self._world.wait("while producing")
        with _errors():
            self._begin()
            record = (key, value, tuple(headers))
            self._world.log.produce(self._name, self._epoch, (topic, partition), record)

    def poll(self, timeout: float) -> int:
        return 0

    def send_offsets_to_transaction(self, positions: list[TopicPartition], metadata: bytes, timeout: float) -> None:
        self._world.wait("between produce and offsets")
        if self._world.chance("offsets time out"):
            raise KafkaException(TIMED_OUT)
        (generation,) = struct.unpack_from("<i", metadata, 7)
        member_id = metadata[11:].split(b"\0")[1].decode()
        with _errors():
            self._begin()
            self._check(generation, member_id)
            offsets = {(at.topic, at.partition): at.offset for at in positions}
            self._world.log.add_offsets(self._name, self._epoch, offsets)

    def commit_transaction(self, timeout: float) -> None:
        self._world.wait("between offsets and commit")
        if self._world.chance("commit never arrives"):
            raise KafkaException(TIMED_OUT)
        if self._decided is None:
            with _errors():
                self._world.log.decide(self._name, self._epoch, commit=True)
            self._decided = True
        self._world.wait("after the commit")
        if self._world.chance("commit outcome unknown"):
            raise KafkaException(TIMED_OUT)

    def abort_transaction(self, timeout: float) -> None:
        assert self._decided is None, "an undecided commit was followed by an abort"
        with _errors():
            self._world.log.decide(self._name, self._epoch, commit=False)

    def _check(self, generation: int, member_id: str) -> None:
        try:
            self._world.group.check(generation, member_id)
        except RefusedError:
            self._world.hit["a commit was refused"] += 1
            raise

    def _begin(self) -> None:
        """The broker learns of a transaction with its first record."""
        if not self._begun:
            self._world.log.begin(self._name, self._epoch)
            self._begun = True


class _errors:  # noqa: N801 - reads as a statement
    """Tell what the coordinators say as librdkafka does."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FencedEpochError):
            raise KafkaException(FENCED) from None
        if isinstance(error, RefusedError):
            raise KafkaException(REFUSED) from None


class SimulatedAdmin:
    """Answers where partitions begin and end, open transactions included."""

    def __init__(self, world: World) -> None:
        self._world = world

    def list_offsets(self, wanted: dict[TopicPartition, OffsetSpec], request_timeout: float) -> dict:
        self._world.wait("list offsets")
        answers = {}
        for at, spec in wanted.items():
            partition = self._world.log.partitions[at.topic, at.partition]
            self._world.hit["restored beside an open transaction"] += bool(partition.open)
            end = partition.stable_end if self._world.lists_stable_ends else partition.end
            answers[at] = Future()
            answers[at].set_result(SimpleNamespace(offset=end if spec is OffsetSpec.latest() else 0))
        return answers
