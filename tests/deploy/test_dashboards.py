"""Grafana's dashboards: what they ask for exists, and what they refer to is provisioned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.deploy.exported import exported_metrics, recorded, unknown_names
from tests.deploy.promql import asked

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARDS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in (GRAFANA / "dashboards").glob("*")}
DATASOURCES = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))
PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, dashboard in DASHBOARDS.items()
    for panel in dashboard["panels"]
    if panel["type"] != "row"
]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_asks_only_for_what_is_exported(panel):
    for target in panel["targets"]:
        assert asked(target["expr"]).selectors
        assert unknown_names(target["expr"], target["legendFormat"]) == set()


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows(panel):
    assert panel["description"].endswith(".")
    (uid,) = {target["datasource"]["uid"] for target in [panel, *panel["targets"]]}
    assert uid in {source["uid"] for source in DATASOURCES["datasources"]}


def test_every_metric_is_on_a_dashboard():
    rules = recorded()
    shown: set[str] = set()
    waiting = [target["expr"] for panel in PANELS for target in panel.values[0]["targets"]]
    while waiting:
        for metric, _ in asked(waiting.pop()).selectors:
            shown.add(metric.removesuffix("_bucket"))
            waiting += [rules[metric]] if metric in rules else []
    assert {metric.name for metric in exported_metrics()} <= shown


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_do_not_cover_each_other(name):
    covered: dict[tuple[int, int], str] = {}
    for panel in DASHBOARDS[name]["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert covered.setdefault((x, y), panel["title"]) == panel["title"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_as_it_is_committed(name):
    dashboard = DASHBOARDS[name]
    assert dashboard["editable"] is False
    assert "id" not in dashboard  # Grafana's own number: one from another Grafana would overwrite something
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
