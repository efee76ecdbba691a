"""The parameters of requests: names, bounds, and the words that describe them to a reader of the OpenAPI."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.calendar import Calendar
from models.errors import BadParameterError
from models.events import AccidentKind, Channel

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SPACED_OFFSET: Final = re.compile(r" (?=\d{2}:\d{2}$)", re.ASCII)
_WORD: Final = 128
_WORDS: Final = 100
_INSTANT: Final = 40

Word = Annotated[str, Field(min_length=1, max_length=_WORD)]
Words = Annotated[list[Word], Field(max_length=_WORDS)]
Instant = Annotated[str, Field(min_length=1, max_length=_INSTANT)]
Km = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]


class Parameters(BaseModel):
    """Parameters that every page takes. Any that is not named is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    f: Annotated[
        Word | None,
        Field(description="Format of the answer; goes before the header `Accept`. A page's description lists its own."),
    ] = None


class Placed(Parameters):
    """Where."""

    segment: Annotated[
        Words, Field(description="Only these segments, by id; several times for several.", examples=[["KAZ11/383"]])
    ] = []
    route: Annotated[Words, Field(description="Only segments of these routes.", examples=[["KAZ11"]])] = []
    from_km: Annotated[
        Km | None, Field(description="Only segments that end behind this kilometre of the one `route`.", examples=[332])
    ] = None
    to_km: Annotated[
        Km | None,
        Field(description="Only segments that begin before this kilometre of the one `route`.", examples=[338]),
    ] = None
    district: Annotated[
        Words, Field(description="Only segments of these districts.", examples=[["Beyneu district"]])
    ] = []


class Timed(BaseModel):
    """When."""

    from_: Annotated[
        Instant,
        Field(
            alias="from",
            description="Where the span begins, inclusive: a date, that is local midnight, or RFC 3339 with an offset.",
            examples=["2025-06-01"],
        ),
    ]
    to: Annotated[
        Instant,
        Field(
            description="Where the span ends, exclusive: a date, that is local midnight, or RFC 3339 with an offset.",
            examples=["2025-07-01"],
        ),
    ]
    as_of: Annotated[
        Instant | None,
        Field(
            description="What was known by then, to the full hour; for steps of a day and longer, and whole days.",
            examples=["2025-07-02"],
        ),
    ] = None


class Filtered(BaseModel):
    """What. A figure that cannot be asked by a filter is left out of the answer."""

    fleet: Annotated[
        Words, Field(description="Fleet kinds: for violations and watch time.", examples=[["fixed_camera"]])
    ] = []
    offence: Annotated[
        Words, Field(description="Articles of the administrative code: for violations.", examples=[["592.2"]])
    ] = []
    kind: Annotated[
        list[AccidentKind],
        Field(max_length=_WORDS, description="Kinds of accidents: for accidents, dead and injured."),
    ] = []
    severity: Annotated[
        list[Literal["fatal", "injury", "damage"]],
        Field(max_length=_WORDS, description="Worst outcome of an accident: for accidents."),
    ] = []
    channel: Annotated[
        list[Channel],
        Field(max_length=_WORDS, description="Channels of citizens' reports: for reports."),
    ] = []
    category: Annotated[
        list[Literal["traffic", "accident", "animal_on_road", "road_defect", "other"]],
        Field(max_length=_WORDS, description="What reports are about: for reports."),
    ] = []
    direction: Annotated[
        list[Literal["forward", "backward"]],
        Field(max_length=_WORDS, description="Direction of travel, `forward` with rising kilometres."),
    ] = []


class Paged(BaseModel):
    """How much."""

    limit: Annotated[
        int | None,
        Field(ge=1, le=10_000, description="Rows of a page of JSON or GeoJSON, 1,000 by default. Tables are whole."),
    ] = None
    next: Annotated[
        str | None,
        Field(min_length=1, max_length=512, description="Token of the next page, as the page before gave it."),
    ] = None


class Totals(Filtered, Timed, Placed):
    """Parameters of totals."""

    measures: Annotated[
        Literal["usual", "all"],
        Field(description="`all` adds what only statisticians need: sums of squares, buckets of handling times."),
    ] = "usual"


class Series(Totals):
    """Parameters of a time series."""

    step: Annotated[
        Literal["window", "hour", "day", "month", "year"], Field(description="Length of a row's span, in local time.")
    ] = "day"


class Counts(Paged, Totals):
    """Parameters of counts."""

    by: Annotated[Literal["segment", "route", "district", "all"], Field(description="What a row is about.")] = "segment"
    step: Annotated[
        Literal["window", "hour", "day", "month", "year", "all"],
        Field(description="Length of a row's span, in local time; `all` is one row for the whole span."),
    ] = "all"


class Comparison(Totals):
    """Parameters of a comparison."""

    by: Annotated[Literal["segment", "route", "district", "all"], Field(description="What a row is about.")] = "all"
    against: Annotated[
        Literal["year_before", "period_before"],
        Field(description="The same local dates a year before, or the span of the same length that ends at `from`."),
    ] = "year_before"


def instant_of(text: str, parameter: str, calendar: Calendar) -> int:
    """Read a date or time as UTC seconds. Raises BadParameterError, which names the parameter."""
    try:
        if _DATE.fullmatch(text):
            day = dt.date.fromisoformat(text)
            _check_year(day.year, parameter)
            return calendar.midnight(day)
        # In an address a plus that is not escaped means a blank.
        moment = dt.datetime.fromisoformat(_SPACED_OFFSET.sub("+", text))
        _check_year(moment.year, parameter)
    except ValueError as error:
        if isinstance(error, BadParameterError):
            raise
        raise BadParameterError(
            f"{parameter}: write a date like 2025-06-01, or a time like 2025-06-01T09:30:00+05:00", parameter
        ) from None
    if moment.tzinfo is None:
        raise BadParameterError(f"{parameter}: a time needs its offset: Z or +05:00", parameter)
    return int(moment.timestamp())


def _check_year(year: int, parameter: str) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise BadParameterError(f"{parameter}: must be in the years {_FIRST_YEAR} to {_LAST_YEAR}", parameter)
