"""Bugs to plant: each takes one rule of the design away, without touching the product's files.

Some seed must find each of them, or the simulation would not have found it in the product either.
"""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest.mock import PropertyMock, patch

from models.index import EventIndex
from models.topics import QUARANTINE
from streams import batches, partition, source
from streams.kafka import CheckpointLog, GroupMember
from tests.simulation.rules import TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.simulation.world import Simulation


@contextmanager
def offsets_before_cells(simulation: Simulation) -> Iterator[None]:
    """Commit the offsets in a transaction of their own, and the cells in another one after it.

    A look at the first transaction would tell it; what comes of it must tell it too.
    """
    simulation.watches_transactions = False
    commit = CheckpointLog.commit

    def split(self, writes, offsets, member):
        return commit(self, [], offsets, member) and commit(self, writes, {}, member)

    with patch.object(CheckpointLog, "commit", split):
        yield


@contextmanager
def no_fence(simulation: Simulation) -> Iterator[None]:
    """Let the coordinator take a commit from any generation, and a worker commit without looking at its own."""
    simulation.world.group.accepts_any = True
    with patch.object(GroupMember, "is_current", new_callable=PropertyMock, return_value=True):
        yield


@contextmanager
def own_member_not_checked(_simulation: Simulation) -> Iterator[None]:
    """Let a worker commit that has been put out of the group, as nobody: Kafka takes that."""
    with patch.object(GroupMember, "is_current", new_callable=PropertyMock, return_value=True):
        yield


@contextmanager
def index_not_restored(_simulation: Simulation) -> Iterator[None]:
    """Restore the chunks of the index and put their entries where nobody looks."""
    restore_index = partition._restore_index

    def forgetful(number, checkpoint, state, _ledger):
        return restore_index(number, checkpoint, state, SimpleNamespace(index=EventIndex()))

    with patch.object(partition, "_restore_index", forgetful):
        yield


@contextmanager
def restored_to_the_stable_end(simulation: Simulation) -> Iterator[None]:
    """Restore up to where committed records end, whatever transaction is open there."""
    simulation.world.lists_stable_ends = True
    simulation.world.marking = 0.2  # a slow broker in each seed, not in every second one
    yield


@contextmanager
def quarantine_outside_of_the_transaction(simulation: Simulation) -> Iterator[None]:
    """Send refused records off by themselves, before the rest."""
    produce = CheckpointLog._produce

    def loose(self, write):
        if write.topic == QUARANTINE:
            simulation.world.log.append((TOPICS.name(QUARANTINE), write.partition), write.key, write.value)
        else:
            produce(self, write)

    with patch.object(CheckpointLog, "_produce", loose):
        yield


@contextmanager
def copies_counted_twice(_simulation: Simulation) -> Iterator[None]:
    """Forget which forwarded records were counted already."""
    fold_rerouted = batches._fold_rerouted

    def forgetful(batch):
        batch.into.forwarded.clear()
        return fold_rerouted(batch)

    with patch.object(batches, "_fold_rerouted", forgetful):
        yield


@contextmanager
def state_kept_over_a_rebalance(_simulation: Simulation) -> Iterator[None]:
    """Go on with what was held in memory where a partition comes back, whoever counted it meanwhile."""
    remembered: dict[tuple[int, int], object] = {}
    on_revoke = source.RecordSource._on_revoke
    read_back = source.RecordSource._read_back

    def keep(self, consumer, partitions):
        for at in partitions:
            held = self._held.get(at.partition)
            if held is not None and held.state is not None:
                remembered[id(self), at.partition] = held.state
        on_revoke(self, consumer, partitions)

    def reuse(self, held):
        state = remembered.get((id(self), held.number))
        if state is None:
            read_back(self, held)
        else:
            self._restored.put((held, state))

    with patch.multiple(source.RecordSource, _on_revoke=keep, _read_back=reuse):
        yield


BUGS: dict[str, Callable[[Simulation], AbstractContextManager[None]]] = {
    "offsets before cells": offsets_before_cells,
    "no fence": no_fence,
    "own member not checked": own_member_not_checked,
    "index not restored": index_not_restored,
    "restored to the stable end": restored_to_the_stable_end,
    "quarantine outside of the transaction": quarantine_outside_of_the_transaction,
    "copies counted twice": copies_counted_twice,
    "state kept over a rebalance": state_kept_over_a_rebalance,
}
