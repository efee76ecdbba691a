"""The fleet: kinds of devices, and the rows that say where each device stood and when."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

from models.errors import DeviceNotValidError, SettingsError, UnknownDeviceError

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST_VERSION: Final = b"amanzhol registry 1\n"
_KIND_FORM: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SOURCE_ID: Final = "$.source_id"


@dataclass(frozen=True, slots=True)
class FleetKind:
    """A kind of device. Adding one to the fleet is all that a new kind needs.

    `mobile` kinds have no place of their own: their events must bring one. The name becomes part of the
    columns `violations_<name>` and `watched_s_<name>`, hence its form; SettingsError where it cannot.
    """

    name: str
    mobile: bool

    def __post_init__(self) -> None:
        """Refuse a name that cannot be part of a column's name."""
        if _KIND_FORM.fullmatch(self.name) is None:
            raise SettingsError(f"the fleet kind {self.name!r} must be lower-case letters, digits and _")
        if self.name == "section":
            raise SettingsError("the fleet kind 'section' is taken: violations_section counts average speed")


DEFAULT_FLEET: Final = (
    FleetKind("fixed_camera", mobile=False),
    FleetKind("ekin_patrol", mobile=True),
    FleetKind("oracle_car", mobile=True),
    FleetKind("drone", mobile=True),
)
"""The kinds of Mangystau's fleet."""

FLYING: Final = frozenset({"drone"})
"""Kinds that see vehicles from above: their own position is that of no road in particular."""

DEFAULT_FLEET_KINDS: Final = tuple(kind.name for kind in DEFAULT_FLEET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One row of the registry: what a device was, and where, in `[valid_from_us, valid_to_us)`.

    Times are microseconds of the Unix epoch; None is unbounded there and "not said" elsewhere. `lon` and
    `lat` are decimal degrees, both or neither; `heading` is degrees from north, 0 <= heading < 360; `km` has
    a `route`.
    """

    device_id: str
    kind: str
    mobile: bool
    name: str | None = None
    lon: float | None = None
    lat: float | None = None
    heading: float | None = None
    route: str | None = None
    km: float | None = None
    direction: str | None = None
    valid_from_us: int | None = None
    valid_to_us: int | None = None
    mode: str = "live"
    vendor_id: str | None = None
    site: str | None = None
    uplink: str | None = None
    district: str | None = None
    contact: str | None = None
    verified_until_us: int | None = None

    def __hash__(self) -> int:
        """Hash what tells rows apart: dictionaries by row are looked into once per event."""
        return hash((self.device_id, self.valid_from_us))


class Registry:
    """All rows of all devices, by device and time.

    `digest` is SHA-256 in hex over every field of every row, whatever their order in the file.
    """

    __slots__ = ("_by_device", "digest", "rows")

    rows: tuple[Device, ...]
    digest: str

    def __init__(self, rows: Iterable[Device]) -> None:
        """Sort the rows by device and time; those of one device must not overlap (`read_registry` checks)."""
        self.rows = tuple(sorted(rows, key=lambda row: (row.device_id, _starts(row))))
        digest = hashlib.sha256(_DIGEST_VERSION)
        grouped: defaultdict[str, list[Device]] = defaultdict(list)
        for row in self.rows:
            grouped[row.device_id].append(row)
            digest.update(json.dumps(astuple(row), separators=(",", ":")).encode() + b"\n")
        self.digest = digest.hexdigest()
        self._by_device = {device_id: ([_starts(row) for row in own], own) for device_id, own in grouped.items()}

    def row_at(self, device_id: str, epoch_us: int) -> Device:
        """Give the row of a device that is valid at an instant, in microseconds of the Unix epoch.

        Raises UnknownDeviceError where no row is of that device, DeviceNotValidError where none is valid.
        """
        known = self._by_device.get(device_id)
        if known is None:
            raise UnknownDeviceError(
                f"device {device_id!r} is not in the registry: add it, then replay the quarantine",
                _SOURCE_ID,
            )
        starts, own = known
        at = bisect_right(starts, epoch_us) - 1
        if at >= 0:
            row = own[at]
            if row.valid_to_us is None or epoch_us < row.valid_to_us:
                return row
        spans = ", ".join(f"[{_shown(row.valid_from_us)}, {_shown(row.valid_to_us)})" for row in own)
        raise DeviceNotValidError(
            f"device {device_id!r} has no row that is valid at {_shown(epoch_us)}, only {spans}: "
            "correct valid_from or valid_to, or add a row, then replay the quarantine",
            _SOURCE_ID,
        )


def _starts(row: Device) -> float:
    return -float("inf") if row.valid_from_us is None else row.valid_from_us


def _shown(epoch_us: int | None) -> str:
    if epoch_us is None:
        return "..."
    try:
        return (_EPOCH + dt.timedelta(microseconds=epoch_us)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return f"{epoch_us} us"
