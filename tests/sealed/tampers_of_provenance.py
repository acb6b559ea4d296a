"""Tampers of the originator's statement, and of what that statement alone tells."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sealing import LABEL, STRANGER, originator
from taking_apart import (
    PLAIN,
    Sample,
    b64,
    edited,
    flip,
    info,
    pack,
    parts,
    put,
    put_assertion,
    segments,
    statement_of,
    tags_of,
)
from tampering import holder

from gsomia.keys import Envelope, Signature, sign
from gsomia.sealed import PROVENANCE_TYPE, Assertion, label, provenance_assertion, sign_batch
from gsomia.sealed.assertion import bind

__all__ = []


@holder("unproven")
def provenance_dropped(s: Sample) -> bytes:
    return edited(s, lambda m: put_assertion(m, "provenance", None))


def bound_anew(s: Sample, envelope: Envelope) -> bytes:
    stated = bind(provenance_assertion(envelope), key=s.key, tags=tags_of(s))
    return edited(s, lambda m: put_assertion(m, "provenance", stated))


@holder("signature of key|is missing")
def provenance_signed_by_another(s: Sample) -> bytes:
    return bound_anew(s, sign(statement_of(s.good).payload, PROVENANCE_TYPE, [STRANGER]))


@holder("ed25519 signature .* is missing")
def provenance_without_ed25519(s: Sample) -> bytes:
    return bound_anew(s, _only(statement_of(s.good), "ml-dsa-65"))


@holder("ml-dsa-65 signature .* is missing")
def provenance_without_ml_dsa(s: Sample) -> bytes:
    return bound_anew(s, _only(statement_of(s.good), "ed25519"))


def _only(envelope: Envelope, algorithm: str) -> Envelope:
    kept = tuple(x for x in envelope.signatures if x.keyid.endswith(algorithm))
    return Envelope(payload_type=envelope.payload_type, payload=envelope.payload, signatures=kept)


@holder("does not hold")
def provenance_signature_altered(s: Sample) -> bytes:
    envelope = statement_of(s.good)
    bent = tuple(Signature(keyid=x.keyid, sig=flip(x.sig, 5)) for x in envelope.signatures)
    return bound_anew(s, Envelope(payload_type=PROVENANCE_TYPE, payload=envelope.payload, signatures=bent))


@holder("does not hold")
def exercise_mark_removed(s: Sample) -> bytes:
    envelope = statement_of(s.good)
    real = envelope.payload.replace(b'"exercise":true', b'"exercise":false')
    return bound_anew(s, Envelope(payload_type=PROVENANCE_TYPE, payload=real, signatures=envelope.signatures))


@holder("payload type")
def statement_of_another_type(s: Sample) -> bytes:
    return bound_anew(s, sign(statement_of(s.good).payload, "application/vnd.gsomia.act.v1+json", [originator()]))


@holder("statement is of another item")
def provenance_of_another_item(s: Sample) -> bytes:
    return bound_anew(s, statement_of(s.other))


def _batched(s: Sample, **changed: Any) -> bytes:
    """The good item with its statement second in a batch of three, and something of that changed."""
    statements = [b"first", statement_of(s.good).payload, b"third"]
    entry = replace(sign_batch(statements, originator())[1], **changed)
    stated = bind(provenance_assertion(entry), key=s.key, tags=tags_of(s))
    return edited(s, lambda m: put_assertion(m, "provenance", stated))


@holder("not in the batch")
def batched_statement_at_another_place(s: Sample) -> bytes:
    return _batched(s, index=0)


@holder("no such place")
def batched_statement_beyond_the_batch(s: Sample) -> bytes:
    return _batched(s, index=3)


@holder("path does not fit")
def batch_path_cut(s: Sample) -> bytes:
    return _batched(s, path=(bytes(32),))


@holder("not in the batch")
def batch_path_altered(s: Sample) -> bytes:
    return _batched(s, path=(bytes(32), bytes(32)))


@holder("not in the batch")
def batch_size_altered(s: Sample) -> bytes:
    return _batched(s, size=4)


@holder("not in the batch")
def batched_statement_altered(s: Sample) -> bytes:
    real = statement_of(s.good).payload.replace(b'"exercise":true', b'"exercise":false')
    return _batched(s, statement=real)


@holder("statement is of another item")
def batched_statement_of_another_item(s: Sample) -> bytes:
    (entry,) = sign_batch([statement_of(s.other).payload], originator())
    return edited(
        s, lambda m: put_assertion(m, "provenance", bind(provenance_assertion(entry), key=s.key, tags=tags_of(s)))
    )


@holder("signature of key|is missing")
def batch_signed_by_another(s: Sample) -> bytes:
    (entry,) = sign_batch([statement_of(s.good).payload], STRANGER)
    return edited(
        s, lambda m: put_assertion(m, "provenance", bind(provenance_assertion(entry), key=s.key, tags=tags_of(s)))
    )


@holder("payload type")
def batch_signed_as_acts(s: Sample) -> bytes:
    (entry,) = sign_batch([statement_of(s.good).payload], originator())
    acts = sign(entry.envelope.payload, "application/vnd.gsomia.acts.v1+json", [originator()])
    stated = provenance_assertion(replace(entry, envelope=acts))
    return edited(s, lambda m: put_assertion(m, "provenance", bind(stated, key=s.key, tags=tags_of(s))))


@holder("two provenance statements")
def stated_alone_and_in_a_batch(s: Sample) -> bytes:
    entry = provenance_assertion(sign_batch([statement_of(s.good).payload], originator())[0])
    second = Assertion(id="provenance-2", format=entry.format, schema=entry.schema, value=entry.value)
    return edited(s, lambda m: m["assertions"].append(bind(second, key=s.key, tags=tags_of(s))))


@holder("not in its one form")
def provenance_envelope_spelt_another_way(s: Sample) -> bytes:
    entry = provenance_assertion(statement_of(s.good))
    loose = json.dumps(json.loads(str(entry.value)), indent=1)
    spelt = Assertion(id=entry.id, format=entry.format, schema=entry.schema, value=loose)
    return edited(s, lambda m: put_assertion(m, "provenance", bind(spelt, key=s.key, tags=tags_of(s))))


@holder("payload is not the one|manifest is not the one")
def payload_sealed_anew_by_a_reader(s: Sample) -> bytes:
    """A lawful reader puts other words under the same key, with tags, root signature and bindings all in order."""
    _, manifest = parts(s.good)
    plain = PLAIN.replace(b"launch", b"LAUNCH")
    cipher, payload, tags = AESGCM(s.key), b"", b""
    for number, segment in enumerate(segments(manifest)):
        nonce = (1000 + number).to_bytes(12, "big")
        sealed_ = nonce + cipher.encrypt(nonce, plain[1024 * number : 1024 * (number + 1)], None)
        payload, tags = payload + sealed_, tags + sealed_[-16:]
        segment["hash"] = b64(sealed_[-16:])
    info(manifest)["integrityInformation"]["rootSignature"]["sig"] = b64(hmac.digest(s.key, tags, "sha256"))
    rebound = [label(LABEL), provenance_assertion(statement_of(s.good))]
    manifest["assertions"] = [bind(entry, key=s.key, tags=tags) for entry in rebound]
    return pack(payload, manifest)


def times_h(block: int, h: int) -> int:
    """Multiply in GHASH's field (NIST SP 800-38D, section 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if block >> bit & 1:
            product ^= h
        h = h >> 1 ^ (0xE1 << 120 if h & 1 else 0)
    return product


@holder("payload is not the one that was stated")
def payload_forged_with_equal_tags(s: Sample) -> bytes:
    """GCM's tag is linear for one who knows the key: change one block, mend the next, and the tag stays.

    A change d of block i and d*H of block i+1 cancel in GHASH. So payload, tags, segment hashes, root signature and
    assertions are all as before, and OpenTDF opens it.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    payload, manifest = parts(s.good)
    ecb = Cipher(algorithms.AES(s.key), modes.ECB()).encryptor()
    h = int.from_bytes(ecb.update(bytes(16)), "big")
    at = 12 + 16 * 3
    change = int.from_bytes(b"\x00" * 8 + b"forged!!", "big")
    for where, delta in ((at, change), (at + 16, times_h(change, h))):
        block = int.from_bytes(payload[where : where + 16], "big") ^ delta
        payload = put(payload, where, block.to_bytes(16, "big"))
    return pack(payload, manifest)
