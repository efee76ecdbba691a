"""Who may see what.

`public` sees cells that are final, older than 24 hours, with the mobile kinds as one, so that nobody follows two
hidden cars. `analyst` sees all that is counted, as soon as it is, and the books. `ops` sees the live stream besides.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from models.calendar import HOUR_S

GRACE_S: Final = 24 * HOUR_S
"""A cell is provisional until so long after its end, then final; a late event makes a new revision all the same."""


class Role(StrEnum):
    """What a token lets its bearer see."""

    PUBLIC = "public"
    ANALYST = "analyst"
    OPS = "ops"

    @property
    def sees_fleet(self) -> bool:
        """Whether the mobile kinds are told apart."""
        return self is not Role.PUBLIC

    @property
    def sees_provisional(self) -> bool:
        """Whether cells are seen before they are final."""
        return self is not Role.PUBLIC


def final_until(now_s: float) -> int:
    """UTC second up to which cells are final, in whole hours: an answer does not change from second to second."""
    return int(now_s - GRACE_S) // HOUR_S * HOUR_S
