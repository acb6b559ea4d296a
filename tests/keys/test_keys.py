"""Keys and DSSE envelopes: the published vector, every tamper, and an independent reader of the Ed25519 half."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # it does not name what it exports

import gsomia.keys
from gsomia.errors import SignatureError
from gsomia.keys import (
    Envelope,
    PublicKey,
    Signature,
    SigningKey,
    _plain,
    _slow_json,
    b64,
    canonical,
    pae,
    read_canonical,
    sign,
    unb64,
    verify,
)

KEY = SigningKey(bytes(range(64)))
OTHER = SigningKey(bytes(range(1, 65)))
TYPE = "application/vnd.gsomia.test.v1+json"


def test_the_encoding_that_is_signed_is_that_of_the_specification() -> None:
    """DSSE 1.0.2, protocol.md: the PAE of its example."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("", b"") == b"DSSEv1 0  0 "
    assert pae("é", "é".encode()) == b"DSSEv1 2 \xc3\xa9 2 \xc3\xa9"


@given(st.tuples(st.text(max_size=30), st.binary(max_size=60)), st.tuples(st.text(max_size=30), st.binary(max_size=60)))
def test_no_two_pairs_of_type_and_payload_sign_the_same_bytes(one: tuple[str, bytes], two: tuple[str, bytes]) -> None:
    assert (pae(*one) == pae(*two)) == (one == two)


@given(st.binary(max_size=300))
def test_what_is_signed_verifies_and_travels(payload: bytes) -> None:
    envelope = sign(payload, TYPE, [KEY, OTHER])
    assert len(envelope.signatures) == 4
    again = Envelope.from_json(json.loads(json.dumps(envelope.to_json())))
    assert again == envelope
    for keys in ([KEY.public], [OTHER.public], [KEY.public, OTHER.public], [OTHER.public, KEY.public]):
        assert verify(again, TYPE, keys) == payload


def flip(data: bytes, place: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def with_signature(number: int, change: Callable[[Signature], Signature]) -> Callable[[Envelope], Envelope]:
    return lambda e: replace(e, signatures=tuple(change(s) if i == number else s for i, s in enumerate(e.signatures)))


TAMPERS: dict[str, Callable[[Envelope], Envelope]] = {
    "another type": lambda e: replace(e, payload_type="text/plain"),
    "another payload": lambda e: replace(e, payload=flip(e.payload)),
    "a byte more": lambda e: replace(e, payload=e.payload + b" "),
    "no signatures": lambda e: replace(e, signatures=()),
    "no Ed25519": lambda e: replace(e, signatures=e.signatures[1:]),
    "no ML-DSA-65": lambda e: replace(e, signatures=e.signatures[:1]),
    "a bit of Ed25519": with_signature(0, lambda s: replace(s, sig=flip(s.sig))),
    "a bit of ML-DSA-65": with_signature(1, lambda s: replace(s, sig=flip(s.sig, 3000))),
    "half of ML-DSA-65": with_signature(1, lambda s: replace(s, sig=s.sig[:1000])),
    "an empty signature": with_signature(0, lambda s: replace(s, sig=b"")),
    "the other's signatures under its own name": lambda e: sign(e.payload, TYPE, [OTHER]),
    "the other's signatures under this name": lambda e: replace(
        e,
        signatures=tuple(
            Signature(keyid=s.keyid.replace(OTHER.public.fingerprint, KEY.public.fingerprint), sig=s.sig)
            for s in sign(e.payload, TYPE, [OTHER]).signatures
        ),
    ),
    "each twice": lambda e: replace(e, signatures=e.signatures * 2),
    "Ed25519 of one payload and ML-DSA-65 of another": lambda e: replace(
        e, signatures=(e.signatures[0], sign(b"another", TYPE, [KEY]).signatures[1])
    ),
}


@pytest.mark.parametrize("name", TAMPERS)
def test_what_was_altered_does_not_verify(name: str) -> None:
    envelope = sign(b"payload", TYPE, [KEY])
    assert verify(envelope, TYPE, [KEY.public]) == b"payload"
    with pytest.raises(SignatureError):
        verify(TAMPERS[name](envelope), TYPE, [KEY.public])
    assert verify(envelope, TYPE, [KEY.public]) == b"payload"


def test_nobody_needed_is_not_everybody_satisfied() -> None:
    envelope = sign(b"payload", TYPE, [KEY])
    with pytest.raises(SignatureError, match="no key was named"):
        verify(envelope, TYPE, [])
    with pytest.raises(ValueError, match="at least one key"):
        sign(b"payload", TYPE, [])
    with pytest.raises(SignatureError):
        verify(envelope, TYPE, [KEY.public, OTHER.public])


def test_a_long_message_is_not_remembered() -> None:
    """What was verified is remembered for the small envelopes of batches alone; long messages would fill the memory."""
    for size, remembered in ((100, True), (100_000, False)):
        envelope = sign(bytes(size), TYPE, [KEY])
        before = sys.getrefcount(envelope)
        assert verify(envelope, TYPE, [KEY.public]) == bytes(size)
        assert (sys.getrefcount(envelope) > before) is remembered


def test_an_independent_reader_accepts_the_ed25519_half() -> None:
    """securesystemslib, which sigstore and TUF use, reads the envelope and checks the classical signature."""
    payload = "発射 발사".encode()
    envelope = sign(payload, TYPE, [KEY, OTHER])
    theirs = OtherEnvelope.from_dict(copy.deepcopy(envelope.to_json()))
    assert theirs.pae() == pae(TYPE, payload)
    for key in (KEY, OTHER):
        keyid = f"{key.public.fingerprint}/ed25519"
        reader = SSlibKey(keyid, "ed25519", "ed25519", {"public": key.public.ed25519.hex()})
        assert theirs.verify([reader], 1) == {keyid: reader}
    forged = OtherEnvelope.from_dict(envelope.to_json() | {"payload": b64(payload + b"!")})
    with pytest.raises(Exception, match="Accepted signatures do not match threshold"):
        forged.verify([reader], 1)


NO_ENVELOPES: list[Any] = [
    None, [], "x", 1, {}, {"payload": "", "payloadType": ""}, {"payload": "", "payloadType": "", "signatures": {}},
    {"payload": "", "payloadType": "", "signatures": [], "more": 1},
    {"payload": 1, "payloadType": "", "signatures": []},
    {"payload": "", "payloadType": 1, "signatures": []}, {"payload": "A", "payloadType": "", "signatures": []},
    {"payload": "AB==", "payloadType": "", "signatures": []}, {"payload": "", "payloadType": "", "signatures": ["x"]},
    {"payload": "", "payloadType": "", "signatures": [{"keyid": 1, "sig": ""}]},
    {"payload": "", "payloadType": "", "signatures": [{"keyid": "", "sig": "="}]},
    {"payload": "", "payloadType": "", "signatures": [{"keyid": "", "sig": "", "more": ""}]},
]  # fmt: skip


@pytest.mark.parametrize("value", NO_ENVELOPES, ids=repr)
def test_what_is_no_envelope_is_refused(value: Any) -> None:
    with pytest.raises(SignatureError, match="not a DSSE envelope"):
        Envelope.from_json(value)


@pytest.mark.usefixtures("base64_by")
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100))
def test_base64_has_one_spelling(data: bytes) -> None:
    text = b64(data)
    assert unb64(text) == data == base64.b64decode(text)
    for other in (text + "\n", " " + text, text + "=", text.rstrip("=") + "!", text.replace("+", "-") + "-"):
        with pytest.raises(ValueError, match="base64"):
            unb64(other)


@pytest.mark.parametrize("text", ["AB==", "AAB=", "QQ", "é", "QQ=\n="])
def test_base64_with_bits_left_over_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        unb64(text)


@pytest.fixture(params=["fast", "slow"])
def base64_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Base64 as it is where pybase64 is installed, and where it is not."""
    if request.param == "slow":
        monkeypatch.setattr(gsomia.keys, "_b64", gsomia.keys._slow_b64)
        monkeypatch.setattr(gsomia.keys, "_unb64", gsomia.keys._slow_unb64)


def slow_unb64(text: str) -> bytes | None:
    """Base64 read by its definition: what a reader that knows no better makes of it, if that writes back the same."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


@pytest.mark.usefixtures("base64_by")
@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.text("ABQgw+/=\n-é", max_size=13))
def test_base64_is_read_as_its_definition_reads_it(text: str) -> None:
    wanted = slow_unb64(text)
    if wanted is None:
        with pytest.raises(ValueError, match="base64"):
            unb64(text)
    else:
        assert unb64(text) == wanted


def test_an_envelope_travels_as_json() -> None:
    envelope = sign(b"payload", "text/plain", [KEY])
    assert json.loads(envelope.to_bytes()) == envelope.to_json()
    assert Envelope.from_bytes(json.dumps(envelope.to_json(), indent=1).encode()) == envelope
    for data in (b"", b"{", b"[" * 100_000, b"\xff", b"null", b"NaN"):
        with pytest.raises(SignatureError, match="not a DSSE envelope"):
            Envelope.from_bytes(data)


def test_a_private_key_shows_and_pickles_nothing() -> None:
    for text in (repr(KEY), str(KEY), f"{KEY}"):
        assert KEY.seed.hex() not in text and repr(KEY.seed) not in text
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(KEY)
    assert SigningKey(KEY.seed).public == KEY.public
    assert SigningKey.generate().seed != SigningKey.generate().seed
    with pytest.raises(ValueError, match="64 bytes"):
        SigningKey(b"short")


def test_a_public_key_reads_strictly() -> None:
    good = KEY.public.to_json()
    assert PublicKey.from_json(good) == KEY.public
    assert len(KEY.public.fingerprint) == 64 and KEY.public.fingerprint != OTHER.public.fingerprint
    odd: list[Any] = [None, [], {}, good | {"x": ""}, good | {"ed25519": ""}, good | {"ml-dsa-65": 1}]
    odd += [{"ed25519": good["ed25519"]}, good | {"ed25519": good["ml-dsa-65"]}]
    for value in odd:
        with pytest.raises(ValueError):
            PublicKey.from_json(value)


def test_canonical_json_refuses_what_it_cannot_hold() -> None:
    assert canonical({"b": 1, "a": "é", "c": [True, None]}) == '{"a":"é","b":1,"c":[true,null]}'.encode()
    for value in (float("nan"), float("inf"), 2**53, "\ud800", {1: 2}, {"x": object()}):
        with pytest.raises((ValueError, TypeError)):
            canonical(value)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=()), max_size=4) | st.integers(0, 3), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=600, deadline=None)
@given(JSON_VALUES)
@example({"\ufb33": 1, "\U0001f600": 2, "a": 3})
@example({"a": '\x00\x08\x1f\x7f\u2028"\\/é'})
@example([2**53 - 1, 2**53, -(2**53), True])
@example({"\ud800": None})
def test_the_quick_canonical_json_is_that_of_the_reference(value: Any) -> None:
    try:
        expected: bytes | None = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, TypeError, UnicodeEncodeError):  # the last for half a surrogate pair
        expected = None
    assert _written(canonical, value) == expected
    if _plain(value):  # what serves where orjson is not installed
        assert _written(_slow_json, value) == expected


def _written(write: Callable[[Any], bytes], value: Any) -> bytes | None:
    try:
        return write(value)
    except (ValueError, TypeError):
        return None


def test_canonical_json_goes_as_deep_as_the_reference() -> None:
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep, "é"]
    assert canonical(deep) == rfc8785.dumps(deep)


@pytest.mark.parametrize(
    "text",
    [
        b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b'{"a":1.0}', b'{"a":1e2}', b'{"a":-0}', b'{"a":NaN}', b"",
        b'{"a":"\\u00e9"}', b'{"a":"\xff"}', b'{"a":123456789012345678901234567890}', b"\xef\xbb\xbf{}", b"{}\n",
        b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
)  # fmt: skip
def test_another_spelling_of_a_json_value_is_not_read(text: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        read_canonical(text)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.text(), inner)


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(), _nested))
def test_a_json_value_is_read_from_its_one_form(value: Any) -> None:
    assert read_canonical(canonical(value)) == value
