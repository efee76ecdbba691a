"""The API is asked what it cannot answer: an HTTP status of 4xx. The whole tree stands in `models.errors`."""

from __future__ import annotations

from models.errors.root import AmanzholError


class RequestError(AmanzholError, ValueError):
    """The API is asked what it cannot answer. `parameter` names the parameter at fault, where it is one."""

    code = "request"

    def __init__(self, message: str, parameter: str | None = None) -> None:
        """Keep the message and the parameter at fault."""
        super().__init__(message)
        self.parameter = parameter


class UnknownParameterError(RequestError):
    """There is no such parameter here. The message lists those that there are."""

    code = "unknown_parameter"


class BadParameterError(RequestError):
    """A parameter has a value that it cannot have. The message says what is possible."""

    code = "bad_parameter"


class SpanTooLongError(RequestError):
    """The span is longer than is answered at this step. Ask for a shorter span, or a longer step."""

    code = "span_too_long"


class ThinnedError(RequestError):
    """Detail of that time has been thinned to days. Ask for whole days, and a step of a day or longer."""

    code = "thinned"


class UnknownPlaceError(RequestError):
    """There is no such segment, collection or page. Look in the list above it."""

    code = "not_found"


class NotAcceptableError(RequestError):
    """None of the formats that are accepted is one that this answer has. The message lists those that it has."""

    code = "not_acceptable"


class TokenRequiredError(RequestError):
    """The request brings no token, or one that is not known. Send `Authorization: Bearer <token>`."""

    code = "token_required"


class RoleError(RequestError):
    """The token's role may not see this. Ask whoever runs the service for one of another role."""

    code = "role"


class TooManyLiveError(RequestError):
    """As many live streams are open as there may be. Close one, or ask for counts every few seconds instead."""

    code = "too_many_live"
