"""What the worker writes to Kafka: the formats of `segment-counts`, `segment-coverage`, `quarantine` and `state`.

Every record is the absolute state of what its key names, so reading one twice, or late, does no harm. All but the
index chunks are JSON.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from models.corrections import Decision, Span, Writer
from models.coverage import CoverageCell, Watcher
from models.masking import mask_record
from models.measures import Dimensions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.cells import Cell
    from models.coverage import Spans
    from models.errors import RecordError

NETWORK_DIGEST_CHARS = 12
"""A cell names the network that counted it by this many characters of its digest."""

MAX_RAW_BYTES = 64 * 1024
"""So much of a quarantined record is kept; its offset says where the rest is."""

_LONGEST_PLATE_BYTES = 128
"""No plate is longer, its letters written as escapes and with gaps between its parts."""


class Revision(NamedTuple):
    """Which of two records of one cell is the later: a recount raises the epoch, each checkpoint the number."""

    epoch: int
    checkpoint: int


def rfc3339(epoch_s: int) -> str:
    """UTC time as it stands in every output: `2026-11-22T04:30:00Z`."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=100_000)
def epoch_s(text: str) -> int:
    """Read what `rfc3339` wrote."""
    return int(datetime.fromisoformat(text).timestamp())


class CellRecord(msgspec.Struct, frozen=True, gc=False):
    """One cell as counted from one source partition: a value of `segment-counts`.

    `through` holds, per input topic, the offset up to which (exclusive) it counts. `corrected` says that a correction
    had part in this revision, where otherwise new events made it. A row of `figures` is the seven
    dimensions (`models.measures.Dimensions`) and the figure.
    """

    segment_id: str
    window_start: str
    window_end: str
    source_partition: int
    revision: Revision
    through: dict[str, int]
    network: str
    corrected: bool
    figures: list[tuple[str, str, str, str, str, str, str, int]]

    def key(self) -> bytes:
        """Kafka key: the cell and the source partition."""
        return f"{self.source_partition}|{self.window_start}|{self.segment_id}".encode()

    def cell(self) -> Cell:
        """Figures by dimensions."""
        return {Dimensions(*row[:7]): row[7] for row in self.figures}


def figures_of(cell: Cell) -> list[tuple[str, str, str, str, str, str, str, int]]:
    """Rows for `CellRecord.figures`, in a fixed order."""
    return sorted((*dimensions, n) for dimensions, n in cell.items())


class CoverageRecord(msgspec.Struct, frozen=True, gc=False):
    """One segment in one hour as watched by the devices of one source partition: a value of `segment-coverage`.

    `spans` tells which device of which fleet kind watched when (UTC seconds, end exclusive); `patrols` tells it of
    devices that move, one span per fix. They say where hidden cars are: readers pass on no more than `watched_s`,
    seconds per fleet kind.
    """

    segment_id: str
    hour_start: str
    source_partition: int
    revision: Revision
    watched_s: dict[str, int]
    passages: int
    spans: list[tuple[str, str, list[tuple[int, int]]]]
    patrols: list[tuple[str, str, list[tuple[int, int]]]] = []

    def key(self) -> bytes:
        """Kafka key: the segment, the hour and the source partition."""
        return f"{self.source_partition}|{self.hour_start}|{self.segment_id}".encode()

    def cell(self) -> CoverageCell:
        """Coverage as it is folded."""
        spans, patrols = (
            {Watcher(fleet, source): list(spans) for fleet, source, spans in rows}
            for rows in (self.spans, self.patrols)
        )
        return CoverageCell(spans, self.passages, patrols)


def spans_of(spans: Mapping[Watcher, Spans]) -> list[tuple[str, str, list[tuple[int, int]]]]:
    """Rows for `CoverageRecord.spans` and `patrols`, in a fixed order."""
    return sorted((watcher.fleet, watcher.source_id, own) for watcher, own in spans.items())


class Fingerprint(msgspec.Struct, frozen=True):
    """What the stored state depends on. Counting goes on only under the same."""

    window_s: int
    timezone: str
    network: str
    tolerance_m: float
    partitions: int


class RulingRecord(msgspec.Struct, frozen=True):
    """What was said about one event: a value of `state`."""

    decision: Decision | None
    fields: dict[str, tuple[Writer, Any]]


class CheckpointRecord(msgspec.Struct, frozen=True):
    """The state of one source partition, apart from its cells and its index: value of the key `checkpoint`.

    `offsets` are, per topic that is read, those of the next record. `forwarded` and `arrived_us` are as in
    `streams.partition.SourcePartition`. `words` are the lengths of the vocabulary,
    `chunks` the numbers of the index chunks that belong to it: whatever else is found is of another time. `cells` and
    `hours` count the cells in `segment-counts` and `segment-coverage`; more may be found there, which a horizon let go.
    """

    revision: Revision
    offsets: dict[str, int]
    books: dict[str, int]
    fingerprint: Fingerprint
    digest_key: str
    words: dict[str, int]
    chunks: list[int]
    next_chunk: int
    forwarded: dict[str, int]
    arrived_us: int
    cells: int = 0
    hours: int = 0


class QuarantineRecord(msgspec.Struct, frozen=True):
    """A record that cannot be counted, with all that is needed to mend and send it again.

    `raw` is base64 of the first 64 KiB, plates masked. Where there was more, `length` and `sha256` tell of the whole.
    From a file, `file` and `line` take the place of topic, partition and offset. Of a batch that cannot be read,
    `last_offset` says how far it reaches. Once it was replayed it is written again with `replayed_at`.
    `repaired` are the values that its fields at fault would have, where the code names a known mistake.
    """

    code: str
    message: str
    path: str
    topic: str | None
    partition: int | None
    offset: int | None
    raw: str
    file: str | None = None
    line: int | None = None
    length: int | None = None
    sha256: str | None = None
    last_offset: int | None = None
    replayed_at: str | None = None
    repaired: dict[str, float] | None = None

    @property
    def records(self) -> int:
        """How many records this tells of."""
        return 1 if self.last_offset is None or self.offset is None else self.last_offset - self.offset + 1

    def bytes(self) -> bytes:
        """Give the masked bytes."""
        return b64decode(self.raw)


class Origin(NamedTuple):
    """Where a record was read: from a topic, or from a file."""

    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    file: str | None = None
    line: int | None = None
    last_offset: int | None = None


def quarantine_record(error: RecordError, raw: bytes | None, origin: Origin) -> QuarantineRecord:
    """Describe a record that was refused. Its plates are masked before anything is cut off."""
    whole = raw or b""
    cut = len(whole) > MAX_RAW_BYTES
    # A record that large is no event: its beginning says what it is, and masking all of it would take long.
    # Some bytes more than are kept are masked and dropped again, so that no plate is cut in half and missed.
    head = whole[: MAX_RAW_BYTES + _LONGEST_PLATE_BYTES]
    kept = mask_record(head)
    if len(head) < len(whole):
        kept = kept[:-_LONGEST_PLATE_BYTES]
    kept = kept[:MAX_RAW_BYTES]
    return QuarantineRecord(
        code=error.code,
        message=str(error),
        path=error.path,
        topic=origin.topic,
        partition=origin.partition,
        offset=origin.offset,
        raw=b64encode(kept).decode("ascii"),
        file=origin.file,
        line=origin.line,
        length=len(whole) if cut else None,
        sha256=sha256(whole).hexdigest() if cut else None,
        last_offset=origin.last_offset,
        repaired=error.repaired,
    )


def encode(record: Any) -> bytes:
    """Write any record of this module, or a list of them, as JSON."""
    return _encode(record)


def contribution_rows(contribution: tuple[tuple[Dimensions, int], ...]) -> list[list[str | int]]:
    """Write a contribution for the stored vocabulary."""
    return [[*dimensions, n] for dimensions, n in contribution]


def contribution_of(rows: list[list[str | int]]) -> tuple[tuple[Dimensions, int], ...]:
    """Read what `contribution_rows` wrote."""
    return tuple((Dimensions(*(str(word) for word in row[:-1])), int(row[-1])) for row in rows)


_encode = msgspec.json.Encoder().encode
decode_cell = msgspec.json.Decoder(CellRecord).decode
decode_coverage = msgspec.json.Decoder(CoverageRecord).decode
decode_checkpoint = msgspec.json.Decoder(CheckpointRecord).decode
decode_ruling = msgspec.json.Decoder(RulingRecord).decode
decode_spans = msgspec.json.Decoder(list[Span]).decode
decode_quarantine = msgspec.json.Decoder(QuarantineRecord).decode
