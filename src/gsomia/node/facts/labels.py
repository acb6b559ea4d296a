"""Labels of items: the originator's, kept for ever, and the recipient's equivalent beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gsomia.agreement import CONTEXT, RELEASABLE
from gsomia.errors import DataError
from gsomia.marking import Category, ItemLabels, Label, Scale
from gsomia.node.facts.asserted import Case
from gsomia.registry import Copy, Item

__all__ = [
    "alike_marks",
    "equivalent_label",
    "government_name",
    "item_label",
    "label_text",
    "labels_of",
    "language_of",
    "marks_of",
    "originator_label",
    "read_label_text",
    "scale_of",
]


def item_label(party: str, level: str, receivers: Iterable[str], at: datetime, *, exercise: bool) -> Label:
    """The label that a Party puts on an item of its own.

    Args:
        party: the originator, whose policy it is.
        level: its mark.
        receivers: the Parties that may have it, the originator aside.
        at: the time of creation.
        exercise: whether it is an EXERCISE item.
    """
    return Label(
        policy=party,
        classification=level,
        categories=(
            Category(type="PERMISSIVE", tag=RELEASABLE, values=tuple(dict.fromkeys((party, *receivers)))),
            *((Category(type="INFORMATIVE", tag=CONTEXT, values=("EXERCISE",)),) if exercise else ()),
        ),
        created=at,
        originator=party,
    )


def originator_label(item: Item) -> Label:
    """The label that the originator signed.

    Raises:
        DataError: the register's text is no such label.
    """
    try:
        value = json.loads(item.label)
    except ValueError as error:
        raise DataError(f"the label of item `{item.id}` is no JSON") from error
    return Label.from_ocl(value)


def equivalent_label(item: Item, level: str, party: str, at: datetime) -> Label:
    """The recipient's equivalent of an item's label (Article 4.2): another policy and mark, the same categories.

    Args:
        item: what was received.
        level: the recipient's own mark, as the agreement's table gives it.
        party: the recipient.
        at: when it is put on.
    """
    return replace(
        originator_label(item),
        policy=party,
        policy_uri="",
        classification=level,
        created=at,
        originator=party,
        originator_type="",
    )


def label_text(label: Label) -> str:
    """A label as the register keeps it."""
    return json.dumps(label.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_label_text(text: str) -> Label:
    """Read what `label_text` wrote.

    Raises:
        DataError: something else.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError("a label in the register is no JSON") from error
    return Label.from_json(value)


def labels_of(item: Item, copy: Copy) -> ItemLabels:
    """Both labels of a held copy: the originator's, and the holder's equivalent where it has been marked."""
    labels = ItemLabels(originator=originator_label(item))
    return labels.with_alternative(read_label_text(copy.own_label)) if copy.own_label else labels


def scale_of(case: Case, party: str) -> Scale:
    """The order of a Party's marks by the agreements that are adopted; what is released to nobody else is so for all.

    Raises:
        DataError: none of them has a mark of this Party.
    """
    ranks: dict[int, dict[str, None]] = {}
    for agreement in case.law.agreements.values():
        for level in agreement.levels:
            if level.party == party:
                ranks.setdefault(level.rank, {})[level.mark] = None
    return Scale(
        policy=party, levels=tuple(tuple(ranks[rank]) for rank in sorted(ranks)), closed=frozenset({RELEASABLE})
    )


def marks_of(case: Case) -> tuple[str, ...]:
    """The marks of every Party by the agreements that are adopted, each once."""
    return tuple(dict.fromkeys(x.mark for agreement in case.law.agreements.values() for x in agreement.levels))


def alike_marks(case: Case, label: Label) -> tuple[str, ...]:
    """The marks of other Parties that an adopted agreement makes equal to a label's, each once."""
    own, mark = label.policy, label.classification
    return tuple(
        dict.fromkeys(
            x.mark
            for agreement in case.law.agreements.values()
            for x in agreement.levels
            if x.party != own
            and (
                x.mark in agreement.equivalents(mark, own, x.party)
                or mark in agreement.equivalents(x.mark, x.party, own)
            )
        )
    )


def language_of(case: Case, party: str) -> str:
    """The language of a Party's marks, or English where no agreement adopted says it."""
    return next(
        (a.governments[party].language for a in case.law.agreements.values() if party in a.governments),
        "en",
    )


def government_name(case: Case, party: str, language: str) -> str:
    """How a Party's Government is named in a language, or its code where no agreement adopted says it."""
    return next(
        (
            a.governments[party].names[language]
            for a in case.law.agreements.values()
            if party in a.governments and language in a.governments[party].names
        ),
        party,
    )
