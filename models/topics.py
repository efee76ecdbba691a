"""The names of all Kafka topics, declared once."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PREFIX = "amanzhol."
DEFAULT_PARTITIONS = 4

VIOLATIONS = "violations"
ACCIDENTS = "accidents"
REPORTS = "reports"
STATUSES = "statuses"
CORRECTIONS = "corrections"

INPUTS = (VIOLATIONS, ACCIDENTS, REPORTS, STATUSES, CORRECTIONS)
"""What sources write to, in the order in which offsets are listed. Equal partition counts, `LogAppendTime`."""

REROUTED = "rerouted"
"""Records that stood on another partition than their source's, brought to the right one by a worker."""

SEGMENT_COUNTS = "segment-counts"
SEGMENT_COVERAGE = "segment-coverage"
STATE = "state"
QUARANTINE = "quarantine"
ALERTS = "alerts"

REGISTRY = "registry"
"""The rows of each device, keyed by it; one partition, compacted. Operators write it, workers follow it."""

CHECKPOINT_KEY = b"checkpoint"
"""Key, on `state`, of the record that holds a partition's offsets and books."""

READ = (*INPUTS, REROUTED)
"""Everything that a worker reads to count."""

MAX_RECORD_BYTES = 1024 * 1024
"""A record above this is quarantined as `too_large`; the topics themselves take sixteen times as much."""

TOPIC_OF_TYPE = {
    "violation": VIOLATIONS,
    "accident": ACCIDENTS,
    "report": REPORTS,
    "status": STATUSES,
    "correction": CORRECTIONS,
}


@dataclass(frozen=True, slots=True)
class Topics:
    """Full topic names under one prefix.

    >>> Topics("mangystau.").name(VIOLATIONS)
    'mangystau.violations'
    """

    prefix: str = DEFAULT_PREFIX

    def name(self, topic: str) -> str:
        """Full name of one of this module's topics."""
        return self.prefix + topic

    def input_of(self, name: str) -> str:
        """Which of `READ` a full name stands for. Raises `ValueError` for a topic of another prefix."""
        topic = name.removeprefix(self.prefix)
        if topic not in READ or self.prefix + topic != name:
            raise ValueError(f"{name} is not read under the prefix {self.prefix!r}")
        return topic

    @property
    def inputs(self) -> tuple[str, ...]:
        """Full names of the input topics, in the order of `INPUTS`."""
        return tuple(self.prefix + topic for topic in INPUTS)

    @property
    def read(self) -> tuple[str, ...]:
        """Full names of the topics that a worker reads, in the order of `READ`."""
        return tuple(self.prefix + topic for topic in READ)
