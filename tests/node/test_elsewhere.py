"""Acts whose officers sign elsewhere: prepared with nothing written, and entered only as they were signed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import MARKS, Stage

from gsomia.errors import RefusedError, SignatureError
from gsomia.keys import Signs, Verifies
from gsomia.node import Acting, AwaitedKey, Prepared, Role, StandingClock, audit, handle, mark, prepare, sign_prepared
from gsomia.testing import Player


@pytest.fixture
def kor(stage: Stage) -> Player:
    """Korea holds a marked item."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    kor = exercise["KOR"]
    mark(kor.node, kor.copies()[0].id, MARKS["KOR"], by=kor.by(Role.REGISTRY))
    return kor


def use(kor: Player, what: str, key: AwaitedKey) -> object:
    acting = Acting(officer=kor.by(Role.REGISTRY).officer, key=key)
    return handle(kor.node, "use", kor.copies()[0].id, what, by=acting)


def signed(prepared: Prepared, key: Signs) -> dict[int, dict[str, bytes]]:
    return {place: sign_prepared(batch.data, key) for place, batch in enumerate(prepared.batches)}


def awaited(kor: Player) -> Verifies:
    return kor.by(Role.REGISTRY).key.public


def entered(kor: Player) -> list[str]:
    with kor.node.store.reading() as reader:
        return [act.id for act in reader.acts(types=["use"])]


@pytest.fixture
def prepared(kor: Player) -> Prepared:
    found = prepare(lambda: use(kor, "a lecture", AwaitedKey(public=awaited(kor))))
    assert entered(kor) == []
    return found


def test_what_was_signed_is_what_is_entered(kor: Player, prepared: Prepared) -> None:
    signatures = signed(prepared, kor.by(Role.REGISTRY).key)
    standing = replace(kor, node=replace(kor.node, clock=StandingClock(prepared.at, kor.node.clock)))
    use(standing, "a lecture", AwaitedKey(public=awaited(kor), prepared=prepared, signatures=signatures))
    assert entered(kor) == [prepared.statements[0].id]
    assert [check for check in audit(kor.node) if not check.holds] == []


def test_what_would_say_something_else_now_is_not_entered(kor: Player, prepared: Prepared) -> None:
    signatures = signed(prepared, kor.by(Role.REGISTRY).key)
    key = AwaitedKey(public=awaited(kor), prepared=prepared, signatures=signatures)
    with pytest.raises(RefusedError, match="has changed since it was prepared"):
        use(kor, "another lecture", key)
    assert entered(kor) == []


@pytest.mark.parametrize("whose", [Role.SECURITY, ""])
def test_another_s_signatures_enter_nothing(kor: Player, prepared: Prepared, whose: str) -> None:
    signatures = signed(prepared, kor.by(whose).key) if whose else {}
    key = AwaitedKey(public=awaited(kor), prepared=prepared, signatures=signatures)
    with pytest.raises(SignatureError):
        use(kor, "a lecture", key)
    assert entered(kor) == []


def test_what_the_agreement_refuses_is_not_prepared(kor: Player) -> None:
    def remark() -> object:
        acting = Acting(officer=kor.by(Role.REGISTRY).officer, key=AwaitedKey(public=awaited(kor)))
        return mark(kor.node, kor.copies()[0].id, "Confidential", by=acting)

    with pytest.raises(RefusedError):
        prepare(remark)
