"""From bytes to events: a quick way for ordinary records, and pydantic for all others.

The models of `models.events` alone decide what is valid. The quick way is msgspec on structs derived from those
models; it may only accept what they accept, with the same values, and hands everything it does not like to
them. So a record that is quarantined was always refused by pydantic, and its code and path are pydantic's.
`tests/models/test_decoding.py` holds both against each other on generated records.
"""

from __future__ import annotations

import types
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Union, cast, get_args, get_origin

import msgspec
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from models import errors
from models.events import (
    _OFFENCE,
    EVENT_ADAPTER,
    EVENT_MODELS,
    CheckError,
    Event,
    check_accident,
    check_correction,
    check_location,
    check_report,
    check_status,
    parse_instant,
)
from models.miswritten import miswritten
from models.topics import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_QUICK_YEARS = range(1901, 2199)
"""Times in these years lie within the bounds of `models.events` whatever their offset."""

_QUICK_BYTES = 4_096
_QUICK_BRACKETS = 100
"""Ordinary records are shorter and flatter: pydantic refuses numbers of over 4,300 digits and nesting beyond some 200
levels, and msgspec does not, where they stand in a field that nobody knows."""

_FLAT_BYTES = 400
"""A record up to this length has no room for such nesting."""

# A number is looked for in bytes seven times as fast as bytes are.
_BACKSLASH = ord("\\")
_DELETE = 0x7F

_ROUNDS_UP = b".999999"
"""What `parse_instant` must see, since msgspec would round it up into the next second."""

_NUMBER_REFUSED = frozenset({"float_type", "greater_than_equal", "less_than_equal"})
"""What pydantic says of a number that is text, or out of bounds."""

_ERRORS_BY_CODE: dict[str, type[errors.RecordError]] = {cls.code: cls for cls in errors.RecordError.__subclasses__()}


def decode_slowly(raw: bytes | None) -> Event:
    """Decode one record by the models themselves. Raises the `RecordError` that fits."""
    if raw is None:
        raise errors.NullRecordError("the record is null: input topics take no deletions, send a correction")
    if not raw.strip():
        raise errors.EmptyRecordError("the record has no bytes")
    if len(raw) > MAX_RECORD_BYTES:
        raise errors.TooLargeError(f"the record has {len(raw):,} bytes; at most {MAX_RECORD_BYTES:,} are taken")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise errors.NotUtf8Error(f"not UTF-8: {error.reason} at byte {error.start}") from None
    try:
        event = EVENT_ADAPTER.validate_json(raw)
    except ValidationError as error:
        raise _record_error(error) from None
    if b"NaN" in raw or b"Infinity" in raw:
        _check_no_nan(raw)
    return event


def _check_no_nan(raw: bytes) -> None:
    """Refuse what pydantic reads and JSON does not know, in a field that no model looks at."""
    try:
        from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise errors.NotJsonError(f"not one JSON value: {error}") from None


def decode(raw: bytes | None) -> Event:
    """Decode one record. Raises the `RecordError` that fits.

    >>> decode(b'{"type": "report"}')
    Traceback (most recent call last):
    ...
    models.errors.MissingFieldError: event_id: field required
    """
    event = _decode_quickly(raw) if raw is not None else None
    return decode_slowly(raw) if event is None else event


def decode_all(records: Iterable[bytes | None]) -> list[Event | errors.RecordError]:
    """Decode a batch: for each record its event, or the error that keeps it from being one."""
    decoded: list[Event | errors.RecordError] = []
    append = decoded.append
    for raw in records:
        event = _decode_quickly(raw) if raw is not None else None
        if event is None:
            try:
                event = decode_slowly(raw)
            except errors.RecordError as error:
                append(error)
                continue
        append(event)
    return decoded


def _record_error(error: ValidationError) -> errors.RecordError:
    """Turn the first of pydantic's findings into one of our errors."""
    finding = error.errors(include_url=False)[0]
    kind, loc, value = finding["type"], finding["loc"], finding["input"]
    context = finding.get("ctx", {})
    # Below a union stands the name of the chosen model first, which is no field of the record.
    fields = list(loc[1:]) + [part for part in (context.get("field", ""),) if part]
    path = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fields)
    name = path.removeprefix("$.")
    if kind in _ERRORS_BY_CODE:
        return _ERRORS_BY_CODE[kind](f"{name}: {finding['msg']}", path)
    if kind == "json_invalid":
        return errors.NotJsonError(f"not one JSON value: {context['error']}")
    if not loc and kind == "dict_type":
        if value is None:
            return errors.NullRecordError("the record is null: input topics take no deletions, send a correction")
        return errors.NotAnObjectError("the record is JSON, but not an object")
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        return _type_error(value.get("type"))
    if kind == "missing":
        return errors.MissingFieldError(f"{name}: field required", path)
    if value is None:
        return errors.MissingFieldError(f"{name}: null is no value of this field", path)
    return _value_error(kind, path, value, finding["msg"])


def _value_error(kind: str, path: str, value: Any, fault: str) -> errors.RecordError:
    """Tell what is wrong with the value of a field."""
    mistaken = miswritten(path, value) if kind in _NUMBER_REFUSED else None
    if mistaken is not None:
        return mistaken
    # The message never quotes the value: it may be a plate.
    message = f"{path.removeprefix('$.')}: {fault[:1].lower()}{fault[1:]}"
    if kind.endswith(("_type", "_parsing", "int_from_float")):
        return errors.WrongTypeError(message, path)
    return errors.BadValueError(message, path)


def _type_error(value: Any) -> errors.RecordError:
    if value is None:
        return errors.MissingFieldError("type: field required", "$.type")
    if not isinstance(value, str):
        return errors.WrongTypeError("type: input should be a valid string", "$.type")
    return errors.UnknownTypeError(f"type is none of {', '.join(EVENT_MODELS)}", "$.type")


# -- the quick way ------------------------------------------------------------------------------------------


def _bounds(metadata: Iterable[Any]) -> dict[str, Any]:
    """Collect the constraints that msgspec knows too; any other is checked below or by `_decode_quickly`."""
    bounds: dict[str, Any] = {}
    for item in metadata:
        if isinstance(item, FieldInfo):
            bounds |= _bounds(item.metadata)
        for constraint, name in ((Ge, "ge"), (Gt, "gt"), (Le, "le"), (Lt, "lt")):
            if isinstance(item, constraint):
                bounds[name] = getattr(item, name)
        if isinstance(item, MinLen):
            bounds["min_length"] = item.min_length
        if isinstance(item, MaxLen):
            bounds["max_length"] = item.max_length
    return bounds


def _quick_type(annotation: Any, metadata: Iterable[Any] = ()) -> Any:
    """Translate the annotation of a model's field for msgspec."""
    metadata = list(metadata)
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *more = get_args(annotation)
        return _quick_type(base, [*more, *metadata])
    if any(isinstance(item, BeforeValidator) and item.func is parse_instant for item in metadata):
        return Annotated[datetime, msgspec.Meta(tz=True)]
    if origin in (Union, types.UnionType):
        return Union[tuple(_quick_type(member) for member in get_args(annotation))]  # noqa: UP007 - a computed union
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _quick_struct(annotation, None)
    bounds = _bounds(metadata)
    return Annotated[annotation, msgspec.Meta(**bounds)] if bounds else annotation


_STRUCTS: dict[type[BaseModel], type[msgspec.Struct]] = {}


def _quick_struct(model: type[BaseModel], tag: str | None) -> type[msgspec.Struct]:
    """Derive the struct of one model: the same fields, names, bounds and defaults."""
    if model not in _STRUCTS:
        fields = []
        for name, field in model.model_fields.items():
            if name == "type":
                continue
            quick = _quick_type(field.annotation, field.metadata)
            default = ... if field.is_required() else field.default
            fields.append((name, quick) if default is ... else (name, quick, default))
        aliases = {name: field.alias for name, field in model.model_fields.items() if field.alias}
        _STRUCTS[model] = msgspec.defstruct(
            model.__name__,
            sorted(fields, key=len),
            tag_field=None if tag is None else "type",
            tag=tag,
            rename=aliases or None,
            gc=False,
        )
    return _STRUCTS[model]


_QUICK: dict[str, Any] = {name: _quick_struct(model, name) for name, model in EVENT_MODELS.items()}
_QUICK_VIOLATION = _QUICK["violation"]
_quick_decode = msgspec.json.Decoder(Union[tuple(_QUICK.values())]).decode  # noqa: UP007 - a computed union

_CHECKS: dict[type, Callable[[Any], None]] = {
    _QUICK["accident"]: check_accident,
    _QUICK["report"]: check_report,
    _QUICK["status"]: check_status,
    _QUICK["correction"]: check_correction,
}

_offences_seen: set[str] = set()
_MAX_OFFENCES_SEEN = 10_000


def type_of(event: Event) -> str:
    """Give the event's `type`, whichever way it was decoded."""
    return _TYPE_NAMES[event.__class__]


_TYPE_NAMES: dict[type, str] = {cls: name for classes in (_QUICK, EVENT_MODELS) for name, cls in classes.items()}


def _decode_quickly(raw: bytes) -> Event | None:
    """Decode an ordinary record, or give None for one that the models shall judge.

    In a record of printable ASCII without escapes every string is printable, so none needs a look of its own
    (JSON allows no raw control characters but DEL).
    """
    if not raw.isascii() or _BACKSLASH in raw or _DELETE in raw or _ROUNDS_UP in raw or len(raw) > _QUICK_BYTES:
        return None
    if len(raw) > _FLAT_BYTES and raw.count(b"[") + raw.count(b"{") > _QUICK_BRACKETS:
        return None
    try:
        event: Any = _quick_decode(raw)
        if event.occurred_at.year not in _QUICK_YEARS:
            return None
        if event.location is not None:
            check_location(event.location)
        if event.__class__ is _QUICK_VIOLATION:
            if event.offence not in _offences_seen and not _is_offence(event.offence):
                return None
            if event.section is not None and event.section.entered_at.year not in _QUICK_YEARS:
                return None
        else:
            if not _has_quick_times(event):
                return None
            _CHECKS[event.__class__](event)
    except (msgspec.DecodeError, CheckError, RecursionError, OverflowError):
        return None
    return cast("Event", event)


def _is_offence(offence: str) -> bool:
    if not _OFFENCE.fullmatch(offence):
        return False
    if len(_offences_seen) < _MAX_OFFENCES_SEEN:
        _offences_seen.add(offence)
    return True


def _has_quick_times(event: Any) -> bool:
    """Tell whether every further time of a rarer event lies safely within the bounds."""
    target = getattr(event, "target", None)
    times = [getattr(event, name, None) for name in ("period_start", "handled_at", "registered_at")]
    if target is not None:
        times += [target.from_, target.to]
    return all(time is None or time.year in _QUICK_YEARS for time in times)
