"""The events of the contract as pydantic models: the one definition of what a valid event is.

Two things are checked here: each field by itself, and fields of one event against each other. What needs the
registry, the network or a clock is checked where those are at hand (`models.ledger`).

All models are strict (no numbers in strings) and ignore fields they do not know. `docs/schemas/` holds the JSON
Schemas generated from them.
"""

from __future__ import annotations

import re
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from pydantic.config import JsonDict

EventType = Literal["violation", "accident", "report", "status", "correction"]
AccidentKind = Literal[
    "collision",
    "head_on",
    "side_collision",
    "rear_collision",
    "overturn",
    "parked_vehicle",
    "obstacle",
    "pedestrian",
    "cyclist",
    "animal_drawn",
    "animal",
    "passenger_fall",
    "other",
]
Channel = Literal["police_102", "egov", "kaspi", "halyk", "other"]
Category = Literal["traffic", "accident", "animal_on_road", "road_defect", "other"]

ACCIDENT_KINDS: frozenset[str] = frozenset(get_args(AccidentKind))
CHANNELS: frozenset[str] = frozenset(get_args(Channel))
OTHER = "other"

MAX_STATUS_PERIOD_S = 24 * 3600
"""A status speaks for at most this long: one that claims more would fill years of hours with watch time."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_RFC3339 = (
    "^(1899|19[0-9]{2}|2[01][0-9]{2}|2200)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]"
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])$"
)
_COUNTED_AS_OTHER = "a word that is none of the examples is counted as other, and kept as it was sent"
_PRINTABLE: JsonDict = {
    # The controls and signs without a shape that are met; `str.isprintable` knows a few more.
    "pattern": "^[^\\u0000-\\u001f\\u007f-\\u00a0\\u00ad\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff]*$",
    "description": "printable characters only",
}
_OFFENCE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,15}")


class CheckError(PydanticCustomError):
    """A check of ours that failed: the quarantine code, and what to do about it."""


def problem(code: str, message: str, field: str = "") -> CheckError:
    """Make the error of a failed check: a code of `models.errors`, and the field below the checked value."""
    return CheckError(code, "{message}", {"message": message, "field": field})


def parse_instant(value: Any) -> datetime:
    """Read an RFC 3339 date and time with an offset.

    Raises `CheckError` with the code `missing_field`, `wrong_type`, `bad_time`, `naive_time`, or `bad_value` outside
    1900 to 2199. Digits beyond the microsecond are rounded, never up into the next second.
    """
    if value is None:
        raise problem("missing_field", "null is no value of this field")
    if not isinstance(value, str):
        raise problem("wrong_type", 'a time is a string such as "2026-11-22T09:30:00+05:00"')
    try:
        instant = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        raise problem("bad_time", "not an RFC 3339 time; write it like 2026-11-22T09:30:00+05:00") from None
    if not instant.microsecond and ".999999" in value:
        # Nanoseconds were rounded up: the event would leave its window for the next.
        instant -= timedelta(microseconds=1)
    if instant.tzinfo is None:
        raise problem("naive_time", "the time has no offset; end it with Z or with +05:00") from None
    if not EARLIEST <= instant < LATEST:
        raise problem("bad_value", "the time lies outside the years 1900 to 2199")
    return instant


def _printable(value: str) -> str:
    if not value.isprintable():
        raise problem("bad_value", "only printable characters are allowed here")
    return value


def _offence(value: str) -> str:
    if not _OFFENCE.fullmatch(value):
        raise problem("bad_value", "an offence is an article such as 592.2: 1 to 16 of letters, digits, dot, hyphen")
    return value


def _integral(value: Any) -> Any:
    # JSON does not tell 2 from 2.0, and JSON Schema calls both integers.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": _RFC3339,
            "description": "RFC 3339 with an offset, in the years 1900 to 2199",
        }
    ),
]
Word = Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=_PRINTABLE), AfterValidator(_printable)]
Identifier = Word
Text = Annotated[str, Field(max_length=4096)]
Plate = Annotated[str, Field(max_length=256, description="dropped before counting")]
Offence = Annotated[
    str,
    AfterValidator(_offence),
    Field(examples=["592.2", "592.3-1"], json_schema_extra={"pattern": f"^{_OFFENCE.pattern}$"}),
]
Count = Annotated[int, Field(ge=0, le=100_000), BeforeValidator(_integral)]
Passages = Annotated[int, Field(ge=0, le=10_000_000), BeforeValidator(_integral)]
Lane = Annotated[int, Field(ge=0, le=64), BeforeValidator(_integral)]
Speed = Annotated[float, Field(ge=0, le=1_000, description="km/h")]
Heading = Annotated[float, Field(ge=0, lt=360, description="degrees clockwise from north; 0 is north, not none")]
Direction = Literal["forward", "backward"]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class Location(_Strict):
    """Where: by coordinates, by kilometre of a route, by area, or by several of them."""

    lon: Annotated[float, Field(ge=-180, le=180, description="degrees, WGS 84")] | None = None
    lat: Annotated[float, Field(ge=-90, le=90, description="degrees, WGS 84")] | None = None
    heading: Heading | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    of: Literal["vehicle", "unit"] | None = None
    target: Literal["same", "oncoming"] | None = None
    route: Word | None = None
    km: Annotated[float, Field(ge=0, le=100_000)] | None = None
    direction: Direction | None = None
    area: Word | None = None

    @model_validator(mode="after")
    def _check(self) -> Location:
        check_location(self)
        return self


class Section(_Strict):
    """The stretch over which an average speed was measured."""

    section_id: Word
    length_m: Annotated[float, Field(gt=0, le=10_000_000)]
    entered_at: Instant


class _Event(_Strict):
    event_id: Identifier
    source_id: Identifier
    occurred_at: Instant
    time_precision: Literal["second", "minute", "hour", "day"] = "second"
    mode: Literal["live", "backfill", "test"] = "live"
    location: Location | None = None


class Violation(_Event):
    """A device saw an offence."""

    type: Literal["violation"]
    offence: Offence
    speed_kmh: Speed | None = None
    limit_kmh: Speed | None = None
    vehicle_class: Word | None = None
    lane: Lane | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    stage: Literal["detected", "confirmed"] | None = None
    plate: Plate | None = None
    plate_hash: Plate | None = None
    average_speed_kmh: Speed | None = None
    section: Section | None = None


class Accident(_Event):
    """A register knows of an accident."""

    type: Literal["accident"]
    kind: Annotated[Word, Field(examples=list(get_args(AccidentKind)), description=_COUNTED_AS_OTHER)]
    dead: Count = 0
    injured: Count = 0
    serious: Count | None = None
    slight: Count | None = None
    animal: Word | None = None
    junction: bool | None = None
    vehicles: Count | None = None
    registered_at: Instant | None = None
    official: bool = True

    @model_validator(mode="after")
    def _check(self) -> Accident:
        check_accident(self)
        return self


class Report(_Event):
    """A citizen reports something."""

    type: Literal["report"]
    channel: Annotated[Word, Field(examples=list(get_args(Channel)), description=_COUNTED_AS_OTHER)]
    category: Category | None = None
    handled_at: Instant | None = None

    @model_validator(mode="after")
    def _check(self) -> Report:
        check_report(self)
        return self


class Status(_Event):
    """A device says that it is there, and what it saw pass."""

    type: Literal["status"]
    state: Literal["active", "maintenance", "off"]
    period_start: Instant
    passages: Passages | None = None
    clock_offset_ms: Annotated[float, Field(ge=-1e13, le=1e13)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Status:
        check_status(self)
        return self


class CorrectionTarget(_Strict):
    """One event (`event_id`), or all of a source's events with `from` ≤ `occurred_at` < `to`."""

    source_id: Identifier
    event_id: Identifier | None = None
    from_: Annotated[Instant | None, Field(alias="from")] = None
    to: Instant | None = None


class Correction(_Event):
    """Something said before was wrong."""

    type: Literal["correction"]
    target: CorrectionTarget
    action: Literal["retract", "restore", "amend"]
    fields: dict[str, Any] | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> Correction:
        check_correction(self)
        return self


Event = Violation | Accident | Report | Status | Correction
EVENT_MODELS: dict[str, type[_Event]] = {
    "violation": Violation,
    "accident": Accident,
    "report": Report,
    "status": Status,
    "correction": Correction,
}
EVENT_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])

NEVER_AMENDED = frozenset({"type", "event_id", "source_id", "occurred_at", "mode"})


def _optional(field: Any) -> Any:
    optional = copy(field)
    optional.default = None
    return optional


_amendable: dict[str, Any] = {
    name: (field.annotation, _optional(field))
    for model in (Violation, Accident, Report)
    for name, field in model.model_fields.items()
    if name not in NEVER_AMENDED
}
Amended = create_model("Amended", __base__=_Strict, **_amendable)
"""New values for fields of one event; each must be one that the field could have had from the beginning."""


def check_location(location: Location) -> None:
    """Raise `CheckError` for a field of a location without the one it needs."""
    if (location.lon is None) != (location.lat is None):
        raise problem("missing_field", "lon and lat come together", "lat" if location.lat is None else "lon")
    if location.km is not None and location.route is None:
        raise problem("missing_field", "a kilometre needs its route", "route")


def check_accident(accident: Accident) -> None:
    """Raise `CheckError` where serious and slight are more than the injured, of whom they are parts."""
    if (accident.serious or 0) + (accident.slight or 0) > accident.injured:
        raise problem(
            "bad_value", "serious and slight add up to more than injured, which counts all of them", "injured"
        )


def check_report(report: Report) -> None:
    """Raise `CheckError` for a report that was handled before it came."""
    if report.handled_at is not None and report.handled_at < report.occurred_at:
        raise problem("bad_value", "handled_at lies before occurred_at", "handled_at")


def check_status(status: Status) -> None:
    """Raise `CheckError` for a period that runs backwards or claims more than a day."""
    length_s = (status.occurred_at - status.period_start).total_seconds()
    if not 0 <= length_s <= MAX_STATUS_PERIOD_S:
        message = "period_start lies after occurred_at, or more than a day before it"
        raise problem("bad_value", message, "period_start")


def check_correction(correction: Correction) -> None:
    """Raise `CheckError` unless a correction names one event or one span, and an amendment its fields."""
    target = correction.target
    span = target.from_ is not None or target.to is not None
    if span == (target.event_id is not None):
        raise problem("bad_value", "the target is one event (event_id) or one span (from and to)", "target")
    if span:
        if target.from_ is None or target.to is None:
            raise problem("missing_field", "a span has from and to", "target")
        if target.from_ >= target.to:
            raise problem("bad_value", "the span ends before it begins", "target.to")
    if correction.action != "amend":
        return
    if span:
        raise problem("bad_value", "only one event at a time can be amended", "target")
    if not correction.fields:
        raise problem("missing_field", "an amendment names the new values in fields", "fields")
    _check_amended(correction.fields)
    forbidden = sorted(NEVER_AMENDED & correction.fields.keys())
    if forbidden:
        message = f"{', '.join(forbidden)} cannot be amended: retract the event and send another"
        raise problem("bad_value", message, "fields")


_OWN_CODES = frozenset({"missing_field", "wrong_type", "bad_time", "naive_time", "bad_value"})


def _check_amended(fields: dict[str, Any]) -> None:
    """Raise `CheckError` for a new value that no event could have in that field."""
    try:
        Amended.model_validate_json(msgspec.json.encode(fields))
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        kind = finding["type"]
        code = kind if kind in _OWN_CODES else "wrong_type" if kind.endswith("_type") else "bad_value"
        path = ".".join(str(part) for part in finding["loc"])
        raise problem(code, finding["msg"], f"fields.{path}") from None
