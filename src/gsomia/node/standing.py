"""What stands between the Parties before anything moves: law adopted, legal acts entered, assurances, systems."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gsomia.agreement import RANKS, READINGS, RECORD_ACTS, Agreement, LegalAct, without_effect
from gsomia.errors import RefusedError, UsageError
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.comparison.disputes import open_after
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, known_peer
from gsomia.node.record.store_port import Reader
from gsomia.verdict import Law

__all__ = ["LEGAL_WORDS", "Note", "accredit", "adopt_law", "assure", "concerned", "enter_legal_acts"]


LEGAL_WORDS = {"declare-reading": "reading", "replace": "successor"}
"""Legal acts that say one thing more, which a record keeps as the act's note: the word for it in the act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The diplomatic note that a legal act rests on (protocol 4).

    Args:
        reference: the note's own.
        dated: the day that it bears, as YYYY-MM-DD.
        digest: the SHA-256 of its text, hexadecimal.

    Raises:
        UsageError: no reference, no such day, or no SHA-256.
    """

    reference: str
    dated: str
    digest: str

    def __post_init__(self) -> None:
        if not self.reference.strip():
            raise UsageError("a note has a reference")
        if re.fullmatch(r"[0-9a-f]{64}", self.digest) is None:
            raise UsageError(f"`{self.digest:.80}` is no SHA-256", hint="64 hexadecimal digits, in small letters")
        check_day(self.dated)

    @classmethod
    def of_text(cls, reference: str, text: bytes, *, dated: str) -> Note:
        """The note with this text."""
        return cls(reference=reference, dated=dated, digest=hashlib.sha256(text).hexdigest())


def check_day(text: str) -> None:
    """Check that a text is a day as notes bear it.

    Raises:
        UsageError: it is not.
    """
    try:
        if date.fromisoformat(text).isoformat() == text:
            return
    except ValueError:
        pass
    raise UsageError(f"`{text:.80}` is no day", hint="write YYYY-MM-DD")


def adopt_law(node: Node, offered: Law, names: Sequence[str], *, by: Acting) -> list[SignedAct]:
    """Adopt agreements in the version offered; a node applies no other (protocol 5).

    Args:
        node: who adopts.
        offered: the agreements on offer.
        names: which of them.
        by: a legal officer.

    Raises:
        UsageError: an agreement that is not on offer, or to which this Party does not belong.
    """
    for name in names:
        agreement = offered.agreements.get(name)
        if agreement is None:
            raise UsageError(f"unknown agreement `{name}`", hint=f"known: {', '.join(sorted(offered.agreements))}")
        if name not in concerned(offered, node.party):
            raise UsageError(f"`{node.party}` is no Party to `{name}`", hint=f"Parties: {', '.join(agreement.parties)}")
    drafts = [
        Draft(type="adopt-law", instrument=name, body={"version": offered.agreements[name].version}) for name in names
    ]
    with node.store.writing() as tx:
        return make(node, tx, drafts, at=node.clock.now(), by=by)


def concerned(law: Law, party: str) -> tuple[str, ...]:
    """The agreements that concern a Party: its own, and those on which an arrangement of its own rests.

    Under TISA each leg is judged by the agreement of that leg (paragraph 3), so a Party needs both.
    """
    own = [agreement for agreement in law.agreements.values() if party in agreement.parties]
    names = {agreement.name for agreement in own} | {leg for agreement in own for leg in agreement.legs}
    return tuple(sorted(names & set(law.agreements)))


def enter_legal_acts(
    node: Node, acts: Iterable[LegalAct], note: Note, *, by: Acting, tell: bool = True
) -> list[SignedAct]:
    """Enter legal acts in this node's record; they take effect in it as from their own instants (protocol 4).

    Args:
        node: whose record.
        acts: as the notes say.
        note: the note's reference, date and digest.
        by: a legal officer of this Party.
        tell: whether the peers who are Parties to the instrument are told; they see it as *reported*.

    Raises:
        UsageError: no legal act, or one of an agreement that this node has not adopted, or in the future.
        RefusedError: an act that has no effect under the instrument (`without_effect`).
    """
    at = node.clock.now()
    with node.store.writing() as tx:
        adopted = tx.adopted()
        law = node.law(adopted)
        entered = {known.legal.id: known.act for known in tx.record() if known.entered_by == node.party}
        drafts = []
        for act in acts:
            _check(act, adopted=sorted(adopted), at=at)
            if act.id in entered:
                raise UsageError(
                    f"a legal act `{act.id}` stands in this record already, by act `{entered[act.id]}`",
                    hint="each legal act has an id of its own",
                )
            entered[act.id] = "of this batch"
            parties = law.agreements[act.under].parties
            _check_party(node, act, parties)
            _check_known(law.agreements[act.under], act)
            if act.act == "settle-dispute":
                _check_settling(node, tx, act)
            told = tuple(p for p in node.peer_parties(tx) if tell and p in parties)
            drafts.append(
                Draft(
                    type=act.act,
                    instrument=act.under,
                    parties=told,
                    body={
                        "id": act.id,
                        "by": act.by,
                        "effective": instant(act.at),
                        "form": act.form,
                        "source": act.source,
                        "confidence": act.confidence,
                        "note": note.reference,
                        "note_date": note.dated,
                        "note_digest": note.digest,
                    }
                    | ({LEGAL_WORDS[act.act]: act.note} if act.act in LEGAL_WORDS else {}),
                )
            )
        return make(node, tx, drafts, at=at, by=by)


def _check(act: LegalAct, *, adopted: Sequence[str], at: datetime) -> None:
    if act.act not in RECORD_ACTS:
        raise UsageError(f"`{act.act}` is no legal act", hint=f"legal acts: {', '.join(RECORD_ACTS)}")
    if act.under not in adopted:
        raise UsageError(f"this node has not adopted `{act.under}`", hint=f"adopted: {', '.join(adopted) or 'none'}")
    if act.at > at:
        raise UsageError(f"act `{act.id}` of {instant(act.at)} lies in the future of this node's clock {instant(at)}")


def _check_party(node: Node, act: LegalAct, parties: Sequence[str]) -> None:
    if act.by not in parties:
        raise UsageError(f"`{act.by}` is no Party to `{act.under}`", hint=f"Parties: {', '.join(parties)}")
    if act.act == "replace" and not act.note:
        raise UsageError(
            f"`{act.id}` names no agreement that takes the place of `{act.under}`", hint="--successor NAME"
        )
    if act.act == "declare-reading":
        if act.by != node.party:
            raise UsageError(f"`{node.party}` declares no reading of `{act.by}`: each Party declares its own")
        if act.note not in READINGS:
            raise UsageError(f"unknown reading `{act.note}`", hint=f"readings: {', '.join(READINGS)}")


def _check_known(agreement: Agreement, act: LegalAct) -> None:
    """An act that the instrument's own article rules out would count for nothing, and look as if it had."""
    barred = without_effect(agreement, act.act)
    if barred is not None:
        article, text = barred
        ground = {"effect": "refuse", "instrument": agreement.name, "article": article, "text": text}
        raise RefusedError(
            f"`{act.act}` has no effect under `{agreement.name}`", verdict={"outcome": "refuse", "grounds": [ground]}
        )


def _check_settling(node: Node, reader: Reader, act: LegalAct) -> None:
    """What is settled must have been entered by then, or the act would close nothing and look as if it had."""
    for entry, last in open_after(node, reader, act):
        raise UsageError(
            f"`{act.id}` of {instant(act.at)} would not settle `{entry.id}`, in a record since {instant(last)}",
            hint="an act of both closes what both had entered by then; give a later --effective, the same for both",
        )


def _check_level(level: str) -> None:
    if level not in RANKS:
        raise UsageError(f"unknown level `{level}`", hint=f"levels: {', '.join(RANKS)}")


def assure(node: Node, to: str, instrument: str, level: str, *, by: Acting) -> SignedAct:
    """Assure a providing Party, once, that what it gives is received and protected as Article 7.5 asks.

    Args:
        node: the recipient Party's node.
        to: the providing Party, an enrolled peer.
        instrument: the agreement between the two.
        level: the highest level that the receiving representatives are cleared for.
        by: a security officer.

    Raises:
        UsageError: an agreement that is not adopted or not between the two, or an unknown level.
    """
    _check_level(level)
    with node.store.writing() as tx:
        known_peer(tx, to)
        adopted = tx.adopted()
        if instrument not in adopted:
            known = ", ".join(sorted(adopted)) or "none"
            raise UsageError(f"this node has not adopted `{instrument}`", hint=f"adopted: {known}")
        agreement = node.law(adopted).agreements[instrument]
        if agreement.legs or not {node.party, to} <= {*agreement.parties}:
            raise UsageError(
                f"`{instrument}` is no agreement between `{node.party}` and `{to}`",
                hint="an assurance is given under the agreement of the two (Article 7.5), not under an arrangement",
            )
        draft = Draft(type="assure", instrument=instrument, parties=(to,), body={"to": to, "level": level})
        return make(node, tx, [draft], at=node.clock.now(), by=by)[0]


def accredit(node: Node, system: str, level: str, *, by: Acting) -> SignedAct:
    """State that this node's system is security-accredited up to a level (Article 12(c)); every peer is told.

    Args:
        node: whose system.
        system: what it is called in the accreditation.
        level: the highest level it is accredited for.
        by: a security officer.

    Raises:
        UsageError: an unknown level.
    """
    _check_level(level)
    with node.store.writing() as tx:
        draft = Draft(type="accredit", body={"system": system, "level": level})
        act = make(node, tx, [draft], at=node.clock.now(), by=by)[0]
        for peer in tx.peers():
            tx.put_outgoing(peer, "act", act.id, node.clock.machine())
        return act
