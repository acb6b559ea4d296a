"""Passkeys: assertions and registrations that hold, every lie that a signature covers, and every byte altered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from authenticator import AT, BE, BS, ED, ORIGIN, RP, UP, UV, Authenticator, cose, in_browser, private_key
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import SignatureError
from gsomia.keys import SigningKey, pae, sign, verify
from gsomia.passkeys import (
    WEBAUTHN,
    Assertion,
    Passkey,
    b64url,
    challenge,
    enrolled_key,
    passkey_text,
    registered,
    registration_text,
    unb64url,
)

TYPE = "application/vnd.gsomia.test.v1+json"
SIGNED = pae(TYPE, b"{}")
ALGORITHMS = ("ES256", "EdDSA")
KEYS = {algorithm: private_key(algorithm) for algorithm in ALGORITHMS}
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "passkey" / "passkeys.json").read_text(encoding="utf-8")
)


def device(algorithm: str = "ES256", **words: Any) -> Authenticator:
    return Authenticator(algorithm=algorithm, key=KEYS[algorithm], **words)


MADE = {algorithm: device(algorithm).assertion(SIGNED) for algorithm in ALGORITHMS}


def check(made: Assertion, key: Passkey, signed: bytes = SIGNED) -> None:
    key.verify(signed, {WEBAUTHN: made.to_bytes()})


# --- assertions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_assertion_holds_beside_a_pair_in_one_envelope(algorithm: str) -> None:
    passkey, node = device(algorithm), SigningKey(bytes(64))
    envelope = sign(b"{}", TYPE, [node, passkey])
    assert [one.keyid.partition("/")[2] for one in envelope.signatures] == ["ed25519", "ml-dsa-65", "webauthn"]
    assert verify(envelope, TYPE, [node.public, passkey.public]) == b"{}"
    with pytest.raises(SignatureError, match="missing"):
        verify(replace(envelope, signatures=envelope.signatures[:2]), TYPE, [node.public, passkey.public])


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "made by a registration": ({"type": "webauthn.create"}, "`type`"),
    "of another kind": ({"type": "payment.get"}, "`type`"),
    "over something else": ({"challenge": challenge(b"else")}, "`challenge`"),
    "over nothing": ({"challenge": ""}, "`challenge`"),
    "the challenge padded": ({"challenge": challenge(SIGNED) + "="}, "`challenge`"),
    "at another site": ({"origin": "https://evil.example"}, "`origin`"),
    "at another port": ({"origin": "https://node.example:8444"}, "`origin`"),
    "at a site below": ({"origin": "https://a.node.example:8443"}, "`origin`"),
    "without TLS": ({"origin": "http://node.example:8443"}, "`origin`"),
    "the origin a list": ({"origin": [ORIGIN]}, "`origin`"),
    "in a page within a page": ({"crossOrigin": True}, "page within a page"),
    "whether so not said in plain": ({"crossOrigin": "false"}, "page within a page"),
    "whether so null": ({"crossOrigin": None}, "page within a page"),
    "in a page within a named one": ({"topOrigin": "https://evil.example"}, "page within a page"),
    "for another relying party": ({"rp": "other.example"}, "relying party"),
    "nobody present": ({"flags": UV}, "UP"),
    "nobody verified": ({"flags": UP}, "UV"),
    "by a key that may be copied": ({"flags": UP | UV | BE}, "BE"),
    "by a key that was copied": ({"flags": UP | UV | BE | BS}, "BE"),
    "with a credential": ({"flags": UP | UV | AT}, "nobody asked"),
    "with extensions": ({"flags": UP | UV | ED, "more": b"\xa0"}, "nobody asked"),
    "with more bytes": ({"more": b"\x00"}, "37 bytes"),
    "not JSON": ({"raw": b"{"}, "assertion of passkey"),
    "no object": ({"raw": b"[]"}, "object"),
    "in UTF-16": ({"raw": "{}".encode("utf-16")}, "assertion of passkey"),
    "too deep": ({"raw": b"[" * 4096}, "assertion of passkey"),
    "too long": ({"raw": b" " * 4097}, "4096 bytes"),
    "a member twice": ({"raw": b'{"type":"webauthn.get","type":"webauthn.get"}'}, "twice"),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_an_authenticator_signs_is_held_against_the_key(algorithm: str, lie: str) -> None:
    words, why = LIES[lie]
    one = device(algorithm)
    check(one.assertion(SIGNED), one.public)
    with pytest.raises(SignatureError, match=why):
        check(one.assertion(SIGNED, **words), one.public)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_was_signed_is_what_holds(algorithm: str) -> None:
    one = device(algorithm)
    made = one.assertion(SIGNED)
    with pytest.raises(SignatureError, match="challenge"):
        check(made, one.public, pae(TYPE, b"[]"))
    counter = bytearray(made.authenticator_data)
    counter[36] ^= 1
    other = "EdDSA" if algorithm == "ES256" else "ES256"
    for altered in (
        replace(made, authenticator_data=bytes(counter)),
        replace(made, client_data=made.client_data.replace(b"}", b',"more":1}')),
        replace(made, signature=b""),
        replace(made, signature=made.signature + b"\x00"),
        replace(made, signature=device(other).assertion(SIGNED).signature),
    ):
        with pytest.raises(SignatureError, match="does not hold"):
            check(altered, one.public)
    with pytest.raises(SignatureError, match="cut short"):
        check(replace(made, authenticator_data=made.authenticator_data[:36]), one.public)
    with pytest.raises(SignatureError, match="does not hold"):
        check(made, replace(one.public, cose=cose(private_key(algorithm))))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(part=st.sampled_from(["authenticator_data", "client_data", "signature"]), data=st.data())
def test_no_bit_of_an_assertion_may_change(algorithm: str, part: str, data: st.DataObject) -> None:
    one, made = device(algorithm), MADE[algorithm]
    old: bytes = getattr(made, part)
    bit = data.draw(st.integers(0, 8 * len(old) - 1))
    new = bytearray(old)
    new[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureError):
        check(replace(made, **{part: bytes(new)}), one.public)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(SignatureError):
        device().public.verify(SIGNED, {WEBAUTHN: data})


@pytest.mark.parametrize(
    "altered",
    [
        lambda text: b" " + text,
        lambda text: text.replace(b'"signature"', b'"Signature"'),
        lambda text: text.replace(b"==", b""),
        lambda text: text[:-1] + b',"userHandle":""}',
    ],
)
def test_an_assertion_has_one_spelling(altered: Any) -> None:
    one = device()
    text = one.assertion(SIGNED).to_bytes()
    assert Assertion.from_bytes(text).to_bytes() == text
    with pytest.raises(SignatureError):
        one.public.verify(SIGNED, {WEBAUTHN: altered(text)})


def test_a_browser_may_say_more() -> None:
    one = device()
    check(one.assertion(SIGNED, other_keys_can_be_added_here="do not compare clientDataJSON"), one.public)
    raw = one.client_data("webauthn.get", SIGNED)
    said = {name: value for name, value in json.loads(raw).items() if name != "crossOrigin"}
    check(one.assertion(SIGNED, raw=json.dumps(said).encode()), one.public)


def test_the_counter_is_told_and_not_judged() -> None:
    one = device(counter=4)
    made = one.assertion(SIGNED)
    assert made.counter == 5
    check(made, one.public)
    one.counter = -1
    assert one.assertion(SIGNED).counter == 0
    check(made, one.public)


# --- the key ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_passkey_reads_back_the_same(algorithm: str) -> None:
    key = device(algorithm).public
    assert enrolled_key(json.loads(json.dumps(key.to_json()))) == key
    pair = SigningKey(bytes(64)).public
    assert enrolled_key(pair.to_json()) == pair
    assert not key.shares(pair)
    assert not pair.shares(key)


ANOTHER: dict[str, dict[str, Any]] = {
    "credential": {"credential": b"another"},
    "cose": {"cose": cose(private_key("ES256"))},
    "rp": {"rp": "example"},
    "origins": {"origins": ("https://node.example",)},
    "aaguid": {"aaguid": "ffffffff-ffff-ffff-ffff-ffffffffffff"},
}


@pytest.mark.parametrize("member", ANOTHER)
def test_each_member_makes_another_fingerprint(member: str) -> None:
    key = device().public
    assert replace(key, **ANOTHER[member]).fingerprint != key.fingerprint


ES256, EDDSA = cose(KEYS["ES256"]), cose(KEYS["EdDSA"])
BAD_KEYS: dict[str, dict[str, Any]] = {
    "no credential": {"credential": b""},
    "a long credential": {"credential": bytes(1024)},
    "no key": {"cose": b""},
    "no point": {"cose": ES256[:-1] + bytes([ES256[-1] ^ 1])},
    "the algorithm of another curve": {"cose": ES256.replace(b"\x03\x26", b"\x03\x27", 1)},
    "P-384": {"cose": ES256.replace(b"\x20\x01", b"\x20\x02", 1)},
    "RS256": {"cose": bytes.fromhex("a401030339010020")},
    "ECDH": {"cose": EDDSA.replace(b"\x20\x06", b"\x20\x04", 1)},
    "more than a key": {"cose": EDDSA + b"\x00"},
    "another order": {"cose": b"\xa5\x03\x26\x01\x02" + ES256[5:]},
    "an address": {"rp": "https://node.example"},
    "capitals": {"rp": "Node.example"},
    "a long name": {"rp": "a" * 254},
    "no origin": {"origins": ()},
    "an origin twice": {"origins": (ORIGIN, ORIGIN)},
    "not sorted": {"origins": ("https://node.example:9", ORIGIN)},
    "too many": {"origins": tuple(f"https://node.example:{port}" for port in range(1001, 1010))},
    "without TLS": {"origins": ("http://node.example",)},
    "of another domain": {"origins": ("https://evilnode.example",)},
    "a path": {"origins": ("https://node.example/",)},
    "a person": {"origins": ("https://a@node.example",)},
    "TLS's own port": {"origins": ("https://node.example:443",)},
    "no port": {"origins": ("https://node.example:65536",)},
    "an AAGUID in capitals": {"aaguid": "A" * 8 + "-0000-0000-0000-000000000000"},
    "no AAGUID": {"aaguid": ""},
}


@pytest.mark.parametrize("fault", BAD_KEYS)
def test_a_key_that_cannot_be_is_refused(fault: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(device().public, **BAD_KEYS[fault])


@pytest.mark.parametrize(
    "altered",
    [
        {"kind": "pair"},
        {"attestation": "packed"},
        {"aaguid": None},
        {"credential": "YQ"},
        {"cose": 1},
        {"origins": ORIGIN},
        {"origins": [1]},
        {"more": ""},
    ],
)
def test_another_form_of_a_key_is_refused(altered: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Passkey.from_json(device().public.to_json() | altered)
    with pytest.raises(ValueError, match=r"."):
        Passkey.from_json(None)


# --- registration -----------------------------------------------------------------------------------------------------

FOR = registration_text("JPN", "sato", exercise=True)


@pytest.mark.parametrize("more", [{}, {"flags": UP | UV | AT | ED, "more": b"\xa1kcredProtect\x03"}])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_registration_gives_the_key(algorithm: str, more: dict[str, Any]) -> None:
    one = device(algorithm)
    key = registered(one.registration(FOR, **more), FOR, rp=RP, origins=(ORIGIN,))
    assert key == one.public
    signed = passkey_text("JPN", "sato", key, exercise=True)
    check(Assertion.from_browser(in_browser(one.assertion(signed))), key, signed)
    for other in (passkey_text("JPN", "ito", key, exercise=True), passkey_text("KOR", "sato", key, exercise=True)):
        with pytest.raises(SignatureError):
            check(one.assertion(signed), key, other)


REGISTRATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "made by an assertion": ({"type": "webauthn.get"}, "`type`"),
    "for another officer": ({"challenge": challenge(registration_text("JPN", "ito", exercise=True))}, "challenge"),
    "for a real node": ({"challenge": challenge(registration_text("JPN", "sato", exercise=False))}, "challenge"),
    "at another site": ({"origin": "https://evil.example"}, "`origin`"),
    "in a page within a page": ({"crossOrigin": True}, "page within a page"),
    "for another relying party": ({"rp": "other.example"}, "relying party"),
    "nobody present": ({"flags": UV | AT}, "UP"),
    "nobody verified": ({"flags": UP | AT}, "UV"),
    "of a key that may be copied": ({"flags": UP | UV | AT | BE}, "BE"),
    "without a credential": ({"flags": UP | UV}, "no credential"),
    "with more bytes": ({"more": b"\x00"}, "follows"),
    "with extensions that are not there": ({"flags": UP | UV | AT | ED}, "follows"),
}


@pytest.mark.parametrize("lie", REGISTRATIONS)
def test_what_is_said_of_a_registration_is_checked(lie: str) -> None:
    words, why = REGISTRATIONS[lie]
    with pytest.raises(SignatureError, match=why):
        registered(device().registration(FOR, **words), FOR, rp=RP, origins=(ORIGIN,))


@given(st.integers(0, 200))
def test_a_registration_that_is_cut_short_is_refused(length: int) -> None:
    response = device().registration(FOR)
    data = unb64url(response["authenticatorData"])
    values: tuple[Any, ...] = (None, [], response | {"authenticatorData": b64url(data[: min(length, len(data) - 1)])})
    for value in values:
        with pytest.raises(SignatureError):
            registered(value, FOR, rp=RP, origins=(ORIGIN,))


def test_a_key_of_another_algorithm_is_not_registered() -> None:
    one = device()
    response = one.registration(FOR)
    data = bytearray(unb64url(response["authenticatorData"]))
    data[data.index(ES256) + 4] = 0x27
    with pytest.raises(SignatureError, match="algorithm"):
        registered(response | {"authenticatorData": b64url(bytes(data))}, FOR, rp=RP, origins=(ORIGIN,))


# --- vectors and another reader ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_vectors_are_judged_as_they_say(case: dict[str, Any]) -> None:
    key = Passkey.from_json(VECTORS["keys"][case["key"]])
    signed = bytes.fromhex(case["signed"])
    assert key.fingerprint == VECTORS["fingerprints"][case["key"]]
    if case["holds"]:
        key.verify(signed, {WEBAUTHN: case["sig"].encode()})
    else:
        with pytest.raises(SignatureError, match=case["why"]):
            key.verify(signed, {WEBAUTHN: case["sig"].encode()})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_reader_takes_what_is_taken_here(algorithm: str) -> None:
    from webauthn import verify_authentication_response, verify_registration_response
    from webauthn.helpers.exceptions import InvalidAuthenticationResponse

    one = device(algorithm)
    key, made = one.public, one.assertion(SIGNED)
    answer = {
        "id": b64url(key.credential),
        "rawId": b64url(key.credential),
        "type": "public-key",
        "clientExtensionResults": {},
    }
    words: dict[str, Any] = {
        "expected_challenge": unb64url(challenge(SIGNED)),
        "expected_rp_id": RP,
        "expected_origin": list(key.origins),
        "require_user_verification": True,
    }
    more: dict[str, Any] = {"credential_public_key": key.cose, "credential_current_sign_count": made.counter - 1}
    taken = verify_authentication_response(credential=answer | {"response": in_browser(made)}, **words, **more)
    assert (taken.new_sign_count, taken.user_verified) == (made.counter, True)
    with pytest.raises(InvalidAuthenticationResponse):
        verify_authentication_response(
            credential=answer | {"response": in_browser(replace(made, signature=made.signature[::-1]))}, **words, **more
        )
    response = one.registration(SIGNED)
    data = unb64url(response["authenticatorData"])
    response["attestationObject"] = b64url(b"\xa3cfmtdnonegattStmt\xa0hauthData" + b"\x58" + bytes([len(data)]) + data)
    known = verify_registration_response(credential=answer | {"response": response}, **words)
    assert (known.credential_id, known.credential_public_key) == (key.credential, key.cose)
    assert registered(response, SIGNED, rp=RP, origins=key.origins) == key


def test_the_two_halves_of_a_signature_on_p256_are_both_taken() -> None:
    # ECDSA is malleable: (r, s) and (r, n - s) sign the same. What was signed is the same; so is the act.
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    assert isinstance(KEYS["ES256"], ec.EllipticCurvePrivateKey)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    made = device().assertion(SIGNED)
    r, s = decode_dss_signature(made.signature)
    check(replace(made, signature=encode_dss_signature(r, order - s)), device().public)
