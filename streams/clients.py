"""What the record source talks to."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Consumer

    from models.fleet import Registry
    from streams.committing import WritesCheckpoints
    from streams.poison import Fetched
    from streams.restoring import ReadsState


@dataclass(frozen=True, slots=True)
class Clients:
    """What the record source talks to: Kafka, or in the simulation a log in memory.

    `consumer` and `log` are made in the source's own thread. `beside` runs a function next to that thread. `fetch`
    reads the undecoded log of a topic's partition from an offset on; without it, unreadable batches stop a partition.
    `registry` gives the registry as it is now; without it, it stays that of the rules.
    """

    consumer: Callable[[], Consumer]
    log: Callable[[], WritesCheckpoints]
    state: ReadsState
    beside: Callable[[Callable[[], None]], None]
    now: Callable[[], float] = time.monotonic
    fetch: Callable[[str, int, int], Fetched] | None = None
    registry: Callable[[], Registry | None] | None = None


def in_thread(work: Callable[[], None]) -> None:
    """Run a function in a thread of its own."""
    threading.Thread(target=work, name="restore", daemon=True).start()
