"""One shape for everything that goes wrong: problem+json (RFC 9457), with the codes of the error tree."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from models.errors import (
    AmanzholError,
    BadParameterError,
    NotAcceptableError,
    RequestError,
    RoleError,
    StoreError,
    TokenRequiredError,
    TooManyLiveError,
    UnknownParameterError,
    UnknownPlaceError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
_SHOWN_CHARS: Final = 100

STATUS: Final[dict[type[AmanzholError], int]] = {
    RequestError: 400,
    TokenRequiredError: 401,
    RoleError: 403,
    UnknownPlaceError: 404,
    NotAcceptableError: 406,
    TooManyLiveError: 429,
    StoreError: 503,
    AmanzholError: 500,
}
"""HTTP status of an error: that of its nearest class here."""

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="amanzhol", charset="UTF-8"'}
"""Browsers and QGIS ask for a password then, and any name goes with a token as one; a Bearer token is taken as well."""


class Problem(BaseModel):
    """What went wrong. `code` is stable; `detail` says what to do; `parameter` is the one at fault."""

    type: str = Field(examples=["urn:amanzhol:bad_parameter"])
    code: str = Field(examples=["bad_parameter"])
    title: str = Field(examples=["A parameter has a value that it cannot have."])
    status: int = Field(examples=[400])
    detail: str = Field(examples=["to: must be later than from"])
    parameter: str | None = Field(default=None, examples=["to"])


def problem(error: AmanzholError) -> Response:
    """Describe an error."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    title = (type(error).__doc__ or "").partition(". ")[0].rstrip(".") + "."
    return _response(status, error.code, title, str(error), getattr(error, "parameter", None))


def _response(status: int, code: str, title: str, detail: str, parameter: str | None = None) -> Response:
    body = Problem(
        type=f"urn:amanzhol:{code}", code=code, title=title, status=status, detail=detail, parameter=parameter
    )
    headers = _CHALLENGE if status == STATUS[TokenRequiredError] else None
    return Response(
        msgspec.json.encode(body.model_dump(exclude_none=True)), status, headers=headers, media_type=MEDIA_TYPE
    )


def of_validation(error: RequestValidationError) -> RequestError:
    """Name the first parameter that cannot be used, and why."""
    fault = error.errors()[0]
    name = str(fault["loc"][1]) if len(fault["loc"]) > 1 else "query"
    shown = name if len(name) <= _SHOWN_CHARS else name[:_SHOWN_CHARS] + "…"
    if fault["type"] == "extra_forbidden":
        return UnknownParameterError(f"{shown}: there is no such parameter here", shown)
    said = fault["msg"].removeprefix("Value error, ").replace("Input should", "must").replace("String should", "must")
    return BadParameterError(f"{shown}: {said}", shown)


def add_problems(app: FastAPI) -> None:
    """Let every error of an app be answered in the one shape."""

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, AmanzholError)
        if not isinstance(error, RequestError):
            logger.error("%s: %s", error.code, error)
        return problem(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(of_validation(error))

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == STATUS[UnknownPlaceError]:
            return problem(UnknownPlaceError("there is no such page; /api/v1 lists what there is"))
        answer = _response(error.status_code, "request", str(error.detail), str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    async def bug(_: Request, error: Exception) -> Response:
        logger.error("a request failed", exc_info=error)
        return _response(500, "error", "The service failed.", "the service failed: its log says why")

    app.add_exception_handler(AmanzholError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, bug)
