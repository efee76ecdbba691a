"""Rankings: one unlucky kilometre does not lead, and what nobody watched is not ranked."""

import numpy as np
import pytest

from models.statistics.ranking import Insufficient, WatchedSite, rank_injury_accidents, rank_violations
from models.statistics.safety_performance import POOLED, Site, fit

THREE_YEARS = 1_096
NETWORK_SIZE = 400


def network(seed, *, overdispersion, streets=2.0, highways=0.5):
    """A network whose segments are known to differ: means drawn from a gamma distribution per road class."""
    rng = np.random.default_rng(seed)
    sites = []
    for at in range(NETWORK_SIZE):
        road_class, level = ("street", streets) if at % 2 else ("republican", highways)
        luck = rng.gamma(1 / overdispersion, overdispersion) if overdispersion else 1.0
        mean = level * luck * THREE_YEARS / 365.25
        sites.append(Site(f"s{at:03}", int(rng.poisson(mean)), 1.0, road_class))
    return sites


@pytest.mark.parametrize("sites", [[Site("a", 1, 0.0)], [Site("a", 1, -1.0)]])
def test_a_site_has_a_length(sites):
    with pytest.raises(ValueError, match="above 0"):
        fit(sites, THREE_YEARS)
    with pytest.raises(ValueError, match="span of days"):
        rank_injury_accidents([], 0)


TOO_LITTLE = [
    ([], THREE_YEARS, Insufficient.ACCIDENTS),
    ([Site("a", 90, 1.0)], THREE_YEARS, Insufficient.ACCIDENTS),  # one segment is no network
    ([Site(f"s{n}", 0, 1.0) for n in range(99)], THREE_YEARS, Insufficient.ACCIDENTS),
    ([Site(f"s{n}", n, 1.0) for n in range(99)], 2 * 365, Insufficient.SPAN),
    ([Site(f"s{n}", n, 1.0) for n in range(99)], THREE_YEARS, None),
]


@pytest.mark.parametrize(("sites", "days", "why"), TOO_LITTLE)
def test_too_little_is_said_and_ranked_raw(sites, days, why):
    ranking = rank_injury_accidents(sites, days)
    assert ranking.insufficient == why
    assert {site.expectation is None for site in ranking.sites} <= {why is not None}
    if why:
        assert [site.raw_rank for site in ranking.sites] == list(range(1, len(sites) + 1))


@pytest.mark.parametrize("overdispersion", [0.3, 1.0])
def test_the_function_finds_the_levels_that_the_network_was_drawn_with(overdispersion):
    performance = fit(network(7, overdispersion=overdispersion), THREE_YEARS)
    assert performance.per_km_year == pytest.approx({"street": 2.0, "republican": 0.5}, rel=0.2)
    assert performance.overdispersion == pytest.approx(overdispersion, rel=0.3)


def test_where_all_are_alike_what_happened_is_chance():
    ranking = rank_injury_accidents(network(3, overdispersion=0), THREE_YEARS)
    assert ranking.performance.overdispersion < 0.05
    unlucky = min(ranking.sites, key=lambda site: site.raw_rank)
    assert unlucky.expectation.weight > 0.75
    assert unlucky.expectation.estimate < unlucky.accidents / 1.5


def test_the_estimate_is_hauers():
    ranking = rank_injury_accidents(network(5, overdispersion=0.5), THREE_YEARS)
    alpha = ranking.performance.overdispersion
    for site in ranking.sites[::40]:
        found = site.expectation
        weight = 1 / (1 + alpha * found.expected)
        assert found.weight == pytest.approx(weight)
        assert found.estimate == pytest.approx(weight * found.expected + (1 - weight) * site.accidents)
        assert found.excess == pytest.approx(found.estimate - found.expected)
        assert found.interval.low < found.estimate < found.interval.high
    assert [site.expectation.rank for site in ranking.sites] == list(range(1, NETWORK_SIZE + 1))


def test_one_unlucky_kilometre_does_not_lead():
    # An alley of 100 m with two accidents has most per km; a street of 2 km has thirty.
    others = network(11, overdispersion=0.3)
    ranking = rank_injury_accidents([*others, Site("alley", 3, 0.1, "street"), Site("long", 58, 2.0, "street")], 1_096)
    places = {site.segment_id: site for site in ranking.sites}
    assert places["alley"].raw_rank < places["long"].raw_rank
    assert places["long"].expectation.rank < places["alley"].expectation.rank


def test_small_road_classes_are_judged_together():
    sites = [*network(5, overdispersion=0.5), Site("ice road", 40, 1.0, "winter"), Site("track", 0, 1.0, "field")]
    performance = fit(sites, THREE_YEARS)
    assert set(performance.per_km_year) == {POOLED, "street"} or set(performance.per_km_year) == {POOLED, "republican"}
    assert performance.expected(sites[-1], THREE_YEARS) == performance.expected(sites[-2], THREE_YEARS) > 0


def test_traffic_counts_where_it_is_known_of_all():
    rng = np.random.default_rng(2)
    passages = rng.uniform(500, 20_000, NETWORK_SIZE)
    sites = [Site(f"s{n}", int(rng.poisson(0.01 * p**0.7)), 1.0, "street", p) for n, p in enumerate(passages)]
    assert fit(sites, 365.25).traffic_exponent == pytest.approx(0.7, abs=0.1)
    unknown = [*sites[1:], Site("s0", 1, 1.0, "street", None)]
    assert fit(unknown, 365.25).traffic_exponent is None


VIOLATIONS = [
    WatchedSite("most", 10_000, None),
    WatchedSite("unwatched", 50, 0),
    WatchedSite("an hour", 50, 3_600),
    WatchedSite("b", 100, 100 * 3_600),
    WatchedSite("a", 100, 100 * 3_600),
    WatchedSite("c", 300, 100 * 3_600),
    WatchedSite("none", 0, 100 * 3_600),
]


def test_violations_are_ranked_per_watched_hour_and_never_without():
    ranked = rank_violations(VIOLATIONS)
    assert [(site.segment_id, site.rank, site.per_watched_hour.value) for site in ranked] == [
        ("c", 1, 3.0),
        ("a", 2, 1.0),
        ("b", 3, 1.0),
        ("none", 4, 0.0),
    ]
    assert rank_violations(VIOLATIONS, fewest_h=1)[0].segment_id == "an hour"
    with pytest.raises(ValueError, match="never ranked without"):
        rank_violations(VIOLATIONS, fewest_h=0)
