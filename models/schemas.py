"""The JSON Schemas of the events, for those who send them without Python: made from the models, never by hand.

What a schema cannot say (that one number is at most the sum of two others, that one time is before another) is said
in its description. So every valid event fits its schema; a few that fit are refused all the same.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from models.events import EVENT_ADAPTER, EVENT_MODELS, NEVER_AMENDED

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_ALSO = {
    "Accident": "`serious` and `slight` together are at most `injured`.",
    "Report": "`handled_at` is not before `occurred_at`.",
    "Status": "`period_start` is at most a day before `occurred_at`, and not after it.",
    "CorrectionTarget": "`from` is before `to`.",
}


def _given(name: str) -> Schema:
    """A field that is there and not null, which is as good as absent."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _needs(name: str, other: str) -> Schema:
    return {"if": _given(name), "then": _given(other)}


# What the checks of `models.events` say about several fields at once.
_RULES: dict[str, Schema] = {
    "Location": {"allOf": [_needs("lon", "lat"), _needs("lat", "lon"), _needs("km", "route")]},
    "CorrectionTarget": {
        "oneOf": [
            {"allOf": [_given("event_id"), {"not": _given("from")}, {"not": _given("to")}]},
            {"allOf": [_given("from"), _given("to"), {"not": _given("event_id")}]},
        ]
    },
    "Correction": {
        "if": {"properties": {"action": {"const": "amend"}}, "required": ["action"]},
        "then": {
            "required": ["fields"],
            "properties": {
                "fields": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"not": {"enum": sorted(NEVER_AMENDED)}},
                },
                "target": _given("event_id"),
            },
        },
    },
}


class _Plain(GenerateJsonSchema):
    """Leaves out titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        """Never."""
        return False


def event_schemas() -> dict[str, Schema]:
    """Give the schema of each type of event by its name, and of all of them as `event`."""
    schemas = {
        name: _finished(f"amanzhol: {name}", model.model_json_schema(schema_generator=_Plain))
        for name, model in EVENT_MODELS.items()
    }
    schemas["event"] = _finished("amanzhol: event", EVENT_ADAPTER.json_schema(schema_generator=_Plain))
    return schemas


def _finished(title: str, generated: Schema) -> Schema:
    definitions = {name: _completed(definition) for name, definition in generated.pop("$defs", {}).items()}
    completed = _completed(generated)
    completed.pop("title", None)
    about = {"description": "One record of an input topic, or one line of an NDJSON file."} | completed
    schema = {"$schema": DIALECT, "title": title} | about
    return schema | {"$defs": definitions} if definitions else schema


def _completed(definition: Schema) -> Schema:
    """Add the rules and remarks of one model, and leave out defaults that say nothing."""
    name = definition.get("title", "")
    completed = {key: value for key, value in definition.items() if key != "properties"}
    if name in _ALSO:
        completed["description"] = f"{definition['description']} {_ALSO[name]}"
    if "properties" in definition:
        completed["properties"] = {
            field: {key: value for key, value in schema.items() if key != "default" or value is not None}
            for field, schema in definition["properties"].items()
        }
    return completed | _RULES.get(name, {})
