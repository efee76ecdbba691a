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
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import KafkaException

from models.errors import RunError, StalledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.kafka import StateReader
    from streams.metrics import WorkerMetrics
    from streams.source import RecordSource

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0

ENDING_S = 30.0
"""How long a worker may take to end whose record source has."""

Positions = dict[tuple[str, int], int]
"""An offset per topic and source partition."""


class Stall(NamedTuple):
    """Records of one topic and partition wait behind what was folded, and nothing of it was for a time."""

    topic: str
    partition: int
    waiting: int
    position: int
    standing_s: float

    def __str__(self) -> str:
        """Say it for the log."""
        return (
            f"{self.topic}[{self.partition}]: {self.waiting} records wait behind offset {self.position}, none was "
            f"folded for {self.standing_s:.0f} s"
        )


class StallDetector:
    """Compares positions from look to look. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._waiting: dict[tuple[str, int], tuple[int, float]] = {}

    def look(self, now_s: float, folded: Positions, ends: Positions) -> list[Stall]:
        """Say where records wait and none was folded since an earlier look, the one that waits longest first.

        Only looks that saw records wait count: a partition that had nothing to do, is new, or is not held any more
        begins anew.
        """
        before, self._waiting = self._waiting, {}
        stalls = []
        for at, position in folded.items():
            waiting = ends.get(at, position) - position
            if waiting <= 0:
                continue
            seen, since_s = before.get(at, (position, now_s))
            self._waiting[at] = (position, since_s if seen == position else now_s)
            if seen == position and now_s > since_s:
                stalls.append(Stall(*at, waiting, position, now_s - since_s))
        return sorted(stalls, key=lambda stall: -stall.standing_s)

    def forget(self) -> None:
        """Begin anew: while nobody answers, nobody could have worked."""
        self._waiting.clear()


class Watchdog:
    """Looks after one record source, from a thread that nothing else runs in."""

    def __init__(
        self, reader: StateReader, metrics: WorkerMetrics, patience_s: float, give_up: Callable[[RunError], None]
    ) -> None:
        """Ask the ends of topics of `reader`, show in `metrics` how long work waits, `give_up` after so long."""
        self._reader = reader
        self._give_up = give_up
        self._standing_still = metrics.standing_still
        self._patience_s = patience_s
        self._detector = StallDetector()

    def watch(self, source: RecordSource) -> None:
        """Look every few seconds. Gives up on a source that stands still, and on a worker that outlives its source."""
        while not source.ended.wait(LOOK_EVERY_S):
            if stalled := self.look(source):
                source.failure = StalledError(stalled)
                self._give_up(source.failure)
                return
        time.sleep(ENDING_S)
        self._tell(message := "the record source has ended and the worker has not")
        self._give_up(RunError(f"{message}: {source.failure}" if source.failure else message))

    def look(self, source: RecordSource) -> str:
        """Say what stands still for too long, with every thread's stack in the log, or nothing."""
        now_s = time.monotonic()
        silent_s = now_s - source.turned_at
        if silent_s >= self._patience_s:
            self._standing_still.set(silent_s)
            return self._tell(f"the record source has not turned for {silent_s:.0f} s")
        folded = source.folded()
        try:
            ends = self._reader.ends(sorted({partition for _, partition in folded}))
        except KafkaException as error:
            # No broker, no work: the clients reconnect, and positions are compared again when they have.
            logger.warning("the ends of the topics are not known: %s", error.args[0].str())
            self._detector.forget()
            return ""
        stalls = self._detector.look(now_s, folded, ends)
        self._standing_still.set(stalls[0].standing_s if stalls else 0)
        return self._tell("; ".join(str(stall) for stall in stalls if stall.standing_s >= self._patience_s))

    @staticmethod
    def _tell(stalled: str) -> str:
        if stalled:
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():  # noqa: SLF001 - the documented way to other stacks
                stack = "".join(traceback.format_stack(frame))
                logger.error("thread %s stands at\n%s", names.get(ident, ident), stack)
        return stalled
