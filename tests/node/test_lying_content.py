"""A giver that lies in what it delivers: rejected by its own reason, and both registers say so."""

from __future__ import annotations

import json
import re
import struct
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lying import OTHER_ITEM, STRANGER, altered, message, resigned, send, without_acts
from lying_items import (
    a_link,
    anew,
    another_zip,
    content,
    delivered,
    flipped,
    in_offer,
    noted,
    padded,
    sealed_anew,
    signed_by_others,
    with_acts,
    without_segments,
    wrapped_too,
)
from stories import PRESENT, Stage, finish, refusals, register, survived, words_of

from gsomia.errors import PeerError
from gsomia.keys import b64
from gsomia.node import Role
from gsomia.node.acts.signed import pack, unpack
from gsomia.registry import CopyState
from gsomia.sealed import Identity, read
from gsomia.testing import Exercise

CONTENT: dict[str, tuple[Callable[[Exercise], Callable[[dict[str, Any]], None]], str]] = {
    "one bit of the payload turned": (content(flipped), "."),
    "content that is no sealed item": (content(lambda *_: b"plain text"), "."),
    "no content at all": (content(lambda *_: b""), "."),
    "an item sealed with another key": (anew(to="JPN"), "not wrapped for this node"),
    "an item whose key is wrapped for a stranger too": (wrapped_too(""), "not wrapped for this node alone"),
    "an item whose key is wrapped for its giver too": (wrapped_too("JPN"), "not wrapped for this node alone"),
    "an item whose key is wrapped for this node twice": (wrapped_too("KOR"), "key access object"),
    "a key access object that names another place": (wrapped_too(url="https://evil.example"), "not wrapped for this"),
    "a second assertion about handling": (noted(value="DOWNGRADED"), "other assertions than"),
    "a second label": (noted(schema="urn:nato:stanag:4774", value="{}"), "other assertions than"),
    "an item without a segment": (content(without_segments), "no segment"),
    "an item in another tool's ZIP": (content(another_zip), "not in the one form"),
    "an item that says it is a symbolic link": (content(a_link), "symbolic link|not a plain file"),
    "an item of another id": (anew(item=OTHER_ITEM), "offered was"),
    "a swapped payload, stated anew": (anew(plain=b"disinformation"), "size or type"),
    "a swapped payload of the same size, stated anew": (anew(plain=b"REPORT"), "officer's act is not for copy"),
    "a swapped payload under the old digests": (anew(plain=b"REPORT", digests=False), "digests were signed"),
    "provenance by another key": (anew(key=STRANGER), "signature of key .* is missing"),
    "no provenance": (anew(proven=False), "origin unproven"),
    "an item that is no EXERCISE": (anew(exercise=False), "refuse each other's items"),
    "a policy with an attribute that nobody knows": (
        anew(attributes=("https://example/attr/compartment/value/blue",)),
        "attributes or persons that this node does not know",
    ),
    "a policy that names persons": (anew(dissem=("kim",)), "attributes or persons that this node does not know"),
    "a lower label, stated anew": (anew(label="秘"), "not the one that the originator signed"),
    "another label in the offer": (
        in_offer(label='{"ocl":{"cls":"秘"}}'),
        "was not offered and accepted",
    ),
    "another level in the offer": (in_offer(level="秘"), "was not offered and accepted"),
    "another purpose in the offer": (in_offer(purpose="training"), "was not offered and accepted"),
    "a larger item than was offered": (content(padded), "more bytes than were offered"),
    "another payload digest": (delivered(payload_digest="0" * 64), "digests were signed"),
    "another core digest": (delivered(core_digest="0" * 64), "digests were signed"),
    "another size": (delivered(plaintext_bytes=7), "size or type"),
    "another media type": (delivered(mime_type="text/html"), "size or type"),
    "no officer's act": (lambda _: without_acts("transmit"), "without its officer's `transmit`"),
    "no dispatch": (lambda _: without_acts("dispatched"), "without its officer's `transmit` or its dispatch"),
    "the officer's act for another payload": (
        with_acts("transmit", body={"payload_digest": "0" * 64}),
        "officer's act is not for copy",
    ),
    "the officer's act for another Party": (with_acts("transmit", body={"holder": "USA"}), "officer's act is not"),
    "the officer's act for another way": (with_acts("transmit", body={"via": ["USA"]}), "officer's act is not"),
    "the officer's act for another item": (with_acts("transmit", item=OTHER_ITEM), "officer's act is not for copy"),
    "the officer's act for a lower level": (with_acts("transmit", body={"level": "秘"}), "officer's act is not"),
    "a dispatch of another payload": (with_acts("dispatched", body={"payload_digest": "0" * 64}), "another payload"),
    "a dispatch by another acceptance": (
        with_acts("dispatched", body={"acceptance": OTHER_ITEM}),
        "on another acceptance",
    ),
    "an act that is no EXERCISE": (with_acts("transmit", exercise=False), "refuse each other's acts"),
    "the node alone signs for its officer": (signed_by_others("transmit"), "needs an officer with the role"),
    "an officer without the role signs": (
        signed_by_others("transmit", Role.REGISTRY),
        "needs an officer with the role `disclosure`",
    ),
    "another Party's officer signs": (signed_by_others("transmit", Role.DISCLOSURE, party="KOR"), "not enrolled"),
}


@pytest.mark.parametrize("name", CONTENT)
def test_content_that_is_not_right_is_rejected_and_both_registers_say_so(stage: Stage, name: str) -> None:
    make, why = CONTENT[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "JPN", "deliver", make(both))
    both.settle()
    assert re.search(why, words_of(refusals(both["KOR"]))), words_of(refusals(both["KOR"]))
    assert register(both["KOR"]) == {}
    assert both["KOR"].node.blobs.names() == []
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REJECTED and copy.reason
    with both["KOR"].node.store.reading() as reader:
        assert not list(reader.acts(types=["transmit", "dispatched", "accepted", "delivered"]))
    survived(both, told={"KOR": why, "JPN": "KOR"})


def test_one_bad_delivery_is_rejected_and_the_others_arrive(stage: Stage) -> None:
    both = stage()
    bad, good = (both["JPN"].transmit(text, to="KOR", level="極秘") for text in (b"", b"report"))
    altered(both, "JPN", "deliver", content(without_segments)(both))
    both.settle()
    assert register(both["JPN"])[bad.id][0].state is CopyState.REJECTED
    assert register(both["KOR"])[good.id][0].state in PRESENT
    survived(both, told={"KOR": f"copy {bad.id}: .*no segment"})


@pytest.mark.parametrize("fault", [IndexError, KeyError, OverflowError, RecursionError, struct.error])
def test_whatever_a_malformed_item_brings_about_it_is_rejected_by_an_act(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def fails(*_: object) -> None:
        raise fault("in the middle")

    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    monkeypatch.setattr("gsomia.node.exchange.intake.check_wrapping", fails)
    both.settle()
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REJECTED and fault.__name__ in copy.reason
    survived(both, told={"KOR": fault.__name__})


MALFORMED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a delivery that is text": (lambda v: v["body"].update(deliveries=["x"]), "not a delivery"),
    "a delivery without an offer": (lambda v: v["body"]["deliveries"][0].pop("offer"), "not a delivery"),
    "a delivery with a key too many": (lambda v: v["body"]["deliveries"][0].update(x=1), "not a delivery"),
    "content that is not base64": (lambda v: v["body"]["deliveries"][0].update(content="%"), "not a delivery"),
    "a title that commands the terminal": (
        lambda v: v["body"]["deliveries"][0].update(title="\x1b[2J"),
        "printable text",
    ),
    "a size with a fraction": (lambda v: v["body"]["deliveries"][0].update(plaintext_bytes=6.5), "not a delivery"),
    "acts that are text": (lambda v: v["body"].update(acts="all"), "not a list of acts"),
    "an act whose place is text": (
        lambda v: v["body"]["acts"][0]["acts"][0].update(index="0"),
        "a count was expected",
    ),
    "an act of an unknown type": (
        lambda v: v["body"]["acts"][0]["acts"][0].update(statement='{"type":"annex","v":1}'),
        "unknown type of act",
    ),
    "more acts than a message carries": (
        lambda v: v["body"]["acts"][0].update(acts=v["body"]["acts"][0]["acts"] * 2049),
        "at most 2048 acts",
    ),
    "an act longer than acts are": (
        lambda v: v["body"]["acts"][0]["acts"][0].update(statement='{"v":1,"x":"' + "x" * 70_000 + '"}'),
        "at most 65536 bytes",
    ),
    "an act nested without end": (
        lambda v: v["body"]["acts"][0]["acts"][0].update(statement="[" * 100_000),
        "not an act",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_delivery_that_cannot_be_read_is_refused_and_comes_whole_later(stage: Stage, name: str) -> None:
    change, why = MALFORMED[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "JPN", "deliver", change)
    with pytest.raises(PeerError, match="refused the message"):
        both.settle()
    assert why in words_of(refusals(both["KOR"]))
    assert register(both["KOR"]) == {}
    both.settle()
    assert register(both["KOR"])[sent.id][0].state in PRESENT
    survived(both, told={"KOR": re.escape(why)})


def test_an_item_under_the_id_of_another_does_not_touch_it(stage: Stage) -> None:
    """The Party that gave an item gives other content under the same id: what is held stays as it was."""
    both = stage()
    first = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    with both["KOR"].node.blobs.reading(first.item) as file:
        before = file.read()
    second = both["JPN"].transmit(b"REPORT", to="KOR", level="極秘")
    new_id, authority = f"{first.item}-JPN-2", str(uuid.uuid4())

    def offers(value: dict[str, Any]) -> None:
        value["body"]["offers"][0] |= {"copy": new_id, "item": first.item}

    def deliver(value: dict[str, Any]) -> None:
        delivery = value["body"]["deliveries"][0]
        delivery["offer"] |= {"copy": new_id, "item": first.item}
        delivery["content"] = b64(sealed_anew(both, b"", delivery, plain=b"REPORT"))
        digest = delivery["payload_digest"]
        acts = []
        for one in unpack(value["body"]["acts"]):
            body = {"payload_digest": digest, "core_digest": delivery["core_digest"], "acceptance": accepted}
            body |= {"authority": authority}
            new = authority if one.statement.type == "transmit" else str(uuid.uuid4())
            acts.append(
                resigned(both, one, id=new, item=first.item, copy=new_id, body=body)
                if one.statement.copy == second.id
                else one
            )
        value["body"]["acts"] = pack(acts)

    altered(both, "JPN", "offers", offers)
    with pytest.raises(PeerError):
        both.settle()
    honest = transmitted_delivery(both, second.id)
    with both["KOR"].node.store.reading() as reader:
        accepted = reader.acceptance(new_id)
    assert accepted
    deliver(honest)
    answer = send(both, "JPN", "KOR", message(both["JPN"], "KOR", "deliver", honest["body"]))
    assert answer["type"] == "delivered"
    assert "is registered here with another payload" in words_of(refusals(both["KOR"]))
    with both["KOR"].node.blobs.reading(first.item) as file:
        assert file.read() == before
    assert set(register(both["KOR"])) == {first.id}
    assert finish(both["KOR"], first.id) == b""
    both.pass_time(timedelta(minutes=10))
    both.settle()
    survived(both, told={"KOR": "is registered here with another payload"})


def transmitted_delivery(both: Exercise, copy: str) -> dict[str, Any]:
    """What an honest delivery of a copy would say, taken from the wire and not handed on."""
    caught: list[dict[str, Any]] = []

    def fault(_direction: str, party: str, envelope: Any) -> Any:
        value = json.loads(envelope.payload)
        if party == "JPN" and value["type"] == "deliver":
            caught.append(value)
            raise PeerError("cut")
        return envelope

    both.wire.fault = fault
    both.settle(tolerate=True)
    both.wire.fault = None
    (value,) = [v for v in caught if v["body"]["deliveries"][0]["offer"]["copy"] == copy][:1]
    return value


def test_a_sealed_item_opens_for_its_holder_alone(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    with both["KOR"].node.blobs.reading(sent.item) as file:
        sealed = read(file)
        assert sealed.segment(0, both["KOR"].node.identities) == b"report"
        with pytest.raises(Exception, match="none of the keys"):
            sealed.segment(0, [Identity(kid="", key=both["JPN"].node.keys.sealing)])
