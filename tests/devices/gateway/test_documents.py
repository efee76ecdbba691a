"""Bodies that attack the reader, or are merely damaged: refused, quickly, without a word of what they hold."""

from __future__ import annotations

import pytest

from devices.gateway.documents import read_document, read_parts
from models.errors import PayloadError
from tests.devices.gateway.payloads import PLATE, hikvision

XML = "application/xml"
JSON = "application/json"
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))

ATTACKS = [
    # entities: a billion laughs, a file of ours, an address inside the network, quadratic growth
    (b'<!DOCTYPE x [<!ENTITY l0 "lol">' + LAUGHS + b"]><x>&l9;</x>", XML, "unreadable_body"),
    (b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>', XML, "unreadable_body"),
    (b'<!DOCTYPE x SYSTEM "http://10.0.0.1/x.dtd"><x/>', XML, "unreadable_body"),
    (b'<?xml version="1.0"?>\n<!DOCTYPE x><x/>', XML, "unreadable_body"),
    (b'<?xml version="1.0" encoding="UTF-8"?><x><!DOCTYPE x></x>', XML, "unreadable_body"),
    ('<!DOCTYPE x [<!ENTITY f "f">]><x>&f;</x>'.encode("utf-16"), XML, "unreadable_body"),
    ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x><x/>'.encode("utf-16"), XML, "unreadable_body"),
    (b'<?xml version="1.0" encoding="cp037"?>' + '<!DOCTYPE x [<!ENTITY f "f">]><x>&f;</x>'.encode("cp037"), XML, None),
    # depth and number
    (b"<a>" * 100 + b"</a>" * 100, XML, "unreadable_body"),
    (b"<a>" + b"<b/>" * 50_000 + b"</a>", XML, "unreadable_body"),
    (b"<a>" + b"x" * (3 * 1024 * 1024) + b"</a>", XML, "unreadable_body"),
    (b"[" * 100_000, JSON, "unreadable_body"),
    (b"[" * 5_000 + b"]" * 5_000, JSON, "unreadable_body"),
    (b'{"a": ' + b"9" * 1_000_000 + b"}", JSON, None),
    (b'{"a": "' + b"x" * (3 * 1024 * 1024) + b'"}', JSON, "unreadable_body"),
    # damage
    (b"", XML, "unreadable_body"),
    (b"", "", "wrong_media_type"),
    (b"<a><b></a>", XML, "unreadable_body"),
    (b'<?xml version="1.0" encoding="klingon"?><a/>', XML, "unreadable_body"),
    (b"\xff\xfe", XML, "unreadable_body"),
    (b"{", JSON, "unreadable_body"),
    (b'{"a": NaN}', JSON, "unreadable_body"),
    (b'{"a": 1}{"b": 2}', JSON, "unreadable_body"),
    (b'{"a": "\xff"}', JSON, "unreadable_body"),
    (f'{{"plate": "{PLATE}", }}'.encode(), JSON, "unreadable_body"),
    # types
    (b"plate=123ABC12", "application/x-www-form-urlencoded", "wrong_media_type"),
    (b"{}", "image/jpeg", "wrong_media_type"),
    (b"\x00\x01", "", "wrong_media_type"),
    (b"hello", "text/plain", "wrong_media_type"),
]


@pytest.mark.parametrize(("body", "media_type", "code"), ATTACKS, ids=[repr(row[0][:40]) for row in ATTACKS])
def test_attacks_are_refused(body, media_type, code):
    if code is None:  # harmless either way: it must end, and expand nothing
        try:
            assert len(repr(read_document(body, media_type))) <= 2 * len(body)
        except PayloadError:
            return
    else:
        with pytest.raises(PayloadError) as refused:
            read_document(body, media_type)
        assert refused.value.code == code
        assert PLATE not in str(refused.value)


TREES = [
    (b"<a/>", XML, {"a": ""}),
    (b"\xef\xbb\xbf<a/>", "", {"a": ""}),
    (b"\n <a>1</a>", "text/plain", {"a": "1"}),
    (b"<a xmlns='x'><b>1</b><b> 2 </b><c><d/></c></a>", XML, {"a": {"b": ["1", "2"], "c": {"d": ""}}}),
    (b"<x:a xmlns:x='y'><x:b>1</x:b></x:a>", XML, {"a": {"b": "1"}}),
    (b"<a><!-- 1 --><b><![CDATA[<&>]]></b></a>", XML, {"a": {"b": "<&>"}}),
    ('<?xml version="1.0" encoding="windows-1251"?><a>Актау</a>'.encode("cp1251"), XML, {"a": "Актау"}),
    ("<a>Ақтау</a>".encode(), XML, {"a": "Ақтау"}),
    (b'\xef\xbb\xbf{"a": [1]}', "", {"a": [1]}),
]


@pytest.mark.parametrize(("body", "media_type", "tree"), TREES)
def test_trees(body, media_type, tree):
    assert read_document(body, media_type) == tree


def part(content: bytes, *head: str) -> bytes:
    return b"--b\r\n" + "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + content + b"\r\n"


PICTURE = part(b"\xff\xd8 <a> --b {", "Content-Type: image/jpeg", 'Content-Disposition: form-data; filename="a.jpg"')
ALERT = part(b"<a>1</a>", "Content-Type: application/xml", 'Content-Disposition: form-data; filename="anpr.xml"')
FORMS = [
    (ALERT + PICTURE + b"--b--\r\n", [{"a": "1"}]),
    (PICTURE + ALERT + b"--b--", [{"a": "1"}]),
    (ALERT + ALERT, [{"a": "1"}, {"a": "1"}]),
    (ALERT.replace(b"\r\n", b"\n"), [{"a": "1"}]),
    (b"preamble\r\n" + ALERT, [{"a": "1"}]),
    (part(b'{"a": 1}', 'Content-Disposition: form-data; name="json"'), [{"a": 1}]),
    (
        part(b"<a>1</a>", "Content-Disposition: form-data", "Content-Type: text/xml; charset=utf-8"),
        [{"a": "1"}],
    ),
    (part(b"<a>1</a>", 'Content-Disposition: form-data; filename="anpr.xml"', "Content-Length: 8"), [{"a": "1"}]),
    (part(b"words", 'Content-Disposition: form-data; name="x"') + ALERT, [{"a": "1"}]),
    (b"", None),
    (b"no boundary at all", None),
    (PICTURE, None),
    (b"--b\r\nno end of the head", None),
    (part(b"<a>", "Content-Type: application/xml"), None),
    (ALERT * 40, None),
]


@pytest.mark.parametrize(("body", "trees"), FORMS, ids=[repr(row[0][-40:]) for row in FORMS])
def test_forms(body, trees):
    if trees is None:
        with pytest.raises(PayloadError):
            read_parts(body, "b")
    else:
        assert read_parts(body, "b") == trees


def test_the_quick_way_reads_what_the_careful_way_reads():
    body = hikvision()
    careful = body.replace(b"?>", b" ?>", 1).replace(b'encoding="UTF-8"', b"encoding='UTF-8'")
    assert read_document(body, XML) == read_document(careful, XML)
