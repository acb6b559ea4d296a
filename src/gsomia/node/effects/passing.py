"""What an originator is told of what passes under its consent without being a copy that its own register follows.

A document that draws on an item is another Party's item, and of an item that holds parts of several Parties only its
originator is told the release. So the giver's node says by an act of its own that such a copy goes by the consent, and
what came of it: which copy, to whom, at what level, under which digest; neither title nor content, nor anything of
what other originators consented to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gsomia.node.acts.signed import SignedAct, Statement, instant
from gsomia.node.effects.registering import AUTHORITIES
from gsomia.node.record.approval import Passing, certified_words, objection
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Consent, Passage
from gsomia.registry import Copy, CopyState, Item, Rung

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["PASSAGE", "due_passages", "passage_body", "supersedes"]

PASSAGE = "passage"

_RANKS: Mapping[str, int] = {
    CopyState.AUTHORISED.value: 0,
    CopyState.REFUSED.value: 1,
    CopyState.REJECTED.value: 1,
    CopyState.DELIVERED.value: 2,
}
"""What is said of a copy; what comes later in this order counts: what was stopped on its way may have arrived."""

_ENDS = frozenset({"delivered", "rejected", "stop"})
"""The acts that say what came of a copy."""


def supersedes(state: str, known: Passage | None) -> bool:
    """Whether a state of a copy says more than what was told of it before.

    Raises:
        ValueError: it is no state that is told.
    """
    if state not in _RANKS:
        raise ValueError(f"`state` is one of {', '.join(_RANKS)}")
    return known is None or _RANKS[state] > _RANKS[known.state]


def due_passages(node: Node, reader: Reader, acts: Sequence[SignedAct], at: datetime) -> list[Passage]:
    """What the originators of consents are to be told, now that these acts were recorded.

    Args:
        node: the giver's.
        reader: its store, with the acts applied.
        acts: just recorded: this node's own authorities, and what came of copies that it gave.
        at: the instant of recording.
    """
    found: dict[tuple[str, str], Passage] = {}
    for act in acts:
        said = act.statement
        if said.type in AUTHORITIES and said.party == node.party and said.at == at:
            passages = _going(node, reader, said)
        elif said.type in _ENDS:
            passages = _ended(node, reader, reader.copy(said.copy))
        elif said.type == "recall":
            given = [copy for copy in reader.copies(item=said.item) if copy.giver == node.party]
            passages = (one for copy in given for one in _ended(node, reader, copy))
        else:
            continue
        found |= {(one.copy, one.consent): one for one in passages}
    return [*found.values()]


def passage_body(passage: Passage) -> dict[str, Any]:
    """What the act says."""
    return {
        "consent": passage.consent,
        "acts": [passage.given],
        "copy": passage.copy,
        "receivers": list(passage.receivers),
        "purpose": passage.purpose,
        "level": passage.level,
        "payload_digest": passage.payload_digest,
        "certified": list(passage.certified),
        "authorised": instant(passage.authorised),
        "state": passage.state,
    }


def _of_others(item: Item | None) -> bool:
    """Whether an item holds what is not its originator's alone: of any other nobody else is told."""
    return item is not None and (bool(item.cites) or len(item.contains) > 1)


def _going(node: Node, reader: Reader, said: Statement) -> Iterator[Passage]:
    """A copy that may go now, by each consent of another Party's that lets it and of which that one hears not else."""
    item, copy = reader.item(said.item), reader.copy(said.copy)
    if item is None or copy is None or not _of_others(item):
        return
    known = {one.consent for one in reader.passages(copy=copy.id)}
    for name, contains in [(item.id, item.contains), *((one.item, one.contains) for one in item.cites)]:
        for consent in reader.consents(name):
            own = consent.originator == node.party or (name, consent.originator) == (item.id, item.originator)
            if own or consent.id in known or consent.originator not in reader.peers():
                continue
            receivers = _let(node, consent, item, copy, said, contains)
            if receivers:
                yield Passage(
                    consent=consent.id,
                    copy=copy.id,
                    given=consent.act,
                    receivers=receivers,
                    purpose=item.purpose,
                    level=item.level,
                    payload_digest=item.payload_digest,
                    certified=certified_words(consent) if consent.id in said.body["met"] else (),
                    authorised=said.at,
                    state=CopyState.AUTHORISED.value,
                    act="",
                    at=said.at,
                )


def _let(
    node: Node, consent: Consent, item: Item, copy: Copy, said: Statement, contains: Sequence[str]
) -> tuple[str, ...]:
    """The Parties that get a copy by this consent; whose own part it is needs none."""
    passing = Passing(
        giver=node.party,
        receivers=(),
        purpose=item.purpose,
        met=frozenset(said.body["met"]),
        drawn=consent.item != item.id,
    )
    known_by = said.at + node.limits.max_skew
    return tuple(
        party
        for party in dict.fromkeys((*copy.via, copy.destination))
        if party not in contains and not objection(consent, replace(passing, receivers=(party,)), said.at, known_by)
    )


def _ended(node: Node, reader: Reader, copy: Copy | None) -> Iterator[Passage]:
    """What came of a copy that this node gave, for those who were told that it goes."""
    if copy is None or copy.giver != node.party or not _of_others(reader.item(copy.item)):
        return
    state = CopyState.DELIVERED if copy.rung(Rung.DELIVERED) is not None else copy.state
    for told in reader.passages(copy=copy.id):
        if state in _RANKS and supersedes(state.value, told):
            yield replace(told, state=state.value)
