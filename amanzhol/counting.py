"""`count`: the stream's own ledger over files, without a broker, a clock or a horizon."""

from __future__ import annotations

import csv
import math
from contextlib import ExitStack, contextmanager
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from amanzhol.files.events import read_lines
from amanzhol.files.output import whole_file
from models import books
from models.decoding import type_of
from models.events import Identifier  # noqa: TC001 - pydantic reads it
from models.ledger import Folded, Ledger
from models.placing import NEVER_COUNTED
from models.records import Origin, encode, quarantine_record
from models.topics import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from amanzhol.files.events import Lines
    from models.sighting import Rules

BATCH_RECORDS = 10_000
LOCATED_COLUMNS = ("source_id", "event_id", "segment_id", "km", "distance_m", "outcome", "marks")
"""Marks (`models.marks`) are words with spaces between them, mostly none. The column came later, hence last."""

_MOVABLE = frozenset({books.TEST, books.RETRACTED, books.UNLOCATED, books.COUNTED})
"""Columns that a correction takes events from and puts them into."""


class _Follows(Protocol):
    """What is written while counting goes on."""

    def __call__(self, lines: Lines, folded: Folded) -> None:
        """Take in a batch and what became of it."""


class SideOutputs(NamedTuple):
    """Files that grow while counting goes on; None is not written."""

    located: Path | None = None
    quarantine: Path | None = None


def count_files(
    events: Iterable[Path], rules: Rules, outputs: SideOutputs, progress: Callable[[Path, int], None]
) -> Ledger:
    """Count files of events, in the order given. Returns the ledger with books, cells and coverage.

    `progress` is told the file and how many of its bytes have been read. Raises EventsFileError and OutputError;
    then no file is left behind.
    """
    ledger = Ledger(rules)
    with ExitStack() as stack:
        followers: list[_Follows] = []
        if outputs.located is not None:
            ledger.moves = {}
            located = stack.enter_context(_located_file(outputs.located, ledger))
            followers.append(_located_writer(located, ledger))
        if outputs.quarantine is not None:
            path = stack.enter_context(whole_file(outputs.quarantine))
            followers.append(_quarantine_writer(stack.enter_context(path.open("wb"))))
        for path in events:

            def read_so_far(position: int, path: Path = path) -> None:
                progress(path, position)

            for lines in read_lines(path, BATCH_RECORDS, read_so_far):
                folded = ledger.fold(lines.records)
                for follow in followers:
                    follow(lines, folded)
    return ledger


@contextmanager
def _located_file(path: Path, ledger: Ledger) -> Iterator[IO[str]]:
    """Give a file for rows as they are read; what corrections make of them afterwards is mended when it is whole."""
    with whole_file(path) as final:
        # A pipe cannot be mended: its rows wait beside until all corrections are known.
        beside = final.parent if final.is_file() else None
        with TemporaryFile("w+", encoding="utf-8", newline="", dir=beside) as first:
            yield first
            first.seek(0)
            with final.open("w", encoding="utf-8", newline="") as file:
                if ledger.moves:
                    csv.writer(file, lineterminator="\n").writerows(_as_it_holds(csv.reader(first), ledger))
                else:
                    copyfileobj(first, file)


def _as_it_holds(rows: Iterable[list[str]], ledger: Ledger) -> Iterator[Sequence[Any]]:
    """Put the outcome and the place of moved events into their rows. A duplicate's row stays that of a duplicate."""
    moves, segments = ledger.moves or {}, ledger.vocabulary.segments
    for row in rows:
        source_id, event_id, segment_id, km, distance_m, outcome, noted = row
        move = moves.get(ledger.digest_of(source_id, event_id)) if outcome in _MOVABLE else None
        if move is None:
            yield row
        elif move.place is None:
            yield source_id, event_id, segment_id, km, distance_m, move.new_column, noted
        else:
            place = _place_columns(segments[move.segment], move.place.km, move.place.distance_m)
            yield source_id, event_id, *place, move.new_column, " ".join(move.place.noted)


def _place_columns(segment_id: str, km: float, distance_m: float) -> tuple[Any, Any, Any]:
    return segment_id, "" if math.isnan(km) else round(km, 4), "" if math.isnan(distance_m) else round(distance_m, 2)


def _located_writer(file: IO[str], ledger: Ledger) -> _Follows:
    """Write one row per record: where it was located and what became of it."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(LOCATED_COLUMNS)
    segments = ledger.vocabulary.segments

    def follow(lines: Lines, folded: Folded) -> None:
        rows: list[tuple[Any, ...]] = [("", "", "", "", "", "", "")] * len(lines.records)
        for at, _ in folded.refused:
            rows[at] = (*ids_of(lines.records[at]), "", "", "", folded.columns[at], "")
        seen = folded.sightings
        noted = seen.noted
        for row, (at, event, segment, km, distance_m) in enumerate(
            zip(seen.at, seen.events, seen.segment, seen.km, seen.distance_m, strict=True)
        ):
            counts = type_of(event) not in NEVER_COUNTED
            place = _place_columns(segments[segment], km, distance_m) if counts else ("", "", "")
            marks = " ".join(noted[row]) if row in noted else ""
            rows[at] = (event.source_id, event.event_id, *place, folded.columns[at], marks)
        writer.writerows(rows)

    return follow


class _Ids(BaseModel):
    """As much of a refused record as says which event it was to be."""

    model_config = ConfigDict(strict=True, extra="ignore")

    source_id: Identifier
    event_id: Identifier


def ids_of(record: bytes) -> tuple[str, str]:
    """Give (`source_id`, `event_id`) of a record that was refused; empty where it does not parse, or has none."""
    if len(record) > MAX_RECORD_BYTES:
        return "", ""
    try:
        ids = _Ids.model_validate_json(record)
    except ValidationError:
        return "", ""
    return ids.source_id, ids.event_id


def _quarantine_writer(file: IO[bytes]) -> _Follows:
    """Write one line per record that was refused."""

    def follow(lines: Lines, folded: Folded) -> None:
        for at, error in folded.refused:
            origin = Origin(file=lines.file, line=lines.numbers[at])
            file.write(encode(quarantine_record(error, lines.records[at], origin)) + b"\n")

    return follow
