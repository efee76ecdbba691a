"""The watch over a fleet: records in, alerts out, with everything remembered between."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from models.health.alerts import AlertBook
from models.health.causes import find_problems, ids_of, members_of
from models.health.judging import judge
from models.health.pulse import Pulse
from models.health.roster import device_numbers, roster_at
from models.health.signals import signals_of
from models.health.states import DEVICE, SILENT, Limits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from models.errors import RecordError
    from models.events import Event
    from models.fleet import Registry
    from models.health.alerts import Alert
    from models.health.causes import Problem
    from models.health.ignoring import Ignored
    from models.health.roster import Roster

_ROSTER_KEPT_S = 60.0
"""Validity in a registry begins and ends at whole minutes, mostly at midnight."""


class Look(NamedTuple):
    """What there is to see at one moment.

    `told` are the alerts that have to be told now, `opened` all that are open then; `state` is by device number of the
    roster, empty of one that is not valid.
    """

    told: list[Alert]
    opened: list[Alert]
    problems: dict[Problem, tuple[str, ...]]
    state: list[str]
    roster: Roster

    def devices(self) -> Counter[tuple[str, str]]:
        """Count valid devices by kind and state."""
        rows = zip(self.roster.rows, self.state, strict=True)
        return Counter((row.kind, state) for row, state in rows if row is not None)


class FleetWatch:
    """Watches the devices of one registry. Times are seconds since 1970."""

    def __init__(
        self,
        registry: Registry,
        watched_since_s: float,
        ignored: Collection[Ignored] = (),
        limits: Limits | None = None,
        told: Iterable[Alert] = (),
    ) -> None:
        """Begin with what was told before. All that arrived since `watched_since_s` will be taken in."""
        self._registry = registry
        self._ignored = ignored
        self._limits = limits or Limits()
        self._numbers = device_numbers(registry)
        self._since_s = watched_since_s
        self._book = AlertBook(told)
        self._roster: Roster | None = None
        self._roster_s = 0.0
        self._mending: dict[Problem, float] = {}
        self.pulse = Pulse(len(self._numbers), self._limits)

    def take(self, decoded: Sequence[Event | RecordError], arrivals_us: Sequence[int]) -> int:
        """Take in records in the order of their arrival. Returns how many came from nobody in the registry."""
        taken = signals_of(decoded, arrivals_us, self._numbers)
        self.pulse.take(taken.signals)
        return taken.unknown

    def look(self, now_s: float) -> Look:
        """Judge the fleet. All that arrived before `now_s` must have been taken in."""
        if self._roster is None or not 0 <= now_s - self._roster_s < _ROSTER_KEPT_S:
            self._roster, self._roster_s = roster_at(self._registry, self._ignored, now_s), now_s
        verdict = judge(self.pulse, self._roster, self._limits, now_s, self._since_s)
        opened = [alert.problem for alert in self._book.opened]
        problems = find_problems(verdict, self._roster, opened)
        # Of a group that comes back the last ones have as long as neighbours have to fall silent.
        self._mending = {
            problem: self._mending.get(problem, now_s)
            for problem in opened
            if problem.scope != DEVICE and problem not in problems
        }
        mending = [problem for problem, since_s in self._mending.items() if now_s - since_s < self._limits.settle_s]
        if mending:
            problems = find_problems(verdict, self._roster, opened, mending)
        # Who was silent before this watch began and has not been heard since still is.
        for problem in opened:
            if problem.condition == SILENT and problem not in problems:
                members = members_of(problem, self._roster)
                ignored = self._roster.ignored_in[SILENT]
                if members and not any(self.pulse.heard_s[number] or ignored[number] for number in members):
                    problems[problem] = ids_of(members, self._roster)
        told = self._book.update(problems, now_s)
        return Look(told, self._book.opened, problems, verdict.state, self._roster)
