"""`amanzhol worker`, but it stands still: `python stalling_worker.py agents|consumer worker …`."""

from __future__ import annotations

import sys
import threading

from amanzhol.cli import main
from streams import app, source


def _the_agents_hang() -> None:
    app.fold = lambda batch: threading.Event().wait()


def _the_consumer_gives_nothing() -> None:
    """Let the consumer poll and never return a record, as one was seen to do that looked healthy to itself."""
    source.RecordSource._dispatch = lambda self, messages: None


if __name__ == "__main__":
    {"agents": _the_agents_hang, "consumer": _the_consumer_gives_nothing}[sys.argv.pop(1)]()
    main()
