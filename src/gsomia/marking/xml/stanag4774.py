"""STANAG 4774 XML: labels read strictly and written validly (ADatP-4774 Edition A Version 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, cast

from gsomia.errors import DataError
from gsomia.marking.instants import written
from gsomia.marking.label import CATEGORY_LIMIT, Category, CategoryType, Label
from gsomia.marking.xml.markup import attributes, children, escaped, local, parse, text

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMESPACE: Final = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"

Kind = Literal["originator", "alternative", "metadata", "plain"]

_ROOTS: Final[dict[str, Kind]] = {
    "originatorConfidentialityLabel": "originator",
    "alternativeConfidentialityLabel": "alternative",
    "metadataConfidentialityLabel": "metadata",
    "ConfidentialityLabel": "plain",
}
_NAMES: Final = {kind: name for name, kind in _ROOTS.items()}
_NS: Final = f"{{{NAMESPACE}}}"
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII)
_NONE: Final[frozenset[str]] = frozenset()
_URI: Final = frozenset({"URI"})
_CATEGORY: Final = frozenset({"Type", "TagName", "URI"})


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlLabel:
    """A label with the kind of its root element.

    Args:
        kind: which of the label elements it was.
        label: what it says.
        dated: it has a time of creation itself; a lenient reader was given one otherwise.
    """

    kind: Kind
    label: Label
    dated: bool = True
    _data: bytes = field(init=False, default=b"", repr=False, compare=False)

    def encoded(self) -> bytes:
        """The document: the very bytes that it was read from, whatever their spelling; else as `write_label` has it."""
        return self._data if self._data and self.dated else write_label(self.label, self.kind)


def read_label(data: bytes, *, created: datetime | None = None) -> XmlLabel:
    """Read a label.

    Args:
        data: the XML document, its root one of the four label elements. Prefixes, white space and offsets of times
            are its writer's choice; `XmlLabel.encoded` gives the same bytes again.
        created: lenient reading: the time to give a label that has none. Without it such a label is refused,
            since STANAG 4774 requires `CreationDateTime`.

    Raises:
        DataError: not well-formed, not such a label, or in the wrong order.
    """
    found = element_label(parse(data, "the label"), created=created)
    object.__setattr__(found, "_data", data)
    return found


def element_label(root: _Element, *, created: datetime | None = None) -> XmlLabel:
    """Read a label from an element that was parsed by `markup.parse`."""
    tag = root.tag
    kind = _ROOTS.get(str(tag)[len(_NS) :]) if str(tag).startswith(_NS) else None
    if kind is None:
        raise DataError(
            f"`{tag!s:.120}` is not a label",
            hint=f"its root is originatorConfidentialityLabel in the namespace {NAMESPACE}",
        )
    what = "the label"
    root_attributes = attributes(root, frozenset({"ReviewDateTime"}), what)
    parts = children(root, what)
    names = _order(parts, _ROOT_ORDER, what)
    information = parts[0]
    attributes(information, _NONE, what)
    policy, classification, mark, categories = _information(information, what)
    originator = originator_type = ""
    at: datetime | None = None
    for name, child in zip(names[1:], parts[1:], strict=True):
        if name == "OriginatorID":
            found = attributes(child, frozenset({"IDType"}), what)
            if "IDType" not in found:
                raise DataError("the label: `OriginatorID` lacks `IDType`")
            originator, originator_type = text(child, what), found["IDType"]
        elif name == "CreationDateTime":
            attributes(child, _NONE, what)
            at = _time(text(child, what), name)
        else:
            raise DataError("the label: `SuccessionHandling` is not supported", hint="give `ReviewDateTime` instead")
    dated, at = at is not None, at or created
    if at is None:
        raise DataError("the label lacks `CreationDateTime`, which is required", hint="read it with --lenient")
    review = root_attributes.get("ReviewDateTime")
    return XmlLabel(
        kind=kind,
        dated=dated,
        label=Label(
            policy=text(policy, what),
            policy_uri=attributes(policy, _URI, what).get("URI", ""),
            classification=classification,
            categories=categories,
            created=at,
            review=_time(review, "ReviewDateTime") if review is not None else None,
            originator=originator,
            originator_type=originator_type,
            privacy_mark=mark,
        ),
    )


# each name with the fewest and the most times that it may stand there
_ROOT_ORDER: Final = {
    "ConfidentialityInformation": (1, 1),
    "OriginatorID": (0, 1),
    "CreationDateTime": (0, 1),
    "SuccessionHandling": (0, 1),
}
_INFORMATION_ORDER: Final = {
    "PolicyIdentifier": (1, 1),
    "Classification": (1, 1),
    "PrivacyMark": (0, 1),
    "Category": (0, CATEGORY_LIMIT),
}

_PLACES: Final = {
    _NS + name: (name, place) for order in (_ROOT_ORDER, _INFORMATION_ORDER) for place, name in enumerate(order)
}


def _order(parts: list[_Element], order: dict[str, tuple[int, int]], what: str) -> list[str]:
    names: list[str] = []
    counts = dict.fromkeys(order, 0)
    places = _PLACES
    last = 0
    for child in parts:
        name, place = places.get(cast(str, child.tag), ("", 0))
        if name not in counts:
            raise DataError(f"{what}: `{child.tag!s:.120}` is not expected at line {child.sourceline}")
        if place < last:
            raise DataError(f"{what}: `{name}` stands after `{names[-1]}` at line {child.sourceline}")
        last = place
        counts[name] += 1
        names.append(name)
    for name, (least, most) in order.items():
        if counts[name] < least:
            raise DataError(f"{what} lacks `{name}`")
        if counts[name] > most:
            raise DataError(f"{what}: more than {most} `{name}`")
    return names


def _information(element: _Element, what: str) -> tuple[_Element, str, str, tuple[Category, ...]]:
    parts = children(element, what)
    names = _order(parts, _INFORMATION_ORDER, what)
    classification, mark = "", ""
    categories: list[Category] = []
    for name, child in zip(names, parts, strict=True):
        if name == "Classification":
            attributes(child, _NONE, what)
            classification = text(child, what)
        elif name == "PrivacyMark":
            attributes(child, _NONE, what)
            mark = text(child, what)
        elif name == "Category":
            categories.append(_category(child, what))
    return parts[0], classification, mark, tuple(categories)


def _category(element: _Element, what: str) -> Category:
    found = attributes(element, _CATEGORY, what)
    if "Type" not in found or "TagName" not in found:
        raise DataError(f"{what}: a `Category` has `Type` and `TagName` (line {element.sourceline})")
    values: list[str] = []
    for child in children(element, what):
        if child.tag != _NS + "GenericValue":
            raise DataError(f"{what}: a `Category` holds `GenericValue`, not `{local(child)}`")
        if child.attrib:
            attributes(child, _NONE, what)
        values.append(text(child, what))
    return Category(
        type=cast(CategoryType, found["Type"]), tag=found["TagName"], values=tuple(values), uri=found.get("URI", "")
    )


def _time(value: str, name: str) -> datetime:
    found = _TIME.fullmatch(value)
    if not found:
        raise DataError(f"`{name}` is an instant with an offset like `2026-11-23T05:00:00Z`, not `{value:.40}`")
    fraction = (found[2] or "").ljust(6, "0")
    if fraction[6:].strip("0"):
        raise DataError(f"`{name}` is finer than a microsecond: `{value:.40}`")
    zone = "+00:00" if found[3] == "Z" else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}.{fraction[:6]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DataError(f"`{name}`: no such instant as `{value}`") from error


def write_label(label: Label, kind: Kind = "originator") -> bytes:
    """Write a label as an XML document; the same label always gives the same bytes.

    Args:
        label: the label.
        kind: `originator` for the originator's own, `alternative` for a recipient's equivalent.

    Raises:
        DataError: it cannot be written validly: an originator without its type.
    """
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + label_fragment(label, kind).encode() + b"\n"


def label_fragment(label: Label, kind: Kind, indent: str = "") -> str:
    """The label's element, for a document of its own or inside a binding."""
    if label.originator and not label.originator_type:
        raise DataError(
            "`OriginatorID` needs the type of the originator",
            hint="set `originator_type` to rfc822Name, directoryName, userPrincipalName or the like",
        )
    root = _NAMES[kind]
    review = f' ReviewDateTime="{written(label.review)}"' if label.review is not None else ""
    uri = f' URI="{escaped(label.policy_uri, attribute=True)}"' if label.policy_uri else ""
    lines = [
        f'<{root} xmlns="{NAMESPACE}"{review}>',
        "  <ConfidentialityInformation>",
        f"    <PolicyIdentifier{uri}>{escaped(label.policy)}</PolicyIdentifier>",
        f"    <Classification>{escaped(label.classification)}</Classification>",
    ]
    if label.privacy_mark:
        lines.append(f"    <PrivacyMark>{escaped(label.privacy_mark)}</PrivacyMark>")
    for category in label.categories:
        tag = f'Type="{category.type}" TagName="{escaped(category.tag, attribute=True)}"'
        if category.uri:
            tag += f' URI="{escaped(category.uri, attribute=True)}"'
        lines.append(f"    <Category {tag}>")
        lines.extend(f"      <GenericValue>{escaped(v)}</GenericValue>" for v in category.values)
        lines.append("    </Category>")
    lines.append("  </ConfidentialityInformation>")
    if label.originator:
        kind_of = escaped(label.originator_type, attribute=True)
        lines.append(f'  <OriginatorID IDType="{kind_of}">{escaped(label.originator)}</OriginatorID>')
    lines += [f"  <CreationDateTime>{written(label.created)}</CreationDateTime>", f"</{root}>"]
    return "\n".join(indent + line for line in lines)
