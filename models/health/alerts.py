"""Alerts: what is told when a problem appears and when it has gone, new ones and recurring ones told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from models.health.causes import Problem
from models.health.states import DEVICE, FLEET, SILENT, STUCK, UNVERIFIED, WRONG_CLOCK
from models.records import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RECURS_WITHIN_S: Final = 7 * 86_400
"""A problem that was gone for longer is a new one."""

RAISED: Final = "raised"
CLEARED: Final = "cleared"
NEW: Final = "new"
RECURRING: Final = "recurring"
_EXAMPLES: Final = 5

_WHAT_TO_DO: Final = {
    SILENT: "silent beyond its rhythm: look for power and line",
    WRONG_CLOCK: "clock is off by more than a minute: check its time server and time zone; its events are mistimed",
    STUCK: "repeats itself: take what it recorded since with care, and restart it",
    UNVERIFIED: "past verified_until: what it measures does not hold in court; have it verified",
}


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A record of the topic `alerts`: a problem as it is from now on. The latest record of a key counts.

    `since` is when it was raised, `times` how often it has been without a pause of a week. Of the devices, `examples`
    are the first few. Times are RFC 3339.
    """

    state: str
    condition: str
    scope: str
    name: str
    recurrence: str
    times: int
    since: str
    cleared_at: str | None = None
    devices: int = 0
    examples: tuple[str, ...] = ()
    message: str = ""

    @property
    def problem(self) -> Problem:
        """What it is about."""
        return Problem(self.condition, self.scope, self.name)


decode_alert = msgspec.json.Decoder(Alert).decode


class AlertBook:
    """Knows every alert that was told, open and cleared, and says what has to be told next."""

    def __init__(self, told: Iterable[Alert] = ()) -> None:
        """Go on from what was told before, oldest first."""
        self._latest = {alert.problem: alert for alert in told}

    @property
    def opened(self) -> list[Alert]:
        """The alerts that are open."""
        return [alert for alert in self._latest.values() if alert.state == RAISED]

    def update(self, problems: Mapping[Problem, tuple[str, ...]], now_s: float) -> list[Alert]:
        """Compare with the problems that there are now. Returns the alerts to tell; the book holds them as told."""
        now = rfc3339(int(now_s))
        told = [
            msgspec.structs.replace(alert, state=CLEARED, cleared_at=now)
            for alert in self.opened
            if alert.problem not in problems
        ]
        for problem, devices in problems.items():
            before = self._latest.get(problem)
            if before is None or before.state == CLEARED:
                told.append(_raised(problem, devices, before, int(now_s)))
        self._latest |= {alert.problem: alert for alert in told}
        # What has been gone for a week would be new again, and need not be remembered.
        forgotten = rfc3339(int(now_s) - RECURS_WITHIN_S)
        self._latest = {
            problem: alert
            for problem, alert in self._latest.items()
            if alert.cleared_at is None or alert.cleared_at >= forgotten
        }
        return told


def _raised(problem: Problem, devices: tuple[str, ...], before: Alert | None, now_s: int) -> Alert:
    recurs = before is not None and (before.cleared_at or "") >= rfc3339(now_s - RECURS_WITHIN_S)
    return Alert(
        state=RAISED,
        condition=problem.condition,
        scope=problem.scope,
        name=problem.name,
        recurrence=RECURRING if recurs else NEW,
        times=before.times + 1 if recurs and before is not None else 1,
        since=rfc3339(now_s),
        devices=len(devices),
        examples=devices[:_EXAMPLES],
        message=_message(problem, len(devices)),
    )


def _message(problem: Problem, devices: int) -> str:
    what = _WHAT_TO_DO[problem.condition]
    if problem.scope == DEVICE:
        return f"{problem.name}: {what}"
    whole = "the whole fleet" if problem.scope == FLEET else f"everything of {problem.scope} {problem.name}"
    return f"{whole} ({devices} devices): {what}"
