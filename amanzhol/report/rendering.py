"""A document as Markdown (with its drawings beside it), as one HTML file that asks for nothing else, or as PDF."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import typst

from amanzhol.files.output import whole_file
from amanzhol.report.document import Drawing
from amanzhol.report.templates import environment
from models.errors import OutputError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from amanzhol.report.document import Document


def renderer_for(path: Path) -> Callable[[Document, Path, dt.datetime], None]:
    """Choose the format by the file's ending. Raises OutputError for one that is not known."""
    try:
        return _RENDERERS[path.suffix.lower()]
    except KeyError:
        raise OutputError(f"{path}: the ending says the format: one of {', '.join(_RENDERERS)}") from None


def drawing_files(document: Document, path: Path) -> dict[str, Path]:
    """Name the files that Markdown's drawings are written to, beside it."""
    return {drawing.name: path.with_name(f"{path.stem}-{drawing.name}.svg") for drawing in _drawings(document)}


def _markdown(document: Document, path: Path, _made: dt.datetime) -> None:
    beside = drawing_files(document, path)
    for drawing in _drawings(document):
        with whole_file(beside[drawing.name]) as temporary:
            temporary.write_text(drawing.svg, encoding="utf-8")
    template = environment("md").get_template("summary.md.j2")
    names = {name: file.name for name, file in beside.items()}
    _write(template.render(document=document, files=names), path)


def _html(document: Document, path: Path, _made: dt.datetime) -> None:
    _write(environment("html").get_template("summary.html.j2").render(document=document), path)


def _pdf(document: Document, path: Path, made: dt.datetime) -> None:
    template = (files("amanzhol.report") / "templates" / "summary.typ").read_bytes()
    content = typst.compile(
        template,
        format="pdf",
        # Only the fonts that come with the compiler: the same pages on every machine, with the letters of Kazakh.
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(asdict(document), ensure_ascii=False)},
        timestamp=round(made.timestamp()),
    )
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


_RENDERERS: Final = {".md": _markdown, ".html": _html, ".pdf": _pdf}


def _drawings(document: Document) -> list[Drawing]:
    return [block for section in document.sections for block in section.blocks if isinstance(block, Drawing)]


def _write(text: str, path: Path) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
