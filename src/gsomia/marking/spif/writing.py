"""Write an equivalence table of an agreement as a SPIF, with the articles in `extensions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gsomia.errors import DataError
from gsomia.marking.instants import in_utc
from gsomia.marking.label import CategoryType
from gsomia.marking.spif.model import Applied
from gsomia.marking.spif.reading import NAMESPACE, NOTES, load
from gsomia.marking.xml.markup import escaped

RBAC: Final = "2.16.840.1.101.2.1.8.3"
"""The identifier that SDN.801 gives the syntax; every published SPIF carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One level of a Party's policy and what it corresponds to.

    Args:
        mark: the mark in native script.
        lacv: its number in this policy, unique.
        hierarchy: its rank; the higher number protects more. Two marks of one rank have the same.
        phrases: what is shown, by language, where that differs from the mark.
        portion: what a portion of text is marked with, or "".
        equivalents: (policy name, number there, who may apply it) of each corresponding level.
    """

    mark: str
    lacv: int
    hierarchy: int
    phrases: Mapping[str, str] = field(default_factory=dict)
    portion: str = ""
    equivalents: tuple[tuple[str, int, Applied], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """A tag of a Party's policy with its values.

    Args:
        name: the tag's name, which its set has too.
        kind: `PERMISSIVE` or `INFORMATIVE`.
        values: in the order in which they are shown; each gets its place as its number.
        equivalents: (policy name, that policy's identifier of the same tag's set, who may apply it), where each value
            has the same name and number there.
        prefix: what is shown before the values, such as `Releasable to `, or "".
    """

    name: str
    kind: CategoryType
    values: tuple[str, ...]
    equivalents: tuple[tuple[str, str, Applied], ...] = ()
    prefix: str = ""


def tag_set(oid: str, place: int) -> str:
    """The object identifier of a policy's tag set.

    Args:
        oid: the policy's.
        place: of the tag among the policy's, from 1.
    """
    return f"{oid}.{place}"


def export(
    *,
    name: str,
    oid: str,
    rows: Sequence[Row],
    others: Mapping[str, str],
    at: datetime,
    tags: Sequence[TagRow] = (),
    notes: Sequence[tuple[str, str]] = (),
    originator: str = "CN=gsomia",
    version: int = 1,
) -> bytes:
    """A SPIF 2.1 file from plain data; it is read back before it is returned.

    National marks stand without the policy's name before them, and the values of a tag are parted by commas.

    Args:
        name: the policy's name, such as a Party's code.
        oid: its object identifier.
        rows: the levels.
        others: names of the policies that the rows refer to, with their object identifiers.
        at: the file's date.
        tags: the categories that labels of the policy may have.
        notes: (key, text) pairs such as the agreement, its article and its source, kept in `extensions`.
        originator: the maker's distinguished name.
        version: the file's version.

    Raises:
        DataError: the data makes no valid SPIF.
    """
    date = in_utc(at, "at").strftime("%Y%m%d%H%M%SZ")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<SPIF xmlns="{NAMESPACE}" schemaVersion="2.1" version="{version}" creationDate="{date}"'
        f' originatorDN="{_a(originator)}" keyIdentifier="" privilegeId="{RBAC}" rbacId="{RBAC}">',
        f'  <securityPolicyId name="{_a(name)}" id="{_a(oid)}">',
        "    <markingData>",
        "      <code>noNameDisplay</code>",
        "    </markingData>",
        "  </securityPolicyId>",
        "  <securityClassifications>",
    ]
    for row in rows:
        lines.append(
            f'    <securityClassification name="{_a(row.mark)}" lacv="{row.lacv}" hierarchy="{row.hierarchy}">'
        )
        lines += [
            f'      <equivalentClassification policyRef="{_a(policy)}" lacv="{lacv}" applied="{_a(applied)}"/>'
            for policy, lacv, applied in row.equivalents
        ]
        for lang, phrase in row.phrases.items():
            lines += [
                f'      <markingData xml:lang="{_a(lang)}" phrase="{_a(phrase)}">',
                "        <code>pageTopBottom</code>",
                "      </markingData>",
            ]
        if row.portion:
            lines += [
                f'      <markingData phrase="{_a(row.portion)}">',
                "        <code>portionMarking</code>",
                "      </markingData>",
            ]
        lines.append("    </securityClassification>")
    lines.append("  </securityClassifications>")
    if tags:
        lines += ["  <securityCategoryTagSets>", *_tags(oid, tags), "  </securityCategoryTagSets>"]
    if others:
        lines.append("  <equivalentPolicies>")
        lines += [f'    <equivalentPolicy name="{_a(other)}" id="{_a(oid)}"/>' for other, oid in others.items()]
        lines.append("  </equivalentPolicies>")
    if notes:
        lines.append("  <extensions>")
        lines += [f'    <note xmlns="{NOTES}" key="{_a(key)}">{escaped(text)}</note>' for key, text in notes]
        lines.append("  </extensions>")
    lines += ["</SPIF>", ""]
    data = "\n".join(lines).encode()
    policy = load(data)
    numbers = {(e.policy, e.lacv) for level in policy.levels for e in level.equivalents}
    if not rows or any(lacv < 0 for _, lacv in numbers):
        raise DataError("a SPIF has levels, and their numbers are not negative")
    return data


_TAG_TYPES: Final = {"PERMISSIVE": 'tagType="enumerated" enumType="permissive"', "INFORMATIVE": 'tagType="tagType7"'}


def _tags(oid: str, tags: Sequence[TagRow]) -> list[str]:
    lines: list[str] = []
    for place, tag in enumerate(tags, 1):
        if tag.kind not in _TAG_TYPES:
            raise DataError(f"the tag `{tag.name}` is PERMISSIVE or INFORMATIVE, not {tag.kind}")
        how = _TAG_TYPES[tag.kind]
        lines += [
            f'    <securityCategoryTagSet name="{_a(tag.name)}" id="{_a(tag_set(oid, place))}">',
            f'      <securityCategoryTag name="{_a(tag.name)}" {how}>',
        ]
        for number, value in enumerate(tag.values, 1):
            lines.append(f'        <tagCategory name="{_a(value)}" lacv="{number}">')
            lines += [
                f'          <equivalentSecCategoryTag policyRef="{_a(policy)}" tagSetId="{_a(there)}" {how}'
                f' lacv="{number}" applied="{_a(applied)}"/>'
                for policy, there, applied in tag.equivalents
            ]
            lines += [
                f'          <markingData phrase="{_a(value)}">',
                "            <code>pageTopBottom</code>",
                "          </markingData>",
                "        </tagCategory>",
            ]
        lines.append('        <markingQualifier markingCode="pageTopBottom">')
        if tag.prefix:
            lines.append(f'          <qualifier markingQualifier="{_a(tag.prefix)}" qualifierCode="prefix"/>')
        lines += [
            '          <qualifier markingQualifier=", " qualifierCode="separator"/>',
            "        </markingQualifier>",
        ]
        lines += ["      </securityCategoryTag>", "    </securityCategoryTagSet>"]
    return lines


def _a(value: str) -> str:
    return escaped(value, attribute=True)
