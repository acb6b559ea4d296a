"""What must be true of every exercise, whatever happened in it: registers that agree, and audits that hold."""

from __future__ import annotations

import atexit
import functools
import io
import itertools
import json
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gsomia.agreement import LegalAct
from gsomia.app import offered_law, shipped_acts
from gsomia.node import PersonDetails, Refused, Role, audit, mark, open_item, receipt
from gsomia.node.comparison.entries import ACT, ITEM, entry
from gsomia.registry import Copy, CopyState, Item
from gsomia.testing import Exercise, Player
from gsomia.verdict import Law

__all__ = [
    "MARKS",
    "PRESENT",
    "Stage",
    "alike",
    "back_up",
    "failed",
    "finish",
    "forget",
    "holds",
    "new_stage",
    "nothing_lost",
    "nothing_twice",
    "official",
    "once",
    "ready",
    "refusals",
    "register",
    "restore",
    "same_story",
    "shared_entries",
    "survived",
    "words_of",
]

Stage = Callable[..., Exercise]
"""Makes an exercise for these Parties, at this instant."""

MARKS = {"JPN": "極秘", "KOR": "군사II급비밀", "USA": "SECRET"}
"""Each Party's own mark for a SECRET item."""

AT = "2018-01-10T12:00:00+09:00"
"""When an exercise begins."""

PRESENT = (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED)
"""The states of a copy that lies in its holder's register."""


@functools.cache
def _law() -> Law:
    return offered_law()


@functools.cache
def _history() -> tuple[LegalAct, ...]:
    return tuple(shipped_acts())


@functools.cache
def ready(parties: tuple[str, ...], at: str) -> Exercise:
    """An exercise as it stands at an instant, made once; tests take copies."""
    folder = Path(tempfile.mkdtemp(prefix="gsomia-ready-"))
    exercise = Exercise(folder / "nodes", parties, law=_law(), history=_history(), at=datetime.fromisoformat(at))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(exercise.__exit__)
    return exercise


@pytest.fixture(name="stage")
def new_stage(tmp_path: Path) -> Iterator[Stage]:
    """Makes exercises of a test's own, which end with it."""
    with ExitStack() as stack:
        count = 0

        def make(*parties: str, at: str = AT) -> Exercise:
            nonlocal count
            count += 1
            return stack.enter_context(ready(parties or ("JPN", "KOR"), at).again(tmp_path / f"nodes-{count}"))

        yield make


def once(story: Callable[[Stage], Exercise]) -> Callable[[Path], Iterator[Exercise]]:
    """Tell a story once, for a fixture that gives each test a copy of the nodes as they stand at its end.

    Args:
        story: leaves nothing but what the nodes keep; a wire that was cut, say, is whole in the copy.
    """

    @functools.cache
    def told() -> Exercise:
        folder = Path(tempfile.mkdtemp(prefix="gsomia-told-"))

        def stage(*parties: str, at: str = AT) -> Exercise:
            return ready(parties or ("JPN", "KOR"), at).again(folder / "nodes")

        exercise = story(stage)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(exercise.__exit__)
        return exercise

    def copied(tmp_path: Path) -> Iterator[Exercise]:
        with told().again(tmp_path / "told") as exercise:
            yield exercise

    copied.__name__, copied.__doc__ = story.__name__, story.__doc__
    return copied


def register(player: Player) -> dict[str, tuple[Copy, Item]]:
    """A register: each copy with its item, by the copy's id."""
    with player.node.store.reading() as reader:
        found = {}
        for copy in reader.copies():
            item = reader.item(copy.item)
            assert item is not None, f"copy {copy.id} stands without its item"
            found[copy.id] = (copy, item)
        return found


def told(copy: Copy, item: Item) -> dict[str, Any]:
    """What two registers must say alike of a copy; control numbers and instants of entry are each one's own."""
    return {
        "copy": (copy.id, copy.number, copy.act, copy.giver, copy.holder, copy.via, copy.destination, copy.instrument),
        "custodian": copy.custodian,
        "marks": (copy.own_mark, copy.origin_mark, copy.own_label),
        "state": copy.state,
        "rungs": sorted((entry.rung, entry.act, entry.party) for entry in copy.rungs),
        "item": (item.id, item.originator, item.level, item.label, item.contains, item.subject, item.purpose),
        "drawn on": (item.cites, item.statement),
        "digests": (item.payload_digest, item.core_digest, item.plaintext_bytes),
    }


def same_story(exercise: Exercise) -> None:
    """Every copy stands in its holder's register or nowhere but at its giver's, and all registers tell it alike."""
    registers = {party: register(player) for party, player in exercise.players.items()}
    for party, entries in registers.items():
        for copy, item in entries.values():
            if copy.giver == party and copy.state in PRESENT:
                assert copy.id in registers[copy.holder], f"{party} says that {copy.holder} has {copy.id}"
            if copy.holder == party:
                assert copy.id in registers[copy.giver], f"{party} has {copy.id} that {copy.giver} never gave"
            for other, there in registers.items():
                if copy.id in there:
                    here, yonder = told(copy, item), told(*there[copy.id])
                    differing = {key: (here[key], yonder[key]) for key in here if here[key] != yonder[key]}
                    assert differing == {}, f"{party} and {other} differ on {copy.id}"
    alike(exercise)
    for party, entries in registers.items():
        numbers = [copy.control_number for copy, _ in entries.values() if copy.control_number]
        assert len(numbers) == len(set(numbers)), f"{party} gave a control number twice"


def shared_entries(player: Player, peer: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What a node shares with a peer, entry by entry, the slow way: of every act that it has."""
    node = player.node
    found: dict[tuple[str, str], dict[str, Any]] = {}
    with node.store.reading() as reader:
        for act in reader.acts():
            said = act.statement
            kind, name = (ITEM, said.item) if said.item else (ACT, said.id)
            value = entry(node, reader, peer, kind, name)
            if value is not None:
                found[kind, name] = value
    return found


def outstanding(exercise: Exercise) -> set[str]:
    """The items and acts of which something waits in an outbox."""
    found = set()
    for player in exercise.players.values():
        with player.node.store.reading() as reader:
            for one in reader.outgoing():
                copy, act = reader.copy(one.subject), reader.act(one.subject)
                found |= {one.subject, copy.item if copy else "", act.statement.item if act else ""}
    return found


def alike(exercise: Exercise) -> None:
    """What any two nodes share they say alike, but for what is under way."""
    waiting = outstanding(exercise)
    for one, other in itertools.combinations(exercise.players, 2):
        here, there = shared_entries(exercise[one], other), shared_entries(exercise[other], one)
        for key in here.keys() | there.keys():
            if key[1] not in waiting:
                assert here.get(key) == there.get(key), f"{one} and {other} differ on {key}"


def holds(exercise: Exercise) -> None:
    """Every node's `verify` holds, with something to check."""
    for party, player in exercise.players.items():
        checks = list(audit(player.node))
        assert checks
        assert [check.fault for check in checks if not check.holds] == [], party


def failed(player: Player) -> dict[str, str]:
    """The checks of a node's audit that do not hold, each with its fault."""
    return {check.name: check.fault for check in audit(player.node) if not check.holds}


def survived(exercise: Exercise, *, told: Mapping[str, str], proven: Collection[str] = ()) -> None:
    """What must be true after a fault: nothing lost, nothing twice, logs verify, one story, operators told.

    Args:
        exercise: the nodes, with whatever goes on between them come to an end.
        told: for each Party whose operator must know, a pattern of the words: in what its node refused, or in what its
            `verify` says.
        proven: the checks that fail because they hold the lie: they tell it, and no other fails.
    """
    nothing_lost(exercise)
    nothing_twice(exercise)
    same_story(exercise)
    assert told, "somebody is told"
    for party, player in exercise.players.items():
        checks = list(audit(player.node))
        assert checks
        assert [check for check in checks if not check.holds and check.name not in proven] == [], party
        said = [words for check in checks for words in (check.fault, check.remark) if words]
        known = "\n".join((words_of(refusals(player)), *said))
        assert re.search(told.get(party, ""), known), f"{party} is not told `{told[party]}`: {known}"


def nothing_lost(exercise: Exercise) -> None:
    """What an officer gave stands in the register and is with its holder, waits in the outbox, or was refused aloud."""
    for party, player in exercise.players.items():
        entries = register(player)
        with player.node.store.reading() as reader:
            given = {a.statement.copy for a in reader.acts(types=["transmit", "release"]) if a.statement.party == party}
            waiting = {entry.subject for entry in reader.outgoing()}
        assert given <= {*entries}, f"{party} gave what does not stand in its register"
        for copy, item in entries.values():
            if copy.holder == party and copy.state in PRESENT:
                assert player.node.blobs.exists(item.id), f"{party} has lost the content of {copy.id}"
            if copy.giver == party and copy.state not in (*PRESENT, CopyState.DESTROYED):
                ended = copy.state in (CopyState.REFUSED, CopyState.REJECTED) and copy.reason
                assert ended or copy.id in waiting, f"{party}: {copy.id} is {copy.state}, and nothing will become of it"


def nothing_twice(exercise: Exercise) -> None:
    """A copy is given, dispatched, delivered and receipted once, and a Party is given an item once."""
    for party, player in exercise.players.items():
        with player.node.store.reading() as reader:
            acts = [a.statement for a in reader.acts(types=["transmit", "release", "delivered", "receipted"])]
        rungs = Counter((said.type, said.copy) for said in acts)
        assert {rung for rung, count in rungs.items() if count > 1} == set(), f"{party} has a rung twice"
        entries = register(player).values()
        here = Counter((copy.holder, item.payload_digest) for copy, item in entries if copy.state in PRESENT)
        assert {item for item, count in here.items() if count > 1} == set(), f"{party} has an item twice"
        names = player.node.blobs.names()
        assert {*names} <= {item.id for _, item in entries}, f"{party} keeps what its register does not have"


def refusals(player: Player) -> list[Refused]:
    """What a node refused and kept."""
    with player.node.store.reading() as reader:
        return list(reader.refused())


def words_of(entries: Iterable[Refused]) -> str:
    """The reasons of refusals, as one text."""
    return "\n".join(f"{entry.source}: {entry.what}: {entry.why} {json.dumps(dict(entry.detail))}" for entry in entries)


def official(name: str, **words: Any) -> PersonDetails:
    """An official with clearance, need and a place on the roster; `words` say what is other."""
    details: dict[str, Any] = {"clearance": "SECRET", "needs": ("dprk-missile",), "rosters": ("main",)} | words
    return PersonDetails(id=name, **details)


def forget(player: Player, statement: str, *values: object) -> int:
    """Change a node's database behind its back; returns how many rows were touched."""
    path = player.database
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(statement, values).rowcount
    finally:
        connection.close()


def back_up(player: Player, to: Path) -> None:
    """The node's folder, as a backup takes it."""
    to.mkdir()
    with closing(sqlite3.connect(player.database)) as here, closing(sqlite3.connect(to / "register.sqlite")) as there:
        here.backup(there)
    if (player.folder / "items").is_dir():
        shutil.copytree(player.folder / "items", to / "items")


def restore(player: Player, backup: Path) -> None:
    with closing(sqlite3.connect(backup / "register.sqlite")) as there, closing(sqlite3.connect(player.database)) as h:
        there.backup(h)
    shutil.rmtree(player.folder / "items", ignore_errors=True)
    if (backup / "items").is_dir():
        shutil.copytree(backup / "items", player.folder / "items")


def finish(player: Player, reference: str, person: str = "") -> bytes:
    """The holder's officers at work: mark, receipt, and opening where a person is named; returns the plaintext."""
    mark(player.node, reference, MARKS[player.node.party], by=player.by(Role.REGISTRY))
    receipt(player.node, reference, by=player.by(Role.REGISTRY))
    sink = io.BytesIO()
    if person:
        open_item(player.node, reference, person, sink)
    return sink.getvalue()
