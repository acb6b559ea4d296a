"""Acts into the ledger: signed, verified, logged and applied in one transaction, or not done at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gsomia.errors import NodeError, SignatureError, VerificationError
from gsomia.keys import Signs
from gsomia.node.acts.elsewhere import AwaitedKey
from gsomia.node.acts.signed import SignedAct, Signer, Statement, sign_acts, verify_act, verify_acts
from gsomia.node.acts.types import ACT_TYPES, DONE
from gsomia.node.effects.applying import apply
from gsomia.node.effects.keyends import TURNING_TYPES
from gsomia.node.effects.orders import check_orders_of
from gsomia.node.effects.passing import PASSAGE, due_passages, passage_body
from gsomia.node.effects.registering import AUTHORITIES
from gsomia.node.effects.requests import check_answered
from gsomia.node.facts.asserted import Case
from gsomia.node.facts.equivalents import mark_fault
from gsomia.node.facts.levels import check_new_mark, levels_given
from gsomia.node.instants import check_instant, named_by
from gsomia.node.node import Acting, KnownKeys, Node, new_act_id
from gsomia.node.record.lognames import unless_halted
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import LogState, Passage
from gsomia.node.record.succession import DISTRUSTED, NODE_KEY, distrusted
from gsomia.tlog import SALT_BYTES, TILE_LEVELS, Checkpoint, Frontier, commitment, leaf_hash

__all__ = ["FOLLOWED", "SELDOM", "Draft", "Signing", "enter", "gather", "make", "make_each", "new_salts", "record"]

_NAMED = 4
"""So many of the acts that an act names are read with others'."""

SELDOM = ("notify-regrade", "recall", "confirm-recall")
"""The acts of an item that are asked for at each step of a copy's way, and of which there is mostly none."""


def gather(
    reader: Reader, acts: Iterable[SignedAct] = (), *, copies: Iterable[str] = (), types: Sequence[str] = SELDOM
) -> None:
    """Read together what will be asked for of acts that came, and of copies on their way.

    Args:
        reader: the store.
        acts: recorded yet or not.
        copies: the ids.
        types: the acts of their items that will be asked for.
    """
    told = [act.statement for act in acts]
    copies = [*copies, *(said.copy for said in told if said.copy)]
    # The rest of what one names, which anybody may make long, is read when its signature holds.
    named = (act for said in told for act in named_by(said)[:_NAMED])
    numbers = (str(said.body["control_number"]) for said in told if "control_number" in said.body)
    reader.prefetch(acts=[*(said.id for said in told), *named], copies=copies, numbers=numbers)
    known = (reader.copy(copy) for copy in copies)
    items = [*(copy.item for copy in known if copy is not None), *(said.item for said in told if said.item)]
    reader.prefetch(items=items, types=types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An act before it is signed; what is left out is filled in by `make`.

    Args:
        type: one of the act types.
        instrument, item, copy: what it is under and about, or "".
        parties: the peers who are party to it.
        body: what else belongs to the type.
        id: the act's id where others must name it before it is signed.
    """

    type: str
    instrument: str = ""
    item: str = ""
    copy: str = ""
    parties: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Drafts that are signed as one batch.

    Args:
        drafts: all of types that the same officers sign.
        by: the officer, in the role that the type names; or several, one for each of its roles in their order.
        send: whether the acts go to the peers who are party to them by the outbox; not so where they travel in an
            exchange of their own (offer, acceptance, content).
    """

    drafts: Sequence[Draft]
    by: Acting | Sequence[Acting] | None = None
    send: bool = True


def make(
    node: Node,
    tx: Writer,
    drafts: Sequence[Draft],
    *,
    at: datetime,
    by: Acting | Sequence[Acting] | None = None,
    send: bool = True,
) -> list[SignedAct]:
    """Sign drafts as one batch, as this node and as an officer where the type requires one, and enter them.

    Args:
        node: who acts.
        tx: the open transaction.
        drafts, by, send: as of a `Signing`.
        at: the instant of the acts.

    Returns:
        The acts as they stand in the log and the store now.

    Raises:
        RefusedError: the officer may not sign such an act.
        SignatureError: a type needs an officer and none acts.
    """
    return make_each(node, tx, [Signing(drafts=drafts, by=by, send=send)], at=at)[0]


def make_each(node: Node, tx: Writer, signings: Sequence[Signing], *, at: datetime) -> list[list[SignedAct]]:
    """Sign drafts batch by batch, and enter them; what all of them say is known before the first is signed.

    Args:
        node: who acts.
        tx: the open transaction.
        signings: the batches.
        at: the instant of the acts.

    Returns:
        The acts of each batch as they stand in the log and the store now.

    Raises:
        RefusedError: an officer may not sign such an act.
        SignatureError: a type needs an officer and none acts.
    """
    if not any(one.drafts for one in signings):
        return [[] for _ in signings]
    made = [_stated(node, tx, one, at) for one in signings]
    batches: Sequence[Sequence[Statement]] = [statements for statements, _ in made]
    keys = [held for _, held in made]
    for key in dict.fromkeys(key for held in keys for key in held if isinstance(key, AwaitedKey)):
        batches = key.agreed(batches)
    return [
        _entered(node, tx, one, sign_acts(statements, held), at) if statements else []
        for one, statements, held in zip(signings, batches, keys, strict=True)
    ]


def _stated(node: Node, tx: Writer, signing: Signing, at: datetime) -> tuple[list[Statement], list[Signs]]:
    """The statements of one batch, and the keys that must sign them."""
    drafts, by = signing.drafts, signing.by
    used = tx.setting(NODE_KEY)
    if used is not None and used != node.keys.signing.public.fingerprint:
        raise NodeError("this node's keys were replaced while it was at work", hint="start it again")
    declared = distrusted(tx, node.keys.signing.public)
    if declared is not None and any(draft.type != "replace-node-key" for draft in drafts):
        raise NodeError(
            f"this node's key was declared compromised by act `{declared}`; it signs nothing but what replaces it",
            hint="`gsomia key rotate`",
        )
    signers = [node.node_signer()]
    keys: list[Signs] = [node.keys.signing]
    roles = list(dict.fromkeys(role for draft in drafts for role in ACT_TYPES[draft.type].signing(draft.body)))
    if by is not None and roles:
        officers = [by] * len(roles) if isinstance(by, Acting) else list(by)
        for role, officer in zip(roles, officers, strict=True):
            node.officer(tx, officer, role)
            signers.append(Signer(role=role, key=officer.key.public.fingerprint, officer=officer.officer))
        keys += [one.key for one in dict.fromkeys(officers)]
    statements = [
        Statement(
            id=draft.id or new_act_id(at),
            type=draft.type,
            at=at,
            party=node.party,
            instrument=draft.instrument,
            parties=tuple(sorted(draft.parties)),
            item=draft.item,
            copy=draft.copy,
            signers=tuple(signers),
            exercise=node.exercise,
            body=draft.body,
        )
        for draft in drafts
    ]
    return statements, keys


def _entered(node: Node, tx: Writer, signing: Signing, acts: list[SignedAct], at: datetime) -> list[SignedAct]:
    """Enter one batch that was signed."""
    drafts = signing.drafts
    numbers = [str(draft.body["control_number"]) for draft in drafts if "control_number" in draft.body]
    tx.prefetch(copies=[draft.copy for draft in drafts], items=[draft.item for draft in drafts], numbers=numbers)
    if TURNING_TYPES.isdisjoint(draft.type for draft in drafts):
        verify_acts(acts, KnownKeys(tx, node.party, node.keys.signing.public), exercise=node.exercise)
        for draft, act in zip(drafts, acts, strict=True):
            if draft.id and tx.act(act.id) is not None:
                raise SignatureError(f"act `{act.id}` is known already")
            _store(node, tx, act, act.statement, source="own", at=at)
    else:  # after some of these other keys count
        for act in acts:
            enter(node, tx, act, source="own", at=at)
    record(node, tx, acts, at=at)
    if signing.send:
        for act in acts:
            for peer in act.statement.parties:
                tx.put_outgoing(peer, "act", act.id, node.clock.machine())
    return acts


def enter(
    node: Node,
    tx: Writer,
    act: SignedAct,
    *,
    source: str,
    at: datetime,
    delivered: bool = False,
    given_back: bool = False,
) -> Statement | None:
    """Verify an act, store it and apply what it says; the caller logs it in the same transaction.

    Args:
        node: who records.
        tx: the open transaction.
        act: one's own or a peer's.
        source: "own", or the Party it came from.
        at: the instant of recording.
        delivered: whether the content of the copy that it is about came with it and holds.
        given_back: whether a peer gives it back to a restored store, which may have taken it before.

    Returns:
        The statement, or None where the act is recorded already.

    Raises:
        SignatureError: the act does not hold, or its id is taken by another act.
        VerificationError: what it says cannot be, such as a receipt for a copy never sent, or its instant.
    """
    known = tx.act(act.id)
    if known is not None:
        if known.data != act.data:
            raise SignatureError(f"act `{act.id}` is known with other contents")
        return None
    statement = verify_act(act, KnownKeys(tx, node.party, node.keys.signing.public), exercise=node.exercise)
    # The signature holds, so the first signer named is that node's key (protocol 10).
    if source != "own" and tx.setting(f"{DISTRUSTED}{statement.signers[0].key}") is not None:
        raise SignatureError(f"act `{act.id}`: the key of `{statement.party}` was declared compromised")
    if source != "own" and statement.type == "mark":
        _check_mark(node, tx, statement)
    if source != "own" and not given_back and statement.type == "standing-order":
        check_orders_of(node, tx, statement, at)
    if source != "own" and statement.type in AUTHORITIES:
        check_answered(tx, statement)
    if source != "own" and statement.type == "regrade":
        check_new_mark(node, tx, statement)
    _store(node, tx, act, statement, source=source, at=at, delivered=delivered)
    return statement


def _check_mark(node: Node, tx: Writer, statement: Statement) -> None:
    """A mark that a peer tells is no lower than the originator's: by this node's own law, when it is told.

    The originator's level is the one that the mark says it is for, where that one is known to have been given; the
    notice of it may be on its way here, and one that counts here may be on its way there.

    Raises:
        VerificationError: it is lower, or unknown.
    """
    item, mark = tx.item(statement.item), statement.body.get("level")
    if item is None or not isinstance(mark, str):
        return  # its effect says what is wrong
    case, given, named = Case.of(node, tx), levels_given(tx, item), statement.body.get("foreign")
    faults = [
        mark_fault(case, originator=item.originator, level=level, party=statement.party, mark=mark)
        for level in given
        if level == named or named not in given
    ]
    if all(faults):
        raise VerificationError(f"act `{statement.id}`: {faults[0]}")


def _store(
    node: Node, tx: Writer, act: SignedAct, statement: Statement, *, source: str, at: datetime, delivered: bool = False
) -> None:
    check_instant(node, tx, statement, at)
    tx.put_act(act, source, at)
    apply(node, tx, statement, source=source, at=at, delivered=delivered)


def record(node: Node, tx: Writer, acts: Iterable[SignedAct], *, at: datetime) -> None:
    """Append acts to the logs they belong to: one for each peer that is party to it, or the internal one (protocol 9).

    The leaves are salted commitments; each log's new checkpoint is signed before the transaction ends. What happens to
    an item beyond its first recipient is passed on to its originator, whose register follows it; who consented to what
    goes in a document, or holds a part of what goes on, is told of it by an act of this node's own.
    """
    acts = list(acts)
    _relay(node, tx, acts)
    by_log: dict[str, list[SignedAct]] = {}
    known = tx.peers()
    for act in acts:
        # A Party that is no peer has no log here: what it is party to stands in the internal one.
        parties = ({*act.statement.parties, act.statement.party} - {node.party}) & {*known}
        for peer in sorted(parties) or [""]:
            by_log.setdefault(peer, []).append(act)
    for peer, belonging in by_log.items():
        _append(node, tx, peer, belonging, at=at)
    make(node, tx, [_told(tx, one) for one in due_passages(node, tx, acts, at)], at=at)


def _told(reader: Reader, passage: Passage) -> Draft:
    given = reader.act(passage.given)
    assert given is not None  # nothing goes by a consent that is not on file
    said = given.statement
    body = passage_body(passage)
    return Draft(type=PASSAGE, instrument=said.instrument, item=said.item, parties=(said.party,), body=body)


def _append(node: Node, tx: Writer, peer: str, acts: Sequence[SignedAct], *, at: datetime) -> None:
    name = node.log_name(tx, peer)
    unless_halted(tx, name)
    state = tx.log(name)
    frontier = Frontier.from_bytes(state.frontier) if state is not None else Frontier()
    salts = new_salts(len(acts))
    entries = [(commitment(salt, act.data), act.id, salt) for act, salt in zip(acts, salts, strict=True)]
    grown, completed = frontier.append([leaf_hash(entry) for entry, _, _ in entries], levels=TILE_LEVELS)
    checkpoint = Checkpoint(origin=name, size=grown.size, root=grown.root())
    # A larger tree is never signed at an earlier time: to a witness that would be the proof of a rollback.
    signed_at = max(at, state.signed_at) if state is not None else at
    head = LogState(
        name=name,
        size=grown.size,
        frontier=grown.to_bytes(),
        checkpoint=node.keys.log.named(name).sign_checkpoint(checkpoint, signed_at),
        signed_at=signed_at,
    )
    tx.append_log(head, frontier.size, entries, completed)


def new_salts(count: int) -> list[bytes]:
    """So many salts by chance, from one request to the system."""
    chance = secrets.token_bytes(SALT_BYTES * count)
    return [chance[at : at + SALT_BYTES] for at in range(0, len(chance), SALT_BYTES)]


FOLLOWED = frozenset(
    {
        "release",
        "dispatched",
        "accepted",
        "rejected",
        "delivered",
        "receipted",
        "opened",
        "mark",
        "answer-recall",
        *DONE,
    }
)
"""What an item's originator is told of a copy that another Party handed on."""


def _relay(node: Node, tx: Writer, acts: Sequence[SignedAct]) -> None:
    """Pass on to an item's originator what it was not party to: the release, and what became of the copy released."""
    for act in acts:
        statement = act.statement
        if statement.type not in FOLLOWED:
            continue
        copy, item = tx.copy(statement.copy), tx.item(statement.item)
        if copy is None or item is None or copy.giver != node.party or item.originator == node.party:
            continue
        if item.originator in tx.peers() and item.originator not in {statement.party, *statement.parties}:
            tx.put_outgoing(item.originator, "act", act.id, node.clock.machine())
            tx.follow(item.originator, item.id)
