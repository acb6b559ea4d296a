"""Plans: what is the same for every request of one label and route in one legal state is worked out once.

`decision` says what a verdict is; this module only remembers. A plan holds a small function of the facts: the rules of
every instrument on every way, with all that request and state settle already put in, and each remaining condition asked
once. What it gives, a row of bits, names the verdict that `decision` worked out the first time these bits were seen.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import CodeType
from typing import Any as Anything

from gsomia.agreement import (
    ALWAYS,
    HELD_ACTS,
    NEVER,
    Agreement,
    All,
    Any,
    AtLeast,
    Condition,
    Is,
    Not,
    Record,
    Same,
    View,
    attributes,
    courses_of,
    midnight,
    readings_at,
)
from gsomia.verdict.answer import Ruling
from gsomia.verdict.attributes import ATTRIBUTES, CLEARANCES, agreed, consents_needed
from gsomia.verdict.compiling import established
from gsomia.verdict.facts import UNKNOWN, Facts, Item, Request

__all__ = ["KEPT", "Bound", "Epoch", "Plan", "Question", "make_plan", "route"]

KEPT = 8192
"""How many plans, rulings or routes are remembered in one place before it is emptied."""
_HELD = frozenset(HELD_ACTS)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)
_NO_ITEM = Item(originator="", level="", subject="", form="")
_OF_LEG = re.compile(r"(?<![\w.])([qivrdt])(?=[.,) ]|$)")
_CODES: dict[str, CodeType] = {}


class Plan:
    """What to ask of the facts, and the ruling for each answer.

    Args:
        bits: what the facts answer, as a number.
        missing: the bits that say that a fact is missing: then the ruling names it, and is not remembered.
    """

    __slots__ = ("bits", "missing", "rulings")

    def __init__(self, bits: Callable[[Facts, datetime], int], missing: int) -> None:
        self.bits = bits
        self.missing = missing
        self.rulings: dict[int, Ruling] = {}


class Epoch:
    """A stretch of time in which no instrument's state and no clause changes: `lo` <= instant < `hi`.

    `latest` is the request asked last, with its plan. It is held, so that no other request can take its place in memory
    and be taken for it; the facts are read anew each time.
    """

    __slots__ = ("entered", "hi", "latest", "lo", "plans", "seen")

    def __init__(self, lo: datetime, hi: datetime, entered: list[datetime]) -> None:
        self.lo = lo
        self.hi = hi
        self.entered = entered
        self.plans: dict[object, Plan] = {}
        self.seen: dict[object, None] = {}
        self.latest: tuple[Request | None, Plan | None] = (None, None)


class Bound:
    """One record under one set of readings, cut into epochs as they are asked for."""

    __slots__ = ("agreements", "epoch", "epochs", "readings", "record")

    def __init__(self, agreements: Mapping[str, Agreement], record: Record, readings: Mapping[str, str] | None) -> None:
        self.agreements = agreements
        self.record = record
        self.readings = dict(readings) if readings is not None else None
        self.epochs: tuple[list[datetime], list[Epoch]] = ([], [])
        self.epoch = Epoch(_LATEST, _LATEST, [])

    def find(self, at: datetime) -> Epoch:
        """The epoch of an instant."""
        starts, epochs = self.epochs
        place = bisect_right(starts, at)
        if place and at < epochs[place - 1].hi:
            self.epoch = found = epochs[place - 1]
            return found
        epoch = self._cut(at)
        if len(starts) >= 256:
            starts, epochs = [], []
        place = bisect_right(starts, epoch.lo)
        # Both lists change hands at once, so that nobody sees one without the other.
        self.epochs = ([*starts[:place], epoch.lo, *starts[place:]], [*epochs[:place], epoch, *epochs[place:]])
        self.epoch = epoch
        return epoch

    def _cut(self, at: datetime) -> Epoch:
        lo, hi = _EARLIEST, _LATEST
        entered: set[datetime] = set()
        for agreement in self.agreements.values():
            chain, length = self.record.chain(agreement.name)
            index = chain.index(at, length)
            edges = [chain.acts[index - 1].at] if index else []
            edges += [chain.acts[index].at] if index < length else []
            edges += [midnight(agreement, day) for day in agreement.days]
            chosen = readings_at(agreement, self.record, at, self.readings)
            for views in courses_of(agreement, self.record, at, chosen).values():
                for view in views:
                    edges += [n.ends for n in view.notices if n.ends is not None]
                    edges += [view.since] if view.since is not None else []
                    entered |= {view.entered} if view.entered is not None else set()
                    entered |= {view.since} if view.state == "terminated" and view.since is not None else set()
            for edge in edges:
                lo, hi = (max(lo, edge), hi) if edge <= at else (lo, min(hi, edge))
        return Epoch(lo.astimezone(UTC), hi.astimezone(UTC), sorted(entered))


def route(request: Request, epoch: Epoch) -> tuple[object, ...]:
    """The label and the route: all of a request that a ruling can depend on beside facts and state."""
    i = request.item
    if i is None:
        return (request.act, request.by, request.to, request.via, request.under)
    held = 0
    if i.received is not None and request.act in _HELD:
        received = i.received
        held = 1 + sum(received >= entered for entered in epoch.entered)
    return (
        request.act,
        request.by,
        request.to,
        request.via,
        request.under,
        i.originator,
        i.level,
        i.subject,
        i.form,
        i.contains,
        i.purpose,
        held,
    )


class Question:
    """One instrument's rules, asked of one request in one view: what `make_plan` puts together.

    Args:
        rules: (applies, requires) of each rule.
        request, view, reading, disputed, tables: what the attributes are read from.
    """

    __slots__ = ("names", "rules")

    def __init__(
        self,
        rules: list[tuple[Condition, Condition]],
        request: Request,
        view: View,
        reading: str,
        disputed: bool,
        tables: object,
    ) -> None:
        self.rules = rules
        self.names: dict[str, Anything] = {
            "q": request,
            "i": request.item or _NO_ITEM,
            "v": view,
            "r": reading,
            "d": disputed,
            "t": tables,
            "n": consents_needed(request, request.item or _NO_ITEM),
            "U": UNKNOWN,
            "CLEARANCES": CLEARANCES,
        }


def make_plan(questions: list[Question]) -> Plan:
    """One function of the facts for all the questions, each remaining condition asked once."""
    names: dict[str, Anything] = {"U": UNKNOWN, "CLEARANCES": CLEARANCES, "agreed": agreed}
    asked: dict[tuple[str, str, str, str], None] = {}
    for number, question in enumerate(questions):
        used = False
        for applies, requires in question.rules:
            left = _settle(applies, question.names), _settle(requires, question.names)
            if left[0] == NEVER or left == (ALWAYS, ALWAYS):
                continue
            for condition in left:
                used = used or any(_OF_LEG.search(ATTRIBUTES[a].code) for a in attributes(condition))
            code = _of_leg(number)
            both = All((left[0], Not(left[1])))
            asked[
                (
                    _written(left[0], code, positive=False),
                    _written(left[1], code),
                    _written(both, code),
                    "" if left[0] == ALWAYS else "some",
                )
            ] = None
        if used:
            names.update((f"{name}{number}", value) for name, value in question.names.items() if len(name) == 1)
    lines = ["def bits(f, at):", " k = 0"]
    missing = 0
    for n, (spared, met, failed, some) in enumerate(asked):
        indent = " "
        if some:
            # Where it does not apply is told apart from where it applies and is met.
            lines.append(f" if not ({spared}):")
            lines.append(f"  k |= {4 << 3 * n}")
            indent = "  "
        lines.append(f"{indent}if not ({met}): k |= {1 << 3 * n} if ({failed}) else {2 << 3 * n}")
        missing |= 2 << 3 * n
    lines.append(" return k")
    text = "\n".join(lines)
    code_object = _CODES.get(text)
    if code_object is None:
        if len(_CODES) >= KEPT:
            _CODES.clear()
        code_object = _CODES[text] = compile(text, "<plan>", "exec")
    exec(code_object, names)  # noqa: S102  # written from checked law data
    return Plan(names["bits"], missing)


def _of_leg(number: int) -> Callable[[str], str]:
    def code(attribute: str) -> str:
        if attribute == "consented":
            return f"agreed(n{number}, f)"
        return _OF_LEG.sub(lambda found: found.group(1) + str(number), ATTRIBUTES[attribute].code)

    return code


def _written(condition: Condition, code: Callable[[str], str], *, positive: bool = True) -> str:
    return established(condition, positive, code)


_SETTLED: dict[str, CodeType] = {
    name: compile(attribute.code, f"<{name}>", "eval") for name, attribute in ATTRIBUTES.items() if not attribute.facts
}
_SETTLED["item_purpose"] = compile("(i.purpose or U)", "<item_purpose>", "eval")
_OPEN = object()


def _value(attribute: str, names: dict[str, Anything]) -> Anything:
    if attribute == "dispute_open" and names["d"]:
        return True
    code = _SETTLED.get(attribute)
    if code is None:
        return _OPEN
    value = eval(code, names)  # noqa: S307  # our own table of attributes
    return _OPEN if value is UNKNOWN else value


def _settle(condition: Condition, names: dict[str, Anything]) -> Condition:
    """The condition with everything put in that request and state settle."""
    if isinstance(condition, Is):
        value = _value(condition.attribute, names)
        return condition if value is _OPEN else (ALWAYS if value in condition.values else NEVER)
    if isinstance(condition, AtLeast):
        value, bound = _value(condition.attribute, names), condition.bound
        if isinstance(bound, str):
            found = _value(bound, names)
            bound = bound if found is _OPEN else found
        if value is not _OPEN and not isinstance(bound, str):
            return ALWAYS if value >= bound else NEVER
        return AtLeast(condition.attribute, bound)
    if isinstance(condition, Same):
        one, other = _value(condition.attribute, names), _value(condition.other, names)
        if one is not _OPEN and other is not _OPEN:
            return ALWAYS if one == other else NEVER
        if other is not _OPEN:
            return Is(condition.attribute, (other,))
        return Is(condition.other, (one,)) if one is not _OPEN else condition
    if isinstance(condition, Not):
        of = _settle(condition.of, names)
        return NEVER if of == ALWAYS else ALWAYS if of == NEVER else Not(of)
    wins, drops = (NEVER, ALWAYS) if isinstance(condition, All) else (ALWAYS, NEVER)
    parts = [_settle(part, names) for part in condition.of]
    if wins in parts:
        return wins
    parts = [part for part in parts if part != drops]
    if len(parts) == 1:
        return parts[0]
    return All(tuple(parts)) if isinstance(condition, All) else Any(tuple(parts))
