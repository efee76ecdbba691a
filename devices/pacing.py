"""The speed at which simulated time passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from devices.simulator.record import SimulatedRecord

_SECOND_US = 1_000_000
_NOT_WORTH_SLEEPING_S = 0.005
_LONGEST_SLEEP_S = 0.5
"""So that whoever waits for the pace looks up now and then, to stop or to show how far it is."""


class Pace:
    """Keeps simulated time from running ahead of `speed` simulated seconds per real second.

    The clock and the sleep are the caller's: `time.monotonic` and the `wait` of a stop event, or a test's own.
    Simulated time that lags (a slow broker) is caught up at full speed, so that the two meet again.
    """

    def __init__(
        self,
        speed: float,
        start_us: int,
        now: Callable[[], float],
        sleep: Callable[[float], object],
        not_beyond_us: Callable[[], int] | None = None,
    ) -> None:
        """Let simulated time be `start_us` (epoch µs) now. Raises `ValueError` for a speed that is not above 0.

        `not_beyond_us` is a second limit: the wall clock, for a fleet that shall catch up with it and then keep to it.
        """
        if not speed > 0:
            raise ValueError(f"a speed is above 0, not {speed}")
        self._us_per_s = speed * _SECOND_US
        self._start_us = start_us
        self._now = now
        self._sleep = sleep
        self._began = now()
        self._not_beyond_us = not_beyond_us

    def ahead_s(self, simulated_us: int) -> float:
        """Real seconds until a simulated moment is due; negative when it is overdue."""
        ahead_s = (simulated_us - self._start_us) / self._us_per_s - (self._now() - self._began)
        if self._not_beyond_us is None:
            return ahead_s
        return max(ahead_s, (simulated_us - self._not_beyond_us()) / _SECOND_US)

    def wait(self, simulated_us: int) -> bool:
        """Sleep once towards a simulated moment, unless it is due: then True. Call again until it is."""
        ahead_s = self.ahead_s(simulated_us)
        if ahead_s < _NOT_WORTH_SLEEPING_S:
            return True
        self._sleep(min(ahead_s, _LONGEST_SLEEP_S))
        return False


def paced(
    records: Iterable[SimulatedRecord], pace: Pace, stopped: Callable[[], bool] = lambda: False
) -> Iterator[SimulatedRecord]:
    """Yield each record when its `sent_at` is due, and end when `stopped` says so."""
    for record in records:
        while not stopped():
            if pace.wait(record.sent_at):
                yield record
                break
        else:
            return
