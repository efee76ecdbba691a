"""Intervals for counts of accidents (Poisson) and for sums over accidents (compound Poisson), at a given level.

Accidents are counted as independent events: the exact interval is Garwood's. Dead and injured are not: one bus
with thirty passengers is one event. Their sum is a weighted sum of Poisson counts, the weights being the numbers
per accident, and its interval is that of Fay and Feuer, which needs only the sum and the sum of squares that cells
keep (`dead_squared`, `injured_squared`).

- F. Garwood: Fiducial limits for the Poisson distribution. Biometrika 28 (1936) 437-442.
- M. P. Fay, E. J. Feuer: Confidence intervals for directly standardized rates: a method based on the gamma
  distribution. Statistics in Medicine 16 (1997) 791-801.
- J. Przyborowski, H. Wilenski: Homogeneity of results in testing samples from Poisson series. Biometrika 31
  (1940) 313-323: the ratio of two Poisson means through a binomial, here with Clopper's and Pearson's bounds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.special import betaincinv, gammaincinv

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVEL: Final = 0.95
"""Share of intervals, over many repetitions, that cover what they estimate."""


class Interval(NamedTuple):
    """Bounds of an estimate, both included; `high` may be infinite."""

    low: float
    high: float

    def scaled(self, factor: float) -> Interval:
        """Give the bounds in another unit, or per some exposure."""
        return Interval(self.low * factor, self.high * factor)


def poisson_bounds(counts: ArrayLike, level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Garwood's bounds of the means behind many counts: two arrays of the shape of `counts`.

    Counts are at least 0 and need not be whole (scaled counts come here too). Raises ValueError for others.
    """
    n = np.asarray(counts, dtype=np.float64)
    _check(n, level)
    tail = (1 - level) / 2
    # chi2.ppf(q, 2n) / 2 is the quantile of a gamma distribution of shape n.
    low = np.where(n > 0, gammaincinv(np.where(n > 0, n, 1.0), tail), 0.0)
    return low, gammaincinv(n + 1, 1 - tail)


def poisson_interval(count: float, level: float = LEVEL) -> Interval:
    """Garwood's exact interval for the mean behind one count: 0 gives (0, 3.69), not (0, 0).

    >>> Interval(*(round(bound, 2) for bound in poisson_interval(10)))
    Interval(low=4.8, high=18.39)
    """
    low, high = poisson_bounds(count, level)
    return Interval(float(low), float(high))


def compound_poisson_interval(total: float, squares: float, *, typical: float = 1.0, level: float = LEVEL) -> Interval:
    """Interval for the mean behind a sum over accidents, such as the dead: wider the fewer accidents they fell in.

    `total` is the sum and `squares` the sum of squares of the numbers per accident. Where nobody fell, the upper
    bound needs the number to expect of one accident: `typical`, squares / total of the whole network, at least 1.
    Raises ValueError where no such numbers can be: whole numbers of at least 1 have `squares >= total`.

    >>> Interval(*(round(bound, 1) for bound in compound_poisson_interval(30, 30)))  # thirty accidents, one each
    Interval(low=20.2, high=42.8)
    >>> Interval(*(round(bound, 1) for bound in compound_poisson_interval(30, 900)))  # one bus
    Interval(low=0.8, high=167.1)
    """
    if total < 0 or squares < total or (total == 0) != (squares == 0):
        raise ValueError(f"no numbers per accident add up to {total} and their squares to {squares}")
    size = squares / total if total else max(typical, 1.0)
    return poisson_interval(total / size, level).scaled(size)


def ratio_interval(now: float, before: float, *, exposure: float = 1.0, level: float = LEVEL) -> Interval:
    """Exact interval for the ratio of two Poisson means: `now` against `before`, conditional on their sum.

    `exposure` is that of now divided by that of before (hours, years). Counts need not be whole. The upper bound
    is infinite where there was nothing before, and both are unbounded where there was nothing at all.
    """
    _check(np.array([now, before]), level)
    if not (exposure > 0 and math.isfinite(exposure)):
        raise ValueError(f"the exposure ratio must be above 0, not {exposure}")
    tail = (1 - level) / 2
    low = float(betaincinv(now, before + 1, tail)) if now else 0.0
    high = float(betaincinv(now + 1, before, 1 - tail)) if before else 1.0
    return Interval(_odds(low) / exposure, _odds(high) / exposure)


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def _check(counts: NDArray[np.float64], level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, such as 0.95, not {level}")
    if not np.all(np.isfinite(counts) & (counts >= 0)):
        raise ValueError("counts are finite and at least 0")
