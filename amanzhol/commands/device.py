"""`amanzhol device add | revoke | list | sign`: who may send what to Kafka, and with which key."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from amanzhol.broker.securing import ADMINISTRATOR
from amanzhol.files.events import read_lines
from amanzhol.files.output import check_outputs, whole_file
from amanzhol.files.private import write_private
from amanzhol.granting import ROLES, Administrator, grants_of
from amanzhol.keys import KeyRow, make_key, read_key_rows, read_private_key, write_key_rows
from amanzhol.options import settings_options
from amanzhol.settings import Settings, load_settings
from models.errors import EventsFileError, OutputError, SettingsError
from models.signatures import sign as sign_event
from models.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Sequence

_PASSWORD_BYTES = 32
_BATCH = 1_000
_MAX_ID = 64
_LONGEST_NAME = 200
_CONTROLS = frozenset('"\\')


@click.group()
def device() -> None:
    """Say who may send what: credentials, grants and keys, one of each per source."""


@device.command()
@click.argument("source")
@click.option(
    "--role", type=click.Choice(ROLES), default="device", show_default=True, help="What it may write, or read."
)
@click.option("--renew", is_flag=True, help="A new password, and with --sign a new key, for one that has them.")
@click.option("--sign", is_flag=True, help="Its events have to be signed: make its key, too.")
@click.option("--no-login", is_flag=True, help="Only the key: for a source that does not send to Kafka itself.")
@click.option("--corrects-all", is_flag=True, help="Its key may correct the events of other sources.")
@settings_options("broker", "prefix", "keys", "home")
def add(*, source: str, role: str, renew: bool, sign: bool, no_login: bool, corrects_all: bool, **flags: Any) -> None:
    """Let SOURCE in under a password of its own, with what its role may do.

    The password, and the private key, are written to files in `credentials` in home, for you to bring to the device.
    """
    settings = load_settings(**flags)
    _check_source(source)
    if corrects_all and not sign:
        raise SettingsError("--corrects-all: is said by a key: give --sign, too")
    if no_login and not sign:
        raise SettingsError("--no-login: leaves nothing to add without --sign")
    folder = _folder(settings)
    if sign:
        _add_key(settings, folder, KeyRow(source, "", "", "all" if corrects_all else "own"), renew=renew)
    if not no_login:
        _add_login(settings, folder, source, role, renew=renew)


def _add_login(settings: Settings, folder: Path, source: str, role: str, *, renew: bool) -> None:
    path = folder / f"{_file_name(source)}.password"
    grants = grants_of(role, Topics(settings.prefix))
    with Administrator(settings.broker) as administrator:
        if not renew and source in administrator.users():
            raise SettingsError(f"{source}: has a password already: --renew gives it another")
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        # First the file: a password that nobody knows would lock the device out.
        _write(path, password.encode() + b"\n")
        administrator.let_in(source, password)
        administrator.revoke_all(source)
        administrator.grant(source, grants)
    click.echo(f"password: {path}")
    for grant in grants:
        click.echo(f"may {grant}")


def _add_key(settings: Settings, folder: Path, row: KeyRow, *, renew: bool) -> None:
    keys = _keys_file(settings)
    rows = [held for _line, held in read_key_rows(keys)] if keys.exists() else []
    if not renew and any(held.source_id == row.source_id and not held.revoked_at for held in rows):
        raise SettingsError(f"{row.source_id}: has a key already: --renew gives it another")
    path = folder / f"{_file_name(row.source_id)}.key.pem"
    try:
        public = make_key(path)
        # A key that is renewed goes on holding for what is still on its way; `revoke` ends it.
        write_key_rows(keys, [*rows, row._replace(public_key=public)])
    except OSError as error:
        raise OutputError(f"{keys}: cannot be written: {error.strerror or error}") from None
    click.echo(f"private key: {path}")
    click.echo(f"public key: {public} in {keys} (workers read it when they start)")


@device.command()
@click.argument("source")
@settings_options("broker", "prefix", "keys", "home")
def revoke(*, source: str, **flags: Any) -> None:
    """Let SOURCE do nothing from now on: its password, its grants and its keys end."""
    settings = load_settings(**flags)
    _check_source(source)
    keys = _keys_file(settings)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [row for _line, row in read_key_rows(keys)] if keys.exists() else []
    live = [row for row in rows if row.source_id == source and not row.revoked_at]
    if live:
        try:
            write_key_rows(keys, [row._replace(revoked_at=now) if row in live else row for row in rows])
        except OSError as error:
            raise OutputError(f"{keys}: cannot be written: {error.strerror or error}") from None
        click.echo(f"{len(live)} keys revoked in {keys} (workers read it when they start)")
    with Administrator(settings.broker) as administrator:
        # Grants first: who is connected stays connected for a while, and may then do nothing.
        ended = administrator.revoke_all(source)
        had_password = administrator.shut_out(source)
    if not (live or ended or had_password):
        raise SettingsError(f"{source}: has no password, no grants and no keys: see `amanzhol device list`")
    click.echo(f"{ended} grants ended, {'the password too' if had_password else 'there was no password'}")


@device.command("list")
@settings_options("broker", "prefix", "keys", "home")
def list_(**flags: Any) -> None:
    """List who is let in, what each may do, and the keys (by the first letters of their SHA-256)."""
    settings = load_settings(**flags)
    with Administrator(settings.broker) as administrator:
        users, grants = administrator.users(), administrator.grants()
    keys = _keys_file(settings)
    rows = [row for _line, row in read_key_rows(keys)] if keys.exists() else []
    sources = sorted(users | grants.keys() | {row.source_id for row in rows})
    shown = [
        (
            source,
            "yes" if source in users else "no",
            ", ".join(str(grant) for grant in grants.get(source, [])),
            ", ".join(_key_shown(row) for row in rows if row.source_id == source),
        )
        for source in sources
    ]
    _show(("source", "password", "may", "keys"), shown)


@device.command()
@click.argument("events", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="NDJSON of the signed events.")
@settings_options("signing_key")
def sign(*, events: Path, out: Path, **flags: Any) -> None:
    """Sign EVENTS (NDJSON, also .gz; - is standard input): an upload by hand."""
    settings = load_settings(**flags)
    if settings.signing_key is None:
        raise SettingsError("--signing-key (AMANZHOL_SIGNING_KEY, amanzhol.toml: signing_key): is needed here")
    check_outputs((out,), (events, settings.signing_key))
    private = read_private_key(settings.signing_key)
    with whole_file(out) as temporary, temporary.open("wb") as file:
        for lines in read_lines(events, _BATCH, lambda _position: None):
            for number, raw in zip(lines.numbers, lines.records, strict=True):
                try:
                    file.write(sign_event(raw, private) + b"\n")
                except ValueError as error:
                    raise EventsFileError(f"{events}: line {number}: {error}") from None


def _key_shown(row: KeyRow) -> str:
    digest = hashlib.sha256(row.public_key.encode()).hexdigest()[:12]
    notes = [f"until {row.revoked_at}"] * bool(row.revoked_at) + ["corrects all"] * (row.corrects == "all")
    return " ".join([digest, *notes])


def _show(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    console = Console()
    if not console.is_terminal:
        for row in (columns, *rows):
            click.echo("\t".join(row))
        return
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _keys_file(settings: Settings) -> Path:
    return settings.keys or settings.home / "keys.csv"


def _folder(settings: Settings) -> Path:
    folder = settings.home / "credentials"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror or error}") from None
    return folder


def _write(path: Path, content: bytes) -> None:
    try:
        write_private(path, content)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _file_name(source: str) -> str:
    """Name a source's files. An id may hold any character, and could lead out of the folder."""
    name = quote(source, safe=" ")
    return name if len(name) <= _LONGEST_NAME else hashlib.sha256(source.encode()).hexdigest()


def _check_source(source: str) -> None:
    if source == ADMINISTRATOR:
        raise SettingsError(f"SOURCE: {ADMINISTRATOR} is who sets up all others: choose another name")
    if not (1 <= len(source) <= _MAX_ID and source.isprintable()) or _CONTROLS & set(source):
        raise SettingsError(f"SOURCE: a source_id is 1 to {_MAX_ID} printable characters, here without quotes")
