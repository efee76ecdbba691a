"""The formats of answers: chosen by `f`, then by `Accept`; tables are written piece by piece, however long."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import shapely

from models.errors import BadParameterError, NotAcceptableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from models.network import Network

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "geoparquet": 'application/vnd.apache.parquet; profile="geo"',
    "arrow": "application/vnd.apache.arrow.stream",
}

TABLES: Final = ("csv", "ndjson", "parquet", "geoparquet", "arrow")
"""Formats that are streamed as a whole; the others come in pages."""

encode: Final[Callable[[Any], bytes]] = msgspec.json.Encoder().encode


def choose(f: str | None, accept: str | None, offered: Sequence[str]) -> str:
    """Choose a format. Raises BadParameterError for an `f`, NotAcceptableError for an `Accept`, that is not offered."""
    if f is not None:
        if f not in offered:
            raise BadParameterError(f"f: must be one of {', '.join(offered)}", "f")
        return f
    if not accept:
        return offered[0]
    for media_type in _by_preference(accept):
        for name in offered:
            if _matches(media_type, MEDIA_TYPES[name]):
                return name
    raise NotAcceptableError(f"none of what is accepted is offered: {', '.join(MEDIA_TYPES[name] for name in offered)}")


def _by_preference(accept: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for entry in accept.split(","):
        media_type, *parameters = (part.strip() for part in entry.split(";"))
        weight, profile = 1.0, ""
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
            elif name.strip() == "profile":
                profile = f"; profile={value.strip()}"
        if weight > 0:
            weighted.append((weight, media_type.lower() + profile))
    return [media_type for _, media_type in sorted(weighted, key=lambda pair: -pair[0])]


def _matches(wanted: str, offered: str) -> bool:
    if wanted == "*/*":
        return True
    if wanted.endswith("/*"):
        return offered.startswith(wanted[:-1])
    return wanted == offered


class _Drain(io.RawIOBase):
    """A file that is written to, and read out in between."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def table_bytes(name: str, schema: pa.Schema, pieces: Iterable[pa.Table], network: Network) -> Iterator[bytes]:
    """Write pieces of a table in one of `TABLES`. A geometry needs the column `segment_id`."""
    return _WRITERS[name](schema, pieces, network)


def _csv(schema: pa.Schema, pieces: Iterable[pa.Table], _: Network) -> Iterator[bytes]:
    drain = _Drain()
    texts = pa.schema(
        [(field.name, pa.string() if pa.types.is_timestamp(field.type) else field.type) for field in schema]
    )
    with pa_csv.CSVWriter(drain, texts, write_options=pa_csv.WriteOptions(quoting_style="needed")) as writer:
        yield drain.take()
        for piece in pieces:
            writer.write_table(_with_texts(piece))
            yield drain.take()
    yield drain.take()


def _ndjson(_: pa.Schema, pieces: Iterable[pa.Table], __: Network) -> Iterator[bytes]:
    for piece in pieces:
        for batch in piece.to_batches(max_chunksize=10_000):
            yield b"".join(encode(row) + b"\n" for row in json_rows(batch))


def _parquet(schema: pa.Schema, pieces: Iterable[pa.Table], _: Network) -> Iterator[bytes]:
    drain = _Drain()
    with pq.ParquetWriter(drain, schema, compression="zstd") as writer:
        for piece in pieces:
            writer.write_table(piece)
            yield drain.take()
    yield drain.take()


def _geoparquet(schema: pa.Schema, pieces: Iterable[pa.Table], network: Network) -> Iterator[bytes]:
    """GeoParquet 1.1: geometry as WKB, degrees of WGS 84 (the default of a CRS that is not given)."""
    drawn = {
        segment.segment_id: None if segment.geometry is None else shapely.to_wkb(segment.geometry)
        for segment in network.segments
    }
    types = sorted({segment.geometry.geom_type for segment in network.segments if segment.geometry is not None})
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": types}},
    }
    whole = schema.append(pa.field("geometry", pa.binary())).with_metadata({"geo": json.dumps(geo)})

    def with_geometry() -> Iterator[pa.Table]:
        for piece in pieces:
            encoded = piece["segment_id"].combine_chunks().dictionary_encode()
            lines = pa.array([drawn.get(name) for name in encoded.dictionary.to_pylist()], pa.binary())
            yield piece.append_column("geometry", lines.take(encoded.indices)).cast(whole)

    return _parquet(whole, with_geometry(), network)


def _arrow(schema: pa.Schema, pieces: Iterable[pa.Table], _: Network) -> Iterator[bytes]:
    drain = _Drain()
    with pa.ipc.new_stream(drain, schema) as writer:
        for piece in pieces:
            writer.write_table(piece)
            yield drain.take()
    yield drain.take()


_WRITERS: Final[Mapping[str, Callable[[pa.Schema, Iterable[pa.Table], Network], Iterator[bytes]]]] = {
    "csv": _csv,
    "ndjson": _ndjson,
    "parquet": _parquet,
    "geoparquet": _geoparquet,
    "arrow": _arrow,
}


def _with_texts(table: pa.Table | pa.RecordBatch) -> pa.Table | pa.RecordBatch:
    """Times as RFC 3339."""
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            seconds = table.column(at).cast(pa.timestamp("s", tz="UTC"))
            table = table.set_column(at, field.name, pc.strftime(seconds, "%Y-%m-%dT%H:%M:%SZ"))
    return table


def json_rows(table: pa.Table | pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows as JSON has them."""
    rows: list[dict[str, Any]] = _with_texts(table).to_pylist()
    return rows
