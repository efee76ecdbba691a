"""Draws a track and what `amanzhol match` made of it.

`python docs/pictures/tracks.py NET.geojson TRACK.csv MATCHED.csv OUT.svg`

Roads are grey, the segments that were driven each in a colour of its own; a fix is a red dot, tied to its place on the
road, and hollow where it has none. Geometry from OpenStreetMap must be shown with its attribution.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import shapely

from models.network_file import read_network
from models.projection import to_mercator

WIDTH_PX = 1400.0
MARGIN = 0.06
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")


def draw(network_file: Path, track_file: Path, matched_file: Path) -> str:
    """Give the SVG of what lies about the track."""
    network = read_network(network_file)
    with track_file.open(encoding="utf-8", newline="") as file:
        fixes = np.array([(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)])
    with matched_file.open(encoding="utf-8", newline="") as file:
        driven = [row["segment_id"] for row in csv.DictReader(file)]
    x, y = to_mercator(*fixes.T)
    room = MARGIN * max(np.ptp(x), np.ptp(y), 100)
    left, top, right, bottom = x.min() - room, y.max() + room, x.max() + room, y.min() - room
    px_per_m = WIDTH_PX / (right - left)

    def plane(lonlat: np.ndarray) -> np.ndarray:
        east, north = to_mercator(*lonlat.T)
        return np.column_stack([(east - left) * px_per_m, (top - north) * px_per_m])

    lines = {
        segment.segment_id: shapely.transform(segment.geometry, plane)
        for segment in network.segments
        if segment.geometry is not None
    }
    view = shapely.box(0, 0, WIDTH_PX, (top - bottom) * px_per_m)
    colours = {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(dict.fromkeys(filter(None, driven)))}
    drawing = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX:.0f} {view.bounds[3]:.0f}">',
        '<rect width="100%" height="100%" fill="white"/>',
        *(path(line, "#bbbbbb", 2) for line in lines.values() if line.intersects(view)),
        *(path(lines[name], colour, 5) for name, colour in colours.items()),
    ]
    for point, name in zip(shapely.points(plane(fixes)), driven, strict=True):
        if name:
            drawing.append(path(shapely.shortest_line(point, lines[name]), "#cc0000", 1))
        fill = "#cc0000" if name else "none"
        drawing.append(f'<circle cx="{point.x:.1f}" cy="{point.y:.1f}" r="3.5" fill="{fill}" stroke="#cc0000"/>')
    return "\n".join([*drawing, "</svg>"])


def path(line: shapely.Geometry, colour: str, width: float) -> str:
    """Give the SVG of a line."""
    steps = "".join("M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in part.coords) for part in shapely.get_parts(line))
    return f'<path d="{steps}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"/>'


if __name__ == "__main__":
    *files, out = map(Path, sys.argv[1:])
    out.write_text(draw(*files), encoding="utf-8")
