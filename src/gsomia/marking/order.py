"""Order of labels, roll-up of several into one, and who may read what a label is on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gsomia.errors import DataError
from gsomia.marking.instants import in_utc
from gsomia.marking.label import Category, Label
from gsomia.marking.words import checked, fold, match


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The levels of one policy, lowest first.

    Args:
        policy: the policy whose labels this orders.
        levels: for each rank the marks that stand on it; of several (`極秘`, `特定秘密`) the last is the strictest, and
            is what a roll-up of them carries.
        closed: permissive tags for which a part that lacks the tag is released to nobody else, so that it cannot
            be rolled up with a part that has it. For other tags a part that lacks the tag is open to every reader
            who is cleared, as the decision of ADatP-4774 has it.

    Raises:
        DataError: no levels, or a mark stands there twice.
    """

    policy: str
    levels: tuple[tuple[str, ...], ...]
    closed: frozenset[str] = frozenset()
    _ranks: dict[str, tuple[int, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ranks: dict[str, tuple[int, int]] = {}
        for rank, marks in enumerate(self.levels):
            if isinstance(marks, str) or not marks:
                raise DataError("`levels` holds a list of marks for each rank")
            for place, mark in enumerate(marks):
                if fold(mark) in ranks:
                    raise DataError(f"the mark `{mark}` stands in `levels` twice")
                ranks[fold(mark)] = (rank, place)
        if not ranks:
            raise DataError("a scale has at least one level")
        object.__setattr__(self, "_ranks", ranks)

    @classmethod
    def of(cls, policy: str, levels: Sequence[str | Sequence[str]]) -> Scale:
        """A scale from marks or lists of marks, lowest first."""
        return cls(policy=policy, levels=tuple((x,) if isinstance(x, str) else tuple(x) for x in levels))

    def rank(self, mark: str) -> int:
        """The rank of a mark, 0 for the lowest.

        Raises:
            DataError: not a mark of this scale; the hint gives the nearest one.
        """
        return self._place(mark)[0]

    def _place(self, mark: str) -> tuple[int, int]:
        found = self._ranks.get(mark) or self._ranks.get(fold(mark))
        if found is None:
            match(mark, (m for marks in self.levels for m in marks))
            raise DataError(f"`{mark}` is not a mark of `{self.policy}`")
        return found

    def _check(self, label: Label) -> None:
        if label.policy != self.policy:
            raise DataError(f"a label of `{label.policy}` is not ordered by `{self.policy}`", hint="translate it first")

    def dominates(self, high: Label, low: Label) -> bool:
        """Whether `high` protects at least as much as `low`: every reader of `high` may read `low`.

        Raises:
            DataError: a label of another policy, or with a mark that the scale does not have.
        """
        self._check(high)
        self._check(low)
        if self._place(high.classification) < self._place(low.classification):
            return False
        above = {(c.type, c.tag): frozenset(c.values) for c in high.categories}
        for category in low.categories:
            held = above.get((category.type, category.tag))
            if category.type == "RESTRICTIVE" and (held is None or not held.issuperset(category.values)):
                return False
            if category.type == "PERMISSIVE" and (held is None or not held.issubset(category.values)):
                return False
        return True

    def roll_up(
        self, labels: Iterable[Label], *, at: datetime, originator: str = "", originator_type: str = ""
    ) -> Label:
        """The lowest label that protects every part.

        The highest class; restrictive and informative values united; permissive values intersected. ADatP-4774.1
        drops a permissive category that is empty or missing in a part; dropping it would open the whole to more
        readers than a part has, so here nothing left is refused.

        Args:
            labels: the parts' labels, at least one.
            at: the time of creation of the new label.
            originator: who makes it.
            originator_type: what `originator` is.

        Raises:
            DataError: no labels, labels of another policy, or a permissive tag of which nothing is left.
        """
        at = in_utc(at, "at")
        parts = list(dict.fromkeys(labels))
        if not parts:
            raise DataError("nothing to roll up: no labels were given")
        top, highest = parts[0], (-1, -1)
        places: dict[str, tuple[int, int]] = {}
        firsts: dict[tuple[str, str], Category] = {}
        held: dict[tuple[str, str], set[str]] = {}
        for part in parts:
            self._check(part)
            mark = part.classification
            place = places.get(mark)
            if place is None:
                place = places[mark] = self._place(mark)
            if place > highest:
                top, highest = part, place
            for category in part.categories:
                key = (category.type, category.tag)
                values = held.get(key)
                if values is None:
                    firsts[key] = category
                    held[key] = set(category.values)
                elif category.type == "PERMISSIVE":
                    values.intersection_update(category.values)
                    if not values:
                        raise self._nothing_left(category.tag, parts)
                else:
                    values.update(category.values)
        for tag in self.closed:
            if ("PERMISSIVE", tag) in held and not all(part.values(tag, "PERMISSIVE") for part in parts):
                raise self._nothing_left(tag, parts)
        reviews = [part.review for part in parts if part.review is not None and part.review > at]
        return Label(
            policy=self.policy,
            policy_uri=top.policy_uri,
            classification=top.classification,
            categories=tuple(
                replace(first, values=tuple(sorted(held[key]))) for key, first in sorted(firsts.items(), key=_by_type)
            ),
            created=at,
            review=min(reviews, default=None),
            originator=originator,
            originator_type=originator_type,
        )

    def _nothing_left(self, tag: str, parts: list[Label]) -> DataError:
        said = "; ".join(", ".join(p.values(tag, "PERMISSIVE")) or "nobody" for p in parts[:6])
        return DataError(
            f"nothing is left of `{tag}`: the parts say {said}",
            hint="leave a part out, or ask its originator for a wider release",
        )

    def clearance(self, level: str, categories: Mapping[str, Iterable[str]] | None = None) -> Clearance:
        """A clearance for every level up to this one.

        Args:
            level: the highest mark that may be read.
            categories: for each tag the values that are held.
        """
        rank = self.rank(level)
        return Clearance(
            policy=self.policy,
            classifications=frozenset(m for marks in self.levels[: rank + 1] for m in marks),
            categories={tag: frozenset(values) for tag, values in (categories or {}).items()},
        )


_TYPES: Final = {"RESTRICTIVE": 0, "PERMISSIVE": 1, "INFORMATIVE": 2}


def _by_type(entry: tuple[tuple[str, str], Category]) -> tuple[int, str]:
    return _TYPES[entry[0][0]], entry[0][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """What a reader holds in one policy.

    Args:
        policy: the policy.
        classifications: the marks that may be read; none are implied.
        categories: for each tag the values that are held.
    """

    policy: str
    classifications: frozenset[str]
    categories: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: object) -> Clearance:
        """Read `policy`, `classifications` and, where there are any, `categories`: lists of values by tag.

        Raises:
            DataError: a key is missing, unknown or of the wrong kind.
        """
        if not isinstance(value, dict) or not {"policy", "classifications"} <= value.keys():
            raise DataError("a clearance is a JSON object of `policy`, `classifications` and `categories`")
        unknown = sorted(str(key)[:40] for key in value.keys() - {"policy", "classifications", "categories"})
        if unknown:
            raise DataError(f"a clearance has no key `{unknown[0]}`")
        categories = value.get("categories", {})
        if not isinstance(categories, dict):
            raise DataError("`categories` of a clearance are lists of values by tag")
        return cls(
            policy=checked(value["policy"], "policy"),
            classifications=_texts(value["classifications"], "classifications"),
            categories={checked(tag, "a tag"): _texts(values, tag) for tag, values in categories.items()},
        )


def _texts(values: object, what: str) -> frozenset[str]:
    if not isinstance(values, list):
        raise DataError(f"`{what}` of a clearance is a list")
    return frozenset(checked(value, what) for value in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether a clearance opens a label, and if not, everything that it lacks."""

    permitted: bool
    missing: tuple[str, ...] = ()


def decide(label: Label, clearance: Clearance) -> Access:
    """Decide as ADatP-4774 does.

    The policy is the same; the classification is among those held; of each restrictive tag every value is held, of
    each permissive tag one; informative values decide nothing.

    Args:
        label: what is on the item.
        clearance: what the reader holds.
    """
    missing: list[str] = []
    if label.policy != clearance.policy:
        missing.append(f"a clearance under `{label.policy}`")
    mark = fold(label.classification)
    if not any(fold(held) == mark for held in clearance.classifications):
        missing.append(f"the classification `{label.classification}`")
    for category in label.categories:
        held = clearance.categories.get(category.tag, frozenset())
        if category.type == "RESTRICTIVE":
            missing.extend(f"`{category.tag}` `{v}`" for v in category.values if v not in held)
        elif category.type == "PERMISSIVE" and held.isdisjoint(category.values):
            missing.append(f"one of `{category.tag}` {', '.join(f'`{v}`' for v in category.values)}")
    return Access(permitted=not missing, missing=tuple(missing))


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLabels:
    """The originator's label, kept for ever, and other Parties' equivalents beside it.

    Args:
        originator: the label that the originator put on the item; nothing here replaces it.
        alternatives: at most one equivalent for each other policy.
    """

    originator: Label
    alternatives: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        policies = [self.originator.policy, *(label.policy for label in self.alternatives)]
        if len(set(policies)) != len(policies):
            raise DataError("an item has one label in each policy, and the originator's is not written again")

    def with_alternative(self, label: Label) -> ItemLabels:
        """The same with an equivalent more, or with that policy's equivalent replaced.

        Raises:
            DataError: the label is of the originator's own policy.
        """
        kept = tuple(a for a in self.alternatives if a.policy != label.policy)
        return ItemLabels(originator=self.originator, alternatives=(*kept, label))

    def shown_to(self, policy: str) -> Label:
        """The label in a policy: the equivalent where there is one, otherwise the originator's."""
        return next((a for a in self.alternatives if a.policy == policy), self.originator)
