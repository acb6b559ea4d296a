"""The label: what STANAG 4774 says about an item, whatever form it travels in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, cast

from gsomia.errors import DataError
from gsomia.marking.instants import in_utc, read, written
from gsomia.marking.words import checked

CategoryType = Literal["RESTRICTIVE", "PERMISSIVE", "INFORMATIVE"]

CATEGORY_TYPES: Final = ("RESTRICTIVE", "PERMISSIVE", "INFORMATIVE")
CATEGORY_LIMIT: Final = 100
VALUE_LIMIT: Final = 1000

OCL_SCHEMA: Final = "urn:nato:stanag:5636:A:1:elements:json"
"""What a TDF assertion's `statement.schema` and the value's `context.@base` hold (STANAG 5636)."""

_OCL_TYPES: Final = {"RESTRICTIVE": "R", "PERMISSIVE": "P", "INFORMATIVE": "I"}
_FROM_OCL: Final = {letter: name for name, letter in _OCL_TYPES.items()}
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)
_OID: Final = re.compile(r"[012](?:\.(?:0|[1-9]\d*))+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category of a label (ADatP-4774, `Category`).

    Args:
        type: `RESTRICTIVE` (a reader needs every value), `PERMISSIVE` (a reader needs one), `INFORMATIVE`.
        tag: the tag's name in the policy, such as `Releasable To`.
        values: one or more values, each once, in the order in which they are shown.
        uri: the tag set's identifier, such as `urn:oid:1.3.26.1.4.2`, or "".

    Raises:
        DataError: a field is malformed, or a value stands there twice.
    """

    type: CategoryType
    tag: str
    values: tuple[str, ...]
    uri: str = ""

    def __post_init__(self) -> None:
        if self.type not in CATEGORY_TYPES:
            raise DataError(f"a category is {', '.join(f'`{t}`' for t in CATEGORY_TYPES)}, not `{self.type!s:.40}`")
        checked(self.tag, "tag")
        object.__setattr__(self, "values", tuple(self.values))
        if not self.values:
            raise DataError(f"the category `{self.tag}` has no value")
        if len(self.values) > VALUE_LIMIT:
            raise DataError(f"the category `{self.tag}` has more than {VALUE_LIMIT} values")
        for value in self.values:
            checked(value, f"a value of `{self.tag}`")
        if len(set(self.values)) != len(self.values):
            raise DataError(f"the category `{self.tag}` has a value twice")
        _check_uri(self.uri, "uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A confidentiality label (ADatP-4774, `ConfidentialityLabel`).

    The originator's label is kept for ever; a recipient's equivalent is another label beside it.

    Args:
        policy: the policy's name, such as `NATO`, or its identifier where it has no name.
        classification: the level as its originator writes it, in native script.
        categories: each pair of type and tag at most once, in the order in which they are shown.
        created: when the label was made; aware, kept in UTC.
        review: when it is to be looked at again, or None; aware, kept in UTC.
        originator: who made it, or "".
        originator_type: what `originator` is, such as `rfc822Name` or `directoryName`, or "".
        policy_uri: the policy's identifier, such as `urn:oid:1.3.26.1.3.1`, or "".
        privacy_mark: further text that is shown and decides nothing, or "".

    Raises:
        DataError: a field is malformed, or a category stands there twice.
    """

    policy: str
    classification: str
    categories: tuple[Category, ...] = ()
    created: datetime
    review: datetime | None = None
    originator: str = ""
    originator_type: str = ""
    policy_uri: str = ""
    privacy_mark: str = ""

    def __post_init__(self) -> None:
        checked(self.policy, "policy")
        checked(self.classification, "classification")
        object.__setattr__(self, "categories", tuple(self.categories))
        if len(self.categories) > CATEGORY_LIMIT:
            raise DataError(f"a label has more than {CATEGORY_LIMIT} categories")
        seen: set[tuple[str, str]] = set()
        for category in self.categories:
            if not isinstance(category, Category):
                raise DataError("`categories` holds categories")
            if (category.type, category.tag) in seen:
                raise DataError(f"the category `{category.tag}` stands there twice")
            seen.add((category.type, category.tag))
        object.__setattr__(self, "created", in_utc(self.created, "created"))
        if self.review is not None:
            object.__setattr__(self, "review", in_utc(self.review, "review"))
        for name in ("originator", "originator_type", "privacy_mark"):
            if getattr(self, name) != "":
                checked(getattr(self, name), name)
        if self.originator_type and not self.originator:
            raise DataError("`originator_type` without `originator`")
        _check_uri(self.policy_uri, "policy_uri")

    def values(self, tag: str, type: CategoryType | None = None) -> tuple[str, ...]:  # noqa: A002 - STANAG 4774 calls it the type
        """The values under a tag, of one type or of all; empty where there are none."""
        return tuple(v for c in self.categories if c.tag == tag and type in (None, c.type) for v in c.values)

    def to_ocl(self) -> dict[str, Any]:
        """The STANAG 5636 JSON form that TDF assertions carry.

        Review time, originator, privacy mark and tag-set identifiers have no place there and are left out; where
        they matter the label's own form (`to_json`) travels beside it.
        """
        return {
            "ocl": {
                "pol": self.policy_uri.removeprefix("urn:oid:") or self.policy,
                "cls": self.classification,
                "catl": [{"type": _OCL_TYPES[c.type], "name": c.tag, "vals": list(c.values)} for c in self.categories],
                "dcr": written(self.created),
            },
            "context": {"@base": OCL_SCHEMA},
        }

    @classmethod
    def from_ocl(cls, value: object, *, policy: str = "") -> Label:
        """Read the STANAG 5636 JSON form strictly.

        Args:
            value: the assertion's value as a JSON object: `ocl` and `context`.
            policy: the name that the policy `pol` is known by here, or "": then the name is the identifier.

        Raises:
            DataError: a key is missing, unknown or of the wrong kind.
        """
        whole = _object(value, "the label", {"ocl", "context"})
        base = _object(whole["context"], "context", {"@base"})["@base"]
        if base != OCL_SCHEMA:
            raise DataError(f"`context.@base` is `{base!s:.80}`, not `{OCL_SCHEMA}`")
        ocl = _object(whole["ocl"], "ocl", {"pol", "cls", "catl", "dcr"}, optional={"catl"})
        categories = []
        for entry in _array(ocl.get("catl", []), "catl"):
            fields = _object(entry, "an entry of `catl`", {"type", "name", "vals"})
            if not isinstance(fields["type"], str) or fields["type"] not in _FROM_OCL:
                raise DataError(f"`type` in `catl` is `P`, `R` or `I`, not `{fields['type']!s:.40}`")
            kind = cast(CategoryType, _FROM_OCL[fields["type"]])
            values = tuple(_array(fields["vals"], "vals"))
            categories.append(Category(type=kind, tag=fields["name"], values=values))
        identifier = checked(ocl["pol"], "pol")
        return cls(
            policy=policy or identifier,
            policy_uri=f"urn:oid:{identifier}" if _OID.fullmatch(identifier) else "",
            classification=ocl["cls"],
            categories=tuple(categories),
            created=read(ocl["dcr"], "dcr"),
        )

    def to_json(self) -> dict[str, Any]:
        """Our own form, for signed acts: every field, each in one spelling, empty ones left out."""
        fields: dict[str, Any] = {
            "policy": self.policy,
            "classification": self.classification,
            "categories": [
                {"type": c.type, "tag": c.tag, "values": list(c.values), **({"uri": c.uri} if c.uri else {})}
                for c in self.categories
            ],
            "created": written(self.created),
        }
        if self.review is not None:
            fields["review"] = written(self.review)
        for name in _OPTIONAL_TEXT:
            if getattr(self, name):
                fields[name] = getattr(self, name)
        return fields

    @classmethod
    def from_json(cls, value: object) -> Label:
        """Read what `to_json` wrote, and nothing else.

        Raises:
            DataError: a key is missing, unknown, empty or of the wrong kind.
        """
        optional = {"review", *_OPTIONAL_TEXT}
        fields = _object(value, "a label", {"policy", "classification", "categories", "created"} | optional, optional)
        categories = []
        for entry in _array(fields["categories"], "categories"):
            part = _object(entry, "a category", {"type", "tag", "values", "uri"}, {"uri"})
            if part.get("uri") == "":
                raise DataError("`uri` is left out where it is empty")
            categories.append(
                Category(
                    type=part["type"],
                    tag=part["tag"],
                    values=tuple(_array(part["values"], "values")),
                    uri=part.get("uri", ""),
                )
            )
        texts = {name: checked(fields[name], name) for name in _OPTIONAL_TEXT if name in fields}
        return cls(
            policy=fields["policy"],
            classification=fields["classification"],
            categories=tuple(categories),
            created=read(fields["created"], "created"),
            review=read(fields["review"], "review") if "review" in fields else None,
            **texts,
        )

    def with_category(self, category: Category) -> Label:
        """The same label with one category more; it replaces one of the same type and tag."""
        kept = [c for c in self.categories if (c.type, c.tag) != (category.type, category.tag)]
        return replace(self, categories=(*kept, category))


_OPTIONAL_TEXT: Final = ("originator", "originator_type", "policy_uri", "privacy_mark")


def _check_uri(uri: object, what: str) -> None:
    if uri != "" and (not isinstance(uri, str) or len(uri) > VALUE_LIMIT or not _URI.fullmatch(uri)):
        raise DataError(f"`{what}` is an absolute URI such as `urn:oid:1.3.26.1.3.1`, not `{uri!s:.40}`")


def _object(
    value: object,
    what: str,
    keys: set[str] | frozenset[str],
    optional: set[str] | frozenset[str] = frozenset(),
) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{what} is a JSON object")
    unknown = sorted(str(key)[:40] for key in value.keys() - keys)
    if unknown:
        raise DataError(f"{what} has no key `{unknown[0]}`", hint=f"the keys are {', '.join(sorted(keys))}")
    missing = sorted(keys - optional - value.keys())
    if missing:
        raise DataError(f"{what} lacks `{missing[0]}`")
    return value


def _array(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"`{what}` is a list")
    return value
