"""Every metric of the gateway and its publisher, declared once. No label holds a device or a plate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devices.publisher import Publisher

_PREFIX = "amanzhol_gateway"
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)

TAKEN = "taken"


class GatewayMetrics:
    """The metrics of one gateway, in a registry of its own."""

    def __init__(self, vendors: Iterable[str]) -> None:
        """Declare them; `vendors` are all that will ever be a label."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, namespace=_PREFIX, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, namespace=_PREFIX, registry=self.registry)

        self.requests = counter(
            "requests", "Requests answered, by outcome: taken, or the code of a refusal.", "vendor", "outcome"
        )
        self.readings = counter("readings", "Things that devices told, by what they are about.", "vendor", "about")
        self.plates = Gauge(
            "plates",
            "Plates that came since the start, by what became of them.",
            ("fate",),
            namespace=_PREFIX,
            registry=self.registry,
        )
        self.acknowledged = gauge("acknowledged_records", "Records that Kafka has acknowledged since the start.")
        self.send_failures = gauge("send_failures", "Attempts to send that failed since the start.")
        self.spool_records = gauge("spool_records", "Records in the spool.")
        self.spool_bytes = gauge("spool_bytes", "Bytes of the spool that are in use.")
        self.connected = gauge("connected", "Whether Kafka took the last records: 1 or 0.")
        self.request_seconds = Histogram(
            "request_seconds",
            "Time from a request's head to its answer.",
            namespace=_PREFIX,
            registry=self.registry,
            buckets=_BUCKETS,
        )
        for vendor in vendors:
            self.requests.labels(vendor, TAKEN)
            for about in ("passage", "offence", "flow", "sign"):
                self.readings.labels(vendor, about)
        for fate in ("dropped", "replaced", "refused"):
            self.plates.labels(fate)

    def watch(self, publisher: Publisher) -> None:
        """Look at what the publisher has done so far."""
        sender, spool = publisher.sender, publisher.spool
        self.acknowledged.set(sender.acknowledged)
        self.send_failures.set(sender.failures)
        self.connected.set(sender.connected)
        self.spool_records.set(len(spool))
        self.spool_bytes.set(spool.used_bytes())
        for fate, number in publisher.plates.counts.items():
            self.plates.labels(fate).set(number)
