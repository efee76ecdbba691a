"""The safety performance function: how many injury accidents a segment like this one is expected to have.

Fitted on the network itself: a negative binomial regression with the length and the time as offset, a level per
road class and, where every segment has one, the logarithm of its traffic. A segment's own mean then varies about
what is expected by a gamma distribution, of which the overdispersion tells the width; that is the prior of the
empirical Bayes estimate in `ranking`.

- E. Hauer: Observational Before-After Studies in Road Safety. Pergamon 1997, chapters 11 and 12.
- AASHTO: Highway Safety Manual, 1st edition 2010, appendix A of part C.
- W. N. Venables, B. D. Ripley: Modern Applied Statistics with S, 4th edition 2002, section 7.4: the fit alternates
  between the regression and the overdispersion.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from models.statistics.rates import DAYS_A_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

POOLED: Final = ""
"""Name of the class that those are put into which are too small for a level of their own."""

_FEWEST: Final = 10
"""So many segments and so many accidents a road class has for a level of its own (ten events a parameter)."""

_ROUNDS: Final = 50
_TOLERANCE: Final = 1e-6
_DISPERSIONS: Final = (np.log(1e-6), np.log(1e3))
"""Bounds of the logarithm of the overdispersion; at the lower one, the counts vary as Poisson's do, or less."""


@dataclass(frozen=True, slots=True)
class Site:
    """A segment over a span: its injury accidents (with dead or injured), its length in km and its road class.

    `passages_per_day` is its traffic, None where nobody counts it.
    """

    segment_id: str
    accidents: int
    length_km: float
    road_class: str = POOLED
    passages_per_day: float | None = None


@dataclass(frozen=True, slots=True)
class SafetyPerformance:
    """A fitted function: accidents per km and year by class (at one passage a day, where traffic is part of it).

    `overdispersion` is the square of the coefficient of variation of segments' means about the expected one.
    """

    per_km_year: Mapping[str, float]
    traffic_exponent: float | None
    overdispersion: float

    def expected(self, site: Site, days: float) -> float:
        """Accidents to expect in so many days on a site of the network that the function was fitted on."""
        level = self.per_km_year.get(site.road_class)
        if level is None:
            level = self.per_km_year[POOLED]
        expected = level * site.length_km * days / DAYS_A_YEAR
        if self.traffic_exponent is None or not site.passages_per_day:
            return expected
        return float(expected * site.passages_per_day**self.traffic_exponent)


def fit(sites: Sequence[Site], days: float) -> SafetyPerformance | None:
    """Fit the function to sites of one network over the same days; None where there is too little to fit it to.

    Too little is fewer than ten segments or ten accidents. Lengths and days must be above 0 (else ValueError).
    """
    if days <= 0 or any(site.length_km <= 0 for site in sites):
        raise ValueError("sites need lengths in km and a span in days above 0")
    accidents = np.array([site.accidents for site in sites], dtype=np.float64)
    if len(sites) < _FEWEST or accidents.sum() < _FEWEST:
        return None
    classes = _classes(sites)
    levels = sorted(set(classes))
    design = np.array([[float(one == level) for level in levels] for one in classes])
    traffic = _log_traffic(sites)
    if traffic is not None:
        design = np.column_stack([design, traffic])
    offset = np.log([site.length_km * days / DAYS_A_YEAR for site in sites])
    coefficients, overdispersion = _fitted(accidents, design, offset)
    per_km_year = dict(zip(levels, (float(level) for level in np.exp(coefficients[: len(levels)])), strict=True))
    return SafetyPerformance(per_km_year, None if traffic is None else float(coefficients[-1]), overdispersion)


def _classes(sites: Sequence[Site]) -> list[str]:
    """Give each site its class. Small ones are pooled, with the smallest of the others where they still are small."""
    segments = Counter(site.road_class for site in sites)
    accidents: Counter[str] = Counter()
    for site in sites:
        accidents[site.road_class] += site.accidents
    pooled: set[str] = set()
    for name in sorted(segments, key=lambda name: (min(segments[name], accidents[name]), name)):
        enough_pooled = all(sum(count[one] for one in pooled) >= _FEWEST for count in (segments, accidents))
        if min(segments[name], accidents[name]) >= _FEWEST and (not pooled or enough_pooled):
            break
        pooled.add(name)
    return [POOLED if site.road_class in pooled else site.road_class for site in sites]


def _log_traffic(sites: Sequence[Site]) -> NDArray[np.float64] | None:
    """Logarithms of the traffic, or None where it is not known of all, or is the same everywhere."""
    passages = [site.passages_per_day or 0.0 for site in sites]
    if min(passages) <= 0 or min(passages) == max(passages):
        return None
    return np.asarray(np.log(passages), dtype=np.float64)


def _fitted(
    accidents: NDArray[np.float64], design: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Coefficients and overdispersion of greatest likelihood, one given the other until neither moves."""
    # Three seconds of import, for those who rank only.
    from statsmodels.genmod import families  # noqa: PLC0415
    from statsmodels.genmod.generalized_linear_model import GLM  # noqa: PLC0415

    def regression(family: Any) -> Any:
        return GLM(accidents, design, family=family, offset=offset).fit()

    found = regression(families.Poisson())
    log_dispersion = _DISPERSIONS[1]
    for _ in range(_ROUNDS):
        best = minimize_scalar(_surprise, bounds=_DISPERSIONS, args=(accidents, found.fittedvalues), method="bounded")
        moved, log_dispersion = abs(best.x - log_dispersion), float(best.x)
        found = regression(families.NegativeBinomial(alpha=np.exp(log_dispersion)))
        if moved < _TOLERANCE:
            break
    return np.asarray(found.params, dtype=np.float64), float(np.exp(log_dispersion))


def _surprise(log_dispersion: float, accidents: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Negative logarithm of the negative binomial likelihood, up to a constant."""
    shape = np.exp(-log_dispersion)
    return -float(
        np.sum(
            gammaln(accidents + shape)
            - gammaln(shape)
            + shape * np.log(shape / (shape + expected))
            + accidents * np.log(expected / (shape + expected))
        )
    )
