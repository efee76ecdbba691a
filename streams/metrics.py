"""Every metric of the worker, declared once. Names carry base units; no label holds a segment, a source or a plate.

Books and flows are set from committed state only, so they never show what a crash could take back.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from models.errors import RecordError
from models.marks import MARKS
from models.topics import INPUTS

_PREFIX = "amanzhol"
_CHECKPOINT_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class WorkerMetrics:
    """The metrics of one worker, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Declare them."""
        self.registry = registry or CollectorRegistry()
        ProcessCollector(registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, namespace=_PREFIX, registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, namespace=_PREFIX, registry=self.registry)

        self.books = gauge("books", "Records by column of the books, over this worker's partitions.", "column")
        self.books_difference = gauge("books_difference", "Records that stand in no column, or in two: 0, or a bug.")
        self.partitions = gauge("partitions", "Source partitions that this worker holds.", "state")
        self.cells = gauge("cells", "Cells in memory.")
        self.index_entries = gauge("index_entries", "Events in the index of duplicates.")
        self.index_bytes = gauge("index_bytes", "Memory that the index takes.")
        self.lag_records = gauge("lag_records", "Records in the input topics that are not counted yet.", "topic")
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
        self.checkpoint_seconds = Histogram(
            "checkpoint_seconds",
            "Time that a checkpoint took.",
            namespace=_PREFIX,
            registry=self.registry,
            buckets=_CHECKPOINT_BUCKETS,
        )
