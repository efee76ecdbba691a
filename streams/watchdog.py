"""Tells a worker that stands still from one that has nothing to do.

A consumer that hangs looks healthy to everyone who asks the consumer: so the ends of the topics are asked of the
broker, by another client and in another thread, and compared with what was folded.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.kafka import StateReader
    from streams.source import RecordSource

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0

Positions = dict[tuple[str, int], int]
"""An offset per topic and source partition."""


@dataclass(slots=True)
class StallDetector:
    """Compares positions from look to look. Times are seconds of any steady clock."""

    patience_s: float
    _since: Positions = field(default_factory=dict)
    _moved: dict[tuple[str, int], float] = field(default_factory=dict)

    def look(self, now_s: float, folded: Mapping[tuple[str, int], int], ends: Mapping[tuple[str, int], int]) -> str:
        """Say what stands still, or nothing.

        A partition stands still where records wait behind what was folded and nothing of it was for `patience_s`.
        A partition that is not held any more is forgotten, one that is new has its time from now on.
        """
        stalled = []
        for at in list(self._since):
            if at not in folded:
                del self._since[at], self._moved[at]
        for at, position in folded.items():
            waiting = ends.get(at, position) - position
            if self._since.get(at) != position or waiting <= 0:
                self._since[at], self._moved[at] = position, now_s
            elif now_s - self._moved[at] >= self.patience_s:
                topic, partition = at
                stalled.append(
                    f"{topic}[{partition}]: {waiting} records wait behind offset {position}, none was folded for "
                    f"{now_s - self._moved[at]:.0f} s"
                )
        return "; ".join(stalled)


class Watchdog:
    """Looks after one record source, from outside its thread."""

    def __init__(self, reader: StateReader, patience_s: float) -> None:
        """Ask the ends of topics of `reader`; lose patience after so many seconds."""
        self._reader = reader
        self._patience_s = patience_s
        self._detector = StallDetector(patience_s)

    def look(self, source: RecordSource) -> str:
        """Say what stands still, with every thread's stack in the log, or nothing."""
        now_s = time.monotonic()
        stalled = ""
        if now_s - source.turned_at >= self._patience_s:
            stalled = f"the record source has not turned for {now_s - source.turned_at:.0f} s"
        else:
            folded = source.folded()
            try:
                ends = self._reader.ends(sorted({partition for _, partition in folded}))
            except KafkaException as error:
                # No broker, no work: the clients reconnect, and positions are compared again when they have.
                logger.warning("the ends of the topics are not known: %s", error.args[0].str())
                return ""
            stalled = self._detector.look(now_s, folded, ends)
        if stalled:
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():  # noqa: SLF001 - the documented way to other stacks
                stack = "".join(traceback.format_stack(frame))
                logger.error("thread %s stands at\n%s", names.get(ident, ident), stack)
        return stalled
