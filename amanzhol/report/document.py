"""What a summary is made of, whatever it is written as: sections of paragraphs, tables and drawings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences; a `note` explains how figures are to be read."""

    text: str
    note: bool = False
    block: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as they are shown. The first `labels` columns are words, the others numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int = 1
    block: str = "table"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart or a map: SVG, what it shows (for those who cannot see it, too), and a name for its file."""

    name: str
    svg: str
    caption: str
    block: str = "drawing"


Block = Paragraph | Table | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole summary. `marks` are warnings that stand at its top; `colophon` says where the figures come from."""

    language: str
    title: str
    subtitle: str
    marks: tuple[str, ...]
    sections: tuple[Section, ...]
    colophon: tuple[str, ...]
