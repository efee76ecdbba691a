"""Kafka's log in memory: partitions, transactions, and who may see what.

Transactions end in two steps, as the broker's do: first they are decided, then a marker is written to each partition
they touched, one after the other. Between them a reader of one partition sees what a reader of another does not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

At = tuple[str, int]
"""A topic's full name and a partition."""

OFFSETS: At = ("__consumer_offsets", 0)
"""Takes part in a transaction that commits offsets, and has its marker like any partition."""

TRANSACTION_TIMEOUT_S = 10.0
SLOWEST_MARKERS_S = 5.0


class FencedEpochError(Exception):
    """A producer of an earlier epoch: another one has taken its transactional id over."""


class Entry(NamedTuple):
    """A record as it lies in a partition. Markers have an offset and are no entries."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: tuple[tuple[str, bytes], ...]
    transaction: Transaction | None


@dataclass(eq=False, slots=True)
class Transaction:
    """`commit` is None until it is decided; `unmarked` are the partitions that have no marker of it yet."""

    name: str
    began_s: float
    commit: bool | None = None
    decided_s: float = 0.0
    unmarked: list[At] = field(default_factory=list)
    offsets: dict[At, int] = field(default_factory=dict)
    records: list[tuple[At, Entry]] = field(default_factory=list)


@dataclass(slots=True)
class Partition:
    """Entries by offset. `open` are the transactions without a marker here, with their first offsets."""

    entries: list[Entry] = field(default_factory=list)
    end: int = 0
    open: dict[Transaction, int] = field(default_factory=dict)

    @property
    def stable_end(self) -> int:
        """The last stable offset: readers of committed records stop before the first open transaction."""
        return min(self.open.values(), default=self.end)

    def committed(self, offset: int, upto: int | None = None) -> Iterable[Entry]:
        """Committed entries from an offset on, up to the last stable one."""
        upto = self.stable_end if upto is None else min(upto, self.stable_end)
        for place in range(bisect_left(self.entries, offset, key=_offset), len(self.entries)):
            entry = self.entries[place]
            if entry.offset >= upto:
                return
            if entry.transaction is None or entry.transaction.commit:
                yield entry

    def compact(self) -> None:
        """Keep the latest committed record of each key among those that are stable, and no aborted ones."""
        stable = self.stable_end
        latest = {entry.key: entry.offset for entry in self.committed(0)}
        self.entries = [e for e in self.entries if e.offset >= stable or latest.get(e.key) == e.offset]


def _offset(entry: Entry) -> int:
    return entry.offset


class Log:
    """All partitions, and the coordinator of transactions."""

    def __init__(self, now: Callable[[], float], epoch_ms: int) -> None:
        self.partitions: defaultdict[At, Partition] = defaultdict(Partition)
        self.group_offsets: dict[At, int] = {}
        self.epochs: dict[str, int] = {}
        self.ongoing: dict[str, Transaction] = {}
        self.decided: Callable[[Transaction], None] = lambda _transaction: None
        self._now = now
        self._epoch_ms = epoch_ms

    def append(self, at: At, key: bytes | None, value: bytes | None, headers: tuple = ()) -> Entry:
        """Write a record outside of any transaction, as devices do."""
        return self._append(at, key, value, headers, None)

    def unstable(self, at: At) -> bool:
        """Whether a transaction without its marker would change the group's offset here."""
        return any(OFFSETS in one.unmarked and at in one.offsets for one in self.ongoing.values())

    # -- transactions --------------------------------------------------------------------------------------

    def init(self, name: str) -> int:
        """Take a transactional id over: whoever had it is fenced, what it left open is aborted."""
        self.epochs[name] = self.epochs.get(name, 0) + 1
        self._finish(name, commit=False)
        return self.epochs[name]

    def begin(self, name: str, epoch: int) -> None:
        """Begin. The broker lets a producer's last transaction end before the next one."""
        self._check(name, epoch)
        self._finish(name, commit=False)
        self.ongoing[name] = Transaction(name, self._now())

    def produce(self, name: str, epoch: int, at: At, record: tuple[bytes | None, bytes | None, tuple]) -> None:
        """Write a record within the transaction."""
        transaction = self._open(name, epoch)
        entry = self._append(at, *record, transaction)
        transaction.records.append((at, entry))

    def add_offsets(self, name: str, epoch: int, offsets: dict[At, int]) -> None:
        """Commit the group's offsets with the transaction."""
        transaction = self._open(name, epoch)
        transaction.offsets |= offsets
        if OFFSETS not in transaction.unmarked:
            transaction.unmarked.append(OFFSETS)

    def decide(self, name: str, epoch: int, *, commit: bool) -> None:
        """Decide. The markers follow, each when `mark` is called."""
        self._check(name, epoch)
        if name in self.ongoing:
            self._decide(self.ongoing[name], commit=commit)

    def mark(self, transaction: Transaction, at: At) -> None:
        """Write the marker of a decided transaction to one of its partitions."""
        transaction.unmarked.remove(at)
        if at == OFFSETS:
            if transaction.commit:
                self.group_offsets |= transaction.offsets
        else:
            partition = self.partitions[at]
            del partition.open[transaction]
            partition.end += 1
        if not transaction.unmarked and self.ongoing.get(transaction.name) is transaction:
            del self.ongoing[transaction.name]

    def expire(self) -> None:
        """Abort transactions that have been open for too long, and fence their producers; write late markers."""
        for name, transaction in list(self.ongoing.items()):
            if transaction.commit is not None and self._now() - transaction.decided_s > SLOWEST_MARKERS_S:
                self._finish(name, commit=False)
            elif transaction.commit is None and self._now() - transaction.began_s > TRANSACTION_TIMEOUT_S:
                self.epochs[name] += 1
                self._decide(transaction, commit=False)

    def half_marked(self) -> list[Transaction]:
        """Transactions that are decided and lack markers."""
        return [one for one in self.ongoing.values() if one.commit is not None]

    def _append(
        self, at: At, key: bytes | None, value: bytes | None, headers: tuple, transaction: Transaction | None
    ) -> Entry:
        partition = self.partitions[at]
        timestamp_ms = self._epoch_ms + int(self._now() * 1000)
        entry = Entry(partition.end, key, value, timestamp_ms, headers, transaction)
        partition.entries.append(entry)
        partition.end += 1
        if transaction is not None and transaction not in partition.open:
            partition.open[transaction] = entry.offset
            transaction.unmarked.append(at)
        return entry

    def _check(self, name: str, epoch: int) -> None:
        if self.epochs[name] != epoch:
            raise FencedEpochError

    def _open(self, name: str, epoch: int) -> Transaction:
        self._check(name, epoch)
        transaction = self.ongoing[name]
        assert transaction.commit is None, "a decided transaction is written to"
        return transaction

    def _decide(self, transaction: Transaction, *, commit: bool) -> None:
        if transaction.commit is None:
            transaction.commit = commit
            transaction.decided_s = self._now()
            self.decided(transaction)
            if not transaction.unmarked:
                del self.ongoing[transaction.name]

    def _finish(self, name: str, *, commit: bool) -> None:
        transaction = self.ongoing.get(name)
        if transaction is not None:
            self._decide(transaction, commit=commit)
            for at in list(transaction.unmarked):
                self.mark(transaction, at)
