"""What the simulated workers count by: five kilometres of a road and a few cameras."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from models.locating import Locator
from models.network import Network, Segment
from models.registry import Device, Registry
from models.sighting import Rules
from models.topics import Topics
from models.windows import Windows

TOPICS = Topics("sim.")
GROUP = "sim.worker"
ZONE = ZoneInfo("Asia/Aqtau")
HORIZON_S = 40 * 86_400

CAMERAS = tuple(f"cam{number}" for number in range(6))
KILOMETRES = range(383, 388)

_NETWORK = Network(Segment(segment_id=f"KAZ11/{km}", route="KAZ11", from_km=km, to_km=km + 1) for km in KILOMETRES)
_REGISTRY = Registry(
    Device(
        device_id=camera,
        kind="fixed_camera",
        mobile=False,
        route="KAZ11",
        km=KILOMETRES[at % 5] + 0.5,
        mode="test" if at == 5 else "live",
    )
    for at, camera in enumerate(CAMERAS)
)


RULES = Rules(
    network=_NETWORK,
    locator=Locator(_NETWORK),
    windows=Windows(300, ZONE),
    hours=Windows(3600, ZONE),
    registry=_REGISTRY,
    horizon_s=HORIZON_S,
)
