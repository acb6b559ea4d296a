"""What a node may assert: facts from signed acts and its own register, each with the record it rests on (protocol 1).

Nobody asserts a fact with the request. What no record establishes stays unknown, and an unknown fact refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from gsomia.agreement import RANKS, LegalAct, Record
from gsomia.node.node import Node
from gsomia.node.record.approval import Passing, objection, objections
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Consent, Credential
from gsomia.registry import Citation, Copy
from gsomia.registry import Item as RegisterItem
from gsomia.verdict import Facts, Item, Law

__all__ = [
    "Case",
    "heads_of",
    "item_facts",
    "item_of",
    "protecting",
    "rank_of",
    "transmission_facts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The law as adopted and the record as known: what a node decides on."""

    law: Law
    record: Record

    @classmethod
    def of(cls, node: Node, reader: Reader) -> Case:
        """As this node holds them now."""
        return reader.once("case", lambda: cls(law=node.law(reader.adopted()), record=_record_of(node, reader)))


def _record_of(node: Node, reader: Reader) -> Record:
    """The legal acts that this Party's own legal officer entered; a peer's report changes nothing here (protocol 4).

    A reading is apart: it is its own Party's declaration, and no other Party enters it.
    """
    return _record(
        tuple(
            entered.legal
            for entered in reader.record()
            if entered.entered_by == node.party or entered.legal.act == "declare-reading"
        )
    )


@lru_cache(maxsize=16)
def _record(acts: tuple[LegalAct, ...]) -> Record:
    # A record keeps what was folded from it, so one that says the same is the same.
    return Record(acts)


def heads_of(case: Case, law: Iterable[str]) -> dict[str, str]:
    """The heads of the record of legal acts on which a verdict was given, by the agreements that it names."""
    return {name: case.record.head(name) for name in sorted(law)}


def protecting(case: Case, copy: Copy, item: RegisterItem) -> str | None:
    """The instrument that protects a held item: the one it came by where its originator is a Party to that.

    An item that was released onward came by an agreement with the giver; what protects it is the holder's own agreement
    with the originator, and the question is put to any that is.
    """
    agreement = case.law.agreements.get(copy.instrument)
    return copy.instrument if agreement is not None and item.originator in agreement.parties else None


def item_of(item: RegisterItem, *, level: str = "", received: datetime | None = None) -> Item:
    """A registered item as the agreement sees it.

    Args:
        item: the register's entry.
        level: another mark than the originator's, where the holder's own counts.
        received: when this Party got it, where it did.
    """
    return Item(
        originator=item.originator,
        level=level or item.level,
        subject=item.subject,
        form=item.form,
        contains=item.contains,
        received=received,
        purpose=item.purpose,
    )


def transmission_facts(
    node: Node,
    reader: Reader,
    *,
    passing: Passing,
    holder: str,
    item: str,
    mark: tuple[str, str],
    at: datetime,
    pending: Sequence[Consent] = (),
    cites: Sequence[Citation] = (),
) -> Facts:
    """What this node knows that bears on a transmission or release.

    Args:
        node: who asks.
        reader: its store.
        passing: what would pass, from whom to whom and for what; a consent must fit it.
        holder: the Party that would get it next.
        item: the item's id.
        mark: the Party whose mark it bears, and the mark; assurance and accreditation must reach its level.
        at: the instant of the question; a consent must not have expired by then.
        pending: consents that the same act would record.
        cites: the sources of the item; an originator who consented for each of them that holds its part has consented.
    """
    known: dict[str, Any] = {}
    by: dict[str, str] = {}
    giver = passing.giver
    peer = reader.peers().get(holder if giver == node.party else giver)
    if peer is not None:
        # The link between the two Governments' enrolled nodes is the channel; the seal encrypts whatever crosses it.
        known |= {"channel": "government", "encrypted": True, "combined_staff": False}
        by |= {"channel": peer.act, "encrypted": f"sealed to key {peer.sealing.kid[:16]}", "combined-staff": peer.act}
    # What a peer dates by its own clock may be ahead of ours by as much as two clocks may be apart (protocol 2).
    now, at = at, at + node.limits.max_skew
    rank = rank_of(Case.of(node, reader).law, *mark)
    assured = [
        c
        for c in reader.once(("assured", giver, holder), lambda: _assurances(node, reader, giver, holder))
        if c.at <= at
    ]
    for credential in assured:
        if RANKS.get(credential.level, 0) >= rank:
            known["assurance"], by["assurance"] = True, credential.act
    systems = [c for c in reader.credentials() if c.kind == "accredit" and c.at <= at and c.party in (giver, holder)]
    reaching = {c.party: c.act for c in systems if RANKS.get(c.level, 0) >= rank}
    if giver in reaching and holder in reaching:
        known["accredited"], by["accredited"] = True, f"{reaching[giver]}, {reaching[holder]}"
    # What is on file and does not reach is no record that establishes anything: it is said why.
    if "assurance" not in known and assured:
        by["assurance"] = _up_to(assured)
    if "accredited" not in known and {c.party for c in systems} == {giver, holder}:
        by["accredited"] = _up_to([c for c in systems if c.party not in reaching])

    on_file = [*reader.consents(item), *pending]
    granted = [c for c in on_file if not objection(c, passing, now, at)]
    drawn = replace(passing, drawn=True)
    for originator in sorted(
        {party for source in cites for party in source.contains} - {c.originator for c in granted}
    ):
        mine = [source.item for source in cites if originator in source.contains]
        given = [[c for c in reader.consents(one) if c.originator == originator] for one in mine]
        for_each = [[c for c in consents if not objection(c, drawn, now, at)] for consents in given]
        if all(for_each):
            granted += [consents[0] for consents in for_each]
        else:
            on_file += [c for consents in given for c in consents]
    by["consent"] = _on_file(node, granted, on_file, passing if not cites else drawn, now, at)
    known["consent"] = "written" if granted else "none"
    if granted:
        known["consent_before"] = True
        known["consent_of"] = frozenset(c.originator for c in granted)
        known["consent_to"] = frozenset(party for c in granted for party in c.receivers)
        by |= dict.fromkeys(("consent-before", "consent-of", "consent-to"), by["consent"])
    return Facts(**known, established_by=by)


def item_facts(node: Node, reader: Reader, item: RegisterItem, *, passing: Passing, holder: str, at: datetime) -> Facts:
    """What this node knows that bears on a registered item that would leave it.

    Args:
        node: who asks, and would give it.
        reader: its store.
        item: the register's entry.
        passing: what would pass, to whom and for what.
        holder: the Party that would get it next.
        at: the instant of the question.
    """
    return transmission_facts(
        node,
        reader,
        passing=passing,
        holder=holder,
        item=item.id,
        mark=(item.originator, item.level),
        at=at,
        cites=item.cites,
    )


def _on_file(
    node: Node,
    granted: Sequence[Consent],
    on_file: Sequence[Consent],
    passing: Passing,
    at: datetime,
    known_by: datetime,
) -> str:
    """What the fact of consent rests on: the acts that serve, and why others on file do not."""
    served = {c.originator for c in granted}
    others = objections((c for c in on_file if c.originator not in served), passing, at, known_by)
    acts = ", ".join(c.act for c in granted)
    return "; ".join(filter(None, (acts, others))) or f"register of {node.party}: no consent on file"


def _up_to(credentials: Sequence[Credential]) -> str:
    """How far each Party's credentials reach that do not reach far enough."""
    best: dict[str, Credential] = {}
    for one in credentials:
        if one.party not in best or RANKS.get(one.level, 0) > RANKS.get(best[one.party].level, 0):
            best[one.party] = one
    return ", ".join(f"{party} up to {one.level} only: {one.act}" for party, one in sorted(best.items()))


def rank_of(law: Law, party: str, mark: str) -> int:
    """The rank of a mark by the agreements' tables, the highest where they differ; what none knows nothing reaches."""
    levels = (agreement.level(party, mark) for agreement in law.agreements.values())
    return max((level.rank for level in levels if level is not None), default=max(RANKS.values()) + 1)


def _assurances(node: Node, reader: Reader, giver: str, holder: str) -> list[Credential]:
    """The assurances of a holder that count for a giver: to that providing Party, by the agreement of the two (7.5)."""
    agreements = Case.of(node, reader).law.agreements
    between = {name for name, a in agreements.items() if not a.legs and {giver, holder} <= {*a.parties}}
    own = [c for c in reader.credentials() if (c.kind, c.party) == ("assure", holder) and c.instrument in between]
    acts = [(credential, reader.act(credential.act)) for credential in own]
    return [credential for credential, act in acts if act is not None and giver in act.statement.parties]
