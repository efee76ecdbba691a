"""Makes SQL of a question: numbers only, of which none is a user's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from api.store.tables import GRAIN_TABLES
from models.calendar import Calendar, Piece, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.calendar import Step

Group = Literal["segment", "route", "district", "all"]

_GROUP_COLUMNS: Final[Mapping[Group, str]] = {
    "segment": "p.rank",
    "route": "p.route",
    "district": "p.district",
    "all": "0",
}

_DATED: Final = "revisions"


class Question(NamedTuple):
    """What is asked of the store, in its own numbers.

    `figures` names the columns, `masks` says per number of dimensions which columns it adds to (bit i for column i).
    `segments` of None are all, those on no road too. `as_of` (UTC seconds): what was known by then. `after` is the
    group and first instant of the last row that the asker has.
    """

    span: Span
    step: Step
    group: Group
    figures: tuple[str, ...]
    masks: Mapping[int, int]
    segments: tuple[int, ...] | None = None
    as_of: int | None = None
    after: tuple[int, int] | None = None
    limit: int | None = None


def sql_of(question: Question, calendar: Calendar) -> str:
    """SQL whose answer has the columns `key`, `first` and one per figure, sorted by the first two.

    `first` is where the row's unit of the step begins, within the span. Rows of which nothing is known are left out.
    """
    pieces = calendar.pieces(question.span, question.step) if question.as_of is None else _whole_days(question)
    parts = [_piece_sql(piece, question, calendar) for piece in pieces] or [_NO_ROWS]
    masks = ", ".join(f"({dim}, {mask})" for dim, mask in question.masks.items() if mask) or "(-2, 0)"
    columns = "".join(
        f", CAST(coalesce(sum(value) FILTER (WHERE (mask & {1 << bit}) <> 0), 0) AS BIGINT) AS {name}"
        for bit, name in enumerate(question.figures)
    )
    later = "" if question.after is None else "WHERE key > {0} OR (key = {0} AND first > {1}) ".format(*question.after)
    limit = "" if question.limit is None else f" LIMIT {question.limit}"
    summed = (
        f"SELECT key, first{columns} FROM ({' UNION ALL '.join(parts)}) s "  # noqa: S608 - numbers and our own names
        f"JOIN (VALUES {masks}) m (dim, mask) ON m.dim = s.dim {later}GROUP BY key, first"
    )
    if question.step == "window":  # its changes are added up here for the first time: they may come to nothing
        something = " OR ".join(f"{name} <> 0" for name in question.figures)
        return f"SELECT * FROM ({summed}) w WHERE {something} ORDER BY key, first{limit}"  # noqa: S608
    return f"{summed} HAVING count(*) FILTER (WHERE value <> 0) > 0 ORDER BY key, first{limit}"


_NO_ROWS = "SELECT 0 AS key, CAST(0 AS BIGINT) AS first, -3 AS dim, CAST(0 AS BIGINT) AS value"


def _whole_days(question: Question) -> list[Piece]:
    """Revisions are dated by day, so all of the span is read from them; it begins and ends with days."""
    return [Piece("day", question.span)]


def _piece_sql(piece: Piece, question: Question, calendar: Calendar) -> str:
    table = GRAIN_TABLES[piece.grain] if question.as_of is None else _DATED
    where = [f"t.begins >= {piece.span.first}", f"t.begins < {piece.span.end}"]
    if question.segments is not None:
        where.append(f"t.segment IN ({', '.join(map(str, question.segments)) or '-2'})")
    if question.as_of is not None:
        where.append(f"t.known_at <= {question.as_of}")
    if question.step == "window":
        where.append("t.coverage = 0")
    # Of windows there are too many to be added up twice; of all others the few sums are left for the columns.
    value, group = (
        ("t.value", "") if question.step == "window" else ("CAST(sum(t.value) AS BIGINT)", " GROUP BY 1, 2, 3")
    )
    return (
        f"SELECT {_GROUP_COLUMNS[question.group]} AS key, {_first_sql(piece, question, calendar)} AS first, "  # noqa: S608
        f"t.dim, {value} AS value FROM {table} t "
        f"JOIN places p ON p.segment = t.segment WHERE {' AND '.join(where)}{group}"
    )


def _first_sql(piece: Piece, question: Question, calendar: Calendar) -> str:
    """First instant, within the span, of the unit of the step that a row of this piece lies in."""
    if piece.grain == question.step:
        return "t.begins"
    if question.step == "all":
        return f"CAST({question.span.first} AS BIGINT)"
    units = list(calendar.units(question.step, piece.span))
    firsts = [max(calendar.start(question.step, unit.first), question.span.first) for unit in units]
    whens = "".join(
        f"WHEN t.begins < {unit.end} THEN {first} " for unit, first in zip(units[:-1], firsts[:-1], strict=True)
    )
    last = f"CAST({firsts[-1]} AS BIGINT)"
    return f"CASE {whens}ELSE {last} END" if whens else last
