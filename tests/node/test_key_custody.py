"""Who holds the key (protocol 11): `originator` custody, recall, and openings that wait."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from openings import acts, away, flipped, forged, held, opened, waits
from stories import Stage, forget, holds, refusals, register, same_story, words_of

from gsomia.errors import PeerError, PendingError, RefusedError, SealError
from gsomia.keys import Envelope, unb64
from gsomia.node import Limits, Role, answer, audit, open_item, recall, release
from gsomia.registry import CopyState, Custody
from gsomia.sealed import Identity, Recipient, XWingPrivateKey, read, rewrap_chunks
from gsomia.sealed.digest import leaf
from gsomia.sealed.writer import _Payload
from gsomia.testing import Exercise


def test_each_opening_asks_the_originator_and_both_logs_hold_the_answer(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    with both["KOR"].node.blobs.reading(copy.item) as file, pytest.raises(SealError, match="none of the keys"):
        read(file).open(both["KOR"].node.identities, io.BytesIO())
    for _ in range(2):
        assert opened(both["KOR"], copy.id) == b"report"
    both.settle()
    told = acts(both["JPN"], "release-key")
    assert len(told) == 2 and acts(both["KOR"], "release-key") == told
    assert all(act["parties"] == ["KOR"] and act["body"]["told"]["clearance"] == "SECRET" for act in told)
    assert "kim" not in json.dumps(told), "the originator learns of no name"
    assert {act["body"]["releases"][0] for act in acts(both["KOR"], "access")} == {act["id"] for act in told}
    for party in ("JPN", "KOR"):
        entry, item = register(both[party])[copy.id]
        assert (item.custody, item.holders) == (Custody.ORIGINATOR, ("JPN",)) and entry.state == CopyState.OPENED
    same_story(both)
    holds(both)


def test_the_released_key_is_for_one_opening_and_opens_nothing_afterwards(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    before = len(both.wire.carried)
    assert opened(both["KOR"], copy.id) == b"report"
    answers = [json.loads(envelope.payload) for envelope in both.wire.carried[before:]]
    access = [value for answer in answers if answer["type"] == "keys" for value in answer["body"]["access"].values()]
    assert len(access) == 1
    with both["KOR"].node.blobs.reading(copy.item) as file:
        sealed = read(file)
        wrapped = [replace(one, wrapped_key=unb64(access[0]["wrappedKey"])) for one in sealed.key_access]
        # All that Korea's node keeps, and all that went over the wire, with every key that it has.
        kept = [Identity(kid="", key=both["KOR"].node.keys.sealing)]
        with pytest.raises(SealError):
            sealed.with_key_access(wrapped).segment(0, kept)


@pytest.mark.parametrize(
    ("told", "article"),
    [
        pytest.param({"clearance": "CONFIDENTIAL"}, "7", id="clearance"),
        pytest.param({"need": False}, "7.2", id="need"),
        pytest.param({"roster": False}, "6(e)", id="roster"),
        pytest.param({"purpose_ended": True}, "6(h)", id="purpose ended"),
        pytest.param({"purpose": "trade"}, "6(", id="another purpose"),
    ],
)
def test_the_originator_decides_by_its_own_law_on_what_it_is_told(
    stage: Stage, told: dict[str, object], article: str
) -> None:
    both = stage()
    copy = held(both)

    def asks_anyway(request: dict[str, Any]) -> None:
        request.update(told)

    # Korea's node asks for somebody for whom its own law would have refused.
    both.wire.fault = forged(both["KOR"], "ask-keys", lambda body: asks_anyway(body["requests"][0]))
    with pytest.raises((PendingError, RefusedError)):
        opened(both["KOR"], copy.id)
    refused = acts(both["JPN"], "refuse-key")
    grounds = [ground["article"] for ground in refused[0]["body"]["grounds"] if ground["effect"] == "refuse"]
    assert any(str(found).startswith(article) for found in grounds), refused
    assert not acts(both["JPN"], "release-key")
    assert "refuse" in words_of(refusals(both["JPN"]))


@pytest.mark.parametrize("custody", [Custody.RECIPIENT, Custody.ORIGINATOR])
def test_what_does_not_open_to_its_end_leaves_no_act_that_says_it_was_opened(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, custody: Custody
) -> None:
    """An originator that states an item whose last segment nobody can decrypt: the first one opens well."""
    honest = _Payload._seal

    def bent(self: _Payload, number: int, plain: memoryview, room: memoryview) -> bytes:
        honest(self, number, plain, room)
        room[20] ^= number
        return leaf(room[: len(plain) + 28])

    both = stage()
    monkeypatch.setattr(_Payload, "_seal", bent)
    copy = held(both, custody, content=bytes((2 << 20) + 20))
    monkeypatch.undo()
    sink = io.BytesIO()
    with pytest.raises(SealError, match="segment 1 was altered"):
        open_item(both["KOR"].node, copy.id, "kim", sink)
    assert sink.getvalue() == b""
    assert acts(both["KOR"], "access", "opened") == []


def test_an_opening_waits_for_the_originator_with_the_reason_and_works_once_it_is_back(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    away(both, "JPN")
    with pytest.raises(PendingError, match="connection refused"):
        opened(both["KOR"], copy.id)
    assert waits(both["KOR"]) == [("kim", "JPN: connection refused")]
    assert not acts(both["KOR"], "access", "opened")
    both.wire.fault = None
    assert opened(both["KOR"], copy.id) == b"report"
    assert waits(both["KOR"]) == []
    both.settle()
    holds(both)


def test_an_answer_that_was_lost_leaves_the_release_in_both_logs(stage: Stage) -> None:
    both = stage()
    copy = held(both)

    def fault(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if direction == "answered" and json.loads(envelope.payload)["type"] == "keys":
            raise PeerError("connection reset")
        return envelope

    both.wire.fault = fault
    with pytest.raises(PendingError, match="connection reset"):
        opened(both["KOR"], copy.id)
    both.wire.fault = None
    both.settle()
    assert len(acts(both["JPN"], "release-key")) == 1 and acts(both["KOR"], "release-key") == acts(
        both["JPN"], "release-key"
    )
    assert opened(both["KOR"], copy.id) == b"report"
    both.settle()
    assert len(acts(both["KOR"], "release-key")) == 2
    holds(both)


def test_nobody_hands_on_an_item_whose_key_its_originator_holds(stage: Stage) -> None:
    all_three = stage("JPN", "KOR", "USA")
    copy = held(all_three)
    with pytest.raises(RefusedError) as caught:
        release(all_three["KOR"].node, copy.id, "USA", by=all_three["KOR"].by(Role.DISCLOSURE))
    assert "custody" in json.dumps(caught.value.verdict)


def test_no_hub_stands_between_an_originator_and_who_asks_it(stage: Stage) -> None:
    all_three = stage("JPN", "KOR", "USA")
    with pytest.raises(RefusedError) as caught:
        all_three["JPN"].transmit(b"report", to="KOR", via=("USA",), level="極秘", custody=Custody.ORIGINATOR)
    assert "nobody stands between" in json.dumps(caught.value.verdict)
    assert register(all_three["JPN"]) == {}


def test_a_party_that_takes_no_part_in_the_custody_refuses_the_offer(stage: Stage) -> None:
    both = stage()
    both.with_limits("KOR", Limits(retry=timedelta(), custody=frozenset({Custody.RECIPIENT})))
    copy = both["JPN"].transmit(b"report", to="KOR", level="極秘", custody=Custody.ORIGINATOR)
    both.settle()
    entry, _ = register(both["JPN"])[copy.id]
    assert entry.state == CopyState.REFUSED and "takes no part in the custody `originator`" in entry.reason
    assert register(both["KOR"]) == {}
    both.with_limits("JPN", Limits(retry=timedelta(), custody=frozenset({Custody.RECIPIENT})))
    with pytest.raises(RefusedError, match="refuse"):
        both["JPN"].transmit(b"report", to="KOR", level="極秘", custody=Custody.ORIGINATOR)


def test_the_custody_stands_in_the_act_the_offer_and_both_registers(stage: Stage) -> None:
    both = stage()
    for custody, holders in ((Custody.RECIPIENT, []), (Custody.ORIGINATOR, ["JPN"])):
        copy = (
            held(both, custody)
            if custody is Custody.RECIPIENT
            else both["JPN"].transmit(b"report", to="KOR", level="極秘", custody=custody)
        )
        both.settle()
        authority = [act for act in acts(both["KOR"], "transmit") if act["copy"] == copy.id]
        assert [(act["body"]["custody"], act["body"]["holders"]) for act in authority] == [(custody.value, holders)]
        offers = [
            offer
            for envelope in both.wire.carried
            if (message := json.loads(envelope.payload))["type"] == "offers"
            for offer in message["body"]["offers"]
            if offer["copy"] == copy.id
        ]
        assert offers and all((offer["custody"], offer["holders"]) == (custody.value, holders) for offer in offers)


def kept_answer(exercise: Exercise, after: int) -> dict[str, Any]:
    """The last answer with a key that went over the wire."""
    answers = [json.loads(envelope.payload) for envelope in exercise.wire.carried[after:]]
    body: dict[str, Any] = next(answer["body"] for answer in reversed(answers) if answer["type"] == "keys")
    return body


def another_key(body: dict[str, Any]) -> None:
    (name,) = body["access"]
    body["access"][name]["kid"] = XWingPrivateKey.generate().kid


def the_access(body: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = next(iter(body["access"].values()))
    return value


ANSWERS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no act": (lambda body: body["acts"].clear(), "did not answer with one act"),
    "no key": (lambda body: body["access"].clear(), "holds no wrapped key"),
    "a key under another request": (
        lambda body: body["access"].update({"x": body["access"].pop(next(iter(body["access"])))}),
        "holds no wrapped key",
    ),
    "wrapped for another's key": (another_key, "of another wrapped key"),
    "the wrapped key altered": (lambda body: flipped(the_access(body), "wrappedKey"), "of another wrapped key"),
    "another share": (lambda body: the_access(body).update(sid="1"), "of another wrapped key"),
    "the key is no object": (lambda body: body["access"].update({next(iter(body["access"])): 7}), "not an object"),
    "the act's Ed25519 signature": (
        lambda body: flipped(body["acts"][0]["envelope"], "signatures", 0, "sig"),
        "signature",
    ),
    "the act's ML-DSA-65 signature": (
        lambda body: flipped(body["acts"][0]["envelope"], "signatures", 1, "sig"),
        "signature",
    ),
    "the act's words": (
        lambda body: body["acts"][0]["acts"][0].update(
            statement=body["acts"][0]["acts"][0]["statement"].replace('"roster":true', '"roster":false')
        ),
        "not in the batch that was signed",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_does_not_hold_opens_nothing(stage: Stage, name: str) -> None:
    both = stage()
    copy = held(both)
    change, why = ANSWERS[name]
    both.wire.fault = forged(both["JPN"], "keys", change)
    with pytest.raises(PendingError, match=why):
        opened(both["KOR"], copy.id)
    assert not acts(both["KOR"], "access", "opened")
    assert waits(both["KOR"])
    both.wire.fault = None
    both.settle()
    assert opened(both["KOR"], copy.id) == b"report"
    holds(both)


def test_a_release_that_was_given_before_opens_nothing_again(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    before = len(both.wire.carried)
    assert opened(both["KOR"], copy.id) == b"report"
    old = kept_answer(both, before)

    def replay(body: dict[str, Any]) -> None:
        (name,) = body["access"]
        body["acts"] = old["acts"]
        body["access"] = {name: the_access(old)}

    both.wire.fault = forged(both["JPN"], "keys", replay)
    with pytest.raises(PendingError, match="answers another request"):
        opened(both["KOR"], copy.id)
    assert len(acts(both["KOR"], "access")) == 1


@pytest.mark.parametrize("number", [0, 1])
def test_a_request_with_either_signature_altered_is_answered_with_nothing(stage: Stage, number: int) -> None:
    both = stage()
    copy = held(both)

    def fault(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if json.loads(envelope.payload)["type"] != "ask-keys":
            return envelope
        value = envelope.to_json()
        flipped(value, "signatures", number, "sig")
        return Envelope.from_json(value)

    both.wire.fault = fault
    with pytest.raises(PendingError, match="refused the message"):
        opened(both["KOR"], copy.id)
    assert not acts(both["JPN"], "release-key", "refuse-key")


def test_a_request_that_is_sent_again_is_a_replay(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    before = len(both.wire.carried)
    assert opened(both["KOR"], copy.id) == b"report"
    asked = next(e for e in both.wire.carried[before:] if json.loads(e.payload)["type"] == "ask-keys")
    with both["JPN"].node.store.reading() as reader:
        korea = reader.peers()["KOR"]
    reply = json.loads(answer(both["JPN"].node, korea, asked).payload)
    assert reply["type"] == "refusal" and "replay" in reply["body"]["why"]
    assert len(acts(both["JPN"], "release-key")) == 1


REQUESTS: dict[str, dict[str, object]] = {
    "a flag that is text": {"need": "true"},
    "a text that is a number": {"clearance": 2},
    "a key of another length": {"key": "AAAA"},
    "a copy of another item": {"copy": "00000000-0000-4000-8000-000000000000-JPN-1"},
    "an unknown word": {"name": "kim"},
    "another version": {"v": 2},
    "a version that is a flag": {"v": True},
    "an unprintable text": {"role": "official\n"},
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_in_another_form_is_refused_whole(stage: Stage, name: str) -> None:
    both = stage()
    copy = held(both)
    both.wire.fault = forged(both["KOR"], "ask-keys", lambda body: body["requests"][0].update(REQUESTS[name]))
    with pytest.raises(PendingError, match="not a request for a key"):
        opened(both["KOR"], copy.id)
    both.wire.fault = forged(both["KOR"], "ask-keys", lambda body: body.update(requests=body["requests"] * 2))
    with pytest.raises(PendingError, match="one id"):
        opened(both["KOR"], copy.id)
    assert not acts(both["JPN"], "release-key", "refuse-key")


def test_a_custody_other_than_the_officer_signed_is_rejected(stage: Stage) -> None:
    """An item said to be in its originator's custody whose key is wrapped for the recipient too is not taken in."""
    both = stage()
    japan = both["JPN"]
    copy = japan.transmit(b"report", to="KOR", level="極秘", custody=Custody.ORIGINATOR)
    korea = both["KOR"].node.keys.sealing
    with japan.node.blobs.reading(copy.item) as file:
        recipients = [Recipient(kid=key.kid, url="", key=key.public) for key in (japan.node.keys.sealing, korea)]
        _, _, chunks = rewrap_chunks(file, identities=japan.node.identities, recipients=recipients)
        data = b"".join(chunks)
    with japan.node.blobs.writing(copy.item) as sink:
        sink.write(data)
    both.settle()
    entry, _ = register(japan)[copy.id]
    assert entry.state == CopyState.REJECTED and "for its originator's node alone" in entry.reason
    assert register(both["KOR"]) == {}


def test_verify_finds_an_opening_without_a_release_and_a_release_after_a_recall(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    assert opened(both["KOR"], copy.id) == b"report"
    both.settle()
    holds(both)
    forget(both["KOR"], "UPDATE act SET type = 'opened' WHERE type = 'release-key'")
    faults = [check.fault for check in audit(both["KOR"].node) if check.name == "keys released"]
    assert "did not release for it" in faults[0]
    recall(both["JPN"].node, copy.item, "an error", by=both["JPN"].by(Role.DISCLOSURE))
    forget(both["JPN"], "UPDATE act SET seq = -1 WHERE type = 'recall'")
    faults = [check.fault for check in audit(both["JPN"].node) if check.name == "keys released"]
    assert "after its recall" in faults[0]
