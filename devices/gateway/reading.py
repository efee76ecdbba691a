"""What an adapter makes of a payload, whatever its vendor."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import Literal

import msgspec

About = Literal["passage", "offence", "flow", "sign"]


class Reading(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One thing that a device tells.

    `about`: a `passage` of a vehicle, an `offence` of one (it passed as well), a `flow` of several passages, or a
    `sign` of life. `senders` are the ids by which the registry may know the device, the best first. `happened_at` None
    is "now". `vendor_id` is what the vendor calls the event, empty where it has no name; `code` what it calls the
    offence, and `article` the article where the payload itself says it.
    `history`: the device kept it while nobody listened. `more`: another part of the same event follows.
    """

    about: About
    senders: tuple[str, ...] = ()
    happened_at: datetime | None = None
    vendor_id: str = ""
    code: str = ""
    article: str = ""
    speed_kmh: float | None = None
    limit_kmh: float | None = None
    lane: int | None = None
    vehicle_class: str = ""
    confidence: float | None = None
    position: tuple[float, float] | None = None
    plate: str = ""
    passages: int = 1
    history: bool = False
    more: bool = False

    def sent_by(self, device: str) -> Reading:
        """Give the reading of a device that the address names: the address is what the operator set."""
        return msgspec.structs.replace(self, senders=(device, *self.senders))
