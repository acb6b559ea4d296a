"""What is done with a held item, and told between the Parties, as acts: the verdict first, then act, log and peer.

A fact that a verdict needs comes from the register, from an earlier act, or from the act itself, where the officers who
sign it certify it: that is their statement, and it stands in the act (protocol 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct
from gsomia.node.acts.types import DONE, HANDLING, TOLD
from gsomia.node.effects.leftovers import remove_leftovers
from gsomia.node.facts.asserted import Case, item_facts, item_of, protecting, transmission_facts
from gsomia.node.facts.levels import in_force
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.approval import Passing
from gsomia.node.record.keyholding import recall_of, unless_recalled
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.releasing import held_copy
from gsomia.node.transmission.sending import keeping_refusals, refuse
from gsomia.registry import Copy, Item
from gsomia.verdict import Facts, Request, Verdict, decide

__all__ = ["CERTIFIED", "TOLD_CERTIFIED", "destroy", "handle", "tell"]

CERTIFIED = ("marks-reproduced", "copies-numbered", "record-made", "translation-note", "translator-cleared")
"""The facts that the officers who sign an act on a held item may certify in it."""
TOLD_CERTIFIED = ("host-authorised", "authority-notified", "nothing-shown", "security-check", "launched")
"""The facts that the officer who signs what is told may certify in it: of a visit, and of a launch."""


def handle(node: Node, kind: str, reference: str, what: str, *, certified: Sequence[str] = (), by: Acting) -> SignedAct:
    """Record what is done with a held copy, where the agreement permits it; giver and originator are told.

    Args:
        node: the holder's node.
        kind: one of `HANDLING`.
        reference: control number, item id or copy id.
        what: what is done, for people.
        certified: facts of `CERTIFIED` that the officer certifies by signing.
        by: an officer in the role that the type names.

    Raises:
        UsageError: no such type, fact or copy.
        RefusedError: the agreement refuses or is uncertain; it is kept, and nothing is recorded.
    """
    if kind not in HANDLING:
        raise UsageError(f"`{kind}` is nothing that is done with a held item", hint=f"known: {', '.join(HANDLING)}")
    return _record(node, kind, reference, {"what": what}, certified, (by,), witnesses=0)


def destroy(node: Node, reference: str, method: str, *, by: tuple[Acting, Acting]) -> SignedAct:
    """Destroy a held copy: two officers sign, the sealed item is removed, giver and originator are told.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        method: how, for the record.
        by: a registry officer and a security officer, two persons.

    Raises:
        UsageError: no such copy.
        RefusedError: the agreement refuses or is uncertain, the two are one, or it is destroyed already.
    """
    with keeping_refusals(node, f"destroy {reference}", node.clock.now()):
        with node.store.reading() as reader:
            persons = [o.person if (o := reader.officer(node.party, one.officer)) else one.officer for one in by]
        if persons[0] == persons[1]:
            raise refused("two-persons", f"`{persons[0]}` cannot destroy alone: two persons sign")
    return _record(node, "destroy", reference, {"what": method}, ("record-made",), by, witnesses=len(by))


def _record(
    node: Node,
    kind: str,
    reference: str,
    body: dict[str, Any],
    certified: Sequence[str],
    by: Sequence[Acting],
    *,
    witnesses: int,
) -> SignedAct:
    if unknown := sorted({*certified} - {*CERTIFIED}):
        raise UsageError(f"nobody certifies `{unknown[0]}` here", hint=f"known: {', '.join(CERTIFIED)}")
    at = node.clock.now()
    with keeping_refusals(node, f"{kind} {reference}", at), node.store.writing() as tx:
        copy = held_copy(tx, node, reference)
        item = tx.item(copy.item)
        assert item is not None  # a copy never stands without its item
        verdict = _ask(node, tx, kind, copy, item, certified, witnesses=witnesses, at=at)
        act = None
        if verdict.outcome == "permit":
            told = {copy.giver} if kind in DONE else {copy.giver, item.originator}
            draft = Draft(
                type=kind,
                instrument=copy.instrument,
                item=item.id,
                copy=copy.id,
                parties=tuple(sorted(told & {*tx.peers()})),
                body=body | {"certified": sorted(certified), "verdict": verdict_digest(verdict)},
            )
            act = make(node, tx, [draft], at=at, by=by)[0]
    if act is None:
        refuse(node, f"{kind} {copy.control_number}", verdict, at)
    # Once the act is in the log. Where the node stops before this, it is done as soon as it is there again.
    remove_leftovers(node)
    return act


def _ask(
    node: Node,
    reader: Reader,
    kind: str,
    copy: Copy,
    item: Item,
    certified: Sequence[str],
    *,
    witnesses: int,
    at: datetime,
) -> Verdict:
    """Whether the agreement lets it be done, by what the register, earlier acts and this act establish."""
    case = Case.of(node, reader)
    to = item.originator if kind in ("return", "report-loss") else None
    facts = Facts(established_by={})
    if to is not None:
        passing = Passing(giver=node.party, receivers=(to,), purpose=item.purpose)
        mark = (item.originator, item.level)
        facts = transmission_facts(node, reader, passing=passing, holder=to, item=item.id, mark=mark, at=at)
    known: dict[str, Any] = {"purpose": item.purpose, "purpose_ended": False}
    known |= {name.replace("-", "_"): True for name in certified}
    by = dict.fromkeys((*certified, "purpose", "purpose-ended"), "this act, and the register")
    if witnesses:
        known["witnesses"], by["witnesses"] = witnesses, "the officers who sign this act"
    facts = replace(facts, **known, established_by={**facts.established_by, **by})
    seen = item_of(in_force(reader, case, item, copy), received=copy.at)
    request = Request(act=kind, by=node.party, to=to, item=seen, under=protecting(case, copy, item))
    verdict = decide(case.law, request, facts, case.record, at)
    if kind in ("use", "reproduce", "translate"):
        return unless_recalled(verdict, recall_of(reader, item.id, item.originator))
    return verdict


def tell(
    node: Node,
    kind: str,
    instrument: str,
    what: str,
    *,
    reference: str = "",
    certified: Sequence[str] = (),
    by: Acting,
) -> SignedAct:
    """Tell the other Parties of an agreement something by an act, where the agreement permits it to each of them.

    It is recorded at each, and changes no register. `appoint` alone is no act of the agreements' and is only recorded.

    Args:
        node: who tells.
        kind: one of `TOLD`.
        instrument: the agreement, which this node has adopted.
        what: what is told.
        reference: the item that it is about, or ""; of a `visit` what is shown.
        certified: facts of `TOLD_CERTIFIED` that the officer certifies by signing.
        by: an officer in the role that the type names.

    Raises:
        UsageError: no such type, fact, agreement or item.
        RefusedError: the agreement refuses or is uncertain; it is kept, and nothing is recorded.
    """
    if kind not in TOLD:
        raise UsageError(f"`{kind}` is nothing that is told", hint=f"known: {', '.join(TOLD)}")
    if unknown := sorted({*certified} - {*TOLD_CERTIFIED}):
        raise UsageError(f"nobody certifies `{unknown[0]}` here", hint=f"known: {', '.join(TOLD_CERTIFIED)}")
    at = node.clock.now()
    with keeping_refusals(node, f"{kind} under {instrument}", at), node.store.writing() as tx:
        law = node.law(tx.adopted())
        if instrument not in law.agreements or node.party not in law.agreements[instrument].parties:
            known = ", ".join(law.agreements) or "none"
            raise UsageError(f"`{instrument}` is no agreement of this node's", hint=f"adopted: {known}")
        others = {*law.agreements[instrument].parties} - {node.party}
        parties = others & {*tx.peers()}
        entry = None
        if reference:
            copies = tx.find(reference)
            if not copies:
                raise UsageError(f"no item `{reference}` is registered", hint="`gsomia register` lists what is")
            entry = tx.item(copies[0].item)
            assert entry is not None  # a copy never stands without its item
            # Whoever has nothing of the item is not told of it.
            parties &= {party for copy in tx.copies(item=entry.id) for party in (copy.giver, copy.holder)}
        body: dict[str, Any] = {"what": what}
        against = None
        if kind != "appoint":
            asked = [
                _ask_telling(node, tx, kind, instrument, entry, to, certified, at=at)
                for to in sorted(parties or others)
            ]
            against = next((verdict for verdict in asked if verdict.outcome != "permit"), None)
            body |= {"certified": sorted(certified), "verdicts": [verdict_digest(verdict) for verdict in asked]}
        if against is None:
            item = entry.id if entry is not None else ""
            draft = Draft(type=kind, instrument=instrument, item=item, parties=tuple(sorted(parties)), body=body)
            act = make(node, tx, [draft], at=at, by=by)[0]
    if against is not None:
        refuse(node, f"{kind} under {instrument}", against, at)
    return act


def _ask_telling(
    node: Node,
    reader: Reader,
    kind: str,
    instrument: str,
    item: Item | None,
    to: str,
    certified: Sequence[str],
    *,
    at: datetime,
) -> Verdict:
    """Whether the agreement lets it be told to one Party; who visits is this Party, and the host is the other."""
    case = Case.of(node, reader)
    facts = Facts(established_by={})
    if item is not None:
        passing = Passing(giver=node.party, receivers=(to,), purpose=item.purpose)
        facts = item_facts(node, reader, item, passing=passing, holder=to, at=at)
    known: dict[str, Any] = {"form_of_act": "signature"}
    if kind == "visit":
        known["visit_for"] = "security-check" if "security-check" in certified else "access"
        if "host-authorised" in certified:
            known |= {"host_authorised": True, "authorised_by": to}
        if "authority-notified" in certified:
            known["authority_notified"] = True
        if "nothing-shown" in certified:
            known["shown_level"] = None
        elif item is not None and item.originator == to:
            known["shown_level"] = item.level
            if "host-authorised" in certified:
                # What the host has authorised is this visit, at which this item is shown.
                known["ceiling"] = item.level
    if kind == "warn" and "launched" in certified:
        known["stage"] = "launched"
    by = dict.fromkeys((name.replace("_", "-") for name in known), "this act, by the officer who signs it")
    facts = replace(facts, **known, established_by={**facts.established_by, **by})
    seen = item_of(item) if item is not None else None
    request = Request(act=kind, by=node.party, to=to, item=seen, under=instrument)
    return decide(case.law, request, facts, case.record, at)
