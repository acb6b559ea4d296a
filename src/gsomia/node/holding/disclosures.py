"""Oral and visual disclosures: told or shown, with nothing handed over, and recorded by an act (Articles 2(a), 6(f)).

The act is the record that the agreement asks for. It comes before the words: the verdict first, then the act, then the
meeting. Who is there of the other Party is cleared on its assurance (7.5); its own node puts each of them to Article 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gsomia.errors import RefusedError, UsageError
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.facts.asserted import Case, transmission_facts
from gsomia.node.facts.levels import in_force
from gsomia.node.facts.words import check_words, treaty_mark
from gsomia.node.holding.custody import ask_open
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, known_peer
from gsomia.node.people.persons import known_person
from gsomia.node.record.access import MAIN_FACILITY
from gsomia.node.record.approval import GRANTED, Passing
from gsomia.node.record.beginnings import begun
from gsomia.node.record.keyholding import recall_of, unless_recalled
from gsomia.node.record.oral import OralDisclosure, present_of
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.releasing import ask_release, check_marked, held_copy
from gsomia.node.transmission.sending import certified, keeping_refusals, refuse
from gsomia.registry import Copy, Item
from gsomia.verdict import Facts, Request, Verdict, decide
from gsomia.verdict import Item as LawItem
from gsomia.verdict import Person as LawPerson

__all__ = ["Telling", "disclose_orally", "disclosure_named", "disclosure_rows", "disclosure_view"]

_TEXT = 1000
_FORM = "oral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is told or shown, to whom, and who is there.

    Args:
        to: the Party told.
        what: the minute, in words that are not classified themselves.
        place: where.
        present: who is there, each as `PARTY:PERSON`, somebody of both Parties.
        item: the item that is told of (control number, item id or copy id), or "" for what stands in none.
        part: what of the item, in words.
        level, subject, purpose: of what is told; of an item they are the item's.
        under: the agreement, or "" for any that could carry it.
        met: the consents, by id, whose conditions the officer certifies to have met.
    """

    to: str
    what: str
    place: str
    present: tuple[str, ...]
    item: str = ""
    part: str = ""
    level: str = ""
    subject: str = ""
    purpose: str = "defence"
    under: str = ""
    met: tuple[str, ...] = ()


def disclose_orally(node: Node, telling: Telling, *, by: Acting) -> SignedAct:
    """Record that something is told or shown, where the agreement permits it; the Party told and originators are told.

    Args:
        node: the node of the Party that tells.
        telling: what, to whom, who is there.
        by: a disclosure officer.

    Raises:
        UsageError: a word that is not known, nobody of one Party is there, or no such item or person.
        RefusedError: the agreement refuses or is uncertain, a person of this Party's may not know it, or the officer
            may not tell it; it is kept.
    """
    at = node.clock.now()
    what = f"oral disclosure to {telling.to}"
    _check(node, telling)
    with keeping_refusals(node, what, at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        case = Case.of(node, tx)
        copy, item = _item(node, tx, telling.item)
        said = _said(node, tx, case, telling, copy, item, at)
        for person in said.persons(node.party):
            _may_know(node, tx, person, copy)
        known_peer(tx, telling.to)
        verdict = _judge(node, tx, case, said, item, met=telling.met)
        if copy is not None and item is not None:
            check_marked(copy)
            # What protects another's item is asked as of a release: to tell it is to let a third Party have it.
            protecting = ask_release(node, tx, copy, item, telling.to, at=at, met=telling.met)[0]
            verdict = protecting if protecting.outcome != "permit" else verdict
        elif item is not None:
            verdict = unless_recalled(verdict, recall_of(tx, item.id, item.originator))
        act = None
        if verdict.outcome == "permit":
            body: dict[str, Any] = {
                "to": said.receiver,
                "under": verdict.instrument or said.instrument,
                "part": said.part,
                "originator": said.originator,
                "contains": list(said.contains),
                "level": said.level,
                "mark": said.mark,
                "subject": said.subject,
                "purpose": said.purpose,
                "what": said.what,
                "place": said.place,
                "present": list(said.present),
                "met": dict(certified(tx, item, telling.met)) if item is not None else {},
                "verdict": verdict_digest(verdict),
            }
            told = ({said.receiver, *said.contains} - {node.party}) & {*tx.peers()}
            draft = Draft(
                type="disclose-orally",
                instrument=str(body["under"]),
                item=said.item,
                parties=tuple(sorted(told)),
                body=body,
            )
            _send_consents(node, tx, item, said.receiver)
            act = make(node, tx, [draft], at=at, by=by)[0]
    if act is None:
        refuse(node, what, verdict, at)
    return act


def disclosure_rows(reader: Reader) -> list[dict[str, Any]]:
    """The disclosures that were recorded, as data."""
    return [_row(one) for one in reader.disclosures()]


def disclosure_named(reader: Reader, reference: str) -> OralDisclosure | None:
    """The disclosure of this id, or the only one whose id begins so."""
    return reader.disclosure(begun((one.id for one in reader.disclosures()), reference))


def disclosure_view(node: Node, reader: Reader, one: OralDisclosure, at: datetime) -> dict[str, Any]:
    """A disclosure, what the agreement says of it by this Party's record, and of each of its persons who was there.

    Whose information another told learns that it was, and judges nothing: it knows not what those two assured.

    Args:
        node: whose register it is.
        reader: its store.
        one: which.
        at: the instant of the question.
    """
    case = Case.of(node, reader)
    item = reader.item(one.item) if one.item else None
    act = reader.act(one.id)
    met = tuple(act.statement.body["met"]) if act is not None else ()
    concerned = node.party in (one.giver, one.receiver)
    verdict = _judge(node, reader, case, one, item, met=met).to_json() if concerned else None
    persons = [
        {"person": person, "outcome": found.outcome if found is not None else "", "why": _why(found)}
        for person in (one.persons(node.party) if node.party == one.receiver else ())
        for found in [_access(node, reader, case, one, person, at)]
    ]
    waiting = sorted({entry.peer for entry in reader.outgoing() if entry.subject == one.id})
    return _row(one) | {"verdict": verdict, "persons": persons, "not_told_yet": waiting}


def _row(one: OralDisclosure) -> dict[str, Any]:
    return {
        "disclosure": one.id,
        "giver": one.giver,
        "receiver": one.receiver,
        "instrument": one.instrument,
        "item": one.item,
        "part": one.part,
        "originator": one.originator,
        "contains": list(one.contains),
        "level": one.level,
        "mark": one.mark,
        "subject": one.subject,
        "purpose": one.purpose,
        "what": one.what,
        "place": one.place,
        "present": list(one.present),
        "at": instant(one.at),
    }


def _why(found: Verdict | None) -> str:
    if found is None:
        return "nobody entered this person"
    return "" if found.outcome == "permit" else found.against


def _item(node: Node, reader: Reader, reference: str) -> tuple[Copy | None, Item | None]:
    """The item that is told of: one's own as it was given, or one that is held; and the copy that is held."""
    if not reference:
        return None, None
    found = reader.copy(reference)
    copies = [found] if found is not None else reader.find(reference)
    if any(copy.holder == node.party for copy in copies):
        copy = held_copy(reader, node, reference)
        return copy, reader.item(copy.item)
    if not copies:
        raise UsageError(f"no item `{reference}` is registered", hint="`gsomia register` lists what is")
    item = reader.item(copies[0].item)
    if item is None or item.originator != node.party:
        raise UsageError(f"item `{reference}` is neither held here nor this Party's own")
    return None, item


def _said(
    node: Node, reader: Reader, case: Case, telling: Telling, copy: Copy | None, item: Item | None, at: datetime
) -> OralDisclosure:
    now = in_force(reader, case, item) if item is not None else None
    subject, purpose = (now.subject, now.purpose) if now is not None else (telling.subject, telling.purpose)
    check_words(
        case, to=telling.to, via=(), contains=(), subject=subject, purpose=purpose, under=telling.under, title=""
    )
    return OralDisclosure(
        id="",
        giver=node.party,
        receiver=telling.to,
        instrument=telling.under,
        item=now.id if now is not None else "",
        part=telling.part,
        originator=now.originator if now is not None else node.party,
        contains=now.contains if now is not None else (node.party,),
        mark=copy.own_mark if copy is not None else "",
        level=now.level if now is not None else treaty_mark(case, node.party, telling.level),
        subject=subject,
        purpose=purpose,
        what=telling.what,
        place=telling.place,
        present=tuple(sorted(telling.present)),
        at=at,
    )


def _judge(
    node: Node, reader: Reader, case: Case, said: OralDisclosure, item: Item | None, *, met: Sequence[str]
) -> Verdict:
    """What the agreement says of it, as of the instant of the disclosure, by what this node's record establishes."""
    passing = Passing(giver=said.giver, receivers=(said.receiver,), purpose=said.purpose, met=frozenset(met))
    facts = transmission_facts(
        node,
        reader,
        passing=passing,
        holder=said.receiver,
        item=said.item,
        mark=(said.originator, said.level),
        at=said.at,
        cites=item.cites if item is not None else (),
    )
    record = {"record-made": "the act itself, with who was there"}
    facts = replace(facts, record_made=True, established_by={**facts.established_by, **record})
    told = LawItem(
        originator=said.originator,
        level=said.mark or said.level,
        subject=said.subject,
        form=_FORM,
        contains=said.contains,
        received=None,
        purpose=said.purpose,
    )
    under = said.instrument if said.instrument in case.law.agreements else None
    request = Request(act="disclose-orally", by=said.giver, to=said.receiver, via=(), item=told, under=under)
    return decide(case.law, request, facts, case.record, said.at)


def _send_consents(node: Node, tx: Writer, item: Item | None, to: str) -> None:
    """The consents by which it is told go first, so that the Party told can judge by them too."""
    for name in (item.id, *(source.item for source in item.cites)) if item is not None else ():
        for consent in tx.consents(name):
            if consent.state == GRANTED and to in consent.receivers and consent.originator != to:
                tx.put_outgoing(to, "act", consent.act, node.clock.machine())


def _may_know(node: Node, reader: Reader, person: str, copy: Copy | None) -> None:
    """Check that a person of this Party's is entered, here, and may open what is held of another Party's.

    Raises:
        UsageError: nobody entered them, or they have left.
        RefusedError: Article 7 gives them no access to it.
    """
    if known_person(reader, person).left_at is not None:
        raise UsageError(f"`{person}` has left")
    if copy is not None:
        verdict = ask_open(node, reader, copy.id, person)[2]
        if verdict.outcome != "permit":
            text = f"`{person}` may not know what `{copy.control_number}` holds: {verdict.against}"
            raise RefusedError(text, verdict=verdict.to_json())


def _access(node: Node, reader: Reader, case: Case, said: OralDisclosure, person: str, at: datetime) -> Verdict | None:
    """Whether a person of the Party told may know it, by that Party's own register; None for one nobody entered."""
    known = reader.person(person)
    if known is None:
        return None
    here = known.left_at is None
    rests = dict.fromkeys(("person", "person.clearance", "person.need", "person.roster", "purpose"), known.act)
    facts = Facts(
        purpose=said.purpose if said.purpose in known.purposes else next(iter(known.purposes), ""),
        purpose_ended=False,
        consent="none",
        person=LawPerson(
            role=known.role,
            clearance=known.cleared(at),
            need=here and said.subject in known.needs,
            roster=here and MAIN_FACILITY in known.rosters,
            rank=known.rank,
        ),
        established_by=rests,
    )
    told = LawItem(
        originator=said.originator,
        level=said.level,
        subject=said.subject,
        form=_FORM,
        contains=said.contains,
        received=said.at,
        purpose=said.purpose,
    )
    under = said.instrument if said.instrument in case.law.agreements else None
    return decide(
        case.law, Request(act="open", by=node.party, to="person", item=told, under=under), facts, case.record, at
    )


def _check(node: Node, telling: Telling) -> None:
    """Raises UsageError on words that will not do."""
    for word, option, needed in (
        (telling.what, "--what", True),
        (telling.place, "--place", True),
        (telling.part, "--part", False),
    ):
        if not word.isprintable() or len(word) > _TEXT or (needed and not word.strip()):
            raise UsageError(f"{option} is one line of at most {_TEXT} printable characters")
    if telling.part and not telling.item:
        raise UsageError("a part of which item?", hint="name the item too")
    if not telling.item and not (telling.level and telling.subject):
        raise UsageError("what is told?", hint="an item, or --level and --subject of what stands in none")
    if telling.item and (telling.level or telling.subject):
        raise UsageError("an item has its own level and subject", hint="leave --level and --subject out")
    try:
        parties = [party for party, _ in map(present_of, telling.present)]
    except ValueError as error:
        raise UsageError(str(error), hint="such as KOR:kim, with --present") from error
    if {*parties} != {node.party, telling.to} or node.party == telling.to:
        hint = f"--present {node.party}:... and --present {telling.to}:..., and of no other Party"
        raise UsageError(f"who of `{node.party}` and of `{telling.to}` is there?", hint=hint)
    if len({*telling.present}) != len(telling.present):
        raise UsageError("somebody is named twice with --present")
