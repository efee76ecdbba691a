"""`amanzhol api` and `amanzhol token` on the command line."""

from __future__ import annotations

import re
import socket

import pytest

from tests.country import REGION

NETWORK = REGION[:2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("api",), "--network"),
        (("api", "--network", "absent.geojson"), "absent.geojson"),
        (("api", *NETWORK, "--api-host", "0.0.0.0"), "amanzhol token add"),
        (("api", *NETWORK, "--api-host", "::"), "amanzhol token add"),
        (("api", *NETWORK, "--api-host", "no.such.host.invalid"), "--api-host"),
        (("api", *NETWORK, "--store", "mysql://somewhere/db", "--api-port", "0"), "--store"),
        (("api", *NETWORK, "--keep-detail", "1 year"), "--keep-detail"),
        (("api", *NETWORK, "--api-port", "70000"), "--api-port"),
        (("token", "add", "map"), "--role"),
        (("token", "add", "map", "--role", "king"), "king"),
        (("token", "revoke", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(command, arguments, words):
    code, _, err = command(*arguments)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


def test_a_port_that_is_taken_is_said(command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = command("api", *NETWORK, "--api-port", taken.getsockname()[1])
    assert code == 2
    assert "--api-port" in err


def test_tokens_come_and_go(command, folder):
    code, token, _ = command("token", "add", "a map", "--role", "public")
    assert code == 0
    assert re.fullmatch(r"amanzhol_[\w-]{43}\n", token)
    assert token.strip() not in (folder / ".amanzhol" / "tokens.json").read_text()
    assert "a map" in command("token", "list").out
    assert command("token", "add", "a map", "--role", "ops").code == 2
    assert command("token", "revoke", "a map").code == 0
    assert "a map" not in command("token", "list").out
