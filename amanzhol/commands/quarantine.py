"""`amanzhol quarantine`: what could not be counted, and the way back in."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from amanzhol.counting import ids_of
from amanzhol.files.events import read_lines
from amanzhol.options import FAILED, settings_options
from amanzhol.quarantine import Filter, Repaired, Replayer, codes_of, place_of, read_entries, try_repaired
from amanzhol.settings import load_settings
from models.errors import EventsFileError, RecordError, SettingsError
from models.records import encode, rfc3339
from models.topics import Topics
from streams.originals import OriginalReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from amanzhol.quarantine import Entry

F = TypeVar("F", bound="Callable[..., Any]")

_BATCH_RECORDS = 1_000
_SHOWN_FAULTS = 20


@click.group()
def quarantine() -> None:
    """Records that could not be counted: list them, look at one, bring repaired ones back."""


def _filter_options(command: F) -> F:
    """Add the options that say which records are meant."""
    for option in (
        click.option("--to", "end", metavar="OFFSET|TIME", help="Only before this offset, or time of refusal."),
        click.option("--from", "begin", metavar="OFFSET|TIME", help="Only from this offset, or time of refusal, on."),
        click.option("--source", help="Only those that say they are of this source."),
        click.option("--code", help="Only those refused for this reason."),
    ):
        command = option(command)
    return command


def _filter(code: str | None, source: str | None, begin: str | None, end: str | None) -> Filter:
    first, since_ms = _bound("--from", begin)
    last, until_ms = _bound("--to", end)
    return Filter(code, source, first, last, since_ms, until_ms)


def _bound(option: str, text: str | None) -> tuple[int | None, int | None]:
    """Read an offset or a time. Raises SettingsError."""
    if text is None:
        return None, None
    if text.isdecimal():
        return int(text), None
    with suppress(ValueError):
        when = datetime.fromisoformat(text)
        if when.tzinfo is not None:
            return None, round(when.timestamp() * 1000)
    raise SettingsError(
        f"{option} {text}: neither an offset nor a time with its zone, such as 2026-11-22T12:00:00+05:00"
    )


@quarantine.command("list")
@settings_options("broker", "prefix")
@_filter_options
@click.option("--limit", type=click.IntRange(min=0), default=100, show_default=True, help="The newest; 0 is all.")
@click.option("--json", "as_json", is_flag=True, help="NDJSON: all that is known of each.")
@click.option("--summary", is_flag=True, help="How many by code.")
def list_(
    *,
    code: str | None,
    source: str | None,
    begin: str | None,
    end: str | None,
    limit: int,
    as_json: bool,
    summary: bool,
    **flags: Any,
) -> None:
    """List what stands in quarantine, oldest first."""
    settings = load_settings(**flags)
    entries = read_entries(settings.broker, Topics(settings.prefix), _filter(code, source, begin, end))
    if summary:
        _show(("code", "records", "replayed"), codes_of(entries), as_json=as_json)
        return
    shown = entries[-limit:] if limit else entries
    if as_json:
        for entry in shown:
            click.echo(encode(_as_object(entry)))
        return
    columns = ("origin", "refused_at", "code", "source_id", "event_id", "replayed_at", "message")
    _show(columns, [tuple(_as_object(entry)[column] or "" for column in columns) for entry in shown], as_json=False)
    if len(shown) < len(entries):
        click.echo(f"the newest {len(shown):,} of {len(entries):,}: --limit 0 lists all", err=True)


def _as_object(entry: Entry) -> dict[str, Any]:
    """All that is known of an entry, by name."""
    ids = {"source_id": entry.source_id, "event_id": entry.event_id}
    known = {"origin": entry.origin, "refused_at": rfc3339(entry.refused_ms // 1000), **ids}
    return known | msgspec.structs.asdict(entry.record)


def _show(columns: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Print rows: a table on a terminal, by tabs elsewhere."""
    if as_json:
        for row in rows:
            click.echo(encode(dict(zip(columns, row, strict=True))))
        return
    console = Console()
    if not console.is_terminal:
        for row in (columns, *rows):
            click.echo("\t".join(_printable(cell) for cell in row))
        return
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(escape(_printable(cell)) for cell in row))
    console.print(table)


def _printable(cell: object) -> str:
    """Text of a cell. What a stranger sent must not steer the terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(cell))


@quarantine.command()
@click.argument("origin", metavar="TOPIC/PARTITION/OFFSET")
@settings_options("broker", "prefix")
def show(*, origin: str, **flags: Any) -> None:
    """Show one record in full, its plates masked."""
    settings = load_settings(**flags)
    place = place_of(origin)
    if place is None:
        raise SettingsError(f"{origin}: not of the form violations/0/1234, as `quarantine list` prints it")
    found = read_entries(settings.broker, Topics(settings.prefix), Filter(places=frozenset({place})))
    if not found:
        raise EventsFileError(f"{origin}: nothing of this origin stands in quarantine under {settings.prefix!r}")
    known = _as_object(found[0])
    known.pop("raw")
    for name, value in known.items():
        if value is not None and value != "":
            click.echo(f"{name}: {_printable(value)}")
    raw = found[0].record.bytes()
    text = raw.decode("utf-8", "replace")
    with suppress(msgspec.DecodeError):
        text = msgspec.json.format(raw, indent=2).decode()
    click.echo()
    click.echo("\n".join(_printable(line) for line in text.splitlines()))


@quarantine.command()
@click.argument("what", nargs=-1, metavar="[FILE.ndjson | TOPIC/PARTITION/OFFSET]...")
@settings_options("broker", "prefix")
@_filter_options
@click.option("--all", "everything", is_flag=True, help="All that was not replayed yet.")
@click.option("--again", is_flag=True, help="Also what was replayed before.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def replay(
    *,
    what: tuple[str, ...],
    code: str | None,
    source: str | None,
    begin: str | None,
    end: str | None,
    everything: bool,
    again: bool,
    dry_run: bool,
    yes: bool,
    **flags: Any,
) -> None:
    """Bring records back, once: repaired ones from files, or the originals, where the fault was repaired elsewhere.

    Of the latter the input topic still holds what was sent, unmasked and whole; it is sent again as it stands.
    """
    settings = load_settings(**flags)
    topics = Topics(settings.prefix)
    places = frozenset(place for place in map(place_of, what) if place is not None)
    files = [Path(name) for name in what if place_of(name) is None]
    wanted = _filter(code, source, begin, end)
    filtered = wanted != Filter() or bool(places)
    if files and (filtered or everything):
        raise SettingsError("replay either files, or what --code, --source, --from, --to, --all or origins choose")
    if not (files or filtered or everything):
        raise SettingsError("say what to replay: files, origins, --code, --source, --from, --to, or --all")
    entries = read_entries(settings.broker, topics, wanted._replace(places=places or None))
    due = [entry for entry in entries if again or entry.record.replayed_at is None]
    reader = OriginalReader(settings.broker, topics)
    try:
        found = _from_files(files, due, reader.partitions) if files else _originals(due, reader)
        ready: list[Repaired] = []
        faults: list[str] = []
        for name, outcome in found:
            if isinstance(outcome, Repaired):
                ready.append(outcome)
            else:
                faults.append(f"{name}: {outcome}")
    finally:
        reader.close()
    for fault in faults[:_SHOWN_FAULTS]:
        click.echo(_printable(fault), err=True)
    done = len(entries) - len(due)
    skipped = f", {done:,} were replayed before" if done and not files else ""
    headline = f"{len(ready):,} to be sent, {len(faults):,} left out{skipped}"
    if dry_run or not ready:
        click.echo(f"{headline}; nothing was sent")
    else:
        if not yes and Console().is_terminal:
            click.confirm(f"{headline}. Send?", abort=True)
        sent = Replayer(settings.broker, topics).send(ready)
        click.echo(f"{sent:,} sent, {len(faults):,} left out{skipped}")
    if faults:
        raise click.exceptions.Exit(FAILED)


def _from_files(
    files: Sequence[Path], due: Sequence[Entry], partitions: int
) -> Iterator[tuple[str, Repaired | RecordError]]:
    """Read repaired events; each settles what stands in quarantine under its identity."""
    by_ids: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in due:
        if entry.event_id:
            by_ids[entry.source_id, entry.event_id].append(entry)
    for path in files:
        for lines in read_lines(path, _BATCH_RECORDS, lambda _position: None):
            for number, raw in zip(lines.numbers, lines.records, strict=True):
                settles = tuple(by_ids.pop(ids_of(raw), ()))
                yield f"{lines.file}:{number}", try_repaired(raw, partitions, settles)


def _originals(due: Sequence[Entry], reader: OriginalReader) -> Iterator[tuple[str, Repaired | RecordError | str]]:
    """Read the originals, and check that they decode."""
    by_place = {entry.place: entry for entry in due}
    for place, raw in reader.read(by_place):
        entry = by_place[place]
        if raw is None:
            yield entry.origin, f"{entry.record.code}: not in the input topic any more, or unreadable there"
        else:
            yield entry.origin, try_repaired(raw, reader.partitions, (entry,))
