"""What a recorded act changes in the register, the roster and the record: one place for one's own acts and a peer's.

Both registers are made from the same acts by this module, so they tell the same story or the act is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gsomia.agreement import READINGS, LegalAct
from gsomia.errors import DataError, VerificationError
from gsomia.keys import PublicKey, unb64
from gsomia.marking import Label
from gsomia.node.acts import HANDLING, LEGAL_ACTS, TOLD, Statement, read_instant
from gsomia.node.bodies import day, digest, entered_person, text, texts
from gsomia.node.keyends import KEY_TYPES, apply_compromise, apply_enrolment, apply_retirement
from gsomia.node.labels import equivalent_label, label_text
from gsomia.node.lognames import current_log, halted, peer_of_log, succession, successor_of
from gsomia.node.ports import Consent, Credential, EnteredAct, Peer, Writer
from gsomia.node.registering import USED, arrive, give, number_once, report, take
from gsomia.node.succession import check_successor, distrusted
from gsomia.registry import (
    Copy,
    CopyState,
    Rendition,
    Rung,
    RungEntry,
    advance,
    control_number,
)
from gsomia.sealed import XWingPublicKey
from gsomia.tlog import Checkpoint, LogVerifier, parse_note, verify_signed

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["PUBLIC_TYPES", "apply", "legal_act", "next_control_number"]

NODE_KEY = "node-key"
"""The setting that names this node's own signing key, once it was replaced."""

PUBLIC_TYPES = (*KEY_TYPES, "accredit")
"""Acts that every peer is told of: whose keys are an officer's, and that the node's system is accredited."""

# A peer may never write these into our store: they are about this node's own people, peers and law.
_OWN_ONLY = frozenset({"access", "adopt-law", "enrol-peer", "enter-person", "rendition", "stop"})

_RUNGS = {rung.value: rung for rung in Rung}


def apply(node: Node, tx: Writer, statement: Statement, *, source: str, at: datetime, delivered: bool = False) -> None:
    """Apply a verified act.

    Args:
        node: who records it.
        tx: the open transaction.
        statement: what the act says.
        source: "own", or the Party it came from.
        at: the instant of recording.
        delivered: whether the content of the copy that it is about came with it and holds.

    Raises:
        VerificationError: what it says cannot be.
    """
    kind = statement.type
    if source != "own" and kind in _OWN_ONLY:
        raise VerificationError(f"act `{statement.id}`: a peer has no say in `{kind}`")
    try:
        if kind in LEGAL_ACTS:
            _legal(tx, statement, at)
        elif kind in _RUNGS:
            _rung(node, tx, statement, _RUNGS[kind], delivered=delivered)
        elif kind in _EFFECTS:
            _EFFECTS[kind](node, tx, statement)
    except (AttributeError, ArithmeticError, LookupError, TypeError, ValueError, DataError) as error:
        raise VerificationError(f"act `{statement.id}`: its body does not fit `{kind}`: {error}") from error


def next_control_number(node: Node, tx: Writer, at: datetime) -> str:
    """The registry's next control number."""
    return control_number(node.party, at.year, tx.next_serial(f"control/{at.year}"))


def _enrol_key(node: Node, tx: Writer, statement: Statement) -> None:
    apply_enrolment(tx, statement)


def _retire_key(node: Node, tx: Writer, statement: Statement) -> None:
    apply_retirement(tx, statement)


def _enrol_peer(node: Node, tx: Writer, statement: Statement) -> None:
    identity = statement.body["identity"]
    party, signing = text(identity, "party"), PublicKey.from_json(identity["signing"])
    if distrusted(tx, signing) is not None:
        raise VerificationError(
            f"act `{statement.id}`: the key of `{party}` was declared compromised; it never comes back"
        )
    before = tx.peers().get(party)
    if before is not None and before.log.to_text() != identity["log"]:
        # Other log keys are other logs: what was kept and cosigned under the old ones says nothing of them.
        kept = [current_log(tx, party, log, exercise=node.exercise) for log in (node.party, "")]
        tx.forget_witness(party, kept)
    tx.put_peer(
        Peer(
            party=party,
            signing=signing,
            sealing=XWingPublicKey.from_bytes(unb64(identity["sealing"])),
            log=LogVerifier.from_text(identity["log"]),
            certificate=str(identity["certificate"]),
            fingerprint=text(statement.body, "fingerprint"),
            act=statement.id,
        )
    )


def _replace_node_key(node: Node, tx: Writer, statement: Statement) -> None:
    if statement.party == node.party:
        signing, _ = check_successor(statement, node.keys.signing.public)
        tx.put_setting(NODE_KEY, signing.fingerprint)
        return
    peer = tx.peers().get(statement.party)
    if peer is None:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` is not an enrolled peer")
    signing, sealing = check_successor(statement, peer.signing)
    tx.put_peer(replace(peer, signing=signing, sealing=sealing))


def _recover_log(node: Node, tx: Writer, statement: Statement) -> None:
    """A log whose entries were lost begins anew under its next origin; no witness keeps more than is declared."""
    body, party = statement.body, statement.party
    log, successor, note = text(body, "log"), text(body, "successor"), str(body["kept"]).encode()
    peer = peer_of_log(log)
    if peer and party != node.party and peer != node.party:
        raise VerificationError(f"act `{statement.id}`: `{log}` is no log of acts with `{node.party}`")
    if log != current_log(tx, party, peer, exercise=node.exercise) or successor != successor_of(log):
        raise VerificationError(
            f"act `{statement.id}`: `{log}` is not what `{party}` writes, or `{successor}` not next"
        )
    keys = node.keys.log.public if party == node.party else tx.peers()[party].log
    declared = verify_signed(note, keys.named(log)).checkpoint
    kept = tx.kept(log)
    if kept is not None and Checkpoint.from_text(parse_note(kept).text).size > declared.size:
        raise VerificationError(f"act `{statement.id}`: a larger checkpoint of `{log}` was cosigned than it declares")
    tx.put_setting(succession(log), successor)
    tx.put_setting(halted(log), "")


def _assure(node: Node, tx: Writer, statement: Statement) -> None:
    # An assurance is given to one providing Party (Article 7.5); one given to another says nothing here.
    if statement.party == node.party or node.party in statement.parties:
        _credential(tx, statement, "assure", f"{statement.instrument}")


def _accredit(node: Node, tx: Writer, statement: Statement) -> None:
    _credential(tx, statement, "accredit", "")


def _credential(tx: Writer, statement: Statement, kind: str, instrument: str) -> None:
    tx.put_credential(
        Credential(
            kind=kind,
            party=statement.party,
            instrument=instrument,
            level=text(statement.body, "level"),
            act=statement.id,
            at=statement.at,
        )
    )


def _enter_person(node: Node, tx: Writer, statement: Statement) -> None:
    tx.put_person(entered_person(statement))


def _adopt_law(node: Node, tx: Writer, statement: Statement) -> None:
    tx.put_adopted(statement.instrument, text(statement.body, "version"), statement.id)


def legal_act(statement: Statement, at: datetime) -> LegalAct:
    """What an act enters in the record of legal acts.

    Args:
        statement: of one of `LEGAL_ACTS`.
        at: the instant of recording.

    Raises:
        VerificationError: its body is no legal act.
    """
    body = statement.body
    try:
        declared = _reading(statement) if statement.type == "declare-reading" else ""
        declared = text(body, "successor") if statement.type == "replace" else declared
        return LegalAct(
            id=text(body, "id"),
            under=statement.instrument,
            act=statement.type,
            by=text(body, "by"),
            at=read_instant(body["effective"]),
            form=text(body, "form"),
            source=text(body, "source"),
            confidence=text(body, "confidence"),
            note=declared or text(body, "note"),
            known_at=at,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VerificationError(f"act `{statement.id}`: not a legal act as the record holds it: {error}") from error


def _legal(tx: Writer, statement: Statement, at: datetime) -> None:
    """A legal act enters the record as that Party's own entry; a peer's entry is *reported* (protocol 4)."""
    legal = legal_act(statement, at)
    for known in tx.record():
        if (known.legal.id, known.entered_by) == (legal.id, statement.party):
            raise VerificationError(
                f"act `{statement.id}`: `{statement.party}` has entered `{legal.id}` already, by act `{known.act}`"
            )
    tx.put_entered(
        EnteredAct(
            legal=legal,
            entered_by=statement.party,
            note=text(statement.body, "note"),
            note_date=day(statement.body, "note_date"),
            note_digest=digest(statement.body, "note_digest"),
            act=statement.id,
        )
    )


def _reading(statement: Statement) -> str:
    """The reading that a Party declares: its own, and nobody else's (protocol 4)."""
    reading = statement.body["reading"]
    if reading not in READINGS:
        raise ValueError(f"a reading is one of {', '.join(READINGS)}")
    if statement.body["by"] != statement.party:
        raise ValueError(f"a reading is declared by its own Party, this one by `{statement.party}`")
    return str(reading)


def _rung(node: Node, tx: Writer, statement: Statement, rung: Rung, *, delivered: bool) -> None:
    own = statement.party == node.party
    if rung is Rung.DISPATCHED and delivered and node.party in statement.parties and tx.copy(statement.copy) is None:
        arrive(node, tx, statement)
    copy = _copy_of(tx, statement)
    signer = copy.giver if rung is Rung.DISPATCHED else copy.holder
    if statement.party != signer:
        raise VerificationError(
            f"act `{statement.id}`: the rung `{rung}` of copy `{copy.id}` is for `{signer}` to sign"
        )
    item = tx.item(copy.item)
    if item is None or statement.body.get("payload_digest") != item.payload_digest:
        raise VerificationError(f"act `{statement.id}`: the rung `{rung}` is for another payload than copy `{copy.id}`")
    state = advance(copy, rung)
    if rung is Rung.RECEIPTED:
        _no_receipt_yet(statement, copy)
        _marked_so(statement, copy)
    custodian = copy.holder if rung is Rung.RECEIPTED else copy.custodian
    if own and rung is Rung.DISPATCHED:
        tx.put_acceptance(copy.id, text(statement.body, "acceptance"))
    elif own and rung is Rung.DELIVERED:
        copy = take(node, tx, statement, copy)
    elif rung is Rung.DELIVERED:
        number_once(node, tx, statement)
    tx.put_copy(replace(copy, state=state, custodian=custodian))
    tx.put_rung(RungEntry(copy=copy.id, rung=rung, act=statement.id, party=statement.party, at=statement.at))


def _rejected(node: Node, tx: Writer, statement: Statement) -> None:
    if statement.party == node.party and tx.copy(statement.copy) is None:
        # What this node rejects is never registered; its acceptance was for once.
        tx.put_acceptance(statement.copy, USED)
        return
    copy = _copy_of(tx, statement)
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: only `{copy.holder}` can reject copy `{copy.id}`")
    if copy.state not in (CopyState.DISPATCHED, CopyState.OFFERED, CopyState.REFUSED, CopyState.REJECTED):
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is {copy.state}: it cannot be rejected")
    if copy.state in (CopyState.DISPATCHED, CopyState.OFFERED):
        tx.put_copy(replace(copy, state=CopyState.REJECTED, reason=str(statement.body["why"])))


def _mark(node: Node, tx: Writer, statement: Statement) -> None:
    copy = _copy_of(tx, statement)
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: only `{copy.holder}` marks copy `{copy.id}` (re-marking)")
    _no_receipt_yet(statement, copy)
    mark, item = statement.body, tx.item(copy.item)
    level, label = text(mark, "level"), Label.from_json(mark["label"])
    if item is None or label != equivalent_label(item, level, copy.holder, label.created):
        raise VerificationError(f"act `{statement.id}`: its label is not the equivalent of the originator's")
    tx.put_copy(replace(copy, own_mark=level, origin_mark=text(mark, "origin"), own_label=label_text(label)))


def _no_receipt_yet(statement: Statement, copy: Copy) -> None:
    """A copy has one receipt, and keeps the mark that it was receipted with."""
    signed = copy.rung(Rung.RECEIPTED)
    if signed is not None:
        raise VerificationError(
            f"act `{statement.id}`: `{statement.type}` of copy `{copy.id}`, which was receipted by act `{signed.act}`"
        )


def _marked_so(statement: Statement, copy: Copy) -> None:
    """A receipt names the mark that an officer's act put on the copy (Article 4.2), and there must be one."""
    named = (text(statement.body, "mark"), text(statement.body, "origin"))
    if not copy.own_mark or named != (copy.own_mark, copy.origin_mark):
        marked = f"was marked `{copy.own_mark}`" if copy.own_mark else "was never marked"
        raise VerificationError(
            f"act `{statement.id}`: a receipt for copy `{copy.id}` with the mark `{named[0]}`; the copy {marked}"
        )


def _rendition(node: Node, tx: Writer, statement: Statement) -> None:
    """A rendition enters the register: numbered on, and of the same original as those before it."""
    copy, body = _copy_of(tx, statement), statement.body
    before = [made for made in tx.renditions(item=copy.item) if made.copy == copy.id]
    number, total = body["number"], body["total"]
    if number != len(before) + 1 or not number <= total or any(made.total > total for made in before):
        raise VerificationError(f"act `{statement.id}`: rendition {number} of {total} does not follow {len(before)}")
    original, rendition = digest(body, "original"), digest(body, "rendition")
    if any(made.original != original for made in tx.renditions(item=copy.item)):
        raise VerificationError(f"act `{statement.id}`: item `{copy.item}` had another original before")
    tx.put_rendition(
        Rendition(
            act=statement.id,
            copy=copy.id,
            item=copy.item,
            person=text(body, "person"),
            number=number,
            total=total,
            original=original,
            rendition=rendition,
            mime_type=text(body, "mime_type"),
            at=statement.at,
        )
    )


def _copy_of(tx: Writer, statement: Statement) -> Copy:
    copy = tx.copy(statement.copy)
    if copy is None:
        raise VerificationError(f"act `{statement.id}`: `{statement.type}` of a copy never sent: `{statement.copy}`")
    if copy.item != statement.item:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is not of item `{statement.item}`")
    return copy


def _tracer(node: Node, tx: Writer, statement: Statement) -> None:
    """A tracer or a possible loss changes nothing in the register; it is about a copy that its sender gave."""
    copy = _copy_of(tx, statement)
    if copy.giver != statement.party:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` never gave copy `{copy.id}`")
    if statement.type == "tracer":
        read_instant(statement.body["answer_by"])


def _acceptance(node: Node, tx: Writer, statement: Statement) -> None:
    if statement.party == node.party:
        tx.put_acceptance(statement.copy, statement.id)


def _refusal(node: Node, tx: Writer, statement: Statement) -> None:
    """The answer to an offer; what was accepted and delivered since cannot be denied by it."""
    copy = tx.copy(statement.copy)
    if statement.party == node.party or copy is None:
        return
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: only `{copy.holder}` can refuse copy `{copy.id}`")
    if copy.rung(Rung.ACCEPTED) is not None:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is {copy.state}: it cannot be refused")


def _give(node: Node, tx: Writer, statement: Statement) -> None:
    """One's own officer gives a copy; a peer's, which comes before the content, is kept until that is here."""
    if statement.party == node.party:
        give(node, tx, statement)
        return
    number_once(node, tx, statement)
    if statement.type == "release" and statement.body.get("holder") != node.party:
        item = tx.item(statement.item)
        if item is not None and item.originator == node.party:
            report(tx, statement)


def _stop(node: Node, tx: Writer, statement: Statement) -> None:
    """The giver's node stops a copy that is not known to have arrived."""
    copy = _copy_of(tx, statement)
    if copy.giver != node.party:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is not this node's to stop")
    if copy.state in (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.DISPATCHED):
        tx.put_copy(replace(copy, state=CopyState.REFUSED, reason=str(statement.body["why"])))


def _consent(state: str) -> Callable[[Node, Writer, Statement], None]:
    def effect(node: Node, tx: Writer, statement: Statement) -> None:
        body: Mapping[str, Any] = statement.body
        originator, asker, request = text(body, "originator"), text(body, "asker"), text(body, "request")
        receivers = texts(body, "receivers")
        if state != "asked" and statement.party != originator:
            raise VerificationError(f"act `{statement.id}`: only the originator `{originator}` can consent or refuse")
        if state == "asked" and (request or statement.party != asker):
            raise VerificationError(f"act `{statement.id}`: nobody asks for another, or under another's request")
        asked = next((c for c in tx.consents() if c.id == request), None) if request else None
        if asked is not None and (asked.state, asked.item, asked.originator, asked.asker, asked.receivers) != (
            "asked",
            statement.item,
            originator,
            asker,
            receivers,
        ):
            raise VerificationError(f"act `{statement.id}`: it does not answer the request `{request}`, or too late")
        if any(c.id == (request or statement.id) and c.state == REVOKED for c in tx.consents()):
            return  # word of its end came first
        item = tx.item(statement.item)
        if item is not None and originator not in item.contains:
            raise VerificationError(f"act `{statement.id}`: `{originator}` has no part in item `{statement.item}`")
        tx.put_consent(
            Consent(
                id=request or statement.id,
                item=statement.item,
                originator=originator,
                asker=asker,
                receivers=receivers,
                instrument=statement.instrument,
                state=state,
                conditions=text(body, "conditions"),
                act=statement.id,
                at=statement.at,
            )
        )

    return effect


REVOKED = "revoked"
"""The state of a consent that its originator took back."""


def _revoke_consent(node: Node, tx: Writer, statement: Statement) -> None:
    """The originator takes a consent back: nothing is handed on under it any more."""
    body = statement.body
    named, originator, asker = text(body, "consent"), text(body, "originator"), text(body, "asker")
    text(body, "why")
    known = next((c for c in tx.consents() if c.id == named), None)
    given = (statement.item, originator, asker, texts(body, "receivers"), "granted")
    if statement.party != originator:
        raise VerificationError(f"act `{statement.id}`: only the originator `{originator}` takes its consent back")
    if known is not None and (known.item, known.originator, known.asker, known.receivers, known.state) != given:
        raise VerificationError(f"act `{statement.id}`: it is of no consent that was given, or one that ended before")
    tx.put_consent(
        Consent(
            id=named,
            item=statement.item,
            originator=originator,
            asker=asker,
            receivers=given[3],
            instrument=statement.instrument,
            state=REVOKED,
            conditions=known.conditions if known is not None else "",
            act=statement.id,
            at=statement.at,
        )
    )


def _handled(node: Node, tx: Writer, statement: Statement) -> None:
    """What a copy's holder did with it; only its destruction changes the register."""
    copy = _copy_of(tx, statement)
    text(statement.body, "what"), texts(statement.body, "certified")
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is held by `{copy.holder}`")
    if copy.state not in (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED):
        raise VerificationError(
            f"act `{statement.id}`: no `{statement.type}` of copy `{copy.id}`, which is {copy.state}"
        )
    if statement.type == "destroy":
        tx.put_copy(replace(copy, state=CopyState.DESTROYED))


def _told(node: Node, tx: Writer, statement: Statement) -> None:
    """What a Party tells changes no register; another Party's item is not its to regrade."""
    text(statement.body, "what")
    item = tx.item(statement.item) if statement.item else None
    if statement.type == "notify-regrade" and item is not None and item.originator != statement.party:
        raise VerificationError(f"act `{statement.id}`: item `{item.id}` is `{item.originator}`'s to regrade")


def _recall(node: Node, tx: Writer, statement: Statement) -> None:
    """A recall stops what has not left yet, ends what waits, and goes on to those the item was handed on to."""
    text(statement.body, "why")
    item = tx.item(statement.item)
    if item is None:
        return  # what was recalled before it came is not taken in: `keyholding.recall_of` finds the act
    if statement.party != item.originator:
        raise VerificationError(f"act `{statement.id}`: only `{item.originator}` recalls item `{item.id}`")
    if statement.body.get("payload_digest") != item.payload_digest:
        raise VerificationError(f"act `{statement.id}`: it is of another payload than item `{item.id}`")
    for copy in tx.copies(item=item.id):
        tx.end_pending(copy.id)
        if copy.giver != node.party:
            continue
        if copy.state in (CopyState.AUTHORISED, CopyState.OFFERED):
            tx.put_copy(replace(copy, state=CopyState.REFUSED, reason=f"recalled by {statement.party}"))
        elif statement.party != node.party and copy.holder not in {statement.party, *statement.parties}:
            tx.put_outgoing(copy.holder, "act", statement.id, node.clock.machine())


def _confirm_recall(node: Node, tx: Writer, statement: Statement) -> None:
    act = tx.act(text(statement.body, "recall"))
    if act is None or (act.statement.type, act.statement.item) != ("recall", statement.item):
        raise VerificationError(f"act `{statement.id}` confirms a recall that was never asked")


def _answer_key(node: Node, tx: Writer, statement: Statement) -> None:
    item = tx.item(statement.item)
    told = {statement.party, *statement.parties}
    if item is not None and statement.type == "release-key" and not {statement.party} <= {*item.holders}:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` holds no key of item `{item.id}`")
    if node.party not in told:
        raise VerificationError(f"act `{statement.id}`: it is no answer to this node")


_EFFECTS: Mapping[str, Callable[[Node, Writer, Statement], None]] = {
    "enrol-key": _enrol_key,
    "retire-key": _retire_key,
    "declare-key-compromised": apply_compromise,
    "enrol-peer": _enrol_peer,
    "replace-node-key": _replace_node_key,
    "recover-log": _recover_log,
    "assure": _assure,
    "accredit": _accredit,
    "enter-person": _enter_person,
    "adopt-law": _adopt_law,
    "rejected": _rejected,
    "mark": _mark,
    "tracer": _tracer,
    "possible-loss": _tracer,
    "rendition": _rendition,
    "acceptance": _acceptance,
    "refusal": _refusal,
    "transmit": _give,
    "release": _give,
    "stop": _stop,
    "revoke-consent": _revoke_consent,
    **dict.fromkeys((*HANDLING, "destroy"), _handled),
    **dict.fromkeys(TOLD, _told),
    "recall": _recall,
    "confirm-recall": _confirm_recall,
    "release-key": _answer_key,
    "refuse-key": _answer_key,
    "consent": _consent("granted"),
    "request-consent": _consent("asked"),
    "refuse-consent": _consent("refused"),
}
