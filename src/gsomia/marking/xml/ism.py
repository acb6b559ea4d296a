"""ISM attributes on an element of XML (namespace `urn:us:gov:ic:ism`), read and written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from gsomia.errors import DataError
from gsomia.marking.us.attributes import NAMESPACE, IsmAttributes, read_attributes, write_attributes
from gsomia.marking.us.model import UsMarking
from gsomia.marking.xml.markup import escaped, parse
from gsomia.marking.xml.stanag4774 import NAMESPACE as LABEL

if TYPE_CHECKING:
    from lxml.etree import _Element

_NS = f"{{{NAMESPACE}}}"


def read_ism(data: bytes) -> IsmAttributes:
    """Read the marking of a whole XML document from its ISM attributes.

    They stand on the root, or on the one element with `resourceElement="true"`; those of portions are left alone.

    Args:
        data: the document, of whatever vocabulary.

    Raises:
        DataError: not well-formed, no such element or several, or attributes that `read_attributes` refuses.
    """
    root = parse(data, "the document", comments=True)
    found = root
    if _NS + "classification" not in root.attrib:
        marked = [e for e in root.iter("*") if e.get(_NS + "resourceElement") in ("true", "1")]
        if len(marked) != 1:
            raise DataError(
                f"{len(marked) or 'no'} elements of the document carry the marking of the whole",
                hint=f"its root has `classification` of {NAMESPACE}, or one element `resourceElement`",
            )
        found = marked[0]
    return read_attributes(ism_of(found))


def ism_of(element: _Element) -> dict[str, str]:
    """The ISM attributes of an element, by name without namespace."""
    return {str(name)[len(_NS) :]: str(value) for name, value in element.items() if str(name).startswith(_NS)}


def write_ism(marking: UsMarking, created: datetime | None = None) -> bytes:
    """Write a marking as an XML document of one empty element with ISM attributes; always the same bytes.

    Args:
        marking: the marking.
        created: its time of creation, of which the day is written; or None.
    """
    attributes = write_attributes(marking, created)
    lines = [f'\n  ism:{name}="{escaped(value, attribute=True)}"' for name, value in attributes.items()]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Resource xmlns:ism="{NAMESPACE}"{"".join(lines)}/>\n'.encode()


def has_ism(data: bytes) -> bool:
    """Whether a document says its marking by ISM attributes and is no label of STANAG 4774.

    Raises:
        DataError: not well-formed.
    """
    root = parse(data, "the document", comments=True)
    if str(root.tag).startswith(f"{{{LABEL}}}"):
        return False
    return any(str(name).startswith(_NS) for element in root.iter("*") for name in element.attrib)
