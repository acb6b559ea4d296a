"""The originator's prior written consent (Article 6(a)): asked by the holder, given or refused by an officer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gsomia.agreement import PURPOSES
from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct, Statement, instant
from gsomia.node.effects.consents import consent_said
from gsomia.node.facts.asserted import Case, item_of
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, known_peer, refused
from gsomia.node.record.approval import GRANTED, PARTS, WHOLE, WRITTEN, Passing, objection
from gsomia.node.record.beginnings import begun
from gsomia.node.record.oral import OralDisclosure
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Consent
from gsomia.node.transmission.releasing import held_copy
from gsomia.node.transmission.sending import keeping_refusals, refuse
from gsomia.node.transmission.underway import heed
from gsomia.registry import Copy
from gsomia.verdict import Facts, Request, decide

__all__ = [
    "Terms",
    "ask_consent",
    "consents_named",
    "give_consent",
    "passed_under",
    "refuse_consent",
    "revoke_consent",
    "told_under",
]

_PARTY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a consent is given.

    Args:
        conditions: what the officer who hands the item on certifies to have met.
        purpose: for which the receiver may have it, or "" for that of the request.
        expires: from this instant on nothing passes under it, or None.
        part, extent: what of the item, and which in words; "" for what the request names.
        form: of the approval; one that is not in writing is no consent.
    """

    conditions: tuple[str, ...] = ()
    purpose: str = ""
    expires: datetime | None = None
    part: str = ""
    extent: str = ""
    form: str = WRITTEN


def ask_consent(
    node: Node, reference: str, to: str, why: str, *, purpose: str = "", part: str = WHOLE, extent: str = "", by: Acting
) -> list[SignedAct]:
    """Ask every other originator of a held item whether it, or a part of it, may be handed on.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        to: the Party that would get it.
        why: for the originator's officer to read.
        purpose: for which it would get it, or "" for that of the item.
        part, extent: what of the item, and which in words where it is not the whole.
        by: a disclosure officer.

    Returns:
        One request for each originator.

    Raises:
        UsageError: nothing such is held here, or a word is not known.
        RefusedError: the officer may not ask.
    """
    at = node.clock.now()
    _check_part(part, extent)
    with keeping_refusals(node, f"request for consent to hand {reference} to {to}", at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        copy = held_copy(tx, node, reference)
        item = tx.item(copy.item)
        assert item is not None  # a copy never stands without its item
        _check_receiver(node, to)
        _check_purpose(purpose)
        drafts: list[Draft] = []
        for originator in item.contains:
            if originator == node.party:
                continue
            known_peer(tx, originator)
            body = {
                "request": "",
                "originator": originator,
                "asker": node.party,
                "receivers": [to],
                "purpose": purpose or item.purpose,
                "part": part,
                "extent": extent,
                "why": why,
            }
            draft = Draft(
                type="request-consent",
                instrument=copy.instrument,
                item=item.id,
                parties=(originator,),
                body=body,
            )
            drafts.append(draft)
        return make(node, tx, drafts, at=at, by=by)


def give_consent(node: Node, request: str, terms: Terms | None = None, *, by: Acting) -> SignedAct:
    """Consent in writing to a request: for this item, this asker and this recipient, on these terms.

    Args:
        node: the originator's node.
        request: the request's id, or the item's where one request for it is open; or the beginning of one.
        terms: what the request names, without condition or end, where they are left out.
        by: a disclosure officer.

    Raises:
        UsageError: no such request is open, or a word is not known.
        RefusedError: the officer may not consent, the approval is not in writing, or its end is past.
    """
    at, terms = node.clock.now(), terms or Terms()
    _check_part(terms.part or WHOLE, terms.extent)
    _check_purpose(terms.purpose)
    if terms.form != WRITTEN:
        _refuse_form(node, request, terms.form, at, by=by)
    with keeping_refusals(node, f"consent to request {request}", at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        asked = _open_request(node, tx, request)
        part, extent = (terms.part, terms.extent) if terms.part else (asked.part, asked.extent)
        if asked.part not in (WHOLE, part):
            raise refused("more-than-asked", f"the request is for a {asked.part} of the item, not for a {part}")
        if terms.expires is not None and terms.expires <= at:
            raise refused("expired", f"a consent that expired {instant(terms.expires)} lets nothing pass")
        draft = _answer(
            "consent",
            asked,
            {
                "purpose": terms.purpose or asked.purpose,
                "part": part,
                "extent": extent,
                "conditions": list(terms.conditions),
                "expires": instant(terms.expires) if terms.expires is not None else "",
                "form": terms.form,
                "why": "",
            },
        )
        return make(node, tx, [draft], at=at, by=by)[0]


def refuse_consent(node: Node, request: str, why: str, *, by: Acting) -> SignedAct:
    """Refuse a request in writing.

    Args:
        node, request, by: as for `give_consent`.
        why: for the asker.

    Raises:
        UsageError: no such request is open.
        RefusedError: the officer may not answer.
    """
    at = node.clock.now()
    with keeping_refusals(node, f"refusal of request {request}", at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        draft = _answer("refuse-consent", _open_request(node, tx, request), {"why": why})
        return make(node, tx, [draft], at=at, by=by)[0]


def _answer(kind: str, asked: Consent, said: dict[str, object]) -> Draft:
    body = {
        "request": asked.id,
        "originator": asked.originator,
        "asker": asked.asker,
        "receivers": list(asked.receivers),
    }
    return Draft(type=kind, instrument=asked.instrument, item=asked.item, parties=(asked.asker,), body=body | said)


def _refuse_form(node: Node, request: str, form: str, at: datetime, *, by: Acting) -> None:
    """What the agreement says of a release on an approval of another form, kept for people to see.

    Raises:
        RefusedError: always.
    """
    what = f"consent to request {request}, {form}"
    with keeping_refusals(node, what, at):
        with node.store.reading() as reader:
            node.officer(reader, by, "disclosure")
            asked = _open_request(node, reader, request)
            item = reader.item(asked.item)
            case = Case.of(node, reader)
            assert item is not None  # this Party's own information is in it
            onward = Request(act="release", by=asked.asker, to=asked.receivers[0], via=(), item=item_of(item))
            facts = Facts(
                consent="oral", combined_staff=False, established_by={"consent": f"officer {by.officer}: {form}"}
            )
            verdict = decide(case.law, onward, facts, case.record, at)
        if verdict.outcome == "permit":
            raise refused("not-in-writing", f"an approval that is {form} is no consent: it is given in writing")
    refuse(node, what, verdict, at)


def revoke_consent(node: Node, consent: str, why: str, *, by: Acting) -> SignedAct:
    """Take a consent back: asker and receivers are told, and nothing is handed on under it any more (Article 6(a)).

    What was handed on before stays where it is; `recall` is for that.

    Args:
        node: the originator's node.
        consent: the consent's id, as `consents` lists it, or the item's where one consent for it stands; or the
            beginning of one.
        why: for the asker's officer.
        by: a disclosure officer.

    Raises:
        UsageError: no such consent of this Party's stands.
        RefusedError: the officer may not take it back.
    """
    at = node.clock.now()
    with keeping_refusals(node, f"withdrawal of consent {consent}", at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        standing = [c for c in tx.consents() if c.state == GRANTED and c.originator == node.party]
        found = consents_named(standing, consent)
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
        acts = make(node, tx, [draft], at=at, by=by)
        heed(node, tx, acts, at)
        return acts[0]


def passed_under(reader: Reader, consent: Consent) -> list[Copy]:
    """The copies in this register that went, or would go, under a consent.

    Those of the item go to whom the consent names, by the one to whom it was given; those of documents that draw on it
    are what an officer certified it for, or what it let go at the instant of the officer's act.
    """
    told = {one.copy for one in reader.passages(consent=consent.id)}
    by = (consent.asker, *consent.receivers)
    return [
        copy
        for item in (consent.item, *(one.id for one in reader.drawing_on(consent.item)))
        for copy in reader.copies(item=item)
        if copy.giver in by
        and not {copy.holder, copy.destination}.isdisjoint(consent.receivers)
        and (item == consent.item or copy.id in told or _let(reader, consent, copy))
    ]


def told_under(reader: Reader, consent: Consent) -> list[OralDisclosure]:
    """The oral disclosures in this register that a consent let the giver make, at the instant of the officer's act.

    Of the item itself, or of a document that draws on it; where this register does not hold the document, those for
    which the officer certified the consent.
    """
    drawn = {one.id for one in reader.drawing_on(consent.item)}
    found = []
    for one in reader.disclosures():
        act = reader.act(one.id) if consent.originator in one.contains and one.giver != consent.originator else None
        if act is None or not (one.item in {consent.item, *drawn} or consent.id in act.statement.body["met"]):
            continue
        if _lets(reader, consent, act.statement, one.giver, one.receiver, drawn=one.item != consent.item):
            found.append(one)
    return found


def _let(reader: Reader, consent: Consent, copy: Copy) -> bool:
    """Whether the officer's act behind a copy of a document went by a consent, as the holder of the copy sees it."""
    acts = [act.statement for act in reader.acts(types=[copy.act], item=copy.item) if act.statement.copy == copy.id]
    return bool(acts) and _lets(reader, consent, acts[0], copy.giver, copy.holder, drawn=True)


def _lets(reader: Reader, consent: Consent, said: Statement, giver: str, receiver: str, *, drawn: bool) -> bool:
    """Whether a consent, as it was given, lets what an officer's act says go to a Party."""
    given = next((a for a in reader.acts(types=["consent"], item=consent.item) if consent.id in _names(a)), None)
    if given is None:
        return False
    passing = Passing(
        giver=giver,
        receivers=(receiver,),
        purpose=str(said.body["purpose"]),
        met=frozenset(said.body["met"]),
        drawn=drawn,
    )
    return not objection(consent_said(given.statement), passing, said.at, said.at)


def _names(act: SignedAct) -> tuple[str, str]:
    return act.id, str(act.statement.body["request"])


def consents_named(consents: Sequence[Consent], reference: str) -> list[Consent]:
    """The consents or requests that are meant by an id, by the id of their item, or by the beginning of one."""
    named = begun((name for one in consents for name in (one.id, one.item)), reference)
    return [one for one in consents if named in (one.id, one.item)]


def _open_request(node: Node, reader: Reader, request: str) -> Consent:
    is_open = [c for c in reader.consents() if c.state == "asked" and c.originator == node.party]
    found = consents_named(is_open, request)
    if len(found) != 1:
        listed = ", ".join(f"{c.id} ({c.asker} asks for {', '.join(c.receivers)})" for c in is_open) or "none"
        raise UsageError(f"no one request `{request}` is open", hint=f"open: {listed}")
    return found[0]


def _check_receiver(node: Node, party: str) -> None:
    """A consent may name any country; only those to whom this node is linked can be handed anything by it."""
    if not _PARTY.fullmatch(party) or party == node.party:
        raise UsageError(f"`{party}` is no other country", hint="an ISO 3166-1 alpha-3 code, such as USA")


def _check_part(part: str, extent: str) -> None:
    if part not in PARTS:
        raise UsageError(f"unknown part `{part}`", hint=f"known: {', '.join(PARTS)}; named with --part")
    if part == WHOLE and extent:
        raise UsageError("the whole item has no extent", hint="--part portion|rendition|derivative with --extent")
    if part != WHOLE and not extent.strip():
        raise UsageError(f"which {part}?", hint="say it in words with --extent, such as `paragraphs 2 to 4`")


def _check_purpose(purpose: str) -> None:
    if purpose and purpose not in PURPOSES:
        raise UsageError(f"unknown purpose `{purpose}`", hint=f"known: {', '.join(PURPOSES)}; named with --purpose")
