"""Verdicts and legal states: rates beside the engines and the plain code that they are to be compared with."""

from __future__ import annotations

import gc
import json
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from bench.measure import Result, compare
from gsomia.agreement import (
    HANDLING_ACTS,
    All,
    AtLeast,
    Condition,
    Is,
    LegalAct,
    Not,
    Record,
    day_of,
    load_agreement,
    shipped_record,
    state_at,
)
from gsomia.agreement import Any as Any_
from gsomia.config import shipped_law
from gsomia.verdict import Facts, Item, Law, Person, Request, decide, granted, what_if
from gsomia.verdict.cedar import cedar_context, to_cedar
from gsomia.verdict.plans import Question

AT = datetime(2024, 1, 10, tzinfo=UTC)
MARKS = {"JPN": ("極秘", "特定秘密", "秘"), "KOR": ("군사II급비밀", "군사III급비밀", "군사I급비밀"), "USA": ("SECRET",)}
PAIRS = (("JPN", "KOR"), ("KOR", "JPN"), ("JPN", "USA"), ("KOR", "USA"), ("USA", "JPN"))


def one(rng: random.Random) -> tuple[Request, Facts]:
    """A request as a day brings them: some are permitted, some not."""
    by, to = rng.choice(PAIRS)
    act = rng.choice(("transmit", "transmit", "open", "release", "reproduce"))
    originator = by if act == "transmit" else to
    item = Item(
        originator=originator,
        level=rng.choice(MARKS[originator]),
        subject=rng.choice(("dprk-missile", "chn-navy", "other")),
        form=rng.choice(("document", "electronic")),
        purpose="defence",
    )
    getter = {"transmit": to, "release": "GBR", "open": "person"}.get(act)
    request = Request(act=act, by=by, to=getter, item=item)
    clearance = rng.choice(("SECRET", "CONFIDENTIAL"))
    facts = replace(
        granted(request, AT),
        assurance=rng.random() < 0.9,
        encrypted=rng.random() < 0.9,
        consent=rng.choice(("none", "written")),
        person=Person(role="official", clearance=clearance, need=rng.random() < 0.8, roster=True, rank=""),
        established_by={"assurance": f"assurance-{rng.random()}", "consent": f"consent-{rng.random()}"},
    )
    return request, facts


def _facts_for(request: Request, rng: random.Random) -> Facts:
    """Facts of one request, new each time."""
    return replace(
        granted(request, AT),
        assurance=rng.random() < 0.8,
        channel=rng.choice(("government", "government", "ordinary")),
        envelopes=rng.choice((1, 2, 2)),
        outer_mark=rng.random() < 0.1,
        established_by={"assurance": f"assurance-{rng.random()}", "channel": f"dispatch-{rng.random()}"},
    )


def run(short: bool) -> Iterator[Result]:
    """Every figure of this group.

    Args:
        short: fewer rounds and smaller streams.
    """
    files = shipped_law()
    agreements = {name: load_agreement(name, folder) for name, folder in files.items()}
    law, record = Law(agreements), shipped_record(files)
    rng = random.Random(2016)
    count = 5_000 if short else 40_000
    rounds = 3 if short else 5
    for request, facts in (one(rng) for _ in range(4_000)):
        decide(law, request, facts, record, AT)

    def look_up() -> int:
        table = {"a": 1}
        for _ in range(count):
            table.get("a")
        return count

    # New requests, items and facts in every round: nothing is recognised by identity.
    streams = iter([[one(rng) for _ in range(count)] for _ in range(rounds)])
    request = one(random.Random(1))[0]
    same = iter([[_facts_for(request, rng) for _ in range(count)] for _ in range(rounds)])

    # Nor does the collector walk through what the benchmark itself holds.
    gc.collect()
    gc.freeze()

    def new() -> int:
        for request, facts in next(streams):
            # The grounds are read: article, clause, fact, what established it, source and confidence of each.
            _ = decide(law, request, facts, record, AT).grounds
        return count

    yield compare("verdict.new", "verdicts/s", new, "a dict look-up", look_up, rounds=rounds)

    def repeat() -> int:
        # One label and route in one state; the facts are new each time, and the ruling is read.
        for facts in next(same):
            _ = decide(law, request, facts, record, AT).outcome
        return count

    yield compare("verdict.repeat", "verdicts/s", repeat, "a dict look-up", look_up, rounds=rounds)
    yield from _engines(law, record, rounds, 300 if short else 2_000)
    yield from _memory(files, 100 if short else 1_000)
    yield from _states(law, short, rounds)
    yield _what_if(law, record, 100_000 if short else 1_000_000)


def _engines(law: Law, record: Record, rounds: int, count: int) -> Iterator[Result]:
    """Other engines deciding the same rules, those of one instrument for one act, exported to each from the law data.

    Each of them gets its policies parsed and its attributes worked out beforehand. Cedar answers with the policies that
    determined it, Rego with the rules that failed and that carried, casbin with yes or no. We get new requests and
    facts in every round, work the attributes out, and give the grounds with what established their facts. That all of
    them decide alike is looked at before anything is timed.
    """
    name = "jpn-kor-2016"
    sheet = law.sheets[name]
    agreement = sheet.agreement
    rng = random.Random(7)
    rules = [(b.rule.applies, b.rule.requires) for b in sheet.compiled("transmit", AT).rules]
    carrying = [n for n, b in enumerate(sheet.compiled("transmit", AT).rules) if not b.rule.gate]

    def stream() -> list[tuple[Request, Facts]]:
        found = []
        for _ in range(count):
            by, to = rng.choice((("JPN", "KOR"), ("KOR", "JPN")))
            level, subject = rng.choice(MARKS[by]), rng.choice(("dprk-missile", "other"))
            item = Item(originator=by, level=level, subject=subject, form="document", purpose="defence")
            request = Request(act="transmit", by=by, to=to, item=item, under=name)
            found.append((request, _facts_for(request, rng)))
        return found

    asked = stream()
    view = state_at(agreement, record, AT).courses[0]
    contexts = [
        cedar_context(Question(rules, request, view, "", False, sheet.tables), facts, AT, request)
        for request, facts in asked
    ]
    wanted = [decide(law, request, facts, record, AT).permitted for request, facts in asked]
    assert 0.1 < sum(wanted) / count < 0.9

    def against(engine: str, baseline: str, theirs: Callable[[dict[str, Any]], bool], few: int) -> Result:
        assert [theirs(context) for context in contexts[:few]] == wanted[:few], engine
        fresh = iter([stream() for _ in range(rounds)])
        gc.collect()
        gc.freeze()

        def ours() -> int:
            for request, facts in next(fresh):
                _ = decide(law, request, facts, record, AT).grounds
            return count

        def others() -> int:
            for context in contexts[:few]:
                theirs(context)
            return min(few, count)

        return compare(f"verdict.{engine}", "verdicts/s", ours, baseline, others, rounds=rounds)

    try:
        cedar: Any = import_module("cedarpy")
    except ImportError:
        pass
    else:
        policies = cedar.PolicySet.from_str(to_cedar(agreement, day_of(agreement, AT), ("transmit",)))
        entities = cedar.Entities.from_json_str("[]")
        scope = {"principal": 'Party::"JPN"', "action": 'Action::"transmit"', "resource": 'Item::"I"'}

        def with_cedar(context: dict[str, Any]) -> bool:
            return bool(cedar.is_authorized({**scope, "context": context}, policies, entities).allowed)

        yield against("cedarpy", "cedarpy, policies parsed", with_cedar, count)
    try:
        casbin: Any = import_module("casbin")
    except ImportError:
        pass
    else:
        carried = " || ".join(f"({_casbin(All(rules[n]), True)})" for n in carrying)
        model = casbin.Enforcer.new_model(
            text="[request_definition]\nr = act, c\n[policy_definition]\np = act\n[policy_effect]\n"
            "e = some(where (p.eft == allow))\n[matchers]\n"
            f"m = r.act == p.act && {' && '.join(_matcher(rule) for rule in rules)} && ({carried})\n"
        )
        enforcer = casbin.Enforcer(model)
        enforcer.add_policy("transmit")

        def with_casbin(context: dict[str, Any]) -> bool:
            return bool(enforcer.enforce("transmit", SimpleNamespace(**context)))

        yield against("casbin", "casbin, ABAC matcher", with_casbin, 200)
    try:
        regopy: Any = import_module("regopy")
    except ImportError:
        return
    rego = regopy.Interpreter()
    rego.add_module("gsomia", _rego_module(rules, carrying))
    bundle = rego.build("answer=data.gsomia.answer", [])

    def with_rego(context: dict[str, Any]) -> bool:
        rego.set_input(context)
        return bool(rego.query_bundle(bundle).results[0].bindings["answer"]["allow"])

    yield against("regopy", "regopy, bundle built", with_rego, 200)


def _rego_module(rules: list[tuple[Condition, Condition]], carrying: list[int]) -> str:
    """The rules as Rego: a helper for each part, so that "or" is a helper with several bodies."""
    lines: list[str] = []

    def helper(bodies: list[list[str]]) -> str:
        name = f"part_{len(lines)}"
        lines.append("\n".join(f"{name} if {{ {'; '.join(body)} }}" for body in bodies))
        return name

    def term(condition: Condition, positive: bool) -> str:
        if isinstance(condition, Not):
            return term(condition.of, not positive)
        if isinstance(condition, All | Any_):
            parts = [term(part, positive) for part in condition.of]
            joined = isinstance(condition, All) is positive
            wins, drops = ("false", "true") if joined else ("true", "false")
            parts = [part for part in parts if part != drops]
            if wins in parts or not parts:
                return wins if parts else drops
            return helper([parts] if joined else [[part] for part in parts])
        left = f"input.{condition.attribute}"
        if isinstance(condition, Is):
            values = [
                f"{left} {'==' if positive else '!='} {json.dumps(v, ensure_ascii=False)}" for v in condition.values
            ]
            return helper([[value] for value in values] if positive else [values])
        if isinstance(condition, AtLeast):
            bound = f"input.{condition.bound}" if isinstance(condition.bound, str) else condition.bound
            return f"{left} {'>=' if positive else '<'} {bound}"
        return f"{left} {'==' if positive else '!='} input.{condition.other}"

    met = [term(Any_((Not(applies), requires)), True) for applies, requires in rules]
    carried = [(n, term(All(rules[n]), True)) for n in carrying]
    head = [
        "package gsomia\nimport rego.v1\ndefault allow := false",
        f"allow if {{ {'; '.join([*met, helper([[part] for _, part in carried])])} }}",
        'answer := {"allow": allow, "failed": failed, "carried": carried}',
    ]
    head += [f'failed contains "rule {n}" if not {part}' for n, part in enumerate(met) if part != "true"]
    head += [f'carried contains "rule {n}" if {part}' for n, part in carried]
    return "\n".join([*head, *lines]) + "\n"


def _matcher(rule: tuple[Condition, Condition]) -> str:
    """One rule as casbin writes it: it does not apply, or what it requires holds."""
    return f"({_casbin(rule[0], False)} || {_casbin(rule[1], True)})"


def _casbin(condition: Condition, positive: bool) -> str:
    if isinstance(condition, Not):
        return _casbin(condition.of, not positive)
    if isinstance(condition, All | Any_):
        joined = isinstance(condition, All) is positive
        parts = [_casbin(part, positive) for part in condition.of]
        return "(" + (" && " if joined else " || ").join(parts) + ")" if parts else str(joined)
    if isinstance(condition, Is):
        sign, glue = ("==", " || ") if positive else ("!=", " && ")
        return "(" + glue.join(f"r.c.{condition.attribute} {sign} {v!r}" for v in condition.values) + ")"
    if isinstance(condition, AtLeast):
        bound = f"r.c.{condition.bound}" if isinstance(condition.bound, str) else condition.bound
        return f"(r.c.{condition.attribute} {'>=' if positive else '<'} {bound})"
    return f"(r.c.{condition.attribute} {'==' if positive else '!='} r.c.{condition.other})"


def _memory(files: dict[str, dict[str, bytes]], count: int) -> Iterator[Result]:
    """Agreements held at once, each with texts and a Party of its own, and its clauses compiled for every act."""
    kinds = (("jpn-kor-2016", "KOR"), ("usa-jpn-2007", "JPN"), ("usa-kor-1987", "KOR"))
    texts = []
    for n in range(count):
        base, party = kinds[n % len(kinds)]
        own = "X" + chr(ord("A") + n // 26 % 26) + chr(ord("A") + n % 26)
        text = files[base]["agreement.toml"].decode().replace(f'"{base}"', f'"agreement-{n}"')
        text = text.replace(f'"{party}"', f'"{own}"').replace(f"{party} = ", f"{own} = ")
        texts.append(text.replace('text = "', f'text = "{n}: ').encode())
    tracemalloc.start()
    law = Law(
        {f"agreement-{n}": load_agreement(f"agreement-{n}", {"agreement.toml": text}) for n, text in enumerate(texts)}
    )
    for sheet in law.sheets.values():
        for act in HANDLING_ACTS:
            sheet.compiled(act, AT)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    base_size = sum(map(len, texts)) / 2**20
    yield Result(
        name="verdict.memory",
        value=size,
        unit=f"MB, {count:,} agreements compiled",
        baseline="their files",
        baseline_value=base_size,
        ratio=size / base_size,
    )


def _states(law: Law, short: bool, rounds: int) -> Iterator[Result]:
    """A record of 100,000 acts, of which one in twenty moves the state."""
    agreement = law.agreements["jpn-kor-2016"]
    rng = random.Random(3)
    count = 10_000 if short else 100_000
    start = datetime(2016, 12, 1, tzinfo=UTC)
    kinds = ("give-notice", "suspend-notice", "resume-notice", "withdraw-notice", "withdraw-notice")
    quiet = ("designate-authority", "announce", "amend")

    def act(n: int, kind: str, by: str, at: datetime) -> LegalAct:
        return LegalAct(id=f"{agreement.name}/{n}", under=agreement.name, act=kind, by=by, at=at)

    acts = [act(-3, "sign", "KOR", start - timedelta(days=3))]
    acts += [act(n, "notify-entry", by, start - timedelta(days=2)) for n, by in ((-2, "JPN"), (-1, "KOR"))]
    for n in range(count):
        kind = rng.choice(kinds) if n % 20 == 0 else rng.choice(quiet)
        acts.append(act(n, kind, rng.choice(("JPN", "KOR")), start + timedelta(minutes=n)))
    firsts, one_mores, laters, scans = [], [], [], []
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        record = Record(acts)
        at = time.process_time()
        state_at(agreement, record, acts[-1].at)
        firsts.append(time.process_time() - at)
        at = time.process_time()
        sum(1 for a in acts if a.act == "sign")
        scans.append(time.process_time() - at)
        # Instants that were never asked about.
        span = acts[-1].at - start
        instants = [start + span * rng.random() for _ in range(1_000)]
        at = time.process_time()
        for instant in instants:
            state_at(agreement, record, instant)
        laters.append((time.process_time() - at) / len(instants))
        at = time.process_time()
        for n in range(200):
            record = record.plus([act(count + n, "amend", "JPN", acts[-1].at + timedelta(minutes=n + 1))])
        one_mores.append((time.process_time() - at) / 200)

    def row(name: str, values: list[float], scale: float, unit: str) -> Result:
        value = sorted(values)[len(values) // 2] * scale
        base = sorted(scans)[len(scans) // 2] * 1e3
        return Result(
            name=name,
            value=value,
            unit=unit,
            baseline="ms to walk once over the acts",
            baseline_value=base,
            ratio=value / base,
        )

    yield row("state.first", firsts, 1e3, f"ms, {count} acts")
    yield row("state.later", laters, 1e6, "us")
    yield row("state.one-more-act", one_mores, 1e6, "us")


def _what_if(law: Law, record: Record, count: int) -> Result:
    """What a notice would change, over a large register."""
    rng = random.Random(5)
    held = []
    for n in range(count):
        holder, originator = rng.choice((("KOR", "JPN"), ("JPN", "KOR")))
        item = Item(
            originator=originator,
            level=rng.choice(MARKS[originator]),
            subject=rng.choice(("dprk-missile", "dprk-nuclear", "chn-navy", "other")),
            form=rng.choice(("document", "electronic", "equipment")),
            contains=rng.choice(((), (), ("USA",))),
            received=datetime(2017, 1, 1, tzinfo=UTC) + timedelta(minutes=n),
            purpose=rng.choice(("defence", "training")),
        )
        held.append((holder, item))
    gc.collect()
    gc.freeze()
    thought = LegalAct(id="jpn-kor-2016/t", under="jpn-kor-2016", act="give-notice", by="KOR", at=AT)
    start = time.process_time()
    found = what_if(law, record, thought, held=held)
    spent = time.process_time() - start
    assert sum(row["items"] for row in found.held) == count
    start = time.process_time()
    sum(1 for holder, _ in held if holder == "KOR")
    base = time.process_time() - start
    return Result(
        name="verdict.what-if",
        value=spent,
        unit=f"s over {count} items",
        baseline="s to walk once over them",
        baseline_value=base,
        ratio=spent / base,
    )
