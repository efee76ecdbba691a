"""The adapters by the name that stands in the address: `/v1/hikvision`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from devices.gateway import axis, dahua, hikvision, openalpr, plate_recognizer, viewtron

if TYPE_CHECKING:
    from collections.abc import Callable

    from devices.gateway.reading import Reading

    Adapter = Callable[[Any], list[Reading]]

ADAPTERS: Final[dict[str, Adapter]] = {
    "axis": axis.read,
    "dahua": dahua.read,
    "hikvision": hikvision.read,
    "openalpr": openalpr.read,
    "plate-recognizer": plate_recognizer.read,
    "viewtron": viewtron.read,
}
"""Each is a function of a document's tree: no clock, no registry, no memory. It raises the RecordError that fits."""
