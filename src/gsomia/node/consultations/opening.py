"""A consultation opened: with whom, under which agreement, and on what each of them has a part in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gsomia.agreement import PURPOSES, SUBJECTS, Agreement
from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct
from gsomia.node.acts.types import CONSULTED
from gsomia.node.comparison.disputes import differences, disputed_readings
from gsomia.node.effects.consultations import OPENING, TITLE_CHARACTERS
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, known_peer
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.sending import keeping_refusals

__all__ = ["open_consultation"]


def open_consultation(
    node: Node,
    about: str,
    reference: str,
    title: str,
    instrument: str,
    others: Sequence[str],
    *,
    subject: str = "other",
    purpose: str = "defence",
    by: Acting,
) -> SignedAct:
    """Open a consultation with one or two other Parties to an agreement.

    Args:
        node: who opens it, and speaks first.
        about: one of `CONSULTED`.
        reference: the legal act in dispute, or the agreement whose readings differ; the item; the article; the threat.
        title: for people, unclassified.
        instrument: the agreement, which this node has adopted.
        others: the other Parties, in the order in which they speak.
        subject, purpose: of the texts.
        by: an officer in the role that `CONSULTED` names.

    Raises:
        UsageError: a word that is not known, or what it is about is not to be consulted on with these.
        RefusedError: the officer may not.
    """
    at = node.clock.now()
    for word, known in ((about, (*CONSULTED,)), (subject, SUBJECTS), (purpose, PURPOSES)):
        if word not in known:
            raise UsageError(f"unknown word `{word}`", hint=f"known: {', '.join(known)}")
    with keeping_refusals(node, f"consultation on {about}", at), node.store.writing() as tx:
        law = node.law(tx.adopted())
        agreement = law.agreements.get(instrument)
        if agreement is None or node.party not in agreement.parties:
            raise UsageError(
                f"`{instrument}` is no agreement of this node's", hint=f"adopted: {', '.join(law.agreements) or 'none'}"
            )
        _check_others(node, tx, agreement, others)
        body = {
            "about": about,
            "reference": _about(node, tx, about, reference, agreement, others, at),
            "title": title,
            "subject": subject,
            "purpose": purpose,
            "order": [node.party, *others],
        }
        if not title.strip() or not title.isprintable() or len(title) > TITLE_CHARACTERS:
            raise UsageError(f"a title is 1 to {TITLE_CHARACTERS} printable characters", hint="name it with --title")
        draft = Draft(type=OPENING, instrument=instrument, parties=tuple(others), body=body)
        return make(node, tx, [draft], at=at, by=by)[0]


def _check_others(node: Node, reader: Reader, agreement: Agreement, others: Sequence[str]) -> None:
    if not others or len({*others, node.party}) != len(others) + 1:
        raise UsageError("with whom?", hint="name each other Party once with --with")
    for party in others:
        if party not in agreement.parties:
            raise UsageError(
                f"`{party}` is no Party to `{agreement.name}`", hint=f"Parties: {', '.join(agreement.parties)}"
            )
        known_peer(reader, party)


def _about(
    node: Node,
    reader: Reader,
    about: str,
    reference: str,
    agreement: Agreement,
    others: Sequence[str],
    at: datetime,
) -> str:
    """What it is about, as all Parties call it; nobody is told of what it has no part in."""
    if about == "arrangement" and agreement.article(reference) is None:
        known = ", ".join(article.number for article in agreement.articles if article.number != "unread")
        raise UsageError(f"`{agreement.name}` has no article `{reference}`", hint=f"known: {known}")
    if about == "dispute":
        open_ones = [one for one in differences(node, reader, agreement.name) if one.state == "disputed"]
        known_ids = {one.act.id for one in open_ones if one.peer in others}
        if agreement.name in disputed_readings(node, reader, at):
            known_ids.add(agreement.name)
        found = next((one for one in (reference, f"{agreement.name}/{reference}") if one in known_ids), None)
        if found is None:
            listed = ", ".join(sorted(known_ids)) or "nothing"
            raise UsageError(f"`{reference}` is not in dispute between these", hint=f"in dispute: {listed}")
        return found
    if about == "regrade":
        copies = reader.find(reference)
        item = reader.item(copies[0].item) if copies else None
        if item is None:
            raise UsageError(f"no item `{reference}` is registered", hint="`gsomia register` lists what is")
        have = {party for copy in reader.copies(item=item.id) for party in (copy.giver, copy.holder)}
        for party in others:
            if party not in have:
                raise UsageError(f"`{party}` has nothing of item `{reference}`", hint="leave it out")
        return item.id
    if not reference.strip() or not reference.isprintable() or len(reference) > TITLE_CHARACTERS:
        raise UsageError("what is it about?", hint=f"1 to {TITLE_CHARACTERS} printable characters, such as dprk-launch")
    return reference
