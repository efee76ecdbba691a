"""The consumer group's coordinator in memory: generations, cooperative assignment, and the check of commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


class RefusedError(Exception):
    """The coordinator does not take a commit from this member and generation."""


@dataclass(eq=False, slots=True)
class Member:
    """A member, half the broker's and half its client's view.

    `owned` is what the client holds, `given` what it was told to hold and has not yet acted on.
    """

    id: str
    seen_s: float
    generation: int = -1
    owned: set[int] = field(default_factory=set)
    given: set[int] | None = None
    rejoined: bool = False


class Group:
    """One group. A rebalance ends once every member has come back to it or has been given up."""

    def __init__(self, rng: Random, partitions: int, session_timeout_s: float) -> None:
        self.members: dict[str, Member] = {}
        self.generation = 0
        self.accepts_any = False
        self._rng = rng
        self._partitions = partitions
        self._session_timeout_s = session_timeout_s
        self._joined = 0
        self._rebalancing = False
        self._shuffle = False

    def join(self, now: float) -> Member:
        """Let a new member in."""
        self._joined += 1
        member = Member(f"m{self._joined}", now)
        self.members[member.id] = member
        self.rebalance()
        return member

    def leave(self, member: Member) -> None:
        """Let a member go."""
        if self.members.pop(member.id, None) is not None:
            self.rebalance()

    def rebalance(self, *, shuffle: bool = False) -> None:
        """Call everyone back. `shuffle` moves partitions about that could stay where they are."""
        self._rebalancing = True
        self._shuffle |= shuffle
        for member in self.members.values():
            member.rejoined = False

    def expire(self, now: float) -> None:
        """Give up members that have not been heard of."""
        for member in list(self.members.values()):
            if now - member.seen_s > self._session_timeout_s:
                self.leave(member)
        self._complete()

    def heartbeat(self, member: Member, now: float) -> None:
        """What a client does in the background: show that it lives, and come back when called."""
        if member.id not in self.members:
            member.generation = -1
            return
        member.seen_s = now
        # A client that has not acted on the last assignment yet does not come back for another.
        if self._rebalancing and member.given is None:
            member.rejoined = True
            self._complete()

    def check(self, generation: int, member_id: str) -> None:
        """Raise RefusedError unless a commit comes from a member of this generation.

        With neither a generation nor a member's name it is taken, as Kafka takes it: 50 became 7 so.
        """
        if self.accepts_any or (generation < 0 and not member_id):
            return
        if member_id not in self.members or generation != self.generation:
            raise RefusedError

    def _complete(self) -> None:
        if not self._rebalancing or not self.members or not all(one.rejoined for one in self.members.values()):
            return
        self._rebalancing = False
        self.generation += 1
        target = self._target()
        owners = {number: member for member in self.members.values() for number in member.owned}
        for member in self.members.values():
            member.generation = self.generation
            # A partition that moves is nobody's until its owner has given it back.
            member.given = {n for n, to in target.items() if to is member and owners.get(n) in (None, member)}

    def _target(self) -> dict[int, Member]:
        members = list(self.members.values())
        self._rng.shuffle(members)
        share = -(-self._partitions // len(members))
        load: dict[Member, int] = dict.fromkeys(members, 0)
        target: dict[int, Member] = {}
        if not self._shuffle:
            for member in members:
                for number in sorted(member.owned)[:share]:
                    target[number] = member
                    load[member] += 1
        self._shuffle = False
        for number in range(self._partitions):
            if number not in target:
                target[number] = min(members, key=lambda one: load[one])
                load[target[number]] += 1
        return target
