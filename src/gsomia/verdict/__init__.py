"""Verdicts: whether an act may be done, under which article, and what follows from it.

    verdict = decide(law, Request(act="transmit", by="JPN", to="KOR", item=item), facts, record, at)
    verdict.outcome, [ground.citation for ground in verdict.grounds]

Read `facts` (what is asked), `answer` (what is said), then `legs` and `decision`; `compiling` makes clauses fast.
"""

from __future__ import annotations

from gsomia.verdict.answer import PERMIT, REFUSE, UNCERTAIN, Ground, Obligation, Owed, Ruling, Verdict
from gsomia.verdict.cases import Case, CaseResult, parse_cases, run_case
from gsomia.verdict.casewords import check_case
from gsomia.verdict.cedar import to_cedar
from gsomia.verdict.checking import CaseChange, Finding, changed_cases, check_agreement
from gsomia.verdict.comparison import Difference, differences, unseen
from gsomia.verdict.counterexample import example
from gsomia.verdict.decision import decide
from gsomia.verdict.duties import owed
from gsomia.verdict.facts import UNKNOWN, Facts, Item, Mark, Person, Request, Unknown
from gsomia.verdict.foresight import UNREAD_ACTS, PathStep, WhatIf, path_to, what_if
from gsomia.verdict.law import Law
from gsomia.verdict.proof import COVERS, PROPERTIES, Proof, prove
from gsomia.verdict.questions import Route, StandingDuty, granted, matrix, routes, standing_duties
from gsomia.verdict.telling import known_party, read_item, told_routes, told_state
from gsomia.verdict.thought import think

__all__ = [
    "COVERS",
    "PERMIT",
    "PROPERTIES",
    "REFUSE",
    "UNCERTAIN",
    "UNKNOWN",
    "UNREAD_ACTS",
    "Case",
    "CaseChange",
    "CaseResult",
    "Difference",
    "Facts",
    "Finding",
    "Ground",
    "Item",
    "Law",
    "Mark",
    "Obligation",
    "Owed",
    "PathStep",
    "Person",
    "Proof",
    "Request",
    "Route",
    "Ruling",
    "StandingDuty",
    "Unknown",
    "Verdict",
    "WhatIf",
    "changed_cases",
    "check_agreement",
    "check_case",
    "decide",
    "differences",
    "example",
    "granted",
    "known_party",
    "matrix",
    "owed",
    "parse_cases",
    "path_to",
    "prove",
    "read_item",
    "routes",
    "run_case",
    "standing_duties",
    "think",
    "to_cedar",
    "told_routes",
    "told_state",
    "unseen",
    "what_if",
]
