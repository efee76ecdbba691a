"""What Faust's own tutorial would have us write: one agent, one event at a time, a tumbling table.

`python -m tests.bench.idiomatic_agent BROKER TOPIC RECORDS FOLDER` prints how long it took, as JSON. Its counts are
not exact (docs/decisions/0003-faust-on-batches.md); it is here to be compared with.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta

import faust


class Violation(faust.Record, serializer="json"):
    type: str
    event_id: str
    source_id: str
    occurred_at: str
    offence: str = ""


def main() -> None:
    broker, topic, records, folder = sys.argv[1:]
    app = faust.App(
        f"bench-{time.time_ns()}",
        broker=f"kafka://{broker}",
        datadir=folder,
        web_enabled=False,
        topic_partitions=4,
        consumer_auto_offset_reset="earliest",
        store="memory://",
    )
    counts = app.Table("counts", default=int, partitions=4).tumbling(300.0, expires=timedelta(hours=1))
    state = {"read": 0, "begun": 0.0}

    @app.agent(app.topic(topic, value_type=Violation))
    async def count(violations):
        async for violation in violations:
            if not state["read"]:
                state["begun"] = time.perf_counter()
            counts[violation.source_id] += 1
            state["read"] += 1
            if state["read"] == int(records):
                seconds = time.perf_counter() - state["begun"]
                sys.stdout.write("\n" + json.dumps({"seconds": seconds}))
                sys.stdout.flush()
                os._exit(0)  # an agent that stops its own app waits for itself

    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
