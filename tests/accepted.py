"""Records that are events though they look odd, and what they say."""

from __future__ import annotations

from models.topics import MAX_RECORD_BYTES
from tests.rows import NOON, accident, after_noon, correction, raw, report, status, violation

VALID = raw(violation())
BEFORE = VALID[:-1]

ACCEPTED = [
    (violation(), {"time_precision": "second", "mode": "live", "location": None, "speed_kmh": None, "section": None}),
    (accident(), {"dead": 0, "injured": 0, "serious": None, "official": True}),
    # ids
    (violation(event_id="x" * 64), {"event_id": "x" * 64}),
    (violation(event_id="ы" * 64), {"event_id": "ы" * 64}),
    (violation(event_id="😀" * 64), {"event_id": "😀" * 64}),
    (violation(event_id=" "), {"event_id": " "}),
    (BEFORE.replace(b'"e1"', b'"\\u0065\\u0031"') + b"}", {"event_id": "e1"}),
    (BEFORE.replace(b'"e1"', b'"\\ud83d\\ude00"') + b"}", {"event_id": "😀"}),
    (BEFORE.replace(b'"event_id"', b'"\\u0065vent_id"') + b"}", {"event_id": "e1"}),
    # numbers
    (violation(lane=2.0), {"lane": 2}),
    (BEFORE + b', "lane": 2e0}', {"lane": 2}),
    (BEFORE + b', "lane": -0.0}', {"lane": 0}),
    (violation(speed_kmh=91), {"speed_kmh": 91.0}),
    (BEFORE + b', "speed_kmh": 0.000000000000000000000000000000001E35}', {"speed_kmh": 100.0}),
    (violation(lane=None, speed_kmh=None, plate=None), {"lane": None, "speed_kmh": None, "plate": None}),
    # unknown words and unknown fields
    (accident(kind="meteorite"), {"kind": "meteorite"}),
    (report(channel="telegram"), {"channel": "telegram"}),
    (violation(colour="red", nested={"a": [1, {"b": None}]}), {"offence": "592.2"}),
    (BEFORE + b', "x": ' + b"[" * 150 + b"]" * 150 + b"}", {"offence": "592.2"}),
    (BEFORE + b', "x": 1e999, "": 0}', {"offence": "592.2"}),
    # of two fields of one name the last holds
    (BEFORE + b', "lane": 1, "lane": 2}', {"lane": 2}),
    (BEFORE + b', "lane": "one", "lane": 2}', {"lane": 2}),
    (b'{"type": "report", ' + VALID[1:], {"offence": "592.2"}),
    # bounds that still hold
    (accident(dead=100_000, injured=3, serious=2, slight=1), {"dead": 100_000, "serious": 2}),
    (report(handled_at=NOON), {"channel": "police_102"}),
    (status(period_start=NOON), {"state": "active"}),
    (status(period_start=after_noon(-86_400), passages=0, clock_offset_ms=-3.5), {"clock_offset_ms": -3.5}),
    (b"\r\n\t " + VALID + b" \r\n", {"offence": "592.2"}),
    (VALID + b" " * (MAX_RECORD_BYTES - len(VALID)), {"offence": "592.2"}),
    # corrections
    (correction(action="restore"), {"action": "restore", "fields": None}),
    (correction(reason="x" * 4096, fields={}), {"action": "retract", "fields": {}}),
    (correction(action="amend", fields={"dead": 1, "injured": 0}), {"fields": {"dead": 1, "injured": 0}}),
    (correction(action="amend", fields={"location": {"lon": 51, "lat": 44}}), {"action": "amend"}),
]
