"""Milliseconds for what analysts ask of a year: `python -m tests.bench.api [--cells N] [--store duckdb|postgres]`.

A year of a region is generated straight into a store: 3,000 segments, 5-minute cells, ten million of them, the hours
of 215 cameras, and their sums by hour, day and month. Then `amanzhol api` is asked over HTTP, as it is run.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from amanzhol.children import child
from api.store import open_store
from api.store.tables import TABLES
from models.calendar import Calendar
from models.figures import PASSAGES, WATCHED_S
from models.measures import Dimensions
from models.network import Network, Segment
from tests.api.database import make_database, running_postgres
from tests.country import feature

SEGMENTS = 3_000
ROUTES = 30
CAMERAS = 215
CELLS = 10_000_000
YEAR = 2025
CALENDAR = Calendar(300, ZoneInfo("Asia/Aqtau"))
SOURCE = {"timezone": "Asia/Aqtau", "window_s": "300", "prefix": "amanzhol."}
ADDRESS = re.compile(r"^API +(http://\S+)$", re.MULTILINE)
FIGURES = [
    *(Dimensions("violations", fleet="fixed_camera", offence=f"592.{part}") for part in (2, 3, "3-1")),
    *(Dimensions("violations", fleet=fleet, offence="592.2") for fleet in ("ekin_patrol", "oracle_car", "drone")),
    *(Dimensions("accidents", kind=kind, severity="injury") for kind in ("collision", "animal")),
    Dimensions("reports", kind="traffic", channel="egov"),
]
SHARES = [0.5, 0.2, 0.1, 0.08, 0.05, 0.04, 0.01, 0.005, 0.015]
QUESTIONS = [
    ("a month by segment", "from=2025-06-01&to=2025-07-01&by=segment&limit=10000", 0.2),
    ("30 days by segment", "from=2025-06-10&to=2025-07-10&by=segment&limit=10000", 0.2),
    ("a month by segment, one fleet", "from=2025-06-01&to=2025-07-01&by=segment&limit=10000&fleet=drone", 0.2),
    ("a month by day, all", "from=2025-06-01&to=2025-07-01&by=all&step=day", 0.2),
    ("the year by route", "from=2025-01-01&to=2026-01-01&by=route", 0.5),
    ("the year by route and month", "from=2025-01-01&to=2026-01-01&by=route&step=month", 0.5),
    ("the year by segment and day, Parquet", "from=2025-01-01&to=2026-01-01&step=day&f=parquet", 10),
    ("the year by segment and window, Parquet", "from=2025-01-01&to=2026-01-01&step=window&f=parquet", 10),
]


def network() -> Network:
    return Network(
        Segment(
            segment_id=f"R{n % ROUTES:02}/{n // ROUTES}",
            route=f"R{n % ROUTES:02}",
            from_km=n // ROUTES,
            to_km=n // ROUTES + 1,
        )
        for n in range(SEGMENTS)
    )


def fill(address: str, cells: int) -> None:
    """Write a year into a store, month by month."""
    chance = np.random.default_rng(1)
    with closing(open_store(address, network(), CALENDAR, SOURCE)) as store:
        words = store.taking_words
        known = len(words.segments), len(words.dimensions)
        dims = np.array([words.dimensions.code(figure) for figure in FIGURES], np.int32)
        watched = words.dimensions.code(Dimensions(WATCHED_S, fleet="fixed_camera"))
        passed = words.dimensions.code(Dimensions(PASSAGES))
        with store._engine.writing() as writing:
            words.store_since(writing, *known)
        for month in range(1, 13):
            first = CALENDAR.midnight(datetime(YEAR, month, 1, tzinfo=UTC).date())
            end = CALENDAR.end("month", first)
            count, windows = cells // 12, (end - first) // 300
            places = np.sort(chance.choice(windows * SEGMENTS, count, replace=False))
            counts = columns(places // SEGMENTS * 300 + first, places % SEGMENTS, chance.choice(dims, count, p=SHARES))
            counts |= {"value": chance.integers(1, 4, count), "coverage": np.zeros(count, np.int32)}
            hours = np.repeat(np.arange(first, end, 3_600), CAMERAS)
            cameras = np.tile(np.arange(CAMERAS) * 13, len(hours) // CAMERAS)
            coverage = [
                columns(hours, cameras, np.full(len(hours), dim, np.int32))
                | {"value": np.full(len(hours), value), "coverage": np.ones(len(hours), np.int32)}
                for dim, value in ((watched, 3_600), (passed, 90))
            ]
            with store._engine.writing() as writing:
                write(writing, [counts, *coverage])
            say(f"{address}: month {month} of 12")
        with store._engine.writing() as writing:
            store._note(writing, store._version._replace(number=2, words=words.count), "bench")


def columns(begins: np.ndarray, segments: np.ndarray, dims: np.ndarray) -> dict[str, np.ndarray]:
    return {"begins": begins, "segment": segments, "dim": dims}


def write(writing, parts: list[dict[str, np.ndarray]]) -> None:
    rows = pa.concat_tables(pa.table(part) for part in parts)
    count = len(rows)
    detail = rows.append_column("part", pa.array(np.zeros(count, np.int32)))
    detail = detail.append_column("revision", pa.array(np.ones(count, np.int64)))
    writing.append("changes", detail.select(TABLES["changes"].columns).cast(TABLES["changes"].schema))
    begins = rows["begins"].to_numpy()
    distinct, at = np.unique(begins, return_inverse=True)
    for table, grain in (("hours", "hour"), ("days", "day"), ("months", "month")):
        starts = np.array([CALENDAR.start(grain, int(instant)) for instant in distinct])[at]
        sums = (
            rows.set_column(rows.schema.get_field_index("begins"), "begins", pa.array(starts))
            .group_by(["segment", "begins", "dim"])
            .aggregate([("value", "sum")])
            .rename_columns({"value_sum": "value"})
            .sort_by([("begins", "ascending"), ("segment", "ascending")])
        )
        writing.append(table, sums.select(TABLES[table].columns).cast(TABLES[table].schema))
        if table == "days":
            dated = sums.append_column("known_at", pa.array(sums["begins"].to_numpy() + 86_400))
            writing.append("revisions", dated.select(TABLES["revisions"].columns).cast(TABLES["revisions"].schema))


def seconds(url: str) -> tuple[float, int]:
    begun = time.perf_counter()
    size = 0
    with urllib.request.urlopen(url, timeout=300) as answer:
        while piece := answer.read(1 << 20):
            size += len(piece)
    return time.perf_counter() - begun, size


def say(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def measure(address: str, folder: Path) -> list[dict]:
    document = {"type": "FeatureCollection", "features": [feature(segment) for segment in network().segments]}
    (folder / "network.geojson").write_text(json.dumps(document))
    log = folder / "api.log"
    command = ["api", "--network", str(folder / "network.geojson"), "--store", address, "--api-port", "0"]
    results = []
    with child([*command, "--home", str(folder), "--broker", "127.0.0.1:1"], log):
        while not (found := ADDRESS.search(log.read_text())):
            time.sleep(0.1)
        for name, asked, wanted_s in QUESTIONS:
            url = f"{found[1]}/counts?{asked}"
            runs = [seconds(url) for _ in range(2 if wanted_s > 1 else 7)]
            took = statistics.median(run[0] for run in runs)
            results.append(
                {"question": name, "ms": round(took * 1_000), "wanted_ms": wanted_s * 1_000, "bytes": runs[0][1]}
            )
            say(results[-1])
        with ThreadPoolExecutor(50) as clients:
            begun = time.perf_counter()
            took = sorted(
                run[0] for run in clients.map(lambda n: seconds(f"{found[1]}/counts?{QUESTIONS[n % 6][1]}"), range(500))
            )
            each = {"median_ms": round(took[250] * 1_000), "p95_ms": round(took[475] * 1_000)}
            results.append(
                {"question": "50 clients, 500 questions", "a_second": round(500 / (time.perf_counter() - begun))} | each
            )
            say(results[-1])
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--store", choices=("duckdb", "postgres"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if chosen.store != "postgres":
            address = str(Path(folder) / "store.duckdb")
            fill(address, chosen.cells)
            say(f"duckdb: {Path(address).stat().st_size / 1e6:.0f} MB")
            measure(address, Path(folder))
        if chosen.store != "duckdb":
            with running_postgres() as server:
                address = make_database(server, "bench")
                fill(address, chosen.cells)
                with dbapi.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
                    cursor.execute("VACUUM ANALYZE")
                say("postgres")
                measure(address, Path(folder))


if __name__ == "__main__":
    main()
