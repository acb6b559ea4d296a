"""A giver that lies in what it delivers: rejected by its own reason, and both registers say so."""

from __future__ import annotations

import io
import json
import re
import struct
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lying import OTHER_ITEM, STRANGER, act, altered, in_acts, message, resigned, send, without_acts
from stories import PRESENT, Stage, finish, refusals, register, survived, words_of

from gsomia.errors import PeerError
from gsomia.keys import SigningKey, b64, canonical, sign, unb64
from gsomia.node import Role
from gsomia.node.acts import pack, unpack
from gsomia.registry import CopyState
from gsomia.sealed import (
    PROVENANCE_TYPE,
    Assertion,
    Identity,
    Policy,
    Recipient,
    XWingPrivateKey,
    provenance,
    provenance_assertion,
    read,
    rewrap,
    seal,
)
from gsomia.sealed import label as label_assertion
from gsomia.sealed.assertion import bind
from gsomia.sealed.container import payload_end, payload_start, tail
from gsomia.sealed.item import payload_key
from gsomia.sealed.manifest import core_digest
from gsomia.sealed.writer import key_accesses
from gsomia.testing import Exercise


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


def wrapped_too(*others: str, url: str = "") -> Callable[[Exercise], Any]:
    """The same item, its key wrapped for its recipient and for others: Parties, or a stranger ("")."""

    def change(both: Exercise, old: bytes, delivery: dict[str, Any]) -> bytes:
        node, sink = both["KOR"].node, io.BytesIO()
        keys = [(party, both[party].node.keys.sealing.public if party else STRANGERS_KEY) for party in ("KOR", *others)]
        recipients = [Recipient(kid=key.kid, url=url or f"gsomia:{party}", key=key) for party, key in keys]
        rewrap(io.BytesIO(old), sink, identities=node.identities, recipients=recipients)
        return sink.getvalue()

    return content(change)


STRANGERS_KEY = XWingPrivateKey(bytes(32)).public


def noted(**words: str) -> Callable[[Exercise], Any]:
    """The same item with one more assertion, bound by a holder of its key."""

    def change(both: Exercise, old: bytes, delivery: dict[str, Any]) -> bytes:
        item = read(io.BytesIO(old))
        key = payload_key(item, both["KOR"].node.identities)
        tags = b"".join(unb64(entry["hash"]) for entry in segments_of(item.manifest))
        note = bind(Assertion(id="note", type="handling", **words), key=key, tags=tags)
        manifest = canonical(item.manifest | {"assertions": [*item.manifest["assertions"], note]})
        payload = b"".join(bytes(segment) for segment in item.ciphertext())
        end = payload_end(item.payload_crc, len(payload))
        return payload_start() + payload + end + tail(manifest, payload_crc=item.payload_crc, payload_size=len(payload))

    return content(change)


def segments_of(manifest: dict[str, Any]) -> Any:
    return manifest["encryptionInformation"]["integrityInformation"]["segments"]


def without_segments(both: Exercise, old: bytes, delivery: dict[str, Any]) -> bytes:
    """An item of no segments at all, stated and signed by its originator."""
    import hashlib
    import hmac

    offer, key, public = delivery["offer"], bytes(32), both["KOR"].node.keys.sealing.public
    policy, ocl = Policy(uuid=offer["item"]), json.loads(offer["label"])
    item = read(io.BytesIO(old))
    manifest = json.loads(json.dumps(item.manifest))
    information = manifest["encryptionInformation"]
    recipients = [Recipient(kid=public.kid, url="gsomia:KOR", key=public)]
    information["keyAccess"] = key_accesses(key, recipients, policy.encode())
    information["integrityInformation"]["segments"] = []
    information["integrityInformation"]["rootSignature"]["sig"] = b64(hmac.digest(key, b"", "sha256"))
    root, core = hashlib.sha256(b"").digest(), core_digest(manifest)
    statement = provenance(
        item=policy.uuid, label=ocl, policy=policy, payload_digest=root, core_digest=core, exercise=True
    )
    signed = provenance_assertion(sign(statement, PROVENANCE_TYPE, [both["JPN"].node.keys.signing]))
    manifest["assertions"] = [bind(entry, key=key, tags=b"") for entry in (label_assertion(ocl), signed)]
    delivery |= {"payload_digest": root.hex(), "core_digest": core.hex(), "plaintext_bytes": 0}
    return payload_start() + payload_end(0, 0) + tail(canonical(manifest), payload_crc=0, payload_size=0)


def another_zip(both: Exercise, old: bytes, delivery: dict[str, Any]) -> bytes:
    """The same two members in a ZIP that another tool wrote."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(old)) as before, zipfile.ZipFile(sink, "w") as after:
        for name in ("0.payload", "0.manifest.json"):
            after.writestr(zipfile.ZipInfo(name), before.read(name))
    return sink.getvalue()


def a_link(both: Exercise, old: bytes, delivery: dict[str, Any]) -> bytes:
    """The payload's entry says that it is a symbolic link."""
    at = old.rindex(b"PK\x01\x02", 0, old.rindex(b"PK\x01\x02")) + 38
    return old[:at] + struct.pack("<I", 0o120777 << 16) + old[at + 4 :]


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
    monkeypatch.setattr("gsomia.node.intake.check_wrapping", fails)
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


def test_an_upload_cannot_take_the_place_of_what_was_checked(stage: Stage) -> None:
    both = stage()
    big = bytes(range(256)) * 2048
    sent = both["JPN"].transmit(big, to="KOR", level="極秘")
    both.settle()
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    with pytest.raises(PeerError, match="no content was accepted"):
        both.wire.between("JPN", "KOR").upload(sent.id, [b"other"], 5)
    survived(both, told={"KOR": "no content was accepted"})


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
    survived(both, told={"KOR": "more bytes than were offered and accepted"})


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
    survived(both, told={"KOR": f"copy {sent.id}"})


def test_a_sealed_item_opens_for_its_holder_alone(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    with both["KOR"].node.blobs.reading(sent.item) as file:
        sealed = read(file)
        assert sealed.segment(0, both["KOR"].node.identities) == b"report"
        with pytest.raises(Exception, match="none of the keys"):
            sealed.segment(0, [Identity(kid="", key=both["JPN"].node.keys.sealing)])
