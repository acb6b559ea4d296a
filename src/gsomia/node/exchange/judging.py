"""The recipient's node decides on an offer by its own law, record and clock (protocol 2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from gsomia.node.acts.signed import SignedAct, instant, read_instant
from gsomia.node.facts.asserted import Case, heads_of, transmission_facts
from gsomia.node.facts.equivalents import mark_fault
from gsomia.node.facts.levels import notice_of
from gsomia.node.ledger import Draft
from gsomia.node.node import Node
from gsomia.node.record.keyholding import recall_of, unless_recalled, with_custody
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Peer
from gsomia.node.transmission.offers import Offer, verdict_digest
from gsomia.verdict import Verdict, decide

__all__ = ["decide_offer", "judge", "standing_acceptance"]


def standing_acceptance(tx: Reader, offer: Offer, at: datetime) -> SignedAct | None:
    """The acceptance given for the same offer before, while it is valid or the copy is here already."""
    act = tx.act(tx.acceptance(offer.copy) or "")
    if act is None or act.statement.body["offer"] != offer.digest:
        return None
    valid = read_instant(act.statement.body["valid_until"]) >= at
    return act if valid or tx.copy(offer.copy) is not None else None


def decide_offer(node: Node, tx: Reader, peer: Peer, offer: Offer, at: datetime) -> Draft:
    """The acceptance of an offer, or this node's own refusal with its grounds, still to be signed."""
    why, verdict = judge(node, tx, offer, at)
    body: dict[str, Any] = {"offer": offer.digest}
    if verdict is not None:
        heads = heads_of(Case.of(node, tx), verdict.law)
        body |= {"verdict": verdict_digest(verdict), "law": dict(verdict.law), "heads": heads}
        body["outcome"] = verdict.outcome
    if why:
        grounds = verdict.to_json()["grounds"] if verdict is not None else []
        body |= {"why": why, "grounds": grounds}
        return Draft(
            type="refusal", instrument=offer.under, item=offer.item, copy=offer.copy, parties=(peer.party,), body=body
        )
    body |= {"valid_until": instant(at + node.limits.acceptance), "sealed_bytes": offer.sealed_bytes}
    return Draft(
        type="acceptance", instrument=offer.under, item=offer.item, copy=offer.copy, parties=(peer.party,), body=body
    )


def judge(node: Node, tx: Reader, offer: Offer, at: datetime) -> tuple[str, Verdict | None]:
    """This node's own answer to an offer: why not ("" for a permit), and the verdict where it came to one."""
    # What came by parcel was said when that was made; a clock that is ahead is wrong either way.
    skew = max(offer.clock - at, at - offer.clock - (node.limits.travel or timedelta()))
    if skew > node.limits.max_skew:
        return f"the offer's clock is {skew.total_seconds():.0f} s from ours", None
    if offer.sealed_bytes > node.limits.max_item_bytes:
        return f"{offer.sealed_bytes} bytes are more than this node takes ({node.limits.max_item_bytes})", None
    adopted = tx.adopted()
    for instrument, version in offer.law.items():
        if instrument in adopted and adopted[instrument] != version:
            return (
                f"`{offer.giver}` applies `{instrument}` in the version {version[:12]}, "
                f"`{node.party}` in {adopted[instrument][:12]}: nothing new moves until both adopt one",
                None,
            )
    case = Case.of(node, tx)
    facts = transmission_facts(
        node,
        tx,
        passing=offer.passing,
        holder=node.party,
        item=offer.item,
        mark=(offer.originator, offer.level),
        at=at,
        cites=offer.cites,
    )
    verdict = with_custody(
        unless_recalled(
            decide(case.law, offer.request(), facts, case.record, at), recall_of(tx, offer.item, offer.originator)
        ),
        offer.custody,
        offer.holders,
        direct=not offer.via,
        taken=node.limits.custody,
    )
    if verdict.outcome == "permit":
        unnamed = sorted({*verdict.law} - {*offer.law})
        if unnamed:
            return f"the offer names no version of `{', '.join(unnamed)}`", verdict
        return _mark_fault(tx, case, offer), verdict
    return f"{verdict.outcome}: {verdict.against}{_differing(case, offer)}", verdict


def _mark_fault(reader: Reader, case: Case, offer: Offer) -> str:
    """What is handed on bears its giver's own equivalent mark, on each leg (TISA, paragraph 4).

    The equivalent of the level that its originator gives it now, where a notice of that is here (Article 6(g)).
    """
    if offer.originator == offer.giver:
        return ""
    notice = notice_of(reader, offer.item, offer.originator)
    level = str(notice.body["level"]) if notice is not None else offer.level
    return mark_fault(case, originator=offer.originator, level=level, party=offer.giver, mark=offer.mark)


def _differing(case: Case, offer: Offer) -> str:
    """Where the giver's record of legal acts is another than this node's: a refusal may rest on that (protocol 4)."""
    names = [name for name, head in sorted(offer.heads.items()) if head != case.record.head(name)]
    return f"; the records of `{', '.join(names)}` differ, `gsomia agreement show` says in what" if names else ""
