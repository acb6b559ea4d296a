"""The grammar of SPIF 2.1 as a table: children in their order, attributes and what they may say.

Written from the structure of the public schema (xmlspif.org, 2.1 of December 2017).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_OID: Final = re.compile(r"[0-2](\.[0-9]+)+", re.ASCII)
INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_TIME: Final = re.compile(r"\d{10}(?:\d\d(?:\d\d(?:\.?\d+)?)?)?(?:Z|[+-]\d{4})?", re.ASCII)
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_COLORS: Final = (
    "aqua black blue fuschia gray green lime maroon navy olive purple red silver teal white yellow orange".split()  # noqa: SIM905 - a line of words
)

CODES: Final = frozenset(
    {
        "pageTop",
        "pageBottom",
        "pageTopBottom",
        "documentStart",
        "documentEnd",
        "noNameDisplay",
        "noMarkingDisplay",
        "suppressClassName",
        "firstLineOfText",
        "lastLineOfText",
        "subject",
        "xHeader",
        "portionMarking",
        "inputTitle",
        "waterMark",
        "replacePolicy",
    }
)
_TAG_TYPES: Final = ("notApplicable", "restrictive", "enumerated", "permissive", "tagType7")
_ENUM_TYPES: Final = ("restrictive", "permissive")


def _one_of(*allowed: str) -> Callable[[str], bool]:
    return lambda value: value in allowed


def _short(value: str) -> bool:
    return len(value) <= 256


def _boolean(value: str) -> bool:
    return value in ("true", "false", "1", "0")


def _selection(value: str) -> bool:
    return value == "unbounded" or bool(INTEGER.fullmatch(value))


def _any(value: str) -> bool:
    return True


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: bool(pattern.fullmatch(value))


def _color(value: str) -> bool:
    return value in _COLORS or bool(_COLOR.fullmatch(value))


_int, _oid = _matches(INTEGER), _matches(_OID)
_tag_type, _enum_type = _one_of(*_TAG_TYPES), _one_of(*_ENUM_TYPES)
_applied = _one_of("encrypt", "decrypt", "both")
_MARKS: Final = (("markingData", 0, None), ("markingQualifier", 0, None))
_VALID: Final = {"notBefore": _any, "notAfter": _any}

Children = tuple[tuple[str, int, int | None], ...]
# element: its children in order (name, fewest, most), its attributes ("!" = required), "" = text is its content
GRAMMAR: Final[dict[str, tuple[Children, dict[str, Callable[[str], bool]]]]] = {
    "SPIF": (
        (
            ("defaultSecurityPolicyId", 0, 1),
            ("securityPolicyId", 1, 1),
            ("updateInfo", 0, 1),
            ("securityClassifications", 1, 1),
            ("securityCategoryTagSets", 0, 1),
            ("privacyMarks", 0, 1),
            ("equivalentPolicies", 0, 1),
            *_MARKS,
            ("extensions", 0, 1),
        ),
        {
            "!schemaVersion": _one_of("1.0", "2.0", "2.1"),
            "version": _int,
            "!creationDate": _matches(_TIME),
            "!originatorDN": _any,
            "!keyIdentifier": _any,
            "!privilegeId": _oid,
            "!rbacId": _oid,
            "userRefURI": _any,
            "docRefURI": _any,
            **_VALID,
        },
    ),
    "defaultSecurityPolicyId": (_MARKS, {"!name": _short, "!id": _oid}),
    "securityPolicyId": (_MARKS, {"!name": _short, "!id": _oid}),
    "updateInfo": ((), {}),
    "securityClassifications": ((("securityClassification", 1, None), *_MARKS), {"name": _any}),
    "securityClassification": (
        (("equivalentClassification", 0, None), *_MARKS, ("requiredCategory", 0, None)),
        {"!name": _short, "color": _color, "!lacv": _int, "!hierarchy": _int, "obsolete": _boolean},
    ),
    "equivalentClassification": (
        (("requiredCategory", 0, None),),
        {"!policyRef": _short, "!lacv": _int, "!applied": _applied},
    ),
    "requiredCategory": (
        (("categoryGroup", 1, None),),
        {"operation": _one_of("onlyOne", "oneOrMore", "all")},
    ),
    "categoryGroup": (
        (),
        {"!tagSetRef": _short, "!tagType": _tag_type, "enumType": _enum_type, "lacv": _any, "all": _boolean},
    ),
    "excludedCategory": (
        (),
        {"!tagSetRef": _short, "!tagType": _tag_type, "enumType": _enum_type, "lacv": _any, "all": _boolean},
    ),
    "markingData": ((("code", 1, None),), {"phrase": _short}),
    "code": ((), {}),
    "markingQualifier": ((("qualifier", 1, None),), {"markingCode": lambda value: value in CODES}),
    "qualifier": (
        (),
        {"!markingQualifier": _short, "!qualifierCode": _one_of("prefix", "suffix", "separator")},
    ),
    "securityCategoryTagSets": ((("securityCategoryTagSet", 1, None),), {}),
    "securityCategoryTagSet": (
        (("securityCategoryTag", 1, None), ("equivalentSecurityCategoryTagSet", 0, None)),
        {"!name": _short, "!id": _oid},
    ),
    "equivalentSecurityCategoryTagSet": (
        (("requiredCategory", 0, None),),
        {"!policyRef": _short, "name": _short, "id": _oid},
    ),
    "securityCategoryTag": (
        (("tagCategory", 0, None), ("markingQualifier", 0, None)),
        {
            "name": _any,
            "!tagType": _tag_type,
            "enumType": _enum_type,
            "tag7Encoding": _one_of("bitSetAttributes", "securityAttributes"),
            "singleSelection": _boolean,
            "maxSelection": _selection,
            "minSelection": _selection,
        },
    ),
    "tagCategory": (
        (
            ("equivalentSecCategoryTag", 0, None),
            *_MARKS,
            ("excludedClass", 0, None),
            ("requiredCategory", 0, None),
            ("excludedCategory", 0, None),
        ),
        {
            "!name": _any,
            "!lacv": _any,
            "userInput": _one_of("string", "integer", "date"),
            "requiredClass": _short,
            "obsolete": _boolean,
            "dateFormat": _any,
            **_VALID,
        },
    ),
    "equivalentSecCategoryTag": (
        (),
        {
            "!policyRef": _short,
            "!tagSetId": _oid,
            "!tagType": _tag_type,
            "enumType": _enum_type,
            "!lacv": _any,
            "!applied": _applied,
            "action": _one_of("discard"),
        },
    ),
    "excludedClass": ((), {}),
    "privacyMarks": (
        (("privacyMark", 1, None), *_MARKS),
        {"maxSelection": _selection, "minSelection": _selection},
    ),
    "privacyMark": (_MARKS, {"name": _any, "obsolete": _boolean}),
    "equivalentPolicies": ((("equivalentPolicy", 1, None),), {}),
    "equivalentPolicy": (
        (("requiredCategory", 0, None),),
        {"!name": _short, "!id": _oid, "userRefURI": _any, "docRefURI": _any},
    ),
}
TEXT: Final = frozenset({"code", "excludedClass"})
