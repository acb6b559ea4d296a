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

from gsomia.marking.label import OCL_SCHEMA, Category, CategoryType, Label
from gsomia.marking.lines import Line, banner, copy_line, pair_line, read_banner, read_pair_line, recipient_line
from gsomia.marking.order import Access, Clearance, ItemLabels, Scale, decide
from gsomia.marking.words import fold, match

__all__ = [
    "OCL_SCHEMA",
    "Access",
    "Category",
    "CategoryType",
    "Clearance",
    "ItemLabels",
    "Label",
    "Line",
    "Scale",
    "banner",
    "copy_line",
    "decide",
    "fold",
    "match",
    "pair_line",
    "read_banner",
    "read_pair_line",
    "recipient_line",
]
