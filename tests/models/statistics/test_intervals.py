"""Intervals: published bounds, the property that defines them, and what cannot be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from models.statistics.intervals import (
    Interval,
    compound_poisson_interval,
    poisson_bounds,
    poisson_interval,
    ratio_interval,
)

REFUSED = [
    lambda: poisson_interval(-1),
    lambda: poisson_interval(math.nan),
    lambda: poisson_interval(math.inf),
    lambda: poisson_interval(1, level=0),
    lambda: poisson_interval(1, level=1),
    lambda: compound_poisson_interval(-1, 1),
    lambda: compound_poisson_interval(2, 1),  # squares of whole numbers are no less than they
    lambda: compound_poisson_interval(0, 4),
    lambda: compound_poisson_interval(4, 0),
    lambda: ratio_interval(1, 1, exposure=0),
    lambda: ratio_interval(1, 1, exposure=math.inf),
    lambda: ratio_interval(-1, 1),
]


@pytest.mark.parametrize("impossible", REFUSED)
def test_what_cannot_be_is_refused(impossible):
    with pytest.raises(ValueError):  # noqa: PT011 - each says its own
        impossible()


GARWOOD = [(0, 0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.364, 121.627)]


@pytest.mark.parametrize(("count", "low", "high"), GARWOOD)
def test_published_bounds_of_a_count(count, low, high):
    assert poisson_interval(count) == pytest.approx((low, high), abs=6e-4)


@given(count=st.integers(1, 5_000), level=st.floats(0.5, 0.999))
def test_beyond_either_bound_the_count_would_be_rare(count, level):
    low, high = poisson_interval(count, level)
    assert poisson.sf(count - 1, low) == pytest.approx((1 - level) / 2)
    assert poisson.cdf(count, high) == pytest.approx((1 - level) / 2)


def test_many_counts_at_once_are_each_of_them():
    low, high = poisson_bounds([[0, 1], [5, 10]])
    assert [(a, b) for a, b in zip(low.flat, high.flat, strict=True)] == [poisson_interval(n) for n in (0, 1, 5, 10)]


# (dead, their squares) of 30 in 30 accidents, in 15, in one bus
COMPOUND = [((30, 30), (20.24, 42.83)), ((30, 60), (16.79, 49.48)), ((30, 900), (0.76, 167.15))]


@pytest.mark.parametrize(("sums", "bounds"), COMPOUND)
def test_the_fewer_the_accidents_the_wider(sums, bounds):
    assert compound_poisson_interval(*sums) == pytest.approx(bounds, abs=0.01)


def test_nobody_dead_is_bounded_by_what_one_accident_may_bring():
    assert compound_poisson_interval(0, 0) == poisson_interval(0)
    assert compound_poisson_interval(0, 0, typical=2.5) == poisson_interval(0).scaled(2.5)
    assert compound_poisson_interval(0, 0, typical=0) == poisson_interval(0)


@given(numbers=st.lists(st.integers(1, 40), min_size=1, max_size=50))
def test_it_is_the_gamma_interval_of_fay_and_feuer(numbers):
    total, squares = sum(numbers), sum(n * n for n in numbers)
    low, high = compound_poisson_interval(total, squares)
    assert low < total < high
    if squares == total:
        assert (low, high) == poisson_interval(total)
    else:
        assert high - low > poisson_interval(total).high - poisson_interval(total).low


RATIOS = [
    ((0, 0), (0, math.inf)),
    ((0, 5), (0, 1.091)),
    ((5, 0), (0.916, math.inf)),
    ((10, 10), (0.374, 2.677)),
    ((68, 74), (0.651, 1.295)),
]


@pytest.mark.parametrize(("counts", "bounds"), RATIOS)
def test_a_ratio(counts, bounds):
    assert ratio_interval(*counts) == pytest.approx(bounds, abs=1e-3)


@given(now=st.integers(1, 500), before=st.integers(1, 500), exposure=st.floats(0.1, 10))
def test_at_either_bound_the_split_would_be_rare(now, before, exposure):
    low, high = ratio_interval(now, before, exposure=exposure)
    shares = [ratio * exposure / (1 + ratio * exposure) for ratio in (low, high)]
    assert binom.sf(now - 1, now + before, shares[0]) == pytest.approx(0.025)
    assert binom.cdf(now, now + before, shares[1]) == pytest.approx(0.025)


def test_an_interval_in_another_unit():
    assert Interval(1, 3).scaled(2) == Interval(2, 6)
