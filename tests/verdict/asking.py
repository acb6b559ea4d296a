"""Random requests and facts, drawn so that permits, refusals, unknown facts and odd values all come up."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gsomia.agreement import HANDLING_ACTS, LEGAL_ACTS, Agreement
from gsomia.verdict import UNKNOWN, Facts, Item, Mark, Person, Request

PARTIES = ("JPN", "KOR", "USA")
MARKS = {
    "JPN": ("極秘", "特定秘密", "秘", "機密"),
    "KOR": ("군사II급비밀", "군사III급비밀", "군사I급비밀"),
    "USA": ("SECRET", "TOP SECRET", "CONFIDENTIAL"),
    "GBR": ("SECRET",),
}
SUBJECTS = ("dprk-missile", "dprk-nuclear", "launch-indicators", "chn-navy", "other")
FORMS = ("document", "document", "electronic", "oral", "equipment", "track", "hologram")


def likely(rng: random.Random, good: object, *others: object) -> object:
    """Mostly the value that helps, else another, sometimes unknown."""
    roll = rng.random()
    if roll < 0.9:
        return good
    return UNKNOWN if roll < 0.93 or not others else rng.choice(others)


def request(rng: random.Random) -> Request:
    """A request that may or may not make sense."""
    act = rng.choice((*HANDLING_ACTS, "transmit", "transmit", "open", "release", *LEGAL_ACTS))
    by, to = rng.sample(PARTIES, 2)
    originator = by if act in ("transmit", "disclose-orally", "warn") and rng.random() < 0.8 else to
    mark = rng.choice((*MARKS[originator], *MARKS[originator], "SECRET", "CONFIDENTIAL", "", "geheim"))
    contains = tuple(dict.fromkeys((originator, *rng.sample((*PARTIES, "GBR"), rng.choice((0, 0, 0, 1))))))
    item = Item(
        originator=originator,
        level=mark,
        subject=rng.choice(SUBJECTS),
        form=rng.choice(FORMS),
        contains=contains,
        received=rng.choice((None, None, datetime(2015, 3, 1, tzinfo=UTC), datetime(2019, 3, 1, tzinfo=UTC))),
        purpose=rng.choice(("defence", "defence", "training", "")),
    )
    under = rng.choice((None, None, "jpn-kor-2016", "tisa-2014", "usa-jpn-2007", "usa-kor-1987", "warning-2023"))
    if act in LEGAL_ACTS:
        under = rng.choice(("jpn-kor-2016", "jpn-kor-2016", "tisa-2014", "usa-jpn-2007"))
    if act == "release":
        to = rng.choice((to, "GBR", "third-country"))
    via = (rng.choice([p for p in PARTIES if p not in (by, to)]),) if rng.random() < 0.25 else ()
    return Request(
        act=act,
        by=by,
        to=rng.choice((to, to, to, "person", "contractor", None)) if act not in ("transmit", "warn") else to,
        via=via,
        item=None if act in LEGAL_ACTS or (act in ("visit", "notify-law-change") and rng.random() < 0.8) else item,
        under=under,
    )


def facts(rng: random.Random, q: Request, at: datetime) -> Facts:
    """Facts of which most help."""
    item = q.item
    contains = frozenset(item.contains) if item else frozenset(p for p in PARTIES if p != q.by)
    receivers = frozenset(p for p in (q.to, q.by, *q.via) if p)
    mark = rng.choice((None, rng.choice(MARKS[q.by])))
    values: dict[str, object] = {
        "channel": likely(rng, "government", "ordinary"),
        "envelopes": likely(rng, 2, 0, 1, 3),
        "outer_mark": likely(rng, False, True),
        "consent": rng.choice(("none", "written", "written", "oral", UNKNOWN)),
        "consent_before": likely(rng, True, False),
        "consent_of": likely(rng, contains, frozenset(), frozenset(("JPN",))),
        "consent_to": likely(rng, receivers, frozenset(), frozenset(("GBR",))),
        "person": Person(
            role=likely(rng, "official", "legislator", "contractor"),  # type: ignore[arg-type]
            clearance=likely(rng, "SECRET", "none", "CONFIDENTIAL", "TOP SECRET"),  # type: ignore[arg-type]
            need=likely(rng, True, False),  # type: ignore[arg-type]
            roster=likely(rng, True, False),  # type: ignore[arg-type]
            rank="",
        ),
        "mark": Mark(
            level=likely(rng, mark, UNKNOWN),  # type: ignore[arg-type]
            origin=likely(rng, item.originator if item else None, "", "GBR"),  # type: ignore[arg-type]
        ),
        "witnesses": likely(rng, 2, 0, 1),
        "regrade_notice": likely(rng, True, False),
        "regrade_to": rng.choice((None, "SECRET", "CONFIDENTIAL", UNKNOWN)),
        "purpose": likely(rng, "defence", "trade"),
        "purpose_ended": likely(rng, False, True),
        "authorised_by": likely(rng, q.to or "", q.by),
        "shown_level": rng.choice((None, "SECRET", "TOP SECRET", UNKNOWN)),
        "ceiling": rng.choice((None, "SECRET", "CONFIDENTIAL")),
        "visit_for": likely(rng, "access", "security-check"),
        "form_of_act": likely(rng, "note", "email"),
        "ends": rng.choice((None, datetime(2020, 11, 22, 15, tzinfo=UTC), at + timedelta(days=90))),
        "note_received": rng.choice((None, at, at + timedelta(days=3))),
        "stage": likely(rng, "launched", "preparing"),
        "dispatched": rng.choice((None, at, at - timedelta(days=9))),
        "loss": rng.choice(("none", "known")),
        "law_change": rng.choice(("none", "affects-protection")),
        "settled_by": likely(rng, "consultation", "court"),
        "lateness_only": False,
        "tracer_unanswered": rng.random() < 0.1,
    }
    for name in (
        *("assurance", "encrypted", "accredited", "covered", "translation_note", "translator_cleared"),
        *("copies_numbered", "marks_reproduced", "inspected", "host_authorised", "record_made"),
        *("authority_notified", "dispute_open"),
    ):
        values[name] = likely(rng, True, False)
    values["combined_staff"] = likely(rng, False, True)
    values["asked"] = False
    return Facts(**values)  # type: ignore[arg-type]


INSTANTS = (
    datetime(2012, 6, 1, tzinfo=UTC),
    datetime(2015, 1, 5, tzinfo=UTC),
    datetime(2016, 11, 23, 1, 30, tzinfo=UTC),
    datetime(2018, 1, 10, tzinfo=UTC),
    datetime(2019, 9, 1, tzinfo=UTC),
    datetime(2020, 8, 1, tzinfo=UTC),
    datetime(2024, 1, 1, tzinfo=UTC),
)


def thinner(agreement: Agreement, *clauses: str) -> Agreement:
    """The agreement without these clauses: the fault that is planted."""
    articles = tuple(
        replace(a, clauses=tuple(u for u in a.clauses if u.name not in clauses)) for a in agreement.articles
    )
    return replace(agreement, articles=articles, version="thinner " + " ".join(clauses))
