"""Read a SPIF 2.1 file: the grammar as a table, then the model, then the references between its parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from gsomia.errors import DataError
from gsomia.marking.label import CategoryType
from gsomia.marking.spif.grammar import CODES, GRAMMAR, INTEGER, TEXT
from gsomia.marking.spif.model import (
    EquivalentClass,
    EquivalentPolicy,
    EquivalentValue,
    Level,
    Phrase,
    Policy,
    Qualifier,
    Reference,
    Requirement,
    Tag,
    Value,
)
from gsomia.marking.words import fold, printable
from gsomia.marking.xml.markup import POLICY_LIMIT, local, parse

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMESPACE: Final = "http://www.xmlspif.org/spif"
NOTES: Final = "urn:gsomia:spif:extensions:1"
"""Our own namespace inside `extensions`: the articles that the equivalence rests on."""

_NS: Final = f"{{{NAMESPACE}}}"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class _Faults:
    """Faults of a file: the first is raised, or all are remembered where the reader is lenient."""

    def __init__(self, lenient: bool) -> None:
        self.lenient = lenient
        self.remarks: list[str] = []

    def say(self, message: str, element: _Element | None = None) -> None:
        where = f" (line {element.sourceline})" if element is not None else ""
        if not self.lenient:
            raise DataError(f"the SPIF: {message}{where}", hint="read it with --lenient to see all of its faults")
        if len(self.remarks) < 1000:
            self.remarks.append(message + where)


def load(data: bytes, *, lenient: bool = False) -> Policy:
    """Read a SPIF.

    Args:
        data: the XML document in UTF-8.
        lenient: let pass what does not change the meaning (another order of elements, a malformed date, doubled
            codes) and list it in `remarks`.

    Returns:
        The policy.

    Raises:
        DataError: not well-formed, not SPIF 2.1, or a reference to what is not there.
    """
    root = parse(data, "the SPIF", limit=POLICY_LIMIT, comments=True)
    if root.tag != _NS + "SPIF":
        raise DataError(f"`{root.tag!s:.120}` is not a SPIF", hint=f"its root is SPIF in the namespace {NAMESPACE}")
    faults = _Faults(lenient)
    _check(root, faults, 0)
    if root.get("schemaVersion") == "1.0" and not lenient:
        raise DataError("the SPIF is of version 1.0", hint="read it with --lenient")
    policy = _policy(root, faults)
    _references(policy, faults)
    return policy


def _check(element: _Element, faults: _Faults, depth: int) -> None:
    name = local(element)
    children, allowed = GRAMMAR[name]
    for key, value in element.attrib.items():
        attribute = str(key)
        check = allowed.get(attribute) or allowed.get("!" + attribute)
        if attribute.startswith("{"):
            continue
        if check is None:
            faults.say(f"`{name}` has no attribute `{printable(attribute)}`", element)
        elif not check(str(value)):
            faults.say(f"`{attribute}` of `{name}` may not be `{printable(str(value))}`", element)
    for key in allowed:
        if key[0] == "!" and key[1:] not in element.attrib:
            message = f"`{name}` lacks the attribute `{key[1:]}`"
            if key in ("!keyIdentifier", "!privilegeId", "!rbacId", "!originatorDN", "!creationDate"):
                faults.say(message, element)
            else:
                raise DataError(f"the SPIF: {message} (line {element.sourceline})")
    if name in TEXT:
        if len(element):
            raise DataError(f"the SPIF: `{name}` holds only text (line {element.sourceline})")
        if name == "code" and (element.text or "").strip() not in CODES:
            faults.say(f"`{printable(element.text or '')}` is not a marking code", element)
        return
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        faults.say(f"text stands among the elements of `{name}`", element)
    order = [child[0] for child in children]
    last, counts = 0, dict.fromkeys(order, 0)
    for child in element:
        if not isinstance(child.tag, str):
            continue
        inner = local(child)
        if inner not in counts or not child.tag.startswith(_NS):
            message = f"`{printable(inner)}` is not expected in `{name}`"
            raise DataError(f"the SPIF: {message} (line {child.sourceline})")
        place = order.index(inner)
        if place < last:
            faults.say(f"`{inner}` stands after `{order[last]}` in `{name}`", child)
        last = max(last, place)
        counts[inner] += 1
        if inner != "extensions":
            _check(child, faults, depth + 1)
    for inner, least, most in children:
        if counts[inner] < least:
            raise DataError(f"the SPIF: `{name}` lacks `{inner}` (line {element.sourceline})")
        if most is not None and counts[inner] > most:
            raise DataError(f"the SPIF: `{name}` has more than {most} `{inner}` (line {element.sourceline})")


def _under(element: _Element | None, name: str) -> Iterator[_Element]:
    if element is not None:
        yield from element.iterchildren(_NS + name)


def _number(element: _Element, name: str, default: str = "") -> int:
    """A number on which levels are told apart: a lenient reader needs it too."""
    value = str(element.get(name, default))
    if not INTEGER.fullmatch(value):
        raise DataError(f"the SPIF: `{name}` is a whole number, not `{printable(value)}` (line {element.sourceline})")
    return int(value)


def _true(element: _Element, name: str) -> bool:
    return element.get(name) in ("true", "1")


def _phrases(element: _Element | None) -> tuple[Phrase, ...]:
    return tuple(
        Phrase(
            text=data.get("phrase"),
            lang=data.get(_LANG, ""),
            codes=frozenset((code.text or "").strip() for code in _under(data, "code")),
        )
        for data in _under(element, "markingData")
    )


def _qualifiers(element: _Element | None) -> tuple[Qualifier, ...]:
    return tuple(
        Qualifier(
            text=str(q.get("markingQualifier")),
            kind=cast(Any, q.get("qualifierCode")),
            lang=q.get(_LANG, ""),
            place=group.get("markingCode", ""),
        )
        for group in _under(element, "markingQualifier")
        for q in _under(group, "qualifier")
    )


def _reference(element: _Element) -> Reference:
    return Reference(
        tag_set=str(element.get("tagSetRef")),
        tag_type=_tag_key(element),
        lacv=element.get("lacv", ""),
        every=_true(element, "all"),
    )


def _tag_key(element: _Element) -> str:
    kind = str(element.get("tagType"))
    return f"{kind}:{element.get('enumType', '')}" if kind == "enumerated" else kind


def _requirements(element: _Element) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(
            operation=cast(Any, required.get("operation", "all")),
            references=tuple(_reference(group) for group in _under(required, "categoryGroup")),
        )
        for required in _under(element, "requiredCategory")
    )


def _policy(root: _Element, faults: _Faults) -> Policy:
    identity = next(_under(root, "securityPolicyId"))
    classes = next(_under(root, "securityClassifications"))
    tag_sets = next(_under(root, "securityCategoryTagSets"), None)
    others = next(_under(root, "equivalentPolicies"), None)
    return Policy(
        name=str(identity.get("name")),
        id=str(identity.get("id")),
        version=_number(root, "version", "1"),
        levels=tuple(_level(element) for element in _under(classes, "securityClassification")),
        tags=tuple(
            _tag(tag_set, tag, faults)
            for tag_set in _under(tag_sets, "securityCategoryTagSet")
            for tag in _under(tag_set, "securityCategoryTag")
        ),
        equivalents=tuple(
            EquivalentPolicy(name=str(e.get("name")), id=str(e.get("id")), required=_requirements(e))
            for e in _under(others, "equivalentPolicy")
        ),
        phrases=_phrases(root),
        qualifiers=_qualifiers(root),
        policy_phrases=_phrases(identity),
        policy_qualifiers=_qualifiers(identity),
        notes=_notes(root),
        remarks=tuple(faults.remarks) if faults.lenient else (),
    )


def _notes(root: _Element) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(note.get("key", "")), note.text or "")
        for extensions in _under(root, "extensions")
        for note in extensions.iterchildren(f"{{{NOTES}}}note")
    )


def _level(element: _Element) -> Level:
    return Level(
        name=str(element.get("name")),
        lacv=_number(element, "lacv"),
        hierarchy=_number(element, "hierarchy"),
        color=element.get("color", ""),
        obsolete=_true(element, "obsolete"),
        phrases=_phrases(element),
        qualifiers=_qualifiers(element),
        equivalents=tuple(
            EquivalentClass(
                policy=str(e.get("policyRef")),
                lacv=_number(e, "lacv"),
                applied=cast(Any, e.get("applied")),
                required=_requirements(e),
            )
            for e in _under(element, "equivalentClassification")
        ),
        required=_requirements(element),
    )


_TYPES: Final[dict[str, CategoryType]] = {
    "restrictive": "RESTRICTIVE",
    "permissive": "PERMISSIVE",
    "enumerated:restrictive": "RESTRICTIVE",
    "enumerated:permissive": "PERMISSIVE",
    "tagType7": "INFORMATIVE",
    "notApplicable": "INFORMATIVE",
}


def _tag(tag_set: _Element, element: _Element, faults: _Faults) -> Tag:
    key = _tag_key(element)
    if key not in _TYPES:
        raise DataError(f"the SPIF: an enumerated tag has an `enumType` (line {element.sourceline})")
    least, most = element.get("minSelection", "unbounded"), element.get("maxSelection", "unbounded")
    return Tag(
        set_name=str(tag_set.get("name")),
        set_id=str(tag_set.get("id")),
        name=element.get("name", str(tag_set.get("name"))),
        type=_TYPES[key],
        tag_type=key,
        single=_true(element, "singleSelection"),
        least=int(least) if INTEGER.fullmatch(least) else 0,
        most=int(most) if INTEGER.fullmatch(most) else None,
        values=tuple(_value(value) for value in _under(element, "tagCategory")),
        qualifiers=_qualifiers(element),
    )


def _value(element: _Element) -> Value:
    return Value(
        name=str(element.get("name")),
        lacv=str(element.get("lacv")),
        obsolete=_true(element, "obsolete"),
        user_input=element.get("userInput", ""),
        required_class=element.get("requiredClass", ""),
        phrases=_phrases(element),
        qualifiers=_qualifiers(element),
        equivalents=tuple(
            EquivalentValue(
                policy=str(e.get("policyRef")),
                tag_set_id=str(e.get("tagSetId")),
                tag_type=_tag_key(e),
                lacv=str(e.get("lacv")),
                applied=cast(Any, e.get("applied")),
                discard=e.get("action") == "discard",
            )
            for e in _under(element, "equivalentSecCategoryTag")
        ),
        excluded_classes=frozenset((e.text or "").strip() for e in _under(element, "excludedClass")),
        required=_requirements(element),
        excluded=tuple(_reference(e) for e in _under(element, "excludedCategory")),
    )


def _unique(what: str, names: list[str], faults: _Faults, *, fatal: bool) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            message = f"{what} `{printable(name)}` stands there twice"
            if fatal:
                raise DataError(f"the SPIF: {message}")
            faults.say(message)
        seen.add(name)


def _references(policy: Policy, faults: _Faults) -> None:
    _unique("the classification", [fold(level.name) for level in policy.levels], faults, fatal=True)
    _unique("the classification number", [str(level.lacv) for level in policy.levels], faults, fatal=True)
    _unique("the color", [level.color for level in policy.levels if level.color], faults, fatal=False)
    _unique("the policy", [e.name for e in policy.equivalents], faults, fatal=True)
    _unique("the tag", [f"{tag.set_id} {tag.name} {tag.type}" for tag in policy.tags], faults, fatal=True)
    classes = {level.name for level in policy.levels}
    sets = {tag.set_name for tag in policy.tags}
    others = {e.name for e in policy.equivalents}
    required = [r for level in policy.levels for r in level.required]
    for tag in policy.tags:
        _unique(f"in `{tag.name}` the value", [value.name for value in tag.values], faults, fatal=True)
        for value in tag.values:
            for name in (*value.excluded_classes, *filter(None, (value.required_class,))):
                if name not in classes:
                    raise DataError(
                        f"the SPIF: `{value.name}` names a classification `{printable(name)}` that there is not"
                    )
            required += value.required
            for reference in value.excluded:
                if reference.tag_set not in sets:
                    raise DataError(f"the SPIF: a tag set `{printable(reference.tag_set)}` that there is not")
            for found in value.equivalents:
                if found.policy not in others:
                    faults.say(f"the policy `{printable(found.policy)}` is not among the equivalent policies")
    for level in policy.levels:
        for equivalent in level.equivalents:
            if equivalent.policy not in others:
                faults.say(f"the policy `{printable(equivalent.policy)}` is not among the equivalent policies")
    for requirement in required:
        for reference in requirement.references:
            if reference.tag_set not in sets:
                raise DataError(f"the SPIF: a tag set `{printable(reference.tag_set)}` that there is not")
