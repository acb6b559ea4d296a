"""New documents that hold received information: their label, their statement, their sources (Article 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gsomia.agreement import RELEASABLE
from gsomia.errors import DataError, RefusedError, UsageError
from gsomia.marking import Category, Label, Source, derive, holding_words
from gsomia.node.facts.asserted import Case, item_facts, item_of, protecting
from gsomia.node.facts.labels import government_name, language_of, originator_label, read_label_text, scale_of
from gsomia.node.facts.levels import in_force, level_notified, marked_for
from gsomia.node.node import Node, refused
from gsomia.node.record.approval import Passing, objection, objections
from gsomia.node.record.store_port import Reader
from gsomia.registry import Citation, Copy, Item
from gsomia.verdict import Facts, Request, Verdict, decide

__all__ = ["Drawn", "ask_sources", "citations", "draw_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a new document takes over from the items that it cites.

    Args:
        label: rolled up.
        statement: whose information it holds, or "" where all of it is this Party's own.
        contains: the originators of its parts, this Party first.
        cites: its sources.
        sources: each source with the copy by which it is held; None where it is this Party's own.
    """

    label: Label
    statement: str
    contains: tuple[str, ...]
    cites: tuple[Citation, ...]
    sources: tuple[tuple[Item, Copy | None], ...]


def citations(node: Node, reader: Reader, references: Sequence[str]) -> tuple[tuple[Item, Copy | None], ...]:
    """The items that references name, each with the copy by which this Party holds it.

    Raises:
        UsageError: nothing of this name is held or was given here, or one is named twice.
        RefusedError: it has not been marked, so that its equivalent is not known.
    """
    found: list[tuple[Item, Copy | None]] = []
    for reference in references:
        copies = reader.find(reference)
        item = reader.item(copies[0].item) if copies else None
        if item is None or any(copy.item != item.id for copy in copies):
            raise UsageError(
                f"no one item `{reference}` to cite", hint="`gsomia register` lists what is held and given"
            )
        if any(known.id == item.id for known, _ in found):
            raise UsageError(f"`{reference}` is cited twice")
        if item.originator == node.party:
            found.append((item, None))
            continue
        held = [copy for copy in copies if copy.holder == node.party]
        if not held:
            raise UsageError(f"`{reference}` is not held here", hint="`gsomia register` lists what is")
        marked = next((copy for copy in held if copy.own_label), None)
        if marked is None:
            raise refused("not-marked", f"`{reference}` has not been marked", hint="`gsomia mark` it first")
        found.append((item, marked))
    return tuple(found)


def draw_on(
    node: Node, reader: Reader, case: Case, references: Sequence[str], own: Label, passing: Passing, at: datetime
) -> Drawn:
    """Roll up the labels of what is cited and of the writer's own part.

    The highest class by the equivalents that the register holds; releasability intersected, a source's widened by its
    originators' written consent to these receivers; restrictive values united.

    Args:
        node: the writer's node.
        reader: its store.
        case: the law as adopted.
        references: control numbers, item ids or copy ids.
        own: the label of the writer's own part, of this Party's policy.
        passing: to whom it would go, for what, and which conditions are certified.
        at: the instant of the question.

    Raises:
        UsageError: what `citations` refuses.
        RefusedError: not marked, or nothing is left of what the parts may be released to.
    """
    sources = citations(node, reader, references)
    for item, copy in sources:
        now = in_force(reader, case, item, copy).level
        if copy is not None and now != marked_for(reader, copy):
            number = copy.control_number
            raise refused(
                "regraded",
                f"`{number}` is at `{now}` of `{item.originator}` now, and its mark was put on for another level",
                hint=f"`gsomia regrade follow {number}` first",
            )
    language = language_of(case, node.party)
    words, spoken = holding_words(lang=language)
    cites = tuple(Citation(item=item.id, contains=item.contains) for item, _ in sources)
    try:
        parts = [
            Source(
                item=item.id,
                control_number=copy.control_number if copy is not None else "",
                label=_label(node, reader, item, copy, passing, at),
                origin_names=tuple(
                    government_name(case, party, spoken) for party in item.contains if party != node.party
                ),
            )
            for item, copy in sources
        ]
        made = derive(
            parts,
            own=own,
            scale=scale_of(case, node.party),
            statement=words,
            lang=spoken,
            at=own.created,
            originator=own.originator,
        )
    except DataError as error:
        raise refused("nothing-left", f"the sources cannot be put together: {error}", hint=error.hint) from error
    left = made.label.values(RELEASABLE, "PERMISSIVE")
    barred = [party for party in passing.receivers if party not in left]
    if barred:
        narrow = next((x for x in parts if barred[0] not in x.label.values(RELEASABLE, "PERMISSIVE")), parts[0])
        source = next(item for item, _ in sources if item.id == narrow.item)
        raise _not_releasable(node, reader, narrow, source, barred[0], passing, at)
    contains = dict.fromkeys((node.party, *(party for item, _ in sources for party in item.contains)))
    return Drawn(
        label=made.label,
        statement=made.statement.text if made.statement is not None else "",
        contains=tuple(contains),
        cites=cites,
        sources=sources,
    )


def _label(node: Node, reader: Reader, item: Item, copy: Copy | None, passing: Passing, at: datetime) -> Label:
    """A source's label in this Party's policy, its releasability widened by consents to all the receivers."""
    if copy is None:
        return replace(originator_label(item), classification=level_notified(reader, item))
    label = read_label_text(copy.own_label)
    if not _unserved(node, reader, item, passing, at):
        values = tuple(dict.fromkeys((*label.values(RELEASABLE, "PERMISSIVE"), *passing.receivers)))
        label = label.with_category(Category(type="PERMISSIVE", tag=RELEASABLE, values=values))
    return replace(label, review=None)


def _unserved(node: Node, reader: Reader, item: Item, passing: Passing, at: datetime) -> frozenset[str]:
    """The originators of a source by whose written consent it does not go to the receivers, and who are none."""
    known_by = at + node.limits.max_skew
    consented = {c.originator for c in reader.consents(item.id) if not objection(c, passing, at, known_by)}
    return frozenset(item.contains) - {node.party, *passing.receivers} - consented


def _not_releasable(
    node: Node, reader: Reader, part: Source, item: Item, to: str, passing: Passing, at: datetime
) -> RefusedError:
    """The refusal of a source that may not go to a receiver: what it may be released to, why no consent serves."""
    unserved = _unserved(node, reader, item, passing, at)
    on_file = [consent for consent in reader.consents(item.id) if consent.originator in unserved]
    known_by = at + node.limits.max_skew
    named = ", ".join(part.label.values(RELEASABLE)) or "nobody"
    words = f"what `{part.control_number or part.item}` may be released to is {named}, and not `{to}`"
    why = objections(on_file, passing, at, known_by)
    certified = replace(passing, met=passing.met | {consent.id for consent in on_file})
    lacking = [f"--certify {one.id}" for one in on_file if not objection(one, certified, at, known_by)]
    instead = (
        f"give {' '.join(lacking)} once that is met" if lacking else "ask its originator with `gsomia consent ask`"
    )
    return refused("not-releasable", "; ".join(filter(None, (words, why))), hint=f"{instead}, or leave it out")


def ask_sources(
    node: Node, reader: Reader, case: Case, drawn: Drawn, passing: Passing, at: datetime
) -> list[tuple[str, Verdict]]:
    """What the agreement with each source's originator says of the use, and of each receiver who is not its originator.

    Args:
        node: the writer's node.
        reader: its store.
        case: the law and the record.
        drawn: what the new document draws on.
        passing: to whom it would go, for what, and which conditions are certified.
        at: the instant of the question.

    Returns:
        (what was asked, the verdict) pairs.
    """
    found: list[tuple[str, Verdict]] = []
    for item, copy in drawn.sources:
        if copy is None:
            continue
        under = protecting(case, copy, item)
        law_item = item_of(in_force(reader, case, item, copy), received=copy.at)
        use = Facts(
            purpose=passing.purpose,
            purpose_ended=False,
            consent="none",
            established_by={
                "purpose": "the new document's",
                "purpose-ended": f"register: {copy.control_number} is held for its purpose",
                "consent": "register: no consent to another use on file",
            },
        )
        request = Request(act="use", by=node.party, item=law_item, under=under)
        found.append((f"use of {copy.control_number}", decide(case.law, request, use, case.record, at)))
        for to in passing.receivers:
            if to in item.contains:
                continue
            facts = item_facts(node, reader, item, passing=replace(passing, receivers=(to,)), holder=to, at=at)
            request = Request(act="release", by=node.party, to=to, via=(), item=law_item, under=under)
            verdict = decide(case.law, request, facts, case.record, at)
            found.append((f"release of {copy.control_number} to {to} in a new document", verdict))
    return found
