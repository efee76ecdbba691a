"""The devices of a registry as they are at one moment, in arrays that the pulse's numbers point into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.errors import DeviceNotValidError
from models.health.states import CONDITIONS, GROUPS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from models.fleet import Device, Registry
    from models.health.ignoring import Ignored

_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Roster:
    """Rows by device number. `rows` is None for a device that has no row valid now.

    `ignored` are those of whom nothing is told, `ignored_in[condition]` also those of whom that is not.
    """

    ids: tuple[str, ...]
    rows: tuple[Device | None, ...]
    valid: NDArray[np.bool_]
    mobile: NDArray[np.bool_]
    test: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    ignored_in: dict[str, NDArray[np.bool_]]
    verified_until_s: NDArray[np.float64]
    groups: dict[str, tuple[str | None, ...]]


def device_numbers(registry: Registry) -> dict[str, int]:
    """Number the devices of a registry, whenever they are valid."""
    return {device_id: number for number, device_id in enumerate(sorted({row.device_id for row in registry.rows}))}


def roster_at(registry: Registry, ignored: Collection[Ignored], now_s: float) -> Roster:
    """Take the rows that are valid at a time, in seconds since 1970, and who is ignored then."""
    ids = tuple(device_numbers(registry))
    rows = tuple(_row_at(registry, device_id, now_s) for device_id in ids)
    verified_us = [None if row is None else row.verified_until_us for row in rows]
    active = [entry for entry in ignored if entry.from_s <= now_s < entry.until_s]

    def among(*conditions: str | None) -> NDArray[np.bool_]:
        entries = [entry for entry in active if entry.condition in conditions]
        return np.array(
            [row is not None and any(entry.names(row) for entry in entries) for row in rows], dtype=np.bool_
        )

    return Roster(
        ids=ids,
        rows=rows,
        valid=np.array([row is not None for row in rows], dtype=np.bool_),
        mobile=np.array([row is not None and row.mobile for row in rows], dtype=np.bool_),
        test=np.array([row is not None and row.mode == "test" for row in rows], dtype=np.bool_),
        ignored=among(None),
        ignored_in={condition: among(None, condition) for condition in CONDITIONS},
        verified_until_s=np.array([np.inf if us is None else us / _SECOND_US for us in verified_us]),
        groups={group: tuple(None if row is None else getattr(row, group) for row in rows) for group in GROUPS},
    )


def _row_at(registry: Registry, device_id: str, now_s: float) -> Device | None:
    try:
        return registry.row_at(device_id, int(now_s * _SECOND_US))
    except DeviceNotValidError:
        return None
