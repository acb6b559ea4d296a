"""What `verify` says of the counters of passkeys: two devices at work with one key are told at every node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from authenticator import Authenticator
from stories import Stage, back_up, holds, restore

from gsomia.node import Check, Role, audit, handle, recover, replace_officer_key, retire_officer_key
from gsomia.testing import Exercise, Player

CREDENTIAL = b"the registry officer's"
_words = count()
SECOND = timedelta(seconds=1)


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
    both.pass_time(SECOND)
    device.counter = number - 1
    after = use(kor, device)
    assert f"act `{after}` is signed with the counter {number}, after act `{before}` with 5" in told(kor).fault
    both.settle()
    assert told(both["JPN"]).holds


def test_what_was_prepared_together_is_signed_in_any_order(both: Exercise) -> None:
    """Batches of one instant; then the next one counts from the highest of them."""
    kor = both["KOR"]
    device = device_of(kor)
    acts = []
    for number in (9, 7, 8):
        device.counter = number - 1
        acts.append(use(kor, device))
    assert told(kor).holds
    both.pass_time(SECOND)
    device.counter = 5
    assert f"act `{use(kor, device)}` is signed with the counter 6, after act `{acts[0]}` with 9" in told(kor).fault


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
        three.pass_time(SECOND)
        handle(kor.node, "use", copy.id, f"lecture {next(_words)}", by=kor.by(Role.REGISTRY))
    three.settle()
    restore(kor, tmp_path / "backup")
    three.pass_time(timedelta(hours=2))
    three.settle(tolerate=True)
    recover(kor.node, by=kor.by(Role.SECURITY))
    three.settle()
    assert told(kor).counted == 4 and told(kor).holds, told(kor).fault
    three.pass_time(SECOND)
    use(kor, device)
    three.pass_time(SECOND)
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
