"""13,663 real accidents of a register with codes, empty fields and a clock that was changed."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.command_line import amanzhol
from tests.realdata import astana
from tests.realdata.recount import recount

pytestmark = pytest.mark.skipif(not astana.SOURCE.exists(), reason=f"{astana.SOURCE.name} is not beside this checkout")


MAPPING = Path(__file__).resolve().parents[2] / "docs" / "mappings" / "astana.toml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The register, counted by windows of five minutes and by local days."""
    folder = tmp_path_factory.mktemp("astana")
    (folder / "network.geojson").write_text(json.dumps(astana.network()), encoding="utf-8")
    astana.write_events(folder / "events.ndjson")
    outputs = "--out counts.csv --located located.csv --detail detail.csv --books books.json"
    for options in (outputs.split(), ["--window", "1d", "--out", "days.csv"]):
        rules = ("--network", "network.geojson", "--timezone", "Asia/Almaty")
        assert amanzhol("count", "events.ndjson", *rules, *options, cwd=folder).code == 0
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_the_register_holds_comes_out(folder: Path) -> None:
    counts = table(folder / "counts.csv")
    columns = ("accidents", "accidents_fatal", "dead", "injured", "animal_accidents", "accidents_unofficial")
    assert [sum(int(row[name]) for row in counts) for name in columns] == [13_663, 697, 773, 16_003, 25, 0]


def test_those_with_a_kilometre_of_a_known_highway_lie_on_its_posts(folder: Path) -> None:
    expected: Counter[str] = Counter()
    for line in (folder / "events.ndjson").read_text(encoding="utf-8").splitlines():
        location = json.loads(line)["location"]
        # 30.0 belongs to the post 30: a segment ends before its last kilometre.
        post = f"{location['route']}/{int(location['km'] // 10) * 10}" if "km" in location else ""
        expected[post if post in astana.segment_ids() else "unlocated"] += 1
    assert Counter(row["segment_id"] for row in table(folder / "located.csv")) == expected
    books = json.loads((folder / "books.json").read_text())
    assert {name: n for name, n in books.items() if n} == {"received": 13_663, "unlocated": 13_528, "counted": 135}


def test_every_kind_is_counted_and_codes_without_a_name_are_other(folder: Path) -> None:
    counted: Counter[str] = Counter()
    for row in table(folder / "detail.csv"):
        if row["measure"] == "accidents":
            counted[row["kind"]] += int(row["value"])
    assert counted == Counter(astana.KINDS.get(row["fd1r08p1"], "other") for row in astana.rows())
    assert counted["other"] == 124 + 72 + 5 + 163


def test_one_sql_query_over_the_raw_records_makes_the_same_table(folder: Path, tmp_path: Path) -> None:
    recount(folder / "events.ndjson", folder / "located.csv", tmp_path / "sql.csv")
    assert (folder / "counts.csv").read_bytes() == (tmp_path / "sql.csv").read_bytes()


def test_local_days_add_up_to_the_months_that_the_register_itself_names(folder: Path) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    for row in table(folder / "days.csv"):
        begins = dt.datetime.fromisoformat(row["window_start"]).astimezone(astana.ZONE)
        assert begins.time() == dt.time()
        counted[str(begins.year), str(begins.month)] += int(row["accidents"])
    assert counted == Counter((row["yr"], row["period"]) for row in astana.rows())


def test_the_time_somebody_derived_is_a_day_early_since_the_clock_was_changed() -> None:
    changed = dt.datetime(2024, 3, 1, tzinfo=astana.ZONE)
    late: Counter[tuple[bool, int]] = Counter()
    for row in astana.rows():
        occurred_at = astana.local_time_of(row)
        derived = dt.datetime.fromisoformat(row["accident_datetime"])
        late[occurred_at >= changed, (occurred_at.replace(tzinfo=None) - derived).days] += 1
    assert late == {(False, 0): 8_438, (True, 1): 5_224, (True, 0): 1}


def test_the_mapping_in_the_documents_imports_the_same_events(folder: Path) -> None:
    command = ("import", astana.SOURCE, "--map", MAPPING, "--source", astana.SOURCE_ID)
    for out, expected in (("imported.ndjson", folder / "events.ndjson"), ("again.ndjson", None)):
        assert amanzhol(*command, "--out", out, cwd=folder).code == 0
        lines = (folder / out).read_text(encoding="utf-8").splitlines()
        reference = [] if expected is None else expected.read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == [json.loads(line) for line in reference]
