"""Keys in an HSM, reached by PKCS#11 and named by `pkcs11:` URIs (RFC 7512).

`TokenKey` is an AES-256 key that never leaves the HSM and encrypts the node's files of secrets; `token_private_key` is
an RSA or EC private key that never leaves it and unwraps OpenTDF's `wrapped` and `ec-wrapped` shares there.
"""

from __future__ import annotations

import importlib
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gsomia.errors import NodeError, UsageError
from gsomia.keys import b64, unb64
from gsomia.keystore.credentials import credential, read_credential

__all__ = ["TokenKey", "TokenUri", "token_private_key"]

_LOCK: Final = threading.Lock()  # a token is asked by one thread at a time: its sessions share one login
_FORM: Final = "pkcs11:token=NAME;object=KEY?module-path=/path/of/the/library.so"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUri:
    """A key in a token, by RFC 7512: `pkcs11:token=T;object=K?module-path=M&pin-source=P`.

    Args:
        token: the token's label.
        object: the key's label (CKA_LABEL).
        module: absolute path of the PKCS#11 library.
        pin_source: absolute path of a file with the PIN, or "".
        serial: the token's serial number, where two have one label, or "".
    """

    token: str
    object: str
    module: str
    pin_source: str = ""
    serial: str = ""

    @classmethod
    def parse(cls, text: str) -> TokenUri:
        """Read a URI.

        Raises:
            UsageError: not such a URI, or one that holds a PIN.
        """
        scheme, _, rest = text.partition(":")
        path, _, query = rest.partition("?")
        values: dict[str, str] = {}
        pairs: list[tuple[str, tuple[str, ...]]] = [(p, ("token", "object", "serial")) for p in path.split(";")]
        pairs += [(q, ("module-path", "pin-source", "pin-value")) for q in query.split("&") if query]
        for pair, known in pairs:
            name, equals, value = pair.partition("=")
            if scheme != "pkcs11" or not equals or name not in known or name in values:
                raise UsageError(f"not the URI of a key in a token: `{_hidden(text)}`", hint=f"RFC 7512: {_FORM}")
            try:
                values[name] = unquote_to_bytes(value).decode("utf-8")
            except UnicodeDecodeError:
                raise UsageError(f"`{name}` of the token's URI is not UTF-8", hint=f"RFC 7512: {_FORM}") from None
        if "pin-value" in values:
            raise UsageError("a PIN does not stand in a URI", hint="give pin-source=, GSOMIA_PIN_FILE or a credential")
        missing = [name for name in ("token", "object", "module-path") if not values.get(name)]
        if missing:
            raise UsageError(f"the token's URI does not name its `{missing[0]}`", hint=f"RFC 7512: {_FORM}")
        pin_source = values.get("pin-source", "").removeprefix("file:")
        for name, value in (("module-path", values["module-path"]), ("pin-source", pin_source)):
            if value and not Path(value).is_absolute():
                raise UsageError(f"`{name}` of the token's URI is not an absolute path: `{value}`")
        return cls(
            token=values["token"],
            object=values["object"],
            module=values["module-path"],
            pin_source=pin_source,
            serial=values.get("serial", ""),
        )


def _hidden(text: str) -> str:
    """A URI as an error may show it: a PIN in it is left out."""
    before, found, _ = text.partition("pin-value")
    return before + ("pin-value=..." if found else "")


class Token:
    """One token and its PIN; each piece of work logs in and out again."""

    def __init__(self, uri: TokenUri) -> None:
        self.uri = uri
        self.pkcs11 = _pkcs11()

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a way to a token is not pickled")

    @contextmanager
    def session(self, *, write: bool = False) -> Iterator[Any]:
        """A session with the token, logged in.

        Raises:
            NodeError: there is no PIN, library or token, or the token refuses.
        """
        uri = self.uri
        pin = read_credential("pin", Path(uri.pin_source)) if uri.pin_source else credential("pin")
        if pin is None:
            raise NodeError(f"the token `{uri.token}` needs a PIN", hint="set GSOMIA_PIN_FILE to a file that holds it")
        errors = self.pkcs11.exceptions
        with _LOCK:
            token = self._token()
            try:
                session = token.open(user_pin=pin.decode("utf-8"), rw=write)
            except errors.PinLocked:
                raise NodeError(
                    f"the PIN of the token `{uri.token}` is locked", hint="its security officer unlocks it"
                ) from None
            except (errors.PinIncorrect, errors.PinInvalid, errors.PinLenRange, UnicodeDecodeError):
                raise NodeError(
                    f"the PIN does not open the token `{uri.token}`",
                    hint="each further failure brings it closer to locked",
                ) from None
            except errors.PKCS11Error as error:
                raise NodeError(f"the token `{uri.token}` refuses a session: {said(error)}") from None
            with session:
                yield session

    def _token(self) -> Any:
        uri, errors = self.uri, self.pkcs11.exceptions
        if not Path(uri.module).is_file():
            raise NodeError(f"there is no PKCS#11 library `{uri.module}`", hint="SoftHSM2's is in the package softhsm2")
        try:
            library = self.pkcs11.lib(uri.module)
        except (errors.PKCS11Error, RuntimeError) as error:
            raise NodeError(f"the PKCS#11 library `{uri.module}` does not start: {said(error)}") from None
        try:
            found = list(library.get_tokens(token_label=uri.token))
            found = [one for one in found if uri.serial in ("", one.serial.decode("ascii", "replace").strip())]
        except errors.PKCS11Error as error:
            raise NodeError(f"the PKCS#11 library `{uri.module}` lists no tokens: {said(error)}") from None
        if not found:
            raise NodeError(f"there is no token `{uri.token}`", hint="is it plugged in, and initialised?")
        if len(found) > 1:
            raise NodeError(f"several tokens are called `{uri.token}`", hint="add ;serial= to its URI")
        return found[0]

    def key(self, session: Any, kind: str) -> Any:
        """The one key of a kind (`SECRET_KEY`, `PRIVATE_KEY`, `PUBLIC_KEY`) with the URI's label.

        Raises:
            NodeError: there is none, or more than one.
        """
        wanted = getattr(self.pkcs11.ObjectClass, kind)
        attribute = self.pkcs11.Attribute
        found = list(session.get_objects({attribute.CLASS: wanted, attribute.LABEL: self.uri.object}))
        if len(found) != 1:
            many = "several keys are" if found else "no key is"
            raise NodeError(f"in the token `{self.uri.token}` {many} called `{self.uri.object}`")
        return found[0]


def _pkcs11() -> Any:
    try:
        return importlib.import_module("pkcs11")
    except ImportError as error:
        raise NodeError("python-pkcs11 is not installed", hint="pip install 'gsomia[hsm]'") from error


def said(error: Exception) -> str:
    return str(error) or type(error).__name__


class TokenKey:
    """An AES-256 key in an HSM that encrypts secrets at rest (AES-GCM in the HSM, `Box`); the key cannot leave it.

    The secrets themselves do: the node's keys are of kinds that PKCS#11 2.40 does not know (ML-DSA-65, X-Wing), so the
    HSM hands each to the node's memory when the node starts. Without HSM and PIN the files open nothing.

    Args:
        uri: token and label.
    """

    __slots__ = ("_token",)

    def __init__(self, uri: TokenUri) -> None:
        self._token = Token(uri)

    def make(self) -> bool:
        """Make the key in the HSM unless it is there: sensitive, and not to be extracted.

        Returns:
            Whether it was made now.

        Raises:
            NodeError: the HSM does not make it.
        """
        errors, uri = self._token.pkcs11.exceptions, self._token.uri
        attribute = self._token.pkcs11.Attribute
        with self._token.session(write=True) as session:
            kind = self._token.pkcs11.ObjectClass.SECRET_KEY
            if list(session.get_objects({attribute.CLASS: kind, attribute.LABEL: uri.object})):
                self._own(session)
                return False
            try:
                session.generate_key(
                    self._token.pkcs11.KeyType.AES,
                    256,
                    label=uri.object,
                    store=True,
                    template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False},
                )
            except errors.PKCS11Error as error:
                raise NodeError(f"the token `{uri.token}` does not make an AES-256 key: {said(error)}") from None
            return True

    def _own(self, session: Any) -> Any:
        """The key, if it is one that stays in the HSM."""
        key, attribute = self._token.key(session, "SECRET_KEY"), self._token.pkcs11.Attribute
        if key.key_type != self._token.pkcs11.KeyType.AES or key.key_length != 256:
            raise NodeError(f"the key `{self._token.uri.object}` in the token is not an AES-256 key")
        if key[attribute.EXTRACTABLE] or not key[attribute.SENSITIVE]:
            raise NodeError(f"the key `{self._token.uri.object}` could be taken out of the token")
        return key

    def _parameters(self, nonce: bytes, bound: bytes) -> dict[str, Any]:
        pkcs11 = self._token.pkcs11
        return {"mechanism": pkcs11.Mechanism.AES_GCM, "mechanism_param": pkcs11.GCMParams(nonce, bound, 128)}

    def close(self, secret: bytes, bound: bytes) -> dict[str, Any]:
        """As `Box.close`."""
        nonce = secrets.token_bytes(12)
        with self._token.session() as session:
            key = self._own(session)
            try:
                box = key.encrypt(secret, **self._parameters(nonce, bound))
            except self._token.pkcs11.exceptions.PKCS11Error as error:
                raise NodeError(f"the token `{self._token.uri.token}` does not encrypt: {said(error)}") from None
        return {"token": self._token.uri.token, "object": self._token.uri.object, "nonce": b64(nonce), "box": b64(box)}

    def open(self, fields: Mapping[str, Any], bound: bytes) -> bytes:
        """As `Box.open`."""
        if "token" not in fields:
            raise NodeError("the keys are not sealed by an HSM", hint="see `keystore` in node.toml")
        nonce, box = unb64(fields["nonce"]), unb64(fields["box"])
        if len(nonce) != 12 or len(box) < 16:
            raise ValueError("a box has a nonce of 12 bytes and a tag of 16")
        with self._token.session() as session:
            key = self._own(session)
            try:
                return bytes(key.decrypt(box, **self._parameters(nonce, bound)))
            except self._token.pkcs11.exceptions.PKCS11Error:
                # Libraries do not agree on how to say that a tag does not hold; SoftHSM2 says CKR_GENERAL_ERROR.
                raise InvalidTag from None


def token_private_key(uri: TokenUri) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """A private key in a token, for `Identity`: what it unwraps is unwrapped in the HSM.

    Args:
        uri: token and label; beside an EC private key its public key lies under the same label.

    Raises:
        NodeError: token or key cannot be used.
    """
    token = Token(uri)
    pkcs11 = token.pkcs11
    try:
        with token.session() as session:
            key = token.key(session, "PRIVATE_KEY")
            if key.key_type == pkcs11.KeyType.RSA:
                modulus, exponent = key[pkcs11.Attribute.MODULUS], key[pkcs11.Attribute.PUBLIC_EXPONENT]
                numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
                return _TokenRsa(token, numbers.public_key())
            if key.key_type == pkcs11.KeyType.EC:
                encode = importlib.import_module("pkcs11.util.ec").encode_ec_public_key
                public = serialization.load_der_public_key(encode(token.key(session, "PUBLIC_KEY")))
                assert isinstance(public, ec.EllipticCurvePublicKey)
                return _TokenEc(token, public)
    except (pkcs11.exceptions.PKCS11Error, ValueError) as error:
        raise NodeError(f"the key `{uri.object}` in the token cannot be used: {said(error)}") from None
    raise NodeError(f"the key `{uri.object}` in the token is neither RSA nor EC")


def _stays(*_: object, **__: object) -> NoReturn:
    raise TypeError("the private key stays in the HSM")


class _TokenRsa(rsa.RSAPrivateKey):
    """An RSA private key whose work is done in the token."""

    def __init__(self, token: Token, public: rsa.RSAPublicKey) -> None:
        self._token = token
        self._public = public

    key_size = property(lambda self: self._public.key_size)
    private_numbers = private_bytes = sign = __copy__ = __deepcopy__ = __reduce__ = _stays

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    def decrypt(self, ciphertext: bytes, padding: object) -> bytes:
        """OAEP with SHA-1, the one padding that OpenTDF's `wrapped` has."""
        pkcs11 = self._token.pkcs11
        parameters = (pkcs11.Mechanism.SHA_1, pkcs11.MGF.SHA1, None)
        with self._token.session() as session:
            key = self._token.key(session, "PRIVATE_KEY")
            try:
                done = key.decrypt(ciphertext, mechanism=pkcs11.Mechanism.RSA_PKCS_OAEP, mechanism_param=parameters)
            except pkcs11.exceptions.PKCS11Error:
                raise ValueError("not encrypted to this key, or altered") from None
        return bytes(done)


class _TokenEc(ec.EllipticCurvePrivateKey):
    """An EC private key whose work is done in the token; what was agreed leaves it, to derive the share's key."""

    def __init__(self, token: Token, public: ec.EllipticCurvePublicKey) -> None:
        self._token = token
        self._public = public

    curve = property(lambda self: self._public.curve)
    key_size = property(lambda self: self._public.key_size)
    private_numbers = private_bytes = sign = __copy__ = __deepcopy__ = __reduce__ = _stays

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """The shared x coordinate (SEC 1, section 3.3.1)."""
        pkcs11 = self._token.pkcs11
        form = serialization.PublicFormat.UncompressedPoint
        point = peer_public_key.public_bytes(serialization.Encoding.X962, form)
        with self._token.session() as session:
            try:
                agreed = self._token.key(session, "PRIVATE_KEY").derive_key(
                    pkcs11.KeyType.GENERIC_SECRET,
                    (self._public.key_size + 7) // 8 * 8,
                    mechanism=pkcs11.Mechanism.ECDH1_DERIVE,
                    mechanism_param=(pkcs11.KDF.NULL, None, point),
                    template={pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True},
                )
                return bytes(agreed[pkcs11.Attribute.VALUE])
            except pkcs11.exceptions.PKCS11Error:
                raise ValueError("not agreed with this key, or altered") from None
