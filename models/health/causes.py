"""One cause instead of 45 alerts: which group of devices explains that all of its members are unwell."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from models.health.states import CONDITIONS, DEVICE, FLEET, GROUPS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from models.health.judging import Verdict
    from models.health.roster import Roster

_FEWEST: Final = 2
_STAYS: Final = 0.5
"""A group that was named stays named while so large a part of it is unwell: else its return would be 30 alerts."""


class Problem(NamedTuple):
    """What an alert is about."""

    condition: str
    scope: str
    name: str

    @property
    def key(self) -> str:
        """Kafka key of its alerts."""
        return "/".join(self)


def find_problems(
    verdict: Verdict, roster: Roster, opened: Collection[Problem], mending: Collection[Problem] = ()
) -> dict[Problem, tuple[str, ...]]:
    """Name what is unwell, each with the device ids that it explains, and each device in one problem of a condition.

    A group is a cause where every member of which it can be said is in the condition; of several the one that explains
    most, and of equals the narrowest. `opened` are the problems that are known already, `mending` those of them that
    last for as long as any member is unwell.
    """
    problems = {}
    for condition in CONDITIONS:
        affected = _numbers(verdict.affected[condition])
        suspected = _numbers(verdict.suspected[condition])
        if not affected:
            continue
        gone = {}
        for group, members in _groups(_numbers(verdict.judged[condition]), roster):
            unwell = suspected & members
            problem = Problem(condition, *group)
            enough = len(members) * _STAYS if problem in opened else max(len(members), _FEWEST)
            if problem in mending:
                enough = 1
            if len(unwell) >= enough and unwell & affected:
                gone[group] = unwell
        left = set(suspected)
        # The widest first; those that say no more than a narrower one explain nothing that is left.
        last_ones = {group for group in gone if Problem(condition, *group) in mending}
        ranks = {group: (group not in last_ones, -len(gone[group]), _RANK[group[0]], group[1]) for group in gone}
        for group in sorted(gone, key=ranks.__getitem__):
            explained = gone[group] & left
            if len(explained) >= (1 if Problem(condition, *group) in opened else _FEWEST):
                problems[Problem(condition, *group)] = ids_of(explained, roster)
                left -= explained
        for number in sorted(left & affected):
            problems[Problem(condition, DEVICE, roster.ids[number])] = (roster.ids[number],)
    return problems


_RANK: Final = {scope: rank for rank, scope in enumerate((*GROUPS, FLEET))}


def members_of(problem: Problem, roster: Roster) -> set[int]:
    """Give the numbers of the valid devices that a problem is about."""
    valid = _numbers(roster.valid)
    if problem.scope == DEVICE:
        return {number for number in valid if roster.ids[number] == problem.name}
    return next((own for group, own in _groups(valid, roster) if group == (problem.scope, problem.name)), set())


def _numbers(mask: NDArray[np.bool_]) -> set[int]:
    return set(mask.nonzero()[0].tolist())


def _groups(numbers: set[int], roster: Roster) -> Iterator[tuple[tuple[str, str], set[int]]]:
    for scope in GROUPS:
        members: defaultdict[str, set[int]] = defaultdict(set)
        for number in numbers:
            name = roster.groups[scope][number]
            if name:
                members[name].add(number)
        yield from (((scope, name), own) for name, own in members.items())
    yield (FLEET, "all"), numbers


def ids_of(numbers: set[int], roster: Roster) -> tuple[str, ...]:
    """Give the device ids of numbers, sorted."""
    return tuple(roster.ids[number] for number in sorted(numbers))
