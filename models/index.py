"""The index: which events have been counted, where, when, and as what.

It lives as long as the cells it explains. An event takes 32 bytes in sorted numpy columns: a keyed digest of
(`source_id`, `event_id`), the time, and codes of the segment, the source and the contribution (`models.names`).
Of several entries with one digest the latest holds.

The digest has 96 bits: among 10^9 events the chance that any two share one is below 10^-10 (birthday bound,
n^2 / 2^97). It is keyed so that nobody outside can prepare two ids that do; the key is drawn when the state is
created and kept with it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DIGEST_BYTES: Final = 12

ENTRY: Final = np.dtype(
    [
        ("high", "<u8"),
        ("low", "<u4"),
        ("segment", "<u4"),
        ("time", "<i8"),
        ("source", "<u4"),
        ("contribution", "<u4"),
    ]
)
"""An entry as it is stored: the digest's first 8 and last 4 bytes, codes, and the time in microseconds since 1970."""

_COLUMNS: Final = tuple(ENTRY.names or ())


def digester(key: bytes) -> Callable[[str, str], bytes]:
    """Give the function that digests (`source_id`, `event_id`) under a key.

    The length of the first keeps ("a", "bc") and ("ab", "c") apart.
    """
    # The key's block is hashed once, here, instead of once per event: 0.4 instead of 0.8 microseconds.
    keyed = blake2b(digest_size=DIGEST_BYTES, key=key).copy

    def digest(source_id: str, event_id: str) -> bytes:
        state = keyed()
        state.update(f"{len(source_id)}:{source_id}{event_id}".encode())
        return state.digest()

    return digest


def entries_for(digests: Sequence[bytes]) -> NDArray[np.void]:
    """Make entries with these digests; the other columns are zero and for the caller to fill."""
    halves = np.frombuffer(b"".join(digests), dtype=[("high", ">u8"), ("low", ">u4")])
    entries = np.zeros(len(halves), dtype=ENTRY)
    entries["high"] = halves["high"]
    entries["low"] = halves["low"]
    return entries


def digest_bytes(entry: np.void) -> bytes:
    """Give the digest that an entry is of."""
    return int(entry["high"]).to_bytes(8, "big") + int(entry["low"]).to_bytes(4, "big")


def distinct(entries: NDArray[np.void]) -> NDArray[np.void]:
    """Give one entry for each digest, to look it up with; the other columns are zero."""
    digests = np.unique(entries[["high", "low"]])
    only = np.zeros(len(digests), dtype=ENTRY)
    only["high"], only["low"] = digests["high"], digests["low"]
    return only


Column = NDArray[Any]
_Run = tuple[Column, ...]
"""Entries sorted by digest, each digest once, as the columns of `ENTRY`: searching and merging touch one at a time."""

_HIGH, _LOW, _SEGMENT, _TIME, _SOURCE, _CONTRIBUTION = range(6)


class EventIndex:
    """Entries in sorted runs, from one large, old one to few small, young ones.

    A run is merged into its elder once it is at least half as long, so there are at most about log2(n) runs and an
    entry is moved about as often. A look-up is one binary search per run, for a whole batch of digests at once.
    """

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        """Begin empty."""
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        """Count entries; a digest that was entered again counts until its runs are merged."""
        return sum(len(run[_HIGH]) for run in self._runs)

    @property
    def nbytes(self) -> int:
        """Memory that the entries take, in bytes."""
        return sum(column.nbytes for run in self._runs for column in run)

    def add_new(self, entries: NDArray[np.void]) -> NDArray[np.bool_]:
        """Enter those events that are not known yet, of several with one digest the first.

        Returns, in the order given, which ones were new.
        """
        order = _order(entries)
        ordered = entries[order]
        first = _starts_of_groups(ordered)
        fresh = first & ~self._known(ordered["high"], ordered["low"])
        self._push(_run_of(ordered[fresh]))
        new = np.zeros(len(entries), dtype=np.bool_)
        new[order] = fresh
        return new

    def put(self, entries: NDArray[np.void]) -> None:
        """Enter events whatever is known of them; the last of equals holds from now on."""
        self._push(_sorted_latest(entries))

    def find(self, entries: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
        """Look digests up: the entries that hold, and which were found (the others are zero)."""
        held = np.zeros(len(entries), dtype=ENTRY)
        found = np.zeros(len(entries), dtype=np.bool_)
        for run in reversed(self._runs):
            at, hit = _positions(run, entries["high"], entries["low"])
            hit &= ~found
            for name, column in zip(_COLUMNS, run, strict=True):
                held[name][hit] = column[at[hit]]
            found |= hit
        return held, found

    def of_source(self, source: int, start_us: int, end_us: int) -> NDArray[np.void]:
        """Find what holds of a source's events with `start_us` <= time < `end_us`. Looks at every entry."""
        found = [entries_for([])]
        for run in self._runs:
            hit = (run[_SOURCE] == source) & (run[_TIME] >= start_us) & (run[_TIME] < end_us)
            if hit.any():
                entries = np.zeros(int(hit.sum()), dtype=ENTRY)
                entries["high"], entries["low"] = run[_HIGH][hit], run[_LOW][hit]
                found.append(entries)
        # An event stands in several runs once it was revised; identity, source and time are the same in all.
        return self.find(distinct(np.concatenate(found)))[0]

    def drop_before(self, time_us: int) -> None:
        """Forget events of before this time."""
        kept = [(run, run[_TIME] >= time_us) for run in self._runs]
        self._runs = [tuple(column[keep] for column in run) for run, keep in kept if keep.any()]

    def _known(self, high: NDArray[np.uint64], low: NDArray[np.uint32]) -> NDArray[np.bool_]:
        known = np.zeros(len(high), dtype=np.bool_)
        for run in self._runs:
            known |= _positions(run, high, low)[1]
        return known

    def _push(self, run: _Run) -> None:
        if not len(run[_HIGH]):
            return
        self._runs.append(run)
        del run
        while len(self._runs) > 1 and len(self._runs[-2][_HIGH]) <= 2 * len(self._runs[-1][_HIGH]):
            younger, elder = list(self._runs.pop()), list(self._runs.pop())
            self._runs.append(_merged(elder, younger))


def _run_of(ordered: NDArray[np.void]) -> _Run:
    return tuple(np.ascontiguousarray(ordered[name]) for name in _COLUMNS)


def _order(entries: NDArray[np.void]) -> NDArray[np.intp]:
    """Order by digest; the first of equals stays first."""
    high = np.ascontiguousarray(entries["high"])
    order = np.argsort(high, kind="stable")
    ordered = high[order]
    if (ordered[1:] == ordered[:-1]).any():  # seldom, but then the rest of the digest counts too: five times slower
        return np.lexsort((entries["low"], high))
    return order


def _starts_of_groups(ordered: NDArray[np.void]) -> NDArray[np.bool_]:
    starts = np.ones(len(ordered), dtype=np.bool_)
    high, low = ordered["high"], ordered["low"]
    starts[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    return starts


def _sorted_latest(entries: NDArray[np.void]) -> _Run:
    """Sort by digest and keep the last entry of each."""
    ordered = entries[_order(entries)]
    last = np.ones(len(ordered), dtype=np.bool_)
    last[:-1] = _starts_of_groups(ordered)[1:]
    return _run_of(ordered[last])


def _merged(elder: list[Column], younger: list[Column]) -> _Run:
    """Merge the columns of two runs. Where a digest stands in both, the younger one's entry holds.

    Each column is let go once it is merged, so that the largest takes twice its memory, not the whole index.
    """
    at, hit = _positions(elder, younger[_HIGH], younger[_LOW])
    news = ~hit
    for old, new in zip(elder, younger, strict=True):
        old[at[hit]] = new[hit]
    # Where the new entries come to lie among all of them.
    places = np.searchsorted(elder[_HIGH], younger[_HIGH][news])
    places += np.arange(len(places))
    is_old = np.ones(len(elder[_HIGH]) + len(places), dtype=np.bool_)
    is_old[places] = False
    columns = []
    while elder:
        old, new = elder.pop(0), younger.pop(0)
        column = np.empty(len(is_old), dtype=old.dtype)
        column[is_old] = old
        column[places] = new[news]
        columns.append(column)
        del old, new
    return tuple(columns)


def _positions(
    run: Sequence[Column], high: NDArray[np.uint64], low: NDArray[np.uint32]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where digests stand in a run, and whether they do."""
    at = np.searchsorted(run[_HIGH], high)
    hit = np.zeros(len(high), dtype=np.bool_)
    open_ = np.flatnonzero(at < len(run[_HIGH]))
    # Digests that share their first 8 bytes stand side by side, in no order: look at each of them.
    while len(open_):
        same = run[_HIGH][at[open_]] == high[open_]
        open_ = open_[same]
        matched = run[_LOW][at[open_]] == low[open_]
        hit[open_[matched]] = True
        open_ = open_[~matched]
        at[open_] += 1
        open_ = open_[at[open_] < len(run[_HIGH])]
    return at, hit
