"""Recall of an item by its originator (protocol 11): asked of every holder, confirmed by each node that has logged it,
and answered by each holder's officer, copy by copy.

No agreement that was read speaks of a recall, or names the days for an answer: the originator's officer sets them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.acts.types import Role
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.recall_answers import ANSWERS, AskedBack, answer_fault, asked_back, standing_recall
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.transmission.sending import keeping_refusals
from gsomia.registry import GONE, Copy, Item

__all__ = ["answer_recall", "confirm_recalls", "recall"]


def recall(node: Node, reference: str, why: str, *, due: datetime | None = None, by: Acting) -> SignedAct:
    """Recall one of this Party's own items: no copy of it is opened again once its holder's node has logged this.

    With `originator` custody that is at the next request. Copies that have not left yet stay here. Once an answer is
    overdue, or a holder said that it cannot, the item may be asked back again, until another day.

    Args:
        node: the originator's.
        reference: control number, item id or copy id; the whole item is recalled.
        why: for the holders' officers to read.
        due: by when their answers are asked for; None for the days that the settings name.
        by: a disclosure officer.

    Raises:
        UsageError: no such item, or a day that is over.
        RefusedError: it is another Party's item, or it was recalled before and no answer is overdue; it is kept.
    """
    at = node.clock.now()
    with keeping_refusals(node, f"recall of {reference}", at), node.store.writing() as tx:
        copies = tx.find(reference)
        item = tx.item(copies[0].item) if copies else None
        if item is None:
            raise UsageError(f"no item `{reference}` was given from here", hint="`gsomia register` lists what was")
        if item.originator != node.party:
            raise refused("not-the-originator", f"item `{item.id}` is `{item.originator}`'s to recall")
        due = due if due is not None else at + node.limits.recall_answer
        if due <= at:
            raise UsageError(
                f"an answer cannot be due at {instant(due)}: it is {instant(at)}", hint="name a later --due"
            )
        before = standing_recall(tx, item.id, node.party)
        if before is not None and not any(_may_ask_again(one, at) for one in asked_back(tx, item.id)):
            raise refused(
                "recalled",
                f"item `{item.id}` was recalled before, by act {before.id}",
                hint="it is asked back again once an answer is overdue, or a holder said that it cannot",
            )
        known = tx.peers()
        holders = {party for copy in tx.copies(item=item.id) for party in (copy.giver, copy.holder) if party in known}
        draft = Draft(
            type="recall",
            item=item.id,
            instrument=copies[0].instrument,
            parties=tuple(sorted(holders)),
            body={
                "why": why,
                "payload_digest": item.payload_digest,
                "due": instant(due),
                "again": before.id if before is not None else "",
            },
        )
        return make(node, tx, [draft], at=at, by=by)[0]


def _may_ask_again(one: AskedBack, at: datetime) -> bool:
    return one.state(at) in ("overdue", "cannot")


def confirm_recalls(node: Node, tx: Writer, taken: Sequence[SignedAct], at: datetime) -> None:
    """Tell of each recall just logged that nothing opens the item here any more: its originator, and who gave it."""
    known = {*tx.peers()}
    drafts = []
    for said in (act.statement for act in taken if act.statement.type == "recall"):
        givers = {copy.giver for copy in tx.copies(item=said.item) if copy.holder == node.party}
        for giver in sorted((givers & known) - {said.party}):
            # Who handed it on may not have heard of the recall yet.
            tx.put_outgoing(giver, "act", said.id, node.clock.machine())
        draft = Draft(
            type="confirm-recall",
            item=said.item,
            instrument=said.instrument,
            parties=tuple(sorted((givers | {said.party}) & known)),
            body={"recall": said.id},
        )
        drafts.append(draft)
    make(node, tx, drafts, at=at)


def answer_recall(
    node: Node, reference: str, answer: str, *, why: str = "", certified: Sequence[str] = (), by: Acting
) -> list[SignedAct]:
    """Answer the recall that stands of an item, for one copy or for all that this Party holds and has not answered for.

    The answer goes back along the way that the copy came, each node on it passing it on to the originator.

    Args:
        node: the holder's.
        reference: control number or copy id of one copy; item id, or the recall's act, for all.
        answer: `returned` or `destroyed`, which rest on the recorded act of each copy; or `cannot`.
        why: for the originator's officer; who cannot says it.
        certified: `what-was-made`, where copies, translations or renditions were made from it and went the same way.
        by: a registry officer.

    Returns:
        One act for each copy.

    Raises:
        UsageError: no such item, or no such answer.
        RefusedError: never recalled, answered before, a copy that still stands, or no reason; it is kept.
    """
    if answer not in ANSWERS:
        raise UsageError(f"`{answer}` is no answer to a recall", hint=f"known: {', '.join(ANSWERS)}")
    at = node.clock.now()
    with keeping_refusals(node, f"answer to the recall of {reference}", at), node.store.writing() as tx:
        item, copies = _held(tx, node, reference)
        asked = standing_recall(tx, item.id, item.originator)
        if asked is None:
            raise refused("never-recalled", f"item `{item.id}` was never recalled by `{item.originator}`")
        one = len(copies) == 1 and reference in (copies[0].id, copies[0].control_number)
        is_open = {back.copy.id for back in asked_back(tx, item.id) if back.is_open}
        drafts = []
        for copy in copies if one or not is_open else [copy for copy in copies if copy.id in is_open]:
            acts = list(tx.acts(types=[ANSWERS[answer]], item=item.id)) if ANSWERS[answer] else []
            body = {
                "recall": asked.id,
                "answer": answer,
                "acts": [act.id for act in acts if act.statement.copy == copy.id],
                "why": why,
                "certified": sorted(certified),
            }
            if fault := answer_fault(tx, node.party, copy, body):
                raise refused("no-such-answer", fault, hint=_recorded_how(node, tx, copy, answer, by))
            if copy.giver != asked.party:
                # Who passes the answer on may not have heard of the recall, where it came back by a recovery.
                tx.put_outgoing(copy.giver, "act", asked.id, node.clock.machine())
            drafts.append(
                Draft(
                    type="answer-recall",
                    instrument=copy.instrument,
                    item=item.id,
                    copy=copy.id,
                    parties=(copy.giver,),
                    body=body,
                )
            )
        return make(node, tx, drafts, at=at, by=by)


def _recorded_how(node: Node, reader: Reader, copy: Copy, answer: str, by: Acting) -> str:
    """The command that records what an answer says; "" where the copy stands no more, or nothing is recorded."""
    if not ANSWERS[answer] or copy.state in GONE:
        return ""
    if answer == "returned":
        return f"record it first: `gsomia act record return {copy.control_number} --what returned --by {by.officer}`"
    officers = {one.id: one.person for one in reader.officers_of(node.party, role=Role.SECURITY)}
    own = reader.officer(node.party, by.officer)
    other = next((name for name, person in officers.items() if own is None or person != own.person), "OFFICER")
    words = f"{copy.control_number} --method destroyed --by {by.officer} --with {other}"
    return f"record it first, by two persons: `gsomia destroy {words}`"


def _held(reader: Reader, node: Node, reference: str) -> tuple[Item, list[Copy]]:
    """The item that a reference names, and the copies of it that this Party holds or held.

    Raises:
        UsageError: there is none.
        RefusedError: another Party's officer answers for it.
    """
    act = reader.act(reference)
    named = act.statement.item if act is not None and act.statement.type == "recall" else reference
    copies = reader.find(named)
    item = reader.item(copies[0].item) if copies else None
    if item is None:
        raise UsageError(f"no item `{reference}` is registered", hint="`gsomia recalls` lists what was asked back")
    held = [copy for copy in copies if copy.holder == node.party]
    if not held:
        holders = ", ".join(sorted({copy.holder for copy in copies}))
        raise refused("not-the-holder", f"`{reference}` is held by {holders}, whose officer answers for it")
    return item, held
