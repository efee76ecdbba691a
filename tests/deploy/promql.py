"""What a PromQL expression asks for: metrics, the labels it picks them by, and the labels it groups by.

Not a parser: promtool tells whether an expression is well formed. This tells which names stand in it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<range>\[[^\]]*\])
    | (?P<number>\d[\w.]*)
    | (?P<word>[a-zA-Z_:][\w:]*)
    | (?P<sign>[-+*/%^(){},@]|[=!<>~]+)
    | \s+
    """,
    re.VERBOSE,
)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_OPERATORS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
_AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile", "stddev", "group", "count_values"}


class Asked(NamedTuple):
    """`selectors`: each metric with the labels in its braces. `groups`: labels in `by (…)`, `on (…)` and the like."""

    selectors: list[tuple[str, set[str]]]
    groups: set[str]


def asked(expression: str) -> Asked:
    """Read an expression. Raises ValueError at a character that PromQL does not have."""
    words = _words(expression)
    found = Asked([], set())
    at = 0
    while at < len(words):
        word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        at += 1
        if word in _GROUPING:
            names, at = _until(words, at, ")") if following == "(" else ([], at)
            found.groups.update(names)
        elif word == "{":
            names, at = _until(words, at - 1, "}")
            found.selectors[-1][1].update(names)
        elif _is_name(word) and following != "(" and word.lower() not in _OPERATORS | _AGGREGATIONS:
            found.selectors.append((word, set()))
    return found


def _words(expression: str) -> list[str]:
    words = []
    at = 0
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if token is None:
            raise ValueError(f"no PromQL at {expression[at:]!r}")
        if token.lastgroup in {"word", "sign"}:
            words.append(token[0])
        at = token.end()
    return words


def _until(words: list[str], opening: int, closing: str) -> tuple[list[str], int]:
    end = words.index(closing, opening)
    return [word for word in words[opening:end] if _is_name(word)], end + 1


def _is_name(word: str) -> bool:
    return word[0].isalpha() or word[0] in "_:"
