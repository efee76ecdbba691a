"""The index of events against a dictionary that does the same."""

from __future__ import annotations

from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from models.index import DIGEST_BYTES, ENTRY, EventIndex, digester, entries_for


def digest_of(high, low):
    return high.to_bytes(8, "big") + low.to_bytes(4, "big")


# Few digests, so that most are met again; many share their high half and differ in the low one only.
DIGESTS = st.builds(digest_of, st.sampled_from([0, 1, 2**63, 2**64 - 1]), st.integers(0, 6) | st.just(2**32 - 1))
BATCHES = st.lists(DIGESTS, max_size=40)


def numbered(digests, numbers):
    """Entries that carry a number each, to tell one from another."""
    entries = entries_for(digests)
    entries["time"] = [next(numbers) for _ in digests]
    return entries


class AgainstADictionary(RuleBasedStateMachine):
    """Whatever is entered, the index answers as a dictionary from digest to number would."""

    def __init__(self):
        super().__init__()
        self.index = EventIndex()
        self.model = {}
        self.numbers = count(-3)

    @rule(digests=BATCHES)
    def add_new(self, digests):
        entries = numbered(digests, self.numbers)
        fresh = [digest not in self.model and digest not in digests[:at] for at, digest in enumerate(digests)]
        assert self.index.add_new(entries).tolist() == fresh
        for digest, number, new in zip(digests, entries["time"].tolist(), fresh, strict=True):
            if new:
                self.model[digest] = number

    @rule(digests=BATCHES)
    def put(self, digests):
        entries = numbered(digests, self.numbers)
        self.index.put(entries)
        self.model.update(zip(digests, entries["time"].tolist(), strict=True))

    @rule(digests=BATCHES)
    def find(self, digests):
        held, found = self.index.find(entries_for(digests))
        assert found.tolist() == [digest in self.model for digest in digests]
        assert held["time"].tolist() == [self.model.get(digest, 0) for digest in digests]
        kept = entries_for(digests)
        assert held[found]["high"].tolist() == kept[found]["high"].tolist()
        assert held[found]["low"].tolist() == kept[found]["low"].tolist()

    @invariant()
    def every_event_is_there_and_takes_32_bytes(self):
        assert len(self.index) >= len(self.model)
        assert self.index.nbytes == 32 * len(self.index)
        _, found = self.index.find(entries_for(list(self.model)))
        assert found.all()


TestAgainstADictionary = AgainstADictionary.TestCase
TestAgainstADictionary.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.permutations([1, 1, 2, 3, 5, 8, 13, 40, 100, 250]))
def test_runs_stay_few_and_every_entry_is_moved_a_few_times(sizes):
    index, first = EventIndex(), 0
    for size in sizes:
        assert index.add_new(entries_for([digest_of(n, n) for n in range(first, first + size)])).all()
        first += size
    runs = [len(run[0]) for run in index._runs]
    assert all(elder > 2 * younger for elder, younger in pairwise(runs))
    assert sum(runs) == len(index) == first
    assert all((np.diff(run[0].astype(object)) >= 0).all() for run in index._runs)


def test_all_columns_come_back():
    entries = entries_for([digest_of(7, 7), digest_of(7, 8)])
    entries["segment"], entries["source"], entries["contribution"] = [1, 2**32 - 1], [3, 4], [5, 6]
    entries["time"] = [-(2**62), 2**62]
    index = EventIndex()
    index.add_new(entries)
    held, found = index.find(entries[::-1])
    assert found.all()
    np.testing.assert_array_equal(held, entries[::-1])


def test_an_entry_takes_32_bytes():
    assert ENTRY.itemsize == 32


def test_a_thousand_entries_that_share_their_first_eight_bytes():
    index = EventIndex()
    index.add_new(entries_for([digest_of(9, low) for low in range(0, 2_000, 2)]))
    asked = entries_for([digest_of(9, low) for low in range(2_000)])
    assert index.find(asked)[1].tolist() == [low % 2 == 0 for low in range(2_000)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "bc"), ("ab", "c")),
        (("", "1:a"), ("1:a", "")),
        (("1", "1:"), ("11", ":")),
        (("cam-1", "e1"), ("e1", "cam-1")),
        (("cam-1", "e1"), ("cam-1", "E1")),
        (("cam-1", "\u0439"), ("cam-1", "\u0438\u0306")),  # one letter in two forms of Unicode
        (("cam-1", "e1"), ("cam-1", "e1 ")),
    ],
)
def test_different_ids_have_different_digests(one, other):
    digest = digester(b"key")
    assert digest(*one) != digest(*other)
    assert digest(*one) == digester(b"key")(*one) != digester(b"another key")(*one)
    assert len(digest(*one)) == DIGEST_BYTES


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), unique=True))
def test_digests_tell_ids_apart(ids):
    digest = digester(b"key")
    assert len({digest(*each) for each in ids}) == len(ids)
