"""Every metric of the worker and of the watch over the fleet, declared once; `docs/metrics.md` is made from this.

Names carry base units; no label holds a segment, a source or a plate. Books and flows are set from committed state
only, so they never show what a crash could take back.
"""

from __future__ import annotations

from collections import Counter as Tally
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from models.errors import RecordError
from models.health.alerts import NEW, RAISED, RECURRING
from models.health.states import CONDITIONS, SCOPES, STATES
from models.marks import MARKS
from models.topics import INPUTS
from streams.histogram import BatchHistogram

if TYPE_CHECKING:
    from models.health.watch import Look

_PREFIX = "amanzhol"
_CHECKPOINT_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_DELAY_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 43_200.0, 86_400.0)


class Declared(NamedTuple):
    """A metric as it is documented: its name as a query writes it, a histogram's without its endings."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


class MetricSet:
    """Metrics in a registry of their own, beside the usual `process_*`, and the list of what was declared."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Begin with the process's own."""
        self.registry = registry or CollectorRegistry()
        self.declared: list[Declared] = []
        ProcessCollector(registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        self.declared.append(Declared(f"{_PREFIX}_{name}", "gauge", labels, text))
        return Gauge(name, text, labels, namespace=_PREFIX, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        self.declared.append(Declared(f"{_PREFIX}_{name}_total", "counter", labels, text))
        return Counter(name, text, labels, namespace=_PREFIX, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: tuple[float, ...]) -> Histogram:
        self.declared.append(Declared(f"{_PREFIX}_{name}", "histogram", (), text))
        return Histogram(name, text, namespace=_PREFIX, registry=self.registry, buckets=bounds)

    def _batch_histogram(self, name: str, text: str, bounds: tuple[float, ...]) -> BatchHistogram:
        self.declared.append(Declared(f"{_PREFIX}_{name}", "histogram", (), text))
        return BatchHistogram(f"{_PREFIX}_{name}", text, bounds, self.registry)


class WorkerMetrics(MetricSet):
    """The metrics of one worker."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Declare them."""
        super().__init__(registry)
        gauge, counter = self._gauge, self._counter
        self.books = gauge("books", "Records by column of the books, over this worker's partitions.", "column")
        self.books_difference = gauge("books_difference", "Records that stand in no column, or in two: 0, or a bug.")
        self.partitions = gauge("partitions", "Source partitions that this worker holds.", "state")
        self.cells = gauge("cells", "Cells in memory.")
        self.coverage_cells = gauge("coverage_cells", "Cells in memory that tell who watched, per segment and hour.")
        self.index_entries = gauge("index_entries", "Events in the index of duplicates.")
        self.index_bytes = gauge("index_bytes", "Memory that the index takes.")
        self.lag_records = gauge("lag_records", "Records in the input topics that are not counted yet.", "topic")
        self.lag_seconds = gauge("lag_seconds", "Age that the oldest of these records has at the most.", "topic")
        self.last_checkpoint = gauge("last_checkpoint_timestamp_seconds", "Time of the last committed checkpoint.")
        self.last_progress = gauge(
            "last_progress_timestamp_seconds", "Time when all input was counted, or some of it was, whichever is later."
        )
        self.standing_still = gauge(
            "standing_still_seconds", "Longest time that records wait in a partition held here with none of it counted."
        )
        self.records = counter("records", "Records counted through, replayed ones again.", "topic")
        self.quarantined = counter("quarantined", "Records that went to quarantine.", "code")
        self.location_marks = counter("location_marks", "Records about whose place something was noted.", "mark")
        self.registry_rows = gauge("registry_rows", "Rows of the registry of devices that is in use.")
        self.registry_refused = counter("registry_refused", "Records of the topic registry that cannot be used.")
        self.checkpoint_attempts = counter("checkpoint_attempts", "Checkpoints begun.")
        self.checkpoint_failures = counter("checkpoint_failures", "Checkpoints that were not committed.")
        self.checkpoint_bytes = counter("checkpoint_bytes", "Bytes of cells, state and quarantine that were committed.")
        self.restores = counter("restores", "Partitions restored from Kafka.")
        self.rebalances = counter("rebalances", "Changes of the partitions that this worker holds.", "kind")
        # A series that appears with its first value shows Prometheus no increase: each begins at 0.
        for topic in INPUTS:
            self.records.labels(topic)
        for refusal in RecordError.__subclasses__():
            self.quarantined.labels(refusal.code)
        for mark in MARKS:
            self.location_marks.labels(mark)
        for kind in ("assigned", "revoked"):
            self.rebalances.labels(kind)
        self.checkpoint_seconds = self._histogram(
            "checkpoint_seconds", "Time that a checkpoint took.", _CHECKPOINT_BUCKETS
        )
        self.event_to_cell = self._batch_histogram(
            "event_to_cell_seconds",
            "Time from a record's arrival in Kafka until what it changed was committed.",
            _DELAY_BUCKETS,
        )


class FleetMetrics(MetricSet):
    """The metrics of `amanzhol fleet --watch`."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Declare them."""
        super().__init__(registry)
        gauge, counter = self._gauge, self._counter
        self.devices = gauge("devices", "Devices of the registry that are valid now.", "kind", "state")
        self.alerts = gauge(
            "fleet_alerts",
            "Open alerts; a `scope` other than device is one cause for many of them.",
            *("condition", "scope", "recurrence"),
        )
        self.alerts_raised = counter("fleet_alerts_raised", "Alerts raised.", "condition", "recurrence")
        self.records = counter("fleet_records", "Records of devices that were looked at.")
        self.unknown = counter("fleet_unknown_records", "Of these, records whose source is not in the registry.")
        self.last_judged = gauge(
            "fleet_judged_timestamp_seconds", "Time up to which devices were judged; it stands still without Kafka."
        )
        self.lag_records = gauge("fleet_lag_records", "Records of devices that were not looked at yet.")
        for condition in CONDITIONS:
            for recurrence in (NEW, RECURRING):
                self.alerts_raised.labels(condition, recurrence)

    def show(self, look: Look, now_s: float, kinds: tuple[str, ...]) -> None:
        """Show what was seen up to a time, in seconds since 1970; 0 for every kind and state of which there is none."""
        devices = look.devices()
        for kind in kinds:
            for state in STATES:
                self.devices.labels(kind, state).set(devices.get((kind, state), 0))
        opened = Tally((alert.condition, alert.scope, alert.recurrence) for alert in look.opened)
        for labels in product(CONDITIONS, SCOPES, (NEW, RECURRING)):
            self.alerts.labels(*labels).set(opened.get(labels, 0))
        for alert in look.told:
            if alert.state == RAISED:
                self.alerts_raised.labels(alert.condition, alert.recurrence).inc()
        self.last_judged.set(now_s)
