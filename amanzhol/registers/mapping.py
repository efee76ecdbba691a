"""The mapping of a register's table: a TOML file that says which column becomes which field of an event, and how.

[table]                      how the table is written
encoding = "windows-1251"    utf-8 unless told; a byte order mark is never part of the first column's name
delimiter = ";"              a comma unless told
decimal = ","                a point unless told
timezone = "Asia/Aqtau"      of times that name no offset
empty = ["", "-"]            cells that say nothing

[event]                      what is the same in all rows; `type` is required
type = "accident"

[fields]                     field of the event = column, or a table with `column` and how to read it
event_id = "card"
kind = { column = "type", codes = { "01" = "collision" } }
occurred_at = { date = { column = "day", format = "%d.%m.%Y" }, time = { column = "clock", format = "%H:%M" } }
location = { lon = "x", lat = "y" }
"""

from __future__ import annotations

import codecs
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from amanzhol.registers.fields import FIELDS_OF_TYPE, FieldType
from amanzhol.registers.times import parse_zone
from models.errors import MappingFileError

if TYPE_CHECKING:
    from pathlib import Path

Value = str | bool | int | float
Columns = Annotated[tuple[str, ...], Field(min_length=1)]

_REQUIRED = ("event_id", "occurred_at")
_MAPPED_TYPES = ("accident", "report", "violation")
_CELL_KEYS = frozenset({"column", "date"})
_MAX_BYTES = 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _zone(name: str) -> str:
    parse_zone(name)
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class TableForm(_Part):
    """How the table is written."""

    encoding: str = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    timezone: Zone | None = None
    empty: tuple[str, ...] = ("",)
    skip_lines: Annotated[int, Field(ge=0, le=1_000)] = 0

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "a".encode(codecs.lookup(value).name)
        except (LookupError, UnicodeError):
            raise ValueError(f"there is no text encoding {value!r}; write utf-8 or windows-1251") from None
        return value


class Cell(_Part):
    """How one value is read: from the first of `column` that is not empty.

    `codes` gives what stands for a cell's text; other texts are kept as they are, refused, or read as empty, by
    `unlisted`. `empty` is the value where there is none. A longer text is cut off at `longest` characters.
    """

    column: Columns
    codes: dict[str, Value] = {}
    unlisted: Literal["keep", "refuse", "empty"] = "keep"
    absent: tuple[str, ...] = ()
    empty: Value | None = None
    longest: Annotated[int, Field(ge=1, le=4_096)] | None = None
    format: str | None = None
    timezone: Zone | None = None

    @field_validator("column", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class DayAndClock(_Part):
    """A time whose day and clock stand in two columns; where the clock is empty, only the day is known."""

    date: Cell
    time: Cell
    timezone: Zone | None = None


class Mapping(_Part):
    """A mapping that can be used: every field exists, and each that events need has its column."""

    table: TableForm = TableForm()
    event: dict[str, Any]
    fields: dict[str, Cell | DayAndClock]

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, document: Any) -> Any:
        """Let a bare column stand for a cell, and `location.lon` for `lon` within `location`."""
        if not isinstance(document, dict):
            return document
        fields = {
            name: {"column": cell} if isinstance(cell, str | list) else cell
            for name, cell in _flattened(document.get("fields"), _CELL_KEYS).items()
        }
        return document | {"fields": fields, "event": _flattened(document.get("event"), frozenset())}

    @model_validator(mode="after")
    def _check(self) -> Mapping:
        if self.type not in _MAPPED_TYPES:
            raise ValueError(f"event.type: must be one of {', '.join(_MAPPED_TYPES)}")
        known = FIELDS_OF_TYPE[self.type]
        for part, names in (("event", self.event), ("fields", self.fields)):
            for name in names:
                if name not in known and name != "type":
                    raise ValueError(f"{part}.{name}: {self.type} has no such field ({', '.join(known)})")
        if "source_id" in self.event or "source_id" in self.fields:
            raise ValueError("fields.source_id: the source is said on the command line (--source)")
        for name in _REQUIRED:
            if name not in self.fields:
                raise ValueError(f"fields.{name}: is missing; every event needs it")
        twice = sorted(self.event.keys() & self.fields.keys())
        if twice:
            raise ValueError(f"fields.{twice[0]}: stands in [event] too; say it once")
        for name, cell in self.fields.items():
            self._check_time(name, cell)
        return self

    def _check_time(self, name: str, cell: Cell | DayAndClock) -> None:
        is_time = FIELDS_OF_TYPE[self.type][name] is FieldType.TIME
        if not is_time and (isinstance(cell, DayAndClock) or cell.format or cell.timezone):
            raise ValueError(f"fields.{name}: is no time; format, timezone, date and time are for those")
        if not is_time:
            return
        if isinstance(cell, DayAndClock):
            if (cell.timezone or self.table.timezone) is None:
                raise ValueError(f"fields.{name}: needs a timezone, its own or that of [table]")
        elif not cell.format:
            raise ValueError(f"fields.{name}: needs a format, such as %d.%m.%Y %H:%M, or iso, epoch_s, epoch_ms")
        elif cell.format not in {"iso", "epoch_s", "epoch_ms"} and "%z" not in cell.format and not self.zone_of(cell):
            raise ValueError(f"fields.{name}: needs a timezone, its own or that of [table], or %z in its format")

    @property
    def type(self) -> str:
        """The type of the events."""
        return str(self.event.get("type"))

    def zone_of(self, cell: Cell | DayAndClock) -> str | None:
        """Zone of a time that names no offset itself."""
        return cell.timezone or self.table.timezone

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is read, with the first field that needs it."""
        columns: dict[str, str] = {}
        for name, cell in self.fields.items():
            cells = (cell.date, cell.time) if isinstance(cell, DayAndClock) else (cell,)
            for column in (column for part in cells for column in part.column):
                columns.setdefault(column, name)
        return columns


def _flattened(part: Any, whole: frozenset[str]) -> dict[str, Any]:
    """Give the values of a part, those within a table as `outer.inner`, unless it has a key of `whole`."""
    flat: dict[str, Any] = {}
    for name, value in (part if isinstance(part, dict) else {}).items():
        if isinstance(value, dict) and not value.keys() & whole:
            flat |= {f"{name}.{inner}": cell for inner, cell in value.items()}
        else:
            flat[name] = value
    return flat


def read_mapping(path: Path) -> Mapping:
    """Read a mapping. Raises MappingFileError with one line that names the file and the entry."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise MappingFileError(f"{path}: is larger than {_MAX_BYTES:,} bytes; is it the table?")
        return Mapping.model_validate(tomllib.loads(text.decode("utf-8-sig")))
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        # Of the ways to write a cell pydantic names each that it tried; ours are told apart by their own fields.
        place = ".".join(str(part) for part in finding["loc"] if part not in {"Cell", "DayAndClock"})
        fault = finding["msg"].removeprefix("Value error, ")
        raise MappingFileError(f"{path}: {place + ': ' if place else ''}{fault}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise MappingFileError(f"{path}: line {line}: is not UTF-8; the mapping is, whatever the table is") from None
    except tomllib.TOMLDecodeError as error:
        raise MappingFileError(f"{path}: is not TOML: {error}") from None
    except OSError as error:
        raise MappingFileError(f"{path}: cannot be read: {error.strerror or error}") from None
