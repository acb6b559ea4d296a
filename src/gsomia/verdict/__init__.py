"""Verdicts: whether an act may be done, under which article, and what follows from it.

    verdict = decide(law, Request(act="transmit", by="JPN", to="KOR", item=item), facts, record, at)
    verdict.outcome, [ground.citation for ground in verdict.grounds]

Read `facts` (what is asked), `answer` (what is said), then `decision`; `compiling` makes clauses fast.
"""

from __future__ import annotations

from gsomia.verdict.answer import PERMIT, REFUSE, UNCERTAIN, Ground, Obligation, Owed, Ruling, Verdict
from gsomia.verdict.cases import Case, CaseResult, parse_cases, run_case
from gsomia.verdict.decision import decide
from gsomia.verdict.duties import owed
from gsomia.verdict.facts import UNKNOWN, Facts, Item, Mark, Person, Request, Unknown
from gsomia.verdict.foresight import PathStep, WhatIf, path_to, what_if
from gsomia.verdict.law import Law
from gsomia.verdict.questions import Route, StandingDuty, granted, matrix, routes, standing_duties

__all__ = [
    "PERMIT",
    "REFUSE",
    "UNCERTAIN",
    "UNKNOWN",
    "Case",
    "CaseResult",
    "Facts",
    "Ground",
    "Item",
    "Law",
    "Mark",
    "Obligation",
    "Owed",
    "PathStep",
    "Person",
    "Request",
    "Route",
    "Ruling",
    "StandingDuty",
    "Unknown",
    "Verdict",
    "WhatIf",
    "decide",
    "granted",
    "matrix",
    "owed",
    "parse_cases",
    "path_to",
    "routes",
    "run_case",
    "standing_duties",
    "what_if",
]
