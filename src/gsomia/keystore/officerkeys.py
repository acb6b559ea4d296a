"""An officer's key: whole in its file, or with its Ed25519 half in a token (a smart card), which it never leaves.

Acts take both of a key's signatures, Ed25519 and ML-DSA-65 (protocol 3), and PKCS#11 2.40 knows no ML-DSA. So the token
holds the one half and the file the other: without the token nothing is signed, neither an act nor a certificate.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from gsomia.errors import NodeError
from gsomia.keys import PublicKey, SigningKey, b64, canonical, unb64
from gsomia.keystore.files import KeyFiles
from gsomia.keystore.token import Token, TokenUri, said

__all__ = ["OfficerKey", "TokenSigningKey", "make_officer_key", "read_officer_key", "write_officer_key"]

_FILE, _TOKEN = "gsomia-signing", "gsomia-signing-token"

# The curve's name (PKCS#11 3.0, Edwards elliptic curve keys), and its object identifier (RFC 8410, section 3): tokens
# take one or the other.
_EDWARDS25519 = (b"\x13\x0cedwards25519", b"\x06\x03\x2b\x65\x70")


class TokenSigningKey:
    """A signing key whose Ed25519 half is in a token and whose ML-DSA-65 half is in memory.

    Args:
        uri: the token and the label, as a `pkcs11:` URI.
        ed25519: the public key that the token is held to.
        seed: 32 bytes, of the ML-DSA-65 half.
    """

    __slots__ = ("_ml_dsa_65", "certifying", "public", "seed", "uri")

    def __init__(self, uri: str, ed25519: bytes, seed: bytes) -> None:
        self.uri = uri
        self.seed = seed
        self.certifying: Ed25519PrivateKey = _TokenEd25519(Token(TokenUri.parse(uri)), ed25519)
        self._ml_dsa_65 = MLDSA65PrivateKey.from_seed_bytes(seed)
        self.public = PublicKey(ed25519=ed25519, ml_dsa_65=self._ml_dsa_65.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"TokenSigningKey(public={self.public!r})"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a signing key is not pickled")

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """Both signatures over the same bytes, by algorithm; the first is made in the token.

        Raises:
            NodeError: token or PIN is missing, or the token holds another key.
        """
        return {"ed25519": self.certifying.sign(signed), "ml-dsa-65": self._ml_dsa_65.sign(signed)}


OfficerKey = SigningKey | TokenSigningKey


def make_officer_key(token: str = "") -> OfficerKey:
    """A new key for an officer.

    Args:
        token: the `pkcs11:` URI of its Ed25519 half, which is made in the token unless it is there; "" for a key that
            is whole in its file.

    Raises:
        NodeError: the token makes no such key, or the one there could be taken out of it.
    """
    if not token:
        return SigningKey.generate()
    found = _make_in(Token(TokenUri.parse(token)))
    return TokenSigningKey(token, found, MLDSA65PrivateKey.generate().private_bytes_raw())


def write_officer_key(files: KeyFiles, name: str, key: OfficerKey) -> None:
    """Write an officer's key file: the whole key, or the half that is not in the token and where the other half is."""
    if isinstance(key, SigningKey):
        files.write(name, _FILE, key.seed)
    else:
        half = {"token": key.uri, "ed25519": b64(key.public.ed25519), "ml-dsa-65-seed": b64(key.seed)}
        files.write(name, _TOKEN, canonical(half))


def read_officer_key(files: KeyFiles, name: str) -> OfficerKey:
    """Read what `write_officer_key` wrote; the token is not asked before something is signed.

    Raises:
        NodeError: there is none, it is no officer's, or nothing here opens it.
    """
    if files.kind(name) != _TOKEN:
        return SigningKey(files.read(name, _FILE))
    try:
        half = json.loads(files.read(name, _TOKEN))
        return TokenSigningKey(half["token"], unb64(half["ed25519"]), unb64(half["ml-dsa-65-seed"]))
    except (KeyError, TypeError, ValueError):
        raise NodeError(f"the key file `{files.path(name)}` is malformed") from None


def _make_in(token: Token) -> bytes:
    """Make the Ed25519 key in the token unless it is there: sensitive, and not to be extracted.

    Returns:
        The public key, 32 bytes.
    """
    pkcs11, uri = token.pkcs11, token.uri
    attribute = pkcs11.Attribute
    with token.session(write=True) as session:
        private = {attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, attribute.LABEL: uri.object}
        try:
            if not list(session.get_objects(private)):
                _generate(token, session)
            key = token.key(session, "PRIVATE_KEY")
            if key.key_type != pkcs11.KeyType.EC_EDWARDS:
                raise NodeError(
                    f"the key `{uri.object}` in the token is not an Ed25519 key",
                    hint="an officer's key signs by Ed25519 in the token and by ML-DSA-65 from its file",
                )
            if key[attribute.EXTRACTABLE] or not key[attribute.SENSITIVE]:
                raise NodeError(f"the key `{uri.object}` could be taken out of the token")
            point = bytes(token.key(session, "PUBLIC_KEY")[attribute.EC_POINT])
        except pkcs11.exceptions.PKCS11Error as error:
            raise NodeError(f"the key `{uri.object}` in the token cannot be used: {said(error)}") from None
    # An OCTET STRING around the point (PKCS#11 3.0, Edwards elliptic curve keys); some tokens give the point alone.
    point = point.removeprefix(b"\x04\x20") if len(point) == 34 else point
    if len(point) != 32:
        raise NodeError(f"the key `{uri.object}` in the token is not an Ed25519 key")
    return point


def _generate(token: Token, session: Any) -> None:
    pkcs11, uri = token.pkcs11, token.uri
    kept = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
    fault: Exception = ValueError()
    for curve in _EDWARDS25519:
        try:
            session.create_domain_parameters(
                pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
            ).generate_keypair(
                mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                store=True,
                label=uri.object,
                private_template=kept,
            )
            return
        except pkcs11.exceptions.PKCS11Error as error:
            fault = error
    raise NodeError(f"the token `{uri.token}` does not make an Ed25519 key: {said(fault)}")


def _stays(*_: object, **__: object) -> NoReturn:
    raise TypeError("the private key stays in the token")


class _TokenEd25519(Ed25519PrivateKey):
    """An Ed25519 private key whose work is done in the token."""

    def __init__(self, token: Token, public: bytes) -> None:
        self._token = token
        self._public = Ed25519PublicKey.from_public_bytes(public)

    private_bytes = private_bytes_raw = __copy__ = __deepcopy__ = __reduce__ = _stays

    def public_key(self) -> Ed25519PublicKey:
        return self._public

    def sign(self, data: Any) -> bytes:
        """Ed25519 (RFC 8032) by the token, checked against the key that was enrolled."""
        pkcs11 = self._token.pkcs11
        with self._token.session() as session:
            key = self._token.key(session, "PRIVATE_KEY")
            try:
                made = bytes(key.sign(bytes(data), mechanism=pkcs11.Mechanism.EDDSA))
            except pkcs11.exceptions.PKCS11Error as error:
                raise NodeError(f"the token `{self._token.uri.token}` does not sign: {said(error)}") from None
        try:
            self._public.verify(made, bytes(data))
        except InvalidSignature:
            where = f"`{self._token.uri.object}` in the token `{self._token.uri.token}`"
            raise NodeError(f"{where} is another key than the one that was enrolled") from None
        return made
