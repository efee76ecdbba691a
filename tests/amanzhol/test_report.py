"""`amanzhol report`: what is refused, and what a small country's summary says in each language and format."""

from __future__ import annotations

import datetime as dt
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import typst

from amanzhol.report import language as language_module
from amanzhol.report.evidence import seen
from amanzhol.report.figures import Area, Evidence, Seen, period_figures
from amanzhol.report.language import LANGUAGES, Language
from amanzhol.report.summary import Wanted, write_summary
from amanzhol.report.worst import find_worst
from amanzhol.settings import Settings
from models.cells import CellKey
from models.coverage import CoverageCell, Watcher
from models.errors import RunError
from models.ledger import Ledger
from models.network import Network, Segment
from models.statistics.comparison import Period, Watched
from models.statistics.severity import DEFAULT_WEIGHTS
from models.statistics.sun import Light
from tests.rows import AQTAU, NETWORK, ON_R0, ON_R10, accident, raw, report, rules, violation

MADE = dt.datetime(2026, 1, 15, 12, tzinfo=AQTAU)
SPAN = ("--from", "2025-01-01", "--to", "2025-10-01")
NETWORK_OPTION = ("--network", "network.geojson")

REFUSED = [
    ((), "'--from'"),
    (("--from", "2025-01-01", "--out", "r.md"), "'--to'"),
    (("--from", "yesterday", "--to", "2025-10-01", "--out", "r.md"), "--from: 'yesterday' is no day"),
    (("--from", "2025-02-30", "--to", "2025-10-01", "--out", "r.md"), "--from: '2025-02-30' is no day"),
    (("--from", "2025-01-01T00:00", "--to", "2025-10-01", "--out", "r.md"), "--from: '2025-01-01T00:00' is no day"),
    (("--from", "0001-01-01", "--to", "2025-10-01", "--out", "r.md"), "--from: 0001-01-01 lies outside"),
    (("--from", "2025-01-01", "--to", "9999-12-31", "--out", "r.md"), "--to: 9999-12-31 lies outside"),
    (("--from", "2025-10-01", "--to", "2025-01-01", "--out", "r.md"), "--to: 2025-01-01 must come after"),
    ((*SPAN, "--out", "r.docx"), "r.docx: the ending says the format: one of .md, .html, .pdf"),
    ((*SPAN, "--out", "nowhere/r.md"), "the folder nowhere does not exist"),
    ((*SPAN, "--out", "r.md", "--lang", "../en"), "--lang: '../en' must be one of en, kk, ru"),
    ((*SPAN, "--out", "r.md", "--region", "Aktau"), "--region: needs --network"),
    ((*SPAN, "--out", "r.md", "--region", "Atlantis", *NETWORK_OPTION), "'Atlantis' is no district"),
    ((*SPAN, "--out", "r.md", "--network", "none.geojson"), "none.geojson: cannot be read"),
    ((*SPAN, "--out", "network.geojson.md", "--breaks", "none.csv"), "none.csv: cannot be read"),
    ((*SPAN, "--out", "r.md", "--weights", "dead"), "--weights: dead: '' is no number"),
    ((*SPAN, "--out", "r.md", "--weights", "dead=1,dead=2"), "each once"),
    ((*SPAN, "--out", "r.md", "--weights", "lives=1"), "--weights: 'lives=1' must be one of dead"),
    ((*SPAN, "--out", "r.md", "--weights", "dead=-1"), "the severity weight dead must be 0 or more"),
    ((*SPAN, "--out", "r.md", "--as-of", "2025-10-24"), "--as-of: needs --api"),
    ((*SPAN, "--out", "r.md", "--as-of", "then"), "--as-of: 'then' is no time"),
    ((*SPAN, "--out", "r.md", "--as-of", "2025-10-24T09:00:00"), "--as-of: '2025-10-24T09:00:00' has no offset"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "fault"), REFUSED)
def test_what_is_wrong_is_said_in_one_line(command, folder, arguments, fault):
    outcome = command("report", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert fault in outcome.err
    assert outcome.err.count("\n") == 1
    assert list(folder.glob("*r.md*")) == []


# A little more than nothing: what happened in the country of `tests.rows`, one line each.

NIGHT, DAY = "2025-03-05T01:00:00+05:00", "2025-03-05T13:00:00+05:00"
EVENTS = [
    accident(event_id="a1", occurred_at=DAY, location=ON_R0, dead=1, injured=2, serious=1),
    accident(event_id="a2", occurred_at=DAY, location=ON_R0, injured=30),
    accident(event_id="a3", occurred_at="2025-09-30T23:59:59+05:00", location=ON_R0, injured=1),
    accident(event_id="a4", occurred_at=NIGHT, location=ON_R10, kind="animal", dead=1),
    accident(event_id="a5", occurred_at=DAY, kind="animal"),  # nobody knows where
    accident(event_id="a6", occurred_at=DAY, location={"area": "Beyneu"}),
    accident(event_id="a7", occurred_at=DAY, location=ON_R0, official=False, dead=9),
    accident(event_id="b1", occurred_at="2024-01-01T00:00:00+05:00", location=ON_R0, dead=3),
    accident(event_id="b2", occurred_at="2024-09-30T00:00:00+05:00", location=ON_R0),
    # outside: the last second before, and the first one after
    accident(event_id="c1", occurred_at="2023-12-31T23:59:59+05:00", location=ON_R0, dead=50),
    accident(event_id="c2", occurred_at="2024-10-01T00:00:00+05:00", location=ON_R0, dead=50),
    accident(event_id="c3", occurred_at="2025-10-01T00:00:00+05:00", location=ON_R0, dead=50),
    violation(event_id="v1", occurred_at=DAY),
    violation(event_id="v2", occurred_at=DAY, offence="592.3-1"),
    violation(event_id="v3", occurred_at=DAY, offence="999", source_id="car-1", location=ON_R0),
    report(event_id="r1", occurred_at=DAY, handled_at="2025-03-05T13:30:00+05:00"),
    report(event_id="r2", occurred_at=DAY, handled_at="2025-03-25T13:30:00+05:00", channel="kaspi"),
    report(event_id="r3", occurred_at=DAY, channel="pigeon"),
]


def evidence(events=EVENTS, coverage=None, **changes):
    counted = Ledger(rules())
    folded = counted.fold([raw(event) for event in events])
    assert folded.refused == []
    cells = {CellKey(segment_id, start): cell for segment_id, start, cell in counted.cells()}
    return Evidence(cells, rules().windows.end, coverage or {}, "a test", **changes)


def written(folder, read=None, *, made=MADE, **changes):
    """Write a summary of the country. Returns its text, Markdown unless told otherwise."""
    wanted = replace(Wanted(first="2025-01-01", end="2025-10-01", language="en", out=folder / "summary.md"), **changes)
    settings = Settings(network=folder / "network.geojson", devices=folder / "devices.csv")
    held = evidence() if read is None else read
    write_summary(settings, wanted, made, lambda _: held)
    return wanted.out.read_text(encoding="utf-8") if wanted.out.suffix != ".pdf" else wanted.out.read_bytes()


def table_below(text, heading):
    """Rows of the first table below a heading of Markdown."""
    lines = text.split(f"## {heading}\n")[1].splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("|")) + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return rows


def test_an_empty_topic_is_no_summary_of_zeros(folder):
    with pytest.raises(RunError, match="nothing has been counted yet: a test holds no cells"):
        written(folder, evidence([]))
    assert not (folder / "summary.md").exists()


def test_accidents_with_the_period_before(folder):
    rows = table_below(written(folder), "Accidents")
    assert [row[:3] for row in rows] == [
        ("Accidents", "6", "2"),
        ("of these with dead", "2", "1"),
        ("of these with injured, nobody dead", "2", "0"),
        ("Dead", "2", "3"),
        ("Injured", "33", "0"),
        ("Dead per 100 dead and injured", "5.7", "100.0"),
        ("Accidents not in official counts, apart from the above", "1", "0"),
    ]
    assert rows[0][3] == "+200.0\u00a0%"
    assert rows[4][3] == "–"


def test_across_a_break_there_is_no_percentage_but_the_reason(folder):
    (folder / "breaks.csv").write_text("date,measure,reason,source\n2024-06-01,accidents,new rules,the gazette\n")
    text = written(folder, breaks=folder / "breaks.csv")
    assert [row[3:] for row in table_below(text, "Accidents")[:1]] == [("–", "–")]
    assert "Accidents: no percentage, because counting changed on 2024-06-01: new rules. Source: the gazette" in text
    assert table_below(text, "Accidents")[3][3] == "−33.3\u00a0%"


def test_2024_is_not_compared_with_2023(folder):
    text = written(folder, first="2024-01-01", end="2024-02-01")
    assert "no percentage, because counting changed on 2024-01-01" in text


def test_animals_by_light_and_what_lies_nowhere(folder):
    text = written(folder)
    assert table_below(text, "Accidents with animals") == [
        ("day", "0"), ("twilight", "0"), ("night", "1"), ("not known: no place, or windows too long", "1"),
    ]  # fmt: skip
    assert "2 of 6 accidents could not be placed" in text


def test_violations_are_detections_by_fleet_and_article(folder):
    text = written(folder)
    assert "Detections by devices, not fines" in text
    assert table_below(text, "Violations detected") == [
        ("592.2: speeding by 20–40 km/h", "1", "0", "1"),
        ("592.3-1: speeding by 60 km/h and more", "1", "0", "1"),
        ("999", "0", "1", "1"),
        ("Total", "2", "1", "3"),
    ]


def test_reports_by_channel_with_the_bounds_of_their_waiting(folder):
    assert table_below(written(folder), "Citizens' reports") == [
        ("Kaspi", "1", "0", "0", "more than 10 d", "more than 10 d"),
        ("other", "1", "0", "1", "–", "–"),
        ("Police 102", "1", "0", "0", "at most 1 h", "at most 1 h"),
        ("Total", "3", "0", "1", "at most 1 h", "more than 10 d"),
    ]


def test_devices_and_what_nobody_watched(folder):
    hour = 1_741_161_600  # 13:00 on 5 March 2025
    watched = {CellKey("R/0", hour): Seen({"fixed_camera": 5_400}, 3_600, 0)}
    assert table_below(written(folder, evidence(coverage=watched)), "Devices at work") == [
        ("fixed cameras", "6", "1", "2"),  # 5,400 s are 1.5 h; one camera and the drone only test
        ("Ekin Patrol", "0", "0", "–"),
        ("Oracle hidden patrol", "1", "0", "–"),
        ("drones", "1", "1", "–"),
    ]


def test_watching_is_added_up_over_devices_and_observing_is_not():
    cell = CoverageCell({Watcher("fixed_camera", "a"): [(0, 60)], Watcher("drone", "b"): [(30, 90)]}, 7)
    assert seen(cell) == Seen({"fixed_camera": 60, "drone": 60}, 90, 7)


def test_the_worst_segments_have_their_interval_and_a_map(folder):
    text = written(folder)
    (row,) = table_below(text, "Ten worst segments")
    assert row[:6] == ("1", "R/0", "3", "1", "33", "40.0")
    assert "it needs three years, and counts begin on 2023-12-31" in text
    assert "![Where they are](summary-map.svg)" in text
    drawn = ET.parse(folder / "summary-map.svg").getroot()
    assert [mark.text for mark in drawn.iter("{http://www.w3.org/2000/svg}text")] == ["1"]
    weighed = table_below(written(folder, weights="dead=100,injured=0"), "Ten worst segments")
    assert weighed[0][5] == "103.0"


def test_from_three_years_on_expectation_decides(folder):
    spread = [
        accident(event_id=f"e{n}", occurred_at=f"{2021 + n % 4}-06-01T12:00:00+05:00", location=ON_R0, injured=1)
        for n in range(60)
    ]
    tens = [Segment(segment_id=f"T/{n}", route="T", from_km=n, to_km=n + 1) for n in range(20)]
    network = Network([*NETWORK.segments, *tens])
    period = Period(dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    area = Area(network, None)
    held = evidence(spread)
    now = period_figures(held, area, period, AQTAU, int(MADE.timestamp()))
    worst = find_worst(held, area, now, dt.date(2021, 6, 1), AQTAU, DEFAULT_WEIGHTS)
    assert worst.ranking.insufficient is None
    assert (worst.history.days, worst.ten[0].segment_id, worst.ten[0].accidents) == (1_096, "R/0", 45)
    assert worst.raw["R/0"].accidents == 15


def test_a_summary_of_three_years_says_what_it_mixes(folder):
    """Four segments are too few for an estimate, so the network is made larger."""
    network = json.loads((folder / "network.geojson").read_bytes())
    more = [{"type": "Feature", "geometry": None, "properties": {"segment_id": f"T/{n}", "route": "T", "from_km": n,
             "to_km": n + 1}} for n in range(20)]  # fmt: skip
    (folder / "network.geojson").write_text(json.dumps(network | {"features": network["features"] + more}))
    many = [
        accident(event_id=f"e{n}", occurred_at=f"{2021 + n % 5}-01-01T12:00:00+05:00", location=ON_R0, injured=1)
        for n in range(50)
    ]
    text = written(folder, evidence(many))
    rows = table_below(text, "Ten worst segments")
    assert len(rows) == 10
    assert rows[0][1:3] == ("R/0", "10")
    assert len(rows[0]) == 10
    assert "Counting changed on 2024-01-01, within these years" in text
    assert "from 2022-10-01 to 2025-09-30" in text


def test_a_region_has_only_its_own(folder):
    segments = [replace(one, district="Karakiya") if one.segment_id == "R/10" else one for one in NETWORK.segments]
    area = Area(Network(segments), "karakiya")
    assert [name for name in ("R/10", "R/0", "unlocated", "unlocated:Karakiya", "unlocated:Beyneu", "section:s1")
            if area.holds(name)] == ["R/10", "unlocated:Karakiya"]  # fmt: skip
    found = period_figures(evidence(), area, Period(dt.date(2025, 1, 1), dt.date(2025, 10, 1)), AQTAU, 0)
    assert (found.sum("accidents"), found.animals_by_light) == (1, {Light.NIGHT: 1})


MARKS = [
    (dt.datetime(2025, 9, 1, tzinfo=AQTAU), "6*", "2*"),
    (dt.datetime(2025, 10, 1, 23, 59, tzinfo=AQTAU), "6*", "2*"),
    (dt.datetime(2025, 10, 2, tzinfo=AQTAU), "6", "2*"),  # final; the injured may still die
    (dt.datetime(2025, 10, 31, tzinfo=AQTAU), "6", "2"),
]


@pytest.mark.parametrize(("made", "accidents", "dead"), MARKS)
def test_what_may_change_is_marked(folder, made, accidents, dead):
    text = written(folder, made=made)
    rows = table_below(text.replace("\\*", "*"), "Accidents")
    assert (rows[0][1], rows[3][1]) == (accidents, dead)
    assert ("Provisional:" in text) == accidents.endswith("*")


def test_knowledge_of_an_earlier_day_is_as_provisional_as_it_was_then(folder):
    then = dt.datetime(2025, 10, 1, 12, tzinfo=AQTAU)
    text = written(folder, evidence(as_of_s=int(then.timestamp())), as_of="2025-10-01T12:00:00+05:00")
    assert "Provisional:" in text
    assert "As it was known on 2025-10-01 12:00" in text


def test_what_is_missing_or_never_happened_is_said_first(folder):
    assert "\n> **Incomplete: the API's store was behind" in written(folder, evidence(behind=True))
    wanted = Wanted(first="2025-01-01", end="2025-10-01", language="en", out=folder / "summary.md")
    write_summary(Settings(prefix="demo-1."), wanted, MADE, lambda _: evidence())
    text = wanted.out.read_text(encoding="utf-8")
    assert "\n> **SIMULATED:" in text
    assert "No network was given" in text
    assert "## Ten worst segments" not in text


def test_only_segments_watched_in_both_periods_are_compared():
    start = int(dt.datetime(2025, 1, 1, tzinfo=AQTAU).timestamp())
    hours = {CellKey("R/0", start + 3_600 * n): Seen({"fixed_camera": 3_600}, 3_600, 5) for n in range(24)}
    found = period_figures(
        evidence([], coverage=hours), Area(None, None), Period(dt.date(2025, 1, 1), dt.date(2025, 1, 2)), AQTAU, 0
    )
    assert found.watched == {"R/0": Watched(0, 86_400, 86_400)}


def test_a_window_of_a_day_does_not_say_by_what_light(folder):
    held = evidence()
    by_day = held._replace(window_end=lambda start: start + 86_400)
    assert table_below(written(folder, by_day), "Accidents with animals")[3] == (
        "not known: no place, or windows too long",
        "2",
    )


# Formats, and names that want to be more than names.

HOSTILE = '"><script>alert(1)</script> | #let x = 1 *b* $1$ \\ [l](http://x) \u202e'


@pytest.fixture
def hostile(folder: Path) -> Path:
    text = (folder / "network.geojson").read_text(encoding="utf-8")
    escaped = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "network.geojson").write_text(
        text.replace('"segment_id": "R/0"', f'"name": "{escaped}", "segment_id": "R/0"').replace(
            '{"type": "FeatureCollection"', '{"attribution": "© Someone <b>", "type": "FeatureCollection"'
        ),
        encoding="utf-8",
    )
    return folder


def test_html_asks_for_nothing_and_runs_nothing(hostile):
    page = written(hostile, out=hostile / "summary.html")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert re.findall(r"(?:src|href)=|url\(", page) == []
    assert page.count("<svg") == 2
    assert "© Someone &lt;b&gt;" in page


def test_markdown_has_no_more_columns_than_its_head(hostile):
    text = written(hostile)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines if "script" in line} == {9}
    assert "<script>" not in text.replace("\\<", "")


def test_pdf_is_the_same_each_time(hostile):
    once, again = (written(hostile, out=hostile / "summary.pdf", language="kk") for _ in range(2))
    assert once.startswith(b"%PDF-")
    assert once == again


def test_a_wrong_template_value_is_no_empty_place(folder, monkeypatch):
    template = (Path(language_module.__file__).parent / "templates" / "summary.typ").read_bytes()
    with pytest.raises(typst.TypstError):
        typst.compile(template, format="pdf", sys_inputs={"document": "{}"})


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("suffix", [".md", ".html"])
def test_a_summary_in_every_language(folder, code, suffix):
    text = written(folder, language=code, out=folder / f"summary{suffix}")
    assert Language(code)("violations_label") in text
    assert "{" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
