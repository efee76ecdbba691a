"""From the cells of a row to an event, as a mapping says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from amanzhol.registers.fields import FIELDS_OF_TYPE, FieldType
from amanzhol.registers.mapping import Cell, DayAndClock, Mapping
from amanzhol.registers.times import join_day_and_clock, parse_time, parse_zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as ByColumn

Nothing = None
Take = "Callable[[ByColumn[str, str]], Any]"

_GROUPING = str.maketrans("", "", " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")
_NUMBERS = {
    ".": re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII),
    ",": re.compile(r"[+-]?[0-9]+(?:,[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII),
}
_WORDS = {"true": True, "1": True, "false": False, "0": False}
_QUOTED_TEXT = re.compile(r'="([^"]*)"')
_FORMULA = ("=", "@")
_SHOWN = 40
_MAX_DIGITS = 400


class CellError(ValueError):
    """A cell that cannot be read, by its column, and what is wrong with it."""

    def __init__(self, column: str, fault: str) -> None:
        """Keep both."""
        super().__init__(fault)
        self.column = column


def converter(mapping: Mapping) -> Callable[[ByColumn[str, str]], dict[str, Any]]:
    """Give the function that makes the event of a row, without its source.

    It has only the fields of which something is known. The function raises CellError; what the event as a whole
    must be is for the models of events to judge.
    """
    types = FIELDS_OF_TYPE[mapping.type]
    rules: list[tuple[str, Callable[[ByColumn[str, str]], Any]]] = []
    for name, cell in mapping.fields.items():
        if isinstance(cell, DayAndClock):
            rules.append((name, _day_and_clock(cell, mapping)))
        else:
            rules.append((name, _value(cell, types[name], mapping)))

    def convert(cells: ByColumn[str, str]) -> dict[str, Any]:
        event: dict[str, Any] = {}
        for name, value in mapping.event.items():
            _put(event, name, value)
        for name, take in rules:
            value = take(cells)
            if value is None:
                continue
            if isinstance(value, tuple):  # only the day is known
                value, event["time_precision"] = value
            _put(event, name, value)
        return event

    return convert


def _put(event: dict[str, Any], name: str, value: Any) -> None:
    outer, _, inner = name.partition(".")
    if inner:
        event.setdefault(outer, {})[inner] = value
    else:
        event[name] = value


def _text(cell: Cell, mapping: Mapping, cells: ByColumn[str, str]) -> tuple[str, str]:
    """Give the text of the first column that says something, and which it was."""
    for column in cell.column:
        text = cells[column].strip()
        quoted = _QUOTED_TEXT.fullmatch(text)
        if quoted is not None:  # how a spreadsheet keeps the zeros of 007
            text = quoted[1].strip()
        if text in mapping.table.empty or text in cell.absent or not text:
            continue
        if text.startswith(_FORMULA):
            raise CellError(column, f"{_shown(text)} is a formula: export the values")
        return text, column
    return "", cell.column[0]


def _value(cell: Cell, kind: FieldType, mapping: Mapping) -> Callable[[ByColumn[str, str]], Any]:
    zone_name = mapping.zone_of(cell)
    zone = None if zone_name is None else parse_zone(zone_name)

    def take(cells: ByColumn[str, str]) -> Any:
        text, column = _text(cell, mapping, cells)
        if not text:
            return cell.empty
        if text in cell.codes:
            return cell.codes[text]
        if cell.codes and cell.unlisted == "empty":
            return cell.empty
        if cell.codes and cell.unlisted == "refuse":
            raise CellError(column, f"{_shown(text)} is none of the codes of the mapping")
        try:
            if kind is FieldType.TIME:
                return parse_time(text, cell.format or "iso", zone).isoformat()
            return _converted(text, kind, mapping.table.decimal, cell.longest)
        except ValueError as error:
            raise CellError(column, f"{_shown(text)} {error}") from None

    return take


def _converted(text: str, kind: FieldType, decimal: str, longest: int | None) -> Any:
    """Read a text as its field wants it. Raises ValueError."""
    if kind is FieldType.TEXT:
        return text[:longest]
    if kind is FieldType.YES_NO:
        if text.lower() not in _WORDS:
            raise ValueError("is neither true nor false: give its meaning in `codes`")
        return _WORDS[text.lower()]
    digits = text.translate(_GROUPING)
    if len(digits) > _MAX_DIGITS or _NUMBERS[decimal].fullmatch(digits) is None:
        raise ValueError(f"is no number (with {decimal!r} as its decimal sign)")
    number = float(digits.replace(",", "."))
    if kind is FieldType.NUMBER:
        return number
    if not number.is_integer():
        raise ValueError("is no whole number")
    return int(number)


def _day_and_clock(cell: DayAndClock, mapping: Mapping) -> Callable[[ByColumn[str, str]], Any]:
    zone_name = mapping.zone_of(cell)
    if zone_name is None:
        raise ValueError("a mapping without a zone for a day and a clock is refused when it is read")
    zone = parse_zone(zone_name)
    day_zone = parse_zone(cell.date.timezone or zone_name)

    def part(which: Cell, default: str, part_zone: Any, cells: ByColumn[str, str]) -> Any:
        text, column = _text(which, mapping, cells)
        if not text:
            return None
        try:
            return parse_time(text, which.format or default, part_zone)
        except ValueError as error:
            raise CellError(column, f"{_shown(text)} {error}") from None

    def take(cells: ByColumn[str, str]) -> Any:
        day = part(cell.date, "%Y-%m-%d", day_zone, cells)
        if day is None:
            return None
        clock = part(cell.time, "%H:%M", zone, cells)
        joined = join_day_and_clock(day, clock, zone).isoformat()
        return joined if clock is not None else (joined, "day")

    return take


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return repr(short)
