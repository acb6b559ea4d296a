"""A message altered on the way, without the sender's key: refused, kept, not registered; and then it comes whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from lying import kind_of, reading, send, signed_by, spoil, turned
from stories import PRESENT, Stage, holds, refusals, register, same_story, words_of

from gsomia.errors import PeerError
from gsomia.keys import Envelope, Signature, SigningKey, sign
from gsomia.node.messages import MESSAGE_TYPE
from gsomia.testing import Exercise

STRANGER = SigningKey(bytes(range(64)))


def cut(place: int) -> Callable[[Envelope], Envelope]:
    """One bit of the payload, at a place counted from the start or the end."""
    return lambda envelope: replace(envelope, payload=turned(envelope.payload, place))


def in_signature(number: int) -> Callable[[Envelope], Envelope]:
    def change(envelope: Envelope) -> Envelope:
        broken = [replace(s, sig=turned(s.sig, 7)) if i == number else s for i, s in enumerate(envelope.signatures)]
        return signed_by(envelope, broken)

    return change


def renamed(envelope: Envelope) -> Envelope:
    """Good signatures by a stranger, under the names of the sender's keys."""
    theirs = sign(envelope.payload, MESSAGE_TYPE, [STRANGER]).signatures
    return signed_by(
        envelope, [Signature(keyid=a.keyid, sig=b.sig) for a, b in zip(envelope.signatures, theirs, strict=True)]
    )


def reworded(old: bytes, new: bytes) -> Callable[[Envelope], Envelope]:
    def change(envelope: Envelope) -> Envelope:
        assert old in envelope.payload
        return replace(envelope, payload=envelope.payload.replace(old, new, 1))

    return change


TAMPERS: dict[str, tuple[Callable[[Envelope], Envelope], str]] = {
    "the first byte of the payload": (cut(0), "does not hold"),
    "a byte in the middle of the payload": (cut(400), "does not hold"),
    "the last byte of the payload": (cut(-1), "does not hold"),
    "a space more": (reworded(b"{", b"{ "), "does not hold"),
    "the recipient renamed": (reworded(b'"to":"KOR"', b'"to":"USA"'), "does not hold"),
    "EXERCISE made real": (reworded(b'"exercise":true', b'"exercise":false'), "does not hold"),
    "another level": (reworded("極秘".encode(), "秘".encode()), "does not hold"),
    "the payload left out": (lambda e: replace(e, payload=b""), "does not hold"),
    "another payload type": (lambda e: replace(e, payload_type="text/plain"), "payload type `text/plain`"),
    "the payload type of acts": (
        lambda e: replace(e, payload_type="application/vnd.gsomia.acts.v1+json"),
        "payload type",
    ),
    "no signatures": (lambda e: signed_by(e, ()), "ed25519 signature of key .* is missing"),
    "Ed25519 left out": (lambda e: signed_by(e, e.signatures[1:]), "ed25519 signature of key .* is missing"),
    "ML-DSA-65 left out": (lambda e: signed_by(e, e.signatures[:1]), "ml-dsa-65 signature of key .* is missing"),
    "a bit of the Ed25519 signature": (in_signature(0), "does not hold"),
    "a bit of the ML-DSA-65 signature": (in_signature(1), "does not hold"),
    "the two signatures exchanged": (
        lambda e: signed_by(
            e,
            [Signature(keyid=a.keyid, sig=b.sig) for a, b in zip(e.signatures, reversed(e.signatures), strict=True)],
        ),
        "does not hold",
    ),
    "a stranger's signatures beside a good name": (renamed, "does not hold"),
    "a stranger's signatures alone": (
        lambda e: sign(e.payload, MESSAGE_TYPE, [STRANGER]),
        "ed25519 signature of key .* is missing",
    ),
    "each signature twice": (lambda e: signed_by(e, (*e.signatures, *e.signatures)), "two signatures under one"),
    "an empty signature": (
        lambda e: signed_by(e, [replace(e.signatures[0], sig=b""), e.signatures[1]]),
        "does not hold",
    ),
}


# A delivery names the level more than once, so that one rewording says nothing of it.
EACH = [
    (name, kind) for name in TAMPERS for kind in ("offers", "deliver") if (name, kind) != ("another level", "deliver")
]


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_what_was_altered_on_the_way_is_refused_and_comes_whole_later(stage: Stage, name: str, kind: str) -> None:
    change, why = TAMPERS[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    spoil(both, "JPN", kind, change)
    with pytest.raises(PeerError, match="refused the message"):
        both.settle()
    assert register(both["KOR"]) == {}
    assert [r for r in refusals(both["KOR"]) if r.source == "JPN" and r.what == "message"]
    assert re.search(why, words_of(refusals(both["KOR"])))
    holds(both)
    both.wire.fault = None
    both.settle()
    assert register(both["KOR"])[sent.id][0].state in PRESENT
    same_story(both)
    holds(both)


@pytest.mark.parametrize("kind", ["answers", "delivered"])
@pytest.mark.parametrize("name", ["a byte in the middle of the payload", "no signatures", "ML-DSA-65 left out"])
def test_an_altered_answer_is_not_believed(stage: Stage, name: str, kind: str) -> None:
    change, _ = TAMPERS[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    spoil(both, "KOR", kind, change)
    with pytest.raises(PeerError, match="does not hold"):
        both.settle()
    assert register(both["JPN"])[sent.id][0].state not in PRESENT
    both.wire.fault = None
    both.settle()
    same_story(both)
    holds(both)


def captured(both: Exercise, sender: str, kind: str) -> Envelope:
    return next(e for e in both.wire.carried if reading(e)["from"] == sender and kind_of(e) == kind)


@pytest.mark.parametrize("kind", ["offers", "deliver"])
def test_a_replayed_message_is_refused(stage: Stage, kind: str) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    before = register(both["KOR"])
    again = send(both, "JPN", "KOR", captured(both, "JPN", kind))
    assert again["type"] == "refusal" and "a replay" in again["body"]["why"]
    assert "a replay" in words_of(refusals(both["KOR"]))
    assert register(both["KOR"]) == before
    holds(both)


def test_a_message_that_was_held_back_is_too_old(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.wire.fault = lambda _d, _s, _e: (_ for _ in ()).throw(PeerError("cut"))
    both.settle(tolerate=True)
    held = captured(both, "JPN", "offers")
    both.pass_time(timedelta(seconds=61))
    answer = send(both, "JPN", "KOR", held)
    assert answer["type"] == "refusal" and "61 s apart" in answer["body"]["why"]
    assert register(both["KOR"]) == {}


def test_a_message_is_refused_on_another_peers_channel(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    three["JPN"].transmit(b"report", to="KOR", level="極秘")
    three.wire.fault = lambda _d, _s, _e: (_ for _ in ()).throw(PeerError("cut"))
    three.settle(tolerate=True)
    held = captured(three, "JPN", "offers")
    answer = send(three, "USA", "KOR", held)
    assert answer["type"] == "refusal"
    assert register(three["KOR"]) == {} and words_of(refusals(three["KOR"])).startswith("USA: message: ")
    holds(three)


def test_an_answer_for_one_message_is_no_answer_to_another(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"one", to="KOR", level="極秘")
    both.settle()
    old = captured(both, "KOR", "answers")
    sent = both["JPN"].transmit(b"two", to="KOR", level="極秘")
    spoil(both, "KOR", "answers", lambda _: old)
    with pytest.raises(PeerError, match="answered another message"):
        both.settle()
    assert register(both["JPN"])[sent.id][0].state not in PRESENT
    both.wire.fault = None
    both.settle()
    same_story(both)
