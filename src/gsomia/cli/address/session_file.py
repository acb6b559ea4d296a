"""The file of a session: a token and the key to which it is bound; by it a command reads at a node's address."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gsomia.cli.instants import now
from gsomia.errors import NodeError, UsageError

if TYPE_CHECKING:
    import httpx2
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["Session", "proof_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A token, and the key to which it is bound, for one address."""

    address: str
    token: str
    key: EllipticCurvePrivateKey

    @classmethod
    def read(cls, path: Path) -> Session:
        """Read the file of a session.

        Raises:
            NodeError: it cannot be read.
            UsageError: it is no such file.
        """
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            told = json.loads(path.read_text(encoding="ascii"))
            key = load_pem_private_key(told["key"].encode(), None)
            if not isinstance(key, EllipticCurvePrivateKey):
                raise ValueError("a P-256 key was expected")
            return cls(address=str(told["address"]), token=str(told["token"]), key=key)
        except OSError as error:
            raise NodeError(f"cannot read `{path}`: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"`{path}` is not a session", hint="`gsomia sign-in` writes one") from error

    def write(self, path: Path) -> None:
        """Write it for its owner alone; one that is there already gives way."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        staging = path.with_name(f"{path.name}.new")
        staging.unlink(missing_ok=True)
        with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump({"address": self.address, "token": self.token, "key": pem}, file)
        staging.replace(path)

    def proven(self, request: httpx2.Request) -> httpx2.Request:
        """The request with the token and a new proof of its key."""
        url = str(request.url.copy_with(query=None, fragment=None))
        request.headers["authorization"] = f"DPoP {self.token}"
        request.headers["dpop"] = proof_of(self.key, request.method, url, self.token)
        return request


def proof_of(key: EllipticCurvePrivateKey, method: str, url: str, token: str) -> str:
    """A proof for one request, now."""
    from gsomia.web import make_proof

    return make_proof(key, method=method, url=url, token=token, at=now(), jti=secrets.token_hex(16))
