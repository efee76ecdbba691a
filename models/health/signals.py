"""From events to columns: what each record of a device says about the device itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from models.decoding import type_of
from models.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.events import Event

SAID: Final = ("active", "maintenance", "off")
"""States that a status tells; `Signals.said` holds their places here, or -1 for a violation."""

_FROM_DEVICES: Final = frozenset({"violation", "status"})
_TYPES: Final[tuple[Any, ...]] = (np.int64, float, float, np.int64, float, float, float, np.int64)
_LONGEST_PERIOD_S: Final = 3_600.0


class Signals(NamedTuple):
    """Columns of equal length, in the order of arrival. Times are seconds since 1970.

    `device` is a number of the roster. `period_s` is what a status covers, up to an hour, 0 of a violation.
    `clock_offset_s` is what a device itself measured, and `speed_kmh` what a violation recorded; NaN where it did not.
    `event` stands for the event's id: equal ids give equal numbers.
    """

    device: NDArray[Any]
    arrived_s: NDArray[Any]
    occurred_s: NDArray[Any]
    said: NDArray[Any]
    period_s: NDArray[Any]
    clock_offset_s: NDArray[Any]
    speed_kmh: NDArray[Any]
    event: NDArray[Any]

    def where(self, rows: NDArray[Any]) -> Signals:
        """Give the rows that a mask or a list of places picks."""
        return Signals(*(column[rows] for column in self))


class Taken(NamedTuple):
    """Signals of a batch, and how many of its records came from a source that is not in the registry."""

    signals: Signals
    unknown: int


def signals_of(decoded: Sequence[Event | RecordError], arrivals_us: Sequence[int], numbers: Mapping[str, int]) -> Taken:
    """Pick what devices say out of decoded records. `numbers` maps device ids to places in the roster.

    Left out are records that did not decode, history (`backfill`), and what registers and citizens send.
    """
    rows: list[tuple[Any, ...]] = []
    unknown = 0
    for event, arrived_us in zip(decoded, arrivals_us, strict=True):
        if isinstance(event, RecordError) or event.mode == "backfill":
            continue
        kind = type_of(event)
        if kind not in _FROM_DEVICES:
            continue
        device = numbers.get(event.source_id)
        if device is None:
            unknown += 1
            continue
        rows.append((device, arrived_us / 1e6, event.occurred_at.timestamp(), *_of(kind, event), hash(event.event_id)))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_TYPES)
    made = [np.array(column, dtype=kind) for column, kind in zip(columns, _TYPES, strict=True)]
    return Taken(Signals(*made), unknown)


def _of(kind: str, event: Any) -> tuple[int, float, float, float]:
    """Give `said`, `period_s`, `clock_offset_s` and `speed_kmh` of one event."""
    if kind == "status":
        period_s = (event.occurred_at - event.period_start).total_seconds()
        offset_s = math.nan if event.clock_offset_ms is None else event.clock_offset_ms / 1_000
        return SAID.index(event.state), min(period_s, _LONGEST_PERIOD_S), offset_s, math.nan
    speed = event.speed_kmh if event.speed_kmh is not None else event.average_speed_kmh
    return -1, 0.0, math.nan, math.nan if speed is None else float(speed)
