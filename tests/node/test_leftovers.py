"""The sealed file of an item that a Party has no more: removed as soon as nothing waits for it, whatever breaks off."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import NoReturn

import pytest
from stories import Stage, finish, holds, refusals, register, same_story, words_of

from gsomia.blobs import LocalBlobs
from gsomia.errors import NodeError, PeerError
from gsomia.keys import Envelope
from gsomia.node import Role, destroy, export_parcel, release, remove_leftovers, revoke_consent, step
from gsomia.node.effects import leftovers
from gsomia.node.holding import handling
from gsomia.registry import Copy, CopyState
from gsomia.testing import Exercise, Player


@pytest.fixture
def three(stage: Stage) -> Exercise:
    """One item of Japan's lies at the hub, and waits there to go on to Korea, which cannot be reached."""
    found = stage("JPN", "KOR", "USA")
    copy = found["JPN"].transmit(b"report", to="KOR", via=("USA",), level="極秘")
    found.settle()
    finish(found["USA"], copy.id)
    release(found["USA"].node, copy.id, "KOR", by=found["USA"].by(Role.DISCLOSURE))
    found.wire.fault = no_line
    return found


def no_line(_direction: str, _sender: str, _envelope: Envelope) -> Envelope:
    raise PeerError("no line")


def burn(player: Player, copy: str) -> None:
    """Two officers destroy a copy."""
    destroy(player.node, copy, "burnt", by=(player.by(Role.REGISTRY), player.by(Role.SECURITY)))


def lying(three: Exercise) -> bool:
    """Whether the sealed file lies at the hub."""
    return three["USA"].node.blobs.exists(held(three).item)


def held(three: Exercise) -> Copy:
    """The hub's copy, in its own register."""
    return next(copy for copy, _ in register(three["USA"]).values() if copy.holder == "USA")


def noted(player: Player) -> list[str]:
    """The items whose files are still to be removed."""
    with player.node.store.reading() as reader:
        return list(reader.leftovers())


def stopped_at_the_next_try(three: Exercise) -> None:
    """The hub's own verdict does not let the waiting copy go any more."""
    step(three["USA"].node, "KOR")


def consent_withdrawn(three: Exercise) -> None:
    """Japan takes its consent to the passage back."""
    revoke_consent(three["JPN"].node, held(three).item, "no longer", by=three["JPN"].by(Role.DISCLOSURE))
    step(three["JPN"].node, "USA")


def by_parcel(three: Exercise) -> None:
    """The way is by parcel, and the verdict is asked as one is made."""

    export_parcel(three["USA"].node, "KOR", lambda _number: nullcontext(io.BytesIO()))


ENDS: dict[str, Callable[[Exercise], None]] = {
    "the next try": stopped_at_the_next_try,
    "a consent withdrawn": consent_withdrawn,
    "a parcel": by_parcel,
}


@pytest.mark.parametrize("end", ENDS)
def test_what_waited_to_leave_keeps_it_until_its_wait_ends(three: Exercise, end: str) -> None:
    america = three["USA"]
    burn(america, held(three).id)
    assert lying(three) and noted(america) == [], "a release waits for it"
    three.wire.fault = None
    ENDS[end](three)
    remove_leftovers(america.node)
    assert not lying(three) and noted(america) == []
    three.settle()
    assert "was destroyed, and no other copy is held here" in words_of(refusals(america))
    same_story(three)
    holds(three)


def test_what_went_on_before_its_copy_was_destroyed_is_removed_once_it_arrived(three: Exercise) -> None:
    """The content has left and its answer is lost: it may have to be sent again, until the holder says that it came."""
    america = three["USA"]

    def fault(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if (direction, sender) == ("answered", "KOR") and b'"delivered"' in envelope.payload:
            raise PeerError("no line")
        return envelope

    three.wire.fault = fault
    with pytest.raises(PeerError):
        step(america.node, "KOR")
    burn(america, held(three).id)
    assert lying(three)
    three.wire.fault = None
    three.settle()
    assert not lying(three)
    assert CopyState.DELIVERED in {copy.state for copy, _ in register(three["KOR"]).values()}
    same_story(three)
    holds(three)


class Kill(BaseException):
    """The end of the process, wherever it is."""


def test_a_kill_between_the_act_and_the_removal_leaves_a_note(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = stage()
    copy = exercise["JPN"].transmit(b"report", to="KOR", level="極秘")
    exercise.settle()
    korea = exercise["KOR"]
    finish(korea, copy.id)

    def killed(*_: object) -> NoReturn:
        raise Kill

    with monkeypatch.context() as dying, pytest.raises(Kill):
        dying.setattr(handling, "remove_leftovers", killed)
        burn(korea, copy.id)
    assert korea.node.blobs.exists(copy.item) and noted(korea) == [copy.item]
    with monkeypatch.context() as dying, pytest.raises(Kill):
        dying.setattr(leftovers, "gone", killed)
        remove_leftovers(korea.node)
    assert noted(korea) == [copy.item], "killed before the file went"
    assert remove_leftovers(korea.node) == 1 and not korea.node.blobs.exists(copy.item)
    assert (remove_leftovers(korea.node), noted(korea)) == (0, [])
    exercise.settle()
    holds(exercise)


def test_a_kill_after_the_removal_leaves_nothing_to_do_but_the_note(stage: Stage) -> None:
    exercise = stage()
    korea = exercise["KOR"]
    with korea.node.store.writing() as tx:
        tx.put_leftover("never-there")
    remove_leftovers(korea.node)
    assert noted(korea) == []


def test_an_item_that_came_again_meanwhile_keeps_its_content(stage: Stage) -> None:
    """The note tells where to look; what the register says at the removal decides."""
    exercise = stage()
    copy = exercise["JPN"].transmit(b"report", to="KOR", level="極秘")
    exercise.settle()
    korea = exercise["KOR"]
    with korea.node.store.writing() as tx:
        tx.put_leftover(copy.item)
    assert remove_leftovers(korea.node) == 0
    assert korea.node.blobs.exists(copy.item) and noted(korea) == []
    holds(exercise)


def test_a_disk_that_does_not_let_it_keeps_the_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = LocalBlobs(tmp_path / "items")
    with blobs.writing("one") as sink:
        sink.write(b"x")

    def full(*_: object, **__: object) -> NoReturn:
        raise OSError(5, "input/output error")

    with monkeypatch.context() as broken, pytest.raises(NodeError, match="cannot remove sealed items"):
        broken.setattr(Path, "unlink", full)
        blobs.erase(["one"])
    blobs.erase(["one", "one", "two"])
    assert blobs.names() == []
