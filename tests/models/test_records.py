"""What the worker writes to Kafka comes back as it was, and no plate is in it."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.coverage import CoverageCell, Watcher
from models.errors import BadValueError, NotJsonError, NullRecordError
from models.measures import Dimensions
from models.records import (
    MAX_RAW_BYTES,
    CellRecord,
    CheckpointRecord,
    CoverageRecord,
    Fingerprint,
    Origin,
    Revision,
    contribution_of,
    contribution_rows,
    decode_cell,
    decode_checkpoint,
    decode_coverage,
    decode_quarantine,
    encode,
    epoch_s,
    figures_of,
    quarantine_record,
    rfc3339,
    spans_of,
)
from tests.rows import NOON_S

WORDS = st.text(st.characters(codec="utf-8"), max_size=3)
DIMENSIONS = st.builds(Dimensions, *[WORDS] * 7)
FIGURES = st.dictionaries(DIMENSIONS, st.integers(-(2**53), 2**53), max_size=4)
SPANS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3)
REVISIONS = st.builds(Revision, st.integers(0, 9), st.integers(0, 2**40))


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (NOON_S, "2026-11-22T07:00:00Z"),
        (-2_209_006_800, "1899-12-31T19:00:00Z"),  # the first window of 1900 in Aqtau
        (7_258_118_399, "2199-12-31T23:59:59Z"),
    ],
)
def test_times_in_outputs(second, text):
    assert rfc3339(second) == text
    assert epoch_s(text) == second


@given(FIGURES, REVISIONS, st.integers(0, 99))
def test_a_cell(figures, revision, partition):
    record = CellRecord(
        segment_id="R/0",
        window_start=rfc3339(NOON_S),
        window_end=rfc3339(NOON_S + 300),
        source_partition=partition,
        revision=revision,
        through={"violations": 17},
        network="0123456789ab",
        corrected=True,
        figures=figures_of(figures),
    )
    back = decode_cell(encode(record))
    assert back == record
    assert back.cell() == figures
    assert back.revision == revision
    assert record.key() == f"{partition}|2026-11-22T07:00:00Z|R/0".encode()


def test_a_cell_is_the_same_bytes_whatever_the_order_of_its_figures():
    figures = {Dimensions("b"): 1, Dimensions("a", kind="z"): 2, Dimensions("a"): 3}
    assert figures_of(figures) == figures_of(dict(reversed(figures.items())))


@given(st.dictionaries(st.builds(Watcher, WORDS, WORDS), SPANS, max_size=3), st.integers(0, 10**9))
def test_coverage(spans, passages):
    cell = CoverageCell(spans, passages)
    record = CoverageRecord(
        segment_id="R/0",
        hour_start=rfc3339(NOON_S),
        source_partition=3,
        revision=Revision(1, 2),
        watched_s=cell.watched_s_by_fleet(),
        passages=passages,
        spans=spans_of(cell.spans),
    )
    back = decode_coverage(encode(record))
    assert back.cell() == cell
    assert (back.watched_s, back.passages, back.key()) == (record.watched_s, passages, record.key())
    back.cell().watch(Watcher("drone", "d1"), 0, 5)
    assert back.cell() == cell


def test_a_checkpoint():
    record = CheckpointRecord(
        revision=Revision(1, 5),
        offsets={"violations": 3, "accidents": 0},
        books={"received": 3, "counted": 3},
        fingerprint=Fingerprint(300, "Asia/Aqtau", "0" * 64, 50.0, 4),
        digest_key="00ff",
        words={"segments": 1, "sources": 2, "contributions": 3},
        chunks=[1, 2],
        next_chunk=3,
        forwarded={"violations/3": 17},
        arrived_us=1_700_000_000_000_000,
    )
    assert decode_checkpoint(encode(record)) == record


@given(st.lists(st.tuples(DIMENSIONS, st.integers(1, 2**40)), max_size=3).map(tuple))
def test_a_contribution(contribution):
    stored = json.loads(json.dumps(contribution_rows(contribution)))
    assert contribution_of(stored) == contribution


# Quarantine: what is kept of a record that was refused

FROM_TOPIC = Origin(topic="violations", partition=2, offset=17)
FROM_FILE = Origin(file="events.ndjson", line=3)
REFUSAL = BadValueError("lane: input should be less than or equal to 64", "$.lane")


def test_a_refused_record_says_why_and_where_from():
    record = quarantine_record(REFUSAL, b'{"lane": 65, "plate": "123ABC12"}', FROM_TOPIC)
    assert json.loads(encode(record)) == {
        "code": "bad_value",
        "message": "lane: input should be less than or equal to 64",
        "path": "$.lane",
        "topic": "violations",
        "partition": 2,
        "offset": 17,
        "raw": "eyJsYW5lIjogNjUsICJwbGF0ZSI6ICIqKioifQ==",
        "file": None,
        "line": None,
        "length": None,
        "sha256": None,
        "last_offset": None,
        "replayed_at": None,
        "repaired": None,
    }
    assert decode_quarantine(encode(record)).bytes() == b'{"lane": 65, "plate": "***"}'


def test_one_of_a_file_names_the_line():
    record = quarantine_record(REFUSAL, b"{", FROM_FILE)
    assert (record.topic, record.partition, record.offset) == (None, None, None)
    assert (record.file, record.line) == ("events.ndjson", 3)


def test_a_tombstone_has_no_bytes():
    assert quarantine_record(NullRecordError("null"), None, FROM_TOPIC).bytes() == b""


@pytest.mark.parametrize("length", [0, 1, MAX_RAW_BYTES - 1, MAX_RAW_BYTES])
def test_up_to_64_kib_all_of_it_is_kept(length):
    record = quarantine_record(REFUSAL, b"-" * length, FROM_TOPIC)
    assert (record.bytes(), record.length, record.sha256) == (b"-" * length, None, None)


@pytest.mark.parametrize("more", [1, 63, 127, 128, 129, 10 * 1024 * 1024])
def test_beyond_64_kib_length_and_digest_tell_of_the_rest(more):
    whole = b"\xff\x00-" + b"-" * (MAX_RAW_BYTES + more - 3)
    record = quarantine_record(REFUSAL, whole, FROM_TOPIC)
    assert record.bytes() == whole[:MAX_RAW_BYTES]
    assert (record.length, record.sha256) == (len(whole), sha256(whole).hexdigest())


PLATE = b'"plate": "123 ABC 12", 123 \\u0410\\u0412\\u0421 12, A123BC77'


@pytest.mark.parametrize("masked_before", [0, 1, 40])
def test_masking_comes_before_cutting_so_that_no_half_of_a_plate_is_kept(masked_before):
    # What is masked gets shorter, and the cut moves on: every place of a plate about the cut is tried.
    head = b"123ABC12," * masked_before
    for gap in range(-len(PLATE) - 10, 200, 5):
        whole = head + b"-" * (MAX_RAW_BYTES + gap - len(head)) + PLATE + b"-" * 500
        kept = quarantine_record(NotJsonError("no"), whole, FROM_TOPIC).bytes()
        assert not set(kept) & set(b"0123456789ABC"), kept[-100:]
        assert MAX_RAW_BYTES - 600 < len(kept) <= MAX_RAW_BYTES


def test_a_record_just_above_the_limit_that_parses_is_masked_by_its_fields():
    event = {"plate": "anything at all", "note": "-" * MAX_RAW_BYTES}
    kept = quarantine_record(REFUSAL, json.dumps(event).encode(), FROM_TOPIC).bytes()
    assert kept.startswith(b'{"plate": "***", "note": "---')
    assert len(kept) == MAX_RAW_BYTES
