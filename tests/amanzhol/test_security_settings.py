"""How Kafka lets us in is said by settings; what would leave a door open, or cannot be used, is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amanzhol.keys import read_keys
from amanzhol.settings import load_settings
from models.endpoint import kafka_python_security, librdkafka_security
from models.errors import KeysFileError, SettingsError

if TYPE_CHECKING:
    from tests.amanzhol.conftest import Command

LOGIN = {"security_protocol": "SASL_SSL", "security_username": "cam-1", "security_password_file": "pw"}


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    Path("pw").write_text("secret\nnot this\n")
    Path("empty").write_text("\n")
    Path("ca.pem").write_text("")


WRONG = [
    ({"security_username": "cam-1"}, "--security-username (AMANZHOL_SECURITY_USERNAME, amanzhol.toml"),
    ({"security_password_file": "pw"}, "security_password_file): needs security_protocol SASL_SSL"),
    ({"security_ca_file": "ca.pem"}, "security_ca_file): needs security_protocol SSL or SASL_SSL"),
    ({"security_protocol": "SASL_PLAINTEXT"}, "security_protocol): must be 'PLAINTEXT', 'SSL' or 'SASL_SSL'"),
    (LOGIN | {"security_username": None}, "security_username): is missing; SASL_SSL needs a user name and a password"),
    (LOGIN | {"security_password_file": None}, "security_password_file): is missing; SASL_SSL needs"),
    (LOGIN | {"security_password_file": "no"}, "security_password_file): no: cannot be read: No such file"),
    (LOGIN | {"security_password_file": "empty"}, "security_password_file): empty: its first line is empty"),
    (LOGIN | {"security_ca_file": "no.pem"}, "security_ca_file): no.pem: there is no such file"),
]  # fmt: skip


@pytest.mark.parametrize(("flags", "says"), WRONG)
def test_settings_that_cannot_be_meant_are_refused(flags: dict, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(**flags)
    assert says in str(error.value)


def test_both_client_libraries_are_told_and_nobody_else() -> None:
    settings = load_settings(**LOGIN, security_ca_file="ca.pem", broker="kafka:9093")
    assert settings.broker == "kafka:9093"
    for shown in (repr(settings), str(settings.broker), repr(settings.broker.security), settings.model_dump_json()):
        assert "secret" not in shown
    assert librdkafka_security(settings.broker) == {
        "security.protocol": "SASL_SSL", "ssl.ca.location": "ca.pem", "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "cam-1", "sasl.password": "secret",
    }  # fmt: skip
    assert kafka_python_security(settings.broker) == {
        "security_protocol": "SASL_SSL", "ssl_cafile": "ca.pem", "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "cam-1", "sasl_plain_password": "secret",
    }  # fmt: skip
    tls = load_settings(security_protocol="SSL").broker
    assert (librdkafka_security(tls), kafka_python_security(tls)) == (
        {"security.protocol": "SSL"},
        {"security_protocol": "SSL"},
    )
    assert librdkafka_security(load_settings().broker) == kafka_python_security("kafka:9092") == {}


KEY = "A" * 43
KEYS_FILES = [
    ("", "line 1, column source_id: is missing from the header"),
    ("source_id\n", "line 1, column public_key: is missing from the header"),
    (f"source_id,public_key\n,{KEY}\n", "line 2, column source_id: must be 1 to 64 printable characters"),
    ("source_id,public_key\ncam-1,AAAA\n", "line 2, column public_key: is not the base64 of 32 bytes"),
    ("source_id,public_key\ncam-1,!\n", "line 2, column public_key: is not the base64 of 32 bytes"),
    (f"source_id,public_key\ncam-1,{KEY},x,y\n", "line 2: has 4 cells, the header 2"),
    (f"source_id,public_key,revoked_at\ncam-1,{KEY},2026-01-01\n", "line 2, column revoked_at: not an RFC 3339 time"),
    (f"source_id,public_key,corrects\n\ncam-1,{KEY},me\n", "line 3, column corrects: 'me' must be one of own, all"),
]


@pytest.mark.parametrize(("text", "says"), KEYS_FILES)
def test_a_file_of_keys_that_cannot_be_used_is_said(text: str, says: str) -> None:
    Path("keys.csv").write_text(text)
    with pytest.raises(KeysFileError) as error:
        read_keys(Path("keys.csv"))
    assert str(error.value).startswith(f"keys.csv: {says}")


def test_everybody_signs_needs_keys(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMANZHOL_SIGNATURES", "everybody")
    outcome = command("count", "-", "--network", "network.geojson", "--out", "o.csv")
    assert outcome.code == 2
    assert "amanzhol.toml: keys): is needed where everybody has to sign" in outcome.err
