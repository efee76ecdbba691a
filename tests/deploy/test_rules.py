"""Recording and alert rules: valid, unit-tested with promtool, each with a page for whoever is woken by it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.exported import recorded, unknown_names
from tests.deploy.promql import asked
from tests.parts import require_part

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
CONFIGURATIONS = [PROMETHEUS / "prometheus.yml", PROMETHEUS / "local.yml"]

RULES = [
    rule
    for file in sorted((PROMETHEUS / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
HEARTBEAT = "AmanzholDeadMansSwitch"
"""Fires always: what it says is that alerts arrive."""


def promtool(*arguments: object) -> str:
    """Run promtool from the root of the checkout. Returns what it said; fails with that where it is not content."""
    command = [str(require_part("promtool")), *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("file", CONFIGURATIONS, ids=lambda file: file.name)
def test_the_configuration_is_valid_and_loads_every_rule(file):
    said = promtool("check", "config", file)
    assert sum(map(int, re.findall(r"(\d+) rules found", said))) == len(RULES)


@pytest.mark.parametrize("file", CONFIGURATIONS, ids=lambda file: file.name)
def test_the_rules_ask_for_a_job_that_is_scraped(file):
    jobs = {job["job_name"] for job in yaml.safe_load(file.read_text(encoding="utf-8"))["scrape_configs"]}
    asked_for = {job for rule in RULES for job in re.findall(r'job="([^"]*)"', rule["expr"])}
    assert asked_for == {"amanzhol-worker", "amanzhol-fleet"}
    assert asked_for <= jobs


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_fires_when_it_should_and_only_then(alert):
    promtool("test", "rules", PROMETHEUS / "tests" / f"{alert['alert']}.yml")


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_the_unit_tests_of_an_alert_see_it_fire_and_stay_silent(alert):
    file = yaml.safe_load((PROMETHEUS / "tests" / f"{alert['alert']}.yml").read_text(encoding="utf-8"))
    # Left alone, promtool takes groups in a chance order, and an alert on a recorded series comes now and then later.
    assert file["group_eval_order"] == ["amanzhol-recording", "amanzhol-alerts"]
    tests = file["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases} == {alert["alert"]}
    assert {bool(case["exp_alerts"]) for case in cases} == ({True} if alert["alert"] == HEARTBEAT else {True, False})
    assert any("stale" in series["values"] for test in tests for series in test["input_series"])


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_whoever_is_told_knows_how_urgent_it_is_and_where_to_read_on(alert):
    assert alert["labels"]["severity"] in ({"heartbeat"} if alert["alert"] == HEARTBEAT else {"page", "ticket"})
    assert alert["annotations"]["runbook"] == f"docs/runbooks/{alert['alert']}.md"
    page = (ROOT / alert["annotations"]["runbook"]).read_text(encoding="utf-8")
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == [f"# {alert['alert']}", "## What it means", "## What to look at", "## What to do"]
    assert f"`{alert['labels']['severity']}`" in page


def test_no_runbook_and_no_unit_test_is_left_of_an_alert_that_is_gone():
    alerts = {alert["alert"] for alert in ALERTS}
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == alerts
    assert {file.stem for file in (PROMETHEUS / "tests").glob("*.yml")} == alerts


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule.get("record"))
def test_a_rule_asks_only_for_what_is_exported(rule):
    assert asked(rule["expr"]).selectors or rule.get("alert") == HEARTBEAT
    assert unknown_names(rule["expr"]) == set()


@pytest.mark.parametrize(("name", "expression"), recorded().items())
def test_a_recorded_name_begins_with_the_label_that_is_left(name, expression):
    level, _metric, _operation = name.split(":")
    selectors, groups = asked(expression)
    assert groups == {level} or {metric.partition(":")[0] for metric, _ in selectors[:1]} == {level}


def quotations() -> list[str]:
    """What runbooks quote of a worker's log, in italics, cut at each `…`."""
    pages = [page.read_text(encoding="utf-8").replace("\n", " ") for page in RUNBOOKS.glob("*.md")]
    quoted = [quotation for page in pages for quotation in re.findall(r"\*([^*]+)\*", page)]
    return [part.strip() for quotation in quoted for part in quotation.split("…") if part.strip()]


def test_a_runbook_quotes_what_a_worker_really_says():
    # A message that is broken over two lines of source is one here.
    source = "".join(
        re.sub(r'"\s*f?"', "", file.read_text(encoding="utf-8")) for file in (ROOT / "streams").glob("*.py")
    )
    quoted = quotations()
    assert len(quoted) > 6
    assert [quotation for quotation in quoted if quotation not in source] == []
