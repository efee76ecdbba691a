"""A Prometheus histogram that takes in whole arrays: the one of `prometheus_client` takes a lock per value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from prometheus_client import CollectorRegistry


class BatchHistogram(Collector):
    """Counts values by upper bound, each bound inclusive, and adds them up.

    One thread feeds it; another one may collect meanwhile, and sees each batch in whole or not yet.
    """

    def __init__(self, name: str, meaning: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        """Begin with nothing. `bounds` rise, in the unit that the name says; above the last one all is `+Inf`."""
        self.name = name
        self.meaning = meaning
        self._bounds = np.asarray(bounds, dtype=np.float64)
        self._state = (np.zeros(len(bounds) + 1, dtype=np.int64), 0.0)
        registry.register(self)

    def observe(self, values: NDArray[np.float64]) -> None:
        """Take in an array of values."""
        counts, total = self._state
        # A bound is inclusive: the first one that is not below the value holds it.
        found = np.bincount(np.searchsorted(self._bounds, values, side="left"), minlength=len(counts))
        self._state = (counts + found, total + float(values.sum()))

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """Name the metric, so that a second one of this name is refused."""
        return [HistogramMetricFamily(self.name, self.meaning)]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """Give what Prometheus reads."""
        counts, total = self._state
        family = HistogramMetricFamily(self.name, self.meaning)
        bounds = [*map(floatToGoString, self._bounds), "+Inf"]
        family.add_metric([], list(zip(bounds, np.cumsum(counts).tolist(), strict=True)), total)
        return [family]
