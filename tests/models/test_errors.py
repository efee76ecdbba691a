"""The tree of errors: a code for each, and a text that says what to do."""

from __future__ import annotations

import re

import pytest

from models import errors
from models.errors import AmanzholError, InputError, RecordError, RunError


def below(error):
    return [each for child in error.__subclasses__() for each in (child, *below(child))]


ALL = [AmanzholError, *below(AmanzholError)]


def test_every_code_is_there_once():
    codes = [error.__dict__.get("code") for error in ALL]
    assert None not in codes
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if not re.fullmatch("[a-z][a-z0-9_]*", code)] == []


def test_the_tree_is_declared_in_one_package_and_all_of_it_is_public():
    assert {error.__module__.rpartition(".")[0] for error in ALL} == {errors.__name__}
    assert sorted(errors.__all__) == sorted(error.__name__ for error in ALL)


@pytest.mark.parametrize(
    ("branch", "builtin"), [(InputError, ValueError), (RunError, RuntimeError), (RecordError, ValueError)]
)
def test_a_branch_is_also_the_nearest_built_in(branch, builtin):
    assert issubclass(branch, builtin)
    assert all(issubclass(error, builtin) for error in below(branch))


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_error_says_what_it_means(error):
    assert error.__doc__
    assert error.__name__.endswith("Error")
    assert error.__doc__.rstrip().endswith(".")


@pytest.mark.parametrize("error", [*below(InputError), *below(RunError)], ids=lambda error: error.__name__)
def test_the_tree_that_is_drawn_is_the_tree(error):
    drawn = errors.__doc__
    assert f"├── {error.__name__}\n" in drawn or f"└── {error.__name__}\n" in drawn


def test_a_record_error_names_the_record_as_a_whole_unless_told():
    assert RecordError("x").path == "$"
    assert RecordError("x", "$.lane").path == "$.lane"
