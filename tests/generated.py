"""Records as hypothesis makes them: events, and events to which something has happened on their way."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.rows import EACH_TYPE, NOON, after_noon

TIMES = st.one_of(
    st.integers(-90_000, 90_000).map(after_noon),
    st.integers(-(10**9), 10**9).map(lambda us: after_noon(us / 10**6)),
    st.sampled_from(
        [
            "2026-11-22 12:00:00Z",
            "2026-11-22t12:00:00.1z",
            "2026-11-22T12:00:00-00:00",
            "2026-11-22T12:00:00+0500",
            "2026-11-22T11:59:59.999999999+05:00",
            "2026-11-22T23:59:59.9999995Z",
            "2026-11-22T12:00:00.99999949Z",
            "2026-11-22T12:00:00.123456789Z",
            "2024-02-29T00:00:00+23:59",
            "1900-01-01T00:00:00+05:00",
            "1900-12-31T23:00:00-05:00",
            "1901-01-01T00:00:00+14:00",
            "2198-12-31T23:59:59-14:00",
            "2199-12-31T23:59:59.9999999Z",
            "2200-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2026-11-22T24:00:00Z",
            "2026-11-22T12:00:60Z",
            "2026-11-22T12:00:00",
            "2026-11-22",
            "2026-02-29T00:00:00Z",
        ]
    ),
)


class Token(str):
    """A number, or what somebody took for one, as it shall stand in the record."""

    __slots__ = ()


NUMBERS = st.one_of(
    st.integers(-2, 400),
    st.integers(),
    st.floats(-400, 400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            *(
                "0",
                "-0",
                "-0.0",
                "1.0",
                "2e0",
                "1E2",
                "64.0",
                "64.5",
                "100000.0",
                "1e5",
                "360",
                "359.99999999999999999",
            ),
            *("1e400", "-1e400", "1e-400", "NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "-", "1e", "0x10"),
            *("9" * 25, "9" * 400, "9" * 4_400, "0." + "3" * 1_000, "18446744073709551616", "9007199254740993"),
        ]
    ).map(Token),
)
TEXTS = st.one_of(
    st.sampled_from(["", " ", "cam-1", "592.2", "592 2", "collision", "egov", "test", "unit", "backward", "active"]),
    st.text(max_size=6),
    st.text(st.characters(codec="ascii"), max_size=70),
    st.sampled_from(
        ["x" * 64, "x" * 65, "ы" * 64, "a\x00b", "a\x7fb", "a\u200bb", "\ud800", "😀", '"', "\\", "592.2\n"]
    ),
)
DEEP = st.sampled_from([3, 99, 101, 150, 250, 1_000]).map(lambda depth: Token("[" * depth + "]" * depth))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, TIMES)
ANYTHING = st.one_of(
    SCALARS, DEEP, st.lists(SCALARS, max_size=2), st.dictionaries(st.sampled_from(["a", "lon"]), SCALARS, max_size=2)
)

_WORDS = st.sampled_from(["a", "Beyneu", "KAZ11", "Ақтау", "x" * 64])
_SPEEDS = st.one_of(st.integers(0, 1000), st.floats(0, 1000))
LOCATIONS = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "heading": st.one_of(st.just(0), st.floats(0, 359.9)),
            "accuracy_m": st.floats(0, 1e6),
            "of": st.sampled_from([None, "vehicle", "unit"]),
            "target": st.sampled_from(["same", "oncoming"]),
            "direction": st.sampled_from(["forward", "backward"]),
            "area": _WORDS,
            "route": _WORDS,
        },
    ),
    st.fixed_dictionaries({"lon": st.floats(-180, 180), "lat": st.integers(-90, 90)}),
    st.fixed_dictionaries({"lon": st.integers(50, 52), "lat": st.floats(43, 45), "route": _WORDS, "km": _SPEEDS}),
)
_COUNTS = st.integers(0, 3)
_OPTIONAL = {
    "violation": {
        "speed_kmh": _SPEEDS,
        "limit_kmh": _SPEEDS,
        "vehicle_class": _WORDS,
        "lane": st.integers(0, 64),
        "confidence": st.floats(0, 1),
        "stage": st.sampled_from(["detected", "confirmed", None]),
        "plate": st.just("123ABC12"),
        "plate_hash": _WORDS,
        "average_speed_kmh": _SPEEDS,
        "section": st.fixed_dictionaries({"section_id": _WORDS, "length_m": st.floats(1, 9e6), "entered_at": TIMES}),
    },
    "accident": {
        "kind": st.sampled_from(["animal", "overturn", "meteorite"]),
        "dead": _COUNTS,
        "injured": st.integers(2, 9),
        "serious": st.integers(0, 1),
        "slight": st.one_of(st.none(), st.integers(0, 2)),
        "animal": _WORDS,
        "junction": st.booleans(),
        "vehicles": _COUNTS,
        "registered_at": TIMES,
        "official": st.booleans(),
    },
    "report": {
        "channel": st.sampled_from(["egov", "kaspi", "telegram"]),
        "category": st.sampled_from(["traffic", "other", None]),
        "handled_at": TIMES,
    },
    "status": {
        "state": st.sampled_from(["active", "maintenance", "off"]),
        "period_start": TIMES,
        "passages": st.integers(0, 10_000_000),
        "clock_offset_ms": st.one_of(st.integers(-(10**13), 10**13), st.floats(-1e13, 1e13)),
    },
    "correction": {
        "target": st.one_of(
            st.fixed_dictionaries({"source_id": _WORDS, "event_id": _WORDS}),
            st.fixed_dictionaries({"source_id": _WORDS, "from": TIMES, "to": TIMES}),
        ),
        "action": st.sampled_from(["retract", "restore", "amend"]),
        "fields": st.dictionaries(st.sampled_from(["dead", "injured", "x"]), ANYTHING, max_size=2),
        "reason": TEXTS,
    },
}
_SHARED = {
    "event_id": st.sampled_from(["e1", "e2", " ", "x" * 64, "ы"]),
    "occurred_at": st.one_of(st.just(NOON), TIMES),
    "time_precision": st.sampled_from(["second", "minute", "hour", "day"]),
    "mode": st.sampled_from(["live", "backfill", "test"]),
    "location": LOCATIONS,
}


@st.composite
def events(draw: st.DrawFn, types: tuple[str, ...] = tuple(EACH_TYPE)) -> dict:
    """An event with some of the fields that it may have; most are valid."""
    name = draw(st.sampled_from(types))
    fields = draw(st.fixed_dictionaries({}, optional=_SHARED | _OPTIONAL[name]))
    return EACH_TYPE[name](**fields)


@st.composite
def mishaps(draw: st.DrawFn, event: dict) -> list[tuple[str, object]]:
    """Name and value pairs of an event in which fields were lost, changed, added, doubled or reordered."""
    pairs = list(event.items())
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(pairs) - 1))
        name, value = pairs[at]
        match draw(st.sampled_from(["lost", "changed", "inside", "added", "doubled", "moved"])):
            case "lost" if len(pairs) > 1:
                del pairs[at]
            case "inside" if isinstance(value, dict) and value:
                inside = draw(st.sampled_from(sorted(value)))
                pairs[at] = (name, value | {inside: draw(ANYTHING)})
            case "added":
                pairs.append((draw(st.sampled_from(["x", "", "lane", "fields", "from_", "Type"])), draw(ANYTHING)))
            case "doubled":
                pairs.append((name, draw(ANYTHING)))
            case "moved":
                pairs.append(pairs.pop(at))
            case _:
                pairs[at] = (name, draw(ANYTHING))
    return pairs


def written(value: object, *, escaped: bool = False) -> str:
    """JSON of a value. Tokens stand in it as they are; `escaped` writes letters beyond ASCII as escapes."""
    if isinstance(value, Token):
        return str.__str__(value)
    if isinstance(value, dict):
        value = list(value.items())
        return "{" + ",".join(f"{written(k, escaped=escaped)}: {written(v, escaped=escaped)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item, escaped=escaped) for item in value) + "]"
    return json.dumps(value, ensure_ascii=escaped)


def record_of(event: dict, *, escaped: bool = False) -> bytes:
    """Bytes of an event, with whatever stands in it."""
    return written(event, escaped=escaped).encode("utf-8", "surrogatepass")


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Bytes of an event; often one that was mangled, now and then by the byte."""
    pairs = draw(mishaps(draw(events())))
    escaped = draw(st.booleans())
    body = ",".join(f"{written(name, escaped=escaped)}:{written(value, escaped=escaped)}" for name, value in pairs)
    record = f"{{{body}}}".encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(record)))
        byte = draw(
            st.one_of(st.just(b""), st.binary(min_size=1, max_size=1), st.sampled_from([b'"', b"}", b",", b"\n"]))
        )
        record = record[:at] + byte + record[at + draw(st.integers(0, 1)) :]
    return record
