"""Questions about the law as a whole: routes, the matrix of who may give what to whom, duties that stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any as Anything

from gsomia.agreement import (
    SUBJECTS,
    Record,
    attributes,
    day_of,
    state_at,
)
from gsomia.verdict.answer import Verdict
from gsomia.verdict.attributes import ATTRIBUTES, consents_needed
from gsomia.verdict.decision import decide
from gsomia.verdict.facts import Facts, Item, Mark, Person, Request
from gsomia.verdict.law import Law

__all__ = ["Route", "StandingDuty", "granted", "matrix", "routes", "standing_duties"]

ENGLISH = ("TOP SECRET", "SECRET", "CONFIDENTIAL")


def granted(request: Request, at: datetime) -> Facts:
    """The facts of a request for which everything that can be asked is there: for questions of law, never to act on.

    Args:
        request: the request whose originators consent and whose receivers they name.
        at: the instant of the request.
    """
    item = request.item
    receivers = {p for p in (request.to, request.by, *request.via) if p}
    return Facts(
        assurance=True,
        channel="government",
        encrypted=True,
        accredited=True,
        envelopes=2,
        outer_mark=False,
        covered=True,
        consent="written",
        consent_before=True,
        consent_of=frozenset(item.contains if item else ()),
        consent_to=frozenset(receivers),
        person=Person(role="official", clearance="TOP SECRET", need=True, roster=True, rank=""),
        mark=Mark(level=None, origin=None),
        translation_note=True,
        translator_cleared=True,
        copies_numbered=True,
        marks_reproduced=True,
        witnesses=2,
        regrade_notice=True,
        regrade_to=None,
        purpose=(item.purpose or "defence") if item else "defence",
        purpose_ended=False,
        inspected=True,
        host_authorised=True,
        authorised_by=request.to or "",
        shown_level=None,
        ceiling=None,
        visit_for="access",
        form_of_act="note",
        ends=None,
        note_received=at,
        record_made=True,
        stage="launched",
        in_transit=False,
        dispatched=at,
        lateness_only=False,
        receipt_returned=True,
        tracer_unanswered=False,
        loss="none",
        asked=False,
        law_change="none",
        combined_staff=False,
        authority_notified=True,
        dispute_open=False,
        settled_by="consultation",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way from a giver to a receiver.

    Args:
        act: `transmit` or `warn`.
        via: the Parties on the way.
        instrument: the instrument, or those of a chain joined by `+`.
        approvals: whose prior written consent it needs, and naming whom.
        verdict: the verdict if everything that can be asked is there.
    """

    act: str
    via: tuple[str, ...]
    instrument: str
    approvals: tuple[tuple[str, str], ...]
    verdict: Verdict

    @property
    def binding(self) -> bool:
        """Whether all that speaks for the outcome stands in instruments that bind."""
        return all(g.binding for g in self.verdict.grounds if g.effect == self.verdict.outcome)

    @property
    def lawfulness(self) -> tuple[int, bool, int, int, int, str]:
        """By what routes are ordered, the most lawful first.

        Permitted before uncertain before refused; by what binds before what does not; by the text that is known best;
        with the fewest consents; over the fewest Parties.
        """
        outcome = {"permit": 0, "uncertain": 1, "refuse": 2}[self.verdict.outcome]
        known = "ABCI".index(self.verdict.confidence or "I")
        return (outcome, not self.binding, known, len(self.approvals), len(self.via), self.instrument)

    def to_json(self) -> dict[str, Anything]:
        """The route as a JSON object."""
        return {
            "act": self.act,
            "via": list(self.via),
            "instrument": self.instrument,
            "approvals": [{"of": of, "naming": to} for of, to in self.approvals],
            "binding": self.binding,
            "outcome": self.verdict.outcome,
            "confidence": self.verdict.confidence,
            "articles": [f"{name}:{number}" for name, number in self.verdict.articles],
            "text": [g.text for g in self.verdict.grounds if g.effect == self.verdict.outcome],
            "grounds": [g.to_json() for g in self.verdict.grounds if g.effect == self.verdict.outcome],
        }


def routes(law: Law, record: Record, at: datetime, by: str, to: str, item: Item) -> list[Route]:
    """All ways by which an item could go from one Party to another, each with what the law says of it.

    Args:
        law, record, at: as for `decide`.
        by, to: the giver and the receiver.
        item: the item.

    Returns:
        Every way that an instrument knows, permitted or not, in order of lawfulness (`Route.lawfulness`).
    """
    parties = sorted({party for a in law.agreements.values() for party in a.parties})
    found: list[Route] = []
    for via in ((), *((p,) for p in parties if p not in (by, to))):
        for act in ("transmit", "warn"):
            names: list[str | None] = [n for n, a in law.agreements.items() if {by, to} <= a.party_set]
            for under in (*names, None):
                request = Request(act=act, by=by, to=to, via=via, item=item, under=under)
                verdict = decide(law, request, granted(request, at), record, at)
                carried = verdict.instrument if under is None else under
                spoken = verdict.grounds and verdict.grounds[0].clause not in ("no-instrument", "not-spoken-of")
                chain = under is None and "+" in carried
                if (under is None and not chain) or not spoken:
                    continue
                needed = tuple(dict.fromkeys(consents_needed(request, item))) if act == "transmit" else ()
                found.append(Route(act=act, via=via, instrument=carried, approvals=needed, verdict=verdict))
    chains = [r for r in found if "+" in r.instrument]
    if not chains:
        found += _chains(law, record, at, by, to, item, parties)
    return sorted(found, key=lambda r: r.lawfulness)


def _chains(law: Law, record: Record, at: datetime, by: str, to: str, item: Item, parties: list[str]) -> list[Route]:
    """Bilateral agreements one after the other, also where an arrangement permits and wins."""
    arranged = [a.name for a in law.agreements.values() if a.hub]
    plain = Law({name: a for name, a in law.agreements.items() if name not in arranged})
    found = []
    for middle in parties:
        if middle in (by, to):
            continue
        request = Request(act="transmit", by=by, to=to, via=(middle,), item=item)
        verdict = decide(plain, request, granted(request, at), record, at)
        if "+" in verdict.instrument:
            needed = tuple(dict.fromkeys(consents_needed(request, item)))
            found.append(
                Route(act="transmit", via=(middle,), instrument=verdict.instrument, approvals=needed, verdict=verdict)
            )
    return found


def matrix(law: Law, record: Record, at: datetime) -> list[dict[str, Anything]]:
    """Who may give what to whom: one row for each giver, receiver, subject, level and route.

    Args:
        law, record, at: as for `decide`; every row assumes that all that can be asked for is there.
    """
    parties = sorted({party for a in law.agreements.values() for party in a.parties})
    rows: list[dict[str, Anything]] = []
    for by in parties:
        for to in parties:
            if by == to:
                continue
            for level in ENGLISH:
                for subject in SUBJECTS:
                    for via in ((), *((p,) for p in parties if p not in (by, to))):
                        item = Item(originator=by, level=level, subject=subject, form="document", purpose="defence")
                        request = Request(act="transmit", by=by, to=to, via=via, item=item)
                        verdict = decide(law, request, granted(request, at), record, at)
                        rows.append(
                            {
                                "by": by,
                                "to": to,
                                "level": level,
                                "subject": subject,
                                "via": list(via),
                                "outcome": verdict.outcome,
                                "confidence": verdict.confidence,
                                "instrument": verdict.instrument,
                                "approvals": [
                                    {"of": of, "naming": naming} for of, naming in consents_needed(request, item)
                                ],
                            }
                        )
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingDuty:
    """What a Party owes under an instrument, or would owe when something happens.

    Args:
        act: what is owed.
        to: to whom.
        instrument, article, text, source, confidence: where it stands and what it says.
        since: since when it stands.
        when: "" where it is owed always; otherwise the facts on which it turns.
        survives: whether the instrument has ended and the duty goes on.
    """

    act: str
    to: tuple[str, ...]
    instrument: str
    article: str
    text: str
    source: str
    confidence: str
    since: datetime
    when: tuple[str, ...]
    survives: bool

    def to_json(self) -> dict[str, Anything]:
        """The duty as a JSON object."""
        return {
            "act": self.act,
            "to": list(self.to),
            "instrument": self.instrument,
            "article": self.article,
            "text": self.text,
            "source": self.source,
            "confidence": self.confidence,
            "since": self.since.isoformat(),
            "when": list(self.when),
            "survives": self.survives,
        }


def standing_duties(law: Law, record: Record, at: datetime, party: str) -> list[StandingDuty]:
    """What a Party owes at an instant: to whom, since when, by which article, and on what it turns.

    Args:
        law, record, at: as for `decide`.
        party: who owes.
    """
    found: list[StandingDuty] = []
    for agreement in law.agreements.values():
        if party not in agreement.party_set:
            continue
        state = state_at(agreement, record, at)
        entered = next((v.entered for v in state.courses if v.entered is not None), None)
        if entered is None:
            continue
        others = tuple(p for p in agreement.parties if p != party)
        for article, use in agreement.uses(day_of(agreement, at)):
            ended = any(v.state == "terminated" for v in state.courses)
            for duty in use.clause.duties():
                if ended and not duty.survives:
                    continue
                asked = sorted(attributes(duty.owed) | attributes(duty.applies))
                facts = tuple(dict.fromkeys(f for a in asked for f, _ in ATTRIBUTES[a].facts))
                found.append(
                    StandingDuty(
                        act=duty.act,
                        to=others,
                        instrument=agreement.name,
                        article=article.number,
                        text=duty.text,
                        source=article.source,
                        confidence=article.confidence,
                        since=entered,
                        when=facts,
                        survives=ended,
                    )
                )
    return found
