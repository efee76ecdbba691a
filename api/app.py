"""The application: all pages under /api/v1, and the map at /."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders

from api.map.serving import FOLDER, MapFiles
from api.problems import Problem, add_problems, problem
from api.routes import about, counts, features, live, statistics
from models.errors import RoleError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.service import Service

ROOT: Final = "/api/v1"
_ROUTERS: Final = (features.router, about.router, counts.router, statistics.router, live.router)

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_ABOUT: Final = """\
What is counted on the roads, per segment and window of time, and who looked.

Spans are half-open: `from` is inclusive, `to` exclusive. Figures are null where nobody looked, 0 where somebody did.
Errors are `application/problem+json` with a stable `code`. Parameters that are not known are refused.
The header `Amanzhol-Freshness` says with each answer how far it is behind."""


def build_app(service: Service, map_folder: Path = FOLDER) -> FastAPI:
    """Put the application together. The map is there where its folder is."""
    app = FastAPI(
        title="amanzhol",
        summary="Violations, accidents and reports per road segment.",
        description=_ABOUT,
        version=service.version,
        openapi_url=f"{ROOT}/openapi.json",
        # Their pages fetch from other hosts; the OpenAPI is read by whatever the analyst has.
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        redirect_slashes=False,
    )
    app.state.service = service
    for router in _ROUTERS:
        app.include_router(router, prefix=ROOT)
    add_problems(app)
    _describe(app)
    app.add_middleware(_Said, service=service)
    if map_folder.is_dir():
        app.mount("/", MapFiles(map_folder), name="map")
    else:
        app.add_api_route("/", _to_the_api, include_in_schema=False)
    return app


def _to_the_api() -> RedirectResponse:
    return RedirectResponse(ROOT)


def _describe(app: FastAPI) -> None:
    """Take out of the OpenAPI what FastAPI says of itself, and say how one shows who one is."""
    made = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = made()
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "password": {"type": "http", "scheme": "basic"},
        }
        schema["security"] = [{"token": []}, {"password": []}]
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for route in (route for router in _ROUTERS for route in router.routes):
            if isinstance(route, APIRoute):
                # FastAPI leaves out what is null, and that is what these examples are to show.
                described = route.responses[200]["content"]
                content = schema["paths"][ROOT + route.path_format]["get"]["responses"]["200"]["content"]
                content.update({name: said for name, said in described.items() if said})
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


class _Said:
    """Adds to every answer how fresh it is; lets nobody in by a name that is not ours where there are no tokens.

    A page of another site may point a name of its own at 127.0.0.1 and read what a service without tokens answers
    (DNS rebinding): such a request brings that name as its `Host`.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Amanzhol-Freshness"] = self._service.freshness().as_header()
                headers.update(_HEADERS)
            await send(message)

        host = Headers(scope=scope).get("host", "").rpartition(":")
        name = host[0] if host[2].isdigit() else "".join(host)
        if self._service.tokens is None and name not in LOOPBACK:
            refusal = problem(RoleError("without tokens only this machine is answered: open http://127.0.0.1"))
            await refusal(scope, receive, saying)
            return
        await self._app(scope, receive, saying)
