"""How long citizens' reports waited: quantiles from cumulative buckets, with the bounds that the buckets allow.

Medians do not add up, so cells keep counts of reports that were handled within 1 h, 4 h, ... Of these a quantile is
known to lie between two limits, and no better: a value interpolated between them would look more exact than it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.measures import REPORT_HANDLED_WITHIN_S

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Waited:
    """A quantile of the time until reports were handled: above `low_s` and at most `high_s`, which may be None.

    None says that it is beyond the last limit.
    """

    low_s: int
    high_s: int | None


def waited(figures: Mapping[str, int], share: float) -> Waited | None:
    """Give the time within which this share of the handled reports was handled; None where none was.

    `figures` are sums of the measures `report_handled_le_*` by name, absent ones being 0. Reports still open are
    in none of them. `share` is 0.5 for the median; the quantile is the smallest time that at least this share did
    not exceed. Raises ValueError for a share outside `0 < share <= 1`.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share lies above 0 and is at most 1, not {share}")
    handled = figures.get(REPORT_HANDLED_WITHIN_S[-1][0], 0)
    if not handled:
        return None
    # Rounded first: 0.9 of 10 reports are 9 of them, not 9.000000000000002 and so 10.
    needed = math.ceil(round(share * handled, 9))
    low_s = 0
    for name, limit_s in REPORT_HANDLED_WITHIN_S:
        if limit_s is None or figures.get(name, 0) >= needed:
            return Waited(low_s, limit_s)
        low_s = limit_s
    raise AssertionError("the last bucket has no limit")
