"""The notebook of `docs/examples` runs from its first cell to its last, in an empty folder and without a network."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tests.command_line import environment

if TYPE_CHECKING:
    import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "examples" / "mangystau.ipynb"


def cells(kind: str) -> list[dict]:
    return [cell for cell in json.loads(NOTEBOOK.read_bytes())["cells"] if cell["cell_type"] == kind]


def test_it_is_kept_without_what_it_printed_on_someones_machine():
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells("code")] == [([], None)] * len(cells("code"))


def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for name in set(environment()) ^ set(os.environ):
        monkeypatch.delenv(name)
    seen: dict[str, object] = {"__name__": "notebook"}
    for number, cell in enumerate(cells("code"), start=1):
        exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, cell {number}", "exec"), seen)

    busiest = seen["busiest"].fetchall()
    assert len(busiest) == 10
    assert [row[1] for row in busiest] == sorted((row[1] for row in busiest), reverse=True)
    [(counted,)] = duckdb.sql("SELECT sum(violations_fixed_camera) FROM 'counts.parquet'").fetchall()
    assert 0 < sum(row[1] for row in seen["rates"]) <= counted
    assert all(row[2] > 0 for row in seen["rates"])
    assert {row[0] for row in seen["by_hour"].fetchall()} == set(range(24))
    assert " h: " in capfd.readouterr().out
    drawn = ET.parse(tmp_path / "map.svg").getroot()
    looks = [line.get("stroke-dasharray") for line in drawn]
    assert looks.count(None) == len(seen["rates"])
    assert looks.count("2 3") > 500
