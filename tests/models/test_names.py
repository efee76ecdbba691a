"""Words and their codes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.names import Names

WORDS = st.lists(st.text(max_size=2))


@given(WORDS, WORDS)
def test_codes_are_places_and_words_come_back(first, more):
    names = Names[str]()
    codes = [names.code(word) for word in first]
    known = len(names)
    codes += [names.code(word) for word in more]
    distinct = list(dict.fromkeys(first + more))
    assert [names[code] for code in codes] == first + more
    assert [names.code(word) for word in distinct] == list(range(len(distinct))) == list(range(len(names)))
    assert distinct[:known] + names.since(known) == distinct


@given(WORDS, WORDS)
def test_names_go_on_where_they_were_left(first, more):
    whole, begun = Names[str](), Names[str]()
    for word in first:
        begun.code(word)
    resumed = Names(begun.since(0))
    assert [whole.code(word) for word in first + more][len(first) :] == [resumed.code(word) for word in more]


def test_forms_of_a_letter_are_different_words():
    names = Names[str]()
    assert [names.code(word) for word in ("\u0439", "\u0438\u0306", "\u0419", "")] == [0, 1, 2, 3]
