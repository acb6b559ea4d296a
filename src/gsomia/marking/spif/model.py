"""A security policy as a SPIF 2.1 file says it (xmlspif.org)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gsomia.errors import DataError
from gsomia.marking.label import CategoryType
from gsomia.marking.words import fold, nearest, printable

Applied = Literal["encrypt", "decrypt", "both"]
"""`encrypt`: whoever gives may apply it; `decrypt`: whoever receives may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A `markingData`: what is shown, where, in which language ("" = any)."""

    text: str | None
    lang: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifier:
    """A `qualifier`: text before, after or between values; `place` "" means everywhere."""

    text: str
    kind: Literal["prefix", "suffix", "separator"]
    lang: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A `categoryGroup`: one value of a tag set, or any of it."""

    tag_set: str
    tag_type: str
    lacv: str
    every: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A `requiredCategory`: how many of the references a label must have."""

    operation: Literal["onlyOne", "oneOrMore", "all"]
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivalentClass:
    """The corresponding level in another policy, and who may apply it."""

    policy: str
    lacv: int
    applied: Applied
    required: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivalentValue:
    """The corresponding category value in another policy, or that it may be left out there."""

    policy: str
    tag_set_id: str
    tag_type: str
    lacv: str
    applied: Applied
    discard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A `securityClassification`."""

    name: str
    lacv: int
    hierarchy: int
    color: str = ""
    obsolete: bool = False
    phrases: tuple[Phrase, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()
    equivalents: tuple[EquivalentClass, ...] = ()
    required: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A `tagCategory`."""

    name: str
    lacv: str
    obsolete: bool = False
    user_input: str = ""
    required_class: str = ""
    phrases: tuple[Phrase, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()
    equivalents: tuple[EquivalentValue, ...] = ()
    excluded_classes: frozenset[str] = frozenset()
    required: tuple[Requirement, ...] = ()
    excluded: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A `securityCategoryTag` in its set."""

    set_name: str
    set_id: str
    name: str
    type: CategoryType
    tag_type: str
    single: bool = False
    least: int = 0
    most: int | None = None
    values: tuple[Value, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()

    def value(self, name: str) -> Value | None:
        """The value of this name, or None."""
        return next((v for v in self.values if v.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivalentPolicy:
    """Another policy that this one can be translated to."""

    name: str
    id: str
    required: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A security policy: its levels, its categories, how they are shown and what they correspond to.

    Args:
        name: the policy's name, as labels write it.
        id: its object identifier.
        version: the file's version.
        levels: in the file's order; `hierarchy` says which is higher.
        tags: in the order in which a marking shows them.
        equivalents: policies that labels can be translated to.
        phrases, qualifiers: of the policy as a whole.
        policy_phrases, policy_qualifiers: of its identifier.
        notes: (agreement, article) pairs and the like from `extensions`, where we wrote the file.
        remarks: what a lenient reader let pass.
    """

    name: str
    id: str
    version: int = 1
    levels: tuple[Level, ...]
    tags: tuple[Tag, ...] = ()
    equivalents: tuple[EquivalentPolicy, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    qualifiers: tuple[Qualifier, ...] = ()
    policy_phrases: tuple[Phrase, ...] = ()
    policy_qualifiers: tuple[Qualifier, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    _by_mark: dict[str, Level] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_mark", {fold(level.name): level for level in self.levels})

    @property
    def uri(self) -> str:
        """The identifier as labels write it."""
        return f"urn:oid:{self.id}"

    def level(self, name: str) -> Level:
        """The level of this name, however wide or spaced it is typed.

        Raises:
            DataError: the policy has no such level.
        """
        found = self._by_mark.get(fold(name))
        if found is None:
            near = nearest(name, (level.name for level in self.levels))
            raise DataError(
                f"the policy `{self.name}` has no classification `{printable(name)}`",
                hint=f"did you mean `{near}`?" if near else "",
            )
        return found

    def tag(self, name: str, kind: CategoryType) -> Tag:
        """The tag of this name and type.

        Raises:
            DataError: the policy has no such tag.
        """
        found = next((t for t in self.tags if t.name == name and t.type == kind), None)
        if found is None:
            near = nearest(name, (t.name for t in self.tags))
            raise DataError(
                f"the policy `{self.name}` has no {kind.lower()} tag `{printable(name)}`",
                hint=f"did you mean `{near}`?" if near else "",
            )
        return found
