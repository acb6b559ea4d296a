"""Witnessing: when a Party's node cosigns another's checkpoint, and what proves that a log lied.

A witness keeps the last checkpoint it cosigned of each log, and cosigns a later one only where a proof shows that it
only added entries (c2sp.org/tlog-witness). Two things a log can never explain, and both are proven to anyone by its own
signatures:

- a *fork*: two checkpoints that cannot belong to one growing list;
- a *rollback*: a smaller checkpoint signed later, for each signature says that this is the largest tree so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gsomia.errors import LogError, VerificationError
from gsomia.keys import b64
from gsomia.tlog.frontier import Frontier
from gsomia.tlog.notes import Checkpoint, decimal, hash_from_text, parse_note
from gsomia.tlog.signing import LogSigner, LogVerifier, SignedCheckpoint, verify_signed
from gsomia.tlog.tree import EMPTY_ROOT, Read, consistency_proof, consistent_roots, verify_consistency

__all__ = [
    "Equivocation",
    "WitnessError",
    "WitnessRefusal",
    "WitnessRequest",
    "consider",
    "prove_fork",
    "witness",
]

HEADER = "gsomia/log-equivocation@v1"

MAX_HASHES = 63
"""The most lines of proof that a witness takes (c2sp.org/tlog-witness)."""

MAX_SKEW = timedelta(seconds=60)
"""How far ahead of the witness's clock a log may sign, unless the caller sets another bound."""


class WitnessRefusal(StrEnum):
    """Why a witness does not cosign; each has its answer over HTTP."""

    MALFORMED = "malformed"
    """The request cannot be read (400)."""
    ORIGIN = "origin"
    """It is no log that this witness knows (404)."""
    SIGNATURE = "signature"
    """The log's signatures do not hold (403)."""
    CLOCK = "clock"
    """The log signed at a time that has not come yet, or earlier than the checkpoint before (403)."""
    STALE = "stale"
    """The proof begins at another size than the last cosigned one; ask again from that (409)."""
    PROOF = "proof"
    """The consistency proof does not hold (422)."""
    FORK = "fork"
    """Two signed checkpoints that cannot belong to one log (409)."""
    ROLLBACK = "rollback"
    """A smaller checkpoint, signed later (409)."""

    @property
    def status(self) -> int:
        """The status code of the HTTP answer (c2sp.org/tlog-witness)."""
        codes = {"malformed": 400, "origin": 404, "signature": 403, "clock": 403, "proof": 422}
        return codes.get(self.value, 409)


class WitnessError(LogError):
    """The witness does not cosign.

    Args:
        message: why, for people.
        kind: why, for programs.
        size: of the last checkpoint that was cosigned; 0 for none.
        equivocation: where the log is proven to have lied, both its checkpoints.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: WitnessRefusal,
        size: int = 0,
        equivocation: Equivocation | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.size = size
        self.equivocation = equivocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivocation:
    """Two signed checkpoints of one log that cannot both be honest; it convinces whoever has the log's public keys.

    Args:
        first: the signed checkpoint that was seen first.
        second: the other one.
        proof: for a fork between two sizes, hashes of the larger tree that give its signed root and, for the
            smaller size, another root than the signed one; empty where the two checkpoints are enough.
    """

    first: bytes
    second: bytes
    proof: tuple[bytes, ...] = ()

    def verify(self, verifier: LogVerifier) -> WitnessRefusal:
        """Check that the two prove what they are said to prove.

        Args:
            verifier: the log's keys.

        Returns:
            `FORK` or `ROLLBACK`.

        Raises:
            SignatureError: a checkpoint is not signed by the log.
            LogError: nothing is proven by them.
        """
        first, second = verify_signed(self.first, verifier), verify_signed(self.second, verifier)
        small, large = sorted((first, second), key=lambda signed: signed.checkpoint.size)
        if _forked(small, large, self.proof):
            return WitnessRefusal.FORK
        if small.checkpoint.size < large.checkpoint.size and small.signed_at > large.signed_at:
            return WitnessRefusal.ROLLBACK
        raise LogError(f"the two checkpoints of `{verifier.name}` do not contradict each other")

    def to_bytes(self) -> bytes:
        """A header, the lengths of both notes, the hashes, a blank line, and the notes."""
        head = [HEADER, f"first {len(self.first)}", f"second {len(self.second)}", *map(b64, self.proof)]
        return ("\n".join(head) + "\n\n").encode() + self.first + self.second

    @classmethod
    def from_bytes(cls, data: bytes) -> Equivocation:
        """Read what `to_bytes` wrote, in its one spelling; nothing is verified yet.

        Raises:
            LogError: not exactly that.
        """
        head, _, notes = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise LogError("the head of an equivocation is ASCII") from error
        named = len(lines) >= 3 and lines[1].startswith("first ") and lines[2].startswith("second ")
        if not named or lines[0] != HEADER or len(lines) > 4 + MAX_HASHES:
            raise LogError(f"an equivocation begins with `{HEADER}`, `first` and `second`")
        first, second = decimal(lines[1].removeprefix("first ")), decimal(lines[2].removeprefix("second "))
        if first + second != len(notes):
            raise LogError("the two notes have other lengths than stated")
        return cls(first=notes[:first], second=notes[first:], proof=tuple(map(hash_from_text, lines[3:])))


def _forked(small: SignedCheckpoint, large: SignedCheckpoint, proof: Sequence[bytes]) -> bool:
    """Whether the smaller signed tree is shown not to be the beginning of the larger one."""
    old, new = small.checkpoint, large.checkpoint
    if old.size == new.size:
        return old.root != new.root
    if old.size == 0:
        return old.root != EMPTY_ROOT
    if not proof:
        return False
    # The hashes give the larger tree's signed root, so they are hashes of that very tree; what they give for its
    # beginning is therefore its true beginning, and if another one was signed the log has forked.
    roots = consistent_roots(old.size, new.size, proof)
    return roots[1] == new.root and roots[0] != old.root


def prove_fork(first: bytes, second: bytes, read: Read, verifier: LogVerifier) -> Equivocation:
    """Prove that two checkpoints of a log cannot be of one list, from the larger tree's hashes.

    Args:
        first, second: the signed checkpoints, in the order they were seen.
        read: stored hashes of the larger tree, as its holder computed them from the entries.
        verifier: the log's keys.

    Raises:
        LogError: they do not contradict each other, or `read` is of another tree.
    """
    signed = sorted((verify_signed(n, verifier) for n in (first, second)), key=lambda s: s.checkpoint.size)
    old, new = (s.checkpoint.size for s in signed)
    proof: list[bytes] = []
    if 0 < old < new:
        proof = consistency_proof(old, new, read)
        if old & (old - 1) == 0:
            # RFC 6962 leaves the old root out where it is one of the hashes; here it is what is to be shown.
            proof.insert(0, Frontier.at(old, read).root())
    equivocation = Equivocation(first=first, second=second, proof=tuple(proof))
    equivocation.verify(verifier)
    return equivocation


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessRequest:
    """What a log sends to its witness: `add-checkpoint` of c2sp.org/tlog-witness.

    Args:
        old_size: the size that the witness last cosigned, as the log knows it; 0 for none.
        proof: the consistency proof from there; empty from size 0.
        note: the signed checkpoint.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    def to_bytes(self) -> bytes:
        """The request's body."""
        lines = [f"old {self.old_size}", *map(b64, self.proof)]
        return ("\n".join(lines) + "\n\n").encode() + self.note

    @classmethod
    def from_bytes(cls, data: bytes) -> WitnessRequest:
        """Read a request's body in its one spelling; nothing is verified yet.

        Raises:
            WitnessError: not such a body.
        """
        try:
            head, blank, note = data.partition(b"\n\n")
            lines = head.decode("ascii").split("\n")
            if not blank or not lines[0].startswith("old "):
                raise LogError("a request to a witness begins with `old` and a size")
            if len(lines) > 1 + MAX_HASHES:
                raise LogError(f"a proof of {len(lines) - 1} hashes where at most {MAX_HASHES} are taken")
            proof = tuple(map(hash_from_text, lines[1:]))
            return cls(old_size=decimal(lines[0].removeprefix("old ")), proof=proof, note=note)
        except (LogError, UnicodeDecodeError) as error:
            raise WitnessError(f"the request cannot be read: {error}", kind=WitnessRefusal.MALFORMED) from error


def consider(
    kept: bytes | None,
    request: WitnessRequest,
    *,
    verifier: LogVerifier,
    at: datetime,
    max_skew: timedelta = MAX_SKEW,
) -> SignedCheckpoint:
    """Judge whether a witness may cosign a checkpoint.

    Args:
        kept: the signed checkpoint of this log that was cosigned last, or `None`.
        request: what the log sent.
        verifier: the log's keys, under its origin.
        at: the witness's time.
        max_skew: how far ahead of it the log may have signed.

    Returns:
        The verified checkpoint: what the witness keeps from now on.

    Raises:
        WitnessError: it may not be cosigned; with the proof where the log is caught in a lie.
        VerificationError: `kept` itself does not hold.
    """
    before = verify_signed(kept, verifier) if kept is not None else None
    size = before.checkpoint.size if before is not None else 0
    try:
        origin = Checkpoint.from_text(parse_note(request.note).text).origin
        if origin != verifier.name:
            raise WitnessError(f"`{origin}` is no log for this witness", kind=WitnessRefusal.ORIGIN, size=size)
        signed = verify_signed(request.note, verifier)
    except WitnessError:
        raise
    except VerificationError as error:
        raise WitnessError(
            f"the checkpoint does not hold: {error}", kind=WitnessRefusal.SIGNATURE, size=size
        ) from error
    new = signed.checkpoint

    def refuse(kind: WitnessRefusal, message: str, *, proven: tuple[bytes, ...] | None = None) -> WitnessError:
        lie = None
        if proven is not None and before is not None:
            lie = Equivocation(first=before.note, second=signed.note, proof=proven)
        return WitnessError(message, kind=kind, size=size, equivocation=lie)

    # A lie is looked for before anything else: neither a wrong `old` nor a bad proof may hide it.
    if before is not None:
        old = before.checkpoint
        if new.size == old.size and new.root != old.root:
            message = f"`{new.origin}` signed two roots for size {new.size}"
            raise refuse(WitnessRefusal.FORK, message, proven=())
        if new.size < old.size and signed.signed_at > before.signed_at:
            message = f"`{new.origin}` signed size {new.size} after it had signed size {old.size}"
            raise refuse(WitnessRefusal.ROLLBACK, message, proven=())
    if signed.signed_at > at + max_skew:
        raise refuse(WitnessRefusal.CLOCK, f"`{new.origin}` signed at {signed.signed_at:%Y-%m-%dT%H:%M:%SZ}, to come")
    if request.old_size > new.size:
        raise refuse(WitnessRefusal.MALFORMED, f"a proof from size {request.old_size} to the smaller {new.size}")
    if request.old_size != size:
        raise refuse(WitnessRefusal.STALE, f"the last size that was cosigned is {size}, not {request.old_size}")
    if before is None or size == 0:
        if request.proof:
            raise refuse(WitnessRefusal.PROOF, "there is no proof from the empty log, and none was needed")
        if new.size == 0 and new.root != EMPTY_ROOT:
            raise refuse(WitnessRefusal.PROOF, "the root of an empty log is not that of the empty tree")
        return signed
    old = before.checkpoint
    try:
        verify_consistency(old.size, new.size, old.root, new.root, request.proof)
    except LogError as error:
        lie = _fork_in(before, signed, request.proof)
        kind = WitnessRefusal.PROOF if lie is None else WitnessRefusal.FORK
        raise refuse(kind, f"size {new.size} does not continue size {old.size}: {error}", proven=lie) from error
    if new.size > old.size and signed.signed_at < before.signed_at:
        # Consistent, but with such times the pair would pass for a rollback: an honest log's clock never goes back.
        raise refuse(WitnessRefusal.CLOCK, f"`{new.origin}` signed size {new.size} earlier than size {old.size}")
    return signed


def _fork_in(before: SignedCheckpoint, signed: SignedCheckpoint, proof: tuple[bytes, ...]) -> tuple[bytes, ...] | None:
    """The proof, where it does not show consistency but proves a fork."""
    try:
        return proof if _forked(before, signed, proof) else None
    except LogError:
        return None


def witness(
    kept: bytes | None,
    request: WitnessRequest,
    *,
    verifier: LogVerifier,
    cosigner: LogSigner,
    at: datetime,
    max_skew: timedelta = MAX_SKEW,
) -> bytes:
    """Cosign a checkpoint, if `consider` lets it.

    The caller reads `kept`, calls this, and stores `request.note` in its place before it answers, all in one
    transaction: two requests at once could otherwise roll the witness back (c2sp.org/tlog-witness).

    Args:
        kept: the signed checkpoint of this log that was cosigned last, or `None`.
        request: what the log sent.
        verifier: the log's keys, under its origin.
        cosigner: the witness's keys, under the witness's name.
        at: the witness's time.
        max_skew: how far ahead of it the log may have signed.

    Returns:
        Two signature lines, to be added to the note with `add_signatures`.

    Raises:
        WitnessError: it may not be cosigned; with the proof where the log is caught in a lie.
    """
    signed = consider(kept, request, verifier=verifier, at=at, max_skew=max_skew)
    return cosigner.cosign(signed.note, at)
