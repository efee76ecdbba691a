"""Real tracks as files of `amanzhol match`: one through Andorra, and one from Munich at two rates."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ANDORRA = DATA / "traces" / "andorra_for_map_matching.gpx"
ANDORRA_MAP = DATA / "roads" / "osm_andorra.osm.pbf"
MUNICH = DATA / "traces" / "barefoot_x0001-001.json"
MUNICH_LINE = DATA / "traces" / "barefoot_x0001-001_matched.geojson"
MUNICH_SLOW = DATA / "traces" / "barefoot_x0001-015.json"

_EVERY_S = 10
_PER_SEGMENT = 20
_POINT = re.compile(r"POINT\((\S+) (\S+)\)")
_TRACK_POINT = re.compile(r'<trkpt lat="([^"]+)" lon="([^"]+)"')

Row = tuple[str, float, float]
"""Time (RFC 3339), longitude, latitude."""


def andorra() -> list[Row]:
    """The fixes in Andorra, one each ten seconds: the file has no times."""
    begin = datetime(2025, 6, 1, tzinfo=UTC)
    points = _TRACK_POINT.findall(ANDORRA.read_text(encoding="utf-8"))
    return [
        ((begin + timedelta(seconds=at * _EVERY_S)).isoformat(), float(lon), float(lat))
        for at, (lat, lon) in enumerate(points)
    ]


def munich(source: Path) -> list[Row]:
    """The fixes in Munich, one a second (MUNICH) or one each fifteen (MUNICH_SLOW)."""
    rows = []
    for fix in json.loads(source.read_bytes()):
        found = _POINT.fullmatch(fix["point"])
        assert found is not None
        # Its offsets are written without a colon.
        rows.append((fix["time"][:-2] + ":" + fix["time"][-2:], float(found[1]), float(found[2])))
    return rows


def munich_network() -> dict[str, Any]:
    """The line that comes with the track in Munich, cut at each twentieth vertex into `X/0`, `X/1`, ..."""
    line = json.loads(MUNICH_LINE.read_bytes())["coordinates"]
    cuts = range(0, len(line) - 1, _PER_SEGMENT)
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": line[cut : cut + _PER_SEGMENT + 1]},
                "properties": {"segment_id": f"X/{number}", "route": "X", "from_km": number, "to_km": number + 1},
            }
            for number, cut in enumerate(cuts)
        ],
    }


def track_csv(track_id: str, rows: list[Row]) -> str:
    """Write a file of `amanzhol match`."""
    return "track_id,time,lon,lat\n" + "".join(f"{track_id},{time},{lon},{lat}\n" for time, lon, lat in rows)
