"""What nobody can be faster than: `python -m tests.bench.floors fetch|loop|file …` prints what it took, as JSON.

`fetch` reads a topic with librdkafka and does nothing else. `loop` is the least that counting exactly can mean in plain
Python: fetch, typed decode with msgspec, a set for duplicates, dictionaries for segment and cell. `file` is that loop
over the lines of a file. None of them validates, locates, commits, survives a crash or shows what it does.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from datetime import datetime  # noqa: TC003 - msgspec reads it
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from streams.kafka import reader_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 10_000
_WINDOW_S = 300


class Position(msgspec.Struct, gc=False):
    lon: float
    lat: float


class Event(msgspec.Struct, gc=False):
    type: str
    event_id: str
    source_id: str
    occurred_at: datetime
    offence: str = ""
    location: Position | None = None


def fetched(broker: str, prefix: str, count: int) -> Iterator[list[bytes]]:
    """Values of all topics of a prefix, in batches, until so many were read."""
    consumer = Consumer(reader_settings(broker, f"{prefix}floor") | {"queued.min.messages": 50_000})
    found = consumer.list_topics(timeout=10).topics
    consumer.assign(
        [
            TopicPartition(name, number, OFFSET_BEGINNING)
            for name, topic in found.items()
            if name.startswith(prefix)
            for number in topic.partitions
        ]
    )
    read = 0
    while read < count:
        values = [message.value() for message in consumer.consume(_BATCH, 0.5) if message.error() is None]
        read += len(values)
        yield values
    consumer.close()


def lines(path: Path) -> Iterator[list[bytes]]:
    """Lines of a file, in batches."""
    with path.open("rb") as file:
        while values := file.readlines(_BATCH * 300):
            yield values


class Loop:
    """Counts violations by segment and window, as simply as it can be done."""

    def __init__(self, devices: Path) -> None:
        names = [line.split(",", 1)[0] for line in devices.read_text(encoding="utf-8").splitlines()[1:]]
        self._segment_of = {name: number for number, name in enumerate(names)}
        self._seen: set[tuple[str, str]] = set()
        self.cells: dict[tuple[int, int], int] = defaultdict(int)
        self._decode = msgspec.json.Decoder(Event).decode

    def count(self, values: list[bytes]) -> None:
        decode, seen, segment_of, cells = self._decode, self._seen, self._segment_of, self.cells
        for value in values:
            try:
                event = decode(value)
            except msgspec.DecodeError:
                continue
            identity = (event.source_id, event.event_id)
            if identity in seen:
                continue
            seen.add(identity)
            cells[segment_of.get(event.source_id, -1), int(event.occurred_at.timestamp()) // _WINDOW_S] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fetch", "loop", "file"))
    parser.add_argument("--broker", default="")
    parser.add_argument("--prefix", default="")
    parser.add_argument("--records", type=int, default=0)
    parser.add_argument("--devices", type=Path)
    parser.add_argument("--events", type=Path)
    arguments = parser.parse_args()
    batches = (
        lines(arguments.events)
        if arguments.what == "file"
        else fetched(arguments.broker, arguments.prefix, arguments.records)
    )
    loop = None if arguments.what == "fetch" else Loop(arguments.devices)
    begun = time.perf_counter()
    for values in batches:
        if loop is not None:
            loop.count(values)
    json.dump({"seconds": time.perf_counter() - begun}, sys.stdout)


if __name__ == "__main__":
    main()
