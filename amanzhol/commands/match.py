"""`amanzhol match`: from the fixes of vehicles to the segments that they drove."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import track

from amanzhol.files.output import check_outputs, write_table, writer_for
from amanzhol.files.tracks import read_tracks, utc
from amanzhol.options import settings_options
from amanzhol.rules import load_network
from amanzhol.settings import load_settings
from models.tables import Column, Table
from models.tracks.graph import build_graph
from models.tracks.matching import match as match_track
from models.tracks.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amanzhol.files.tracks import TrackFile
    from models.network import Network
    from models.tables import Value

_FILE = click.Path(path_type=Path)
_METRES_IN_KM = 1_000

_Place = tuple[str | None, float | None, float | None]
_OFF_ROAD: _Place = (None, None, None)


@click.command()
@click.argument("tracks", type=_FILE, metavar="TRACK.csv")
@settings_options("network", "tolerance_m")
@click.option("--out", required=True, type=_FILE, help="The table of fixes: .csv, .parquet or .ndjson.")
@click.option("--driven", type=_FILE, help="The table of kilometres that each track drove on each segment.")
def match(*, tracks: Path, out: Path, driven: Path | None, **flags: Any) -> None:
    """Match the fixes in TRACK.csv (track_id,time,lon,lat[,heading]) to the segments they were driven on.

    The table has a row per fix, in the order of the file: its segment, the kilometre and the metres off the line,
    empty where the vehicle was on no segment within the tolerance, or cannot have been where the fix says.
    """
    settings = load_settings(**flags)
    for path in (out, driven):
        if path is not None:
            writer_for(path)
    check_outputs((out, driven), (tracks, settings.network))
    file = read_tracks(tracks)
    network = load_network(settings)
    console = Console(stderr=True)
    places, metres = _matched(file, network, settings.tolerance_m, console)
    write_table(_fixes_table(file, places), out)
    if driven is not None:
        write_table(_driven_table(metres), driven)
    on_road = sum(place is not _OFF_ROAD for place in places)
    total_km = sum(sum(each.values()) for each in metres.values()) / _METRES_IN_KM
    console.print(
        f"{on_road:,} of {len(places):,} fixes of {len(metres):,} tracks on segments, {total_km:,.1f} km driven: {out}",
        highlight=False,
    )


def _matched(
    file: TrackFile, network: Network, tolerance_m: float, console: Console
) -> tuple[list[_Place], dict[str, dict[str, float]]]:
    """Match all tracks: the place of each row, and by track and segment the metres driven."""
    graph = build_graph(network)
    routes = Routes(graph)
    places = [_OFF_ROAD] * len(file.time)
    driven_m: dict[str, dict[str, float]] = {}
    tracks = list(file.tracks())
    shown = track(tracks, "matching", console=console, transient=True, disable=not console.is_terminal)
    for track_id, rows, fixes in shown:
        found = match_track(fixes, graph, routes, tolerance_m)
        by_segment: dict[str, float] = defaultdict(float)
        for segment, metres in found.driven_m.items():
            by_segment[network.segments[segment].segment_id] += metres
        driven_m[track_id] = by_segment
        columns = (rows.tolist(), found.segment.tolist(), found.km.tolist(), found.distance_m.tolist())
        for row, segment, km, distance_m in zip(*columns, strict=True):
            if not math.isnan(km):
                places[row] = (network.segments[segment].segment_id, round(km, 4), round(distance_m, 2))
    return places, driven_m


def _fixes_table(file: TrackFile, places: Sequence[_Place]) -> Table:
    columns = (
        Column("track_id", "text"),
        Column("time", "text"),
        Column("segment_id", "text"),
        Column("km", "number"),
        Column("distance_m", "number"),
    )
    rows: zip[Any] = zip(file.track_id, map(utc, file.time), places, strict=True)
    return Table(columns, ((track_id, time, *place) for track_id, time, place in rows))


def _driven_table(driven_m: Mapping[str, Mapping[str, float]]) -> Table:
    columns = (Column("track_id", "text"), Column("segment_id", "text"), Column("driven_km", "number"))
    rows: list[tuple[Value, ...]] = [
        (track_id, segment_id, round(metres / _METRES_IN_KM, 4))
        for track_id, by_segment in sorted(driven_m.items())
        for segment_id, metres in sorted(by_segment.items())
        if metres > 0
    ]
    return Table(columns, rows)
