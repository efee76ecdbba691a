"""Metrics from committed state: what is counted into which bucket, how old what waits is, and what has no label."""

from __future__ import annotations

import time

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Histogram

from models.topics import STATUSES, VIOLATIONS
from streams.batches import Batch
from streams.committing import Committer, HeldPartition
from streams.histogram import BatchHistogram
from streams.kafka import GroupMember
from streams.metrics import FleetMetrics, WorkerMetrics
from streams.partition import SourcePartition, fingerprint_of
from tests.rows import NOON_S, rules

RULES = rules()
MEMBER = GroupMember(b"", 1, "me")
BOUNDS = (0.5, 1.0, 60.0)


class Log:
    """Takes every transaction, or none."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes

    def commit(self, writes, offsets, member) -> bool:
        return self.takes


def held(*arrivals_us: int) -> HeldPartition:
    """A partition that has folded records of these arrivals."""
    made = HeldPartition(0)
    made.begin(SourcePartition.fresh(0, RULES, fingerprint_of(RULES, 4)))
    if arrivals_us:
        offsets = range(len(arrivals_us))
        batch = Batch(made.state, VIOLATIONS, offsets, [None] * len(offsets), arrivals_us, home=lambda _: 0)
        made.state.offsets[VIOLATIONS] = len(arrivals_us)
        made.note_folded(batch, [])
    return made


def sample(metrics, name, **labels) -> float:
    return metrics.registry.get_sample_value(f"amanzhol_{name}", labels)


def test_a_histogram_of_batches_says_what_one_of_single_values_says():
    registries = CollectorRegistry(), CollectorRegistry()
    whole = BatchHistogram("delay_seconds", "Delay.", BOUNDS, registries[0])
    single = Histogram("delay_seconds", "Delay.", registry=registries[1], buckets=BOUNDS)
    for values in ([], [0.0, 0.5, 0.51], [1.0, 59.9, 60.0, 60.1, 1e9]):
        whole.observe(np.array(values))
        for value in values:
            single.observe(value)
    for name, labels in [("bucket", {"le": le}) for le in ("0.5", "1.0", "60.0", "+Inf")] + [
        ("sum", {}),
        ("count", {}),
    ]:
        ours, theirs = (registry.get_sample_value(f"delay_seconds_{name}", labels) for registry in registries)
        assert ours == theirs is not None
    with pytest.raises(ValueError, match="Duplicated"):
        BatchHistogram("delay_seconds", "Delay.", BOUNDS, registries[0])


@pytest.mark.parametrize("takes", [True, False])
def test_the_delay_of_records_counts_once_they_are_committed(monkeypatch, takes):
    monkeypatch.setattr(time, "time", lambda: NOON_S)
    metrics = WorkerMetrics()
    late_us = [(NOON_S - 100_000) * 1_000_000, (NOON_S - 3) * 1_000_000, (NOON_S + 2) * 1_000_000]
    partition = held(*late_us)
    assert Committer(Log(takes=takes), metrics).commit([partition], MEMBER) is takes
    assert sample(metrics, "event_to_cell_seconds_count") == 3 * takes
    assert sample(metrics, "event_to_cell_seconds_sum") == 100_003 * takes  # a broker ahead of this clock is no delay
    assert (sample(metrics, "checkpoint_bytes_total") > 0) is takes
    assert Committer(Log(takes=takes), metrics).commit([partition], MEMBER) is takes
    assert sample(metrics, "event_to_cell_seconds_count") == 3 * takes


@pytest.mark.parametrize(
    ("waits", "arrived_s_ago", "expected"),
    [(0, 500, 0), (7, 500, 500), (7, None, 0)],
    ids=["nothing waits", "what waits came after the last that was counted", "nothing is known yet"],
)
def test_how_old_what_waits_is_at_the_most(monkeypatch, waits, arrived_s_ago, expected):
    monkeypatch.setattr(time, "time", lambda: NOON_S)
    metrics = WorkerMetrics()
    partition = held() if arrived_s_ago is None else held((NOON_S - arrived_s_ago) * 1_000_000)
    Committer(Log(), metrics).note_progress({VIOLATIONS: waits}, [partition], counted=True)
    assert sample(metrics, "lag_seconds", topic=VIOLATIONS) == expected


def test_what_waits_after_a_quiet_night_has_not_waited_all_night(monkeypatch):
    metrics = WorkerMetrics()
    partition = held((NOON_S - 8 * 3_600) * 1_000_000)
    monkeypatch.setattr(time, "time_ns", lambda: (NOON_S - 2) * 10**9)
    assert partition.note_waiting(VIOLATIONS, 0) == 0
    monkeypatch.setattr(time, "time", lambda: NOON_S)
    Committer(Log(), metrics).note_progress({VIOLATIONS: 1, STATUSES: 0}, [partition], counted=False)
    assert sample(metrics, "lag_seconds", topic=VIOLATIONS) == 2
    assert sample(metrics, "lag_seconds", topic=STATUSES) == 0


@pytest.mark.parametrize("metrics", [WorkerMetrics(), FleetMetrics()], ids=lambda metrics: type(metrics).__name__)
def test_every_metric_is_declared_once_and_none_is_by_device_or_segment(metrics):
    names = [declared.name for declared in metrics.declared]
    assert len(set(names)) == len(names)
    families = {family.name for family in metrics.registry.collect() if family.name.startswith("amanzhol_")}
    assert families == {name.removesuffix("_total") for name in names}
    labels = {label for declared in metrics.declared for label in declared.labels}
    assert labels <= {"column", "state", "topic", "code", "kind", "condition", "scope", "recurrence", "mark"}
    assert all(declared.meaning.endswith(".") for declared in metrics.declared)
