"""The names that stand in an expression."""

import pytest

from tests.deploy.promql import asked


@pytest.mark.parametrize(
    ("expression", "selectors", "groups"),
    [
        ("vector(0)", [], set()),
        ("time() - up > 60", [("up", set())], set()),
        ("up{job=\"a\", instance!~'b|up'}", [("up", {"job", "instance"})], set()),
        ('up{job="} or down{x="}', [("up", {"job"})], set()),
        ("sum by (topic, le) (rate(seen_total[5m]))", [("seen_total", set())], {"topic", "le"}),
        ("sum(seen_total) by (topic)", [("seen_total", set())], {"topic"}),
        ("max_over_time(rate(seen_total[5m])[1h:1m])", [("seen_total", set())], set()),
        ("rate(seen_total[$__rate_interval])", [("seen_total", set())], set()),
        ("a:b:sum offset 5m", [("a:b:sum", set())], set()),
        ("a / on (x) group_left (y) b", [("a", set()), ("b", set())], {"x", "y"}),
        ("a / ignoring (x) group_left b", [("a", set()), ("b", set())], {"x"}),
        ("a and b unless c or 1e3 * d", [("a", set()), ("b", set()), ("c", set()), ("d", set())], set()),
        ("histogram_quantile(0.95, sum by (le) (b_bucket))", [("b_bucket", set())], {"le"}),
    ],
)
def test_what_is_asked_for(expression, selectors, groups):
    assert asked(expression) == (selectors, groups)


def test_what_is_no_promql():
    with pytest.raises(ValueError, match="no PromQL"):
        asked("up ; down")
