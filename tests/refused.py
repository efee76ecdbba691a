"""Records that no event can be made of: the bytes or the event, the code and the JSON path. Hostile rows first."""

from __future__ import annotations

from models.topics import MAX_RECORD_BYTES
from tests.rows import NOON, accident, after_noon, correction, raw, report, status, violation

MEBIBYTE = 1024 * 1024
VALID = raw(violation())
BEFORE = VALID[:-1]


def at(**location):
    return violation(location=location)


def section(**changes):
    return violation(section={"section_id": "KAZ11-1", "length_m": 5_000, "entered_at": after_noon(-180), **changes})


def target(**changes):
    return correction(target={"source_id": "cam-1", **changes})


def amend(**fields):
    return correction(action="amend", fields=fields)


NO_EVENT = [
    (None, "null_record", "$"),
    (b"null", "null_record", "$"),
    (b" null\r\n", "null_record", "$"),
    (b"", "empty_record", "$"),
    (b" \t\r\n", "empty_record", "$"),
    (b"[]", "not_an_object", "$"),
    (b"1", "not_an_object", "$"),
    (b"1e3", "not_an_object", "$"),
    (b"true", "not_an_object", "$"),
    (b'"violation"', "not_an_object", "$"),
    (b"[" + VALID + b"]", "not_an_object", "$"),
    (b"{", "not_json", "$"),
    (b"violation", "not_json", "$"),
    (b"<violation/>", "not_json", "$"),
    (b"\x00", "not_json", "$"),
    (b"\xef\xbb\xbf" + VALID, "not_json", "$"),  # a byte order mark
    (VALID[:-1], "not_json", "$"),
    (VALID[:-2], "not_json", "$"),
    (VALID + b"x", "not_json", "$"),
    (VALID + b"\x00", "not_json", "$"),
    (VALID + VALID, "not_json", "$"),
    (VALID + b"\n" + VALID, "not_json", "$"),
    (VALID + b",", "not_json", "$"),
    (VALID.replace(b'"', b"'"), "not_json", "$"),
    (BEFORE + b",}", "not_json", "$"),
    (BEFORE + b', "x": 01}', "not_json", "$"),
    (BEFORE + b', "x": 1.}', "not_json", "$"),
    (BEFORE + b', "x": .5}', "not_json", "$"),
    (BEFORE + b', "x": +1}', "not_json", "$"),
    (BEFORE + b', "x": 0x1F}', "not_json", "$"),
    (BEFORE + b', "x": tru}', "not_json", "$"),
    (BEFORE + b', "x": NaN}', "not_json", "$"),
    (BEFORE + b', "x": [-Infinity]}', "not_json", "$"),
    (BEFORE + b', "x": "a\tb"}', "not_json", "$"),
    (BEFORE + b', "x": "a\nb"}', "not_json", "$"),
    (BEFORE + b', "x": "\\x41"}', "not_json", "$"),
    (BEFORE + b', "x": "\\ud800"}', "not_json", "$"),
    (BEFORE + b', "x": "\\udc00\\ud800"}', "not_json", "$"),
    (BEFORE + b', "x": ' + b"[" * 300 + b"]" * 300 + b"}", "not_json", "$"),
    (BEFORE + b', "x": ' + b'{"y":' * 300 + b"1" + b"}" * 300 + b"}", "not_json", "$"),
    (BEFORE + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json", "$"),
    (b"[" * 100_000, "not_json", "$"),
    (BEFORE + b', "x": ' + b"9" * 5_000 + b"}", "not_json", "$"),
    (b"\xff", "not_utf8", "$"),
    (BEFORE + b', "x": "\xc0\xc2\xd1"}', "not_utf8", "$"),  # Cyrillic in windows-1251
    (BEFORE + b', "x": "\xed\xa0\x80"}', "not_utf8", "$"),  # a lone surrogate
    (BEFORE + b', "x": "\xc0\x80"}', "not_utf8", "$"),  # an overlong zero
    (VALID.decode().encode("utf-16"), "not_utf8", "$"),
    (BEFORE + b"\xd0", "not_utf8", "$"),
    (VALID + b" " * MAX_RECORD_BYTES, "too_large", "$"),
    (b"[" * (MAX_RECORD_BYTES + 1), "too_large", "$"),
    (b"\xff" * 10 * MEBIBYTE, "too_large", "$"),
    (raw(violation(event_id="x" * 10 * MEBIBYTE)), "too_large", "$"),
]

BAD_FIELD = [
    # type
    (b"{}", "missing_field", "$.type"),
    (violation(type=...), "missing_field", "$.type"),
    (violation(type=None), "missing_field", "$.type"),
    (violation(type=1), "wrong_type", "$.type"),
    (violation(type=["violation"]), "wrong_type", "$.type"),
    (violation(type=""), "unknown_type", "$.type"),
    (violation(type="Violation"), "unknown_type", "$.type"),
    (violation(type="passage"), "unknown_type", "$.type"),
    (BEFORE + b', "type": "passage"}', "unknown_type", "$.type"),  # of two fields of one name the last holds
    # ids
    (violation(event_id=...), "missing_field", "$.event_id"),
    (violation(event_id=None), "missing_field", "$.event_id"),
    (violation(event_id=17), "wrong_type", "$.event_id"),
    (violation(event_id=True), "wrong_type", "$.event_id"),
    (violation(event_id=["e1"]), "wrong_type", "$.event_id"),
    (violation(event_id=""), "bad_value", "$.event_id"),
    (violation(event_id="x" * 65), "bad_value", "$.event_id"),
    (violation(event_id="ы" * 65), "bad_value", "$.event_id"),
    (violation(event_id="x" * 1_000_000), "bad_value", "$.event_id"),
    (violation(event_id="a\tb"), "bad_value", "$.event_id"),
    (violation(event_id="a\x00b"), "bad_value", "$.event_id"),
    (violation(event_id="a\x7fb"), "bad_value", "$.event_id"),
    (violation(event_id="a\x85b"), "bad_value", "$.event_id"),
    (violation(event_id="a\u200bb"), "bad_value", "$.event_id"),  # of no width
    (violation(event_id="a\u202eb"), "bad_value", "$.event_id"),  # turns the direction of writing
    (violation(event_id="\u00a0"), "bad_value", "$.event_id"),
    (violation(event_id="\ufeffe1"), "bad_value", "$.event_id"),
    (violation(event_id="\ue000"), "bad_value", "$.event_id"),  # for private use
    (violation(source_id=...), "missing_field", "$.source_id"),
    (violation(source_id=None), "missing_field", "$.source_id"),
    (violation(source_id=1.0), "wrong_type", "$.source_id"),
    (violation(source_id=""), "bad_value", "$.source_id"),
    (violation(source_id="x" * 65), "bad_value", "$.source_id"),
    (violation(source_id="a\nb"), "bad_value", "$.source_id"),
    # the fields are judged in the order of their definition
    (violation(event_id=1, source_id=...), "wrong_type", "$.event_id"),
    (violation(event_id=..., source_id=...), "missing_field", "$.event_id"),
    # time_precision, mode
    (violation(time_precision="week"), "bad_value", "$.time_precision"),
    (violation(time_precision=1), "bad_value", "$.time_precision"),
    (violation(mode="Live"), "bad_value", "$.mode"),
    (violation(mode=None), "missing_field", "$.mode"),
    # location
    (violation(location=[]), "wrong_type", "$.location"),
    (violation(location="R 5"), "wrong_type", "$.location"),
    (at(lon=51, lat=91), "bad_value", "$.location.lat"),
    (at(lon=51, lat=-90.0001), "bad_value", "$.location.lat"),
    (at(lon=180.0001, lat=44), "bad_value", "$.location.lon"),
    (at(lon=-181, lat=44), "bad_value", "$.location.lon"),
    (at(lon="51", lat=44), "wrong_type", "$.location.lon"),
    (at(lon=51, lat=True), "wrong_type", "$.location.lat"),
    (at(lon=[51], lat=44), "wrong_type", "$.location.lon"),
    (at(lon=51), "missing_field", "$.location.lat"),
    (at(lon=None, lat=44), "missing_field", "$.location.lon"),
    (BEFORE + b', "location": {"lon": NaN, "lat": 44}}', "bad_value", "$.location.lon"),
    (BEFORE + b', "location": {"lon": 51, "lat": -Infinity}}', "bad_value", "$.location.lat"),
    (BEFORE + b', "location": {"lon": 1e999, "lat": 44}}', "bad_value", "$.location.lon"),
    (at(heading=360), "bad_value", "$.location.heading"),
    (at(heading=-0.1), "bad_value", "$.location.heading"),
    (at(heading="N"), "wrong_type", "$.location.heading"),
    (at(accuracy_m=-1), "bad_value", "$.location.accuracy_m"),
    (at(of="car"), "bad_value", "$.location.of"),
    (at(target="opposite"), "bad_value", "$.location.target"),
    (at(km=5), "missing_field", "$.location.route"),
    (at(km=5, route=None), "missing_field", "$.location.route"),
    (at(route="R", km=-0.1), "bad_value", "$.location.km"),
    (at(route="R", km="5"), "wrong_type", "$.location.km"),
    (at(route="", km=5), "bad_value", "$.location.route"),
    (at(route="R", direction="both"), "bad_value", "$.location.direction"),
    (at(area=""), "bad_value", "$.location.area"),
    (at(area="a\x00"), "bad_value", "$.location.area"),
    # violation
    (violation(offence=...), "missing_field", "$.offence"),
    (violation(offence=None), "missing_field", "$.offence"),
    (violation(offence=592.2), "wrong_type", "$.offence"),
    (violation(offence=""), "bad_value", "$.offence"),
    (violation(offence="592 2"), "bad_value", "$.offence"),
    (violation(offence="592.2\n"), "bad_value", "$.offence"),
    (violation(offence="-592"), "bad_value", "$.offence"),
    (violation(offence="٥٩٢"), "bad_value", "$.offence"),
    (violation(offence="5" * 17), "bad_value", "$.offence"),
    (violation(speed_kmh="91"), "wrong_type", "$.speed_kmh"),
    (violation(speed_kmh=True), "wrong_type", "$.speed_kmh"),
    (violation(speed_kmh=-1), "bad_value", "$.speed_kmh"),
    (violation(limit_kmh=1001), "bad_value", "$.limit_kmh"),
    (violation(lane=1.5), "wrong_type", "$.lane"),
    (violation(lane=False), "wrong_type", "$.lane"),
    (violation(lane="1"), "wrong_type", "$.lane"),
    (violation(lane=65), "bad_value", "$.lane"),
    (violation(lane=10**30), "bad_value", "$.lane"),
    (violation(confidence=1.01), "bad_value", "$.confidence"),
    (violation(stage="seen"), "bad_value", "$.stage"),
    (violation(vehicle_class=3), "wrong_type", "$.vehicle_class"),
    (violation(plate=12312), "wrong_type", "$.plate"),
    (violation(section="KAZ11-1"), "wrong_type", "$.section"),
    (violation(section={}), "missing_field", "$.section.section_id"),
    (section(section_id=""), "bad_value", "$.section.section_id"),
    (section(length_m=0), "bad_value", "$.section.length_m"),
    (section(length_m="5 km"), "wrong_type", "$.section.length_m"),
    (section(entered_at="2026-11-22T11:57:00"), "naive_time", "$.section.entered_at"),
    # accident
    (accident(kind=...), "missing_field", "$.kind"),
    (accident(kind=3), "wrong_type", "$.kind"),
    (accident(kind=""), "bad_value", "$.kind"),
    (accident(dead=-1), "bad_value", "$.dead"),
    (accident(dead="1"), "wrong_type", "$.dead"),
    (accident(dead=True), "wrong_type", "$.dead"),
    (accident(dead=0.5), "wrong_type", "$.dead"),
    (accident(dead=None), "missing_field", "$.dead"),
    (accident(injured=100_001), "bad_value", "$.injured"),
    (accident(injured=2, serious=2, slight=1), "bad_value", "$.injured"),
    (accident(serious=1), "bad_value", "$.injured"),
    (accident(junction=1), "wrong_type", "$.junction"),
    (accident(official="false"), "wrong_type", "$.official"),
    (accident(official=0), "wrong_type", "$.official"),
    (accident(animal=""), "bad_value", "$.animal"),
    (accident(registered_at="yesterday"), "bad_time", "$.registered_at"),
    # report
    (report(channel=...), "missing_field", "$.channel"),
    (report(channel=102), "wrong_type", "$.channel"),
    (report(category="noise"), "bad_value", "$.category"),
    (report(handled_at=after_noon(-1)), "bad_value", "$.handled_at"),
    (report(handled_at=1_795_330_800), "wrong_type", "$.handled_at"),
    # status
    (status(state=...), "missing_field", "$.state"),
    (status(state="on"), "bad_value", "$.state"),
    (status(period_start=...), "missing_field", "$.period_start"),
    (status(period_start=None), "missing_field", "$.period_start"),
    (status(period_start=after_noon(1)), "bad_value", "$.period_start"),
    (status(period_start=after_noon(-86_401)), "bad_value", "$.period_start"),
    (status(passages=-1), "bad_value", "$.passages"),
    (status(passages="3"), "wrong_type", "$.passages"),
    (status(clock_offset_ms="0"), "wrong_type", "$.clock_offset_ms"),
    # correction
    (correction(target=...), "missing_field", "$.target"),
    (correction(target="e1"), "wrong_type", "$.target"),
    (correction(target={"event_id": "e1"}), "missing_field", "$.target.source_id"),
    (target(), "bad_value", "$.target"),
    (target(event_id="e1", to=NOON), "bad_value", "$.target"),
    (target(**{"event_id": "e1", "from": NOON, "to": after_noon(1)}), "bad_value", "$.target"),
    (target(**{"from": NOON}), "missing_field", "$.target"),
    (target(to=NOON), "missing_field", "$.target"),
    (target(**{"from": NOON, "to": NOON}), "bad_value", "$.target.to"),
    (target(**{"from": after_noon(1), "to": NOON}), "bad_value", "$.target.to"),
    (target(**{"from": "2026-11-22", "to": NOON}), "bad_time", "$.target.from"),
    (target(from_=NOON, to=after_noon(1)), "missing_field", "$.target"),  # that is our name, not the contract's
    (target(event_id="x" * 65), "bad_value", "$.target.event_id"),
    (correction(action="delete"), "bad_value", "$.action"),
    (correction(action=...), "missing_field", "$.action"),
    (correction(action="amend"), "missing_field", "$.fields"),
    (amend(), "missing_field", "$.fields"),
    (correction(action="amend", fields=["dead"]), "wrong_type", "$.fields"),
    (amend(dead=1, type="report"), "bad_value", "$.fields"),
    (amend(event_id="e2"), "bad_value", "$.fields"),
    (amend(source_id="cam-2"), "bad_value", "$.fields"),
    (amend(occurred_at=NOON), "bad_value", "$.fields"),
    (amend(mode="test"), "bad_value", "$.fields"),
    (
        correction(
            action="amend", fields={"dead": 1}, target={"source_id": "a", "from": NOON, "to": after_noon(1)}
        ),
        "bad_value",
        "$.target",
    ),
    (correction(reason=5), "wrong_type", "$.reason"),
    (correction(reason="x" * 4097), "bad_value", "$.reason"),
]  # fmt: skip

BAD_TIME = [
    (..., "missing_field"),
    (None, "missing_field"),
    (1_795_330_800, "wrong_type"),
    (1_795_330_800.5, "wrong_type"),
    (True, "wrong_type"),
    ([2026, 11, 22], "wrong_type"),
    ("", "bad_time"),
    ("now", "bad_time"),
    ("1795330800", "bad_time"),
    ("2026-11-22", "bad_time"),
    ("2026-11-22T12:00+05:00", "bad_time"),
    ("2026-11-22T24:00:00+05:00", "bad_time"),
    ("2026-11-22T12:60:00+05:00", "bad_time"),
    ("2026-11-22T12:00:60+05:00", "bad_time"),
    ("2026-11-22T12:00:00+24:00", "bad_time"),
    ("2026-11-22T12:00:00+05:60", "bad_time"),
    ("2026-11-22T12:00:00+05", "bad_time"),
    ("2026-11-22T12:00:00,5+05:00", "bad_time"),
    ("2026-11-22T12:00:00.+05:00", "bad_time"),
    ("2026-11-22T12:00:00 +05:00", "bad_time"),
    ("2026-11-22T12:00:00+05:00[Asia/Aqtau]", "bad_time"),
    ("2026-11-22T12:00:00 Asia/Aqtau", "bad_time"),
    (" 2026-11-22T12:00:00Z", "bad_time"),
    ("2026-11-22T12:00:00Z\n", "bad_time"),
    ("2026-02-29T12:00:00Z", "bad_time"),
    ("2026-13-01T12:00:00Z", "bad_time"),
    ("2026-W47-7T12:00:00Z", "bad_time"),
    ("20261122T120000Z", "bad_time"),
    ("٢٠٢٦-11-22T12:00:00Z", "bad_time"),
    ("Sun, 22 Nov 2026 12:00:00 GMT", "bad_time"),
    ("2026-11-22T12:00:00", "naive_time"),
    ("2026-11-22T12:00:00.123", "naive_time"),
    ("1899-12-31T23:59:59Z", "bad_value"),
    ("1900-01-01T04:59:59+05:00", "bad_value"),
    ("0001-01-01T00:00:00+14:00", "bad_value"),
    ("2200-01-01T00:00:00Z", "bad_value"),
    ("2199-12-31T23:59:59-05:00", "bad_value"),
    ("9999-12-31T23:59:59-14:00", "bad_value"),
]

REFUSED = NO_EVENT + BAD_FIELD + [(violation(occurred_at=text), code, "$.occurred_at") for text, code in BAD_TIME]
