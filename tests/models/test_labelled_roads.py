"""Which road a vehicle was on where roads are close: the fractions placed right, as docs/locating.md states them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.labelled_roads import NOISE_M, SCENES, shares, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "locating.md"
NEAR = 0.005


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_heading_finds_the_road_more_often_than_the_nearest_line_alone(scene):
    found = [shares(scene, noise_m) for noise_m in NOISE_M]
    assert all(right.with_heading > right.nearest + 0.04 for right in found)
    assert found[0].with_heading > 0.99


def test_the_page_states_what_is_measured():
    page = PAGE.read_text(encoding="utf-8")
    for row in table().splitlines()[2:]:
        name, noise_m, nearest, with_heading = (cell.strip() for cell in row.strip("|").split("|"))
        (stated,) = [line for line in page.splitlines() if line.startswith(f"| {name} | {noise_m} |")]
        said = [float(cell.strip(" %")) / 100 for cell in stated.strip("|").split("|")[2:]]
        # Another numpy may draw other numbers.
        assert said == pytest.approx([float(cell.strip("%")) / 100 for cell in (nearest, with_heading)], abs=NEAR)
