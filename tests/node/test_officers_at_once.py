"""Two officers at once, and what changes while an item is read or its key asked for: one act, on what is so then."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import pytest
from lying import act, kind_of, message, send
from openings import acts, held, opened
from stories import MARKS, Stage, holds, official, same_story

from gsomia.errors import RefusedError, UsageError
from gsomia.keys import Envelope
from gsomia.node import Node, Note, Role, enter_legal_acts, enter_person, mark, open_item, receipt
from gsomia.node.acts.signed import pack
from gsomia.registry import Copy
from gsomia.testing import Exercise, Player


class Slow:
    """Blobs whose first reading takes so long that something else happens meanwhile."""

    def __init__(self, blobs: Any, meanwhile: Callable[[], object]) -> None:
        self._blobs = blobs
        self._meanwhile: Callable[[], object] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Read an item, after what happens meanwhile."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        with self._blobs.reading(name) as file:
            yield file


def slow(player: Player, meanwhile: Callable[[], object]) -> Node:
    return replace(player.node, blobs=Slow(player.node.blobs, meanwhile))


def marked(both: Exercise) -> Copy:
    copy = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    mark(both["KOR"].node, copy.id, MARKS["KOR"], by=both["KOR"].by(Role.REGISTRY))
    return copy


def test_a_copy_has_one_receipt_however_many_officers_sign_at_once(stage: Stage) -> None:
    both = stage()
    copy, kor = marked(both), both["KOR"]
    by = kor.by(Role.REGISTRY)
    with pytest.raises(RefusedError, match="was receipted by act"):
        receipt(slow(kor, lambda: receipt(kor.node, copy.id, by=by)), copy.id, by=by)
    both.settle()
    assert len(acts(kor, "receipted")) == 1
    same_story(both)
    holds(both)


def test_a_receipt_states_the_mark_that_the_register_holds(stage: Stage) -> None:
    both = stage()
    copy, kor = marked(both), both["KOR"]
    by = kor.by(Role.REGISTRY)
    other = MARKS["KOR"]
    signed = receipt(slow(kor, lambda: mark(kor.node, copy.id, other, by=by)), copy.id, by=by)
    assert signed.statement.body["mark"] == other
    assert [one["type"] for one in acts(kor, "mark", "receipted")] == ["mark", "mark", "receipted"]
    both.settle()
    same_story(both)
    holds(both)


def test_what_a_holder_signs_after_its_receipt_is_refused(stage: Stage) -> None:
    both = stage()
    copy, kor = marked(both), both["KOR"]
    signed = receipt(kor.node, copy.id, by=kor.by(Role.REGISTRY))
    both.settle()
    lies = [
        act(
            kor,
            one["type"],
            roles=[Role.REGISTRY],
            parties=("JPN",),
            item=copy.item,
            copy=copy.id,
            body=one["body"],
        )
        for one in acts(kor, "mark", "receipted")
    ]
    said = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": pack(lies)}))
    for lie in lies:
        assert f"was receipted by act `{signed.id}`" in said["body"]["refused"][lie.id]
    same_story(both)
    holds(both)


def test_a_clearance_that_ends_while_the_key_is_asked_for_opens_nothing(stage: Stage) -> None:
    both = stage()
    copy, kor = held(both), both["KOR"]

    def revoked(direction: str, _party: str, envelope: Envelope) -> Envelope:
        if direction == "answered" and kind_of(envelope) == "keys":
            enter_person(kor.node, official("kim", clearance="none"), by=kor.by(Role.SECURITY))
        return envelope

    both.wire.fault = revoked
    sink = io.BytesIO()
    with pytest.raises(RefusedError, match="open"):
        open_item(kor.node, copy.id, "kim", sink)
    assert sink.getvalue() == b"" and acts(kor, "access", "opened") == []
    both.settle()
    holds(both)


def test_two_openings_at_once_tell_the_originator_once(stage: Stage) -> None:
    both = stage()
    copy, kor = held(both), both["KOR"]
    again: list[bytes] = []

    def another(direction: str, _party: str, envelope: Envelope) -> Envelope:
        if direction == "answered" and kind_of(envelope) == "keys" and not again:
            again.append(b"")
            again.append(opened(kor, copy.id))
        return envelope

    both.wire.fault = another
    assert opened(kor, copy.id) == b"report" and again == [b"", b"report"]
    assert len(acts(kor, "access")) == 2 and len(acts(kor, "opened")) == 1
    both.settle()
    holds(both)


def test_a_legal_act_is_entered_once_under_its_id(stage: Stage) -> None:
    both = stage(at="2019-08-23T18:00:00+09:00")
    jpn = both["JPN"]
    with jpn.node.store.reading() as reader:
        before = [one for one in reader.record() if one.entered_by == "JPN"]
    known = next(one.legal for one in before if one.legal.under == "jpn-kor-2016")
    later = replace(known, act="withdraw-notice")
    note = Note.of_text("EXERCISE note", b"text", dated="2016-11-23")
    with pytest.raises(UsageError, match=f"`{known.id}` stands in this record already, by act"):
        enter_legal_acts(jpn.node, [later], note, by=jpn.by(Role.LEGAL))
    new = replace(known, id="EXERCISE/new")
    with pytest.raises(UsageError, match="`EXERCISE/new` stands in this record already"):
        enter_legal_acts(jpn.node, [new, replace(new, act="withdraw-notice")], note, by=jpn.by(Role.LEGAL))
    with jpn.node.store.reading() as reader:
        assert [one for one in reader.record() if one.entered_by == "JPN"] == before

    # A peer cannot write over what it reported either.
    kor = both["KOR"]
    entered = enter_legal_acts(kor.node, [replace(known, id="EXERCISE/told")], note, by=kor.by(Role.LEGAL))[0]
    both.settle()
    lie = act(
        kor,
        "withdraw-notice",
        roles=[Role.LEGAL],
        instrument=entered.statement.instrument,
        parties=("JPN",),
        body=entered.statement.body,
    )
    said = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": pack([lie])}))
    assert "has entered `EXERCISE/told` already" in said["body"]["refused"][lie.id]
    holds(both)


def test_an_act_with_a_body_of_other_types_is_refused_by_itself(stage: Stage) -> None:
    both = stage()
    kor = both["KOR"]
    odd = [
        act(
            kor, "replace-node-key", roles=[Role.SECURITY], body={"replaces": 5, "signing": 5, "sealing": 5, "proof": 5}
        ),
        act(
            kor,
            "replace-node-key",
            roles=[Role.SECURITY],
            body={
                "replaces": {"signing": kor.node.keys.signing.public.to_json(), "sealing": ""},
                "signing": kor.node.keys.signing.public.to_json(),
                "sealing": 5,
                "proof": {},
            },
        ),
        act(kor, "accredit", roles=[Role.SECURITY], body={"system": "node", "level": {"a": []}}),
    ]
    good = act(kor, "accredit", roles=[Role.SECURITY], body={"system": "node", "level": "SECRET"})
    said = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": pack([*odd, good])}))
    assert set(said["body"]["refused"]) == {one.id for one in odd}
    holds(both)
