"""Consultations at work: positions in turn, drafts, a joint text, and the end (Articles 5 and 20).

A joint text is evidence that the Parties agree. What has legal effect each Party's own legal officer enters with its
diplomatic note (protocol 4). Texts travel as items; an act names the item and the SHA-256 of its text once every Party
holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct
from gsomia.node.consultations.texts import text_digest
from gsomia.node.effects.consultations import TEXTS, given, standing_of
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.consultation_rules import (
    CLOSING,
    DRAFT,
    LEAVING,
    POSITION,
    SIGNATURE,
    Consultation,
    Standing,
    Step,
    fault,
)
from gsomia.node.record.keyholding import recall_of
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.transmission.circulating import circulate
from gsomia.node.transmission.sealing import SealedOnce, Sending
from gsomia.node.transmission.sending import keeping_refusals
from gsomia.registry import Copy, Item, Rung

__all__ = [
    "carrying",
    "circulate_text",
    "close_consultation",
    "consultation_named",
    "draft_named",
    "own_item",
    "propose_draft",
    "sign_joint_text",
    "state_position",
    "version_text",
    "withdraw_from_consultation",
]


_LISTED = 20
"""So many are named to one who named none of them."""


def consultation_named(reader: Reader, reference: str) -> Consultation:
    """The one consultation whose id is, or begins with, a reference.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = reader.consultations(beginning=reference, limit=2) if reference else ()
    if len(found) != 1:
        listed = "; ".join(f"{one.id} {one.title}" for one in reader.consultations(limit=_LISTED)) or "none"
        raise UsageError(f"no one consultation `{reference}`", hint=f"known: {listed}")
    return found[0]


def draft_named(standing: Standing, version: str) -> Step:
    """The draft of a version: `2`, or `2-KOR` where two Parties have a version 2.

    Raises:
        UsageError: there is no one such version.
    """
    found = [d for d in standing.drafts if version in (str(d.number), f"{d.number}-{d.party}", d.act)]
    if len(found) != 1:
        known = ", ".join(standing.version(draft) for draft in standing.drafts) or "none"
        raise UsageError(f"no one version `{version}`", hint=f"versions: {known}")
    return found[0]


def version_text(reader: Reader, standing: Standing, version: str) -> Item:
    """The item that is the text of a version.

    Raises:
        UsageError: there is no one such version, or its text is not here.
    """
    item = reader.item(draft_named(standing, version).item)
    if item is None:
        raise UsageError(
            f"the text of version `{version}` is not in this node's register", hint="compare when it has come"
        )
    return item


def carrying(node: Node, reader: Reader, consultation: Consultation) -> str:
    """The agreement that a consultation's texts go by: its own; "" (any that could) where that carries by its legs."""
    agreement = node.law(reader.adopted()).agreements.get(consultation.instrument)
    return "" if agreement is None or agreement.legs or not agreement.considered else agreement.name


def circulate_text(
    node: Node,
    reference: str,
    kind: str,
    source: BinaryIO,
    level: str,
    *,
    title: str,
    mime_type: str,
    on: Sequence[str] = (),
    cites: Sequence[str] = (),
    as_is: bool = False,
    by: Acting,
    once: SealedOnce | None = None,
) -> list[Copy]:
    """Give a text to every Party of a consultation, once it is sure that it would be in turn.

    Args:
        node: whose text it is.
        reference: the consultation.
        kind: `state-position` or `propose-draft`.
        source: its bytes, read once to the end.
        level: this Party's mark, as typed.
        title, mime_type, cites, as_is: as for any item.
        on: the versions on which a draft builds; the newest where none are named.
        by: a disclosure officer.
        once: where the officer signs elsewhere; what was sealed by it is not read again.

    Returns:
        A copy for each other Party. The text counts once `state_position` or `propose_draft` names it.

    Raises:
        RefusedError: it is not in turn, or an agreement does not let one of the Parties have it; nothing goes.
    """
    at = node.clock.now()
    with keeping_refusals(node, f"{kind} in {reference}", at), node.store.reading() as reader:
        consultation = consultation_named(reader, reference)
        standing = standing_of(reader, consultation)
        _permitted(standing, _next(node, standing, kind, at, on=on))
        sending = Sending(
            to="",
            level=level,
            subject=consultation.subject,
            purpose=consultation.purpose,
            title=title,
            mime_type=mime_type,
            under=carrying(node, reader, consultation),
            cites=tuple(cites),
            as_is=as_is,
        )
    others = [party for party in standing.members if party != node.party]
    return circulate(node, source, sending, others, by=by, once=once)


def state_position(node: Node, reference: str, item: str, *, by: Acting) -> SignedAct:
    """State this Party's position, in turn: a text that every other Party was given.

    Args:
        node: whose position.
        reference: the consultation.
        item: the text's control number or id.
        by: an officer in the role that the subject needs.

    Raises:
        RefusedError: out of turn, closed, not given to all yet, or the officer may not.
    """
    return _say(node, reference, POSITION, by=by, item=item)


def propose_draft(node: Node, reference: str, item: str, *, on: Sequence[str] = (), by: Acting) -> SignedAct:
    """Propose a draft: on the newest version of another Party, or on all that cross.

    Args:
        node: whose draft.
        reference: the consultation.
        item: the text's control number or id.
        on: the versions on which it builds; the newest where none are named. Where versions cross, all are named.
        by: an officer in the role that the subject needs.

    Raises:
        RefusedError: out of turn, on another version than the newest, not given to all yet, or the officer may not.
    """
    return _say(node, reference, DRAFT, by=by, item=item, on=on)


def sign_joint_text(node: Node, reference: str, version: str, *, text: str = "", by: Acting) -> SignedAct:
    """Sign the newest draft: exactly this text, by its SHA-256, which is looked up in the sealed item itself.

    Args:
        node: who signs.
        reference: the consultation.
        version: of the draft.
        text: the SHA-256 that the officer has read, hexadecimal; "" for that of the sealed text.
        by: an officer in the role that the subject needs.

    Raises:
        RefusedError: another text, an old version, versions cross, signed before, no receipt yet, or the officer
            may not.
    """
    return _say(node, reference, SIGNATURE, by=by, version=version, text=text)


def close_consultation(node: Node, reference: str, *, by: Acting) -> SignedAct:
    """Say that this Party has nothing more to say; the consultation is closed once all Parties have.

    Raises:
        RefusedError: it has closed it or left it, or the officer may not.
    """
    return _say(node, reference, CLOSING, by=by)


def withdraw_from_consultation(node: Node, reference: str, *, by: Acting) -> SignedAct:
    """Leave a consultation: what is signed later counts among the others.

    Raises:
        RefusedError: it has closed it or left it, or the officer may not.
    """
    return _say(node, reference, LEAVING, by=by)


def _say(
    node: Node,
    reference: str,
    kind: str,
    *,
    by: Acting,
    item: str = "",
    on: Sequence[str] = (),
    version: str = "",
    text: str = "",
) -> SignedAct:
    at = node.clock.now()
    with keeping_refusals(node, f"{kind} in {reference}", at):
        with node.store.reading() as reader:
            standing = standing_of(reader, consultation_named(reader, reference))
            held = own_item(node, reader, item) if kind in TEXTS else None
            draft = draft_named(standing, version) if kind == SIGNATURE else None
            signed = _received(node, reader, draft.item) if draft is not None else None
        # The texts are read outside any transaction: they may be long.
        sealed = held or signed
        found = text_digest(node, sealed) if sealed is not None else ""
        if draft is not None and found != draft.text:
            raise refused("another-text", f"the text of version {version} is not the one that its draft names")
        with node.store.writing() as tx:
            standing = standing_of(tx, consultation_named(tx, reference))
            step = _next(
                node, standing, kind, at, item=held.id if held else "", text=text or found, on=on, version=version
            )
            _permitted(standing, step)
            if held is not None:
                _given_to_all(tx, held, step.parties)
            return _enter(node, tx, standing, step, at, by=by)


def _next(
    node: Node,
    standing: Standing,
    kind: str,
    at: datetime,
    *,
    item: str = "",
    text: str = "",
    on: Sequence[str] = (),
    version: str = "",
) -> Step:
    """The next act of this Party's, before it is signed."""
    step = Step(
        act="",
        consultation=standing.consultation.id,
        kind=kind,
        party=node.party,
        parties=tuple(sorted({*standing.members} - {node.party})),
        digest="",
        after=standing.newest,
        item=item,
        text=text,
        at=at,
    )
    if kind == POSITION:
        return replace(step, number=len(standing.positions))
    if kind == DRAFT:
        bases = tuple(draft_named(standing, name) for name in on)
        # Whoever brings versions together that cross has named each of them.
        bases = bases or (() if standing.conflict else standing.heads)
        number = max((head.number for head in standing.heads), default=0) + 1
        return replace(step, number=number, bases=tuple(sorted(base.act for base in bases)))
    if kind == SIGNATURE:
        return replace(step, draft=draft_named(standing, version).act, among=tuple(sorted(standing.members)))
    return step


def _permitted(standing: Standing, step: Step) -> None:
    why = fault(standing, step)
    if why:
        raise refused("consultation", why, hint=f"`gsomia consult show {standing.consultation.id}` says how it stands")


def own_item(node: Node, reader: Reader, reference: str) -> Item:
    """The item of this Party's own that a reference names.

    Raises:
        UsageError: there is no such one.
    """
    copies = [copy for copy in reader.find(reference) if copy.giver == node.party]
    item = reader.item(copies[0].item) if copies else None
    if item is None or item.originator != node.party or any(copy.item != item.id for copy in copies):
        raise UsageError(f"no item `{reference}` of `{node.party}` was given", hint="`gsomia register` lists what was")
    return item


def _received(node: Node, reader: Reader, item: str) -> Item:
    """The item of a draft that is to be signed: not recalled, and one's own or one whose receipt was signed."""
    entry = reader.item(item)
    assert entry is not None  # no draft stands without its item
    recalled = recall_of(reader, entry.id, entry.originator)
    if recalled is not None:
        raise refused("recalled", f"`{recalled.by}` recalled the text", hint="another draft takes its place")
    held = [copy for copy in reader.copies(item=item) if copy.holder == node.party]
    if entry.originator != node.party and not any(copy.rung(Rung.RECEIPTED) for copy in held):
        number = held[0].control_number if held else item
        raise refused(
            "not-receipted", f"`{number}` has no receipt yet", hint=f"`gsomia mark {number}`, then `gsomia receipt`"
        )
    return entry


def _given_to_all(reader: Reader, item: Item, parties: Sequence[str]) -> None:
    without = [party for party in parties if not given(reader, item.id, party)]
    if without:
        raise refused(
            "not-given",
            f"the text has not arrived at {', '.join(without)}",
            hint="`gsomia outbox` says what it waits for",
        )


def _about(consultation: Consultation) -> dict[str, Any]:
    """What the body of every act of a consultation says of it."""
    return {"about": consultation.about, "consultation": consultation.id}


def _enter(node: Node, tx: Writer, standing: Standing, step: Step, at: datetime, *, by: Acting) -> SignedAct:
    """Sign and enter a step; what other Parties said since this one's last goes to those who may not have it yet."""
    body: dict[str, Any] = _about(standing.consultation) | {"after": list(step.after)}
    if step.kind in TEXTS:
        body |= {"number": step.number, "text": step.text}
    if step.kind == DRAFT:
        body |= {"bases": list(step.bases)}
    if step.kind == SIGNATURE:
        body |= {"draft": step.draft, "text": step.text, "among": list(step.among)}
    own = [one for one in standing.steps if one.party == node.party]
    opened_by = standing.consultation.opened_by
    for party in step.parties if not own else ():
        if opened_by not in (node.party, party):
            tx.put_outgoing(party, "act", standing.consultation.id, node.clock.machine())
    known = {one.digest for one in standing.before([one.digest for one in own]).steps}
    for one in sorted(standing.steps, key=lambda one: len(standing.before([one.digest]).steps)):
        for party in step.parties if one.digest not in known else ():
            if party in one.parties and one.party != node.party:
                tx.put_outgoing(party, "act", one.act, node.clock.machine())
    draft = Draft(
        type=step.kind, instrument=standing.consultation.instrument, item=step.item, parties=step.parties, body=body
    )
    return make(node, tx, [draft], at=at, by=by)[0]
