"""Events per second through `count` and through the stream: `python -m tests.bench.throughput [--records N]`.

Both read the same simulated records. The stream runs on an embedded Kafka, one worker, 4 partitions, everything on;
its time is from the worker's first committed record to its last.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.ports import free_port
from amanzhol.children import child
from devices.kafka_sink import KafkaSink, connect
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from devices.simulator import DEFAULT_SEED, simulate
from models.topics import INPUTS, Topics
from streams.topics import ensure_topics

START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
REGION = ["--network", str(NETWORK_PATH), "--devices", str(DEVICES_PATH)]
RECEIVED = re.compile(rb'amanzhol_books\{column="received"\} ([0-9.e+]+)')
TIMEOUT_S = 300.0


def simulated(count: int, status_interval_s: int) -> list:
    return list(islice(simulate(DEFAULT_SEED, START, END, status_interval_s=status_interval_s), count))


def count_seconds(records: list, folder: Path) -> float:
    events = folder / "events.ndjson"
    events.write_bytes(b"\n".join(record.value for record in records))
    begun = time.perf_counter()
    command = [sys.executable, "-m", "amanzhol", "count", str(events), *REGION, "--out", str(folder / "out.csv")]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def stream_seconds(records: list, folder: Path) -> float:
    topics = Topics("bench.")
    with EmbeddedBroker(folder) as broker:
        ensure_topics(broker.address, topics)
        producer = connect(broker.address, "bench")
        KafkaSink(producer, {topic: topics.name(topic) for topic in INPUTS}).send_all(iter(records))
        producer.close()
        port = free_port()
        where = [
            "--broker",
            broker.address,
            "--prefix",
            topics.prefix,
            "--home",
            str(folder),
            "--metrics-port",
            str(port),
        ]
        begun = ended = 0.0
        deadline = time.monotonic() + TIMEOUT_S
        with child(["worker", *where, *REGION], folder / "worker.log") as worker:
            received = 0
            while received < len(records):
                if time.monotonic() > deadline:
                    raise SystemExit(f"only {received} of {len(records)} counted in {TIMEOUT_S:.0f} s")
                worker.check()
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    found = RECEIVED.search(answer.read())
                    received = int(float(found[1])) if found else 0
                ended = time.perf_counter()
                if not begun and received:
                    begun, first = ended, received
                time.sleep(0.05)
    return (ended - begun) * len(records) / (len(records) - first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    arguments = parser.parse_args()
    for name, status_interval_s, share in (("with statuses every minute", 60, 1), ("without statuses", 0, 4)):
        records = simulated(arguments.records // share, status_interval_s)
        with tempfile.TemporaryDirectory() as folder:
            figures = {
                "records": len(records),
                "what": name,
                "count_per_s": round(len(records) / count_seconds(records, Path(folder))),
                "stream_per_s": round(len(records) / stream_seconds(records, Path(folder))),
            }
        sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
