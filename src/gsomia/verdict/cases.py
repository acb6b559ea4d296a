"""Conformance cases: questions with their answers, read strictly and asked of the shipped law.

The defaults of facts that the cases leave out live here and nowhere else: `decide` has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gsomia.agreement import (
    FORMS,
    HANDLING_ACTS,
    ITEM_FORMS,
    LEGAL_ACTS,
    PURPOSES,
    RANKS,
    READINGS,
    STATES,
    SUBJECTS,
    LegalAct,
    Record,
    Table,
    read_toml,
    state_at,
)
from gsomia.errors import DataError
from gsomia.marking import fold
from gsomia.verdict.decision import decide
from gsomia.verdict.duties import owed
from gsomia.verdict.facts import Facts, Item, Mark, Person, Request
from gsomia.verdict.law import Law

__all__ = ["OTHERS", "Case", "CaseResult", "parse_cases", "run_case"]

_FORMS_OF_ACT = tuple(form for form in FORMS if form != "signature")
_ITEM_ACTS = (
    *("transmit", "accept", "mark", "open", "reproduce", "translate", "regrade", "release"),
    *("release-to-contractor", "use", "retain", "destroy", "return", "protect", "disclose-orally", "warn"),
)
EXPECTED = {"act": ("outcome",), "state": ("state", "views"), "duty": ("owed",)}
"""What a case may expect, by what it asks."""
_PARTY = re.compile(r"[A-Z]{3}")
_CITATION = re.compile(r"(?:[a-z0-9-]+:)?[1-9][0-9]?(?:\.[1-9][0-9]?)?(?:\([a-z]\))?")
OTHERS = ("third-country", "contractor", "person")
"""Words for receivers who are no Party."""
_TO_ACTS = ("transmit", "release", "release-to-contractor", "return", "warn", "disclose-orally", "visit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question with its answer.

    Args:
        id, title: as in the file; the title is never a source of facts.
        at: the instant of the question.
        ask: `act`, `state` or `duty`.
        request: what is asked; for `state` only its `under` counts.
        facts: the facts, with the reader's defaults.
        without: ids of acts that the record is thought without.
        plus: acts that it is thought to hold besides.
        readings: each Party's reading where the case names it.
        expected: the outcome, the state, or whether it is owed, by what is asked.
        views: the state that each Party's reading gives, where the case says.
        articles: articles that the answer must cite, at least, as (instrument, number).
        file: where the case was read.
    """

    id: str
    title: str
    at: datetime
    ask: str
    request: Request
    facts: Facts
    without: tuple[str, ...]
    plus: tuple[LegalAct, ...]
    readings: dict[str, str] | None
    expected: bool | str
    views: dict[str, str]
    articles: tuple[tuple[str, str], ...]
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How a case came out.

    Args:
        case: the case.
        holds: whether it holds; None where it could not be decided.
        got, expected: the answer and what was expected.
        text: what differs, or "".
        answer: the verdict, what is owed, or the state, as a JSON object.
    """

    case: Case
    holds: bool | None
    got: str
    expected: str
    text: str
    answer: dict[str, Any]


def parse_cases(data: bytes, file: str, own: str = "jpn-kor-2016") -> list[Case]:
    """Read a case file.

    Args:
        data: the file, TOML in UTF-8.
        file: its name, for errors.
        own: the instrument whose articles a number alone means; in an agreement's folder, that agreement.

    Raises:
        DataError: malformed; the message names file, case, key and the allowed values.
    """
    top = read_toml(data, file)
    top.only("case")
    found: list[Case] = []
    for number, table in enumerate(top.tables("case"), 1):
        name = f"case number {number}"
        table.place = table.text("id", "") or name
        table.only(
            *("id", "title", "at", "ask", "under", "history", "readings", "act", "by", "to", "via", "item"),
            *("facts", "expect"),
        )
        name = table.text("id")
        table.place = name
        if any(case.id == name for case in found):
            raise table.fault("id", f"`{name}` is there twice")
        found.append(_case(table, name, file, own))
    top.done()
    return found


def _case(t: Table, name: str, file: str, own: str) -> Case:
    ask = t.text("ask", among=("act", "state", "duty"))
    at = t.instant("at")
    title = t.text("title")
    under = t.text("under", None)
    history = t.table("history", optional=True)
    history.only("without", "plus")
    without = history.texts("without", ())
    plus = tuple(_act(entry, name, n) for n, entry in enumerate(history.tables("plus"), 1))
    history.done()
    readings = None
    if "readings" in t:
        table = t.table("readings")
        readings = {party: table.text(party, among=READINGS) for party in table.names()}
        table.done()
    if ask == "state":
        if under is None:
            raise t.fault("under", 'missing; required with `ask = "state"`')
        request, facts = Request(act="", by="", under=under), Facts()
    else:
        request = _request(t, under)
        facts = _facts(t, request, at)
    expect = t.table("expect")
    expect.only(*EXPECTED[ask], "articles")
    views: dict[str, str] = {}
    expected: bool | str
    if ask == "act":
        expected = expect.text("outcome", among=("permit", "refuse", "uncertain"))
    elif ask == "state":
        expected = expect.text("state", among=(*STATES, "uncertain"))
        if "views" in expect:
            table = expect.table("views")
            views = {party: table.text(party, among=STATES) for party in table.names()}
            table.done()
    else:
        expected = _owed(expect)
    articles = tuple(_citation(expect, a, own) for a in expect.texts("articles", ()))
    expect.done()
    t.done(more=("act", "by", "to", "via", "item", "facts") if ask != "state" else ())
    return Case(
        id=name,
        title=title,
        at=at,
        ask=ask,
        request=request,
        facts=facts,
        without=without,
        plus=plus,
        readings=readings,
        expected=expected,
        views=views,
        articles=articles,
        file=file,
    )


def _owed(expect: Table) -> bool | str:
    try:
        answer: bool | str = expect.flag("owed")
    except DataError:
        answer = expect.text("owed", among=("uncertain",))
    return answer


def _who(t: Table, key: str, *, others: bool = False, empty: bool = False) -> str:
    """A Party: ISO 3166-1 alpha-3, or one of the words for those who are none."""
    value = str(t.text(key, empty=empty))
    if not (_PARTY.fullmatch(value) or (others and value in OTHERS) or (empty and not value)):
        allowed = ("JPN", "KOR", "USA", *(OTHERS if others else ()))
        raise t.fault(key, f"unknown Party `{value}`; write ISO 3166-1 alpha-3", allowed)
    return value


def _citation(t: Table, article: str, own: str) -> tuple[str, str]:
    if not _CITATION.fullmatch(article):
        raise t.fault("articles", f"`{article}` is not an article", ("6(a)", "21.3", "tisa-2014:1"))
    instrument, colon, number = article.rpartition(":")
    return (instrument, number) if colon else (own, number)


def _act(t: Table, case: str, number: int) -> LegalAct:
    t.only("under", "act", "by", "at", "form-of-act")
    under = t.text("under")
    kind = t.text("act", among=(*LEGAL_ACTS, "take-effect", "leave", "announce"))
    act = LegalAct(
        id=f"{under}/{case}-plus-{number}",
        under=under,
        act=kind,
        by=_who(t, "by"),
        at=t.instant("at"),
        form=t.text("form-of-act", "note", among=_FORMS_OF_ACT),
        source=f"case {case}",
        confidence="I",
    )
    t.done()
    return act


def _request(t: Table, under: str | None) -> Request:
    act = t.text("act", among=(*HANDLING_ACTS, *LEGAL_ACTS))
    item = None
    if "item" in t:
        table = t.table("item")
        table.only("originator", "level", "subject", "form", "contains", "received", "purpose")
        originator = _who(table, "originator")
        item = Item(
            originator=originator,
            level=table.text("level", empty=True),
            subject=table.text("subject", among=SUBJECTS),
            form=table.text("form", among=ITEM_FORMS),
            contains=table.texts("contains", (originator,)),
            received=table.instant("received", None),
            purpose=table.text("purpose", "defence", among=PURPOSES),
        )
        table.done()
        if "contains" in table and originator not in table.texts("contains"):
            raise table.fault("contains", "must name the originator too")
    elif act in _ITEM_ACTS:
        raise t.fault("item", f'missing; required with `act = "{act}"`')
    to = _who(t, "to", others=True) if "to" in t else None
    if to is None and act in _TO_ACTS:
        raise t.fault("to", f'missing; required with `act = "{act}"`')
    if under is None and act in LEGAL_ACTS:
        raise t.fault("under", f'missing; required with `act = "{act}"`, which is a legal act')
    return Request(act=act, by=_who(t, "by", others=True), to=to, via=t.texts("via", ()), item=item, under=under)


def _facts(t: Table, q: Request, at: datetime) -> Facts:
    f = t.table("facts", optional=True)
    person = f.table("person", optional=True)
    who = Person(
        role=person.text("role", "official", among=("official", "legislator", "contractor")),
        clearance=person.text("clearance", "SECRET", among=("none", "CONFIDENTIAL", "SECRET", "TOP SECRET")),
        need=person.flag("need", True),
        roster=person.flag("roster", True),
        rank=person.text("rank", "", among=("", "general", "minister"), empty=True),
    )
    person.done()
    mark = Mark(level=None, origin=None)
    if "mark" in f:
        table = f.table("mark")
        table.only("level", "origin")
        mark = Mark(level=table.text("level", empty=True), origin=table.text("origin", empty=True))
        table.done()
    elif q.act == "mark" and t.text("ask") == "act":
        raise f.fault("mark", 'missing; required with `act = "mark"`')
    final = q.by if q.act == "accept" else q.to
    receivers = {p for p in (final, *q.via) if p}
    named = f.text("consent-to", None)
    if named is not None:
        # Consent for the addressee covers the Parties that the item passes through on its way there.
        receivers = {named, *(q.via if named == final else ())}
    of = q.item.contains if q.item is not None else ()
    facts = Facts(
        assurance=f.flag("assurance", True),
        channel=f.text("channel", "government", among=("government", "ordinary")),
        encrypted=f.flag("encrypted", True),
        accredited=f.flag("accredited", True),
        envelopes=f.count("envelopes", 2),
        outer_mark=f.flag("outer-mark", False),
        covered=f.flag("covered", True),
        consent=f.text("consent", "none", among=("none", "written", "oral")),
        consent_before=f.flag("consent-before", True),
        consent_of=frozenset(f.texts("consent-of", of or (ANYBODY,))),
        consent_to=frozenset(receivers),
        person=who,
        mark=mark,
        translation_note=f.flag("translation-note", True),
        translator_cleared=f.flag("translator-cleared", True),
        copies_numbered=f.flag("copies-numbered", True),
        marks_reproduced=f.flag("marks-reproduced", True),
        witnesses=f.count("witnesses", 2),
        regrade_notice=f.flag("regrade-notice", False),
        regrade_to=f.text("regrade-to", None, empty=True),
        purpose=f.text("purpose", q.item.purpose if q.item else "defence", among=PURPOSES),
        purpose_ended=f.flag("purpose-ended", False),
        inspected=f.flag("inspected", True),
        host_authorised=f.flag("host-authorised", True),
        authorised_by=f.text("authorised-by", q.to or ""),
        shown_level=f.text("shown-level", None, empty=True),
        ceiling=f.text("ceiling", None, empty=True),
        visit_for=f.text("visit-for", "access", among=("access", "security-check")),
        form_of_act=f.text("form-of-act", "note", among=_FORMS_OF_ACT),
        ends=f.instant("ends", None),
        note_received=f.instant("note-received", at),
        record_made=f.flag("record-made", True),
        stage=f.text("stage", "launched", among=("launched", "preparing")),
        in_transit=f.flag("in-transit", False),
        dispatched=f.instant("dispatched", at),
        lateness_only=f.flag("lateness-only", False),
        receipt_returned=f.flag("receipt-returned", True),
        tracer_unanswered=f.flag("tracer-unanswered", False),
        loss=f.text("loss", "none", among=("none", "possible", "known")),
        asked=f.flag("asked", False),
        law_change=f.text("law-change", "none", among=("none", "affects-protection", "unrelated")),
        combined_staff=f.flag("combined-staff", False),
        authority_notified=f.flag("authority-notified", True),
        dispute_open=f.flag("dispute-open", False),
        settled_by=f.text("settled-by", "consultation", among=("consultation", "software", "court")),
    )
    f.done(more=("mark", "person", "consent-to"))
    return facts


ANYBODY = "the other Party"
"""For `amend` the consent is the other Party's, whoever that is; replaced when the instrument is known."""


def run_case(law: Law, record: Record, case: Case) -> CaseResult:
    """Ask a case of the law.

    Args:
        law: the instruments.
        record: the shipped record, before the case's own `history`.
        case: the case.

    Raises:
        DataError: the case names an act, an instrument or a Party that is not there.
    """
    under = case.request.under
    if under is not None and under not in law.agreements:
        known = ", ".join(f"`{name}`" for name in law.agreements)
        hint = f"allowed: {known}; the cases of an agreement of your own run with `gsomia agreement check FOLDER`"
        raise DataError(f"{case.file}: {case.id}: under: unknown instrument `{under}`", hint=hint)
    _check_levels(law, case)
    try:
        if case.without:
            record = record.without(case.without)
        if case.plus:
            record = record.plus(case.plus)
    except DataError as error:
        raise DataError(f"{case.file}: {case.id}: history: {error}", hint=error.hint) from error
    if case.ask == "state":
        assert under is not None
        state = state_at(law.agreements[under], record, case.at, case.readings)
        cited = [(under, article) for article in state.articles]
        got: bool | str = state.state
        wrong = [p for p, view in case.views.items() if state.views.get(p) != view]
        text = "".join(f"; {p}: {state.views.get(p)} where {case.views[p]} was expected" for p in wrong)
        answer: dict[str, Any] = {"state": state.state, "views": state.views, "articles": list(state.articles)}
    else:
        facts = _with_other_party(law, case)
        text = ""
        if case.ask == "act":
            verdict = decide(law, case.request, facts, record, case.at, case.readings)
            got, answer, cited = verdict.outcome, verdict.to_json(), list(verdict.articles)
        else:
            duty = owed(law, case.request, facts, record, case.at, case.readings)
            got, answer, cited = duty.owed, duty.to_json(), list(duty.articles)
    missing = [c for c in case.articles if not any(_meets(c, found) for found in cited)]
    if missing:
        text += "; not cited: " + ", ".join(f"{name}:{number}" for name, number in missing)
    if got != case.expected:
        text = f"; {_word(got)} where {_word(case.expected)} was expected" + text
    return CaseResult(
        case=case,
        holds=not text,
        got=_word(got),
        expected=_word(case.expected),
        text=text.removeprefix("; "),
        answer=answer,
    )


def _check_levels(law: Law, case: Case) -> None:
    """A mark that no table of the law names is a slip of the file, not a question."""
    marks = {level.mark: None for a in law.agreements.values() for level in a.levels} | dict.fromkeys(RANKS)
    folded = {fold(mark) for mark in marks}
    f, q = case.facts, case.request
    concerned = {q.by, q.to, *q.via, *(q.item.contains if q.item is not None else ())}
    theirs = {x.mark: None for a in law.agreements.values() for x in a.levels if x.party in concerned}
    typed = {
        "item.level": case.request.item.level if case.request.item else "",
        "facts.mark.level": f.mark.level,
        "facts.regrade-to": f.regrade_to,
        "facts.shown-level": f.shown_level,
        "facts.ceiling": f.ceiling,
    }
    for key, mark in typed.items():
        if isinstance(mark, str) and mark and fold(mark) not in folded:
            allowed = ", ".join(f"`{known}`" for known in (theirs | dict.fromkeys(RANKS)))
            raise DataError(f"{case.file}: {case.id}: {key}: unknown level `{mark}`", hint=f"allowed: {allowed}")


def _with_other_party(law: Law, case: Case) -> Facts:
    facts = case.facts
    if case.request.act != "amend" or case.request.under is None or not isinstance(facts.consent_of, frozenset):
        return facts
    if ANYBODY not in facts.consent_of:
        return facts
    parties = law.agreements[case.request.under].party_set
    return replace(facts, consent_of=parties - {case.request.by})


def _meets(asked: tuple[str, str], cited: tuple[str, str]) -> bool:
    """A part meets its whole: `16(g)` meets `16`, `7.5(a)` meets `7.5` and `7`; not the other way."""
    if asked[0] != cited[0] or not cited[1].startswith(asked[1]):
        return False
    rest = cited[1][len(asked[1]) :]
    return rest == "" or rest[0] in ".("


def _word(value: bool | str) -> str:
    return value if isinstance(value, str) else str(value).lower()
