"""Verdicts and legal states: rates beside the engines and the plain code that they are to be compared with."""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from bench.measure import Result, compare
from gsomia.agreement import (
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
    )
    return request, facts


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

    # New objects in every round: nothing is recognised by identity.
    streams = iter([[one(rng) for _ in range(count)] for _ in range(rounds)])

    # Nor does the collector walk through what the benchmark itself holds.
    gc.collect()
    gc.freeze()

    def new() -> int:
        stream = next(streams)
        for request, facts in stream:
            decide(law, request, facts, record, AT)
        return count

    yield compare("verdict.new", "verdicts/s", new, "a dict look-up", look_up, rounds=rounds)

    request, facts = one(random.Random(1))

    def repeat() -> int:
        for _ in range(count):
            decide(law, request, facts, record, AT)
        return count

    yield compare("verdict.repeat", "verdicts/s", repeat, "a dict look-up", look_up, rounds=rounds)
    yield from _engines(law, record, rounds, 300 if short else 2_000)
    yield from _memory(files)
    yield from _states(law, short, rounds)
    yield _what_if(law, record, 100_000 if short else 1_000_000)


def _engines(law: Law, record: Record, rounds: int, count: int) -> Iterator[Result]:
    """Other engines deciding the exported clauses of one act, their policies parsed beforehand."""
    sheet = law.sheets["jpn-kor-2016"]
    agreement = sheet.agreement
    rng = random.Random(7)
    item = Item(originator="JPN", level="特定秘密", subject="other", form="document", purpose="defence")
    asked = Request(act="transmit", by="JPN", to="KOR", item=item)
    base = granted(asked, AT)
    stream = [replace(base, assurance=rng.random() < 0.7, envelopes=rng.choice((1, 2))) for _ in range(count)]
    view = state_at(agreement, record, AT).courses[0]
    rules = [(b.rule.applies, b.rule.requires) for b in sheet.compiled("transmit", AT).rules]
    question = Question(rules, asked, view, "", False, sheet.tables)
    contexts = [cedar_context(question, facts, AT, asked) for facts in stream]

    def ours() -> int:
        for facts in stream:
            decide(law, asked, facts, record, AT)
        return count

    try:
        cedar: Any = import_module("cedarpy")
    except ImportError:
        pass
    else:
        policies = cedar.PolicySet.from_str(to_cedar(agreement, day_of(agreement, AT), ("transmit",)))
        entities = cedar.Entities.from_json_str("[]")
        scope = {"principal": 'Party::"JPN"', "action": 'Action::"transmit"', "resource": 'Item::"I"'}

        def theirs() -> int:
            for context in contexts:
                cedar.is_authorized({**scope, "context": context}, policies, entities)
            return count

        yield compare("verdict.cedarpy", "verdicts/s", ours, "cedarpy, policies parsed", theirs, rounds=rounds)
    try:
        casbin: Any = import_module("casbin")
    except ImportError:
        pass
    else:
        model = casbin.Enforcer.new_model(
            text="[request_definition]\nr = act, c\n[policy_definition]\np = act\n[policy_effect]\n"
            "e = some(where (p.eft == allow))\n[matchers]\n"
            f"m = r.act == p.act && {' && '.join(_matcher(rule) for rule in rules)}\n"
        )
        enforcer = casbin.Enforcer(model)
        enforcer.add_policy("transmit")
        objects = [type("Context", (), context)() for context in contexts]

        def with_casbin() -> int:
            for context in objects[:200]:
                enforcer.enforce("transmit", context)
            return min(200, count)

        yield compare("verdict.casbin", "verdicts/s", ours, "casbin, ABAC matcher", with_casbin, rounds=rounds)
    try:
        regopy: Any = import_module("regopy")
    except ImportError:
        return
    rego = regopy.Interpreter()
    rego.add_module(
        "gsomia",
        "package gsomia\nimport rego.v1\ndefault allow := false\n"
        'allow if { input.state == "in-force"; input.covered; input.assurance; input.channel == "government"; '
        "input.envelopes >= 2; not input.outer_mark }\n",
    )

    def with_rego() -> int:
        for context in contexts[:100]:
            rego.set_input(context)
            rego.query("data.gsomia.allow")
        return min(100, count)

    yield compare("verdict.regopy", "verdicts/s", ours, "regopy, module loaded", with_rego, rounds=rounds)


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


def _memory(files: dict[str, dict[str, bytes]]) -> Iterator[Result]:
    """A thousand agreements held at once."""
    text = files["usa-kor-1987"]["agreement.toml"]
    tracemalloc.start()
    held = {}
    for n in range(1_000):
        name = f"agreement-{n}"
        held[name] = load_agreement(name, {"agreement.toml": text.replace(b'"usa-kor-1987"', f'"{name}"'.encode())})
    size = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    yield Result(
        name="verdict.memory",
        value=size,
        unit="MB for 1,000 agreements",
        baseline="their files",
        baseline_value=len(text) * 1_000 / 2**20,
        ratio=size / (len(text) * 1_000 / 2**20),
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
    for _ in range(rounds):
        record = Record(acts)
        at = time.process_time()
        state_at(agreement, record, acts[-1].at)
        firsts.append(time.process_time() - at)
        at = time.process_time()
        sum(1 for a in acts if a.act == "sign")
        scans.append(time.process_time() - at)
        instants = [rng.choice(acts).at for _ in range(1_000)]
        for instant in instants:
            state_at(agreement, record, instant)
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
    for _ in range(count):
        holder, originator = rng.choice((("KOR", "JPN"), ("JPN", "KOR")))
        held.append((holder, Item(originator=originator, level=rng.choice(MARKS[originator]), subject="other",
                                  form="document", purpose="defence")))  # fmt: skip
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
