"""docs/operating.md against the code: what is not documented there fails here, and so does what is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from models.books import COLUMNS
from models.errors import RecordError
from models.health.states import CONDITIONS, SCOPES, STATES
from models.topics import INPUTS
from tests.deploy.exported import RULES, exported_metrics

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
PAGES = [ROOT / "docs" / "operating.md", *sorted((ROOT / "docs" / "runbooks").glob("*.md"))]
TO_COME: set[str] = set()


def rows_under(heading: str) -> list[str]:
    """Rows of the table in a section, without its head."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][2:]


def test_every_alert_is_documented():
    alerts = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    documented = [re.match(r"\| \[(\w+)\]\(runbooks/\1\.md\) \| (\w+) \| \S", row) for row in rows_under("Alerts")]
    assert [found and found.groups() for found in documented] == [
        (alert["alert"], alert["labels"]["severity"]) for alert in alerts
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        there = (page.parent / target).resolve()
        assert there.exists() or str(there.relative_to(ROOT)) in TO_COME


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_metrics_and_codes_that_exist(page):
    text = page.read_text(encoding="utf-8")
    samples = {metric.name for metric in exported_metrics()}
    health = {*CONDITIONS, *STATES, *SCOPES}
    assert set(re.findall(r"\bamanzhol_[a-z_]+", text)) <= samples
    labels = set(re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", text, re.MULTILINE))
    words = {word.strip("`") for cell in labels for word in cell.split(", ")} - samples
    codes = {kind.code for kind in RecordError.__subclasses__()}
    assert words <= codes | set(COLUMNS) | set(INPUTS) | health
