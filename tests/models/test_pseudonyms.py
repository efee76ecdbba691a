"""Pseudonyms: one word for a vehicle in a period, another in the next, and none without the key."""

from __future__ import annotations

from datetime import date
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pseudonyms import PlateKey, Pseudonyms, normal_plate

FIRST = PlateKey("k1", date(2026, 1, 1), b"1" * 32)
SECOND = PlateKey("k2", date(2026, 7, 1), b"2" * 32)
DAY = date(2026, 11, 22)
WORDS = Pseudonyms([SECOND, FIRST])


def test_the_construction_is_the_documented_one():
    of_period = blake2b(b"amanzhol plates 2026-11", key=b"2" * 32, digest_size=32).digest()
    word = blake2b(b"123ABC12", key=of_period, digest_size=16).hexdigest()
    assert WORDS.of("123ABC12", DAY) == f"b2:k2:2026-11:{word}"


# Two plates and days, and whether they get the same word.
PAIRS = [
    ("123ABC12", DAY, "123 abc-12", DAY, True),
    ("123ABC12", DAY, "123АВС12", DAY, True),  # Cyrillic letters that look the same
    ("123ABC12", DAY, "123ABC12", date(2026, 11, 1), True),
    ("123ABC12", DAY, "123ABC12", date(2026, 12, 1), False),
    ("123ABC12", DAY, "123ABC12", date(2025, 11, 22), False),
    ("123ABC12", DAY, "123ABC13", DAY, False),
    ("123ABC12", date(2026, 6, 30), "123ABC12", date(2026, 7, 1), False),
]


@pytest.mark.parametrize(("one", "on", "other", "other_on", "same"), PAIRS)
def test_who_is_recognised_when(one, on, other, other_on, same):
    assert (WORDS.of(one, on) == WORDS.of(other, other_on)) is same


@pytest.mark.parametrize(("plate", "day"), [("", DAY), (" -_.", DAY), ("123ABC12", date(2025, 12, 31))])
def test_no_word(plate, day):
    assert WORDS.of(plate, day) is None


@pytest.mark.parametrize(("period", "label"), [("day", "2026-11-22"), ("month", "2026-11"), ("year", "2026")])
def test_periods(period, label):
    words = Pseudonyms([FIRST], period)
    word = words.of("123ABC12", DAY)
    assert word.startswith(f"b2:k1:{label}:")
    assert words.made(word)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123ABC12",
        "b2:k3:2026-11:" + "0" * 32,
        "b2:k1:2026-11:" + "0" * 31,
        "b2:k1::" + "0" * 32,
        "9f86d081884c7d65",
    ],
)
def test_what_was_not_made_under_these_keys(text):
    assert not WORDS.made(text)


@given(st.text(max_size=30))
def test_normal_forms_are_normal(text):
    assert normal_plate(normal_plate(text)) == normal_plate(text)
    word = WORDS.of(text, DAY)
    assert (word is None) == (normal_plate(text) == "")
    assert word is None or WORDS.made(word)
