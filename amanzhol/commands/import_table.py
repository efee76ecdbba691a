"""`amanzhol import`: a register's table to events, and the next one to what changed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from amanzhol.files.output import check_outputs, whole_file
from amanzhol.keys import read_private_key
from amanzhol.options import settings_options
from amanzhol.registers.importing import Order, Outcome, believe, take_over
from amanzhol.registers.mapping import Mapping, read_mapping
from amanzhol.registers.memory import Memory, memory_path, open_memory
from amanzhol.registers.table import Row, read_rows
from amanzhol.settings import Settings, load_settings
from devices.kafka_sink import KafkaSink, connect
from devices.simulator.record import SimulatedRecord
from models.errors import RunError, SettingsError, TableFileError
from models.topics import CORRECTIONS, INPUTS, Topics

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE = click.Path(path_type=Path)
_STANDARD_OUTPUT = Path("-")
_FILES = "files"
_SHOWN = 10
_CLOCK_TOLERANCE = timedelta(minutes=5)
_MAX_ID = 64


@click.command("import")
@click.argument("table", type=_FILE)
@click.option("--map", "map_", required=True, type=_FILE, help="TOML: which column becomes which field, and how.")
@click.option("--source", required=True, help="The register's source_id.")
@click.option("--out", type=_FILE, help="NDJSON instead of Kafka: a file, or - for standard output.")
@click.option("--previous", type=_FILE, help="The table before this one, where this machine did not import it itself.")
@click.option("--retract-missing", is_flag=True, help="Retract cards that the table no longer has.")
@click.option("--drawn-at", metavar="TIME", help="When the table was drawn: a later one wins. [now]")
@click.option("--report", type=_FILE, help="NDJSON of rows that were not believed, and of cards that vanished.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send and remember nothing.")
@settings_options("broker", "prefix", "home", "signing_key")
def import_table(
    *,
    table: Path,
    map_: Path,
    source: str,
    out: Path | None,
    previous: Path | None,
    retract_missing: bool,
    drawn_at: str | None,
    report: Path | None,
    dry_run: bool,
    **flags: Any,
) -> None:
    """Import TABLE (CSV, also .gz), a register as it is now.

    What was imported before is remembered: of the next table only new cards are sent, as events, and cards that
    changed, as corrections. A card that vanished is reported. The same table again sends nothing.
    """
    settings = load_settings(**flags)
    _check_source(source)
    to_file = None if out == _STANDARD_OUTPUT else out
    check_outputs((to_file, report), (table, map_, previous))
    mapping = read_mapping(map_)
    signing_key = None if settings.signing_key is None else read_private_key(settings.signing_key)
    destination = _FILES if out is not None else f"kafka {settings.prefix}"
    with open_memory(memory_path(settings.home, source), destination) as memory:
        order = Order(str(table), source, _drawn_at(drawn_at, memory), retract_missing, signing_key)
        with memory.transaction(keep=not dry_run):
            if previous is not None and memory.is_empty:
                believe(memory, mapping, _shown_rows(previous, mapping), source)
            outcome = take_over(memory, mapping, _shown_rows(table, mapping), order)
        if not dry_run:
            _deliver(memory, out, settings)
    if report is not None:
        _write_report(outcome, report)
    _tell(outcome, table, retract_missing=retract_missing, dry_run=dry_run)


def _check_source(source: str) -> None:
    if not (1 <= len(source) <= _MAX_ID and source.isprintable()):
        raise SettingsError(f"--source: a source_id is 1 to {_MAX_ID} printable characters")


def _drawn_at(text: str | None, memory: Memory) -> datetime:
    """When the table was drawn. Raises SettingsError for an older one than the last, and for one of the future."""
    now = datetime.now(UTC)
    _imports, last_ms = memory.last
    last = datetime.fromtimestamp(last_ms / 1_000, UTC)
    if text is None:
        return max(now, last)
    try:
        drawn_at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--drawn-at: {text!r} is no time; write 2026-11-22T09:30:00+05:00") from None
    if drawn_at.tzinfo is None:
        raise SettingsError(f"--drawn-at: {text!r} has no offset; end it with Z or +05:00")
    if drawn_at > now + _CLOCK_TOLERANCE:
        raise SettingsError(f"--drawn-at: {text} lies in the future")
    if drawn_at < last:
        raise SettingsError(
            f"--drawn-at: {text} is before the table that was imported last ({last.isoformat()}): an older table "
            "would undo what the newer one said"
        )
    return drawn_at


def _shown_rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    """Read rows; on a terminal show how far."""
    console = Console(stderr=True)
    columns = (TextColumn("importing {task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        size = path.stat().st_size
    except OSError as error:
        raise TableFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(path.name, total=size)
        yield from read_rows(path, mapping.table, mapping.columns, lambda done: bar.update(task, completed=done))


def _deliver(memory: Memory, out: Path | None, settings: Settings) -> None:
    """Bring the outbox to its destination, and empty it once all of it is there."""
    if out is None:
        try:
            _publish(memory, settings)
        except RunError as error:
            raise type(error)(f"{error}; nothing is lost: the next import sends what is still waiting") from error
    elif out == _STANDARD_OUTPUT:
        _write_lines(memory, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with whole_file(out) as temporary, temporary.open("wb") as file:
            _write_lines(memory, file)
    memory.delivered()


def _write_lines(memory: Memory, file: Any) -> None:
    for due in memory.due():
        file.write(due.value + b"\n")


def _publish(memory: Memory, settings: Settings) -> None:
    topics = Topics(settings.prefix)
    with _sink(settings, topics) as sink:
        corrects = False
        for due in memory.due():
            if due.topic == CORRECTIONS and not corrects:
                sink.flush()  # an event is there before anything is said about it
                corrects = True
            event = msgspec.json.decode(due.value)
            key = event.get("target", event)["source_id"]
            sink.send(SimulatedRecord(0, due.topic, key, due.value))
        sink.flush()


@contextmanager
def _sink(settings: Settings, topics: Topics) -> Iterator[KafkaSink]:
    producer = connect(settings.broker, "amanzhol-import")
    try:
        yield KafkaSink(producer, {topic: topics.name(topic) for topic in INPUTS})
    finally:
        producer.close()


def _findings(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for fault in outcome.faults:
        yield {"finding": "refused", "line": fault.line, "column": fault.column, "message": fault.message}
    for card_id, line, other in outcome.conflicts:
        message = "stands in the table twice, with different values: neither was believed"
        yield {"finding": "conflict", "line": line, "other_line": other, "card": card_id, "message": message}
    for card_id in outcome.missing:
        yield {"finding": "missing", "card": card_id, "message": "was imported before and is not in the table"}


def _write_report(outcome: Outcome, path: Path) -> None:
    with whole_file(path) as temporary, temporary.open("wb") as file:
        for finding in _findings(outcome):
            file.write(msgspec.json.encode(finding) + b"\n")


def _tell(outcome: Outcome, table: Path, *, retract_missing: bool, dry_run: bool) -> None:
    """Say what became of the table, with the first of what was not believed."""
    for number, finding in enumerate(_findings(outcome)):
        if number == _SHOWN:
            more = len(outcome.faults) + len(outcome.conflicts) + len(outcome.missing) - _SHOWN
            click.echo(f"and {more:,} more: --report FILE has all of them", err=True)
            break
        place = f"line {finding['line']}" if "line" in finding else f"card {finding['card']}"
        also = f" and {finding['other_line']}" if "other_line" in finding else ""
        column = f", column {finding['column']}" if finding.get("column") else ""
        click.echo(f"{table}: {place}{also}{column}: {finding['message']}", err=True)
    vanished = f"{len(outcome.missing):,} vanished"
    if outcome.missing:
        vanished += " (retracted)" if retract_missing else " (still counted: --retract-missing retracts them)"
    click.echo(
        f"{outcome.rows:,} rows: {outcome.new:,} new, {outcome.changed:,} changed, {outcome.unchanged:,} as before, "
        f"{outcome.repeated:,} repeated, {len(outcome.conflicts):,} in conflict, {len(outcome.faults):,} refused; "
        f"{vanished}",
        err=True,
    )
    sent = ", ".join(f"{count:,} {topic}" for topic, count in outcome.sent.items()) or "nothing"
    click.echo(f"{sent} {'would be ' if dry_run else ''}sent", err=True)
