"""The service without a network: an application on a store, asked in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.testclient import TestClient

from api.app import build_app
from api.freshness import Freshness
from api.live import Live
from api.roles import Role
from api.service import Service
from api.tokens import TokenFile, add_token
from models.fleet import DEFAULT_FLEET
from tests.api.recorded import NOW_S

if TYPE_CHECKING:
    from pathlib import Path

    from api.store import Store

FRESH = Freshness(0, NOW_S)
ROOT = "/api/v1"


def service_on(store: Store, *, tokens: TokenFile | None = None, now_s: float = NOW_S, **parts: Any) -> Service:
    """A service a week after NOON, which let's everyone in as ops unless there are tokens."""
    usual = {
        "store": store,
        "freshness": lambda: FRESH,
        "live": Live(),
        "fleet": DEFAULT_FLEET,
        "tokens": tokens,
        "clock": lambda: now_s,
        "version": "0",
    }
    return Service(**(usual | parts))


class Client(TestClient):
    """Asks the service as another program of this machine does."""

    def __init__(self, service: Service, *, token: str | None = None, **options: Any) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        app = build_app(service, **options)
        super().__init__(app, base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False)

    def ask(self, path: str, **parameters: Any) -> Any:
        """Ask for a page below the root, which must answer, and give its JSON."""
        answer = self.get(ROOT + path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


def tokens_in(folder: Path) -> tuple[TokenFile, dict[Role, str]]:
    """Make a token of each role."""
    path = folder / "tokens.json"
    made = {role: add_token(path, f"a {role}", role, "2026-11-22T00:00:00Z") for role in Role}
    return TokenFile(path), made
