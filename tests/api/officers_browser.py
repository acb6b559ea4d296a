"""An officer's browser at the API: it proves a key of its own, and signs by the authenticator before it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from authenticator import in_browser
from calling import URL, Answer, Served
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key

from gsomia.api import sign_in_text
from gsomia.node import sign_prepared
from gsomia.passkeys import WEBAUTHN, Assertion, Passkey, b64url
from gsomia.web import make_proof, public_jwk, thumbprint


class Device(Protocol):
    """An authenticator, in software or a browser's."""

    @property
    def public(self) -> Passkey:
        """Its passkey."""
        ...

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """An assertion over these bytes, as it stands in an envelope."""
        ...

    def response(self, signed: bytes) -> dict[str, Any]:
        """The same as the browser writes its `response` in JSON."""
        ...


CHALLENGES, SIGN_IN = "/v1/sign-in/passkey/challenges", "/v1/sign-in/passkey"
_JTI = itertools.count()
D = TypeVar("D", bound=Device)


@dataclass
class Browser(Generic[D]):
    """An officer's browser: a key of its own for proofs, and the authenticator before it."""

    served: Served
    device: D
    own: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    token: str = ""

    def headers(self, method: str, path: str, **words: Any) -> dict[str, str]:
        """The proof of its key, and the token where there is one."""
        told = {"url": URL + path, "token": self.token, "at": datetime.now(UTC), "jti": f"a proof of ours {next(_JTI)}"}
        proof = make_proof(self.own, **{"method": method, **told, **words})
        return {"dpop": proof} | ({"authorization": f"DPoP {self.token}"} if self.token else {})

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """One request without a certificate."""
        return self.served.ask(method, path, None, body, self.headers(method, path))

    def challenge(self) -> dict[str, Any]:
        """A challenge of the node's."""
        answer = self.ask("POST", CHALLENGES)
        assert answer.status == 201, answer
        told: dict[str, Any] = answer.json()
        return told

    def body(self, told: Mapping[str, Any], made: Assertion | None = None, **words: Any) -> dict[str, Any]:
        """What signs in on a challenge."""
        jkt = thumbprint(public_jwk(self.own))
        signed = sign_in_text("KOR", told["nonce"], jkt, exercise=True)
        response = self.device.response(signed) if made is None else in_browser(made)
        credential = b64url(self.device.public.credential)
        return {"nonce": told["nonce"], "credential": credential, "response": response, **words}

    def sign_in(self) -> Answer:
        """Sign in, and keep the token."""
        answer = self.ask("POST", SIGN_IN, self.body(self.challenge()))
        if answer.status == 201:
            self.token = answer.json()["token"]
        return answer

    def prepared(self) -> dict[str, Any]:
        """A prepared use of the item that is held."""
        number = self.served.player.copies()[0].id
        answer = self.ask("POST", "/v1/preparations", {"act": "use", "item": number, "what": "a lecture"})
        assert answer.status == 201, answer
        told: dict[str, Any] = answer.json()
        return told

    def over(self, told: Mapping[str, Any]) -> Assertion:
        """The officer's assertion over what was prepared."""
        return Assertion.from_bytes(sign_prepared([one.encode() for one in told["statements"]], self.device)[WEBAUTHN])

    def signed(self, told: Mapping[str, Any], made: Assertion | None = None) -> Answer:
        """Sign what was prepared."""
        given = in_browser(made or self.over(told))
        return self.ask("POST", f"/v1/preparations/{told['id']}/signatures", {"passkey": given})
