"""Who asks: by a certificate that an officer's or a person's sign-in key signed, or by a token with proof of its key.

Nothing that a request says of itself counts: no header names a caller, and what a certificate names is held against the
register as it stands at this request.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from gsomia.api.spans import Spans
from gsomia.errors import RefusedError, SignatureError
from gsomia.identity import About, Decision, Ground, Principal, Rights, principal_of
from gsomia.keys import PublicKey
from gsomia.node import Node, Officer, Reader
from gsomia.web import (
    AHEAD,
    PROOF_AGE,
    Memory,
    Problem,
    Token,
    check_officer_certificate,
    check_proof,
    issuing_key,
    token_digest,
)

__all__ = ["Caller", "SignIn", "UnknownCaller", "step_up", "unknown_caller"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, with what the register says of the person at this request.

    Args:
        officer: the officer, by whose key the request was let in; None for a person who signed in by a key that signs
            no act, or at a provider.
        key: the fingerprint of the key that let the request in, the officer's or the person's; "" for a provider.
        principal: the person, for the table of rights.
        rights: the table.
        acts: the acts of the table that the token is good for; None where a certificate was shown.
        ends: when the certificate or the token ends, whichever is first.
        at: when the request was let in.
        authenticated: when the officer authenticated: signed the certificate, or that with which the token was made.
        max_age: acts that the table marks `step_up` are for who authenticated no longer ago.
        token: the digest of the token, or "".
        token_id: its name, or "".
    """

    officer: Officer | None
    principal: Principal
    rights: Rights
    key: str = ""
    acts: frozenset[str] | None = None
    ends: datetime
    at: datetime
    authenticated: datetime
    max_age: timedelta
    token: str = ""
    token_id: str = ""

    @property
    def id(self) -> str:
        """What the caller is counted by: the officer's id, or the person's after a slash, which no officer's has."""
        return self.officer.id if self.officer is not None else f"/{self.principal.person}"

    def signing(self) -> Officer:
        """The officer whose key the caller showed.

        Raises:
            RefusedError: the caller showed none.
        """
        if self.officer is None:
            text = "an act is signed by an officer's key, and who asks showed none"
            decision = Decision(outcome="refuse", grounds=(Ground(row="", text=text),))
            raise RefusedError(text, verdict=decision.to_json())
        return self.officer

    @property
    def stale(self) -> bool:
        """Whether the officer authenticated too long ago for acts that the table marks `step_up`."""
        return self.at - self.authenticated > self.max_age

    def decide(self, act: str, about: About | None = None) -> Decision:
        """Whether the caller may do an act of the table."""
        if self.acts is not None and act not in self.acts:
            return Decision(outcome="refuse", grounds=(Ground(row="", text=f"this token is not good for `{act}`"),))
        known = self.rights.acts.get(act)
        if self.officer is None and known is not None and (known.signs or (known.kind == "run" and not self.key)):
            which = "an officer's key" if known.signs else "a key"
            text = f"`{act}` is for who shows {which}, and who asks showed none"
            return Decision(outcome="refuse", grounds=(Ground(row="", text=text),))
        return self.rights.decide(self.principal, act, about or About())

    def may(self, act: str, about: About | None = None) -> bool:
        """Whether the caller may do an act of the table."""
        return self.decide(act, about).permitted


_FOR_SECONDS = 0.1
"""What the register says of a caller is not read again within that time, where nothing was committed to it."""
_MOST = 4096
"""So many certificates are remembered."""


class UnknownCaller(Problem):
    """Nobody who may ask anything.

    Args:
        error: of the challenge (RFC 9449, section 7.1), or "".
        officer: as whom the caller tried to come in, where that is known.
        tried: whether anything was shown that might have let the caller in.
    """

    def __init__(self, error: str = "", *, officer: str = "", tried: bool = True) -> None:
        challenge = 'DPoP algs="ES256 EdDSA"' + (f', error="{error}"' if error else "")
        super().__init__(
            401,
            "sign in with a certificate that an enrolled key signed, or with a token and the proof of its key",
            kind="sign-in",
            headers={"www-authenticate": challenge},
        )
        self.officer = officer
        self.tried = tried


def unknown_caller(error: str = "", *, officer: str = "", tried: bool = True) -> UnknownCaller:
    """The one answer to everybody who is not signed in, whatever was asked and why it is so."""
    return UnknownCaller(error, officer=officer, tried=tried)


def step_up(max_age: timedelta) -> Problem:
    """The challenge to one who authenticated too long ago for what is asked (RFC 9470, section 3)."""
    seconds = int(max_age.total_seconds())
    says = "sign in anew: what is asked is for who authenticated a short while ago"
    challenge = f'DPoP algs="ES256 EdDSA", error="insufficient_user_authentication", error_description="{says}"'
    return Problem(
        401,
        says,
        kind="step-up",
        more={"max_age": seconds},
        headers={"www-authenticate": f"{challenge}, max_age={seconds}"},
    )


@lru_cache(maxsize=1024)
def _issuer(der: bytes) -> str:
    return issuing_key(der)


class SignIn:
    """Signs requests in.

    Args:
        node: whose API it is.
        rights: the table of rights.
        memory: where tokens and used proofs are kept.
        url: under which the API is reached, `https://host:port`; proofs name it.
        spans: how long a sign-in lasts.
    """

    def __init__(self, node: Node, rights: Rights, memory: Memory, url: str, spans: Spans) -> None:
        self._node = node
        self._rights = rights
        self._memory = memory
        self._url = url
        self._spans = spans
        self._valid: dict[tuple[bytes, str], tuple[datetime, datetime]] = {}
        self._ids: dict[str, str] = {}
        self._known: dict[bytes, tuple[Hashable, Caller]] = {}

    def caller(self, der: bytes | None, headers: Mapping[str, list[str]], method: str, path: str) -> Caller:
        """The caller of a request, as the register stands now.

        Args:
            der: the certificate that came with the connection, or None.
            headers: the request's, each with its values.
            method: of the request.
            path: of the request, as it was sent: percent-encoded.

        Raises:
            Problem: nobody who may ask anything.
        """
        given = headers.get("authorization", [])
        if given or "dpop" in headers:
            with self._node.store.reading() as reader:
                return self._by_token(reader, given, headers.get("dpop", []), method, path, der)
        if der is None:
            raise unknown_caller(tried=False)
        # Read again as soon as anything was committed; and soon in any case, for what was entered may end by itself.
        tenth = int(self._node.clock.machine().timestamp() / _FOR_SECONDS)
        now = self._node.store.state(), self._memory.signings_out, tenth
        known = self._known.get(der)
        if known is not None and known[0] == now:
            return known[1]
        with self._node.store.reading() as reader:
            caller = self._by_certificate(reader, der)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[der] = now, caller
        return caller

    def again(self, reader: Reader, caller: Caller) -> Caller | None:
        """The same caller as the register has the person now; None where what let them in has ended: key, certificate
        or token."""
        at = self._node.clock.machine()
        if at > caller.ends or self._memory.signed_out(caller.principal.person, caller.authenticated):
            return None
        token = self._memory.token(caller.token) if caller.token else None
        if caller.token and (token is None or at > token.ends):
            return None
        holder: tuple[Officer | None, Principal] | None
        if token is not None:
            holder = self.holder(reader, token)
        else:
            shown = self._of_key(reader, caller.key)
            holder = shown[:2] if shown is not None else None
        return replace(caller, officer=holder[0], principal=holder[1]) if holder is not None else None

    def holder(self, reader: Reader, token: Token) -> tuple[Officer | None, Principal] | None:
        """Whose token it is, as the register has them now: the officer, where an officer's key showed who it is, and
        the person; None for good once the key, or its or the account's binding, has ended, or the person has left."""
        officer: Officer | None = None
        if token.officer:
            officer = reader.officer(self._node.party, token.officer)
            if officer is None or officer.key.fingerprint != token.key:
                return None
            principal = principal_of(self._node, reader, officer=officer.id)
            since = principal.returned if principal is not None else ""
        else:
            bound = reader.binding(token.key) or next(iter(reader.sign_in_keys(token.key)), None)
            if bound is None or bound.person != token.person:
                return None
            principal = principal_of(self._node, reader, person=token.person)
            since = bound.act
        return (officer, principal) if principal is not None and since == token.since else None

    def _who(self, reader: Reader, key: str) -> tuple[Officer, Principal] | None:
        """The officer whose key it is, and the person, as the register has them now."""
        party = self._node.party
        officer = reader.officer(party, self._ids.get(key, ""))
        if officer is None or officer.key.fingerprint != key:
            # Seldom: a key that was enrolled since, or has ended.
            self._ids = {one.key.fingerprint: one.id for one in reader.officers(party)}
            officer = reader.officer(party, self._ids.get(key, ""))
        if officer is None:
            return None
        principal = principal_of(self._node, reader, officer=officer.id)
        return (officer, principal) if principal is not None else None

    def _of_key(self, reader: Reader, key: str) -> tuple[Officer | None, Principal, PublicKey] | None:
        """Who signs in by certificates of a key: its officer, or the person whose sign-in key it is; and the key."""
        who = self._who(reader, key)
        if who is not None:
            officer, principal = who
            return (officer, principal, officer.key) if isinstance(officer.key, PublicKey) else None
        for one in reader.sign_in_keys(key):
            person = principal_of(self._node, reader, person=one.person)
            return (None, person, one.key) if person is not None else None
        return None

    def _by_certificate(self, reader: Reader, der: bytes) -> Caller:
        now = self._node.clock.machine()
        try:
            key = _issuer(der)
            who = self._of_key(reader, key)
            if who is None:
                raise unknown_caller()
            officer, principal, issuer = who
            valid = self._valid.get((der, key))
            if valid is None:
                valid = check_officer_certificate(der, issuer, now)
                if len(self._valid) >= _MOST:
                    self._valid.clear()
                self._valid[der, key] = valid
        except SignatureError:
            raise unknown_caller() from None
        start, ends = valid
        # A sign-out counts by what the certificate itself says, not by when it was seen: a restart changes nothing.
        if now > ends or self._memory.signed_out(principal.person, start):
            raise unknown_caller()
        return Caller(
            officer=officer,
            principal=principal,
            rights=self._rights,
            key=key,
            ends=ends,
            at=now,
            authenticated=min(start + AHEAD, now),
            max_age=self._spans.step_up,
        )

    def _by_token(
        self, reader: Reader, given: list[str], proofs: list[str], method: str, path: str, der: bytes | None
    ) -> Caller:
        now = self._node.clock.machine()
        if len(given) != 1 or not given[0].startswith("DPoP ") or len(proofs) != 1:
            raise unknown_caller("invalid_token")
        value = given[0].removeprefix("DPoP ")
        digest = token_digest(value)
        token = self._memory.token(digest)
        if token is None or now > token.ends or self._memory.signed_out(token.person, token.authenticated):
            raise unknown_caller("invalid_token")
        try:
            proof = check_proof(proofs[0], method=method, url=self._url + path, token=value, at=now)
        except SignatureError:
            raise unknown_caller("invalid_dpop_proof", officer=token.officer) from None
        if proof.thumbprint != token.jkt:
            raise unknown_caller("invalid_token", officer=token.officer)
        if not self._memory.use_once(f"{token.id}/{proof.jti}", now + 2 * PROOF_AGE, now, token=digest):
            raise unknown_caller("invalid_dpop_proof", officer=token.officer)
        holder = self.holder(reader, token)
        if holder is None:
            raise unknown_caller("invalid_token")
        officer, principal = holder
        ends, authenticated = token.until, token.authenticated
        if der is not None:
            shown = self._by_certificate(reader, der)
            if shown.key != token.key:
                raise unknown_caller("invalid_token")
            ends, authenticated = min(ends, shown.ends), max(authenticated, shown.authenticated)
        return Caller(
            officer=officer,
            principal=principal,
            rights=self._rights,
            key=token.key if token.way != "oidc" else "",
            acts=None if token.acts is None else frozenset(token.acts),
            ends=ends,
            at=now,
            authenticated=authenticated,
            max_age=self._spans.step_up,
            token=digest,
            token_id=token.id,
        )
