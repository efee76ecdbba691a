"""`amanzhol simulate`: the fleet of Mangystau, to Kafka or to a file."""

from __future__ import annotations

import math
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from amanzhol.options import settings_options
from amanzhol.settings import load_settings
from devices.kafka_sink import KafkaSink, connect
from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from devices.ndjson_sink import STANDARD_OUTPUT, write_records
from devices.pacing import Pace, paced
from devices.simulator import DEFAULT_SEED, FLAWLESS, KINDS, Imperfections, broken_down, parse_breakdown
from devices.simulator import simulate as simulate_region
from models.errors import OutputError, SettingsError
from models.topics import INPUTS, Topics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from devices.simulator import SimulatedRecord

_PROGRESS_EVERY = 2_000
"""Records between two looks at the progress bar: often enough to be smooth, seldom enough to cost nothing."""


@click.command()
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="The same seed makes the same events.")
@click.option("--from", "from_", metavar="TIME", help="RFC 3339, or a date: its local midnight.")
@click.option("--to", metavar="TIME", help="The end of the span, itself not in it.")
@click.option("--speed", type=float, help="Simulated seconds a second; as fast as possible unless told.")
@click.option("--live", is_flag=True, help="Once the clock is caught up with, keep to it.")
@click.option("--tail/--no-tail", default=True, help="Also what is sent after the span about moments in it. [--tail]")
@click.option("--out", metavar="FILE", help="NDJSON instead of Kafka: a file, also .gz, or - for standard output.")
@settings_options("broker", "prefix", "timezone")
@click.option(
    "--status-every", type=int, metavar="SECONDS", help="Between a camera's statuses; 0: none. [60 to a week]"
)
@click.option("--clean", is_flag=True, help="Nothing goes wrong: no repeats, no broken records, no wrong clocks.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help=f"Break something: {', '.join(KINDS)}, as in silent:device=cam-007, or from when to when of the span: "
    "clock:uplink=lte-highway@10m-40m. Of a device, site, uplink, district or kind; more than once for more.",
)
@click.option("--write-region", metavar="DIR", help="Write network.geojson and devices.csv there (alone, or as well).")
def simulate(
    *,
    seed: int,
    from_: str | None,
    to: str | None,
    speed: float | None,
    live: bool,
    tail: bool,
    out: str | None,
    status_every: int | None,
    clean: bool,
    faults: tuple[str, ...],
    write_region: str | None,
    **flags: Any,
) -> None:
    """Simulate the fleet and the registers of Mangystau over a span of time.

    Every year has the totals that the police published for it; on top come the faults of real devices.
    """
    if write_region is not None:
        _write_region(Path(write_region))
        if from_ is None and to is None:
            return
    settings = load_settings(**flags)
    span = (_moment("--from", from_, settings.zone), _moment("--to", to, settings.zone))
    imperfections = FLAWLESS if clean else Imperfections()
    try:
        records = simulate_region(seed, *span, imperfections=imperfections, status_interval_s=status_every, tail=tail)
    except ValueError as error:
        raise SettingsError(f"--from, --to, --status-every: {error}") from error
    start_us = round(span[0].timestamp()) * 1_000_000
    if faults:
        try:
            records = broken_down(records, [parse_breakdown(fault, start_us) for fault in faults])
        except ValueError as error:
            raise SettingsError(f"--fault: {error}") from error
    stop = threading.Event()
    if speed is not None or live:
        if speed is not None and not speed > 0:
            raise SettingsError(f"--speed: must be above 0, not {speed}")
        pace = Pace(speed or math.inf, start_us, time.monotonic, stop.wait, _now_us if live else None)
        records = paced(records, pace, stop.is_set)
    with _progress(records, span) as shown:
        if out is not None:
            written = write_records(shown, out)
            if out != STANDARD_OUTPUT:
                click.echo(f"{written:,} records in {out}", err=True)
        else:
            _publish(shown, settings.broker, Topics(settings.prefix))


def _now_us() -> int:
    return time.time_ns() // 1_000


def _publish(records: Iterator[SimulatedRecord], broker: str, topics: Topics) -> None:
    producer = connect(broker, "amanzhol-simulate")
    try:
        sink = KafkaSink(producer, {topic: topics.name(topic) for topic in INPUTS})
        try:
            acknowledged = sink.send_all(records)
        except KeyboardInterrupt:
            # What was handed over is still delivered, and said.
            acknowledged = sink.flush()
    finally:
        producer.close()
    for topic in INPUTS:
        click.echo(f"{topics.name(topic)}: {acknowledged.get(topic, 0):,} records acknowledged", err=True)


def _moment(option: str, text: str | None, zone: ZoneInfo) -> datetime:
    """Read a moment of the command line, aware. Raises `SettingsError`."""
    if text is None:
        raise SettingsError(f"{option} is missing: say when, such as 2025-01-01")
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{option}: {text!r} is no time; write 2025-01-01 or 2025-01-01T08:00:00+05:00") from None
    if moment.tzinfo is None:
        raise SettingsError(f"{option}: {text!r} has no offset; end it with Z or +05:00")
    return moment


def _write_region(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (NETWORK_PATH, DEVICES_PATH):
            partial = folder / f".{path.name}.partial"
            shutil.copyfile(path, partial)
            partial.replace(folder / path.name)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}): choose another folder") from error
    click.echo(f"{NETWORK_PATH.name} and {DEVICES_PATH.name} in {folder}", err=True)


@contextmanager
def _progress(
    records: Iterator[SimulatedRecord], span: tuple[datetime, datetime]
) -> Iterator[Iterator[SimulatedRecord]]:
    """Show on a terminal how much of the span has passed, while records are drawn."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[records]:,} records"))
    start_us, end_us = (round(moment.timestamp() * 1e6) for moment in span)
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("SIMULATED", total=max(end_us - start_us, 1), records=0)

        def watched() -> Iterator[SimulatedRecord]:
            for number, record in enumerate(records, start=1):
                if number % _PROGRESS_EVERY == 0:
                    # What is sent after the span's end belongs to it still: the bar waits there, full.
                    bar.update(task, completed=min(record.sent_at, end_us) - start_us, records=number)
                yield record

        yield watched()
