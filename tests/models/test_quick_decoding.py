"""The quick way of decoding accepts nothing that the models refuse, and reads the same values."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from models.decoding import decode, decode_slowly, type_of
from models.errors import RecordError
from models.events import EVENT_MODELS, CorrectionTarget, Location, Section
from tests.accepted import ACCEPTED
from tests.generated import events, record_of, records
from tests.rows import EACH_TYPE, raw, violation

INSIDE = {"location": Location, "section": Section, "target": CorrectionTarget}


def values_of(decoded, model):
    """Give all fields by the names of the model, with the types of their values, whichever way they were decoded."""
    values = {}
    for name in model.model_fields:
        if name == "type":
            continue
        value = getattr(decoded, name)
        if name in INSIDE and value is not None and not isinstance(value, str):
            values[name] = values_of(value, INSIDE[name])
        else:
            # Text tells apart what == does not: 1 and 1.0 and True, 0.0 and -0.0, one offset and another.
            values[name] = repr(value)
    return values


def outcome(way, record):
    try:
        decoded = way(record)
    except RecordError as refusal:
        return refusal.code, refusal.path, str(refusal)
    return type_of(decoded), values_of(decoded, EVENT_MODELS[type_of(decoded)])


def is_quick(record):
    return not isinstance(decode(record), BaseModel)


@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records())
def test_both_ways_come_to_the_same(record):
    found = outcome(decode, record)
    event("refused" if len(found) == 3 else "quick" if is_quick(record) else "slow")
    assert found == outcome(decode_slowly, record)


@settings(max_examples=300, deadline=None)
@given(events(), st.booleans())
def test_both_ways_come_to_the_same_on_events_as_they_should_be(event, escaped):
    record = record_of(event, escaped=escaped)
    assert outcome(decode, record) == outcome(decode_slowly, record)


@pytest.mark.parametrize("event", [row[0] for row in ACCEPTED])
def test_odd_records_too(event):
    assert outcome(decode, raw(event)) == outcome(decode_slowly, raw(event))


ORDINARY = {"lon": 51.16, "lat": 43.65, "heading": 0, "route": "KAZ11", "km": 5, "direction": "forward"}


@pytest.mark.parametrize("name", EACH_TYPE)
def test_an_ordinary_record_takes_the_quick_way(name):
    assert is_quick(raw(EACH_TYPE[name](location=ORDINARY)))


def test_offences_are_remembered_up_to_a_limit(monkeypatch):
    remembered = set()
    monkeypatch.setattr("models.decoding._offences_seen", remembered)
    monkeypatch.setattr("models.decoding._MAX_OFFENCES_SEEN", 3)
    for number in range(9):
        assert is_quick(raw(violation(offence=f"592.{number}")))
        assert not is_quick(raw(violation(offence=f"592.{number}", lane=2.0)))
    assert remembered == {"592.0", "592.1", "592.2"}
