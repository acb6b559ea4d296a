"""A request that the solver found, made concrete, so that it can be asked and its verdict shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any as Anything

from gsomia.agreement import HELD_ACTS, LEGAL_ACTS, Agreement, LegalAct, Record, periods
from gsomia.verdict.answer import Verdict
from gsomia.verdict.decision import decide
from gsomia.verdict.facts import UNKNOWN, Facts, Item, Mark, Request
from gsomia.verdict.law import Law
from gsomia.verdict.questions import granted

__all__ = ["concrete", "example"]

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
    request = _request(agreement, found)
    facts = _facts(request, agreement, found, at)
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
        act="replace",
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
        to="person" if found["act"] == "open" else _nobody(found) or to,
        via=tuple(_name(p) for p in found["via"]) if agreement.hub else (),
        item=None if found["act"] == "visit" else item,
        under=agreement.name,
    )


def concrete(
    agreement: Agreement, found: Mapping[str, Anything], asked: set[str], at: datetime
) -> tuple[Request, Facts]:
    """What a comparison found, as it would be asked: what no rule reads is granted.

    Args:
        agreement: the instrument.
        found: attribute to value, from the comparison, with `item` (originator and mark) and the marks that facts hold.
        asked: the attributes that rules read.
        at: the instant of the request.
    """
    act, (originator, level) = found["act"], found["item"]

    def word(name: str) -> str:
        return str(found.get(name, _UNSAID[name]))

    item = None
    if originator:
        contains = tuple(_name(p) for p in found["contains"])
        item = Item(
            originator=_name(originator),
            level=level,
            subject=word("subject"),
            form=word("form"),
            contains=contains,
            purpose="" if found.get("item_purpose") == "unknown" else word("item_purpose"),
        )
    to: str | None = _name(found["to"])
    if act == "open":
        to = "person"
    elif act == "release-to-contractor" or _nobody(found):
        to = _nobody(found) or "contractor"
    elif act in HELD_ACTS and act not in ("release", "return"):
        to = None
    elif act in LEGAL_ACTS:
        to = next((p for p in agreement.parties if p != _name(found["by"])), None)
    request = Request(
        act=act,
        by=_name(found["by"]),
        to=None if act == "accept" else to,
        via=tuple(_name(p) for p in found["via"]),
        item=item,
        under=agreement.name,
    )
    return request, _changed(granted(request, at), request, agreement, found, asked, at)


_UNSAID = {"subject": "other", "form": "document", "item_purpose": "defence"}
"""What an item is where no rule asks."""


def _changed(
    facts: Facts,
    request: Request,
    agreement: Agreement,
    found: Mapping[str, Anything],
    asked: set[str],
    at: datetime,
) -> Facts:
    """The granted facts with what was found put in."""
    values: dict[str, Anything] = {}

    def of(name: str) -> Anything:
        value = found.get(name, "unknown")
        return UNKNOWN if value == "unknown" else value

    for field in fields(Facts):
        if field.name in asked and field.name not in ("covered", "consent", "person", "mark", "established_by"):
            values[field.name] = of(field.name)
    if "covered_load" in asked:
        values["covered"] = of("covered_load")
    if asked & {"consented", "outsiders_consented", "purpose_consented", "other_consents"}:
        values["consent"], values["consent_before"] = found["consent"], found["consent_before"]
        values["consent_of"] = frozenset(_name(p) for p in found["consent_of"])
        values["consent_to"] = _named(found)
        if "consented" not in asked or found.get("third_party") is False:
            values["consent"], values["consent_before"], values["consent_of"] = "none", False, frozenset()
        for name, whose in (
            ("purpose_consented", request.item.contains if request.item is not None else ()),
            ("outsiders_consented", request.item.contains if request.item is not None else ()),
            ("other_consents", tuple(p for p in agreement.parties if p != request.by)),
        ):
            if name in asked and of(name) is True:
                values["consent"], values["consent_before"] = "written", True
                values["consent_of"] |= frozenset(whose)
    if "sent_before_end" in asked:
        before = of("sent_before_end")
        values["dispatched"] = UNKNOWN if before is UNKNOWN else at - timedelta(hours=2) if before else at
    if "under_way" in asked and of("under_way") is True:
        values["in_transit"], values["dispatched"] = True, at - timedelta(hours=2)
    if "authorised_by_host" in asked:
        host = of("authorised_by_host")
        values["authorised_by"] = UNKNOWN if host is UNKNOWN else (request.to or "") if host else request.by
    for fact in ("shown_level", "ceiling", "regrade_to"):
        if f"typed {fact}" in found:
            names = {"shown_level": ("shown_rank", "shown_covered"), "ceiling": ("ceiling_rank",)}.get(fact, ())
            known = all(found.get(key) != "unknown" for key in found if key.partition(" in the ")[0] in names)
            values[fact] = found[f"typed {fact}"] if known else UNKNOWN
    if "typed mark.level" in found or "mark_names_origin" in asked:
        origin = of("mark_names_origin") if "mark_names_origin" in asked else True
        bears = request.item.originator if request.item is not None else ""
        values["mark"] = Mark(
            level=found.get("typed mark.level"), origin=UNKNOWN if origin is UNKNOWN else bears if origin else ""
        )
    person = {
        "role": of("role"),
        "clearance": UNKNOWN if of("clearance") is UNKNOWN else _CLEARANCES[min(of("clearance"), 3)],
        "need": of("need"),
        "roster": of("roster"),
        "rank": UNKNOWN if of("rank_put_forward") is UNKNOWN else "general" if of("rank_put_forward") else "",
    }
    read = {"rank_put_forward": "rank"}
    kept = {read.get(name, name) for name in asked}
    kept -= {"rank"} if "rank_put_forward" not in asked else set()
    values["person"] = replace(facts.person, **{name: value for name, value in person.items() if name in kept})
    return replace(facts, **values)


def _nobody(found: Mapping[str, Anything]) -> str:
    """The firm or person to whom it goes; "" where it goes to a Party or country."""
    word = found.get("the word in `to`")
    return word if word in ("contractor", "person") else ""


def _named(found: Mapping[str, Anything]) -> frozenset[str]:
    """Whom the consent names: where it goes to a firm or person, these in the place of the receiver."""
    named = {_name(p) for p in found["consent_to"]}
    nobody = _nobody(found)
    return frozenset(named | {nobody} if nobody and found["to"] in found["consent_to"] else named)


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


def _facts(request: Request, agreement: Agreement, found: Mapping[str, Anything], at: datetime) -> Facts:
    """What a proof found, as facts: what no rule reads is granted."""
    said: dict[str, Anything] = {name: "another" if v == "any other" else v for name, v in found.items()}
    facts = _changed(granted(request, at), request, agreement, said, set(said), at)
    values: dict[str, Anything] = {}
    for fact, attribute in (("shown_level", "shown_rank"), ("ceiling", "ceiling_rank")):
        if attribute in said:
            rank = said[attribute]
            values[fact] = UNKNOWN if rank == "unknown" else None if rank == 0 else _CLEARANCES[min(int(rank), 3)]
    if "purpose" in said and said["purpose"] != "unknown" and "item_purpose" in said:
        # An item is given for defence here: that the purposes are one or two is what a rule reads.
        values["purpose"] = "defence" if said["purpose"] == said["item_purpose"] else "trade"
    return replace(facts, **values)
