"""The answering side of `originator` custody and of shares: each request decided at that instant, and logged.

The node may refuse by recall, purpose ended, clearance, need or roster, and by nothing else: the end or a dispute of an
agreement stops no opening of what was given before (Articles 21.4 and 20.2, protocol 11).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from gsomia.errors import GsomiaError, MessageError
from gsomia.node.acts.signed import pack
from gsomia.node.facts.asserted import Case, item_of, protecting, transmission_facts
from gsomia.node.facts.levels import in_force
from gsomia.node.holding.keyrequests import KeyRequest, access_digest
from gsomia.node.ledger import Draft, make
from gsomia.node.messages import Message
from gsomia.node.node import Node
from gsomia.node.record.approval import Passing
from gsomia.node.record.keyholding import recall_of, unless_recalled
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Peer, Refused
from gsomia.node.refusals import keep
from gsomia.node.transmission.offers import verdict_digest
from gsomia.registry import Copy, CopyState, Custody, Item, Rung
from gsomia.sealed import Encapsulation, KeyAccess, Recipient, read, release
from gsomia.verdict import Request, Verdict, decide

__all__ = ["answer_key_requests"]

MANY_KEYS = 256
"""At most so many keys are asked for in one message."""

_T = TypeVar("_T")

_NEVER_ARRIVED = (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.REFUSED, CopyState.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """One request decided: the act to be signed, and the wrapped share where it is a release."""

    request: KeyRequest
    draft: Draft
    access: KeyAccess | None
    why: str = ""


def answer_key_requests(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Answer a peer's requests for keys.

    Returns:
        `keys`, with an act for each request, a release or a refusal, and the wrapped share for each release.

    Raises:
        MessageError: something in the message is no request for a key.
    """
    values = message.body.get("requests")
    if not isinstance(values, list) or not 1 <= len(values) <= MANY_KEYS:
        raise MessageError(f"a list of 1 to {MANY_KEYS} requests was expected")
    requests = [KeyRequest.from_json(value) for value in values]
    if len({request.id for request in requests}) != len(requests):
        raise MessageError("two requests have one id")
    with node.store.writing() as tx:
        answering = _Answering(node=node, tx=tx, peer=peer, message=message.id, at=at)
        decided = [answering.decide(request) for request in requests]
        acts = make(node, tx, [one.draft for one in decided], at=at)
        for one in decided:
            if one.access is None:
                what = f"key of copy {one.request.copy}"
                keep(node, tx, Refused(at=at, source=peer.party, what=what, why=one.why, detail=one.draft.body))
    return "keys", {"acts": pack(acts), "access": _access(decided)}


def _access(decided: Sequence[_Decided]) -> dict[str, Any]:
    return {one.request.id: one.access.to_json() for one in decided if one.access is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answering:
    """The answers to one message: one transaction and one instant, so what one request needed is not sought again.

    Args:
        node, tx, peer, message, at: whose answers, on what, to whom, to which message, when.
    """

    node: Node
    tx: Reader
    peer: Peer
    message: str
    at: datetime
    _found: dict[Hashable, Any] = field(default_factory=dict)

    def _once(self, name: Hashable, find: Callable[[], _T]) -> _T:
        if name not in self._found:
            self._found[name] = find()
        found: _T = self._found[name]
        return found

    def decide(self, request: KeyRequest) -> _Decided:
        """The answer to one request: what is not ours to release is refused too, and by an act that both logs hold."""
        node, peer = self.node, self.peer
        item = self.tx.item(request.item)
        about = (request.copy, request.item, request.payload_digest)
        why = self._once(("why not", *about), lambda: _why_not(node, self.tx, peer, request, item))
        if why or item is None:
            return _refused(node, peer, request, item, why, None)
        asked = (*about, *request.told().values())
        verdicts = self._once(
            ("verdicts", *asked), lambda: _verdicts(node, self.tx, peer, request, item, self.message, self.at)
        )
        failing = next((verdict for verdict in verdicts if verdict.outcome != "permit"), None)
        if failing is not None:
            return _refused(node, peer, request, item, f"{failing.outcome}: {failing.against}", failing)
        try:
            access = self._wrapped(request, item)
        except GsomiaError as error:
            return _refused(node, peer, request, item, f"the item does not hold in this store: {error}", None)
        if access is None:
            return _refused(node, peer, request, item, f"this node holds no share `{request.sid}` of its key", None)
        body = _body(request) | {
            "kid": access.kid,
            "access": access_digest(access),
            "verdict": self._once(("digest", *asked), lambda: verdict_digest(verdicts[0])),
            "law": dict(verdicts[0].law),
        }
        draft = _draft(node, peer, request, item, "release-key", body, instrument=verdicts[0].instrument)
        return _Decided(request=request, draft=draft, access=access)

    def _wrapped(self, request: KeyRequest, item: Item) -> KeyAccess | None:
        """The share that was asked for, wrapped to the request's own key; None where it does not open here."""
        node = self.node
        wrapped = self._once(
            ("wrapped", item.id),
            lambda: node.wrapped_keys.of(node.blobs, item.id, lambda file: read(file).wrapped_key),
        )
        # Openings that are asked for together may name one key: then one encapsulation serves them all.
        recipient, encapsulation = self._once(("asker", request.key), lambda: _asker(request))
        given = release(
            wrapped,
            identities=self._once("identities", lambda: node.identities),
            recipient=recipient,
            sid=request.sid,
            encapsulation=encapsulation,
        )
        return next(iter(given), None)


def _asker(request: KeyRequest) -> tuple[Recipient, Encapsulation]:
    public = request.public
    return Recipient(kid=public.kid, url="gsomia:opening", key=public), Encapsulation(public)


def _body(request: KeyRequest) -> dict[str, Any]:
    return {
        "request": request.digest,
        "sid": request.sid,
        "payload_digest": request.payload_digest,
        "told": request.told(),
        "asker_verdict": request.verdict,
    }


def _refused(
    node: Node, peer: Peer, request: KeyRequest, item: Item | None, why: str, verdict: Verdict | None
) -> _Decided:
    grounds = verdict.to_json()["grounds"] if verdict is not None else []
    body = _body(request) | {"why": why, "grounds": grounds}
    return _Decided(request=request, draft=_draft(node, peer, request, item, "refuse-key", body), access=None, why=why)


def _draft(
    node: Node,
    peer: Peer,
    request: KeyRequest,
    item: Item | None,
    kind: str,
    body: dict[str, Any],
    *,
    instrument: str = "",
) -> Draft:
    """The act for the asker; where another Party holds a share of an item, its originator is told of each release."""
    told = {peer.party} | ({item.originator} if item is not None else set())
    parties = tuple(sorted(told - {node.party}))
    return Draft(type=kind, instrument=instrument, item=request.item, copy=request.copy, parties=parties, body=body)


def _why_not(node: Node, tx: Reader, peer: Peer, request: KeyRequest, item: Item | None) -> str:
    """Why a request is not for a key that this node answers for to this peer; "" where it is."""
    if item is None or item.custody is Custody.RECIPIENT or node.party not in item.holders:
        return "this node answers for no key of that item"
    if request.payload_digest != item.payload_digest:
        return "the request is for another payload than the item's"
    copy = tx.copy(request.copy)
    if item.originator == node.party:
        if copy is None or copy.holder != peer.party or copy.item != item.id or copy.state in _NEVER_ARRIVED:
            return f"`{peer.party}` holds no such copy of the item"
    elif peer.party not in item.holders or _held(node, tx, item) is None:
        return f"`{peer.party}` is none of those who hold the item in shares, or this node is not yet"
    return ""


def _verdicts(
    node: Node, tx: Reader, peer: Peer, request: KeyRequest, item: Item, message: str, at: datetime
) -> list[Verdict]:
    """What the agreements say to this opening, now, by this node's own law and record.

    The originator puts the asker's opening to the agreement by which it gave the item. Another holder of a share
    answers for it by the agreement that protects the item in its own hands: the opening by its conditions, and the
    handing on of its share by the originator's written consent, which came with the item.
    """
    case = Case.of(node, tx)
    facts = request.facts(f"message {message} of {peer.party}")
    recalled = recall_of(tx, item.id, item.originator)
    own = item.originator == node.party
    held = tx.copy(request.copy) if own else _held(node, tx, item)
    assert held is not None  # `_why_not` has seen it, or the share has come with it
    arrived = held.rung(Rung.DELIVERED)
    asked = Request(
        act="open",
        by=peer.party if own else node.party,
        to="person",
        item=item_of(in_force(tx, case, item, held), received=arrived.at if arrived is not None else held.at),
        under=protecting(case, held, item),
    )
    verdicts = [unless_recalled(decide(case.law, asked, facts, case.record, at), recalled)]
    if not own:
        consents = transmission_facts(
            node,
            tx,
            passing=Passing(giver=node.party, receivers=(peer.party,), purpose=item.purpose),
            holder=peer.party,
            item=item.id,
            mark=(item.originator, item.level),
            at=at,
        )
        onward = Request(act="release", by=node.party, to=peer.party, item=asked.item, under=asked.under)
        verdicts.append(decide(case.law, onward, consents, case.record, at))
    return verdicts


def _held(node: Node, tx: Reader, item: Item) -> Copy | None:
    return next((copy for copy in tx.copies(item=item.id) if copy.holder == node.party), None)
