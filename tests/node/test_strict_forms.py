"""Acts, offers and messages have one form each; whatever else a peer writes ends in a signed refusal, not a crash."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lying import message, reading, send
from stories import Stage, finish, holds, ready, register

from gsomia.errors import MessageError, SignatureError, VerificationError
from gsomia.keys import canonical, sign
from gsomia.node import Statement, answer, instant, read_instant
from gsomia.node.acts.signed import pack, unpack, verify_act
from gsomia.node.messages import MESSAGE_TYPE, Message
from gsomia.node.node import KnownKeys
from gsomia.node.transmission.offers import Offer
from gsomia.testing import Exercise

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2**53 - 1, 0.5, 1e300, "", "x", "\x00", "é" * 300, "../..", "[" * 50_000,
    [], [[]], [None], {}, {"": ""}, "2018-01-10T03:00:00.000000Z", "AAAA", "JPN", "KOR", "极",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value[:3]):
            yield from places(one, (*path, index))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same JSON value with something else in one place; what was there is left out where `new` is `...`."""
    if not path:
        return new
    value = copy.deepcopy(value)
    at = value
    for step in path[:-1]:
        at = at[step]
    if new is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return value


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Exercise, dict[str, Any]]]:
    """An exercise and one honest body of each type that Japan sent in it."""
    with ready(("JPN", "KOR"), "2018-01-10T12:00:00+09:00").again(tmp_path_factory.mktemp("s") / "nodes") as both:
        both["JPN"].transmit(b"report", to="KOR", level="極秘")
        both.settle()
        sent = both["KOR"].transmit(b"report", to="JPN", level="군사II급비밀")
        both.settle()
        finish(both["JPN"], sent.id)
        both.settle()
        bodies: dict[str, Any] = {}
        for envelope in both.wire.carried:
            value = reading(envelope)
            if value["from"] == "JPN" and value["type"] in ("offers", "deliver", "acts"):
                bodies.setdefault(value["type"], value["body"])
        yield both, bodies


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_body_with_something_else_in_it_is_answered(
    spoken: tuple[Exercise, dict[str, Any]], data: st.DataObject
) -> None:
    both, bodies = spoken
    kind = data.draw(st.sampled_from(sorted(bodies)))
    path = data.draw(st.sampled_from([place for place in places(bodies[kind]) if place]))
    odd = data.draw(st.sampled_from([*ODD, ...]))
    before = register(both["KOR"])
    body = put(bodies[kind], path, odd)
    got = send(both, "JPN", "KOR", message(both["JPN"], "KOR", kind, body))
    assert got["type"] in ("refusal", "answers", "delivered", "recorded")
    after = register(both["KOR"])
    assert set(after) == set(before), "what was changed was taken for good"
    canonical(got)


def test_after_all_that_the_audits_hold(spoken: tuple[Exercise, dict[str, Any]]) -> None:
    holds(spoken[0])


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"null", b'{"v":1}', b"\xff", b"[" * 100_000, b'"\\ud800"'])
def test_what_is_no_message_is_refused_with_a_signature(spoken: tuple[Exercise, Any], payload: bytes) -> None:
    both, _ = spoken
    with both["KOR"].node.store.reading() as reader:
        peer = reader.peers()["JPN"]
    envelope = sign(payload, MESSAGE_TYPE, [both["JPN"].node.keys.signing])
    got = reading(answer(both["KOR"].node, peer, envelope))
    assert got["type"] == "refusal" and got["body"]["why"].startswith("not a message")


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "a space": lambda d: d.replace(b'"v":1', b'"v": 1'),
    "a key twice": lambda d: d.replace(b'"v":1}', b'"v":1,"v":1}'),
    "a key more": lambda d: d.replace(b'"v":1}', b'"v":1,"x":1}'),
    "truth for one": lambda d: d.replace(b'"v":1}', b'"v":true}'),
    "one as 1.0": lambda d: d.replace(b'"v":1}', b'"v":1.0}'),
    "another order": lambda d: canonical({"v": 1}) + d,
    "an escape": lambda d: d.replace(b'"JPN"', b'"\\u004aPN"', 1),
    "a newline at the end": lambda d: d + b"\n",
    "nothing": lambda d: b"",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_an_act_and_a_message_have_one_spelling(stage: Stage, name: str) -> None:
    both = stage()
    both["JPN"].transmit(b"x", to="KOR", level="極秘")
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        (act,) = reader.acts(types=["transmit"])
    assert Statement.from_bytes(act.data).to_bytes() == act.data
    with pytest.raises(SignatureError, match="not an act"):
        Statement.from_bytes(SPELLINGS[name](act.data))
    sent = next(e for e in both.wire.carried if b'"from":"JPN"' in e.payload)
    assert Message.from_bytes(sent.payload).to_bytes() == sent.payload
    with pytest.raises(MessageError, match="not a message"):
        Message.from_bytes(SPELLINGS[name](sent.payload))


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_reads_as_it_was_written(at: datetime) -> None:
    text = instant(at)
    assert read_instant(text) == at
    assert instant(read_instant(text)) == text


@pytest.mark.parametrize(
    "text",
    ["2018-01-10T03:00:00Z", "2018-01-10T03:00:00.000000+00:00", "2018-01-10 03:00:00.000000Z", "20180110T030000Z",
     "2018-W02-3T03:00:00.000000Z", "2018-01-10T03:00:00,000000Z", "2018-01-10T24:00:00.000000Z", "", None, 5, True],
)  # fmt: skip
def test_an_instant_has_one_spelling(text: Any) -> None:
    with pytest.raises(ValueError):
        read_instant(text)


def test_acts_pack_and_unpack_to_the_same(stage: Stage) -> None:
    both = stage()
    with both["JPN"].node.store.reading() as reader:
        acts = list(reader.acts())
        packed = json.loads(json.dumps(pack([*acts, *acts[:3]])))
        assert unpack(packed) == acts
        keyring = KnownKeys(reader, "JPN", both["JPN"].node.keys.signing.public)
        for act in acts:
            assert verify_act(act, keyring, exercise=True) == act.statement
            with pytest.raises(VerificationError, match="refuse each other"):
                verify_act(act, keyring, exercise=False)


@given(st.sampled_from(ODD))
def test_what_is_no_list_of_acts_is_refused(value: Any) -> None:
    if value == []:
        assert unpack(value) == []
        return
    with pytest.raises(SignatureError, match="not a list of acts"):
        unpack(value)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.data())
def test_an_offer_reads_strictly(spoken: tuple[Exercise, dict[str, Any]], data: st.DataObject) -> None:
    good = spoken[1]["offers"]["offers"][0]
    assert Offer.from_json(good).to_json() == good
    key = data.draw(st.sampled_from(sorted(good)))
    odd = data.draw(st.sampled_from([*ODD, ...]))
    try:
        offer = Offer.from_json(put(good, (key,), odd))
    except VerificationError:
        return
    assert canonical(offer.to_json()) == canonical(put(good, (key,), odd))
