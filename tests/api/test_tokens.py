"""Tokens: the file holds nothing that lets anyone in, and what it says counts at once."""

from __future__ import annotations

import json
import stat

import pytest

from api.roles import Role
from api.tokens import TokenFile, add_token, read_tokens, revoke_token
from models.errors import InputError, SettingsError

ADDED = "2026-11-22T00:00:00Z"


@pytest.mark.parametrize(
    "content", ["{}", "no", '[{"name": "a"}]', '[{"name": "a", "role": "king", "sha256": "", "added": ""}]']
)
def test_a_file_that_is_none(tmp_path, content):
    path = tmp_path / "tokens.json"
    path.write_text(content)
    for use in (read_tokens, TokenFile, lambda path: add_token(path, "b", Role.OPS, ADDED)):
        with pytest.raises(SettingsError, match=r"tokens\.json: is not a list of tokens"):
            use(path)
    assert path.read_text() == content


def test_a_token_is_nowhere_in_the_file(tmp_path):
    path = tmp_path / "home" / "tokens.json"
    token = add_token(path, "map", Role.PUBLIC, ADDED)
    assert token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (stored,) = json.loads(path.read_text())
    assert {**stored, "sha256": ...} == {"name": "map", "role": "public", "sha256": ..., "added": ADDED}


def test_adding_and_revoking_count_at_once(tmp_path):
    path = tmp_path / "tokens.json"
    file = TokenFile(path)
    assert not file
    ops, public = (add_token(path, name, role, ADDED) for name, role in (("o", Role.OPS), ("p", Role.PUBLIC)))
    assert file
    assert (file.role(ops), file.role(public), file.role(ops + "x"), file.role("")) == (
        Role.OPS,
        Role.PUBLIC,
        None,
        None,
    )
    revoke_token(path, "o")
    assert (file.role(ops), file.role(public)) == (None, Role.PUBLIC)


def test_names_are_given_once(tmp_path):
    path = tmp_path / "tokens.json"
    add_token(path, "a", Role.OPS, ADDED)
    with pytest.raises(InputError, match="revoke it first"):
        add_token(path, "a", Role.PUBLIC, ADDED)
    with pytest.raises(InputError, match="no token of the name b"):
        revoke_token(path, "b")
    assert [token.role for token in read_tokens(path)] == [Role.OPS]


@pytest.mark.parametrize("token", ["\udcff", "é" * 5_000, "\x00"])
def test_what_is_no_token_is_not_known(tmp_path, token):
    path = tmp_path / "tokens.json"
    add_token(path, "a", Role.OPS, ADDED)
    assert TokenFile(path).role(token) is None
