"""Thirty ways in which a payload differs from the one that the adapter was written for, for trees of any vendor."""

from __future__ import annotations

import json
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable

BAD_VALUES = [
    *(
        "",
        "abc",
        "-1",
        "1e999",
        "NaN",
        "0x10",
        "9" * 400,
        "1,5",
        " 7 ",
        "<&>\"'",
        "\N{SNOWMAN}",
        "\u202e",
        "a" * 10_000,
    ),
    *(None, True, [], {}, [[]], -1, 0, 1e300, 2**70),
]
"""What may stand where something else is meant; XML knows those that are text."""


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values that hold no others."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = [leaf for name, value in items for leaf in leaves(value, (*path, name))]
    return found or [path]


def changed(tree: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    """Give a copy in which the holder of a path was changed; `change` gets it and the last name."""
    copy = json.loads(json.dumps(tree))
    holder = copy
    for name in path[:-1]:
        holder = holder[name]
    if path:
        change(holder, path[-1])
    return copy


def shuffled(tree: Any, rng: Random) -> Any:
    """Give a copy with the fields of each object in another order."""
    if isinstance(tree, dict):
        items = list(tree.items())
        rng.shuffle(items)
        return {name: shuffled(value, rng) for name, value in items}
    return [shuffled(value, rng) for value in tree] if isinstance(tree, list) else tree


def mutations(tree: Any, seed: int) -> list[tuple[str, Any]]:
    """Thirty mutations of a tree, named, the same for the same seed: fields missing, bad, doubled, reordered."""
    rng = Random(seed)
    paths = [path for path in leaves(tree) if path]
    some = rng.sample(paths, min(8, len(paths)))
    made = [(f"without {path}", changed(tree, path, lambda holder, name: holder.__delitem__(name))) for path in some]
    while len(made) < 24:
        path, value = rng.choice(paths), rng.choice(BAD_VALUES)
        made.append((f"{path} is {value!r:.20}", changed(tree, path, partial(_put, value))))
    made += [(f"{path} twice", changed(tree, path, _double)) for path in rng.sample(paths, 2)]
    made += [(f"reordered {number}", shuffled(tree, rng)) for number in range(3)]
    made.append(("wrapped in a list", [tree]))
    return made


def _put(value: Any, holder: Any, name: Any) -> None:
    holder[name] = value


def _double(holder: Any, name: Any) -> None:
    holder[name] = [holder[name], holder[name]]


def as_xml(tree: Any, namespace: str) -> bytes:
    """Write a tree as XML, its one root in a namespace."""
    (root, value), *_ = tree.items() if isinstance(tree, dict) and tree else [("empty", "")]
    return f'<?xml version="1.0"?><{root} xmlns="{namespace}">{_inner(value)}</{root}>'.encode()


def _inner(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_element(name, child) for name, child in value.items())
    return escape("" if value is None else str(value))


def _element(name: str, value: Any) -> str:
    children = value if isinstance(value, list) else [value]
    return "".join(f"<{name}>{_inner(child)}</{name}>" for child in children)
