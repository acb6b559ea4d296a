"""A United States marking as a STANAG 4774 label, and back.

The tags are ISM's attribute names, so that nothing is lost. What a reader must hold is restrictive, whom it is released
to is permissive, the rest is informative.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from gsomia.errors import DataError
from gsomia.marking.label import Category, CategoryType, Label
from gsomia.marking.us.model import Class, UsMarking
from gsomia.marking.us.vocabulary import CLASSES, DISSEMINATION

POLICY: Final = "USA"

_TAGS: Final[tuple[tuple[str, str, CategoryType], ...]] = (
    ("ownerProducer", "owners", "INFORMATIVE"),
    ("nonUSControls", "non_us", "RESTRICTIVE"),
    ("SCIcontrols", "sci", "RESTRICTIVE"),
    ("SARIdentifier", "sar", "RESTRICTIVE"),
    ("atomicEnergyMarkings", "aea", "RESTRICTIVE"),
    ("FGIsourceOpen", "fgi", "INFORMATIVE"),
    ("releasableTo", "releasable_to", "PERMISSIVE"),
    ("displayOnlyTo", "display_only_to", "INFORMATIVE"),
    ("nonICmarkings", "non_ic", "RESTRICTIVE"),
)
_OPEN: Final = frozenset({"REL", "EYES", "FOUO", "LAC"})
_PLACE: Final = {token: place for place, token in enumerate(DISSEMINATION)}
_CODES: Final = {word: code for code, word in CLASSES.items()}


def to_label(marking: UsMarking, *, created: datetime, originator: str = "", originator_type: str = "") -> Label:
    """The label of a marking.

    Args:
        marking: the marking.
        created: the label's time of creation.
        originator: who makes it.
        originator_type: what `originator` is.
    """
    categories = [
        Category(type=kind, tag=tag, values=getattr(marking, name))
        for tag, name, kind in _TAGS
        if getattr(marking, name) and (name != "owners" or marking.owners != ("USA",))
    ]
    if marking.fgi_protected:
        categories.append(Category(type="INFORMATIVE", tag="FGIsourceProtected", values=("FGI",)))
    # shown but not released, or to be asked for: whoever is not told otherwise must hold it
    open_tokens = _OPEN | ({"DISPLAYONLY", "RELIDO"} if marking.releasable_to else set())
    for kind, tokens in (
        ("RESTRICTIVE", tuple(t for t in marking.dissemination if t not in open_tokens)),
        ("INFORMATIVE", tuple(t for t in marking.dissemination if t in open_tokens)),
    ):
        if tokens:
            categories.append(Category(type=cast(CategoryType, kind), tag="disseminationControls", values=tokens))
    return Label(
        policy=POLICY,
        classification=CLASSES[marking.classification],
        categories=tuple(categories),
        created=created,
        originator=originator,
        originator_type=originator_type,
    )


def from_label(label: Label) -> UsMarking:
    """The marking that a label of the policy `USA` stands for.

    Raises:
        DataError: another policy, or a classification or tag that such a marking does not have.
    """
    if label.policy != POLICY:
        raise DataError(f"a label of `{label.policy}` has no United States banner", hint="translate it first")
    if label.classification not in _CODES:
        raise DataError(f"`{label.classification}` is not a United States classification")
    fields: dict[str, Any] = {}
    tokens: list[str] = []
    names = {tag: name for tag, name, _ in _TAGS}
    for category in label.categories:
        if category.tag == "disseminationControls":
            tokens += category.values
        elif category.tag == "FGIsourceProtected":
            fields["fgi_protected"] = True
        elif category.tag in names:
            fields[names[category.tag]] = category.values
        else:
            raise DataError(f"the tag `{category.tag}` has no place in a United States marking")
    fields["dissemination"] = tuple(sorted(tokens, key=lambda t: _PLACE.get(t, len(_PLACE))))
    return UsMarking(classification=cast(Class, _CODES[label.classification]), **fields)
