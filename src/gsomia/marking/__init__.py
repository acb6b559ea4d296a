"""Markings and labels that every side's tools and officers recognise.

    >>> from datetime import UTC, datetime
    >>> label = Label(policy="JPN", classification="秘", created=datetime(2026, 11, 23, tzinfo=UTC))
    >>> Label.from_json(label.to_json()) == label
    True
    >>> str(pair_line("日本国政府", "군사Ⅲ급비밀", lang="ko"))
    '日本国政府 · 군사Ⅲ급비밀'

National marks, names of Parties and equivalence are treaty data and come in as arguments: none is known here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from gsomia.marking.label import OCL_SCHEMA, Category, CategoryType, Label
from gsomia.marking.lines import (
    SEPARATOR,
    Line,
    banner,
    copy_line,
    holding_words,
    pair_line,
    read_banner,
    read_pair_line,
    recipient_line,
)
from gsomia.marking.order import Access, Clearance, ItemLabels, Scale, decide
from gsomia.marking.showing import escaped, is_visible, visible_json
from gsomia.marking.words import fold, match, nearest, printable, skeleton

if TYPE_CHECKING:
    from gsomia.marking.derivative import Derivative, Source, derive
    from gsomia.marking.spif import Applied, Place, Policy, read_spiffy
    from gsomia.marking.spif import Row as SpifRow
    from gsomia.marking.spif import TagRow as SpifTagRow
    from gsomia.marking.spif import access as policy_access
    from gsomia.marking.spif import check as check_label
    from gsomia.marking.spif import export as export_spif
    from gsomia.marking.spif import load as load_spif
    from gsomia.marking.spif import render as render_label
    from gsomia.marking.spif import scale as policy_scale
    from gsomia.marking.spif import tag_set as spif_tag_set
    from gsomia.marking.spif import translate as translate_label
    from gsomia.marking.us import ATTRIBUTES as US_ATTRIBUTES
    from gsomia.marking.us import UNSHOWN as US_UNSHOWN
    from gsomia.marking.us import (
        Breach,
        Diagnosis,
        IsmAttributes,
        Paragraphs,
        UsMarking,
        breaches,
        diagnose,
        official_banner,
        official_portion,
        parse_banner,
        parse_portion,
        read_paragraphs,
        render_banner,
        render_portion,
    )
    from gsomia.marking.us import from_label as us_marking
    from gsomia.marking.us import read_attributes as read_ism_attributes
    from gsomia.marking.us import roll_up as roll_up_portions
    from gsomia.marking.us import to_label as us_label
    from gsomia.marking.us import write_attributes as write_ism_attributes
    from gsomia.marking.xml import (
        Binding,
        DataReference,
        Kind,
        XmlLabel,
        has_ism,
        read_binding,
        read_ism,
        read_label,
        sign_binding,
        verify_binding,
        write_binding,
        write_ism,
        write_label,
    )
    from gsomia.marking.xml import escaped as xml_escaped
    from gsomia.marking.xml import etree as xml_etree
    from gsomia.marking.xml import parse as parse_xml

# Banners, policies and XML forms are imported when they are first asked for: labels alone are needed everywhere.
_LATER: Final = {
    "Applied": ("spif", "Applied"),
    "Binding": ("xml", "Binding"),
    "Breach": ("us", "Breach"),
    "DataReference": ("xml", "DataReference"),
    "Derivative": ("derivative", "Derivative"),
    "Diagnosis": ("us", "Diagnosis"),
    "IsmAttributes": ("us", "IsmAttributes"),
    "Kind": ("xml", "Kind"),
    "Paragraphs": ("us", "Paragraphs"),
    "Place": ("spif", "Place"),
    "Policy": ("spif", "Policy"),
    "Source": ("derivative", "Source"),
    "SpifRow": ("spif", "Row"),
    "SpifTagRow": ("spif", "TagRow"),
    "US_ATTRIBUTES": ("us", "ATTRIBUTES"),
    "US_UNSHOWN": ("us", "UNSHOWN"),
    "UsMarking": ("us", "UsMarking"),
    "XmlLabel": ("xml", "XmlLabel"),
    "breaches": ("us", "breaches"),
    "check_label": ("spif", "check"),
    "derive": ("derivative", "derive"),
    "diagnose": ("us", "diagnose"),
    "export_spif": ("spif", "export"),
    "has_ism": ("xml", "has_ism"),
    "load_spif": ("spif", "load"),
    "official_banner": ("us", "official_banner"),
    "official_portion": ("us", "official_portion"),
    "parse_banner": ("us", "parse_banner"),
    "parse_portion": ("us", "parse_portion"),
    "parse_xml": ("xml", "parse"),
    "policy_access": ("spif", "access"),
    "policy_scale": ("spif", "scale"),
    "read_binding": ("xml", "read_binding"),
    "read_ism": ("xml", "read_ism"),
    "read_ism_attributes": ("us", "read_attributes"),
    "read_label": ("xml", "read_label"),
    "read_paragraphs": ("us", "read_paragraphs"),
    "read_spiffy": ("spif", "read_spiffy"),
    "render_banner": ("us", "render_banner"),
    "render_label": ("spif", "render"),
    "render_portion": ("us", "render_portion"),
    "roll_up_portions": ("us", "roll_up"),
    "sign_binding": ("xml", "sign_binding"),
    "spif_tag_set": ("spif", "tag_set"),
    "translate_label": ("spif", "translate"),
    "us_label": ("us", "to_label"),
    "us_marking": ("us", "from_label"),
    "verify_binding": ("xml", "verify_binding"),
    "write_binding": ("xml", "write_binding"),
    "write_ism": ("xml", "write_ism"),
    "write_ism_attributes": ("us", "write_attributes"),
    "write_label": ("xml", "write_label"),
    "xml_escaped": ("xml", "escaped"),
    "xml_etree": ("xml", "etree"),
}


def __getattr__(name: str) -> Any:
    found = _LATER.get(name)
    if found is None:
        raise AttributeError(f"module `gsomia.marking` has no `{name}`")
    value = getattr(import_module(f"gsomia.marking.{found[0]}"), found[1])
    globals()[name] = value
    return value


__all__ = [
    "OCL_SCHEMA",
    "SEPARATOR",
    "US_ATTRIBUTES",
    "US_UNSHOWN",
    "Access",
    "Applied",
    "Binding",
    "Breach",
    "Category",
    "CategoryType",
    "Clearance",
    "DataReference",
    "Derivative",
    "Diagnosis",
    "IsmAttributes",
    "ItemLabels",
    "Kind",
    "Label",
    "Line",
    "Paragraphs",
    "Place",
    "Policy",
    "Scale",
    "Source",
    "SpifRow",
    "SpifTagRow",
    "UsMarking",
    "XmlLabel",
    "banner",
    "breaches",
    "check_label",
    "copy_line",
    "decide",
    "derive",
    "diagnose",
    "escaped",
    "export_spif",
    "fold",
    "has_ism",
    "holding_words",
    "is_visible",
    "load_spif",
    "match",
    "nearest",
    "official_banner",
    "official_portion",
    "pair_line",
    "parse_banner",
    "parse_portion",
    "parse_xml",
    "policy_access",
    "policy_scale",
    "printable",
    "read_banner",
    "read_binding",
    "read_ism",
    "read_ism_attributes",
    "read_label",
    "read_pair_line",
    "read_paragraphs",
    "read_spiffy",
    "recipient_line",
    "render_banner",
    "render_label",
    "render_portion",
    "roll_up_portions",
    "sign_binding",
    "skeleton",
    "spif_tag_set",
    "translate_label",
    "us_label",
    "us_marking",
    "verify_binding",
    "visible_json",
    "write_binding",
    "write_ism",
    "write_ism_attributes",
    "write_label",
    "xml_escaped",
    "xml_etree",
]
