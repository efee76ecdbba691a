"""The books: columns that add up."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.books import COLUMNS, FIELDS, Books

TALLIES = st.dictionaries(st.sampled_from(COLUMNS), st.integers(0, 10**9))


def test_the_columns_stand_in_the_order_in_which_a_record_is_tried():
    assert ("received", *COLUMNS) == FIELDS
    assert (
        *("quarantined", "duplicate", "corrections", "statuses", "test", "retracted", "unlocated", "counted"),
    ) == COLUMNS


@given(TALLIES)
def test_books_of_known_columns_balance(columns):
    books = Books.of(columns)
    assert books.difference == 0
    assert books.as_dict() == dict.fromkeys(FIELDS, 0) | columns | {"received": sum(columns.values())}
    assert tuple(books.as_dict()) == FIELDS
    assert Books(**books.as_dict()) == books


@given(TALLIES, TALLIES)
def test_books_add_up(a, b):
    assert Books.of(a) + Books.of(b) == Books.of(dict(Counter(a) + Counter(b)))
    assert Books.of(a) + Books() == Books.of(a)


@pytest.mark.parametrize(
    ("books", "difference"),
    [(Books(received=3, counted=2), 1), (Books(received=1, counted=1, duplicate=1), -1), (Books(), 0)],
)
def test_a_record_in_no_column_or_in_two_shows(books, difference):
    assert books.difference == difference


def test_a_column_that_is_none_is_refused():
    with pytest.raises(TypeError):
        Books.of({"lost": 1})
