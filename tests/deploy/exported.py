"""What is exported, as metrics are declared, and what Prometheus makes of it."""

from __future__ import annotations

from pathlib import Path

import yaml
from faust.sensors.prometheus import FaustMetrics

from streams.metrics import Declared, FleetMetrics, WorkerMetrics
from tests.deploy.promql import asked

RULES = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "rules"

_OF_TARGETS = {"job", "instance"}
_OF_PROMETHEUS = {"up": set(), "ALERTS": {"alertname", "alertstate", "severity"}}


def exported_metrics() -> list[Declared]:
    """Every metric of ours, in the order in which it is declared."""
    return [*WorkerMetrics().declared, *FleetMetrics().declared]


def exported_samples() -> dict[str, set[str]]:
    """Labels by sample, as Prometheus stores them: a histogram is three, and what the registry adds is there too."""
    samples: dict[str, set[str]] = {}
    for metric in exported_metrics():
        if metric.kind == "histogram":
            samples[f"{metric.name}_bucket"] = {"le", *metric.labels}
            samples[f"{metric.name}_sum"] = samples[f"{metric.name}_count"] = set(metric.labels)
        else:
            samples[metric.name] = set(metric.labels)
    worker = WorkerMetrics()
    FaustMetrics.create(worker.registry, "faust")
    for family in worker.registry.collect():
        for sample in family.samples:
            samples.setdefault(sample.name, set(sample.labels))
    return samples


def recorded() -> dict[str, str]:
    """Expressions of the recording rules by the name that they record."""
    (group,) = yaml.safe_load((RULES / "recording.yml").read_text(encoding="utf-8"))["groups"]
    return {rule["record"]: rule["expr"] for rule in group["rules"]}


def unknown_names(expression: str, shown: str = "") -> set[str]:
    """Metrics and labels that an expression, or a Grafana legend `shown` with it, asks for and that nothing has.

    A recorded series has the label that its name begins with.
    """
    known = exported_samples() | {name: {name.partition(":")[0]} for name in recorded()} | _OF_PROMETHEUS
    selectors, groups = asked(expression)
    labels = set(_OF_TARGETS)
    unknown = set()
    for metric, picked_by in selectors:
        if metric not in known:
            unknown.add(metric)
            continue
        labels |= known[metric]
        unknown |= {f"{metric}{{{label}}}" for label in picked_by - known[metric] - _OF_TARGETS}
    legend = {word.partition("}}")[0] for word in shown.split("{{")[1:]}
    return unknown | (groups | legend) - labels
