"""Records of the workers as the store takes them in, and questions to it; in the small country of `tests.rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.asking import Asker
from api.dressing import Dressed
from api.formats import json_rows
from api.parameters import Counts
from api.roles import Role
from api.store.taking import Arrival
from models.calendar import Calendar
from models.fleet import DEFAULT_FLEET
from models.records import CellRecord, CoverageRecord, Revision, encode, rfc3339
from models.topics import SEGMENT_COUNTS, SEGMENT_COVERAGE
from tests.rows import AQTAU, NETWORK, NOON_S

if TYPE_CHECKING:
    from api.store import Store

CALENDAR = Calendar(300, AQTAU)
SOURCE = {"timezone": "Asia/Aqtau", "window_s": "300", "prefix": "test."}
NOW_S = NOON_S + 7 * 86_400
"""A week after NOON: all of its cells are final."""

CAMERA = ("violations", "fixed_camera", "592.2", "", "", "", "")
CAR = ("violations", "oracle_car", "592.2", "", "", "", "")
DRONE = ("violations", "drone", "592.3", "", "", "forward", "")
CRASH = ("accidents", "", "", "collision", "injury", "", "")
CAMEL = ("accidents", "", "", "animal", "fatal", "", "")
DEAD = ("dead", "", "", "animal", "", "", "")
REPORT = ("reports", "", "", "traffic", "", "", "egov")


def cell(
    figures: dict[tuple[str, ...], int],
    segment: str = "R/0",
    at: int = NOON_S,
    revision: int | tuple[int, int] = 1,
    *,
    part: int = 0,
    known: int | None = None,
) -> Arrival:
    """A record of `segment-counts`, written at `known` (when its window ends, unless told)."""
    epoch, checkpoint = revision if isinstance(revision, tuple) else (1, revision)
    begins = CALENDAR.start("window", at)
    record = CellRecord(
        segment_id=segment,
        window_start=rfc3339(begins),
        window_end=rfc3339(CALENDAR.end("window", begins)),
        source_partition=part,
        revision=Revision(epoch, checkpoint),
        through={},
        network="",
        corrected=False,
        figures=[(*words, n) for words, n in figures.items()],
    )
    return Arrival(SEGMENT_COUNTS, part, 1_000 * (begins + 300 if known is None else known), encode(record))


def watch(
    watched_s: dict[str, int],
    segment: str = "R/0",
    at: int = NOON_S,
    revision: int = 1,
    *,
    passages: int = 0,
    part: int = 0,
) -> Arrival:
    """A record of `segment-coverage`."""
    begins = CALENDAR.start("hour", at)
    record = CoverageRecord(
        segment_id=segment,
        hour_start=rfc3339(begins),
        source_partition=part,
        revision=Revision(1, revision),
        watched_s=watched_s,
        passages=passages,
        spans=[],
    )
    return Arrival(SEGMENT_COVERAGE, part, 1_000 * (begins + 3_600), encode(record))


def take(store: Store, *batches: list[Arrival]) -> None:
    """Take batches in, each in a transaction of its own."""
    for batch in batches:
        store.take(batch, {}, {})


def counted(store: Store, role: Role = Role.OPS, now_s: float = NOW_S, **asked: Any) -> list[dict[str, Any]]:
    """Rows of counts, for parameters as a request has them (`from_` for `from`), without figures that are 0 or null."""
    counts = Counts.model_validate({"from": asked.pop("from_", "2026-11-22"), "to": "2026-11-23", **asked})
    asker = Asker(role, now_s, CALENDAR, NETWORK, DEFAULT_FLEET)
    wanted = asker.asked(counts, counts.by, counts.step)
    with store.snapshot() as snapshot:
        found = snapshot.ask(wanted.question(snapshot, CALENDAR))
        return json_rows(Dressed(wanted, snapshot.words, CALENDAR).rows(found))


def only(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Some columns of rows."""
    return [tuple(row[name] for name in names) for row in rows]
