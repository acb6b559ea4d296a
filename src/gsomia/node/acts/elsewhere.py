"""Acts that officers sign elsewhere, with keys that never lie on the node: prepared, then done with the signatures.

A use case is run with an `AwaitedKey`. It decides all that it would decide, and where it comes to sign, it stops:
nothing is written, and the statements that wait for signatures are known. Once the officers have signed them it is run
again, as the register stands then; where it comes to the same statements, it enters those that were signed, and where
it does not, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeVar

from gsomia.errors import PendingError, RefusedError, SignatureError
from gsomia.keys import Signs, Verifies, pae
from gsomia.node.acts.signed import BATCH_TYPE, Statement, batch_payload
from gsomia.node.ports import Clock

__all__ = ["PREPARED_FOR", "AwaitedKey", "Batch", "Prepared", "StandingClock", "prepare", "sign_prepared"]

T = TypeVar("T")

PREPARED_FOR = timedelta(minutes=5)
"""A prepared act waits for signatures so long: an officer signs no later after the instant that it names."""


class _AwaitedError(PendingError):
    """The statements that wait for officers' signatures, in their batches."""

    def __init__(self, batches: Sequence[Sequence[Statement]]) -> None:
        super().__init__("this act waits for the officers' signatures")
        self.batches = batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Statements that wait for signatures, all under the same ones."""

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
        """The bytes that officers sign: the pre-authentication encoding (DSSE 1.0.2, "PAE") of the batch."""
        return _signed(self.data)

    def signed_by(self, key: Verifies) -> bool:
        """Whether a key is among those that must sign them."""
        return key.fingerprint in {signer.key for signer in self.statements[0].signers}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What one act, or several that are done together, must have signed; most have one batch."""

    batches: tuple[Batch, ...]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All the statements, batch after batch."""
        return tuple(statement for batch in self.batches for statement in batch.statements)

    @property
    def at(self) -> datetime:
        """The instant that they name."""
        return self.batches[0].statements[0].at


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AwaitedKey:
    """An officer's key that is elsewhere.

    Args:
        public: its public half, as enrolled.
        prepared: what was prepared, once the officer has signed it.
        signatures: the officer's, by the place of the batch, and by algorithm.
    """

    public: Verifies
    prepared: Prepared | None = None
    signatures: Mapping[int, Mapping[str, bytes]] = field(default_factory=dict, repr=False)

    def agreed(self, made: Sequence[Sequence[Statement]]) -> list[list[Statement]]:
        """The statements that were prepared, where those made now say the same but for their ids, batch by batch.

        Raises:
            PendingError: nothing was prepared yet.
            RefusedError: they say something else: what they rest on has changed.
        """
        if self.prepared is None:
            raise _AwaitedError(made)
        before = [list(batch.statements) for batch in self.prepared.batches]
        if [*map(len, made)] != [*map(len, before)] or any(
            replace(now, id=then.id).to_bytes() != then.to_bytes()
            for now, then in zip(chain(*made), chain(*before), strict=True)
        ):
            text = "what this act rests on has changed since it was prepared"
            ground = {"effect": "refuse", "instrument": "", "article": "", "clause": "prepared", "text": text}
            raise RefusedError(
                text, verdict={"outcome": "refuse", "grounds": [ground]}, hint="prepare it again and read it"
            )
        return before

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """The signatures that the officer gave, where they are over these bytes.

        Raises:
            SignatureError: they are over others, or another's.
        """
        batches = self.prepared.batches if self.prepared is not None else ()
        place = next((place for place, batch in enumerate(batches) if batch.signed == signed), None)
        given = self.signatures.get(place, {}) if place is not None else {}
        self.public.verify(signed, given)
        return dict(given)


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
        return Prepared(batches=tuple(Batch(statements=tuple(batch)) for batch in waiting.batches))
    raise SignatureError("this act asked for no officer's signature")


def sign_prepared(statements: Sequence[bytes], key: Signs) -> dict[str, bytes]:
    """An officer's signatures over statements that a node prepared.

    Args:
        statements: the exact bytes of one batch, in their order.
        key: the officer's.
    """
    return key.sign(_signed(statements))


def _signed(statements: Sequence[bytes]) -> bytes:
    return pae(BATCH_TYPE, batch_payload(statements))
