"""From a body to trees: XML and JSON, alone or as parts of a multipart body, read without trust.

A tree is what JSON decodes to. An element of XML becomes an object of its children by their local names (namespaces
differ between firmwares), one that comes several times a list, one without children its text; attributes are left out.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import XML

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from models.errors import UnreadableBodyError, WrongMediaTypeError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

XML_TYPES: Final = frozenset({"application/xml", "text/xml"})
JSON_TYPES: Final = frozenset({"application/json", "text/json"})
FORM_TYPES: Final = frozenset({"multipart/form-data", "multipart/mixed", "multipart/x-mixed-replace"})
MAX_PARTS: Final = 32

_MAX_DEPTH: Final = 32
_MAX_ELEMENTS: Final = 20_000
_MAX_DOCUMENT_BYTES: Final = 2 * 1024 * 1024
_LARGEST_PLAIN_BYTES: Final = 64 * 1024
# What declares anything begins with <!, but for text and comments. A document in UTF-8 that has none of it can declare
# nothing, and the plain parser is three times as fast; any other is left to defusedxml.
_ORDINARY: Final = re.compile(rb"""\s*<(?:\?xml version="1.0" encoding="(?i:utf-8)"\s*\?>|[A-Za-z])""")
_MARKUP: Final = re.compile(rb"<!(?!\[CDATA\[|--)|\0")
_PICTURES: Final = ("image/", "video/", "audio/", "application/octet-stream")


def read_document(body: bytes, media_type: str) -> Any:
    """Read one document into a tree. A type that says nothing (plain text, none) is decided by the first byte.

    Raises WrongMediaTypeError, or UnreadableBodyError for what is damaged, too deep, too large, or declares entities.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if media_type in XML_TYPES or (media_type in {"", "text/plain"} and start == b"<"):
        return _xml(body)
    if media_type in JSON_TYPES or (media_type in {"", "text/plain"} and start in {b"{", b"["}):
        return _json(body)
    raise WrongMediaTypeError(f"a body of type {media_type[:40]!r} is not read: send XML, JSON or multipart")


def _json(body: bytes) -> Any:
    if len(body) > _MAX_DOCUMENT_BYTES:
        raise UnreadableBodyError(f"a document of {len(body):,} bytes; at most {_MAX_DOCUMENT_BYTES:,} are read")
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):  # also what is not UTF-8, and msgspec's own error
        # Its message may quote the body.
        raise UnreadableBodyError("the body is not JSON") from None


def _xml(body: bytes) -> Any:
    if len(body) > _MAX_DOCUMENT_BYTES:
        raise UnreadableBodyError(f"a document of {len(body):,} bytes; at most {_MAX_DOCUMENT_BYTES:,} are read")
    # Elements cost a hundred times their bytes in memory: count them before they are made.
    if body.count(b"<") > 2 * _MAX_ELEMENTS:
        raise UnreadableBodyError(f"more than {_MAX_ELEMENTS:,} elements")
    try:
        root = XML(body) if _ORDINARY.match(body) and not _MARKUP.search(body) else fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise UnreadableBodyError("the XML declares a document type or entities, which no device needs") from None
    except (SyntaxError, ValueError, LookupError):
        raise UnreadableBodyError("the body is not XML") from None
    return {_local(root.tag): _tree(root, 0)}


def _tree(element: Element, depth: int) -> Any:
    if not len(element):
        return (element.text or "").strip()
    if depth > _MAX_DEPTH:
        raise UnreadableBodyError(f"elements lie more than {_MAX_DEPTH} deep in each other")
    tree: dict[str, Any] = {}
    for child in element:
        name, value = _local(child.tag), _tree(child, depth + 1)
        if name not in tree:
            tree[name] = value
        elif isinstance(tree[name], list):
            tree[name].append(value)
        else:
            tree[name] = [tree[name], value]
    return tree


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def read_parts(body: bytes, boundary: str) -> list[Any]:
    """Read those parts of a multipart body that are documents; pictures are passed over.

    Raises UnreadableBodyError where the body is not cut by the boundary, or no part of it is a document.
    """
    cut = b"--" + boundary.encode("latin-1", "replace")
    places = [at for at in _found(body, cut) if at == 0 or body[at - 1 : at] == b"\n"]
    trees = []
    for begin, end in pairwise([*places, len(body)]):
        head, found, content = body[begin + len(cut) : end].partition(b"\r\n\r\n")
        if not found:
            head, found, content = body[begin + len(cut) : end].partition(b"\n\n")
        media_type, name = _part_head(head)
        if not found or media_type.startswith(_PICTURES):
            continue
        content = content.strip()
        # Documents come as files named .xml, or as plain fields beside others that are mere words.
        if media_type in XML_TYPES | JSON_TYPES or (
            content[:1] in {b"<", b"{"} and (len(content) <= _LARGEST_PLAIN_BYTES or name.endswith((".xml", ".json")))
        ):
            trees.append(read_document(content, media_type if media_type in XML_TYPES | JSON_TYPES else ""))
    if not trees:
        raise UnreadableBodyError("no part of the multipart body is XML or JSON")
    return trees


def _found(body: bytes, cut: bytes) -> list[int]:
    places: list[int] = []
    at = body.find(cut)
    while at >= 0:
        places.append(at)
        if len(places) > MAX_PARTS:
            raise UnreadableBodyError(f"more than {MAX_PARTS} parts")
        at = body.find(cut, at + len(cut))
    return places


def _part_head(head: bytes) -> tuple[str, str]:
    """Media type and file name, in small letters, that the head of a part gives it."""
    media_type = name = ""
    for line in head[:4096].decode("latin-1").lower().splitlines():
        field, _, value = line.partition(":")
        if field.strip() == "content-type":
            media_type = value.partition(";")[0].strip()
        elif field.strip() == "content-disposition":
            name = value.rpartition("filename=")[2].strip(' "')
    return media_type, name
