"""`amanzhol token`: who may ask the API, and what they may see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from amanzhol.options import settings_options
from amanzhol.settings import load_settings
from api.roles import Role
from api.tokens import FILE, add_token, read_tokens, revoke_token


@click.group()
def token() -> None:
    """Tokens of the API; their hashes are in tokens.json in the home folder."""


@token.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What it lets see.")
@settings_options("home")
def add(name: str, role: str, **flags: Any) -> None:
    """Make a token for NAME and print it, this once."""
    path = load_settings(**flags).home / FILE
    click.echo(add_token(path, name, Role(role), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))


@token.command("list")
@settings_options("home")
def list_(**flags: Any) -> None:
    """Show whose tokens there are."""
    table = Table("name", "role", "added")
    for stored in read_tokens(load_settings(**flags).home / FILE):
        table.add_row(stored.name, stored.role, stored.added)
    Console().print(table)


@token.command("revoke")
@click.argument("name")
@settings_options("home")
def revoke(name: str, **flags: Any) -> None:
    """Let the token of NAME be worth nothing, at once."""
    revoke_token(load_settings(**flags).home / FILE, name)
    click.echo(f"{name}: revoked")
