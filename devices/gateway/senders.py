"""Which device of the registry a payload is of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from models.errors import UnknownDeviceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.fleet import Device, Registry

_NOT_OF_AN_ID: Final = re.compile(r"[\s:._-]+")


class Senders:
    """The registry by `vendor_id`, and by `device_id` for those that are named by the address they post to."""

    def __init__(self, registry: Registry) -> None:
        """Know the ids of all rows. One `vendor_id` may pass from one device to another with time."""
        self._registry = registry
        self._devices: dict[str, list[str]] = {}
        for row in registry.rows:
            for known in (row.vendor_id, row.device_id):
                if known:
                    named = self._devices.setdefault(_bare(known), [])
                    if row.device_id not in named:
                        named.append(row.device_id)

    def device(self, senders: Iterable[str], epoch_us: int) -> Device:
        """Give the row of the first id that is known, as it is at an instant.

        MAC addresses and serials compare without case, colons and hyphens. Raises UnknownDeviceError where none is
        known, DeviceNotValidError where its device has no valid row then.
        """
        named = list(senders)
        for sender in named:
            devices = self._devices.get(_bare(sender), ())
            valid = [row for device_id in devices if (row := self._valid(device_id, epoch_us)) is not None]
            exact = [row for row in valid if _bare(row.vendor_id or "") == _bare(sender) or row.device_id == sender]
            if exact:
                return exact[0]
            if devices:
                return self._registry.row_at(devices[0], epoch_us)
        shown = ", ".join(named) or "which it does not say"
        raise UnknownDeviceError(f"no row of the registry has this device's vendor_id ({shown[:200]})", "$.source_id")

    def _valid(self, device_id: str, epoch_us: int) -> Device | None:
        try:
            return self._registry.row_at(device_id, epoch_us)
        except ValueError:
            return None


def _bare(sender: str) -> str:
    return _NOT_OF_AN_ID.sub("", sender).casefold()
