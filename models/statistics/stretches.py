"""High-injury stretches: a window slides along each route, over whole segments, and stops where injuries lie close.

A segment is the finest place that cells know, so a window begins and ends at its posts. Whether a stretch has more
accidents than chance would bring is judged against the mean of its road class, times the number of windows that
were tried (Bonferroni), since among thousands of windows some always look bad. After the sliding-window analysis of
FHWA's High Injury Network guidance and the Highway Safety Manual, 1st edition 2010, section 4.4.2.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from scipy.special import pdtrc

from models.statistics.intervals import LEVEL, Interval, poisson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WINDOW_KM: Final = 5.0
FEWEST_ACCIDENTS: Final = 3
CHANCE: Final = 0.05
_SAME_POST_KM: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment of a route over a span: its injury accidents, and `weight`, such as their severity index."""

    segment_id: str
    route: str
    from_km: float
    to_km: float
    accidents: int
    weight: float
    road_class: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring segments with more injury accidents than their road class has on such a length.

    `chance` is the probability, at most 1, that among all windows tried any had so many where all were alike.
    `interval` is that of the mean behind `accidents`.
    """

    route: str
    from_km: float
    to_km: float
    segments: tuple[str, ...]
    accidents: int
    interval: Interval
    weight: float
    expected: float
    chance: float

    @property
    def length_km(self) -> float:
        """Length between its posts."""
        return self.to_km - self.from_km


def find_stretches(
    pieces: Iterable[Piece],
    window_km: float = WINDOW_KM,
    *,
    fewest: int = FEWEST_ACCIDENTS,
    chance: float = CHANCE,
    level: float = LEVEL,
) -> tuple[Stretch, ...]:
    """Find stretches of at least `window_km`, none sharing a segment with another, by weight per km, worst first.

    A route shorter than the window is one window. Posts that nobody reaches divide a route. Raises ValueError for
    a window or a length that is not above 0.
    """
    everything = list(pieces)
    if not window_km > 0 or any(piece.from_km >= piece.to_km for piece in everything):
        raise ValueError("a window and every segment need a length in km above 0")
    per_km = _mean_by_class(everything)
    windows = [window for run in _runs(everything) for window in _windows(run, window_km)]
    found = []
    for window in windows:
        accidents = sum(piece.accidents for piece in window)
        if accidents < max(fewest, 1):
            continue
        expected = sum(per_km[piece.road_class] * (piece.to_km - piece.from_km) for piece in window)
        p = min(1.0, float(pdtrc(accidents - 1, expected)) * len(windows))
        if p <= chance:
            found.append(_stretch(window, expected, p, level))
    found.sort(key=lambda stretch: (-stretch.weight / stretch.length_km, stretch.route, stretch.from_km))
    taken: set[str] = set()
    kept = []
    for stretch in found:
        if taken.isdisjoint(stretch.segments):
            taken.update(stretch.segments)
            kept.append(stretch)
    return tuple(kept)


def _mean_by_class(pieces: Sequence[Piece]) -> dict[str, float]:
    accidents: defaultdict[str, int] = defaultdict(int)
    length_km: defaultdict[str, float] = defaultdict(float)
    for piece in pieces:
        accidents[piece.road_class] += piece.accidents
        length_km[piece.road_class] += piece.to_km - piece.from_km
    return {name: accidents[name] / length_km[name] for name in length_km}


def _runs(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Give pieces of a route in order, cut where a kilometre is missing; both directions of one stay together."""
    run: list[Piece] = []
    reached = 0.0
    for piece in sorted(pieces, key=lambda piece: (piece.route, piece.from_km, piece.to_km, piece.segment_id)):
        if run and (piece.route != run[0].route or piece.from_km > reached + _SAME_POST_KM):
            yield run
            run = []
        reached = max(reached, piece.to_km) if run else piece.to_km
        run.append(piece)
    if run:
        yield run


def _windows(run: Sequence[Piece], window_km: float) -> Iterator[Sequence[Piece]]:
    """Give a window from each post that reaches far enough, and the whole run where none does."""
    reach = list(accumulate((piece.to_km for piece in run), max))
    end = 0
    some = False
    for start, piece in enumerate(run):
        if start and piece.from_km == run[start - 1].from_km:
            continue
        while end < len(run) and reach[end] - piece.from_km < window_km - _SAME_POST_KM:
            end += 1
        if end == len(run):
            break
        # What begins where the last one begins is on the same kilometres, in the other direction.
        last = end
        while last + 1 < len(run) and run[last + 1].from_km < reach[end] - _SAME_POST_KM:
            last += 1
        some = True
        yield run[start : last + 1]
    if not some:
        yield run


def _stretch(window: Sequence[Piece], expected: float, chance: float, level: float) -> Stretch:
    accidents = sum(piece.accidents for piece in window)
    return Stretch(
        window[0].route,
        window[0].from_km,
        max(piece.to_km for piece in window),
        tuple(piece.segment_id for piece in window),
        accidents,
        poisson_interval(accidents, level),
        sum(piece.weight for piece in window),
        expected,
        chance,
    )
