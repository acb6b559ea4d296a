"""A running node's keys replaced over the API: once, by who may, with what else is going on, and told to every peer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from calling import Served, enrol, signatures
from stories import MARKS, Stage, holds, once, register, same_story

from gsomia.keys import unb64
from gsomia.node import Acting, Role, audit, key_settings
from gsomia.registry import CopyState
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]
ROTATE = {"act": "replace-node-key"}


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Japan and Korea, between whom an item went."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    return exercise


@pytest.fixture
def kor(both: Exercise, serve: Serve) -> Served:
    """Korea's API, whose node stands in the exercise as it is served."""
    served = serve(both, "KOR")
    both.players["KOR"] = served.player
    return served


def named(kor: Served) -> str:
    """The signing key that Korea's register names last."""
    with kor.player.node.store.reading() as reader:
        return key_settings(reader, "KOR")[-1][0]


def test_the_peers_are_told_and_all_goes_on(kor: Served, both: Exercise) -> None:
    """What waited, and what is sent after, arrives; the peer knows the new key."""
    both["KOR"].transmit(b"before", to="JPN", level=MARKS["KOR"])
    before = kor.player.node.keys
    told = kor.act(kor.player.by(Role.SECURITY), ROTATE)
    assert told.status == 200 and told.json()["status"] == "done", told
    node = kor.player.node
    assert node.keys.retired == (before.signing,) and node.keys.retired_sealing == (before.sealing,)
    assert named(kor) == node.keys.signing.public.fingerprint != before.signing.public.fingerprint
    both["KOR"].transmit(b"after", to="JPN", level=MARKS["KOR"])
    both.settle()
    both["JPN"].transmit(b"to it", to="KOR", level=MARKS["JPN"])
    both.settle()
    arrived = [copy.state for player in both.players.values() for copy, _ in register(player).values()]
    assert {*arrived} == {CopyState.DELIVERED} and len(arrived) == 8
    with both["JPN"].node.store.reading() as reader:
        assert reader.peers()["KOR"].signing == node.keys.signing.public
    same_story(both)
    holds(both)


def test_what_was_prepared_and_not_signed_changes_nothing(kor: Served) -> None:
    before = kor.player.node.keys
    told = kor.ask("POST", "/v1/preparations", kor.player.by(Role.SECURITY), ROTATE)
    assert told.status == 201 and kor.player.node.keys is before and named(kor) == ""
    body = json.loads(told.json()["statements"][0])["body"]
    secret = kor.player.node.keys
    for key in (secret.signing.seed, secret.sealing.to_bytes()):
        assert key not in told.body and unb64(body["sealing"]) != key


def test_of_two_that_were_prepared_one_is_entered(kor: Served) -> None:
    """So is an act that was prepared under the old key: it is prepared again."""
    security, registry = kor.player.by(Role.SECURITY), kor.player.by(Role.REGISTRY)
    first, second = (kor.ask("POST", "/v1/preparations", security, ROTATE).json() for _ in range(2))
    wanted = {"act": "mark", "item": kor.player.copies()[0].control_number, "level": MARKS["KOR"]}
    marking = kor.ask("POST", "/v1/preparations", registry, wanted).json()

    def given(told: dict[str, str], by: Acting) -> int:
        return kor.ask("POST", f"/v1/preparations/{told['id']}/signatures", by, signatures(told, by)).status

    assert given(first, security) == 200
    fresh = named(kor)
    assert (given(second, security), given(marking, registry)) == (403, 403) and named(kor) == fresh
    assert given(first, security) == 200 and named(kor) == fresh, "asked again it is told as done"
    assert kor.act(registry, wanted).status == 200
    assert [check.fault for check in audit(kor.player.node) if check.fault] == []


def test_two_officers_at_once_replace_them_once_or_one_after_the_other(kor: Served) -> None:
    security, other = kor.player.by(Role.SECURITY), enrol(kor, "other", Role.SECURITY)
    told = [(by, kor.ask("POST", "/v1/preparations", by, ROTATE).json()) for by in (security, other)]
    answers = kor.ask_together(
        [("POST", f"/v1/preparations/{one['id']}/signatures", by, signatures(one, by), {}) for by, one in told]
    )
    assert sorted(answer.status for answer in answers) == [200, 403], answers
    assert len(kor.player.node.keys.retired) == 1
    assert [check.fault for check in audit(kor.player.node) if check.fault] == []
