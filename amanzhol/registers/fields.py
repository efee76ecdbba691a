"""Which fields the events of a register have and how each is written, read off the models of events."""

from __future__ import annotations

import types
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from models.events import EVENT_MODELS


class FieldType(Enum):
    """What a cell has to become."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    YES_NO = "yes or no"
    TIME = "time"


_TYPES: dict[Any, FieldType] = {
    int: FieldType.WHOLE,
    float: FieldType.NUMBER,
    bool: FieldType.YES_NO,
    datetime: FieldType.TIME,
}


def _members(annotation: Any) -> list[Any]:
    """Take an annotation apart: what it is besides None and notes."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [found for member in get_args(annotation) if member is not type(None) for found in _members(member)]
    return [annotation]


def _fields_of(model: type[BaseModel]) -> dict[str, FieldType]:
    fields: dict[str, FieldType] = {}
    for name, field in model.model_fields.items():
        (member, *_) = _members(field.annotation)
        if isinstance(member, type) and issubclass(member, BaseModel):
            fields |= {f"{name}.{inner}": kind for inner, kind in _fields_of(member).items()}
        elif name != "type":
            fields[name] = _TYPES.get(member, FieldType.TEXT)
    return fields


FIELDS_OF_TYPE: dict[str, dict[str, FieldType]] = {name: _fields_of(model) for name, model in EVENT_MODELS.items()}
"""Per type of event its fields, those within another as `location.lon`, and what a cell has to become for each."""

DEFAULTS_OF_TYPE: dict[str, dict[str, Any]] = {
    name: {
        field: info.default
        for field, info in model.model_fields.items()
        if not info.is_required() and info.default is not None
    }
    for name, model in EVENT_MODELS.items()
}
"""Values of fields that an event may leave out and that are never null."""
