"""The root of the error tree. The whole tree stands in `models.errors`."""

from __future__ import annotations

from typing import ClassVar


class AmanzholError(Exception):
    """The root: catch this to catch all that the product itself raises."""

    code: ClassVar[str] = "error"
