"""What `verify` says of the counters of passkeys: two devices at work with one key are told at every node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from authenticator import Authenticator
from stories import Stage, back_up, holds, restore

from gsomia.keys import Signs
from gsomia.node import (
    PREPARED_FOR,
    Acting,
    AwaitedKey,
    Check,
    Prepared,
    Role,
    StandingClock,
    audit,
    destroy,
    handle,
    prepare,
    recover,
    replace_officer_key,
    retire_officer_key,
    sign_prepared,
)
from gsomia.registry import GONE
from gsomia.testing import Exercise, Player

CREDENTIAL = b"the registry officer's"
_words = count()
LONG = PREPARED_FOR + timedelta(seconds=1)


@pytest.fixture
def both(stage: Stage) -> Iterator[Exercise]:
    """Two nodes; Korea's registry officer has a passkey, and holds an item of Japan's."""
    made = stage()
    made["JPN"].transmit(b"report", to="KOR", level="極秘")
    made.settle()
    with_passkey(made)
    yield made


def with_passkey(made: Exercise) -> Authenticator:
    """Korea's registry officer gets a passkey in place of the pair."""
    kor = made["KOR"]
    old, device = kor.by(Role.REGISTRY), Authenticator(credential=CREDENTIAL)
    replace_officer_key(kor.node, old.officer, device.public, by=kor.by(Role.SECURITY))
    kor.officers[Role.REGISTRY] = replace(old, key=device)
    return device


def use(kor: Player, device: Authenticator) -> str:
    """The registry officer signs an act by a device; the act."""
    by = replace(kor.by(Role.REGISTRY), key=device)
    return handle(kor.node, "use", kor.copies()[0].id, f"lecture {next(_words)}", by=by).id


def device_of(kor: Player) -> Authenticator:
    device = kor.by(Role.REGISTRY).key
    assert isinstance(device, Authenticator)
    return device


def told(player: Player) -> Check:
    (check,) = [check for check in audit(player.node) if check.name == "counters of passkeys"]
    return check


def test_counters_that_go_on_hold(both: Exercise) -> None:
    kor = both["KOR"]
    for _ in range(3):
        use(kor, device_of(kor))
        device_of(kor).counter += 7  # signed in meanwhile
    both.settle()
    holds(both)
    assert [(told(one).counted, told(one).remark) for one in both.players.values()] == [(3, ""), (3, "")]


def test_one_that_does_not_count_is_never_told(both: Exercise) -> None:
    kor = both["KOR"]
    for _ in range(3):
        device_of(kor).counter = -1
        use(kor, device_of(kor))
    both.settle()
    holds(both)


def test_two_signatures_with_one_counter_are_two_devices(both: Exercise) -> None:
    kor = both["KOR"]
    device = device_of(kor)
    clone = replace(device)
    acts = use(kor, device), use(kor, clone)
    both.settle()
    for player in both.players.values():
        found = told(player)
        assert f"acts `{acts[0]}` and `{acts[1]}` are signed with one counter, 1" in found.fault
        assert device.public.fingerprint[:16] in found.fault and found.counted == 2


@pytest.mark.parametrize("number", [0, 3])
def test_a_counter_that_goes_back_is_told_at_its_own_node(both: Exercise, number: int) -> None:
    kor = both["KOR"]
    device = device_of(kor)
    device.counter = 4
    before = use(kor, device)
    both.pass_time(LONG)
    device.counter = number - 1
    after = use(kor, device)
    assert f"act `{after}` is signed with the counter {number}, after act `{before}` with 5" in told(kor).fault
    both.settle()
    assert told(both["JPN"]).holds


@pytest.mark.parametrize("later", [timedelta(), timedelta(seconds=40), PREPARED_FOR / 2])
def test_what_was_prepared_together_is_signed_in_any_order(both: Exercise, later: timedelta) -> None:
    """Batches of so short a time; then the next one counts from the highest of them."""
    kor = both["KOR"]
    device = device_of(kor)
    acts = []
    for number in (9, 7, 8):
        device.counter = number - 1
        acts.append(use(kor, device))
        both.pass_time(later)
    assert told(kor).holds
    both.pass_time(LONG)
    device.counter = 5
    assert f"act `{use(kor, device)}` is signed with the counter 6, after act `{acts[0]}` with 9" in told(kor).fault


class Waiting:
    """An act that was prepared, and waits for its officers."""

    def __init__(self, kor: Player, roles: Sequence[str], work: Callable[[Player, tuple[Acting, ...]], object]) -> None:
        self.kor, self.roles, self.work = kor, roles, work
        self.signatures: dict[str, dict[int, dict[str, bytes]]] = {}
        self.prepared: Prepared = prepare(lambda: work(kor, self.by(None)))

    def by(self, prepared: Prepared | None) -> tuple[Acting, ...]:
        officers = [(role, self.kor.by(role)) for role in self.roles]
        words = [(one, self.signatures.get(role, {})) for role, one in officers]
        return tuple(
            Acting(officer=one.officer, key=AwaitedKey(public=one.key.public, prepared=prepared, signatures=given))
            for one, given in words
        )

    def sign(self, role: str) -> None:
        key: Signs = self.kor.by(role).key
        self.signatures[role] = {n: sign_prepared(one.data, key) for n, one in enumerate(self.prepared.batches)}

    def enter(self) -> str:
        node = self.kor.node
        standing = replace(self.kor, node=replace(node, clock=StandingClock(self.prepared.at, node.clock)))
        self.work(standing, self.by(self.prepared))
        return self.prepared.statements[0].id


def held(kor: Player) -> str:
    """A copy that was not destroyed."""
    return next(copy.id for copy in kor.copies() if copy.state not in GONE)


def destruction(kor: Player) -> Waiting:
    copy = held(kor)
    both = (Role.REGISTRY, Role.SECURITY)
    return Waiting(kor, both, lambda at, by: destroy(at.node, copy, "burned", by=(by[0], by[1])))


def lecture(kor: Player) -> Waiting:
    copy = held(kor)
    return Waiting(kor, [Role.REGISTRY], lambda at, by: handle(at.node, "use", copy, f"lecture {copy}", by=by[0]))


def test_what_waits_for_a_second_officer_is_recorded_after_what_was_signed_later(both: Exercise) -> None:
    """Prepared before it, or signed before it and prepared after: the order of recording is not that of signing."""
    kor = both["KOR"]
    both["JPN"].transmit(b"another report", to="KOR", level="極秘")
    both.settle()
    device_of(kor).counter = 2
    for first, second in ((destruction, lecture), (lecture, destruction)):
        waiting = {first: first(kor)}
        both.pass_time(timedelta(seconds=40))
        waiting[second] = second(kor)
        for one in (destruction, lecture):
            waiting[one].sign(Role.REGISTRY)
        waiting[lecture].enter()
        both.pass_time(PREPARED_FOR - timedelta(seconds=40))
        waiting[destruction].sign(Role.SECURITY)
        waiting[destruction].enter()
        both.pass_time(LONG)
    found = told(kor)
    assert found.holds and found.counted == 4, found.fault


def test_equal_counters_are_two_devices_however_little_lies_between(both: Exercise) -> None:
    kor = both["KOR"]
    clone = replace(device_of(kor))
    waiting = destruction(kor)
    waiting.sign(Role.REGISTRY)
    both.pass_time(timedelta(seconds=40))
    before = use(kor, clone)
    waiting.sign(Role.SECURITY)
    assert f"acts `{before}` and `{waiting.enter()}` are signed with one counter, 1" in told(kor).fault


def test_a_copy_that_went_back_is_told_whatever_waited_meanwhile(both: Exercise) -> None:
    """It is held to what lies further back than an act waits, and to no less."""
    kor = both["KOR"]
    device = device_of(kor)
    device.counter = 9
    before = use(kor, device)
    both.pass_time(PREPARED_FOR)
    device.counter = 5
    use(kor, device)
    assert told(kor).holds
    both.pass_time(timedelta(seconds=1))
    assert f"act `{use(kor, device)}` is signed with the counter 7, after act `{before}` with 10" in told(kor).fault


def test_what_peers_gave_back_to_a_restored_store_stands_in_their_order(stage: Stage, tmp_path: Path) -> None:
    """Acts in two logs by turns come back log by log; what is signed after that is held to its order again."""
    three = stage("JPN", "KOR", "USA")
    kor = three["KOR"]
    for giver, level in (("JPN", "極秘"), ("USA", "SECRET")):
        three[giver].transmit(b"report", to="KOR", level=level)
    device = with_passkey(three)
    three.settle()
    back_up(kor, tmp_path / "backup")
    for copy in (*kor.copies(), *kor.copies()):
        three.pass_time(LONG)
        handle(kor.node, "use", copy.id, f"lecture {next(_words)}", by=kor.by(Role.REGISTRY))
    three.settle()
    restore(kor, tmp_path / "backup")
    three.pass_time(timedelta(hours=2))
    three.settle(tolerate=True)
    recover(kor.node, by=kor.by(Role.SECURITY))
    three.settle()
    assert told(kor).counted == 4 and told(kor).holds, told(kor).fault
    three.pass_time(LONG)
    use(kor, device)
    three.pass_time(LONG)
    device.counter -= 2
    assert f"`{use(kor, device)}`" in told(kor).fault


def test_of_a_key_that_ended_it_is_a_remark(both: Exercise) -> None:
    kor = both["KOR"]
    use(kor, replace(device_of(kor)))
    use(kor, device_of(kor))
    retire_officer_key(kor.node, kor.by(Role.REGISTRY).officer, by=kor.by(Role.SECURITY))
    both.settle()
    holds(both)
    assert all("with one counter, 1; the key has ended" in told(one).remark for one in both.players.values())
