"""What is told of items that have passed on: consents, what was asked back, what has another level."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gsomia.node.acts.signed import instant
from gsomia.node.facts.asserted import Case
from gsomia.node.facts.levels import Review
from gsomia.node.holding.consent import consents_named, passed_under, told_under
from gsomia.node.holding.regrading import HELD, Regraded, regraded, reviews
from gsomia.node.node import Node
from gsomia.node.record.approval import GRANTED, REVOKED
from gsomia.node.record.oral import OralDisclosure
from gsomia.node.record.recall_answers import AskedBack, asked_back
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Consent, Passage
from gsomia.registry import Copy, read_copy_id

__all__ = ["consent_row", "consent_views", "recalled_rows", "regraded_view", "withdrawn_rows"]


def consent_views(reader: Reader, reference: str) -> list[dict[str, Any]]:
    """A consent or request, or all of an item: what passed or was told under each, and who lacks its newest act.

    Args:
        reader: the register.
        reference: the id of the consent or request, or of the item; or the beginning of one.
    """
    return [_consent_view(reader, one) for one in consents_named(reader.consents(), reference)]


def _consent_view(reader: Reader, consent: Consent) -> dict[str, Any]:
    copies = passed_under(reader, consent)
    rows = [_passed(reader, copy) for copy in copies]
    here = {copy.id for copy in copies}
    rows += [_told(one) for one in reader.passages(consent=consent.id) if one.copy not in here]
    waiting = sorted({entry.peer for entry in reader.outgoing() if entry.subject == consent.act})
    rows.sort(key=lambda row: (row["at"], row["copy"]))
    told = [_disclosed(one) for one in told_under(reader, consent)]
    return consent_row(consent) | {"passed": rows, "disclosed": told, "not_told_yet": waiting}


def _about(consent: Consent) -> tuple[str, ...]:
    """Whose consent about what, for whom and what for."""
    return (consent.item, consent.originator, consent.asker, consent.purpose, consent.part, consent.extent)


def withdrawn_rows(node: Node, reader: Reader) -> list[dict[str, Any]]:
    """The copies held here under a consent that its originator took back, or that were to be handed on under it.

    A row stands until the copy has ended, or another consent to the same Parties stands.

    Args:
        node: the holder's.
        reader: its store.
    """
    consents = reader.consents()
    found = []
    for one in consents:
        again = any(
            other.state == GRANTED
            and (other.expires is None or node.clock.now() < other.expires)
            and _about(other) == _about(one)
            and {*one.receivers} <= {*other.receivers}
            for other in consents
        )
        if one.state != REVOKED or again:
            continue
        copies = reader.copies(item=one.item) if one.asker == node.party else passed_under(reader, one)
        found += [
            {
                "control_number": copy.control_number,
                "copy": copy.id,
                "consent": one.id,
                "originator": one.originator,
                "asker": one.asker,
                "to": list(one.receivers),
                "why": one.why,
                "at": instant(one.at),
            }
            for copy in copies
            if copy.holder == node.party and copy.state in HELD
        ]
    return sorted(found, key=lambda row: (row["at"], row["consent"], row["copy"]))


def recalled_rows(reader: Reader, item: str, at: datetime) -> list[dict[str, Any]]:
    """What was asked back, copy by copy.

    Args:
        reader: the register.
        item: of this item alone (control number, item id or copy id); "" for all.
        at: the instant by which an answer is late.
    """
    named = {copy.item for copy in reader.find(item)} if item else {""}
    found = [_recalled(one, at) for name in named for one in asked_back(reader, name)]
    return sorted(found, key=lambda row: (row["asked"], row["copy"]))


def regraded_view(node: Node, reader: Reader) -> dict[str, Any]:
    """The copies of regraded items, who has followed, and the documents to review that draw on them.

    Args:
        node: whose register it is.
        reader: the register.
    """
    documents = []
    for one in sorted(reviews(reader, Case.of(node, reader)), key=lambda review: review.item.id):
        numbers = [copy.control_number for copy in reader.copies(item=one.item.id) if copy.control_number]
        documents.append(_review(one, numbers))
    return {"copies": [_regraded(one) for one in regraded(reader)], "reviews": documents}


def consent_row(consent: Consent) -> dict[str, Any]:
    """A consent, or a request for one, with its terms."""
    return {
        "request": consent.id,
        "item": consent.item,
        "originator": consent.originator,
        "asker": consent.asker,
        "to": list(consent.receivers),
        "state": consent.state,
        "purpose": consent.purpose,
        "part": consent.part + (f" ({consent.extent})" if consent.extent else ""),
        "conditions": list(consent.conditions),
        "expires": instant(consent.expires) if consent.expires is not None else "",
        "why": consent.why,
        "act": consent.act,
        "at": instant(consent.at),
    }


def _passed(reader: Reader, copy: Copy) -> dict[str, Any]:
    """A copy in this register that passed under a consent."""
    item = reader.item(copy.item)
    assert item is not None  # a copy never stands without its item
    return {
        "copy": copy.id,
        "item": copy.item,
        "from": copy.giver,
        "to": copy.holder,
        "state": copy.state.value,
        "level": item.level,
        "payload_digest": item.payload_digest,
        "at": instant(copy.at),
    }


def _told(passage: Passage) -> dict[str, Any]:
    """A copy that passed under a consent and is known from what its giver's node told."""
    item, giver, _ = read_copy_id(passage.copy)
    return {
        "copy": passage.copy,
        "item": item,
        "from": giver,
        "to": ", ".join(passage.receivers),
        "state": passage.state,
        "level": passage.level,
        "payload_digest": passage.payload_digest,
        "at": instant(passage.at),
    }


def _disclosed(one: OralDisclosure) -> dict[str, Any]:
    """What was told, and not given, under a consent."""
    return {
        "disclosure": one.id,
        "item": one.item,
        "part": one.part,
        "from": one.giver,
        "to": one.receiver,
        "level": one.level,
        "at": instant(one.at),
    }


def _which(one: AskedBack | Regraded) -> dict[str, Any]:
    return {
        "control_number": one.copy.control_number,
        "item": one.item.id,
        "copy": one.copy.id,
        "originator": one.item.originator,
        "giver": one.copy.giver,
        "holder": one.copy.holder,
    }


def _recalled(one: AskedBack, now: datetime) -> dict[str, Any]:
    answer = one.answer
    return {
        **_which(one),
        "recall": one.recall.id,
        "again": one.recall.body["again"],
        "asked": instant(one.recall.at),
        "due": instant(one.due),
        "closed": one.closed,
        "state": one.state(now),
        "answer": answer.id if answer is not None else "",
        "answered": instant(answer.at) if answer is not None else "",
        "acts": list(answer.body["acts"]) if answer is not None else [],
        "certified": list(answer.body["certified"]) if answer is not None else [],
        "why": str(answer.body["why"] if answer is not None else one.recall.body["why"]),
    }


def _regraded(one: Regraded) -> dict[str, Any]:
    return {
        **_which(one),
        "notice": one.notice.id,
        "before": str(one.notice.body["before"]),
        "level": one.level,
        "mark": one.copy.own_mark,
        "since": instant(one.notice.at),
        "state": one.state,
        "made": list(one.made),
    }


def _review(one: Review, numbers: list[str]) -> dict[str, Any]:
    return {
        "item": one.item.id,
        "control_numbers": numbers,
        "originator": one.item.originator,
        "level": one.level,
        "floor": one.floor,
        "must_rise": one.must_rise,
        "notices": [notice.id for notice in one.notices],
    }
