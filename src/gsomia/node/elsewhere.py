"""Acts that officers sign elsewhere, with keys that never lie on the node: prepared, then done with the signatures.

A use case is run with an `AwaitedKey`. It decides all that it would decide, and where it comes to sign, it stops:
nothing is written, and the statements that wait for signatures are known. Once the officers have signed them it is run
again, as the register stands then; where it comes to the same statements, it enters those that were signed, and where
it does not, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from gsomia.errors import PendingError, RefusedError, SignatureError
from gsomia.keys import Signs, Verifies, pae
from gsomia.node.acts import BATCH_TYPE, Statement, batch_payload
from gsomia.node.ports import Clock

__all__ = ["AwaitedKey", "Prepared", "StandingClock", "prepare", "sign_prepared"]

T = TypeVar("T")


class _AwaitedError(PendingError):
    """The statements that wait for an officer's signature."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        super().__init__("this act waits for the officers' signatures")
        self.statements = tuple(statements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Statements that wait for signatures, one batch."""

    statements: tuple[Statement, ...]

    @property
    def data(self) -> tuple[bytes, ...]:
        """The statements' exact bytes."""
        return tuple(statement.to_bytes() for statement in self.statements)

    def check(self, key: Verifies, signatures: Mapping[str, bytes]) -> None:
        """Check an officer's signatures over them.

        Raises:
            SignatureError: they do not hold.
        """
        key.verify(self.signed, signatures)

    @property
    def signed(self) -> bytes:
        """The bytes that officers sign: the pre-authentication encoding (DSSE 1.0.2, "PAE") of their batch."""
        return _signed(self.data)

    @property
    def at(self) -> datetime:
        """The instant that they name."""
        return self.statements[0].at


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AwaitedKey:
    """An officer's key that is elsewhere.

    Args:
        public: its public half, as enrolled.
        prepared: what was prepared, once the officer has signed it.
        signatures: the officer's, by algorithm.
    """

    public: Verifies
    prepared: Prepared | None = None
    signatures: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def agreed(self, made: Sequence[Statement]) -> list[Statement]:
        """The statements that were prepared, where those made now say the same but for their ids.

        Raises:
            PendingError: nothing was prepared yet.
            RefusedError: they say something else: what they rest on has changed.
        """
        if self.prepared is None:
            raise _AwaitedError(made)
        before = self.prepared.statements
        same = [replace(now, id=then.id) for now, then in zip(made, before, strict=False)]
        if len(made) != len(before) or [one.to_bytes() for one in same] != [one.to_bytes() for one in before]:
            text = "what this act rests on has changed since it was prepared"
            ground = {"effect": "refuse", "instrument": "", "article": "", "clause": "prepared", "text": text}
            raise RefusedError(
                text, verdict={"outcome": "refuse", "grounds": [ground]}, hint="prepare it again and read it"
            )
        return list(before)

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """The signatures that the officer gave, where they are over these bytes.

        Raises:
            SignatureError: they are over others, or another's.
        """
        self.public.verify(signed, self.signatures)
        return dict(self.signatures)


@dataclass(frozen=True, slots=True)
class StandingClock:
    """A clock that stands at the instant that prepared statements name; schedules see the machine's own time."""

    at: datetime
    own: Clock

    def now(self) -> datetime:
        """The instant of the statements."""
        return self.at

    def machine(self) -> datetime:
        """The machine's own time."""
        return self.own.machine()


def prepare(work: Callable[[], object]) -> Prepared:
    """Run a use case, whose officers' keys are elsewhere, up to where it would sign.

    Raises:
        RefusedError: the agreement refuses, or the officer may not.
        SignatureError: it signed without an officer.
    """
    try:
        work()
    except _AwaitedError as waiting:
        return Prepared(statements=waiting.statements)
    raise SignatureError("this act asked for no officer's signature")


def sign_prepared(statements: Sequence[bytes], key: Signs) -> dict[str, bytes]:
    """An officer's signatures over statements that a node prepared.

    Args:
        statements: their exact bytes, in their order.
        key: the officer's.
    """
    return key.sign(_signed(statements))


def _signed(statements: Sequence[bytes]) -> bytes:
    return pae(BATCH_TYPE, batch_payload(statements))
