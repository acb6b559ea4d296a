"""United States markings (ISM, CAPCO): the model, its rules, banner lines and portion marks."""

from __future__ import annotations

from gsomia.marking.us.attributes import IsmAttributes, read_attributes, write_attributes
from gsomia.marking.us.labels import from_label, to_label
from gsomia.marking.us.model import ATTRIBUTES, UNSHOWN, UsMarking
from gsomia.marking.us.official import official_banner, official_portion
from gsomia.marking.us.paragraphs import Paragraphs, read_paragraphs
from gsomia.marking.us.parsing import parse_banner, parse_portion
from gsomia.marking.us.repair import Diagnosis, diagnose
from gsomia.marking.us.rollup import roll_up
from gsomia.marking.us.rules import Breach, breaches
from gsomia.marking.us.text import render_banner, render_portion

__all__ = [
    "ATTRIBUTES",
    "UNSHOWN",
    "Breach",
    "Diagnosis",
    "IsmAttributes",
    "Paragraphs",
    "UsMarking",
    "breaches",
    "diagnose",
    "from_label",
    "official_banner",
    "official_portion",
    "parse_banner",
    "parse_portion",
    "read_attributes",
    "read_paragraphs",
    "render_banner",
    "render_portion",
    "roll_up",
    "to_label",
    "write_attributes",
]
