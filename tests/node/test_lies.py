"""Peers that lie with good keys: each lie is refused by its own reason, kept, changes no register and spoils no log."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lying import act, altered, in_acts, message, resigned, send, without_acts
from stories import MARKS, PRESENT, Stage, finish, forget, holds, refusals, register, same_story, words_of

from gsomia.errors import PeerError
from gsomia.keys import SigningKey, b64, canonical, sign, unb64
from gsomia.node import Limits, Role, SignedAct, Statement, mark, step
from gsomia.node.acts import BATCH_TYPE, pack, unpack
from gsomia.node.labels import equivalent_label
from gsomia.node.offers import Offer
from gsomia.registry import CopyState, Item
from gsomia.sealed import (
    PROVENANCE_TYPE,
    Identity,
    Policy,
    Recipient,
    provenance,
    provenance_assertion,
    read,
    seal,
)
from gsomia.sealed import label as label_assertion
from gsomia.testing import Exercise
from gsomia.tlog import batch

STRANGER = SigningKey(bytes(range(64)))
OTHER_ITEM = "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01"


# --- the giver lies: offers ----------------------------------------


def offered(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        value["body"]["offers"][0] |= changes

    return change


def header(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value.update(changes)


GIVER_OFFERS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "from another Party": (header(**{"from": "USA"}), "a message from `USA` to `KOR` on the channel of `JPN`"),
    "to another Party": (header(to="USA"), "a message from `JPN` to `USA`"),
    "a real node to an EXERCISE node": (header(exercise=False), "real and EXERCISE nodes refuse each other"),
    "another version of messages": (header(v=2), "version `2` of messages is not known"),
    "a key too many": (header(more=1), "not in the one form"),
    "an unknown type": (header(type="gossip"), "unknown type of message `gossip`"),
    "a type that only answers": (header(type="recorded"), "nothing is answered to"),
    "a body that is a list": (header(body=[]), "an object for its body"),
    "an instant with an offset": (header(at="2018-01-10T12:00:00.000000+09:00"), "not a message"),
    "a clock 61 s ahead": (header(at="2018-01-10T03:01:01.000000Z"), "61 s apart"),
    "a clock a day behind": (header(at="2018-01-09T03:00:00.000000Z"), "86400 s apart"),
    "offers that are no list": (lambda v: v["body"].update(offers={}), "a list of at most"),
    "too many offers": (lambda v: v["body"].update(offers=v["body"]["offers"] * 257), "a list of at most 256"),
    "an offer that is text": (lambda v: v["body"].update(offers=["x"]), "not an offer"),
    "an offer with a key too many": (offered(title="what it is about"), "not an offer: its keys are"),
    "an offer of an opening": (offered(act="open"), "not an offer"),
    "an offer to somebody else": (offered(holder="USA", destination="USA"), "not from `JPN` to `KOR`"),
    "an offer past its next Party": (offered(destination="USA"), "not an offer: its holder is not the next"),
    "a copy of another item": (offered(item=OTHER_ITEM), "not an offer: the copy's id is not of this item"),
    "a copy id that climbs": (offered(copy="../../keys/tls-JPN-1"), "not the id of a copy"),
    "another Party's copy": (offered(copy=f"{OTHER_ITEM}-USA-1", item=OTHER_ITEM), "not an offer"),
    "an item without what its originator made": (offered(contains=["KOR"]), "not an offer"),
    "a size of truth": (offered(sealed_bytes=True), "not an offer: `sealed_bytes`"),
    "a negative size": (offered(sealed_bytes=-1), "not an offer: `sealed_bytes`"),
}

GIVER_REFUSED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another version of the law": (
        offered(law={"jpn-kor-2016": "0" * 64}),
        "applies `jpn-kor-2016` in the version 000000000000",
    ),
    "more bytes than this node takes": (offered(sealed_bytes=2**50), "are more than this node takes"),
    "an offer made by another clock": (offered(clock="2018-01-10T02:00:00.000000Z"), "clock is 3600 s from ours"),
    "a level that nobody knows": (offered(level="COSMIC", own_level=""), "refuse"),
    "a Party that nobody knows": (offered(originator="XXX", contains=["XXX"]), "refuse"),
    "an instrument that nobody adopted": (offered(under="un-charter"), "refuse"),
    "a level above what the agreement carries": (offered(level="機密"), "refuse"),
}


@pytest.mark.parametrize("name", GIVER_OFFERS)
def test_a_message_that_is_not_right_is_refused_whole(stage: Stage, name: str) -> None:
    change, why = GIVER_OFFERS[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "JPN", "offers", change)
    with pytest.raises(PeerError, match="refused the message"):
        both.settle()
    assert why in words_of(refusals(both["KOR"]))
    assert register(both["KOR"]) == {} and register(both["JPN"])[sent.id][0].state is CopyState.AUTHORISED
    holds(both)
    both.settle()
    assert register(both["KOR"])[sent.id][0].state in PRESENT
    same_story(both)
    holds(both)


@pytest.mark.parametrize("name", GIVER_REFUSED)
def test_an_offer_that_is_not_right_is_refused_with_grounds(stage: Stage, name: str) -> None:
    change, why = GIVER_REFUSED[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "JPN", "offers", change)
    both.settle()
    assert why in words_of(refusals(both["KOR"])) and why in words_of(refusals(both["JPN"]))
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REFUSED and "refused by KOR" in copy.reason
    assert register(both["KOR"]) == {}
    with both["KOR"].node.store.reading() as reader:
        assert not list(reader.acts(types=["acceptance", "transmit", "dispatched"]))
    same_story(both)
    holds(both)


# --- the giver lies: content ----------------------------------------


def delivered(**changes: Any) -> Callable[[Exercise], Callable[[dict[str, Any]], None]]:
    return lambda _: lambda value: value["body"]["deliveries"][0].update(changes)


def in_offer(**changes: Any) -> Callable[[Exercise], Callable[[dict[str, Any]], None]]:
    return lambda _: lambda value: value["body"]["deliveries"][0]["offer"].update(changes)


def with_acts(kind: str, **changes: Any) -> Callable[[Exercise], Callable[[dict[str, Any]], None]]:
    return lambda both: in_acts(both, kind, **changes)


def content(change: Callable[[Exercise, bytes, dict[str, Any]], bytes]) -> Callable[[Exercise], Any]:
    """Another sealed item in the place of the one that was offered."""

    def make(both: Exercise) -> Callable[[dict[str, Any]], None]:
        def apply(value: dict[str, Any]) -> None:
            delivery = value["body"]["deliveries"][0]
            delivery["content"] = b64(change(both, unb64(delivery["content"]), delivery))

        return apply

    return make


def sealed_anew(
    both: Exercise,
    old: bytes,
    delivery: dict[str, Any],
    *,
    key: SigningKey | None = None,
    item: str = "",
    exercise: bool = True,
    label: str = "",
    to: str = "KOR",
    proven: bool = True,
    digests: bool = True,
    plain: bytes = b"report",
    attributes: tuple[str, ...] = (),
    dissem: tuple[str, ...] = (),
) -> bytes:
    """An item made by the giver's own hand in the place of the one it stated; its own digests in the delivery."""
    offer = delivery["offer"]
    policy = Policy(uuid=item or offer["item"], data_attributes=attributes, dissem=dissem)
    ocl = json.loads(offer["label"])
    if label:
        ocl = json.loads(json.dumps(ocl, ensure_ascii=False).replace(offer["level"], label))
    signing = key or both["JPN"].node.keys.signing

    def authorship(payload_digest: bytes, core_digest: bytes) -> Any:
        statement = provenance(
            item=policy.uuid,
            label=ocl,
            policy=policy,
            payload_digest=payload_digest,
            core_digest=core_digest,
            exercise=exercise,
        )
        return provenance_assertion(sign(statement, PROVENANCE_TYPE, [signing]))

    public = both[to].node.keys.sealing.public
    sink = io.BytesIO()
    info = seal(
        io.BytesIO(plain),
        sink,
        recipients=[Recipient(kid=public.kid, url=f"gsomia:{to}", key=public)],
        policy=policy,
        mime_type="application/octet-stream",
        assertions=[label_assertion(ocl)],
        provenance=authorship if proven else None,
    )
    if digests:
        delivery |= {"payload_digest": info.payload_digest.hex(), "core_digest": info.core_digest.hex()}
    return sink.getvalue()


def anew(**words: Any) -> Callable[[Exercise], Any]:
    return content(lambda both, old, delivery: sealed_anew(both, old, delivery, **words))


def flipped(both: Exercise, old: bytes, delivery: dict[str, Any]) -> bytes:
    place = len(old) // 2
    return old[:place] + bytes([old[place] ^ 1]) + old[place + 1 :]


def padded(both: Exercise, old: bytes, delivery: dict[str, Any]) -> bytes:
    return old + bytes(80 * 2**10)


def lowered_by_the_officer(both: Exercise) -> Callable[[dict[str, Any]], None]:
    """Officer's act and offer agree on a lower level; the originator's signed label does not."""

    def change(value: dict[str, Any]) -> None:
        value["body"]["deliveries"][0]["offer"]["level"] = "秘"
        in_acts(both, "transmit", body={"level": "秘"})(value)

    return change


def signed_by_others(kind: str, *roles: str, party: str = "JPN") -> Callable[[Exercise], Any]:
    """The act of a type, made anew and signed by other officers."""

    def make(both: Exercise) -> Callable[[dict[str, Any]], None]:
        def change(value: dict[str, Any]) -> None:
            acts = []
            for one in unpack(value["body"]["acts"]):
                old = one.statement
                if old.type == kind:
                    player = both[party]
                    one = act(
                        both["JPN"],
                        kind,
                        signers=[(role, player.by(role).officer, player.by(role).key) for role in roles],
                        item=old.item,
                        copy=old.copy,
                        parties=old.parties,
                        body=dict(old.body),
                    )
                acts.append(one)
            value["body"]["acts"] = pack(acts)

        return change

    return make


CONTENT: dict[str, tuple[Callable[[Exercise], Callable[[dict[str, Any]], None]], str]] = {
    "one bit of the payload turned": (content(flipped), "."),
    "content that is no sealed item": (content(lambda *_: b"plain text"), "."),
    "no content at all": (content(lambda *_: b""), "."),
    "an item sealed with another key": (anew(to="JPN"), "not wrapped for this node"),
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
    "no officer's act": (lambda _: without_acts("transmit"), "without its officer's act"),
    "no dispatch": (lambda _: without_acts("dispatched"), "without its officer's act or its dispatch"),
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
    same_story(both)
    holds(both)


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
        lambda v: v["body"]["acts"][0]["acts"][0].update(statement='{"v":1,"type":"annex"}'),
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
    same_story(both)
    holds(both)


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
    holds(both)


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


def test_an_upload_cannot_take_the_place_of_what_was_checked(stage: Stage) -> None:
    both = stage()
    big = bytes(range(256)) * 2048
    sent = both["JPN"].transmit(big, to="KOR", level="極秘")
    both.settle()
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    with pytest.raises(PeerError, match="no content was accepted"):
        both.wire.between("JPN", "KOR").upload(sent.id, [b"other"], 5)
    assert "no content was accepted" in words_of(refusals(both["KOR"]))
    holds(both)


@pytest.mark.parametrize(
    "copy",
    [f"{OTHER_ITEM}-JPN-1", f"{OTHER_ITEM}-KOR-1", "../register.sqlite", "register.sqlite", ".staging-x", ""],
)
def test_an_upload_that_was_never_offered_is_refused(stage: Stage, copy: str) -> None:
    both = stage()
    with pytest.raises(PeerError):
        both.wire.between("JPN", "KOR").upload(copy, [b"x"], 1)
    assert [entry.what for entry in refusals(both["KOR"])] == ["upload"]
    assert both["KOR"].node.blobs.names() == []


def test_an_upload_larger_than_offered_leaves_nothing(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(bytes(2**20), to="KOR", level="極秘")

    def endless(_sender: str, _copy: str, _chunks: Any) -> Any:
        while True:
            yield bytes(2**16)

    both.wire.uploads = endless
    with pytest.raises(PeerError, match="more bytes than were offered and accepted"):
        both.settle()
    assert both["KOR"].node.blobs.names() == [] and register(both["KOR"]) == {}
    both.wire.uploads = None
    both.settle()
    same_story(both)
    holds(both)


def test_an_upload_altered_on_the_way_is_rejected(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(bytes(2**20), to="KOR", level="極秘")

    def alter(_sender: str, _copy: str, chunks: Any) -> Any:
        data = b"".join(chunks)
        yield data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]

    both.wire.uploads = alter
    both.settle()
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    assert register(both["JPN"])[sent.id][0].state is CopyState.REJECTED
    same_story(both)
    holds(both)


# --- the holder lies ----------------------------------------


def own_label(item: Item, **changes: object) -> dict[str, object]:
    """Korea's equivalent of the label of an item, right but for the changes."""
    label = equivalent_label(item, "군사II급비밀", "KOR", datetime(2018, 1, 10, 4, tzinfo=UTC))
    return label.to_json() | changes


def rung(kind: str, **words: Any) -> Callable[[Exercise, str], Any]:
    """An act of Korea's about the copy that Japan sent, right but for what `words` say."""

    def make(both: Exercise, copy: str) -> Any:
        _, item = register(both["JPN"])[copy]
        roles = words.get("roles", (Role.REGISTRY,) if kind in ("receipted", "mark") else ())
        body: dict[str, object] = {
            "payload_digest": item.payload_digest,
            "control_number": "KOR-2018-000001",
            "mark": "x",
            "origin": "JPN",
        }
        if kind == "mark":
            body = {"level": "군사II급비밀", "origin": "JPN", "label": own_label(item)}
        said = {
            "item": item.id,
            "copy": copy,
            "parties": ("JPN",),
            "body": body | words.get("body", {}),
        } | {key: value for key, value in words.items() if key not in ("roles", "body", "player", "signers")}
        return act(
            both[words.get("player", "KOR")],
            kind,
            roles=roles,
            signers=words.get("signers", lambda _: ())(both),
            **said,
        )

    return make


def officers_of(party: str, role: str) -> Callable[[Exercise], Any]:
    return lambda both: [(role, both[party].by(role).officer, both[party].by(role).key)]


HOLDER: dict[str, tuple[Callable[[Exercise, str], Any], str]] = {
    "a receipt for an item never sent": (
        rung("receipted", item=OTHER_ITEM, copy=f"{OTHER_ITEM}-JPN-1"),
        "of a copy never sent",
    ),
    "a receipt for another payload": (rung("receipted", body={"payload_digest": "0" * 64}), "for another payload"),
    "a receipt that names no payload": (rung("receipted", body={"payload_digest": None}), "for another payload"),
    "a receipt of another item's copy": (rung("receipted", item=OTHER_ITEM), "is not of item"),
    "a receipt by the node alone": (rung("receipted", roles=()), "needs an officer with the role `registry`"),
    "a receipt by an officer without the role": (
        rung("receipted", roles=(Role.DISCLOSURE,)),
        "needs an officer with the role `registry`",
    ),
    "a receipt by an officer in a role not held": (
        rung(
            "receipted",
            roles=(),
            signers=lambda both: [
                (Role.REGISTRY, both["KOR"].by(Role.DISCLOSURE).officer, both["KOR"].by(Role.DISCLOSURE).key)
            ],
        ),
        "does not hold `registry`",
    ),
    "a receipt by an officer nobody enrolled": (
        rung("receipted", roles=(), signers=lambda _: [(Role.REGISTRY, "ghost", STRANGER)]),
        "officer `ghost` is not enrolled",
    ),
    "a receipt by another key of an officer's": (
        rung("receipted", roles=(), signers=lambda _: [(Role.REGISTRY, "kor-registry", STRANGER)]),
        "officer `kor-registry` is not enrolled with that key",
    ),
    "a receipt by the giver's officer": (
        rung("receipted", roles=(), signers=officers_of("JPN", Role.REGISTRY)),
        "officer `jpn-registry` is not enrolled with that key",
    ),
    "a receipt that one officer signs twice": (
        rung(
            "receipted",
            roles=(),
            signers=lambda both: officers_of("KOR", Role.REGISTRY)(both) * 2,
        ),
        "signs twice",
    ),
    "a receipt that is no EXERCISE": (rung("receipted", exercise=False), "refuse each other's acts"),
    "a receipt before the delivery was known": (rung("opened", body={"payload_digest": "1" * 64}), "another payload"),
    "a dispatch that is the giver's to sign": (rung("dispatched"), "is for `JPN` to sign"),
    "a mark on another item": (rung("mark", item=OTHER_ITEM), "is not of item"),
    "a mark by the node alone": (rung("mark", roles=()), "needs an officer with the role `registry`"),
    "a mark whose label is another Party's": (
        rung("mark", body={"label": {"policy": "USA"}}),
        "does not fit `mark`",
    ),
    "a mark whose label is released to more": (
        lambda both, copy: rung("mark", body={"label": own_label(register(both["JPN"])[copy][1], categories=[])})(
            both, copy
        ),
        "its label is not the equivalent of the originator's",
    ),
    "a mark without a level": (rung("mark", body={"level": None, "origin": []}), "does not fit `mark`"),
    "a rejection of what was delivered": (rung("rejected", body={"why": "no"}), "it cannot be rejected"),
    "a person entered in our roster": (
        rung("enter-person", roles=(Role.SECURITY,), body={"person": "spy"}),
        "a peer has no say in `enter-person`",
    ),
    "a law adopted for us": (
        rung("adopt-law", roles=(Role.LEGAL,), body={"version": "0" * 64}),
        "a peer has no say in `adopt-law`",
    ),
    "a peer enrolled for us": (rung("enrol-peer", roles=(Role.SECURITY,)), "a peer has no say in `enrol-peer`"),
    "an access to our items": (rung("access"), "a peer has no say in `access`"),
    "a second first officer": (
        rung(
            "enrol-key",
            body={"officer": "usurper", "roles": ["registry"], "first": True, "key": STRANGER.public.to_json()},
        ),
        "none enrols alone",
    ),
    "an officer enrolled again with another key": (
        rung(
            "enrol-key",
            roles=(Role.SECURITY,),
            body={
                "officer": "kor-registry",
                "roles": ["registry"],
                "first": False,
                "key": STRANGER.public.to_json(),
            },
        ),
        "is enrolled already",
    ),
    "an officer with a role that does not exist": (
        rung(
            "enrol-key",
            roles=(Role.SECURITY,),
            body={"officer": "czar", "roles": ["all"], "first": False, "key": STRANGER.public.to_json()},
        ),
        "roles are",
    ),
    "an officer with half a key": (
        rung(
            "enrol-key",
            roles=(Role.SECURITY,),
            body={"officer": "half", "roles": ["registry"], "first": False, "key": {"ed25519": ""}},
        ),
        "does not fit `enrol-key`",
    ),
    "an officer enrolled by the node alone": (
        rung(
            "enrol-key",
            body={"officer": "x", "roles": ["registry"], "first": False, "key": STRANGER.public.to_json()},
        ),
        "needs an officer with the role `security`",
    ),
    "consent in the originator's name": (
        rung(
            "consent",
            roles=(Role.DISCLOSURE,),
            body={"request": "", "originator": "JPN", "asker": "KOR", "receivers": ["USA"], "conditions": ""},
        ),
        "only the originator `JPN` can consent",
    ),
    "consent of a Party with no part in it": (
        rung(
            "consent",
            roles=(Role.DISCLOSURE,),
            body={"request": "", "originator": "KOR", "asker": "KOR", "receivers": ["USA"], "conditions": ""},
        ),
        "has no part in item",
    ),
    "a request in another's name": (
        rung(
            "request-consent",
            roles=(Role.DISCLOSURE,),
            body={"request": "", "originator": "JPN", "asker": "USA", "receivers": ["USA"], "conditions": ""},
        ),
        "nobody asks for another",
    ),
    "a legal act that is none": (
        rung("give-notice", roles=(Role.LEGAL,), body={"id": "x", "effective": "tomorrow"}),
        "not a legal act as the record holds it",
    ),
    "a release of a copy with another's number": (
        rung("release", roles=(Role.DISCLOSURE,)),
        "is not `KOR`'s to release",
    ),
    "a party that is oneself": (rung("receipted", parties=("JPN", "KOR")), "not a list of acts|other Parties"),
}


def state_of(both: Exercise, party: str) -> tuple[Any, ...]:
    with both[party].node.store.reading() as reader:
        people = [reader.officers(), reader.persons(), reader.peers(), reader.credentials(), reader.consents()]
        return (register(both[party]), people, reader.record(), reader.adopted(), [a.id for a in reader.acts()])


@pytest.mark.parametrize("name", HOLDER)
def test_an_act_that_is_not_right_changes_nothing(stage: Stage, name: str) -> None:
    make, why = HOLDER[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    before = state_of(both, "JPN")
    try:
        lie = make(both, sent.id)
        body: dict[str, Any] = {"acts": pack([lie])}
    except ValueError as error:
        pytest.fail(f"the lie cannot be written: {error}")
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", body))
    if answer["type"] == "recorded":
        assert answer["body"]["recorded"] == [] and set(answer["body"]["refused"]) == {lie.id}
    assert re.search(why, words_of(refusals(both["JPN"]))), words_of(refusals(both["JPN"]))
    assert state_of(both, "JPN") == before
    holds(both)
    finish(both["KOR"], sent.id)
    both.settle()
    same_story(both)
    holds(both)


def test_an_act_id_with_other_contents_is_refused(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    finish(both["KOR"], sent.id)
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        (old,) = reader.acts(types=["receipted"])
    lie = resigned(both, old, body={"mark": "none"})
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([lie])}))
    assert "known with other contents" in answer["body"]["refused"][old.id]
    again = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([old])}))
    assert again["body"]["recorded"] == [old.id]
    same_story(both)
    holds(both)


def test_one_batch_signed_twice_spoils_no_audit(stage: Stage) -> None:
    """The same root, once under the node's signatures alone and once under its officer's too."""
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    korea = both["KOR"]
    _, item = register(both["JPN"])[sent.id]
    opened = act(korea, "opened", item=item.id, copy=sent.id, body={"payload_digest": item.payload_digest})
    noted = act(
        korea,
        "mark",
        roles=(Role.REGISTRY,),
        item=item.id,
        copy=sent.id,
        body={"level": "군사II급비밀", "origin": "JPN", "label": own_label(item)},
    )
    statements: list[Statement] = [opened.statement, noted.statement]
    data = [statement.to_bytes() for statement in statements]
    root, paths = batch(data)
    payload = canonical({"v": 1, "root": b64(root), "size": 2})
    bare = sign(payload, BATCH_TYPE, [korea.node.keys.signing])
    full = sign(payload, BATCH_TYPE, [korea.node.keys.signing, korea.by(Role.REGISTRY).key])
    for index, envelope in ((0, bare), (1, full)):
        one = SignedAct(
            statement=statements[index],
            data=data[index],
            index=index,
            size=2,
            path=tuple(paths[index]),
            envelope=envelope,
        )
        answer = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([one])}))
        assert answer["body"]["refused"] == {}
    holds(both)


# --- answers that lie ----------------------------------------


def answered(**changes: Any) -> Callable[[Exercise], Any]:
    return lambda _: lambda value: value["body"].update(changes)


ANSWERS: dict[str, tuple[str, Callable[[Exercise], Any], str]] = {
    "no answer to the offer": ("answers", answered(acts=[]), "gave no answer to the offer"),
    "an answer that is no list": ("answers", answered(acts={}), "cannot be read"),
    "an acceptance of the node's own making": (
        "answers",
        lambda both: in_acts(both, "acceptance", party="JPN"),
        "does not hold|cannot be read",
    ),
    "another type of answer": ("answers", lambda _: header(type="recorded"), "where `answers` was expected"),
    "no rungs": ("delivered", answered(acts=[], missing=[]), "did not say what became of copy"),
    "accepted and not delivered": (
        "delivered",
        lambda _: without_acts("delivered"),
        "did not say what became of copy",
    ),
    "delivered and not accepted": ("delivered", lambda _: without_acts("accepted"), "cannot follow"),
    "rungs for another payload": (
        "delivered",
        lambda both: in_acts(both, "accepted", body={"payload_digest": "0" * 64}),
        "another payload",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_lies_is_not_believed_and_the_truth_comes_later(stage: Stage, name: str) -> None:
    kind, make, why = ANSWERS[name]
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "KOR", kind, make(both))
    with pytest.raises(PeerError, match=why):
        both.settle()
    assert register(both["JPN"])[sent.id][0].state not in PRESENT
    holds(both)
    both.settle()
    assert register(both["JPN"])[sent.id][0].state in PRESENT
    same_story(both)
    holds(both)


def test_an_acceptance_of_another_offer_sends_nothing(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    altered(both, "KOR", "answers", in_acts(both, "acceptance", body={"offer": "0" * 64}))
    both.settle()
    assert register(both["JPN"])[sent.id][0].state is CopyState.REFUSED
    assert register(both["KOR"]) == {}
    assert not [e for e in both.wire.carried if json.loads(e.payload)["type"] == "deliver"]
    holds(both)


def test_a_peer_that_says_nothing_of_an_act_is_asked_again(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    mark(both["KOR"].node, sent.id, MARKS["KOR"], by=both["KOR"].by(Role.REGISTRY))
    altered(both, "JPN", "recorded", lambda value: value["body"].update(recorded=[]))
    with pytest.raises(PeerError, match="did not say what became of act"):
        both.settle()
    both.settle()
    same_story(both)


# --- clocks, expiry, and what changes between the steps ----------------------------------------


def stop_before_delivery(both: Exercise, cut: str = "deliver") -> None:
    """Cuts the wire so that a copy was accepted and dispatched, and its content has not left."""

    def fault(_direction: str, _party: str, envelope: Any) -> Any:
        if json.loads(envelope.payload)["type"] == cut:
            raise PeerError("cut")
        return envelope

    both.wire.fault = fault
    both.settle(tolerate=True)
    both.wire.fault = None


WITHHELD = "UPDATE credential SET kind = 'withheld' WHERE kind = 'accredit' AND party = '{}'"
GIVEN_BACK = "UPDATE credential SET kind = 'accredit' WHERE kind = 'withheld'"
"""A fact withheld from a decision, and given back before the register is verified."""


def test_an_expired_acceptance_is_decided_again_and_stands_where_the_answer_is_the_same(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both)
    both.pass_time(timedelta(days=3))
    both.settle()
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    same_story(both)


def test_an_expired_acceptance_is_decided_again_and_falls_where_the_answer_is_another(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both)
    assert forget(both["KOR"], WITHHELD.format("KOR")) == 1
    both.pass_time(timedelta(seconds=61))
    both.settle()
    assert register(both["KOR"]) == {} and "has expired, and now" in words_of(refusals(both["KOR"]))
    assert register(both["JPN"])[sent.id][0].state is CopyState.REJECTED
    same_story(both)
    forget(both["KOR"], GIVEN_BACK)
    holds(both)


def test_an_upload_that_takes_longer_than_the_acceptance_is_still_taken(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(bytes(2**20), to="KOR", level="極秘")

    def slow(_sender: str, _copy: str, chunks: Any) -> Any:
        yield from chunks
        both.pass_time(timedelta(minutes=10))

    both.wire.uploads = slow
    both.settle()
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    same_story(both)
    holds(both)


def test_what_arrived_is_not_called_refused_by_a_giver_who_heard_nothing(stage: Stage) -> None:
    """The answer is lost; then the giver's node finds the agreement no longer in force for it."""
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both, cut="delivered")
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    assert forget(both["JPN"], WITHHELD.format("JPN")) == 1
    both.settle()
    assert register(both["JPN"])[sent.id][0].state is CopyState.DELIVERED
    same_story(both)


def test_what_did_not_arrive_and_is_permitted_no_more_stops(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both)
    forget(both["JPN"], WITHHELD.format("JPN"))
    both.settle()
    assert register(both["JPN"])[sent.id][0].state is CopyState.REFUSED
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    same_story(both)
    forget(both["JPN"], GIVEN_BACK)
    holds(both)


def test_a_receipt_is_understood_by_a_giver_whose_answer_was_lost(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both, cut="delivered")
    finish(both["KOR"], sent.id)
    assert step(both["KOR"].node, "JPN")
    assert refusals(both["JPN"]) == []
    assert register(both["JPN"])[sent.id][0].state is CopyState.RECEIPTED
    both.settle()
    same_story(both)
    holds(both)


def test_a_rejection_stands_when_its_answer_was_lost(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    lies = 1

    def fault(_direction: str, party: str, envelope: Any) -> Any:
        nonlocal lies
        value = json.loads(envelope.payload)
        if party == "JPN" and value["type"] == "deliver" and lies:
            lies -= 1
            value["body"]["deliveries"][0]["plaintext_bytes"] = 7
            return message(both["JPN"], "KOR", "deliver", value["body"], id=value["id"])
        if value["type"] == "delivered" and not lies:
            lies = -1
            raise PeerError("cut")
        return envelope

    both.wire.fault = fault
    both.settle(tolerate=True)
    both.settle()
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REJECTED and "size or type" in copy.reason
    with both["KOR"].node.store.reading() as reader:
        assert len(list(reader.acts(types=["rejected"]))) == 1
    same_story(both)
    holds(both)


def test_a_small_node_says_how_much_it_takes(stage: Stage) -> None:
    both = stage()
    both.with_limits("KOR", Limits(max_item_bytes=100_000, retry=timedelta()))
    sent = both["JPN"].transmit(bytes(200_000), to="KOR", level="極秘")
    both.settle()
    assert "more than this node takes (100000)" in register(both["JPN"])[sent.id][0].reason


def test_an_originator_known_only_by_its_own_word_is_unproven(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    altered(three, "JPN", "offers", offered(originator="USA", contains=["USA"]))
    sent = three["JPN"].transmit(b"report", to="KOR", level="極秘")
    three.settle()
    assert register(three["KOR"]) == {}
    assert register(three["JPN"])[sent.id][0].state in (CopyState.REFUSED, CopyState.REJECTED)
    holds(three)


def test_offers_are_signed_words_and_nothing_of_the_content(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"the content itself", to="KOR", level="極秘", title="the title")
    both.settle()
    offers = [e for e in both.wire.carried if json.loads(e.payload)["type"] == "offers"]
    assert offers and all(b"the title" not in e.payload and b"the content" not in e.payload for e in offers)
    value = json.loads(offers[0].payload)["body"]["offers"][0]
    assert Offer.from_json(value).to_json() == value
    with pytest.raises(Exception, match="not an offer"):
        Offer.from_json(value | {"v": True})


def test_a_sealed_item_opens_for_its_holder_alone(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    with both["KOR"].node.blobs.reading(sent.item) as file:
        sealed = read(file)
        assert sealed.segment(0, both["KOR"].node.identities) == b"report"
        with pytest.raises(Exception, match="none of the keys"):
            sealed.segment(0, [Identity(kid="", key=both["JPN"].node.keys.sealing)])
