"""Deliveries in which a giver lies: other words, other acts, other bytes, sealed anew or taken apart."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

from lying import act, in_acts

from gsomia.keys import SigningKey, b64, canonical, sign, unb64
from gsomia.node.acts.signed import pack, unpack
from gsomia.sealed import (
    PROVENANCE_TYPE,
    Assertion,
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

__all__ = [
    "a_link",
    "anew",
    "another_zip",
    "content",
    "delivered",
    "flipped",
    "in_offer",
    "noted",
    "padded",
    "sealed_anew",
    "signed_by_others",
    "with_acts",
    "without_segments",
    "wrapped_too",
]


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
