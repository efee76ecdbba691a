"""The JSON Schemas accept every valid event, and refuse what a schema can refuse."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from models.decoding import decode
from models.errors import RecordError
from models.schemas import DIALECT, event_schemas
from tests.accepted import ACCEPTED
from tests.generated import events, record_of
from tests.refused import REFUSED
from tests.rows import EACH_TYPE, NOON, accident, after_noon, correction, raw, report, status, violation

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

SCHEMAS = event_schemas()


@pytest.fixture(scope="module")
def fits():
    validators = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}

    def fits(record):
        """Tell whether a record fits the schema of all events, and that of its own type says the same."""
        event = json.loads(record)
        by_type = validators.get(event.get("type")) if isinstance(event.get("type"), str) else None
        found = validators["event"].is_valid(event)
        assert by_type is None or by_type.is_valid(event) == found
        return found

    return fits


@pytest.mark.parametrize("name", [*EACH_TYPE, "event"])
def test_a_schema_is_one(name):
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["title"]) == (DIALECT, f"amanzhol: {name}")
    assert schema["description"]


@pytest.mark.parametrize("name", EACH_TYPE)
def test_a_plain_event_fits(fits, name):
    assert fits(raw(EACH_TYPE[name]()))


@pytest.mark.parametrize("event", [row[0] for row in ACCEPTED])
def test_odd_records_fit(fits, event):
    assert fits(raw(event))


NO_OBJECT = {"null_record", "empty_record", "not_an_object", "not_json", "not_utf8", "too_large"}
REFUSED_OBJECTS = [raw(event) for event, code, _ in REFUSED if code not in NO_OBJECT and b"NaN" not in raw(event)]

# What only the description of a schema says: sums, the order of times, real dates, signs that are rarely met. And
# Python's `$` lets a last newline pass.
FITS_AND_IS_REFUSED = [
    violation(event_id="\ue000"),
    violation(offence="592.2\n"),
    accident(injured=2, serious=2, slight=1),
    accident(serious=1),
    report(handled_at=after_noon(-1)),
    status(period_start=after_noon(1)),
    status(period_start=after_noon(-86_401)),
    correction(target={"source_id": "cam-1", "from": NOON, "to": NOON}),
    correction(target={"source_id": "cam-1", "from": after_noon(1), "to": NOON}),
    violation(occurred_at="2026-11-22T12:00:00Z\n"),
    violation(occurred_at="2026-02-29T12:00:00Z"),
    violation(occurred_at="1899-12-31T23:59:59Z"),
    violation(occurred_at="1900-01-01T04:59:59+05:00"),
    violation(occurred_at="2200-01-01T00:00:00Z"),
    violation(occurred_at="2199-12-31T23:59:59-05:00"),
]


def test_nothing_else_that_is_refused_fits(fits):
    assert [record for record in REFUSED_OBJECTS if fits(record)] == [raw(event) for event in FITS_AND_IS_REFUSED]


@settings(max_examples=300, deadline=None)
@given(event=events())
def test_every_valid_event_fits(fits, event):
    record = record_of(event)
    try:
        decode(record)
    except RecordError:
        return
    assert fits(record)
