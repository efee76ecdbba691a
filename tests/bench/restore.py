"""How long a large partition takes to be restored, and how much memory: `python -m tests.bench.restore`.

Writes one partition's state to a real Kafka as a worker would have (1,000,000 cells, 10,000,000 index entries unless
told otherwise) and reads it back in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from amanzhol.broker import EmbeddedBroker
from models.index import ENTRY
from models.locating import Locator
from models.measures import violation_contribution
from models.network import Network, Segment
from models.sighting import Rules
from models.topics import READ, Topics
from models.windows import Windows
from streams.kafka import CheckpointLog, GroupMember, StateReader
from streams.partition import SourcePartition, fingerprint_of
from streams.restoring import read_back
from streams.topics import ensure_topics

TOPICS = Topics("bench.")
SEGMENTS = 5_000
PIECE = 200_000


def rules() -> Rules:
    network = Network(Segment(segment_id=f"R/{km}", route="R", from_km=km, to_km=km + 1) for km in range(SEGMENTS))
    zone = ZoneInfo("Asia/Aqtau")
    return Rules(network=network, locator=Locator(network), windows=Windows(300, zone), hours=Windows(3600, zone))


def write(broker: str, cells: int, entries: int) -> None:
    """Write the state in checkpoints of some size, each a transaction."""
    counting = rules()
    partition = SourcePartition.fresh(0, counting, fingerprint_of(counting, 1))
    partition.offsets = dict.fromkeys(READ, 0)
    log = CheckpointLog(broker, TOPICS, "bench")
    random = np.random.default_rng(1)
    contribution = violation_contribution("fixed_camera", "592.2", "", by_section=False)
    ledger = partition.ledger
    ledger.vocabulary.contributions.code(contribution)
    pieces = max(-(-cells // PIECE), -(-entries // (10 * PIECE)), 1) * 10
    for piece in range(pieces):
        for n in range(piece * cells // pieces, (piece + 1) * cells // pieces):
            segment = ledger.vocabulary.segments.code(f"R/{n % SEGMENTS}")
            ledger.tallies.add(segment, 1_700_000_100 + 300 * (n // SEGMENTS), contribution)
        new = np.zeros((piece + 1) * entries // pieces - piece * entries // pieces, dtype=ENTRY)
        for name, bits in (("high", 63), ("low", 31), ("time", 50)):
            new[name] = random.integers(0, 1 << bits, len(new))
        ledger.index.put(new)
        ledger._entered.append(new)
        if not log.commit(partition.checkpoint(), {}, GroupMember(b"", 0, "")):
            raise SystemExit("the state could not be written")


def read(broker: str) -> dict[str, float]:
    begun = time.perf_counter()
    counting = rules()
    partition = read_back(StateReader(broker, TOPICS, "bench"), 0, counting, fingerprint_of(counting, 1))
    return {
        "seconds": round(time.perf_counter() - begun, 1),
        "cells": len(partition.ledger.tallies),
        "entries": len(partition.ledger.index),
        "bytes_per_entry": partition.ledger.index.nbytes / max(len(partition.ledger.index), 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--read", metavar="BROKER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        sys.stdout.write(json.dumps(read(arguments.read)) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(Path(folder)) as broker:
        ensure_topics(broker.address, TOPICS, partitions=1)
        write(broker.address, arguments.cells, arguments.entries)
        subprocess.run([sys.executable, "-m", "tests.bench.restore", "--read", broker.address], check=True)


if __name__ == "__main__":
    main()
