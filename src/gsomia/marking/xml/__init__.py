"""Labels and bindings in XML (STANAG 4774 and 4778), and the hardened reader for any XML; needs lxml when used."""

from __future__ import annotations

from gsomia.marking.xml.ism import has_ism, read_ism, write_ism
from gsomia.marking.xml.markup import escaped, etree, parse
from gsomia.marking.xml.stanag4774 import Kind, XmlLabel, read_label, write_label
from gsomia.marking.xml.stanag4778 import (
    Binding,
    DataReference,
    read_binding,
    sign_binding,
    verify_binding,
    write_binding,
)

__all__ = [
    "Binding",
    "DataReference",
    "Kind",
    "XmlLabel",
    "escaped",
    "etree",
    "has_ism",
    "parse",
    "read_binding",
    "read_ism",
    "read_label",
    "sign_binding",
    "verify_binding",
    "write_binding",
    "write_ism",
    "write_label",
]
