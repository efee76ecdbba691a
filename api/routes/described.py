"""How pages are described in the OpenAPI: their formats, and what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.formats import MEDIA_TYPES
from api.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_REFUSALS = {
    400: "A parameter is unknown, or has a value that it cannot have.",
    401: "The token is missing, or not known.",
    403: "The token's role may not see this.",
    404: "There is no such thing.",
    406: "None of the formats accepted is offered.",
    429: "Too many live streams are open.",
    503: "The store cannot be read at the moment.",
}


def described(example: Any, *refusals: int, formats: Iterable[str] = ("json",)) -> dict[int | str, dict[str, Any]]:
    """Describe a page's answers: an example in JSON, its other formats, and these refusals besides 400, 401 and 503."""
    content: dict[str, Any] = {MEDIA_TYPES[name]: {} for name in formats}
    content.setdefault(MEDIA_TYPES["json"], {})["example"] = example
    problems: dict[int | str, dict[str, Any]] = {
        status: {
            "description": _REFUSALS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({400, 401, 503, *refusals})
    }
    return {200: {"description": "The answer.", "content": content}, **problems}


__all__ = ["Problem", "described"]
