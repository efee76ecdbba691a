"""Find a route's segment by kilometre post: `from_km <= km < to_km`, the narrower first."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.network import Segment

NOWHERE: Final = -1

# Segments as long as each other to a millimetre are ties: 0.3 - 0.2 and 0.2 - 0.1 differ as floats.
_WIDTH_DIGITS: Final = 6

_Ranked = tuple[float, str, int]


class Chainage:
    """Answers "which segment of this route is at this km" by one bisection, whatever the number that overlap.

    Where several segments fit, one whose direction agrees goes first, then the narrower, then the lesser id.
    """

    __slots__ = ("_routes",)

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Work out the answer between each two breakpoints of each route, in O(n log n)."""
        by_route: defaultdict[str, list[int]] = defaultdict(list)
        for index, segment in enumerate(segments):
            by_route[segment.route].append(index)
        self._routes = {route: _Route(segments, indices) for route, indices in by_route.items()}

    def find(self, route: str, km: float, direction: str | None) -> int:
        """Give the index of the segment, or NOWHERE."""
        posts = self._routes.get(route)
        return NOWHERE if posts is None else posts.find(km, direction)


class _Route:
    __slots__ = ("_answers", "_any", "_breaks")

    def __init__(self, segments: Sequence[Segment], indices: Iterable[int]) -> None:
        own = [(segments[index], index) for index in indices]
        self._breaks = sorted({km for segment, _ in own for km in (segment.from_km, segment.to_km)})
        self._any = self._sweep(own)
        self._answers: dict[str | None, list[int]] = {}
        for direction in ("forward", "backward"):
            agreeing = self._sweep([pair for pair in own if pair[0].direction in {"both", direction}])
            self._answers[direction] = [
                self._any[at] if answer == NOWHERE else answer for at, answer in enumerate(agreeing)
            ]

    def find(self, km: float, direction: str | None) -> int:
        at = bisect_right(self._breaks, km) - 1
        # The last answer is for the end of the route itself; NaN and what lies beyond come here too.
        if at < 0 or (at == len(self._breaks) - 1 and km != self._breaks[at]):
            return NOWHERE
        return self._answers.get(direction, self._any)[at]

    def _sweep(self, own: Iterable[tuple[Segment, int]]) -> list[int]:
        """Give the best segment from each breakpoint to the next, and at the last one."""
        starting: defaultdict[float, list[_Ranked]] = defaultdict(list)
        ends: dict[int, float] = {}
        last = self._breaks[-1]
        at_last: list[_Ranked] = []
        for segment, index in own:
            ranked = (round(segment.to_km - segment.from_km, _WIDTH_DIGITS), segment.segment_id, index)
            starting[segment.from_km].append(ranked)
            ends[index] = segment.to_km
            if segment.to_km == last:
                at_last.append(ranked)
        heap: list[_Ranked] = []
        answers: list[int] = []
        for km in self._breaks[:-1]:
            for ranked in starting[km]:
                heappush(heap, ranked)
            while heap and ends[heap[0][2]] <= km:
                heappop(heap)
            answers.append(heap[0][2] if heap else NOWHERE)
        answers.append(min(at_last)[2] if at_last else NOWHERE)
        return answers
