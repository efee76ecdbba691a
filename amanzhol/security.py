"""How the settings say that Kafka lets us in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.endpoint import PLAINTEXT, SASL_SSL, Security

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_PASSWORD_BYTES = 4_096


def read_security(settings: Mapping[str, Any]) -> Security | None:
    """Make of the settings `security_*` how to connect; None for an open connection.

    Raises ValueError, which begins with the setting's name, for a file that cannot be read and for settings that do
    not belong together: what is asked for and would not be used is a mistake that leaves a door open.
    """
    protocol = settings.get("security_protocol", PLAINTEXT)
    authority: Path | None = settings.get("security_ca_file")
    username: str | None = settings.get("security_username")
    password_file: Path | None = settings.get("security_password_file")
    if protocol != SASL_SSL and (username is not None or password_file is not None):
        name = "security_username" if username is not None else "security_password_file"
        raise ValueError(f"{name}: needs security_protocol {SASL_SSL}")
    if protocol == PLAINTEXT:
        if authority is not None:
            raise ValueError("security_ca_file: needs security_protocol SSL or SASL_SSL")
        return None
    if authority is not None and not authority.is_file():
        raise ValueError(f"security_ca_file: {authority}: there is no such file")
    if protocol != SASL_SSL:
        return Security(_text(authority))
    if username is None or password_file is None:
        missing = "security_username" if username is None else "security_password_file"
        raise ValueError(f"{missing}: is missing; {SASL_SSL} needs a user name and a password")
    return Security(_text(authority), username, _password(password_file))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _password(path: Path) -> str:
    """Read the first line. Raises ValueError."""
    try:
        with path.open("rb") as file:
            line = file.readline(_MAX_PASSWORD_BYTES)
        password = line.decode().rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"security_password_file: {path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"security_password_file: {path}: is not UTF-8") from None
    if not password:
        raise ValueError(f"security_password_file: {path}: its first line is empty")
    return password
