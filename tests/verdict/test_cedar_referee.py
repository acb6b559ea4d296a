"""Another engine as referee: the exported clauses, decided by Cedar, say the same on 100,000 random requests."""

from __future__ import annotations

import random
from collections import Counter
from importlib import import_module
from typing import Any

import pytest
from asking import INSTANTS, facts, request

from gsomia.agreement import ALWAYS, day_of, state_at
from gsomia.cli.law.shared import shipped
from gsomia.verdict.attributes import ATTRIBUTES
from gsomia.verdict.cedar import cedar_context, to_cedar
from gsomia.verdict.decision import NOTHING
from gsomia.verdict.plans import Question

LAW, RECORD = shipped()
ASKED = 100_000


def test_every_attribute_of_a_clause_is_known() -> None:
    for agreement in LAW.agreements.values():
        text = to_cedar(agreement, day_of(agreement, INSTANTS[-1]))
        assert all(f"context has {name} " in text for name in ("state",))
        assert "@article" in text
    assert ALWAYS is not None and len(ATTRIBUTES) > 50


@pytest.mark.slow
def test_cedar_decides_the_same() -> None:
    cedar: Any = pytest.importorskip("cedarpy", reason="the referee is cedarpy, a dependency of the tests alone")
    assert import_module("cedarpy") is cedar
    rng = random.Random(2016)
    seen: Counter[str] = Counter()
    for sheet in LAW.sheets.values():
        agreement = sheet.agreement
        asked: dict[str, list[tuple[dict[str, Any], str]]] = {}
        for _ in range(ASKED // len(LAW.sheets) + 1):
            at = rng.choice(INSTANTS)
            q = request(rng)
            f = facts(rng, q, at)
            view = state_at(agreement, RECORD, at).courses[0]
            compiled = sheet.compiled(q.act, at)
            key = compiled.judge(q, q.item or NOTHING, f, view, "fresh-notice", False, at, sheet.tables)
            outcome = compiled.grounds(key)[0]
            rules = [(b.rule.applies, b.rule.requires) for b in compiled.rules]
            question = Question(rules, q, view, "fresh-notice", False, sheet.tables)
            seen[outcome] += 1
            asked.setdefault(q.act, []).append(
                (cedar_context(question, f, at, q), "Allow" if outcome == "permit" else "Deny")
            )
        for act, pairs in asked.items():
            # Cedar looks through every policy of a set: one set for each act decides the same and is asked faster.
            text = to_cedar(agreement, day_of(agreement, INSTANTS[-1]), (act,))
            policies = cedar.PolicySet.from_str(text)
            scope = {"principal": 'Party::"P"', "action": f'Action::"{act}"', "resource": 'Item::"I"'}
            for n in range(0, len(pairs), 5000):
                some = pairs[n : n + 5000]
                answers = cedar.is_authorized_batch([{**scope, "context": c} for c, _ in some], policies, [])
                for answer, (context, wanted) in zip(answers, some, strict=True):
                    assert not answer.diagnostics.errors, answer.diagnostics.errors
                    assert answer.decision.value == wanted, (agreement.name, act, context)
    assert sum(seen.values()) >= ASKED
    assert min(seen.values()) > 100 and set(seen) == {"permit", "refuse", "uncertain"}
