"""The first officer of a node that has none: a code on its own console lets one key be enrolled, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import TextIO

from gsomia.api.signin import unknown_caller
from gsomia.keys import PublicKey, canonical, pae
from gsomia.node import Node, Role, enrol_officer

__all__ = ["FIRST_OFFICER", "FirstOfficer", "first_officer_text"]

FIRST_OFFICER = "/v1/first-officer"
"""The one path that a stranger may ask, while the code is good."""
FIRST_TYPE = "application/vnd.gsomia.first-officer+json"
"""The DSSE payload type of what the key signs to show that the officer has it."""
GOOD_FOR = 600.0
"""A code is good for so many seconds."""
TRIES = 5
"""After so many wrong codes it is good no more."""
_CODE_BYTES = 20


def first_officer_text(party: str, officer: str, person: str, key: PublicKey, code: str) -> bytes:
    """The bytes that the key signs (PAE of DSSE 1.0.2): whose it is, at which node, under which code."""
    digest = hashlib.sha256(_plain(code)).hexdigest()
    told = {"party": party, "officer": officer, "person": person, "key": key.to_json(), "code": digest}
    return pae(FIRST_TYPE, canonical(told))


def _plain(code: str) -> bytes:
    """A code without the marks between its groups."""
    return code.replace("-", "").strip().upper().encode()


class FirstOfficer:
    """The door for the first officer: open from the node's start, while there is no officer, until the code has ended.

    Args:
        node: whose.
        clock: seconds that only grow.
    """

    def __init__(self, node: Node, clock: Callable[[], float] = time.monotonic) -> None:
        self._node = node
        self._clock = clock
        self._turn = threading.Lock()
        self._digest: bytes | None = None
        self._until = 0.0
        self._tries = 0

    def make_code(self) -> str:
        """A new code in place of any before, of 160 random bits, told here alone; "" where an officer can sign in."""
        with self._turn:
            self._digest = None
            if self._officers():
                return ""
            text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()
            self._digest = hashlib.sha256(text.encode()).digest()
            self._until = self._clock() + GOOD_FOR
            self._tries = 0
            return "-".join(text[start : start + 4] for start in range(0, len(text), 4))

    def show(self, console: TextIO) -> None:
        """Show a new code on a terminal, where one is wanted; a pipe, a journal or a file gets none."""
        if console.isatty() and (code := self.make_code()):
            minutes = f"{GOOD_FOR / 60:.0f} minutes"
            console.write(f"no officer can sign in yet; the code for the first, once, within {minutes}: {code}\n")
            console.flush()

    @property
    def open(self) -> bool:
        """Whether a code is good now."""
        return self._digest is not None and self._clock() < self._until and not self._officers()

    def enrol(self, code: str, officer: str, person: str, key: PublicKey, signatures: dict[str, bytes]) -> str:
        """Enrol the first officer's key, as a security officer's, and close the door.

        Returns:
            The id of the act.

        Raises:
            Problem: the code is not good; it is counted.
            SignatureError: the key did not sign for this node, officer and code.
            UsageError: an id that will not do.
        """
        with self._turn:
            if not self.open or self._digest is None:
                raise unknown_caller()
            if not hmac.compare_digest(hashlib.sha256(_plain(code)).digest(), self._digest):
                self._tries += 1
                if self._tries >= TRIES:
                    self._digest = None
                raise unknown_caller()
            key.verify(first_officer_text(self._node.party, officer, person, key, code), signatures)
            act = enrol_officer(self._node, officer, [Role.SECURITY], key, by=None, person=person)
            self._digest = None
            return act.id

    def _officers(self) -> bool:
        with self._node.store.reading() as reader:
            return bool(reader.officers(self._node.party, limit=1))
