"""Many documents at once: each judged by itself, all that may go under one signature and in one transaction."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from stories import MARKS, Stage, finish, holds, refusals, same_story

from gsomia.errors import NodeError, RefusedError, UsageError
from gsomia.keys import Envelope
from gsomia.node import Acting, Role, transmit_many
from gsomia.registry import Copy, CopyState
from gsomia.sealed import read


class Torn(io.BytesIO):
    """A document that cannot be read to its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Fail as a disk does."""
        raise OSError(5, "Input/output error")


def test_each_document_is_judged_by_itself(stage: Stage) -> None:
    both = stage()
    japan, korea = both["JPN"], both["KOR"]
    good = japan.sending(to="KOR", level=MARKS["JPN"])
    asked: list[Any] = [
        (io.BytesIO(b"one"), good),
        (io.BytesIO(b"to a third country"), japan.sending(to="USA", level=MARKS["JPN"])),
        (io.BytesIO(b"no such mark"), japan.sending(to="KOR", level="NO SUCH MARK")),
        (Torn(), good),
        (io.BytesIO(b"two"), good),
    ]
    one, third, unknown, torn, two = transmit_many(japan.node, asked, by=japan.by(Role.DISCLOSURE))
    assert isinstance(third, (RefusedError, NodeError, UsageError)) and isinstance(unknown, UsageError)
    assert isinstance(torn, NodeError) and "Input/output error" in str(torn)
    assert isinstance(one, Copy) and isinstance(two, Copy)
    assert {copy.id for copy in japan.copies()} == {one.id, two.id}
    assert set(japan.node.blobs.names()) == {one.item, two.item}
    both.settle()
    assert {copy.state for copy in korea.copies()} == {CopyState.DELIVERED}
    for copy, text in ((one, b"one"), (two, b"two")):
        finish(korea, copy.id)
        sink = io.BytesIO()
        with japan.node.blobs.reading(copy.item) as file:
            read(file).open(japan.node.identities, sink)
        assert sink.getvalue() == text
    both.settle()
    same_story(both)
    holds(both)


def test_many_documents_cost_one_signature_of_each_kind(stage: Stage) -> None:
    both = stage()
    japan = both["JPN"]
    copies = japan.transmit_many([b"%d" % number for number in range(20)], to="KOR", level=MARKS["JPN"])
    both.settle()
    envelopes: dict[str, set[Envelope]] = {}
    for player in both.players.values():
        with player.node.store.reading() as reader:
            for copy in copies:
                for act in reader.acts(item=copy.item):
                    envelopes.setdefault(act.statement.type, set()).add(act.envelope)
    assert {kind: len(found) for kind, found in envelopes.items()} == dict.fromkeys(
        ("transmit", "acceptance", "dispatched", "accepted", "delivered"), 1
    )
    numbers = [copy.control_number for copy in copies]
    assert numbers == sorted({*numbers})
    same_story(both)
    holds(both)


def test_an_officer_without_the_role_sends_none(stage: Stage) -> None:
    both = stage()
    japan = both["JPN"]
    sending = japan.sending(to="KOR", level=MARKS["JPN"])
    for by in (japan.by(Role.REGISTRY), Acting(officer="nobody", key=japan.by(Role.DISCLOSURE).key)):
        with pytest.raises(RefusedError):
            transmit_many(japan.node, [(io.BytesIO(b"x"), sending)], by=by)
    assert japan.copies() == [] and japan.node.blobs.names() == []


def test_a_full_disk_at_the_transaction_leaves_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    both = stage()
    japan = both["JPN"]

    def full() -> None:
        raise NodeError("no space left")

    monkeypatch.setattr(japan.node.blobs, "together", full)
    with pytest.raises(NodeError, match="no space"):
        japan.transmit_many([b"a", b"b"], to="KOR", level=MARKS["JPN"])
    assert japan.copies() == [] and japan.node.blobs.names() == []


def test_one_bad_delivery_does_not_spoil_the_others(stage: Stage) -> None:
    both = stage()
    japan, korea = both["JPN"], both["KOR"]
    copies = japan.transmit_many([b"a", b"b", b"c"], to="KOR", level=MARKS["JPN"])
    # The stored payload of one changes after it was sealed: the giver finds no fault in the keys, the recipient does.
    path = japan.content(copies[1].item)
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x03\x04") + 45
    data[at] ^= 1
    path.write_bytes(bytes(data))
    both.settle()
    states = {copy.id: copy.state for copy in japan.copies()}
    assert states[copies[0].id] == states[copies[2].id] == CopyState.DELIVERED
    assert states[copies[1].id] in (CopyState.REJECTED, CopyState.REFUSED)
    assert {copy.id for copy in korea.copies()} == {copies[0].id, copies[2].id}
    assert refusals(japan)


def test_what_the_nodes_do_for_many_is_signed_once(stage: Stage) -> None:
    """Documents authorised one by one that go together: one signature for all acceptances, dispatches, rungs, stops."""
    both = stage()
    sent = [both["JPN"].transmit(b"document", to="KOR", level="極秘") for _ in range(5)]
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        for kind in ("acceptance", "dispatched", "accepted", "delivered"):
            assert len({act.envelope.payload for act in reader.acts(types=[kind])}) == 1, kind
    both.with_limits("KOR", replace(both["KOR"].node.limits, max_item_bytes=10))
    sent = [both["JPN"].transmit(b"document", to="KOR", level="極秘") for _ in range(5)]
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        stops = [act for act in reader.acts(types=["stop"]) if act.statement.copy in {copy.id for copy in sent}]
    assert len(stops) == 5 and len({act.envelope.payload for act in stops}) == 1
    same_story(both)
    holds(both)
