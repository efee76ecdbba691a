"""`python -m tests.bench`: how fast a worker and `count` are, beside what nobody can be faster than, in one run.

Everything reads the same records from the same broker on the same machine, in turn and several times over; what counts
are the ratios of the medians. Absolute figures say as much about the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from amanzhol.broker import EmbeddedBroker
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.topics import Topics
from streams.topics import ensure_topics
from tests.bench.running import Took, measured_by_itself, measured_from_outside, measured_worker
from tests.bench.workload import SEED, records

REGION = ("--network", NETWORK_PATH, "--devices", DEVICES_PATH)
FLOORS = "tests.bench.floors"
_AGENT_RECORDS = 5_000

RATIOS = {
    # What is divided by what, and how much it is to be.
    "worker / loop floor": ("worker", "loop floor", 0.6),
    "worker / idiomatic Faust agent": ("worker", "Faust agent", 80),
    "count / loop floor without Kafka": ("count", "loop floor without Kafka", 0.8),
}


def write_events(path: Path, count: int) -> list[str]:
    """Write the records to a file, one per line. Returns their topics and keys, packed as `topic key`."""
    heads = []
    with path.open("wb") as file:
        for record in records(count):
            file.write(record.value + b"\n")
            heads.append(sys.intern(f"{record.topic} {record.key}"))
    return heads


def produce(broker: str, topics: Topics, events: Path, heads: list[str]) -> None:
    """Send the records of the file to Kafka."""
    producer = Producer(
        {
            "bootstrap.servers": broker,
            "compression.type": "lz4",
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "queue.buffering.max.messages": 500_000,
        }
    )
    with events.open("rb") as file:
        for line, head in zip(file, heads, strict=True):
            topic, _, key = head.partition(" ")
            while True:
                try:
                    producer.produce(topics.name(topic), line[:-1], key)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
    if producer.flush(120):
        raise SystemExit("the broker did not take all records")


def produce_for_agent(broker: str, topic: str, events: Path) -> None:
    """Send violations to a topic of its own, and nothing malformed: that crashes an agent of Faust's."""
    admin = AdminClient({"bootstrap.servers": broker})  # its futures end with it
    admin.create_topics([NewTopic(topic, 4, 1)])[topic].result()
    producer = Producer({"bootstrap.servers": broker, "compression.type": "lz4", "linger.ms": 20})
    with events.open("rb") as file:
        good = (line[:-1] for line in file if line.startswith(b'{"type":"violation"') and line.endswith(b"}\n"))
        for value in islice(good, _AGENT_RECORDS):
            producer.produce(topic, value)
    producer.flush(60)


def one_round(count: int, broker: str, topics: Topics, events: Path, folder: Path) -> dict[str, Took]:
    """Measure each thing once, on topics that no worker has counted yet."""
    folder.mkdir()
    kafka = ("--broker", broker, "--prefix", topics.prefix)
    floor = (*kafka, "--records", count)
    produce_for_agent(broker, f"agent.{topics.prefix}", events)
    agent = (broker, f"agent.{topics.prefix}", _AGENT_RECORDS, folder / "faust")
    return {
        "fetch floor": measured_by_itself(count, FLOORS, "fetch", *floor),
        "loop floor": measured_by_itself(count, FLOORS, "loop", *floor, "--devices", DEVICES_PATH),
        "worker": measured_worker(count, folder / "worker.log", *kafka, "--home", folder, *REGION),
        "Faust agent": measured_by_itself(_AGENT_RECORDS, "tests.bench.idiomatic_agent", *agent),
        "loop floor without Kafka": measured_by_itself(
            count, FLOORS, "file", "--events", events, "--devices", DEVICES_PATH
        ),
        "count": measured_from_outside(count, "count", events, *REGION, "--out", folder / "out.parquet"),
    }


def summary(rounds: list[dict[str, Took]], count: int) -> dict[str, Any]:
    """Medians over the rounds, and the ratios that the project is held to."""
    medians = {}
    for name in rounds[0]:
        took = [one[name] for one in rounds]
        medians[name] = {
            "events_per_s": round(statistics.median(one.per_s for one in took)),
            "all_rounds": [round(one.per_s) for one in took],
            "cpu_s_per_million": round(statistics.median(one.cpu_s / one.records for one in took) * 1e6, 2),
            "memory_mb": round(max(one.memory_mb for one in took)),
            "first_after_s": round(statistics.median(one.first_s for one in took), 2),
        }
    ratios = {
        name: {"ratio": round(medians[over]["events_per_s"] / medians[under]["events_per_s"], 3), "aim": aim}
        for name, (over, under, aim) in RATIOS.items()
    }
    return {"records": count, "seed": SEED, "rounds": len(rounds), "medians": medians, "ratios": ratios}


def main() -> None:
    """Measure, print, and write the figures where they are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory(prefix="amanzhol-bench-") as name:
        folder = Path(name)
        events = folder / "events.ndjson"
        heads = write_events(events, arguments.records)
        with EmbeddedBroker(folder / "kafka") as broker:
            for number in range(arguments.rounds):
                topics = Topics(f"bench{number}.")
                ensure_topics(broker.address, topics)
                produce(broker.address, topics, events, heads)
                rounds.append(one_round(arguments.records, broker.address, topics, events, folder / f"round-{number}"))
                for what, took in rounds[-1].items():
                    sys.stdout.write(f"round {number + 1}: {what}: {took.per_s:,.0f} events/s\n")
                sys.stdout.flush()
    figures = json.dumps(summary(rounds, arguments.records), indent=1)
    sys.stdout.write(figures + "\n")
    if arguments.json is not None:
        arguments.json.write_text(figures + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
