"""A provider of identities by OpenID Connect: the authorization code flow with PKCE, and an ID token checked strictly.

It is asked of the one issuer that the settings name, over https. What its metadata name lies on the issuer's own host,
or on hosts that the settings name; no redirect is followed. The claims say which account it is and nothing else.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from gsomia.errors import DataError, NodeError, SignatureError
from gsomia.marking import is_visible
from gsomia.web.proofs import token_digest

__all__ = ["Answered", "Fetch", "Provider", "ProviderSettings"]

Fetch = Callable[[str, bytes | None, Mapping[str, str]], bytes]
"""Asks a URL, with a body as POST; returns what is answered with status 200; raises NodeError for all else."""

METADATA_SECONDS = 3600.0
"""Metadata and keys are kept for so long."""
KEYS_SECONDS = 30.0
"""Keys are not asked for anew sooner, whatever key an ID token names; nor metadata that could not be had."""
LEEWAY = 60
"""Clocks may differ by so many seconds."""
_OLDEST = 600
"""An ID token was issued no longer ago, in seconds: it was asked for just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The provider, as the settings name it.

    Args:
        issuer: its identifier, an https URL.
        client_id, client_secret: this node's at the provider; without a secret it is a public client.
        claim: which claim names the account: `sub`, or `email` where the provider says that it was verified.
        hosts: further hosts (`host` or `host:port`) on which endpoints of the provider lie.
        algorithms: by which its ID tokens may be signed (RFC 7518); `none` and shared secrets never.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    claim: str = "sub"
    hosts: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back to the redirect URI: the code, and the issuer where it was named (RFC 9207)."""

    code: str
    issuer: str = ""


class Provider:
    """The provider.

    Args:
        settings: which it is.
        fetch: asks it.
        clock: seconds that only grow.
    """

    def __init__(self, settings: ProviderSettings, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._fetch = fetch
        self._clock = clock
        self._turn = threading.Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the person signs in (OpenID Connect Core 1.0, 3.1.2.1; PKCE with S256, RFC 7636).

        Raises:
            NodeError: the provider cannot be reached.
            DataError: its metadata will not do.
        """
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri

        url: str = prepare_grant_uri(
            self._metadata()["authorization_endpoint"],
            client_id=self.settings.client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope="openid email" if self.settings.claim == "email" else "openid",
            state=state,
            nonce=nonce,
            # The hash of S256 (RFC 7636, section 4.2) is that of `ath`.
            code_challenge=token_digest(verifier),
            code_challenge_method="S256",
        )
        return url

    def account(self, answered: Answered, *, redirect_uri: str, nonce: str, verifier: str, at: datetime) -> str:
        """The account that signed in, as an act binds it to a person: `ISSUER CLAIM VALUE`.

        Args:
            answered: what came back.
            redirect_uri, nonce, verifier: as for `authorization_url`.
            at: now.

        Raises:
            NodeError: the provider cannot be reached, or does not take the code.
            DataError: its metadata will not do.
            SignatureError: the answer or the ID token does not hold; says why.
        """
        metadata = self._metadata()
        # A code of another provider's is not sent to this one (mix-up; RFC 9207, section 2.4).
        if answered.issuer != self.settings.issuer and (
            answered.issuer or metadata.get("authorization_response_iss_parameter_supported") is True
        ):
            raise SignatureError("the answer is another issuer's")
        form = {
            "grant_type": "authorization_code",
            "code": answered.code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if self.settings.client_secret:
            headers["authorization"] = _basic(self.settings.client_id, self.settings.client_secret)
        else:
            form["client_id"] = self.settings.client_id
        given = _object(self._fetch(metadata["token_endpoint"], urlencode(form).encode(), headers), "token endpoint")
        token = given.get("id_token")
        if not isinstance(token, str) or len(token) > 16384:
            raise SignatureError("the provider gave no ID token")
        return self._named(self._checked(token, given.get("access_token"), nonce, at))

    def _named(self, claims: Mapping[str, Any]) -> str:
        claim = self.settings.claim
        value = claims.get(claim)
        if not isinstance(value, str) or not value or len(value) > 255 or not is_visible(value):
            raise SignatureError(f"the ID token names no `{claim}`")
        if claim == "email" and claims.get("email_verified") is not True:
            raise SignatureError("the provider does not say that the address was verified")
        return f"{self.settings.issuer} {claim} {value}"

    def _checked(self, token: str, access: Any, nonce: str, at: datetime) -> Mapping[str, Any]:
        """The claims of an ID token that holds (OpenID Connect Core 1.0, 3.1.3.7)."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError

        now = int(at.timestamp())
        issuer, client = self.settings.issuer, self.settings.client_id
        try:
            try:
                read = jwt.decode(token, self._keys(), algorithms=list(self.settings.algorithms))
            except JoseError:
                # The provider may have new keys.
                read = jwt.decode(token, self._keys(anew=True), algorithms=list(self.settings.algorithms))
            if read.claims.get("aud") not in (client, [client]):
                raise ValueError("it is for others too, or not for this node")
            for name in ("iat", "exp"):
                if type(read.claims.get(name)) is not int:
                    raise ValueError(f"`{name}` is a count of seconds")
            if read.claims["iat"] < now - _OLDEST:
                raise ValueError("it was issued long ago")
            if read.claims.get("nonce") != nonce:
                raise ValueError("it answers another request")
            options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client}}
            params = {"nonce": nonce, "client_id": client, "access_token": access}
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(now=now, leeway=LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignatureError(f"the ID token does not hold: {error}") from error
        return dict(claims)

    def _keys(self, *, anew: bool = False) -> Any:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        found = self._had("keys", lambda: self._fetch(self._metadata()["jwks_uri"], None, {}), anew=anew)
        try:
            keys: Any = _object(found, "keys")
            return KeySet.import_key_set(keys)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"the keys of `{self.settings.issuer}` cannot be read: {error}") from error

    def _metadata(self) -> Mapping[str, Any]:
        """The provider's metadata (OpenID Connect Discovery 1.0, section 4), as far as they will do."""
        issuer = self.settings.issuer
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = _object(self._had("metadata", lambda: self._fetch(url, None, {})), "metadata")
        if metadata.get("issuer") != issuer:
            raise DataError(f"`{url}` describes another issuer")
        hosts = {urlsplit(issuer).netloc, *self.settings.hosts}
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            there = urlsplit(str(metadata.get(name, "")))
            if there.scheme != "https" or there.netloc not in hosts:
                raise DataError(f"`{url}`: `{name}` lies on a host that the settings do not name")
        methods = metadata.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(methods, list) or "S256" not in methods:
            raise DataError(f"`{url}`: the provider does not take PKCE with S256")
        return metadata

    def _had(self, name: str, ask: Callable[[], bytes], *, anew: bool = False) -> bytes:
        """What is kept, or what the provider answers; a failure is kept too, for a while."""
        with self._turn:
            since, found = self._kept.get(name, (float("-inf"), None))
        age = self._clock() - since
        if age < KEYS_SECONDS or (age < METADATA_SECONDS and not anew and isinstance(found, bytes)):
            if isinstance(found, NodeError):
                raise NodeError(str(found))
            return bytes(found)
        try:
            found = ask()
        except NodeError as error:
            found = error
        with self._turn:
            self._kept[name] = self._clock(), found
        if isinstance(found, NodeError):
            raise found
        return bytes(found)


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"the provider's {what}: not JSON") from error
    if not isinstance(value, dict):
        raise DataError(f"the provider's {what}: an object was expected")
    return value


def _basic(client_id: str, secret: str) -> str:
    """Client authentication (RFC 6749, section 2.3.1)."""
    from base64 import b64encode

    return "Basic " + b64encode(f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()
