"""The interstates of the USA as a network file of the contract: real, simplified lines, without kilometre posts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "roads" / "us_interstates.geojson"

_KM_PER_MILE = 1.609344
_NUMBER = re.compile(r"(?:H-?)?\d+")


def route_of(name: str) -> str:
    """Give the route by its number, which is all that officers mostly write down.

    Branches (`I- 35 E`), business loops and lanes of their own keep that number: `name` says which they are.

    >>> [route_of(name) for name in ("I- 65", "I- 40 Bus", "I- 35 E", "I- -75", "I- I- 880", "I- H-201")]
    ['I-65', 'I-40', 'I-35', 'I-75', 'I-880', 'I-H201']
    """
    number = _NUMBER.search(name)
    assert number is not None, name
    return f"I-{number[0].replace('-', '')}"


def network() -> dict[str, Any]:
    """Make the network of the contract.

    The file has no kilometre posts. So the lengths of a route's features within a state are chained (American
    mileposts begin anew at each border), in the order of their coordinates: the same features make the same ids,
    whatever their order in the file. `length` is in miles, and that of the road before its line was simplified.
    """
    by_route: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for feature in json.loads(SOURCE.read_bytes())["features"]:
        properties = feature["properties"]
        by_route[route_of(properties["name"]), properties["state"]].append(feature)
    segments = []
    for (route, state), features in sorted(by_route.items()):
        features.sort(key=lambda feature: (json.dumps(feature["geometry"]), feature["properties"]["length"]))
        km = 0.0
        for number, feature in enumerate(features, start=1):
            from_km, km = km, km + feature["properties"]["length"] * _KM_PER_MILE
            properties = {
                "segment_id": f"{route}/{state}/{number}",
                "route": route,
                "from_km": round(from_km, 6),
                "to_km": round(km, 6),
                "direction": "both",
                "name": feature["properties"]["name"],
                "district": state,
            }
            segments.append({"type": "Feature", "geometry": feature["geometry"], "properties": properties})
    return {"type": "FeatureCollection", "features": segments}
