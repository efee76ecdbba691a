"""What every route needs: the store, who asks, and what time it is."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import Depends, Request

from api.asking import Asker
from api.roles import Role
from models.errors import RoleError, TokenRequiredError

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.freshness import Freshness
    from api.live import Live
    from api.store import Store
    from api.tokens import TokenFile
    from models.fleet import FleetKind


class Service(NamedTuple):
    """The parts of a running service. `tokens` of None lets everyone in as ops: for loopback alone."""

    store: Store
    freshness: Callable[[], Freshness]
    live: Live
    fleet: tuple[FleetKind, ...]
    tokens: TokenFile | None
    clock: Callable[[], float]
    version: str

    def asker(self, role: Role) -> Asker:
        """Who asks now."""
        return Asker(role, self.clock(), self.store.calendar, self.store.network, self.fleet)


def service_of(request: Request) -> Service:
    """Give the service that answers a request."""
    service: Service = request.app.state.service
    return service


def role_of(request: Request) -> Role:
    """What the request's token lets see. Raises TokenRequiredError where it brings none that is known."""
    tokens = service_of(request).tokens
    if tokens is None:
        return Role.OPS
    token = _token(request.headers.get("authorization", ""))
    role = None if token is None else tokens.role(token)
    if role is None:
        raise TokenRequiredError("send a token: Authorization: Bearer <token>, or as the password of Basic")
    return role


def _token(authorization: str) -> str | None:
    scheme, _, rest = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            try:
                return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return None
    return None


Here = Annotated[Service, Depends(service_of)]
Seen = Annotated[Role, Depends(role_of)]


def analysts_only(role: Seen) -> Role:
    """Let analysts and ops pass. Raises RoleError for the public."""
    if role is Role.PUBLIC:
        raise RoleError("this is for analysts: the token's role is public")
    return role


def ops_only(role: Seen) -> Role:
    """Let ops pass. Raises RoleError for others."""
    if role is not Role.OPS:
        raise RoleError(f"this is for ops: it tells where mobile units are now; the token's role is {role}")
    return role
