"""Rates and the severity index: not observed is not 0."""

import pytest

from models.cells import merge
from models.decoding import decode
from models.errors import SettingsError
from models.measures import accident_contribution
from models.statistics.intervals import Interval, poisson_interval
from models.statistics.rates import Exposure, Rate, Rates, rate, rates
from models.statistics.severity import SeverityWeights, dead_per_100_casualties, severity_index
from tests.rows import accident, raw

YEAR = 365.25


@pytest.mark.parametrize("exposure", [None, 0, 0.0])
def test_nothing_observed_gives_no_rate(exposure):
    assert rate(0, exposure) is None
    assert rate(7, exposure) is None


def test_observed_and_nothing_found_is_0_with_an_upper_bound():
    assert rate(0, 10) == Rate(0, poisson_interval(0).scaled(0.1))


@pytest.mark.parametrize("exposure", [Exposure(0, YEAR), Exposure(1, 0), Exposure(1, YEAR, watched_s=-1)])
def test_an_impossible_exposure_is_refused(exposure):
    with pytest.raises(ValueError, match=r"above 0|at least 0"):
        rates(1, exposure)


def test_each_rate_is_per_its_own_exposure():
    found = rates(6, Exposure(2, YEAR, passages=3_000, watched_s=7_200))
    bounds = poisson_interval(6)
    assert found == Rates(
        per_km_year=Rate(3, bounds.scaled(1 / 2)),
        per_1000_passages=Rate(2, bounds.scaled(1 / 3)),
        per_watched_hour=Rate(3, bounds.scaled(1 / 2)),
    )
    unwatched = rates(6, Exposure(2, YEAR))
    assert (unwatched.per_1000_passages, unwatched.per_watched_hour) == (None, None)


def test_the_interval_of_dead_is_the_callers():
    assert rate(4, 2, Interval(1, 9)) == Rate(2, Interval(0.5, 4.5))


def cell(*accidents):
    return merge(dict(accident_contribution(decode(raw(accident(**fields))))) for fields in accidents)


SEVERITIES = [
    ([], 0),
    ([{}], 0),
    ([{"dead": 1}], 5),
    ([{"dead": 1, "injured": 3, "serious": 1, "slight": 1}], 5 + 3 + 1 + 1),
    ([{"injured": 2}, {"injured": 2, "serious": 2}], 2 + 6),
]


@pytest.mark.parametrize(("accidents", "index"), SEVERITIES)
def test_severity(accidents, index):
    assert severity_index(cell(*accidents)) == index


def test_weights_are_a_policy():
    assert severity_index(cell({"dead": 2, "injured": 1}), SeverityWeights(dead=10, injured=0)) == 20
    for weights in ({"dead": -1}, {"injured": float("nan")}, {"injured_slightly": float("inf")}):
        with pytest.raises(SettingsError, match=next(iter(weights))):
            SeverityWeights(**weights)


def test_severity_as_the_police_publish_it():
    assert dead_per_100_casualties(0, 0) is None
    assert dead_per_100_casualties(1, 3) == 25
