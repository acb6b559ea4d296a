"""A fact nobody established refuses where a clause needs it: every permitted case, each fact taken away in turn."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from gsomia.cli.law.shared import shipped
from gsomia.config import shipped_law
from gsomia.verdict import UNKNOWN, Case, Facts, Item, Mark, Person, Request, decide, parse_cases

PERMITTED = [
    case
    for name, files in shipped_law().items()
    for case in parse_cases(files["cases.toml"], name, name)
    if case.ask == "act" and case.expected == "permit" and case.request.act != "amend"
]
FACTS = [f.name for f in fields(Facts) if f.name not in ("established_by", "person", "mark")]


def without_each(facts: Facts) -> dict[str, Facts]:
    """Each fact taken away, by the name that the ground must give."""
    out = {name.replace("_", "-"): replace(facts, **{name: UNKNOWN}) for name in FACTS}  # type: ignore[arg-type]
    for f in fields(Person):
        out[f"person.{f.name}"] = replace(facts, person=replace(facts.person, **{f.name: UNKNOWN}))
    for f in fields(Mark):
        out[f"mark.{f.name}"] = replace(facts, mark=replace(facts.mark, **{f.name: UNKNOWN}))
    return out


@pytest.mark.parametrize("case", PERMITTED, ids=lambda case: case.id)
def test_each_needed_fact_refuses_when_unknown(case: Case) -> None:
    law, record = shipped()
    if case.without:
        record = record.without(case.without)
    record = record.plus(case.plus)
    assert decide(law, case.request, case.facts, record, case.at, case.readings).permitted
    for name, facts in without_each(case.facts).items():
        verdict = decide(law, case.request, facts, record, case.at, case.readings)
        if verdict.permitted:
            continue
        assert verdict.outcome == "refuse", name
        missing = {g.fact for g in verdict.grounds if g.clause == "fact-not-established"}
        assert name in missing, f"{name}: {verdict.grounds}"


ITEM = Item(originator="JPN", level="特定秘密", subject="dprk-missile", form="electronic", purpose="defence")
NEEDED = {
    "transmit": {"assurance", "channel", "encrypted", "accredited"},
    "open": {
        "person.role", "person.clearance", "person.need", "person.roster", "purpose", "purpose-ended",
    },
    "release": {"consent", "consent-before", "consent-of", "consent-to", "combined-staff"},
    "destroy": {"witnesses", "record-made"},
    "reproduce": {"copies-numbered", "marks-reproduced", "record-made", "purpose", "purpose-ended"},
}  # fmt: skip


@pytest.mark.parametrize("act", NEEDED)
def test_with_nothing_established_every_needed_fact_is_named(act: str) -> None:
    law, record = shipped()
    by, to = ("JPN", "KOR") if act == "transmit" else ("KOR", "USA" if act == "release" else None)
    at = next(case.at for case in PERMITTED if case.id == "jk-011")
    verdict = decide(law, Request(act=act, by=by, to=to, item=ITEM), Facts(), record, at)
    assert verdict.outcome == "refuse"
    named = {g.fact for g in verdict.grounds if g.clause == "fact-not-established" and g.instrument == "jpn-kor-2016"}
    optional = {"consent", "consent-before", "consent-of"} if act in ("open", "reproduce") else set()
    assert NEEDED[act] <= named <= NEEDED[act] | optional


def test_a_ground_names_what_established_its_fact() -> None:
    law, record = shipped()
    case = next(case for case in PERMITTED if case.id == "jk-037")
    facts = replace(case.facts, established_by={"assurance": "JPN/assure/7"})
    verdict = decide(law, case.request, facts, record, case.at)
    assert {g.established_by for g in verdict.grounds if g.fact == "assurance"} == {"JPN/assure/7"}
    assert {g.established_by for g in verdict.grounds if g.fact != "assurance"} == {""}
