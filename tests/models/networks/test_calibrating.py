"""Posts in, kilometres out: by hand on a straight road whose drawn metres are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.networks.calibrating import CalibrationError, Post, calibrate, leave_every_other_out
from models.networks.measuring import GroundLine

LINE = GroundLine(np.array([(51.0, 43.0), (51.0, 43.9)]))  # 100 km to the north, nearly
KM = LINE.length_m / 1000


def post(km, at_km, line=0, lon=51.0):
    """A post that says `km`, so many drawn kilometres from the line's start."""
    return Post(km, lon, float(LINE.places(np.array([at_km * 1000]))[0, 1]), line)


POSTS = [post(200, 10), post(220, 30), post(245, 50), post(260, 70)]


@pytest.mark.parametrize(
    ("at_km", "km"),
    [
        (10, 200), (20, 210), (30, 220), (40, 232.5), (50, 245), (60, 252.5), (70, 260),
        # beyond the posts it goes on as on the whole line between them, a kilometre a drawn one
        (0, 190), (80, 270),
    ],
)  # fmt: skip
def test_kilometres_are_those_on_the_posts(at_km, km):
    calibration = calibrate(LINE, POSTS)
    assert calibration.km_at(at_km * 1000) == pytest.approx(km, abs=1e-3)
    assert calibration.metres_at(km) == pytest.approx(at_km * 1000, abs=1)


def test_the_residual_of_a_post_is_what_its_neighbours_do_not_say():
    found = [placed.residual_m for placed in calibrate(LINE, POSTS).posts]
    assert found == [None, pytest.approx(-2_500, abs=1), pytest.approx(5_000, abs=1), None]


def test_a_line_drawn_against_its_posts_is_turned_round():
    calibration = calibrate(LINE.reversed(), POSTS)
    assert calibration.km_at(10_000) == pytest.approx(200, abs=1e-3)
    assert calibration.line.lonlat[0].tolist() == [51.0, 43.0]


@pytest.mark.parametrize(
    ("posts", "official_km", "km_at_start", "km_at_end"),
    [
        ([], None, 0, KM),
        ([], 110, 0, 110),
        ([post(300, 50)], None, 250, 250 + KM),
        ([post(300, 50)], 2 * KM, 200, 200 + 2 * KM),
        ([post(0, 0), post(120, KM)], 110, 0, 120),
    ],
)
def test_with_less_than_two_posts_the_official_length_is_spread(posts, official_km, km_at_start, km_at_end):
    calibration = calibrate(LINE, posts, official_km)
    assert calibration.km_at(0) == pytest.approx(km_at_start, abs=1e-3)
    assert calibration.km_at(LINE.length_m) == pytest.approx(km_at_end, abs=1e-3)


REFUSED = [
    ([post(10, 10), post(20, 20, line=7, lon=51.01)], 7, "stands 813 m beside the line"),
    ([post(10, 10), post(20, 20), post(30, 15, line=5)], 5, "km 30 does not lie after km 20"),
    ([post(10, 10, line=2), post(10, 20, line=3), post(30, 30)], 3, "km 10 stands here twice"),
    ([post(10, 10), post(20, 10, line=3), post(30, 30)], 3, "km 20 does not lie after km 10"),
]


@pytest.mark.parametrize(("posts", "line", "says"), REFUSED)
def test_posts_that_do_not_fit_are_named(posts, line, says):
    with pytest.raises(CalibrationError, match=says) as refusal:
        calibrate(LINE, posts)
    assert refusal.value.post.line == line


def test_uncertainty_is_nothing_at_a_post_and_most_between_two():
    calibration = calibrate(LINE, POSTS)
    at = {km: calibration.uncertainty_m(km * 1000) for km in (5, 10, 12, 20, 28, 30, 75)}
    assert max(at[10], at[30]) < 20
    assert at[20] > 1_000
    assert at[12] == pytest.approx(at[28], rel=0.01)
    assert at[20] > at[12]
    # Midway the variance of the bridge is rate² · 10 km · 10 km / 20 km; the two residuals give the rate.
    rate = np.sqrt((2_500**2 + 5_000**2) / 2 / 10_000)
    assert at[20] == pytest.approx(rate * np.sqrt(5_000), rel=1e-3)
    assert [at[5], at[75]] == pytest.approx([rate * np.sqrt(5_000)] * 2, rel=1e-3)


@pytest.mark.parametrize(
    ("posts", "official_km", "known"),
    [([], None, False), ([post(5, 5)], None, False), ([], 110, True), (POSTS[:2], None, True)],
)
def test_uncertainty_is_not_made_up(posts, official_km, known):
    assert (calibrate(LINE, posts, official_km).uncertainty_m(50_000) is not None) == known


def test_every_other_post_left_out():
    assert leave_every_other_out(LINE, POSTS, 0) == [
        (POSTS[1], pytest.approx(2.5, abs=1e-2)),
        (POSTS[3], pytest.approx(7.5, abs=1e-2)),  # 22.5 km on each 20 drawn ones
    ]
    assert [error for _, error in leave_every_other_out(LINE, POSTS, 1)] == pytest.approx([0, -5], abs=1e-2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 98), st.floats(0.5, 1.5)), min_size=2, max_size=10, unique_by=lambda p: p[0]))
def test_kilometres_rise_everywhere_and_go_back_to_their_metres(steps):
    km = 0.0
    posts = []
    for at_km, growth in sorted(steps):
        km += growth * 10
        posts.append(post(km, at_km))
    calibration = calibrate(LINE, posts)
    metres = np.linspace(0, LINE.length_m, 50)
    kms = [calibration.km_at(m) for m in metres]
    assert (np.diff(kms) > 0).all()
    assert [calibration.metres_at(km) for km in kms] == pytest.approx(metres.tolist(), abs=1e-3)
