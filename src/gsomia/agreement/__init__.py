"""Agreements as law in data: Parties, levels, articles and their clauses, legal acts, and the state they make.

    >>> from gsomia.agreement import load_agreement, shipped_record, state_at
    >>> agreement = load_agreement("jpn-kor-2016", files)          # doctest: +SKIP
    >>> state_at(agreement, shipped_record(law), at).state         # doctest: +SKIP
    'in-force'

Read `conditions` (the language of clauses), then `clauses`, `instrument`, `folder` (how it is read), `lifecycle` (the
fold).
"""

from __future__ import annotations

from gsomia.agreement.acts import FORMS, LegalAct, Record, unlike
from gsomia.agreement.clauses import (
    CLAUSES,
    DUTY_ACTS,
    GIVING_ACTS,
    HANDLING_ACTS,
    HELD_ACTS,
    ITEM_FORMS,
    LEGAL_ACTS,
    PURPOSES,
    RECORD_ACTS,
    SUBJECTS,
    Clause,
)
from gsomia.agreement.conditions import (
    ALWAYS,
    NEVER,
    All,
    Any,
    AtLeast,
    Condition,
    Duty,
    Is,
    Not,
    Rule,
    Same,
    attributes,
)
from gsomia.agreement.drawing import draw
from gsomia.agreement.equivalence import CONTEXT, RELEASABLE, policies, policy_oid
from gsomia.agreement.folder import LAW_FILES, check_legs, law_version, load_agreement
from gsomia.agreement.history import read_acts, shipped_record
from gsomia.agreement.instrument import Agreement, Article, ClauseUse, Owing, day_of, midnight
from gsomia.agreement.levels import RANKS, Government, Level, Levels
from gsomia.agreement.lifecycle import (
    READINGS,
    STATES,
    LegalState,
    Notice,
    View,
    courses_of,
    readings_at,
    state_at,
    without_effect,
)
from gsomia.agreement.tables import Table, read_toml
from gsomia.agreement.timeline import Event, Period, events, periods, rows_of
from gsomia.agreement.timers import Term, next_anniversary

__all__ = [
    "ALWAYS",
    "CLAUSES",
    "CONTEXT",
    "DUTY_ACTS",
    "FORMS",
    "GIVING_ACTS",
    "HANDLING_ACTS",
    "HELD_ACTS",
    "ITEM_FORMS",
    "LAW_FILES",
    "LEGAL_ACTS",
    "NEVER",
    "PURPOSES",
    "RANKS",
    "READINGS",
    "RECORD_ACTS",
    "RELEASABLE",
    "STATES",
    "SUBJECTS",
    "Agreement",
    "All",
    "Any",
    "Article",
    "AtLeast",
    "Clause",
    "ClauseUse",
    "Condition",
    "Duty",
    "Event",
    "Government",
    "Is",
    "LegalAct",
    "LegalState",
    "Level",
    "Levels",
    "Not",
    "Notice",
    "Owing",
    "Period",
    "Record",
    "Rule",
    "Same",
    "Table",
    "Term",
    "View",
    "attributes",
    "check_legs",
    "courses_of",
    "day_of",
    "draw",
    "events",
    "law_version",
    "load_agreement",
    "midnight",
    "next_anniversary",
    "periods",
    "policies",
    "policy_oid",
    "read_acts",
    "read_toml",
    "readings_at",
    "rows_of",
    "shipped_record",
    "state_at",
    "unlike",
    "without_effect",
]
