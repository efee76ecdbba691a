"""The templates of summaries and drawings, and how each format escapes what it is given."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|#~])")


@lru_cache
def environment(escaping: Literal["svg", "html", "md"]) -> Environment:
    """Give the templates of a format. What a template was not given is an error, not an empty place."""
    made = Environment(
        loader=PackageLoader("amanzhol.report"),
        autoescape=escaping != "md",  # noqa: S701 - Markdown has an escape of its own, `finalize`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_markdown if escaping == "md" else None,
    )
    made.filters["tenths"] = lambda value: f"{value:.1f}"
    return made


def _markdown(value: Any) -> Any:
    """Take away what a text of ours or of the network might mean to Markdown, line breaks too."""
    return _MARKDOWN.sub(r"\\\1", " ".join(value.splitlines())) if isinstance(value, str) else value
