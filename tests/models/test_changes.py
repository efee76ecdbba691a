"""What revisions change adds up to the newest of them, in whatever order they come."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.changes import NO_FIGURE, NOTHING, State, changes, revision_number
from models.records import Revision


@pytest.mark.parametrize(
    ("held", "states", "expected"),
    [
        (NOTHING, [State(1, 0, {7: 2})], [(7, 1, 2)]),
        (State(1, 0, {7: 2}), [State(2, 0, {7: 5, 8: 1})], [(7, 2, 3), (8, 2, 1)]),
        (State(1, 0, {7: 2}), [State(2, 0, {8: 1})], [(7, 2, -2), (8, 2, 1)]),
        (State(1, 0, {7: 2}), [State(2, 0, {7: 2})], [(NO_FIGURE, 2, 0)]),
        (State(2, 0, {7: 2}), [State(2, 0, {7: 9}), State(1, 0, {})], []),
        (NOTHING, [State(3, 0, {7: 1}), State(2, 0, {7: 9}), State(4, 0, {7: 4})], [(7, 3, 1), (7, 4, 3)]),
        (NOTHING, [State(1, 0, {})], [(NO_FIGURE, 1, 0)]),
    ],
)
def test_changes(held, states, expected):
    found = sorted((change.dim, change.revision, change.value) for change in changes(held, states))
    assert found == sorted(expected)


def test_an_epoch_goes_before_any_checkpoint():
    numbers = [revision_number(Revision(*pair)) for pair in ((1, 0), (1, 1), (1, 2**43), (2, 0), (2, 1))]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < 2**63


STATES = st.lists(
    st.builds(State, st.integers(0, 6), st.just(0), st.dictionaries(st.integers(0, 3), st.integers(1, 9)))
)


@given(STATES)
def test_changes_add_up_to_the_newest_state(states):
    total: Counter[int] = Counter()
    for change in changes(NOTHING, states):
        total[change.dim] += change.value
    first_of = {}
    for state in states:
        first_of.setdefault(state.revision, state.figures)
    newest = first_of[max(first_of)] if first_of else {}
    # Of two that claim one revision the first that was newest then holds.
    held = NOTHING
    for state in states:
        held = state if state.revision > held.revision else held
    assert {dim: n for dim, n in total.items() if n} == held.figures
    assert held.revision == max(first_of, default=NOTHING.revision)
    assert newest is not None
