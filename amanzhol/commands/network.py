"""`amanzhol network`: build the network that events are counted on, check it, draw it, compare two."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from amanzhol.files.output import check_outputs, whole_file, write_table, writer_for
from amanzhol.maps.building import Maps, build
from amanzhol.options import FAILED
from models.errors import OutputError, SettingsError
from models.network import DEFAULT_RADIUS_M, MAX_RADIUS_M
from models.network_file import read_features, read_network
from models.networks.assembling import MAX_GAP_M
from models.networks.calibrating import DEFAULT_POST_TOLERANCE_M
from models.networks.checking import JUMP_M, check_features
from models.networks.crosswalk import DEFAULT_REACH_M, crosswalk
from models.networks.drawing import draw
from models.networks.writing import network_bytes
from models.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from models.networks.cutting import RouteReport
    from models.tables import Value

F = TypeVar("F", bound="Callable[..., Any]")

_FILE = click.Path(path_type=Path)
_WIDEST_METRES = 100_000
_METRES = click.FloatRange(0, _WIDEST_METRES)
_SOME_METRES = click.FloatRange(0, _WIDEST_METRES, min_open=True)
_KM_DIGITS = 3
_METRE_DIGITS = 1


@click.group()
def network() -> None:
    """The network of segments: build it from maps, check it, draw it, compare two."""


def _build_options(command: F) -> F:
    """Add the options that become `Maps`."""
    for option in (
        click.option("--junction-radius-m", type=click.FloatRange(1, MAX_RADIUS_M), default=DEFAULT_RADIUS_M,
                     show_default=True, help="How far a junction of streets reaches."),
        click.option("--post-tolerance-m", type=_METRES, default=DEFAULT_POST_TOLERANCE_M, show_default=True,
                     help="Farthest from its route that a post is taken for one."),
        click.option("--max-gap-m", type=_METRES, default=MAX_GAP_M, show_default=True,
                     help="Widest gap between the parts of a route that is bridged."),
        click.option("--areas", multiple=True, type=_FILE, help="GeoJSON polygons of districts and settlements."),
        click.option("--table", "tables", multiple=True, type=_FILE, help="CSV of stretches without geometry."),
        click.option("--streets", multiple=True, type=_FILE, help="Streets: .csv of edges, or .pbf of OpenStreetMap."),
        click.option("--posts", type=_FILE, help="CSV of the routes' kilometre posts: route,km,lon,lat."),
        click.option("--only", multiple=True, metavar="REF", help="Of the routes, only this one."),
        click.option("--routes", type=_FILE, help="GeoJSON of whole routes: ref, official_length_km."),
    ):  # fmt: skip
        command = option(command)
    return command


@network.command("build")
@_build_options
@click.option("--out", required=True, type=_FILE, help="The network file: .geojson.")
@click.option("--residuals", type=_FILE, help="Table with a row per post: how far off it is.")
@click.option("--attribution", help="Whom the geometry is owed to; for .pbf OpenStreetMap, unless said.")
def build_(*, out: Path, residuals: Path | None, attribution: str | None, **files: Any) -> None:
    """Build a network file from routes with their posts, from streets, and from tables; they may be mixed."""
    maps = Maps(**files)
    if not (maps.routes or maps.streets or maps.tables):
        raise SettingsError("nothing to build from: name --routes, --streets or --table")
    if maps.routes is None and (maps.posts or maps.only):
        raise SettingsError("--posts and --only belong to --routes, which is not given")
    if residuals is not None:
        writer_for(residuals)
    check_outputs((out, residuals), maps.files)
    built = build(maps)
    if residuals is not None:
        write_table(_residuals(built.routes), residuals)
    with whole_file(out) as temporary:
        temporary.write_bytes(network_bytes(built.network, attribution or maps.attribution))
    for report in built.routes:
        for line in _told(report):
            click.echo(line, err=True)
    counts = f"{len(built.network):,} segments and {len(built.network.junctions):,} junctions"
    click.echo(f"{counts} in {out}, network {built.network.digest[:12]}", err=True)


def _told(report: RouteReport) -> Iterator[str]:
    """What a route's builder should know."""
    calibration = report.calibration
    line = calibration.line
    begin, end = calibration.km_at(0.0), calibration.km_at(line.length_m)
    posts = f"{len(calibration.posts)} posts" if calibration.posts else "no posts"
    yield f"{report.ref}: km {begin:.3f} to {end:.3f} on {line.length_m / 1000:.3f} km of line, by {posts}"
    judged = [
        (abs(residual_m), residual_m, post) for post, *_, residual_m in calibration.posts if residual_m is not None
    ]
    if judged:
        _, residual_m, post = max(judged)
        at = f"km {post.km:g} (line {post.line})"
        yield f"{report.ref}: farthest from what its neighbours say: {at}, by {residual_m:+,.0f} m"
    if report.unused_m > 1:
        yield f"{report.ref}: {report.unused_m / 1000:.3f} km of its parts are not on the line (second carriageways)"
    for bridge in report.bridges:
        yield f"{report.ref}: a gap of {bridge.gap_m:.0f} m at {bridge.lon:.6f}, {bridge.lat:.6f} is bridged"


def _residuals(reports: list[RouteReport]) -> Table:
    columns = (
        Column("route", "text"), Column("km", "number"), Column("lon", "number"), Column("lat", "number"),
        Column("along_km", "number"), Column("offset_m", "number"), Column("residual_m", "number"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for report in reports:
        for post, along_m, offset_m, residual_m in report.calibration.posts:
            rounded = None if residual_m is None else round(residual_m, _METRE_DIGITS)
            along_km = round(along_m / 1000, _KM_DIGITS)
            rows.append((report.ref, post.km, post.lon, post.lat, along_km, round(offset_m, _METRE_DIGITS), rounded))
    return Table(columns, rows)


@network.command()
@click.argument("file", type=_FILE)
@click.option("--jump-m", type=_SOME_METRES, default=JUMP_M, show_default=True, help="How far apart lines may be.")
@click.option("--json", "as_json", is_flag=True, help="NDJSON.")
def check(*, file: Path, jump_m: float, as_json: bool) -> None:
    """Find what is wrong with a network FILE, and say where. Exits 1 where there is anything."""
    features = read_features(file)
    found = check_features(features, jump_m)
    for finding in found:
        if as_json:
            click.echo(msgspec.json.encode(finding._asdict()))
            continue
        named = f" ({finding.segment_id!r})" if finding.segment_id else ""
        km = "" if finding.km is None else f" km {finding.km:g}:"
        click.echo(f"{file}: feature {finding.feature}{named}:{km} {finding.kind}: {finding.fault}")
    kinds = ", ".join(f"{times} {kind}" for kind, times in Counter(finding.kind for finding in found).items())
    click.echo(f"{len(features):,} features, {kinds or 'nothing wrong'}", err=True)
    if found:
        sys.exit(FAILED)


@network.command("draw")
@click.argument("file", type=_FILE)
@click.option("--out", required=True, type=_FILE, help="The picture: .svg.")
@click.option("--width", type=click.IntRange(200, 20_000), default=1200, show_default=True, help="In pixels.")
def draw_(*, file: Path, out: Path, width: int) -> None:
    """Draw a network FILE as a picture."""
    if out.suffix.lower() != ".svg":
        raise OutputError(f"{out}: the picture is an SVG: let its name end in .svg")
    check_outputs((out,), (file,))
    read = read_network(file)
    with whole_file(out) as temporary:
        temporary.write_text(draw(read, file.stem, width, _attribution(file)), encoding="utf-8")


def _attribution(file: Path) -> str | None:
    """Whom the geometry of a network file is owed to, as `build` wrote it there."""
    document = msgspec.json.decode(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    attribution = document.get("attribution")
    return attribution if isinstance(attribution, str) else None


@network.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--out", required=True, type=_FILE, help="The crosswalk: .csv, .parquet or .ndjson.")
@click.option("--reach-m", type=_SOME_METRES, default=DEFAULT_REACH_M, show_default=True,
              help="How far apart two drawings of one road may lie.")  # fmt: skip
def diff(*, old: Path, new: Path, out: Path, reach_m: float) -> None:
    """Say how many metres each segment of network OLD shares with which of network NEW."""
    writer_for(out)
    check_outputs((out,), (old, new))
    before, after = read_network(old), read_network(new)
    columns = (Column("old_segment", "text"), Column("new_segment", "text"), Column("shared_m", "number"))
    rows = crosswalk(before, after, reach_m)
    count = write_table(Table(columns, rows), out)
    gone_m = sum(row.shared_m for row in rows if not row.new_segment)
    added_m = sum(row.shared_m for row in rows if not row.old_segment)
    told = f"{gone_m / 1000:,.3f} km are gone, {added_m / 1000:,.3f} km are new"
    same = ": the same network" if before.digest == after.digest else ""
    click.echo(f"{before.digest[:12]} to {after.digest[:12]}{same}; {told}; {count:,} rows in {out}", err=True)
