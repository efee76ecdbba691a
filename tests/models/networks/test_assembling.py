"""Parts in, one line out."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.networks.assembling import assemble

# Ten kilometres east, about one a step.
ROAD = [(51 + n / 80, 43.6) for n in range(11)]


def line(*places):
    return np.array(places, dtype=float)


def parts_of(cuts):
    """The road cut at these places, which both neighbours have."""
    ends = [0, *sorted(set(cuts)), 10]
    return [line(*ROAD[a : b + 1]) for a, b in itertools.pairwise(ends)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 9)), st.randoms(use_true_random=False))
def test_parts_in_any_order_and_direction_are_one_line(cuts, rng):
    parts = parts_of(cuts)
    rng.shuffle(parts)
    turned = [part[::-1] if rng.random() < 0.5 else part for part in parts]
    found = assemble(turned)
    assert found.lonlat.tolist() in [ROAD_ROWS, ROAD_ROWS[::-1]]
    assert (found.bridges, found.unused_m) == ([], pytest.approx(0, abs=1e-6))


ROAD_ROWS = [list(place) for place in ROAD]


def test_the_same_parts_make_the_same_line_whatever_their_order():
    parts = [*parts_of([2, 5, 7]), line(ROAD[5], (51.08, 43.61), ROAD[7])]
    first = assemble(parts).lonlat.tolist()
    for seed in range(5):
        random.Random(seed).shuffle(parts)
        assert assemble(parts).lonlat.tolist() == first


def test_most_of_the_line_runs_as_it_was_drawn():
    near, far = parts_of([2])
    assert assemble([near[::-1], far]).lonlat.tolist() == ROAD_ROWS
    assert assemble([near, far[::-1]]).lonlat.tolist() == ROAD_ROWS[::-1]


def test_of_two_carriageways_one_is_followed():
    second = line(ROAD[4], (51.0625, 43.603), ROAD[6])
    found = assemble([*parts_of([4, 6]), second])
    assert found.lonlat.tolist() == ROAD_ROWS
    assert found.unused_m == pytest.approx(2_120, abs=30)


def test_a_part_that_ends_in_the_middle_of_another_is_connected_to_it():
    # The stub leaves at the fifth place, and is longer than the rest of the road from there.
    stub = line(ROAD[5], (51.0625, 43.5), (51.0625, 43.4))
    found = assemble([line(*ROAD), stub])
    assert [51.0625, 43.4] in (found.lonlat[0].tolist(), found.lonlat[-1].tolist())
    # The other half of the road is all that is left out.
    assert found.unused_m == pytest.approx(5_046, abs=5)


def test_a_gap_is_bridged_and_said():
    before, after = line(*ROAD[:5]), line((51.0525, 43.6), *ROAD[5:])
    found = assemble([before, after])
    assert len(found.lonlat) == 12
    (bridge,) = found.bridges
    assert bridge.gap_m == pytest.approx(202, abs=1)
    assert bridge.lat == 43.6


def test_a_gap_too_wide_leaves_the_lesser_piece_out():
    before, after = line(*ROAD[:5]), line(*ROAD[5:])
    found = assemble([before, after], max_gap_m=500)
    assert found.lonlat.tolist() == [list(place) for place in ROAD[5:]]
    assert found.unused_m == pytest.approx(4_036, abs=5)


def test_drawn_ways_are_preferred_to_bridges():
    """A detour of 2.5 km around a yard, into whose middle a stub of another piece reaches: it is no short cut."""
    west, gate, other_gate, east = (50.9, 43.6), (51.0, 43.6), (51.008, 43.6), (51.1, 43.6)
    detour = line(gate, (51.004, 43.611), other_gate)
    yard = line((51.004, 43.6), (51.004, 43.601))
    found = assemble([line(west, gate), detour, line(other_gate, east), yard])
    assert found.bridges == []
    assert [51.004, 43.611] in found.lonlat.tolist()


def test_a_closed_part_is_a_line():
    ring = line((51.0, 43.6), (51.01, 43.61), (51.02, 43.6), (51.0, 43.6))
    assert len(assemble([ring]).lonlat) == 4
