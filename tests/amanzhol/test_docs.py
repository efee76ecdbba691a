"""The pages that are made from the code are the ones in `docs/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from amanzhol.docs import generated_pages, write_pages
from amanzhol.settings import Settings
from models.errors import RecordError
from streams.metrics import FleetMetrics, WorkerMetrics

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = generated_pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name], "run `python -m amanzhol.docs`"


def test_no_schema_is_left_over():
    assert {f"schemas/{path.name}" for path in (DOCS / "schemas").iterdir()} == {
        name for name in PAGES if name.startswith("schemas/")
    }


def rows(page):
    """First column of the page's table."""
    return [line.split("`")[1] for line in PAGES[page].splitlines() if line.startswith("| `")]


def test_every_code_and_every_setting_has_a_row():
    assert rows("quarantine-codes.md") == [error.code for error in RecordError.__subclasses__()]
    assert rows("settings.md") == list(Settings.model_fields)


def test_every_metric_has_a_row():
    assert rows("metrics.md") == [metric.name for metric in (*WorkerMetrics().declared, *FleetMetrics().declared)]


def test_every_row_of_settings_has_five_cells():
    lines = [line for line in PAGES["settings.md"].splitlines() if line.startswith("|")]
    assert {line.count("|") - line.count("\\|") for line in lines} == {6}


def test_pages_are_written_where_they_are_wanted(tmp_path):
    write_pages(tmp_path / "new")
    assert {path.relative_to(tmp_path / "new").as_posix() for path in tmp_path.rglob("*.*")} == set(PAGES)
    assert (tmp_path / "new" / "settings.md").read_text(encoding="utf-8") == PAGES["settings.md"]
