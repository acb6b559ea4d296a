"""What a policy says of a label: whether it is valid, who may read it, what it is in another policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Literal

from gsomia.errors import DataError
from gsomia.marking.label import Category, Label
from gsomia.marking.order import Access, Clearance, Scale, decide
from gsomia.marking.spif.model import Level, Policy, Reference, Requirement, Tag, Value


def faults(policy: Policy, label: Label) -> tuple[str, ...]:
    """Everything about a label that its policy does not allow; empty for a valid label."""
    found: list[str] = []
    if label.policy != policy.name and label.policy_uri != policy.uri:
        return (f"the label is of the policy `{label.policy}`, not `{policy.name}`",)
    try:
        level = policy.level(label.classification)
    except DataError as error:
        return (str(error),)
    if level.obsolete:
        found.append(f"the classification `{level.name}` is obsolete")
    held: list[tuple[Tag, Value]] = []
    for category in label.categories:
        try:
            tag = policy.tag(category.tag, category.type)
        except DataError as error:
            found.append(str(error))
            continue
        if category.uri not in ("", f"urn:oid:{tag.set_id}"):
            found.append(f"`{tag.name}` has the identifier {tag.set_id}, not {category.uri}")
        for name in category.values:
            value = tag.value(name)
            if value is None:
                if not any(v.user_input for v in tag.values):
                    found.append(f"`{tag.name}` has no value `{name}`")
                continue
            held.append((tag, value))
            if value.obsolete:
                found.append(f"`{name}` of `{tag.name}` is obsolete")
            if level.name in value.excluded_classes:
                found.append(f"`{name}` of `{tag.name}` excludes {level.name}")
            if value.required_class and value.required_class != level.name:
                found.append(f"`{name}` of `{tag.name}` needs {value.required_class}")
        most = 1 if tag.single else tag.most
        if most is not None and len(category.values) > most:
            found.append(f"`{tag.name}` takes {most} at most")
    for tag in policy.tags:
        if tag.least and len(label.values(tag.name, tag.type)) < tag.least:
            found.append(f"`{tag.name}` takes {tag.least} at least")
    for owner, requirements in [(level.name, level.required)] + [(v.name, v.required) for _, v in held]:
        found.extend(
            f"`{owner}` needs {_said(requirement)}" for requirement in requirements if not _met(requirement, held)
        )
    for _, value in held:
        for reference in value.excluded:
            other = next((v for t, v in held if v is not value and _refers(reference, t, v)), None)
            if other is not None:
                found.append(f"`{value.name}` excludes `{other.name}`")
    return tuple(found)


def _refers(reference: Reference, tag: Tag, value: Value) -> bool:
    if reference.tag_set != tag.set_name or reference.tag_type != tag.tag_type:
        return False
    return reference.every or not reference.lacv or reference.lacv == value.lacv


def _met(requirement: Requirement, held: Iterable[tuple[Tag, Value]]) -> bool:
    holding = list(held)
    count = sum(any(_refers(r, t, v) for t, v in holding) for r in requirement.references)
    if requirement.operation == "all":
        return count == len(requirement.references)
    return count == 1 if requirement.operation == "onlyOne" else count >= 1


def _said(requirement: Requirement) -> str:
    how = {"all": "all of", "onlyOne": "only one of", "oneOrMore": "one or more of"}[requirement.operation]
    return f"{how} {', '.join(f'`{r.tag_set}` {r.lacv}'.rstrip() for r in requirement.references)}"


def check(policy: Policy, label: Label) -> None:
    """Check that a label is valid.

    Raises:
        DataError: it is not; the message names the first fault and how many there are.
    """
    found = faults(policy, label)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise DataError(f"the label is not valid in `{policy.name}`: {found[0]}{more}")


def access(policy: Policy, label: Label, clearance: Clearance) -> Access:
    """Decide a label against a clearance; a label that is not valid opens to nobody."""
    found = faults(policy, label)
    if found:
        return Access(permitted=False, missing=tuple(f"a valid label: {fault}" for fault in found))
    return decide(label, clearance)


def scale(policy: Policy) -> Scale:
    """The policy's levels as an order for roll-up, lowest first; levels of one hierarchy stand on one rank."""
    ranks: dict[int, list[str]] = {}
    for level in policy.levels:
        ranks.setdefault(level.hierarchy, []).append(level.name)
    return Scale.of(policy.name, [ranks[rank] for rank in sorted(ranks)])


def translate(
    source: Policy, target: Policy, label: Label, *, side: Literal["encrypt", "decrypt"], at: datetime
) -> Label:
    """The equivalent of a label in another policy, in the direction that the source policy allows.

    Args:
        source: the label's own policy, whose equivalences are applied.
        target: the other policy.
        label: the label; it is not changed.
        side: `encrypt` where the giver translates, `decrypt` where the receiver does.
        at: the time of creation of the new label.

    Returns:
        A label for use beside the original, never in its place.

    Raises:
        DataError: no equivalence, none for this side, several of them, or a category that cannot be carried over.
    """
    check(source, label)
    entry = next((e for e in source.equivalents if e.name == target.name or e.id == target.id), None)
    if entry is None:
        raise DataError(f"`{source.name}` has no equivalence with `{target.name}`")
    level = source.level(label.classification)
    found = _equivalent_level(level, entry.name, side, target)
    categories: dict[tuple[str, str], list[str]] = {}
    for category in label.categories:
        tag = source.tag(category.tag, category.type)
        for name in category.values:
            value = tag.value(name)
            _carry(value, tag, name, entry.name, side, target, categories)
    requirements = [*entry.required]
    requirements += [r for e in level.equivalents if e.policy == entry.name for r in e.required]
    for requirement in requirements:
        for reference in requirement.references:
            _require(reference, target, categories)
    made = []
    for tag in target.tags:
        values = categories.get((tag.name, tag.type))
        if values:
            ordered = tuple(v.name for v in tag.values if v.name in values)
            made.append(Category(type=tag.type, tag=tag.name, values=ordered, uri=f"urn:oid:{tag.set_id}"))
    result = replace(
        label,
        policy=target.name,
        policy_uri=target.uri,
        classification=found.name,
        categories=tuple(made),
        created=at,
        privacy_mark="",
        originator="",
        originator_type="",
    )
    check(target, result)
    return result


def _equivalent_level(level: Level, other: str, side: str, target: Policy) -> Level:
    there = [e for e in level.equivalents if e.policy == other]
    applied = [e for e in there if e.applied in (side, "both")]
    if not there:
        raise DataError(f"`{level.name}` has no equivalent in `{target.name}`")
    if not applied:
        who = "receiver" if side == "encrypt" else "giver"
        raise DataError(
            f"the equivalent of `{level.name}` in `{target.name}` is for the {who} to apply",
            hint=f"translate it as the {who} does: --side {'decrypt' if side == 'encrypt' else 'encrypt'}",
        )
    numbers = {e.lacv for e in applied}
    if len(numbers) > 1:
        names = ", ".join(f"`{x.name}`" for x in target.levels if x.lacv in numbers)
        raise DataError(
            f"`{level.name}` has several equivalents in `{target.name}`: {names}",
            hint="which of them is the competent authority's choice",
        )
    found = next((x for x in target.levels if x.lacv in numbers), None)
    if found is None:
        raise DataError(f"`{target.name}` has no classification of number {numbers.pop()}")
    return found


def _carry(
    value: Value | None,
    tag: Tag,
    name: str,
    other: str,
    side: str,
    target: Policy,
    categories: dict[tuple[str, str], list[str]],
) -> None:
    there = [e for e in (value.equivalents if value else ()) if e.policy == other and e.applied in (side, "both")]
    if not there:
        if tag.type == "INFORMATIVE":
            return
        raise DataError(f"`{name}` of `{tag.name}` has no equivalent in `{target.name}`")
    for equivalent in there:
        if equivalent.discard:
            continue
        to = next(
            (
                (t, v)
                for t in target.tags
                if t.set_id == equivalent.tag_set_id and t.tag_type == equivalent.tag_type
                for v in t.values
                if v.lacv == equivalent.lacv
            ),
            None,
        )
        if to is None:
            raise DataError(f"`{target.name}` has no value {equivalent.lacv} in the tag set {equivalent.tag_set_id}")
        values = categories.setdefault((to[0].name, to[0].type), [])
        if to[1].name not in values:
            values.append(to[1].name)


def _require(reference: Reference, target: Policy, categories: dict[tuple[str, str], list[str]]) -> None:
    for tag in target.tags:
        for value in tag.values:
            if reference.lacv and _refers(reference, tag, value):
                values = categories.setdefault((tag.name, tag.type), [])
                if value.name not in values:
                    values.append(value.name)
