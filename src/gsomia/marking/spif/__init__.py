"""Security policies in SPIF 2.1: load, show labels, decide, translate, write."""

from __future__ import annotations

from gsomia.marking.spif.deciding import access, check, faults, scale, translate
from gsomia.marking.spif.model import Applied, Policy
from gsomia.marking.spif.reading import load
from gsomia.marking.spif.rendering import Place, render
from gsomia.marking.spif.spiffy import read_spiffy
from gsomia.marking.spif.writing import Row, TagRow, export, tag_set

__all__ = [
    "Applied",
    "Place",
    "Policy",
    "Row",
    "TagRow",
    "access",
    "check",
    "export",
    "faults",
    "load",
    "read_spiffy",
    "render",
    "scale",
    "tag_set",
    "translate",
]
