"""A held copy at a contractor's (Article 16): its facility is cleared, the copy given, and taken back.

The agreement asks for the facility (inspected, able to protect at that level) and for its staff (cleared, in need, on
its register). Each fact comes from the register; nobody certifies one. Giver and originator are told where it lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gsomia.agreement import RANKS
from gsomia.errors import UsageError
from gsomia.marking import is_visible
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.facts.asserted import Case, item_of, protecting, rank_of
from gsomia.node.facts.levels import in_force
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.access import MAIN_FACILITY
from gsomia.node.record.keyholding import recall_of, unless_recalled
from gsomia.node.record.sites import NOT_CLEARED, ContractorCopy, ContractorFacility
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Person
from gsomia.node.standing import check_day
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.releasing import check_marked, held_copy
from gsomia.node.transmission.sending import keeping_refusals, refuse
from gsomia.registry import Copy, Item
from gsomia.verdict import Facts, Request, Verdict, decide
from gsomia.verdict import Person as LawPerson

__all__ = [
    "FacilityDetails",
    "clear_facility",
    "contractor_rows",
    "release_to_contractor",
    "return_from_contractor",
]

_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityDetails:
    """What is entered of a contractor's facility (Articles 16(b) and 16(g)).

    Args:
        id: its name, as rosters give it; not the node's own.
        contractor: the firm.
        level: `CONFIDENTIAL`, `SECRET` or `TOP SECRET`, up to which it can protect; `none` takes the clearance back.
        inspected: the day of the last inspection, as YYYY-MM-DD.
        until: the last day on which that counts.
        basis: the decision, by its reference.
        part_of: the facility whose subcontractor's this is, or "".
    """

    id: str
    contractor: str
    level: str
    inspected: str
    until: str
    basis: str = ""
    part_of: str = ""


def clear_facility(node: Node, details: FacilityDetails, *, by: Acting) -> SignedAct:
    """Clear a contractor's facility, or clear it anew after an inspection; with the level `none` no longer.

    Args:
        node: the Party's node.
        details: all that counts of it from now on.
        by: a security officer.

    Raises:
        UsageError: a word or a day that will not do, or no such facility.
        RefusedError: it is this Party's own, another firm's, or copies lie at one that would be cleared no longer.
    """
    for word, option in ((details.id, "FACILITY"), (details.contractor, "--contractor")):
        if not word or not is_visible(word) or len(word) > 64:
            raise UsageError(f"{option} is one to 64 characters that show")
    if details.level not in (NOT_CLEARED, *RANKS):
        raise UsageError(f"unknown level `{details.level}`", hint=f"known: {', '.join((NOT_CLEARED, *RANKS))}")
    if not details.basis.isprintable() or len(details.basis) > _TEXT:
        raise UsageError(f"--basis is at most {_TEXT} printable characters")
    for day in (details.inspected, details.until):
        check_day(day)
    if details.until < details.inspected:
        raise UsageError(f"an inspection of {details.inspected} cannot count until {details.until}")
    at = node.clock.now()
    with keeping_refusals(node, f"clearance of {details.id}", at), node.store.writing() as tx:
        node.officer(tx, by, "security")
        known, kept = tx.contractor_facility(details.id), tx.kept_at(details.id)
        if details.id == MAIN_FACILITY or (known is None and kept):
            raise refused("own-facility", f"`{details.id}` is a facility of this Party's: copies are kept there")
        if known is not None and known.contractor != details.contractor:
            raise refused("another-firm", f"`{details.id}` is a facility of `{known.contractor}`")
        if details.level == NOT_CLEARED and kept:
            hint = "`gsomia contractor return` each first"
            raise refused("copies-there", f"copies lie at `{details.id}`: {', '.join(kept)}", hint=hint)
        if details.part_of and (details.part_of == details.id or tx.contractor_facility(details.part_of) is None):
            raise UsageError(f"`{details.part_of}` is no contractor's facility", hint="`gsomia contractor list`")
        body = {
            "facility": details.id,
            "contractor": details.contractor,
            "part_of": details.part_of,
            "level": details.level,
            "basis": details.basis,
            "inspected": details.inspected,
            "until": details.until,
        }
        return make(node, tx, [Draft(type="clear-facility", body=body)], at=at, by=by)[0]


def release_to_contractor(node: Node, reference: str, facility: str, what: str, *, by: Acting) -> SignedAct:
    """Give a held copy to a contractor, where the agreement permits it; giver and originator are told where it lies.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        facility: the contractor's, as it was cleared.
        what: what the contractor gets it for, in words.
        by: a disclosure officer.

    Raises:
        UsageError: no such copy or facility.
        RefusedError: the agreement refuses or is uncertain, the copy is not marked, or it lies at a contractor's.
    """
    _check_what(what)
    at = node.clock.now()
    with keeping_refusals(node, f"release of {reference} to {facility}", at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        copy = held_copy(tx, node, reference)
        item = tx.item(copy.item)
        assert item is not None  # a copy never stands without its item
        site = tx.contractor_facility(facility)
        if site is None:
            known = ", ".join(one.id for one in tx.contractor_facilities()) or "none"
            hint = f"known: {known}; `gsomia contractor clear` enters one"
            raise UsageError(f"`{facility}` is no contractor's facility", hint=hint)
        check_marked(copy)
        if (lies := tx.contractor_copy(copy.id)) is not None:
            raise refused("contractor", f"`{copy.control_number}` lies at `{lies.facility}` of `{lies.contractor}`")
        verdict = _ask(node, tx, copy, item, site, at)
        act = None
        if verdict.outcome == "permit":
            body = {"what": what, "contractor": site.contractor, "facility": site.id, "certified": []}
            body["verdict"] = verdict_digest(verdict)
            act = make(node, tx, [_draft(tx, "release-to-contractor", copy, body)], at=at, by=by)[0]
    if act is None:
        refuse(node, f"release of {copy.control_number} to {facility}", verdict, at)
    return act


def return_from_contractor(node: Node, reference: str, what: str, *, by: Acting) -> SignedAct:
    """Record that a contractor gave a copy back; it lies in the node's own facility then.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        what: how it came back, in words.
        by: a registry officer.

    Raises:
        UsageError: no such copy.
        RefusedError: it lies at no contractor's.
    """
    _check_what(what)
    at = node.clock.now()
    with keeping_refusals(node, f"return of {reference} from a contractor", at), node.store.writing() as tx:
        node.officer(tx, by, "registry")
        copy = held_copy(tx, node, reference)
        lies = tx.contractor_copy(copy.id)
        if lies is None:
            raise refused("no-contractor", f"`{copy.control_number}` lies at no contractor's")
        body = {"what": what, "contractor": lies.contractor, "facility": lies.facility, "certified": []}
        return make(node, tx, [_draft(tx, "return-from-contractor", copy, body)], at=at, by=by)[0]


def contractor_rows(node: Node, reader: Reader, at: datetime) -> dict[str, Any]:
    """The contractors' facilities, and the copies that lie there, this Party's and those that were told of.

    Args:
        node: whose register it is.
        reader: its store.
        at: the instant at which an inspection counts or has lapsed.
    """
    return {
        "facilities": [_facility_row(reader, one, at) for one in reader.contractor_facilities()],
        "copies": [_copy_row(reader, one) for one in reader.contractor_copies()],
    }


def _facility_row(reader: Reader, one: ContractorFacility, at: datetime) -> dict[str, Any]:
    today, staff = f"{at:%Y-%m-%d}", _staff(reader, one.id)
    briefed = [
        person
        for person in staff
        if any(b.day <= today and (not b.until or today <= b.until) for b in reader.briefings(person.id))
    ]
    return {
        "facility": one.id,
        "contractor": one.contractor,
        "part_of": one.part_of,
        "level": one.level,
        "basis": one.basis,
        "inspected": one.inspected,
        "until": one.until,
        "lapsed": one.level != NOT_CLEARED and one.lapsed(today),
        "staff": len(staff),
        "briefed": len(briefed),
        "act": one.act,
    }


def _copy_row(reader: Reader, one: ContractorCopy) -> dict[str, Any]:
    copy = reader.copy(one.copy)
    assert copy is not None  # the act that brought it there is of a copy in the register
    item = reader.item(copy.item)
    return {
        "control_number": copy.control_number,
        "copy": copy.id,
        "item": copy.item,
        "originator": item.originator if item is not None else "",
        "mark": item.level if item is not None else "",
        "holder": copy.holder,
        "contractor": one.contractor,
        "facility": one.facility,
        "since": instant(one.at),
        "act": one.act,
        "chain": [*_chain(reader, copy, item), f"{one.contractor}, {one.facility}"],
    }


def _chain(reader: Reader, copy: Copy, item: Item | None) -> list[str]:
    """The Parties by whose hands a copy came, as far as this register has them, its item's originator first."""
    way, one = [copy.holder], copy
    before = {held.holder: held for held in reader.copies(item=copy.item)}
    while one.giver not in way:
        way.insert(0, one.giver)
        one = before.get(one.giver, one)
    return way if item is None or item.originator in way else [item.originator, *way]


def _ask(node: Node, reader: Reader, copy: Copy, item: Item, site: ContractorFacility, at: datetime) -> Verdict:
    """Whether the agreement lets a contractor have it, by what the register says of the facility and its staff."""
    case = Case.of(node, reader)
    now = in_force(reader, case, item, copy)
    facts = _facts(reader, item, site, rank_of(case.law, item.originator, now.level), at)
    seen = item_of(now, received=copy.at)
    under = protecting(case, copy, item)
    request = Request(act="release-to-contractor", by=node.party, to="contractor", item=seen, under=under)
    verdict = decide(case.law, request, facts, case.record, at)
    return unless_recalled(verdict, recall_of(reader, item.id, item.originator))


def _facts(reader: Reader, item: Item, site: ContractorFacility, rank: int, at: datetime) -> Facts:
    """Of the staff the least cleared counts: everyone whose duties need access is cleared (Article 16(c))."""
    staff = _staff(reader, site.id)
    named = {one.person: one.need for one in reader.needs(item=item.id)}
    needing = [one for one in staff if named.get(one.id, item.subject in one.needs)]
    least = min((one.cleared(at) for one in needing), key=lambda level: RANKS.get(level, 0), default=NOT_CLEARED)
    short = [one.id for one in needing if one.cleared(at) == least]
    inspected, why = _inspected(reader, site, rank, f"{at:%Y-%m-%d}")
    roster = f"roster of {site.id}: {len(staff)} of the contractor's staff"
    return Facts(
        inspected=inspected,
        person=LawPerson(role="contractor", clearance=least, need=bool(needing), roster=bool(staff), rank=""),
        purpose=item.purpose,
        purpose_ended=False,
        consent="none",
        established_by={
            "inspected": why,
            "person": roster,
            "person.role": roster,
            "person.roster": roster,
            "person.need": f"{roster}, {len(needing)} in need of {item.subject}",
            "person.clearance": f"{roster}; the least cleared in need: {', '.join(short) or 'nobody'}",
            "purpose": "register: it is released for the purpose for which it was given",
            "purpose-ended": f"register: item {item.id} is held for its purpose",
            "consent": "register: no consent to another use on file",
        },
    )


def _staff(reader: Reader, facility: str) -> list[Person]:
    """The contractor's persons on the roster of a facility; an official who stands there too is none of its staff."""
    return [one for one in reader.persons(facility=facility) if one.role == "contractor" and one.left_at is None]


def _inspected(reader: Reader, site: ContractorFacility, rank: int, today: str) -> tuple[bool, str]:
    """Whether the firm's facilities and its subcontractors' were inspected, and the one named reaches the level."""
    if RANKS.get(site.level, 0) < rank:
        return False, f"{site.act}: `{site.id}` is cleared up to {site.level} only"
    cleared = [one for one in reader.contractor_facilities() if one.level != NOT_CLEARED]
    concerned = {one.id for one in cleared if one.contractor == site.contractor}
    while more := {one.id for one in cleared if one.part_of in concerned} - concerned:
        concerned |= more
    lapsed = [one for one in cleared if one.id in concerned and one.lapsed(today)]
    if lapsed:
        return False, "; ".join(f"{one.act}: the inspection of `{one.id}` counts until {one.until}" for one in lapsed)
    return True, f"{site.act}: inspected {site.inspected}, until {site.until}"


def _draft(reader: Reader, kind: str, copy: Copy, body: dict[str, Any]) -> Draft:
    return Draft(
        type=kind,
        instrument=copy.instrument,
        item=copy.item,
        copy=copy.id,
        parties=tuple(sorted({copy.giver} & {*reader.peers()})),
        body=body,
    )


def _check_what(what: str) -> None:
    if not what.strip() or not what.isprintable() or len(what) > _TEXT:
        raise UsageError("what for?", hint=f"one line of at most {_TEXT} printable characters, with --what")
