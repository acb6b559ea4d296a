"""Another engine as referee: the exported clauses, decided by Cedar, say the same on 100,000 random requests."""

from __future__ import annotations

import random
from collections import Counter
from importlib import import_module
from typing import Any

import pytest
from asking import INSTANTS, facts, request

from gsomia.agreement import ALWAYS, day_of, state_at
from gsomia.cli.agreement import shipped
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
    per = ASKED // len(LAW.sheets)
    seen: Counter[str] = Counter()
    for sheet in LAW.sheets.values():
        agreement = sheet.agreement
        policies = cedar.PolicySet(to_cedar(agreement, day_of(agreement, INSTANTS[-1])))
        wanted: list[str] = []
        requests: list[dict[str, Any]] = []
        while len(wanted) < per:
            at = rng.choice(INSTANTS)
            q = request(rng)
            f = facts(rng, q, at)
            view = state_at(agreement, RECORD, at).courses[0]
            compiled = sheet.compiled(q.act, at)
            item = q.item or NOTHING
            key = compiled.judge(q, item, f, view, "fresh-notice", False, at, sheet.tables)
            outcome = compiled.grounds(key)[0]
            rules = [(b.rule.applies, b.rule.requires) for b in compiled.rules]
            question = Question(rules, q, view, "fresh-notice", False, sheet.tables)
            wanted.append("Allow" if outcome == "permit" else "Deny")
            seen[outcome] += 1
            requests.append(
                {
                    "principal": 'Party::"P"',
                    "action": f'Action::"{q.act}"',
                    "resource": 'Item::"I"',
                    "context": cedar_context(question, f, at, q),
                }
            )
        for n in range(0, len(requests), 5000):
            answers = cedar.is_authorized_batch(requests[n : n + 5000], policies, [])
            for k, answer in enumerate(answers):
                assert not answer.diagnostics.errors, answer.diagnostics.errors
                assert str(answer.decision.value) == wanted[n + k], requests[n + k]
    assert min(seen.values()) > 100 and set(seen) == {"permit", "refuse", "uncertain"}
