"""The whole day: `python -m tests.devices.publisher [--seconds N]`. Needs Linux, and root for the full disk.

24 hours of the events of 20 devices in so many seconds, through one publisher: Kafka is away half of the time, the
publisher is killed again and again, and its disk is full once. Then everything that arrived is counted as `amanzhol
count` counts, beside the same count of what was sent.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from amanzhol.broker import EmbeddedBroker
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.topics import Topics
from streams.topics import ensure_topics
from tests.command_line import amanzhol
from tests.devices.publisher.outage import FULL, Device, arrived, day_of_events, flapping, order_of
from tests.faults.cluster import small_disk

AWAY_S = 6.0
DISK_MB = 24
FULL_FOR_S = 10.0
DEADLINE_S = 300.0
PREFIX = "day."


def main() -> None:
    """Run it, print one line of JSON, and end with 1 where an event is missing or counted twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--kills", type=int, default=10)
    arguments = parser.parse_args()
    lines = day_of_events(24)
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        device_home = home / "device"
        # The broker and its log stand elsewhere: it is the device's disk that is full.
        if root:
            stack.enter_context(small_disk(device_home, DISK_MB))
        else:
            device_home.mkdir()
        broker = stack.enter_context(EmbeddedBroker(home))
        ensure_topics(broker.address, Topics(PREFIX))
        device = Device(home, broker.address, PREFIX, "--spool", str(device_home / "spool"))
        stack.callback(device.close)
        begun = time.monotonic()
        filling = threading.Thread(target=_fill, args=(device_home, device, arguments.seconds / 3))
        if root:
            filling.start()
            stack.callback(filling.join)
        with flapping(broker, AWAY_S, AWAY_S) as away:
            device.feed(lines, arguments.seconds, arguments.kills, lambda: None)
        fed_s = time.monotonic() - begun
        if root:
            filling.join()
        device.wait(DEADLINE_S)
        records = arrived(broker.address, PREFIX)
        sent, counted = _counts(home, "sent", lines), _counts(home, "arrived", records)
        figures = {
            "hours": 24,
            "seconds": round(fed_s),
            "lines": len(lines),
            "records_arrived": len(records),
            "away_share": round(sum(away) / fed_s, 2),
            "away_times": len(away),
            "kills": device.kills,
            "disk_full": device.log.count(FULL),
            "peak_mb": round(device.peak_kb / 1024, 1),
            "in_order": order_of(records) == order_of(lines),
            "counted_once": sent == counted,
            "events": sum(json.loads(counted[1]).values()),
        }
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.exit(0 if figures["counted_once"] and figures["in_order"] else 1)


def _fill(disk: Path, device: Device, after_s: float) -> None:
    """Fill the disk to the last byte until the publisher has said so, and a while longer."""
    time.sleep(after_s)
    filler = disk / "filler"
    deadline = time.monotonic() + DEADLINE_S
    with filler.open("wb", buffering=0) as file:
        while device.runs and FULL not in device.log and time.monotonic() < deadline:
            try:
                file.write(bytes(4096))
            except OSError:
                time.sleep(0.05)
    time.sleep(FULL_FOR_S)
    filler.unlink()


def _counts(home: Path, name: str, lines: list[bytes]) -> tuple[bytes, bytes]:
    """Table and books of some events; what was received again, and counted as that, is left out of the books."""
    folder = home / name
    folder.mkdir()
    (folder / "events.ndjson").write_bytes(b"\n".join(lines))
    region = ("--network", NETWORK_PATH, "--devices", DEVICES_PATH)
    options = "--out out.csv --detail detail.csv --coverage coverage.csv --books books.json"
    done = amanzhol("count", "events.ndjson", *region, *options.split(), cwd=folder)
    assert done.code == 0, done.err
    books = json.loads((folder / "books.json").read_bytes())
    again = {"received", "duplicate"}
    tables = b"".join((folder / f"{table}.csv").read_bytes() for table in ("out", "detail", "coverage"))
    return tables, json.dumps({column: number for column, number in books.items() if column not in again}).encode()


if __name__ == "__main__":
    main()
