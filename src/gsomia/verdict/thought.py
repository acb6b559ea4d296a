"""A legal act that is thought of: as it would stand in the record, with the facts of it that are assumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gsomia.agreement import FORMS, LEGAL_ACTS, LegalAct
from gsomia.errors import UsageError
from gsomia.verdict.facts import Facts, Request
from gsomia.verdict.foresight import UNREAD_ACTS
from gsomia.verdict.law import Law
from gsomia.verdict.questions import granted

__all__ = ["think"]


def think(
    law: Law, name: str, act: str, by: str, at: datetime, *, form: str, consent: bool, ends: datetime | None
) -> tuple[LegalAct, Facts]:
    """A legal act that nobody did, for `what_if`.

    Args:
        law: the law.
        name: the agreement it would be done under.
        act: its kind.
        by: whose it would be.
        at: when.
        form: its form.
        consent: whether the other Parties are assumed to have consented before, in writing.
        ends: the day that a notice names for the end, or None.

    Raises:
        UsageError: no such Party, act or form, or an end that is none of a notice's.
    """
    agreement = law.agreements[name]
    if by not in agreement.parties:
        raise UsageError(f"`{by}` is not a Party to {name}", hint=f"Parties: {', '.join(agreement.parties)}")
    if act not in (*LEGAL_ACTS, *UNREAD_ACTS):
        raise UsageError(f"`{act}` is no legal act", hint=f"known: {', '.join((*LEGAL_ACTS, *UNREAD_ACTS))}")
    if form not in FORMS:
        raise UsageError(f"`{form}` is no form of an act", hint=f"known: {', '.join(FORMS)}")
    if ends is not None and act != "give-notice":
        raise UsageError(f"{act} names no day of an end", hint="a day of an end goes with give-notice")
    other = next((p for p in agreement.parties if p != by), None)
    usual = granted(Request(act=act, by=by, to=other, under=name), at)
    facts = replace(usual, form_of_act=form, ends=ends)
    if consent:
        facts = replace(facts, consent_of=frozenset(agreement.parties) - {by}, consent_to=frozenset({by}))
    else:
        facts = replace(facts, consent="none")
    return LegalAct(id=f"{name}/thought", under=name, act=act, by=by, at=at, form=form), facts
