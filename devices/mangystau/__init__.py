"""The roads and the fleet that the demo ships: Mangystau, drawn by this project.

`waypoints.csv`, `routes.csv`, `junctions.csv` and `streets.csv` are the sources; `python -m devices.mangystau`
makes `network.geojson` and `devices.csv` from them. A test keeps sources and products equal.

Nothing here is copied from a map. Known to the public are the kilometre posts of road-closure bulletins
(`basis` = `published`, reading below) and where the settlements lie (to 0.01°); what lies between them is
`estimated` or `drawn`. Distances along the line therefore differ from the posts, as they do on real roads:
the posts rule.

Readings of what was published, where bulletins differ or give two ends:

- KAZ11 passes Beyneu from post 332 to 338 (one bulletin ends there, another begins): its middle is 335.
- Shetpe is post 632, where two stretches of one bulletin meet (338 to 632 and 632 to 718). Another one starts its
  stretch to Aktau at 642, which we read as the far end of the settlement.
- The road to the border of Turkmenistan has 58 km to Zhanaozen; the 164 km beyond were published as a length.
- KAZ11 has no way points but settlements. Those `drawn` on other roads are guesses in the open country.
- Towns are plain grids hung on the town's position, Aktau's turned to 330°: right in number and size, not in shape.
  Names of Aktau's streets are real; which line of the grid bears which is schematic.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

NETWORK_PATH = _HERE / "network.geojson"
"""The network file, as `--network` takes it."""

DEVICES_PATH = _HERE / "devices.csv"
"""The device registry, as `--devices` takes it."""

__all__ = ["DEVICES_PATH", "NETWORK_PATH"]
