"""XML read with everything off that XML can do to a reader: no DTD, no entities, no network, no comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gsomia.errors import DataError
from gsomia.marking.words import printable

if TYPE_CHECKING:
    from lxml.etree import _Element

LABEL_LIMIT: Final = 256 * 1024
"""Longest label or binding, in bytes."""

POLICY_LIMIT: Final = 8 * 1024 * 1024
"""Longest SPIF, in bytes."""

ATTRIBUTE_LIMIT: Final = 256
"""Most attributes of one element: the time that libxml2 takes for them grows with their square."""

_DECLARATION: Final = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def etree() -> Any:
    """`lxml.etree`, imported only where XML is read or written.

    Raises:
        DataError: lxml is not installed.
    """
    global _module
    if _module is None:
        try:
            from lxml import etree as module
        except ImportError as error:
            raise DataError("XML needs `lxml`", hint="install gsomia with its `[labels]` extra") from error
        _module = module
    return _module


_parser: Any = None
_module: Any = None


def _hardened() -> Any:
    global _parser
    if _parser is None:
        _parser = etree().XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            huge_tree=False,
            recover=False,
            remove_comments=False,
            remove_pis=False,
            strip_cdata=False,
        )
    return _parser


def parse(data: bytes, what: str, *, limit: int = LABEL_LIMIT, comments: bool = False) -> _Element:
    """Read an XML document.

    Args:
        data: the document in UTF-8.
        what: what it is, for messages.
        limit: its most bytes.
        comments: comments and processing instructions may stand there; in a label they could part one word for
            one reader and not for another.

    Returns:
        The root element.

    Raises:
        DataError: too long, not well-formed, another encoding, a DTD, or a comment where none may stand.
    """
    if len(data) > limit:
        raise DataError(f"{what} is longer than {limit} bytes")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{what} is not UTF-8")
    declared = _DECLARATION.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].upper() not in (b"UTF-8", b"UTF8", b"US-ASCII", b"ASCII"):
        raise DataError(f"{what} is not UTF-8 but `{declared[1].decode('ascii')}`")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DataError(f"{what} has a document type declaration, which is not read")
    _check_attributes(data, what)
    module = etree()
    try:
        root: _Element = module.fromstring(data, _hardened())
    except (module.XMLSyntaxError, ValueError) as error:
        raise DataError(f"{what} is not well-formed XML: {printable(str(error), 160)}") from error
    if not comments and (b"<!--" in data or data.rfind(b"<?") > data.find(b"<?xml ") or b"<![CDATA[" in data):
        for node in root.iter():
            if not isinstance(node.tag, str):
                raise DataError(f"{what} holds a comment or an instruction at line {node.sourceline}")
        if root.getprevious() is not None or root.getnext() is not None:
            raise DataError(f"{what} holds a comment or an instruction outside its root")
        if b"<![CDATA[" in data:
            raise DataError(f"{what} holds a CDATA section")
    return root


_QUOTED: Final = re.compile(rb"=[ \t\r\n]*[\"']")
_IN_TAG: Final = re.compile(rb"\"[^\"]*\"|'[^']*'|>")


def _check_attributes(data: bytes, what: str) -> None:
    """That no element has more than `ATTRIBUTE_LIMIT` attributes, before a parser looks at them."""
    for start in re.finditer(rb"<[^<]{%d,}" % (4 * ATTRIBUTE_LIMIT), data):
        tag = start[0]
        if sum(1 for _ in _QUOTED.finditer(tag)) <= ATTRIBUTE_LIMIT:
            continue
        values = 0
        for part in _IN_TAG.finditer(tag):
            if part[0] == b">":
                break
            values += 1
        if values > ATTRIBUTE_LIMIT:
            raise DataError(f"{what} has an element with more than {ATTRIBUTE_LIMIT} attributes")


def attributes(element: _Element, allowed: frozenset[str], what: str) -> dict[str, str]:
    """An element's attributes, all of them known.

    Raises:
        DataError: one that is not allowed.
    """
    found: dict[str, str] = dict(element.items())
    if not allowed.issuperset(found):
        odd = next(name for name in found if name not in allowed)
        raise DataError(f"{what}: `{printable(odd)}` is not an attribute of `{local(element)}`")
    return found


def local(element: _Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text(element: _Element, what: str) -> str:
    """The text of an element that holds nothing else.

    Raises:
        DataError: it has elements inside.
    """
    if len(element):
        raise DataError(f"{what}: `{local(element)}` holds only text")
    return element.text or ""


def children(element: _Element, what: str) -> list[_Element]:
    """An element's children, among which no text stands.

    Raises:
        DataError: some does.
    """
    found = list(element)
    piece = element.text
    if piece and not piece.isspace():
        raise DataError(f"{what}: text stands among the elements of `{local(element)}`")
    for child in found:
        piece = child.tail
        if piece and not piece.isspace():
            raise DataError(f"{what}: text stands among the elements of `{local(element)}`")
    return found


def escaped(value: str, *, attribute: bool = False) -> str:
    """Text as it stands in XML."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace('"', "&quot;") if attribute else value
