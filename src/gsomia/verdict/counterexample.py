"""A request that the solver found, made concrete, so that it can be asked and its verdict shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any as Anything

from gsomia.agreement import Agreement, LegalAct, Record, periods
from gsomia.verdict.answer import Verdict
from gsomia.verdict.decision import decide
from gsomia.verdict.facts import UNKNOWN, Facts, Item, Person, Request
from gsomia.verdict.law import Law

__all__ = ["example"]

_COUNTRIES = {"third country": "GBR", "another third country": "FRA"}
_CLEARANCES = ("none", "CONFIDENTIAL", "SECRET", "TOP SECRET")


def example(
    law: Law, name: str, record: Record, found: Mapping[str, Anything]
) -> tuple[Request, Facts, datetime, Verdict] | None:
    """The request of a proof that does not hold, as it would be asked, and what is answered.

    Args:
        law: the instruments.
        name: the instrument.
        record: the acts; where they never lead to the state found, the instrument is thought to have been left.
        found: attribute to value, from the proof.

    Returns:
        Request, facts, instant and verdict; None where no instant has that state.
    """
    agreement = law.agreements[name]
    placed = _instant(agreement, record, str(found.get("state", "in-force")))
    if placed is None:
        return None
    at, record = placed
    request, facts = _request(agreement, found), _facts(found)
    return request, facts, at, decide(law, request, facts, record, at)


def _instant(agreement: Agreement, record: Record, state: str) -> tuple[datetime, Record] | None:
    told = periods(agreement, record)
    for period in told:
        if period.state == state:
            if period.start is not None:
                return period.start, record
            if period.end is not None:
                return period.end - timedelta(days=1), record
    if state.startswith("notice-"):
        # No record leads there under an instrument whose final clauses were not read; clauses treat these alike.
        return _instant(agreement, record, "in-force")
    last = told[-1].start
    if state != "terminated" or last is None:
        return None
    act = LegalAct(
        id=f"{agreement.name}/thought-of-end",
        under=agreement.name,
        act="leave",
        by=agreement.parties[0],
        at=last + timedelta(days=400),
    )
    return act.at, record.plus([act])


def _name(party: str) -> str:
    return _COUNTRIES.get(party, party)


def _request(agreement: Agreement, found: Mapping[str, Anything]) -> Request:
    by, to = _name(found["by"]), _name(found["to"])
    contains = tuple(_name(p) for p in found["contains"])
    originator = next((p for p in (by, *agreement.parties, *contains) if p in contains), by)
    if found["act"] in ("open", "release"):
        originator = next((p for p in contains if p != by), originator)
    item = Item(
        originator=originator,
        level=_mark(agreement, originator, found),
        subject=_word(found.get("subject"), "other"),
        form=_word(found.get("form"), "document"),
        contains=contains,
        purpose="defence",
    )
    return Request(
        act=found["act"],
        by=by,
        to="person" if found["act"] == "open" else to,
        via=tuple(_name(p) for p in found["via"]) if agreement.hub else (),
        item=None if found["act"] == "visit" else item,
        under=agreement.name,
    )


def _word(value: Anything, default: str) -> str:
    return value if isinstance(value, str) and value not in ("unknown", "any other") else default


def _mark(agreement: Agreement, originator: str, found: Mapping[str, Anything]) -> str:
    if found.get("marked") is False:
        return ""
    covered, rank = found.get("covered"), found.get("rank")
    for level in agreement.levels:
        fits = level.party == originator and rank in (None, level.rank) and covered in (None, level.covered)
        if fits and (covered is not None or rank is not None or level.covered):
            return level.mark
    # A mark that no table names: it has no rank and is not covered.
    return "RESTRICTED" if covered is False or rank == 0 else "SECRET"


def _facts(found: Mapping[str, Anything]) -> Facts:
    values: dict[str, Anything] = {}
    for field in fields(Facts):
        value = found.get(field.name, UNKNOWN)
        if field.name not in ("covered", "consent", "person", "mark", "established_by"):
            values[field.name] = UNKNOWN if value == "unknown" else value
    values["covered"] = UNKNOWN if found.get("covered_load", "unknown") == "unknown" else found["covered_load"]
    values["consent"] = found["consent"]
    values["consent_of"] = frozenset(_name(p) for p in found["consent_of"])
    values["consent_to"] = frozenset(_name(p) for p in found["consent_to"])
    if found.get("purpose_consented") is True:
        values["consent"], values["consent_before"] = "written", True
        values["consent_of"] |= frozenset(_name(p) for p in found["contains"])
    if found.get("authorised_by_host") is True:
        values["authorised_by"] = _name(found["to"])
    for fact, attribute in (("shown_level", "shown_rank"), ("ceiling", "ceiling_rank")):
        rank = found.get(attribute, "unknown")
        values[fact] = UNKNOWN if rank == "unknown" else None if rank == 0 else _CLEARANCES[min(rank, 3)]
    if values["purpose"] is UNKNOWN and "item_purpose" in found:
        values["purpose"] = UNKNOWN
    elif "item_purpose" in found and found["item_purpose"] == found.get("purpose"):
        values["purpose"] = "defence"
    clearance = found.get("clearance", "unknown")
    values["person"] = Person(
        role=UNKNOWN if found.get("role", "unknown") == "unknown" else found["role"],
        clearance=UNKNOWN if clearance == "unknown" else _CLEARANCES[min(clearance, 3)],
        need=UNKNOWN if found.get("need", "unknown") == "unknown" else found["need"],
        roster=UNKNOWN if found.get("roster", "unknown") == "unknown" else found["roster"],
        rank="",
    )
    return Facts(**values)
