"""Chance that can be repeated: every stream of draws is named, and its name and the seed decide all of it.

Only `Random.random` and integer arithmetic on it are used: the same numbers on every platform and Python version,
which `gauss` or `choices` do not promise.
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import blake2b
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


def dice(*name: object) -> Random:
    """Draws that depend on this name alone, such as `(seed, "accidents", date(2025, 3, 1))`."""
    digest = blake2b("/".join(map(str, name)).encode(), digest_size=16).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311  # a simulation, not a secret


class Weighted(Generic[T]):
    """Things to draw, each as often as its weight says.

    >>> Weighted({"car": 9, "truck": 1}).draw(dice("readme"))
    'car'
    """

    __slots__ = ("_cumulative", "_things", "_total")

    def __init__(self, weights: Mapping[T, float]) -> None:
        """Take the things in their order, with weights above 0."""
        self._things: Sequence[T] = tuple(weights)
        self._cumulative = list(accumulate(weights.values()))
        self._total = self._cumulative[-1]

    def draw(self, rng: Random) -> T:
        """Draw one thing; it may be drawn again."""
        return self._things[bisect_right(self._cumulative, rng.random() * self._total)]


def happens(rng: Random, share: float) -> bool:
    """Draw whether something happens that happens in this share (0 to 1) of all cases."""
    return rng.random() < share


def whole(rng: Random, low: int, high: int) -> int:
    """Draw a whole number from `low` to `high`, both included, all equally likely."""
    return low + int(rng.random() * (high - low + 1))


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Split a total into whole parts by weight, with the largest remainders rounded up (Hamilton's method).

    >>> apportion(10, [1, 1, 1])
    [4, 3, 3]
    """
    whole_weight = sum(weights)
    exact = [total * weight / whole_weight for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
