"""`count`: the stream's own ledger over files, without a broker, a clock or a horizon."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from amanzhol.files.events import read_lines
from amanzhol.files.output import whole_file
from models.decoding import type_of
from models.events import Identifier  # noqa: TC001 - pydantic reads it
from models.ledger import Folded, Ledger
from models.records import Origin, encode, quarantine_record
from models.sighting import NEVER_COUNTED
from models.topics import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from amanzhol.files.events import Lines
    from models.sighting import Rules

BATCH_RECORDS = 10_000
LOCATED_COLUMNS = ("source_id", "event_id", "segment_id", "km", "distance_m", "outcome")


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
            path = stack.enter_context(whole_file(outputs.located))
            located = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
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


def _located_writer(file: IO[str], ledger: Ledger) -> _Follows:
    """Write one row per record: where it was located and what became of it."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(LOCATED_COLUMNS)
    segments = ledger.vocabulary.segments

    def follow(lines: Lines, folded: Folded) -> None:
        rows: list[tuple[Any, ...]] = [("", "", "", "", "", "")] * len(lines.records)
        for at, _ in folded.refused:
            rows[at] = (*_ids_of(lines.records[at]), "", "", "", folded.columns[at])
        seen = folded.sightings
        for at, event, segment, km, distance_m in zip(
            seen.at, seen.events, seen.segment, seen.km, seen.distance_m, strict=True
        ):
            place: tuple[Any, ...] = (
                segments[segment],
                "" if km != km else round(km, 4),  # noqa: PLR0124 - NaN alone differs from itself
                "" if distance_m != distance_m else round(distance_m, 2),  # noqa: PLR0124
            )
            if type_of(event) in NEVER_COUNTED:
                place = ("", "", "")
            rows[at] = (event.source_id, event.event_id, *place, folded.columns[at])
        writer.writerows(rows)

    return follow


class _Ids(BaseModel):
    """As much of a refused record as says which event it was to be."""

    model_config = ConfigDict(strict=True, extra="ignore")

    source_id: Identifier
    event_id: Identifier


def _ids_of(record: bytes) -> tuple[str, str]:
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
