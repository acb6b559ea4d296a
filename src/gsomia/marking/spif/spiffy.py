"""Labels in the short XML form of the spiffing test data: numbers instead of names, and no time of creation."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gsomia.errors import DataError
from gsomia.marking.label import Category, Label
from gsomia.marking.spif.model import Policy
from gsomia.marking.xml.markup import attributes, local, parse

NAMESPACE: Final = "http://surevine.com/xmlns/spiffy"

_TYPES: Final = {
    "restrictive": "restrictive",
    "permissive": "permissive",
    "enumeratedPermissive": "enumerated:permissive",
    "enumeratedRestrictive": "enumerated:restrictive",
    "informative": "tagType7",
}


def read_spiffy(data: bytes, policy: Policy, *, created: datetime) -> Label:
    """Read such a label, its numbers turned into the policy's names.

    Args:
        data: the XML document.
        policy: the policy that the label names.
        created: the time to give it, since the form has none.

    Raises:
        DataError: not such a label, of another policy, or with a number that the policy does not have.
    """
    root = parse(data, "the label")
    if root.tag != f"{{{NAMESPACE}}}label":
        raise DataError(f"`{root.tag!s:.120}` is not a label in the short form")
    level = None
    found: dict[tuple[str, str], list[str]] = {}
    for child in root:
        name = local(child)
        fields = attributes(child, frozenset({"id", "lacv", "type"}), "the label")
        if name == "policy":
            if fields.get("id") != policy.id:
                raise DataError(f"the label is of the policy {fields.get('id')!s:.40}, not {policy.id}")
        elif name == "classification":
            level = next((x for x in policy.levels if str(x.lacv) == fields.get("lacv")), None)
            if level is None:
                raise DataError(f"`{policy.name}` has no classification of number {fields.get('lacv')!s:.40}")
        elif name == "tag":
            kind = _TYPES.get(fields.get("type", ""), "")
            match = next(
                (
                    (tag, value)
                    for tag in policy.tags
                    if tag.set_id == fields.get("id") and tag.tag_type == kind
                    for value in tag.values
                    if value.lacv == fields.get("lacv")
                ),
                None,
            )
            if match is None:
                raise DataError(f"`{policy.name}` has no value {fields.get('lacv')!s:.40} in {fields.get('id')!s:.40}")
            found.setdefault((match[0].name, match[0].type), []).append(match[1].name)
        else:
            raise DataError(f"the label: `{name}` is not expected at line {child.sourceline}")
    if level is None:
        raise DataError("the label lacks `classification`")
    return Label(
        policy=policy.name,
        policy_uri=policy.uri,
        classification=level.name,
        categories=tuple(
            Category(type=tag.type, tag=tag.name, values=tuple(found[tag.name, tag.type]), uri=f"urn:oid:{tag.set_id}")
            for tag in policy.tags
            if (tag.name, tag.type) in found
        ),
        created=created,
    )
