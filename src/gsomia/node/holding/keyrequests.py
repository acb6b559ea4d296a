"""A request for a key for one opening, and what the answer to it must hold (docs/spec/keys.md)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gsomia.errors import MessageError, SignatureError
from gsomia.keys import b64, canonical, unb64
from gsomia.node.acts.signed import Statement
from gsomia.registry import read_copy_id
from gsomia.sealed import KeyAccess, XWingPublicKey
from gsomia.verdict import Facts
from gsomia.verdict import Person as LawPerson

__all__ = ["KeyRequest", "access_digest", "check_release"]

_TEXTS = ("id", "copy", "item", "payload_digest", "sid", "key", "role", "rank", "clearance", "purpose", "verdict")
_FLAGS = ("need", "roster", "purpose_ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """One share of one item's key, asked for one opening by one person, who is not named.

    Args:
        id: used once; the answer names it.
        copy, item, payload_digest: what is to be opened.
        sid: the share, as the sealed item names it; "" where the key is in one piece.
        key: a fresh X-Wing public key, base64: the answer is wrapped to it, and its private half is forgotten after the
            opening, so that nothing that was sent or stored opens the item again.
        role, rank, clearance, need, roster: the person, as the asker's register has it.
        purpose, purpose_ended: of the use.
        verdict: the asker's own verdict on the opening, as the digest of its JSON; it is a permit.
    """

    id: str
    copy: str
    item: str
    payload_digest: str
    sid: str
    key: str
    role: str
    rank: str
    clearance: str
    need: bool
    roster: bool
    purpose: str
    purpose_ended: bool
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """The request as messages carry it."""
        return {"v": 1} | {name: getattr(self, name) for name in (*_TEXTS, *_FLAGS)}

    @classmethod
    def from_json(cls, value: Any) -> KeyRequest:
        """Read a request strictly.

        Raises:
            MessageError: a key is missing, unknown or of the wrong kind.
        """
        try:
            if set(value) != {"v", *_TEXTS, *_FLAGS} or value["v"] != 1 or isinstance(value["v"], bool):
                raise ValueError(f"its keys are {', '.join(sorted((*_TEXTS, *_FLAGS, 'v')))}")
            # `join` takes nothing but text, so this asks both questions of all at once.
            if not "".join([value[name] for name in _TEXTS]).isprintable():
                raise ValueError("printable text was expected")
            if not all(isinstance(value[name], bool) for name in _FLAGS):
                raise ValueError("true or false was expected")
            request = cls(**{name: value[name] for name in (*_TEXTS, *_FLAGS)})
            if read_copy_id(request.copy)[0] != request.item:
                raise ValueError("the copy's id is not of this item")
            if b64(request.public.to_bytes()) != request.key:
                raise ValueError("its key is not in the one form that keys have")
            return request
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MessageError(f"not a request for a key: {error}") from error

    @staticmethod
    def key_text(key: XWingPublicKey) -> str:
        """A public key as a request holds it."""
        return b64(key.to_bytes())

    @property
    def public(self) -> XWingPublicKey:
        """The key to which the answer is wrapped."""
        return _public(self.key)

    @property
    def digest(self) -> str:
        """What the answer names: SHA-256 of the request's RFC 8785 form."""
        return hashlib.sha256(canonical(self.to_json())).hexdigest()

    def facts(self, message: str) -> Facts:
        """What the asker's node established, as facts; each rests on the asker's signed message."""
        return Facts(
            purpose=self.purpose,
            purpose_ended=self.purpose_ended,
            consent="none",
            person=LawPerson(
                role=self.role, clearance=self.clearance, need=self.need, roster=self.roster, rank=self.rank
            ),
            established_by=dict.fromkeys(("person", "purpose", "purpose-ended", "consent"), message),
        )

    def told(self) -> dict[str, Any]:
        """What the answer's act keeps of the request, so that both logs say on what it was decided."""
        names = ("role", "rank", "clearance", "need", "roster", "purpose", "purpose_ended")
        return {name: getattr(self, name) for name in names}


@lru_cache(maxsize=64)
def _public(text: str) -> XWingPublicKey:
    # Checking the key and naming it cost more than using it, and one request asks for it several times.
    return XWingPublicKey.from_bytes(unb64(text))


def access_digest(access: KeyAccess) -> str:
    """What the act names a wrapped share by: SHA-256 of the RFC 8785 form of its key access object."""
    return hashlib.sha256(canonical(access.to_json())).hexdigest()


def check_release(request: KeyRequest, statement: Statement, giver: str, access: KeyAccess) -> None:
    """Check that an act of release, already verified, and a wrapped share answer this very request.

    Args:
        request: what was asked.
        statement: of the act.
        giver: the Party that was asked.
        access: the wrapped share.

    Raises:
        SignatureError: they answer another, or the share is not the one that the act names.
    """
    said = (statement.type, statement.party, statement.item, statement.copy)
    if said != ("release-key", giver, request.item, request.copy):
        raise SignatureError(f"act `{statement.id}` releases no key of copy `{request.copy}`")
    if statement.body.get("request") != request.digest or statement.body.get("kid") != request.public.kid:
        raise SignatureError(f"act `{statement.id}` answers another request")
    if statement.body.get("access") != access_digest(access):
        raise SignatureError(f"act `{statement.id}` is of another wrapped key")
    if (access.kid, access.sid) != (request.public.kid, request.sid):
        raise SignatureError(f"act `{statement.id}`: its key is wrapped for another, or is another share")
