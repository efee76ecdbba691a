"""Lines as they arrive: of files, compressed or not, with whatever stands in them."""

from __future__ import annotations

import gzip
import sys
from types import SimpleNamespace

import pytest

from devices.publisher.lines import arriving_lines
from models.errors import EventsFileError
from models.topics import MAX_RECORD_BYTES

BIG = b"x" * (3 * MAX_RECORD_BYTES)

LINES = [
    (b"", []),
    (b"\n \n\t\r\n", []),
    (b"a\nb\n", [b"a", b"b"]),
    (b"a\n\nb", [b"a", b"b"]),
    (b"\xef\xbb\xbfa\nb", [b"a", b"b"]),
    (b"a\r\nb\r\n", [b"a\r", b"b\r"]),
    (b"a\n" + BIG + b"\nb\n", [b"a", BIG[: MAX_RECORD_BYTES + 1], b"b"]),
    (BIG, [BIG[: MAX_RECORD_BYTES + 1]]),
]


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(("content", "lines"), LINES, ids=[repr(row[0][:20]) for row in LINES])
def test_lines(tmp_path, suffix, content, lines):
    path = tmp_path / f"events.ndjson{suffix}"
    path.write_bytes(gzip.compress(content) if suffix else content)
    assert [line for group in arriving_lines(path) for line in group] == lines


def test_standard_input_is_not_waited_for(monkeypatch):
    arrived = iter([b"a\nb", b"c\nd", b""])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read1=lambda size: next(arrived))))
    groups = arriving_lines("-")
    assert next(groups) == [b"a"]
    assert next(groups) == [b"bc"]
    assert next(groups) == [b"d"]


@pytest.mark.parametrize("content", [b"\x1f\x8bdamaged", gzip.compress(b"x" * 9999)[:-9], b"no gzip at all"])
def test_a_damaged_file(tmp_path, content):
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(content)
    with pytest.raises(EventsFileError, match="damaged"):
        list(arriving_lines(path))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(EventsFileError, match="cannot be read"):
        list(arriving_lines(tmp_path / "none"))


def test_groups_are_small(tmp_path):
    path = tmp_path / "events"
    path.write_bytes(b"1\n" * 5_000)
    assert max(len(group) for group in arriving_lines(path)) <= 500
