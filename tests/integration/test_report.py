"""The nine months of 2025 through a real Kafka and a real worker give the summary that was published for them."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from amanzhol.report.summary import Wanted, read_evidence, write_summary
from amanzhol.settings import Settings
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from devices.simulator import DEFAULT_SEED, FLAWLESS, simulate
from devices.simulator.accidents import accidents
from devices.simulator.moments import AQTAU
from devices.simulator.quotas import days_of
from devices.simulator.reports import reports
from models.errors import RunError, ServiceUnavailableError, SettingsError
from tests.command_line import AMANZHOL, amanzhol, environment
from tests.integration.stream import REGION, Stream, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amanzhol.broker import EmbeddedBroker
    from devices.simulator import SimulatedRecord

FIRST, END = dt.date(2024, 1, 1), dt.date(2025, 10, 1)
PUBLISHED = {"Accidents": "1,195", "Dead": "68", "Injured": "1,742"}
REPORTS = "858"
FLEET = {"fixed cameras": "215", "Ekin Patrol": "10", "Oracle hidden patrol": "2", "drones": "2"}


def registers() -> Iterator[SimulatedRecord]:
    """What the registers send about both periods, and the whole fleet's last day: violations take long to simulate."""
    for day in days_of(FIRST, END):
        for register in (accidents, reports):
            yield from (draft.record() for draft in register(DEFAULT_SEED, day))
    last = dt.datetime(2025, 9, 30, 12, tzinfo=AQTAU)
    fleet = simulate(DEFAULT_SEED, last, last + dt.timedelta(hours=6), imperfections=FLAWLESS, status_interval_s=3_600)
    yield from (record for record in fleet if record.topic in {"violations", "statuses"})


@pytest.fixture(scope="module")
def counted(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stream]:
    """A stream that has counted them."""
    stream = Stream(broker.address, "report.", tmp_path_factory.mktemp("report"))
    try:
        stream.make_topics()
        worker = stream.worker()
        stream.send(registers())
        stream.wait_counted()
        assert worker.stop() == 0
        yield stream
    finally:
        stream.close()


def table(text: str, heading: str) -> dict[str, list[str]]:
    """Rows of the first table below a heading, by their first cell."""
    lines = re.search(rf"## {heading}\n.*?(\|.*?)\n\n", text, re.DOTALL)[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in rows}


def test_the_published_figures_come_out(counted: Stream, tmp_path: Path) -> None:
    done = amanzhol(
        *("report", "--from", "2025-01-01", "--to", "2025-10-01", "--out", "summary.md"),
        *("--broker", counted.broker, "--prefix", counted.prefix, *REGION),
        cwd=tmp_path,
    )
    assert (done.code, done.out) == (0, "")
    assert done.err == "1,195 accidents from 2025-01-01 to before 2025-10-01 in summary.md\n"
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert {name: table(text, "Accidents")[name][0] for name in PUBLISHED} == PUBLISHED
    assert [table(text, "Accidents")[name][1] for name in PUBLISHED] == ["799", "59", "1,095"]
    assert table(text, "Citizens' reports")["Total"][0] == REPORTS
    assert {name: row[0] for name, row in table(text, "Devices at work").items()} == FLEET
    assert table(text, "Devices at work")["fixed cameras"][2] not in {"–", "0"}
    assert len(table(text, "Ten worst segments")) == 10
    assert sorted(path.name for path in tmp_path.iterdir())[:2] == ["summary-detail-1.svg", "summary-detail-2.svg"]


@pytest.fixture(scope="module")
def service(counted: Stream) -> Iterator[str]:
    """Address of the API, once it has taken in all that was counted."""
    log = counted.folder / "api.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [AMANZHOL, "api", "--broker", counted.broker, "--prefix", counted.prefix, *REGION[:2], "--api-port", "0",
             "--home", str(counted.folder / "api")],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(), start_new_session=True,
        )  # fmt: skip

    def address() -> re.Match[str] | None:
        return re.search(r"http://[\d.]+:\d+", log.read_text())

    def caught_up() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{address()[0]}/api/v1/freshness", timeout=5) as answer:
            freshness = json.load(answer)
            return not freshness["behind"] and freshness["read_through"] is not None
        return False

    try:
        wait_until(lambda: address() is not None or process.poll() is not None, "the API's address")
        assert process.poll() is None, log.read_text()
        wait_until(caught_up, "all that was counted in the API's store")
        yield address()[0]
    finally:
        process.terminate()
        process.wait(20)


def summary(counted: Stream, out: Path, **changes: str) -> str:
    """Write a summary in this process, by a clock far enough on for all figures to be final."""
    settings = Settings(broker=counted.broker, prefix=counted.prefix, network=NETWORK_PATH, devices=DEVICES_PATH)
    wanted = Wanted(**{"first": "2025-01-01", "end": "2025-10-01", "language": "en", "out": out, **changes})
    told: list[tuple[int, int]] = []
    write_summary(
        settings,
        wanted,
        dt.datetime(2026, 1, 15, tzinfo=AQTAU),
        lambda as_of: read_evidence(settings, wanted, lambda *progress: told.append(progress), as_of),
    )
    assert 0 < told[0][0] <= told[-1][0] <= told[-1][1]
    return out.read_text(encoding="utf-8") if out.suffix != ".pdf" else out.read_bytes().decode("latin-1")


@pytest.mark.parametrize("language", ["en", "kk", "ru"])
@pytest.mark.parametrize("suffix", [".html", ".pdf"])
def test_every_language_and_format_holds_the_same_figures(counted: Stream, tmp_path: Path, language, suffix) -> None:
    text = summary(counted, tmp_path / f"summary{suffix}", language=language)
    if suffix == ".pdf":
        assert text.startswith("%PDF-")
        assert len(text) > 50_000
    else:
        figures = [number.replace(",", "," if language == "en" else "\u00a0") for number in ("1,195", "1,742", "858")]
        assert [f"<td>{number}</td>" in text for number in figures] == [True] * 3


def test_read_from_the_api_it_is_the_same_word_for_word(counted: Stream, service: str, tmp_path: Path) -> None:
    texts = [summary(counted, tmp_path / f"{name}.md", **asked) for name, asked in (("k", {}), ("a", {"api": service}))]
    # The last line says where it was read; the files of drawings are named after each.
    alike = [re.sub(r"\]\([ka]-", "](", text.partition("\n---\n")[0]) for text in texts]
    assert alike[0] == alike[1]
    assert service in texts[1]


def test_as_of_a_moment_it_tells_what_was_known_then(counted: Stream, service: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=f"nothing has been counted yet: {service} holds no cells"):
        summary(counted, tmp_path / "then.md", api=service, as_of="2025-10-24")
    september = {"first": "2025-09-01", "api": f"{service}/api/v1/", "as_of": "2125-10-24"}
    later = summary(counted, tmp_path / "later.md", **september)
    assert table(later, "Accidents")["Accidents"][0] == "168"
    assert "As it was known on 2125-10-24 00:00" in later


def test_an_api_that_refuses_is_quoted(counted: Stream, service: str, tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailableError, match="does not answer"):
        summary(counted, tmp_path / "none.md", api="http://127.0.0.1:1")
    with pytest.raises(ServiceUnavailableError, match="refuses: there is no such page"):
        summary(counted, tmp_path / "none.md", api=f"{service}/elsewhere")
    with pytest.raises(SettingsError, match="--api: 'file:///etc' is no address"):
        summary(counted, tmp_path / "none.md", api="file:///etc")
    assert list(tmp_path.iterdir()) == []
