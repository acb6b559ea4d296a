"""The originator's prior written consent (Article 6(a)): asked by the holder, given or refused by an officer."""

from __future__ import annotations

from gsomia.errors import UsageError
from gsomia.node.acts import SignedAct
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, known_peer
from gsomia.node.ports import Reader
from gsomia.node.sending import held_copy
from gsomia.node.stored import Consent

__all__ = ["answer_consent", "ask_consent", "revoke_consent"]


def ask_consent(node: Node, reference: str, to: str, why: str, *, by: Acting) -> list[SignedAct]:
    """Ask every other originator of a held item whether it may be handed on.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        to: the Party that would get it.
        why: for the originator's officer to read.
        by: a disclosure officer.

    Returns:
        One request for each originator.
    """
    with node.store.writing() as tx:
        copy = held_copy(tx, node, reference)
        item = tx.item(copy.item)
        assert item is not None  # a copy never stands without its item
        acts: list[SignedAct] = []
        for originator in item.contains:
            if originator == node.party:
                continue
            known_peer(tx, originator)
            body = {"request": "", "originator": originator, "asker": node.party, "receivers": [to], "conditions": why}
            draft = Draft(
                type="request-consent",
                instrument=copy.instrument,
                item=item.id,
                parties=(originator,),
                body=body,
            )
            acts.extend(make(node, tx, [draft], at=node.clock.now(), by=by))
    return acts


def answer_consent(node: Node, request: str, *, grant: bool, conditions: str, by: Acting) -> SignedAct:
    """Answer a request in writing: consent for this item, this asker and this recipient, or refusal.

    Args:
        node: the originator's node.
        request: the request's id, or the item's where one request for it is open.
        grant: consent, or refusal.
        conditions: under which it is given, or why it is refused; "" for none.
        by: a disclosure officer.

    Raises:
        UsageError: no such request is open.
    """
    with node.store.writing() as tx:
        asked = _open_request(node, tx, request)
        draft = Draft(
            type="consent" if grant else "refuse-consent",
            instrument=asked.instrument,
            item=asked.item,
            parties=(asked.asker,),
            body={
                "request": asked.id,
                "originator": asked.originator,
                "asker": asked.asker,
                "receivers": list(asked.receivers),
                "conditions": conditions,
            },
        )
        return make(node, tx, [draft], at=node.clock.now(), by=by)[0]


def revoke_consent(node: Node, consent: str, why: str, *, by: Acting) -> SignedAct:
    """Take a consent back: asker and receivers are told, and nothing is handed on under it any more (Article 6(a)).

    What was handed on before stays where it is; `recall` is for that.

    Args:
        node: the originator's node.
        consent: the consent's id, as `consents` lists it, or the item's where one consent for it stands.
        why: for the asker's officer.
        by: a disclosure officer.

    Raises:
        UsageError: no such consent of this Party's stands.
    """
    with node.store.writing() as tx:
        standing = [c for c in tx.consents() if c.state == "granted" and c.originator == node.party]
        found = [c for c in standing if consent in (c.id, c.item)]
        if len(found) != 1:
            listed = ", ".join(f"{c.id} ({c.asker} to {', '.join(c.receivers)})" for c in standing) or "none"
            raise UsageError(f"no one consent `{consent}` stands", hint=f"standing: {listed}")
        given = found[0]
        draft = Draft(
            type="revoke-consent",
            instrument=given.instrument,
            item=given.item,
            parties=tuple(sorted({given.asker, *given.receivers} & {*tx.peers()})),
            body={
                "consent": given.id,
                "originator": given.originator,
                "asker": given.asker,
                "receivers": list(given.receivers),
                "why": why,
            },
        )
        return make(node, tx, [draft], at=node.clock.now(), by=by)[0]


def _open_request(node: Node, reader: Reader, request: str) -> Consent:
    is_open = [c for c in reader.consents() if c.state == "asked" and c.originator == node.party]
    found = [c for c in is_open if request in (c.id, c.item)]
    if len(found) != 1:
        listed = ", ".join(f"{c.id} ({c.asker} asks for {', '.join(c.receivers)})" for c in is_open) or "none"
        raise UsageError(f"no one request `{request}` is open", hint=f"open: {listed}")
    return found[0]
