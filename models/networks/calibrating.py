"""Kilometres as they stand on the posts, for every place of a line: calibrated piecewise between posts.

A drawn line is never exactly as long as the road, and posts are not moved when a bend is straightened; so between two
posts the difference of their kilometres is spread evenly over the drawn metres, and beyond the first and the last post
it goes on as on the whole line between them.

How far the kilometres may be wrong between posts is learnt from the posts: each, but the first and the last, is
compared with what its two neighbours alone would say of its place. Where the error of a line drifts like a random walk,
such a residual has the variance `rate² · a · b / (a + b)`, with a and b the metres to the two neighbours (a Brownian
bridge: Karatzas and Shreve, Brownian Motion and Stochastic Calculus, 1991, section 5.6.B). That gives the rate, and
the rate the uncertainty at every place in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.networks.measuring import GroundLine

KM: Final = 1000.0
"""Metres in a kilometre."""

DEFAULT_POST_TOLERANCE_M: Final = 200.0
"""Farther from the line than this, a post is a mistake unless told otherwise."""


class Post(NamedTuple):
    """A kilometre post: what stands on it, and where it stands, in decimal degrees. `line` is its line in the file."""

    km: float
    lon: float
    lat: float
    line: int = 0


class PlacedPost(NamedTuple):
    """A post on a line: metres along it, metres beside it, and the residual.

    `residual_m` is how far the post's kilometre is above what its two neighbours say of its place; None where it has
    not two of them.
    """

    post: Post
    along_m: float
    offset_m: float
    residual_m: float | None = None


class CalibrationError(ValueError):
    """Posts do not fit their line. `post` is the one to look at."""

    def __init__(self, post: Post, fault: str) -> None:
        """Keep the post and what is wrong with it."""
        self.post = post
        super().__init__(fault)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The kilometres of one line, on which they rise.

    `posts` in the order of their kilometres; `km_per_m` is the slope beyond them; `drift_m` the rate of the random
    walk, in metres of error after a metre's walk (it grows with the root of the distance), None where nothing tells.
    """

    line: GroundLine
    posts: tuple[PlacedPost, ...]
    anchor_km: float
    km_per_m: float
    drift_m: float | None

    def km_at(self, along_m: float) -> float:
        """Give the kilometre of a place in metres from the line's start."""
        if not self.posts:
            return self.anchor_km + along_m * self.km_per_m
        first, last = self.posts[0], self.posts[-1]
        if along_m <= first.along_m:
            return first.post.km + (along_m - first.along_m) * self.km_per_m
        if along_m >= last.along_m:
            return last.post.km + (along_m - last.along_m) * self.km_per_m
        return float(np.interp(along_m, [p.along_m for p in self.posts], [p.post.km for p in self.posts]))

    def metres_at(self, km: float) -> float:
        """Give the metres from the line's start of a kilometre; below 0 and above the length where it is not on it."""
        if not self.posts:
            return (km - self.anchor_km) / self.km_per_m
        first, last = self.posts[0], self.posts[-1]
        if km <= first.post.km:
            return first.along_m + (km - first.post.km) / self.km_per_m
        if km >= last.post.km:
            return last.along_m + (km - last.post.km) / self.km_per_m
        return float(np.interp(km, [p.post.km for p in self.posts], [p.along_m for p in self.posts]))

    def uncertainty_m(self, along_m: float) -> float | None:
        """Give one standard deviation of the kilometre of a place, in metres; None where nothing tells."""
        if self.drift_m is None:
            return None
        before = [along_m - placed.along_m for placed in self.posts if placed.along_m <= along_m]
        after = [placed.along_m - along_m for placed in self.posts if placed.along_m >= along_m]
        if before and after:
            return self.drift_m * math.sqrt(_bridge(min(before), min(after)))
        # From one side only, the walk goes on for as long as it is away from it.
        return self.drift_m * math.sqrt(min(before or after or [along_m]))


def calibrate(
    line: GroundLine,
    posts: Sequence[Post],
    official_length_km: float | None = None,
    post_tolerance_m: float = DEFAULT_POST_TOLERANCE_M,
) -> Calibration:
    """Give a line its kilometres; where the posts fall along it, it is turned round.

    With one post, or none, the official length is spread over the line, from 0 or as the post says; without an official
    length, kilometres are drawn ones. Raises CalibrationError where a post stands beside the line by more than
    `post_tolerance_m`, or posts are out of order along it.
    """
    placed = _place(line, posts, post_tolerance_m)
    if len(placed) > 1 and _falling(placed):
        line = line.reversed()
        placed = _place(line, posts, post_tolerance_m)
    for one, other in pairwise(placed):
        if other.post.km <= one.post.km:
            raise CalibrationError(other.post, f"km {other.post.km:g} stands here twice (also line {one.post.line})")
        if other.along_m <= one.along_m:
            fault = f"km {other.post.km:g} does not lie after km {one.post.km:g} (line {one.post.line}) on the route"
            raise CalibrationError(other.post, fault)
    if len(placed) > 1:
        km_per_m = (placed[-1].post.km - placed[0].post.km) / (placed[-1].along_m - placed[0].along_m)
    elif official_length_km is not None:
        km_per_m = official_length_km / line.length_m
    else:
        km_per_m = 1 / KM
    judged = tuple(_with_residual(placed, at) for at in range(len(placed)))
    return Calibration(line, judged, 0.0, km_per_m, _drift(judged, line, official_length_km))


def leave_every_other_out(
    line: GroundLine, posts: Sequence[Post], kept_from: int, post_tolerance_m: float = DEFAULT_POST_TOLERANCE_M
) -> list[tuple[Post, float]]:
    """Calibrate by every other post, and give the error at each of the others.

    `kept_from` is 0 or 1: the number, by kilometre, of the first post kept. The error is in kilometres, what the kept
    posts say less what stands on the one left out.
    """
    ordered = sorted(posts)
    calibration = calibrate(line, ordered[kept_from::2], post_tolerance_m=post_tolerance_m)
    left_out = ordered[1 - kept_from :: 2]
    return [(p, calibration.km_at(calibration.line.nearest(p.lon, p.lat).along_m) - p.km) for p in left_out]


def _place(line: GroundLine, posts: Sequence[Post], post_tolerance_m: float) -> list[PlacedPost]:
    placed = [PlacedPost(post, *line.nearest(post.lon, post.lat)) for post in sorted(posts)]
    for one in placed:
        if one.offset_m > post_tolerance_m:
            fault = (
                f"km {one.post.km:g} stands {one.offset_m:.0f} m beside the line, and {post_tolerance_m:g} m are "
                "the most that is taken for one (--post-tolerance-m)"
            )
            raise CalibrationError(one.post, fault)
    return placed


def _falling(placed: Sequence[PlacedPost]) -> bool:
    falling = sum(other.along_m < one.along_m for one, other in pairwise(placed))
    return 2 * falling > len(placed) - 1


def _with_residual(placed: Sequence[PlacedPost], at: int) -> PlacedPost:
    if not 0 < at < len(placed) - 1:
        return placed[at]
    before, own, after = placed[at - 1 : at + 2]
    share = (own.along_m - before.along_m) / (after.along_m - before.along_m)
    said_km = before.post.km + share * (after.post.km - before.post.km)
    return own._replace(residual_m=(own.post.km - said_km) * KM)


def _drift(placed: Sequence[PlacedPost], line: GroundLine, official_length_km: float | None) -> float | None:
    squares = [
        own.residual_m**2 / _bridge(own.along_m - before.along_m, after.along_m - own.along_m)
        for before, own, after in zip(placed, placed[1:], placed[2:], strict=False)
        if own.residual_m is not None
    ]
    if not squares:
        # Then the road's length against the drawn one is all that is known of their difference.
        if len(placed) > 1:
            drawn_m = placed[-1].along_m - placed[0].along_m
            road_m = (placed[-1].post.km - placed[0].post.km) * KM
        elif official_length_km is not None:
            drawn_m, road_m = line.length_m, official_length_km * KM
        else:
            return None
        squares = [(road_m - drawn_m) ** 2 / drawn_m]
    return math.sqrt(sum(squares) / len(squares))


def _bridge(a_m: float, b_m: float) -> float:
    """Variance of a Brownian bridge of rate 1 at a place between its two ends."""
    return a_m * b_m / (a_m + b_m) if a_m + b_m > 0 else 0.0
