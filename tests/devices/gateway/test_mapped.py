"""Mapping tables: payloads of formats that nobody thought of, and the readings that they become."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from devices.gateway.documents import read_document
from devices.gateway.mapped import read_map
from devices.gateway.reading import Reading
from models.errors import RecordError

AT = datetime(2026, 11, 22, 7, 0, 10, tzinfo=UTC)

# Lines of the table, the payload, the readings.
MAPPED = [
    ("occurred_at,t,epoch_s", b'{"t": 1795330810}', [Reading(about="passage", happened_at=AT)]),
    ("occurred_at,t,epoch_ms", b'{"t": "1795330810000"}', [Reading(about="passage", happened_at=AT)]),
    ("occurred_at,t,epoch_us", b'{"t": 1795330810000000}', [Reading(about="passage", happened_at=AT)]),
    ("occurred_at,t,time", b'{"t": "2026-11-22T12:00:10+05:00"}', [Reading(about="passage", happened_at=AT)]),
    ("occurred_at,t,time", b'{"t": "20261122T120010+0500"}', [Reading(about="passage", happened_at=AT)]),
    ("occurred_at,a.t,time:%d/%m/%y %H:%M:%S %z", b"<x><t>22/11/26 07:00:10 +0000</t></x>", None),
    ("occurred_at,x.t,time:%d/%m/%y %H:%M:%S %z", b"<x><t>22/11/26 07:00:10 +0000</t></x>",
     [Reading(about="passage", happened_at=AT)]),
    ("occurred_at,t.1,epoch_s", b'{"t": [0, 1795330810]}', [Reading(about="passage", happened_at=AT)]),
    ("each,e,\noccurred_at,$.t,epoch_s\ndevice,d,", b'{"t": 1795330810, "e": [{"d": "A"}, {"d": 7}, 1]}',
     [Reading(about="passage", happened_at=AT, senders=senders) for senders in (("A",), ("7",), ())]),
    ("occurred_at,t,epoch_s\npassages,n,", b'{"t": 1795330810, "n": 5}',
     [Reading(about="flow", happened_at=AT, passages=5)]),
    ("occurred_at,t,epoch_s\noffence,o,words:A=599", b'{"t": 1795330810, "o": "A"}',
     [Reading(about="offence", happened_at=AT, article="599")]),
    ("occurred_at,t,epoch_s\noffence,o,words:A=", b'{"t": 1795330810, "o": "A"}',
     [Reading(about="passage", happened_at=AT)]),
    ("occurred_at,t,epoch_s\nabout,a,words:beat=sign", b'{"a": "beat"}', [Reading(about="sign")]),
    ("occurred_at,t,epoch_s\nconfidence,c,percent\nlane,l,\nlon,x,\nlat,y,\nplate,p,\nspeed_kmh,v,\nlimit_kmh,w,",
     b'{"t": 1795330810, "c": 90, "l": 2, "x": 51.2, "y": "43.6", "p": "123ABC12", "v": "81", "w": "x"}',
     [Reading(about="passage", happened_at=AT, confidence=0.9, lane=2, position=(51.2, 43.6), plate="123ABC12",
              speed_kmh=81.0)]),
    ("occurred_at,t,epoch_s\nabout,a,", b'{"t": 1795330810, "a": "offence"}', None),
    ("occurred_at,t,epoch_s\nabout,a,", b'{"t": 1795330810, "a": "nonsense"}', None),
    ("occurred_at,t,epoch_s", b'{"t": "soon"}', None),
    ("occurred_at,t,epoch_s", b"[]", None),
    ("occurred_at,t,time", b'{"t": "2026-11-22T12:00:10"}', None),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "body", "readings"), MAPPED)
def test_a_mapping(tmp_path, lines, body, readings):
    (tmp_path / "box.csv").write_text(f"field,path,as\n{lines}\n")
    name, adapter = read_map(tmp_path / "box.csv")
    assert name == "box"
    tree = read_document(body, "")
    if readings is None:
        with pytest.raises(RecordError):
            adapter(tree)
    else:
        assert adapter(tree) == readings
