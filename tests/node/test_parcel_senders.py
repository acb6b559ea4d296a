"""Whose a parcel is and who reads it, and senders that lie in one with a good key."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from carrying import carry, exported, taken
from parcelling import LARGE, finished, state
from stories import Stage, holds, refusals, words_of

from gsomia.errors import GsomiaError, MessageError, NodeError, SealError, SignatureError, VerificationError
from gsomia.keys import Envelope, canonical, sign
from gsomia.node import Role, declare_compromised
from gsomia.node.messages import write_message
from gsomia.node.parcel.form import PARCEL_TYPE, Contents, ParcelWriter, open_parcel
from gsomia.sealed import ParcelKey
from gsomia.testing import Exercise

# --- whose it is ---------------------------------------------------


def test_a_parcel_for_another_party_is_refused(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    three["JPN"].transmit(b"report", to="KOR", level="極秘")
    _, parcel = exported(three, "JPN", "KOR")
    with pytest.raises(MessageError, match="the parcel is for `KOR`, this is the node of `USA`"):
        taken(three, "USA", parcel)
    with pytest.raises(MessageError, match="one that `JPN` itself made"):
        taken(three, "JPN", parcel)


def test_a_parcel_of_a_stranger_is_refused(stage: Stage) -> None:
    two, three = stage("JPN", "KOR"), stage("JPN", "KOR", "USA")
    three["USA"].transmit(b"report", to="KOR", level="SECRET")
    _, parcel = exported(three, "USA", "KOR")
    with pytest.raises(SignatureError, match="`USA`, which is not an enrolled peer"):
        taken(two, "KOR", parcel)
    holds(two)


def test_a_parcel_under_a_compromised_key_is_refused(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    _, parcel = exported(both, "JPN", "KOR")
    security = both["KOR"].by(Role.SECURITY)
    declare_compromised(both["KOR"].node, "JPN", "", both.clock.at, by=security)
    with pytest.raises(SignatureError, match="declared compromised"):
        taken(both, "KOR", parcel)
    with pytest.raises(NodeError, match="declared compromised"):
        exported(both, "KOR", "JPN")


def written(
    both: Exercise,
    write: Callable[[ParcelWriter], None],
    said: dict[str, Any] | None = None,
    *,
    by: str = "JPN",
    to: str = "KOR",
) -> bytes:
    """A parcel that a Party's node signs, whatever is in it."""
    node = both[by].node
    with node.store.reading() as reader:
        sealing = reader.peers()[to].sealing
    sink = io.BytesIO()
    writer = ParcelWriter(sink, ParcelKey.new(sealing))
    write(writer)
    words: dict[str, Any] = {
        "id": "0c3f0ae9-98c1-4b9b-a1c5-1be3d0ab2d11",
        "number": 90,
        "sender": by,
        "recipient": to,
        "at": both.clock.at,
        "exercise": True,
        "seen": 0,
        "kid": sealing.kid,
        "key": writer.key.wrapped,
    } | (said or {})
    writer.finish(lambda parts: Contents(**{"parts": parts, **words}), [node.keys.signing])
    return sink.getvalue()


WRONG: dict[str, tuple[dict[str, Any], type[GsomiaError], str]] = {
    "a real node's": ({"exercise": False}, MessageError, "real and EXERCISE nodes refuse each other"),
    "from another Party": ({"sender": "KOR"}, MessageError, "`KOR` itself made"),
    "from nobody": ({"sender": "XXX"}, SignatureError, "`XXX`, which is not an enrolled peer"),
    "sealed to another": ({"kid": "x"}, SealError, "sealed to none of the keys of this node"),
    "with another key": ({"key": bytes(1000)}, SealError, "the parcel's key does not open"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_that_says_what_is_not_so_is_refused(stage: Stage, name: str) -> None:
    both = stage()
    words, error, why = WRONG[name]
    node = both["JPN"].node
    _, message = write_message(node, "KOR", "acts", {"acts": []}, at=both.clock.at)
    before = state(both, "KOR")
    with pytest.raises(error, match=why):
        taken(both, "KOR", written(both, lambda writer: writer.message(message), words))
    assert state(both, "KOR") == before
    assert taken(both, "KOR", written(both, lambda writer: writer.message(message))).messages == {"acts": 1}


CONTENTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another version": (lambda v: v.update(v=2), "version `2` of parcels is not known"),
    "a key too many": (lambda v: v.update(more=1), "not in the one form"),
    "a number of nothing": (lambda v: v.update(number=0), "a number of at least 1"),
    "a number of truth": (lambda v: v.update(number=True), "a number of at least 1"),
    "parts that are no list": (lambda v: v.update(parts={}), "a list of parts"),
    "too many parts": (lambda v: v.update(parts=v["parts"] * 9000), "at most 8192 parts"),
    "a part of no size": (lambda v: v["parts"][0].update(size=0), "a number of at least 1"),
    "a message without end": (lambda v: v["parts"][0].update(size=2**26), "a message has at most"),
    "a digest that is none": (lambda v: v["parts"][0].update(sha256="F" * 64), "a digest in hexadecimal"),
    "a copy that climbs": (lambda v: v["parts"][0].update(copy="../../keys/tls"), "not the id of a copy"),
    "an instant with an offset": (lambda v: v.update(at="2018-01-10T12:00:00.000000+09:00"), "not a parcel"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_its_contents_are_read_strictly(stage: Stage, name: str) -> None:
    both = stage()
    change, why = CONTENTS[name]
    node = both["JPN"].node
    _, message = write_message(node, "KOR", "acts", {"acts": []}, at=both.clock.at)
    parcel = written(both, lambda writer: writer.message(message))
    length = int(parcel[-16:])
    body, envelope = parcel[: -16 - length], Envelope.from_json(json.loads(parcel[-16 - length : -16]))
    value = json.loads(envelope.payload)
    change(value)
    signed = canonical(sign(canonical(value), PARCEL_TYPE, [node.keys.signing]).to_json())
    with pytest.raises(VerificationError, match=why):
        taken(both, "KOR", body + signed + b"%015d\n" % len(signed))


# --- a sender that lies with a good key ----------------------------


def test_a_message_that_does_not_go_by_parcel_is_refused_and_the_rest_counts(stage: Stage) -> None:
    both = stage("JPN", "KOR", "USA")
    node = both["JPN"].node
    at = both.clock.at

    def write(writer: ParcelWriter) -> None:
        for kind, body in (("ask-keys", {"requests": []}), ("acts", {"acts": 7}), ("acts", {"acts": []})):
            writer.message(write_message(node, "KOR", kind, body, at=at)[1])
        writer.message(write_message(node, "USA", "acts", {"acts": []}, at=at)[1])
        writer.message(write_message(node, "KOR", "acts", {"acts": []}, at=at - timedelta(seconds=1))[1])
        writer.message(write_message(both["KOR"].node, "JPN", "acts", {"acts": []}, at=at)[1])
        writer.message(write_message(node, "KOR", "recorded", {"recorded": [], "refused": {}}, at=at, answers="x")[1])
        writer.content("3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01-JPN-1", [b"no such copy was accepted"])

    came = taken(both, "KOR", written(both, write))
    assert came.messages == {"acts": 1}
    assert len(came.refused) == 7
    told = words_of(refusals(both["KOR"]))
    for why in (
        "a message of type `ask-keys` does not go by parcel",
        "a message from `JPN` to `USA`",
        "a message of another instant than its parcel",
        "answers what it was not asked by parcel",
        "no content was accepted for copy",
    ):
        assert why in told, (why, told)
    assert both["KOR"].node.blobs.names() == []
    holds(both)


def test_an_answer_of_the_wrong_kind_settles_nothing(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    exported(both, "JPN", "KOR")
    with both["JPN"].node.store.reading() as reader:
        asked = [str(row[0]) for row in reader.rows("parcel_question").rows if row[2] == "offers"]
    body: dict[str, Any] = {"acts": [], "missing": []}
    _, message = write_message(both["KOR"].node, "JPN", "delivered", body, at=both.clock.at, answers=asked[0])
    came = taken(both, "JPN", written(both, lambda writer: writer.message(message), by="KOR", to="JPN"))
    assert came.refused == ("`KOR` answered `offers` with `delivered`",)
    finished(both, 1)


def test_an_answer_to_what_another_party_was_asked_settles_nothing(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    three["JPN"].transmit(b"report", to="USA", level="極秘")
    exported(three, "JPN", "USA")
    with three["JPN"].node.store.reading() as reader:
        asked = [str(row[0]) for row in reader.rows("parcel_question").rows if row[2] == "offers"]
    body: dict[str, Any] = {"acts": []}
    _, message = write_message(three["KOR"].node, "JPN", "answers", body, at=three.clock.at, answers=asked[0])
    came = taken(three, "JPN", written(three, lambda writer: writer.message(message), by="KOR", to="JPN"))
    assert came.refused == ("`KOR` answers what it was not asked by parcel",)


def test_more_content_than_was_accepted_is_not_taken(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(LARGE, to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    came = taken(both, "KOR", written(both, lambda writer: writer.content(sent.id, [bytes(2**20)] * 2)))
    assert "more bytes than were offered and accepted" in came.refused[0]
    assert both["KOR"].node.blobs.names() == []
    holds(both)


def test_titles_and_subjects_do_not_lie_open_in_a_parcel(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"the content", to="KOR", level="極秘", title="the title")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    _, parcel = exported(both, "JPN", "KOR")
    for word in ("the title", "the content", "dprk-missile", "transmit"):
        assert word.encode() not in parcel
    opened = open_parcel(io.BytesIO(parcel), lambda _: both["JPN"].node.keys.signing.public)
    messages = [opened.message(n, both["KOR"].node.identities) for n in range(len(opened.contents.parts))]
    assert any(b"the title" in message.payload for message in messages)
    with pytest.raises(SealError, match="none of the keys"):
        opened.message(0, both["JPN"].node.identities)
