"""Make `network.geojson` and `devices.csv` anew: `python -m devices.mangystau`."""

from __future__ import annotations

from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from devices.mangystau.drawing import network, network_text
from devices.mangystau.registry import registry_text

if __name__ == "__main__":
    NETWORK_PATH.write_text(network_text(), encoding="utf-8")
    DEVICES_PATH.write_text(registry_text(network()["features"]), encoding="utf-8")
