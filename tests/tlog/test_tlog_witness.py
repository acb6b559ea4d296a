"""Witnesses and proofs that travel: who is cosigned, who is refused, and lies that the log's own signatures prove."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import LogError, SignatureError, VerificationError
from gsomia.tlog import (
    EMPTY_ROOT,
    Checkpoint,
    Equivocation,
    Frontier,
    LogProof,
    LogSigner,
    Read,
    WitnessError,
    WitnessRefusal,
    WitnessRequest,
    add_signatures,
    commitment,
    consider,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    prove_fork,
    verify_cosignatures,
    witness,
)

AT = datetime(2031, 7, 1, 9, 30, tzinfo=UTC)
LOG = LogSigner("node.jpn.example/log/KOR", bytes(range(64)))
WITNESS = LogSigner("node.kor.example", bytes(range(64, 128)))
GREW = [leaf_hash(b"entry %d" % i) for i in range(70)]


def reader(hashes: list[bytes]) -> Read:
    _, completed = Frontier().append(hashes)
    stored = {(level, index): value for level, index, value in completed}
    return lambda level, index: stored[level, index]


def signed(size: int, seconds: float = 0, hashes: list[bytes] = GREW) -> bytes:
    frontier, _ = Frontier().append(hashes[:size])
    checkpoint = Checkpoint(origin=LOG.name, size=size, root=frontier.root())
    return LOG.sign_checkpoint(checkpoint, AT + timedelta(seconds=seconds))


def request(old: int, new: int, seconds: float = 0, hashes: list[bytes] = GREW) -> WitnessRequest:
    proof = consistency_proof(old, new, reader(hashes)) if 0 < old <= new else []
    return WitnessRequest(old_size=old, proof=tuple(proof), note=signed(new, seconds, hashes))


def refusal(kept: bytes | None, asked: WitnessRequest) -> WitnessError:
    with pytest.raises(WitnessError) as caught:
        witness(kept, asked, verifier=LOG.public, cosigner=WITNESS, at=AT + timedelta(seconds=30))
    return caught.value


def forked(at: int) -> list[bytes]:
    return [*GREW[:at], leaf_hash(b"another"), *GREW[at + 1 :]]


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_log_that_only_grew_is_cosigned(one: int, other: int) -> None:
    old, new = sorted((one, other))
    asked = request(old, new, 1)
    kept = signed(old) if old else None
    lines = witness(kept, asked, verifier=LOG.public, cosigner=WITNESS, at=AT + timedelta(seconds=2))
    note = add_signatures(asked.note, lines)
    (found,) = verify_cosignatures(note, [WITNESS.public])
    assert (found.name, found.signed_at) == (WITNESS.name, AT + timedelta(seconds=2))
    assert WitnessRequest.from_bytes(asked.to_bytes()) == asked


def test_a_witness_may_hold_an_empty_log() -> None:
    kept = consider(None, request(0, 0), verifier=LOG.public, at=AT)
    assert kept.checkpoint.root == EMPTY_ROOT
    assert consider(kept.note, request(0, 9, 1), verifier=LOG.public, at=AT).checkpoint.size == 9


@given(st.integers(1, 70), st.data())
def test_two_roots_for_one_size_are_a_proven_fork(size: int, data: st.DataObject) -> None:
    other = forked(data.draw(st.integers(0, size - 1)))
    error = refusal(signed(size), request(size, size, 1, other))
    assert error.kind is WitnessRefusal.FORK
    assert error.equivocation is not None
    assert error.equivocation.verify(LOG.public) is WitnessRefusal.FORK
    assert (error.kind.status, error.size) == (409, size)
    # A wrong `old` or clock does not hide it.
    for asked in (request(0, size, 1, other), request(size, size, 500, other)):
        assert refusal(signed(size), asked).kind is WitnessRefusal.FORK


@given(st.integers(1, 69), st.data())
def test_a_log_that_forked_in_its_past_is_never_cosigned_and_the_fork_can_be_proven(
    old: int, data: st.DataObject
) -> None:
    new = data.draw(st.integers(old + 1, 70))
    other = forked(data.draw(st.integers(0, old - 1)))
    kept, asked = signed(old), request(old, new, 1, other)
    error = refusal(kept, asked)
    assert error.kind in (WitnessRefusal.FORK, WitnessRefusal.PROOF)
    # The honest proof of the forked log gives the lie away, unless the old root was left out of it.
    assert (error.equivocation is not None) == (old & (old - 1) != 0)
    proven = prove_fork(kept, asked.note, reader(other[:new]), LOG.public)
    assert Equivocation.from_bytes(proven.to_bytes()) == proven
    assert proven.verify(LOG.public) is WitnessRefusal.FORK
    if error.equivocation is not None:
        assert error.equivocation == proven


@given(st.integers(1, 70), st.integers(1, 70), st.data())
def test_an_honest_log_cannot_be_accused(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    notes = (signed(old), signed(new, 1))
    with pytest.raises(LogError, match="contradict"):
        prove_fork(*notes, reader(GREW), LOG.public)
    if old < new:
        with pytest.raises(LogError):
            prove_fork(*notes, reader(forked(data.draw(st.integers(0, new - 1)))), LOG.public)
    some = tuple(data.draw(st.lists(st.sampled_from(GREW), max_size=8)))
    with pytest.raises(LogError):
        Equivocation(first=notes[0], second=notes[1], proof=some).verify(LOG.public)
    mine = LogSigner(LOG.name, bytes(64)).sign_checkpoint(Checkpoint(origin=LOG.name, size=old, root=bytes(32)), AT)
    with pytest.raises(SignatureError):
        Equivocation(first=notes[0], second=mine).verify(LOG.public)


def test_a_log_restored_from_an_old_backup_is_a_proven_rollback() -> None:
    kept = signed(40)
    for asked in (request(40, 38, 5), request(20, 38, 5), request(0, 38, 5)):
        error = refusal(kept, asked)
        assert error.kind is WitnessRefusal.ROLLBACK
        assert error.equivocation is not None
        assert error.equivocation.verify(LOG.public) is WitnessRefusal.ROLLBACK
        assert Equivocation.from_bytes(error.equivocation.to_bytes()) == error.equivocation


def test_an_old_checkpoint_sent_again_is_stale_and_no_lie() -> None:
    error = refusal(signed(40, 5), request(20, 30, 0))
    assert (error.kind, error.size, error.equivocation) == (WitnessRefusal.STALE, 40, None)
    assert error.kind.status == 409
    with pytest.raises(LogError, match="contradict"):
        Equivocation(first=signed(40, 5), second=signed(30, 0)).verify(LOG.public)
    with pytest.raises(LogError, match="contradict"):
        Equivocation(first=signed(40, 5), second=signed(30, 5)).verify(LOG.public)


def test_each_refusal_has_its_kind() -> None:
    kept = signed(40)
    good = request(40, 50, 1)
    bent = (bytes(32), *good.proof[1:])
    cases = [
        (kept, WitnessRequest(old_size=40, proof=bent, note=good.note), WitnessRefusal.PROOF),
        (kept, WitnessRequest(old_size=40, proof=(), note=good.note), WitnessRefusal.PROOF),
        (kept, WitnessRequest(old_size=40, proof=(*good.proof, bytes(32)), note=good.note), WitnessRefusal.PROOF),
        (kept, WitnessRequest(old_size=40, proof=(bytes(32),), note=signed(40, 1)), WitnessRefusal.PROOF),
        (None, WitnessRequest(old_size=0, proof=(bytes(32),), note=good.note), WitnessRefusal.PROOF),
        (None, good, WitnessRefusal.STALE),
        (kept, request(30, 50, 1), WitnessRefusal.STALE),
        (kept, WitnessRequest(old_size=60, proof=(), note=good.note), WitnessRefusal.MALFORMED),
        (kept, request(40, 50, 91), WitnessRefusal.CLOCK),
        (kept, request(40, 50, -1), WitnessRefusal.CLOCK),
        (kept, WitnessRequest(old_size=40, proof=good.proof, note=good.note[:-2] + b"\n"), WitnessRefusal.SIGNATURE),
        (kept, WitnessRequest(old_size=40, proof=good.proof, note=b""), WitnessRefusal.SIGNATURE),
    ]
    for before, asked, kind in cases:
        error = refusal(before, asked)
        assert (error.kind, error.equivocation) == (kind, None)
        assert error.size == (0 if before is None else 40)
    codes = {kind: kind.status for kind in WitnessRefusal}
    assert codes == {
        WitnessRefusal.MALFORMED: 400,
        WitnessRefusal.ORIGIN: 404,
        WitnessRefusal.SIGNATURE: 403,
        WitnessRefusal.CLOCK: 403,
        WitnessRefusal.STALE: 409,
        WitnessRefusal.PROOF: 422,
        WitnessRefusal.FORK: 409,
        WitnessRefusal.ROLLBACK: 409,
    }


def test_an_empty_log_with_another_root_is_not_cosigned() -> None:
    note = LOG.sign_checkpoint(Checkpoint(origin=LOG.name, size=0, root=bytes(32)), AT)
    assert refusal(None, WitnessRequest(old_size=0, proof=(), note=note)).kind is WitnessRefusal.PROOF


def test_another_logs_checkpoint_is_refused() -> None:
    stranger = LogSigner.generate("node.usa.example/log/KOR")
    note = stranger.sign_checkpoint(Checkpoint(origin=stranger.name, size=1, root=GREW[0]), AT)
    error = refusal(None, WitnessRequest(old_size=0, proof=(), note=note))
    assert (error.kind, error.kind.status) == (WitnessRefusal.ORIGIN, 404)


REQUEST = request(40, 50, 1).to_bytes()
LINE = base64.b64encode(bytes(32)) + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 40",
        REQUEST.replace(b"old 40", b"old 040"),
        REQUEST.replace(b"old 40", b"Old 40"),
        REQUEST.replace(b"old 40", b"old -1"),
        REQUEST.replace(b"old 40\n", b"old 40\nAAAA\n"),
        REQUEST.replace(b"old 40\n", b"old 40\n" + base64.b64encode(bytes(32)) * 2 + b"\n"),
        REQUEST.replace(b"old 40\n", b"old 40\n" + LINE * 60),
        REQUEST.replace(b"old 40", "old ４0".encode()),
    ],
)
def test_a_request_has_one_spelling(data: bytes) -> None:
    assert len(WitnessRequest.from_bytes(REQUEST).proof) == 4
    assert len(WitnessRequest.from_bytes(REQUEST.replace(b"old 40\n", b"old 40\n" + LINE * 59)).proof) == 63
    with pytest.raises(WitnessError) as caught:
        WitnessRequest.from_bytes(data)
    assert caught.value.kind is WitnessRefusal.MALFORMED


SALT, STATEMENT = bytes(range(32)), b"statement"
ENTRY = commitment(SALT, STATEMENT)
LOGGED = [*GREW[:41], leaf_hash(ENTRY), *GREW[42:]]
PROOF = LogProof(
    index=41,
    hashes=tuple(inclusion_proof(41, 70, reader(LOGGED))),
    note=add_signatures(signed(70, 0, LOGGED), WITNESS.cosign(signed(70, 0, LOGGED), AT)),
    extra=SALT,
)


def test_a_proof_is_checked_offline_with_its_witness() -> None:
    read = LogProof.from_bytes(PROOF.to_bytes())
    assert read == PROOF
    seen = read.verify(commitment(read.extra, STATEMENT), LOG.public)
    assert (seen.checkpoint.size, seen.signed_at) == (70, AT)
    assert [c.name for c in verify_cosignatures(read.note, [WITNESS.public])] == [WITNESS.name]
    assert read.to_bytes().startswith(b"c2sp.org/tlog-proof@v1\nextra AAEC")
    bare = LogProof(index=41, hashes=PROOF.hashes, note=PROOF.note)
    assert b"extra" not in bare.to_bytes()
    assert LogProof.from_bytes(bare.to_bytes()) == bare


def test_a_log_of_one_has_a_proof_without_hashes() -> None:
    proof = LogProof(index=0, hashes=(), note=signed(1))
    assert LogProof.from_bytes(proof.to_bytes()) == proof
    assert proof.verify(b"entry 0", LOG.public).checkpoint.size == 1


def test_a_proof_of_something_else_does_not_hold() -> None:
    with pytest.raises(LogError):
        PROOF.verify(commitment(SALT, b"another statement"), LOG.public)
    with pytest.raises(LogError):
        LogProof(index=40, hashes=PROOF.hashes, note=PROOF.note).verify(ENTRY, LOG.public)
    with pytest.raises(LogError):
        LogProof(index=41, hashes=PROOF.hashes[:-1], note=PROOF.note).verify(ENTRY, LOG.public)
    with pytest.raises(LogError):
        LogProof(index=41, hashes=PROOF.hashes, note=signed(70)).verify(ENTRY, LOG.public)
    with pytest.raises(VerificationError):
        PROOF.verify(ENTRY, WITNESS.public.named(LOG.name))


@given(st.integers(0, 8 * len(PROOF.to_bytes()) - 1))
def test_no_bit_of_a_proof_can_be_flipped_but_in_what_nothing_vouches_for(bit: int) -> None:
    raw = bytearray(PROOF.to_bytes())
    raw[bit // 8] ^= 1 << bit % 8
    try:
        read = LogProof.from_bytes(bytes(raw))
        read.verify(ENTRY, LOG.public)
        found = verify_cosignatures(read.note, [WITNESS.public])
    except VerificationError:
        return
    # The extra bytes are authenticated by the statement's commitment alone; and a signature whose name or key id was
    # altered is another, unknown key's, so the witness is missing then.
    assert commitment(read.extra, STATEMENT) != ENTRY or found == ()
    assert read.to_bytes() == bytes(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"index 41", b"index 041"),
        (b"index 41", b"index"),
        (b"index 41\n", b""),
        (b"extra AAEC", b"Extra AAEC"),
        (b"extra AAEC", b"extra AAE"),
        (b"index 41\n", b"index 41\nAAAA\n"),
        (b"index 41\n", b"index 41\n" + LINE * 57),
        (b"index 41\n", b"index 41\n\n"),
        (b"index 41", "index ４1".encode()),
        (b"\n70\n", b"\n070\n"),
    ],
)
def test_a_proof_has_one_spelling(old: bytes, new: bytes) -> None:
    data = PROOF.to_bytes()
    assert data.count(old) == 1
    with pytest.raises(LogError):
        LogProof.from_bytes(data.replace(old, new))


def test_an_extra_line_is_not_empty() -> None:
    data = LogProof(index=41, hashes=PROOF.hashes, note=PROOF.note).to_bytes()
    with pytest.raises(LogError, match="extra"):
        LogProof.from_bytes(data.replace(b"index", b"extra \nindex", 1))


@given(st.binary(max_size=6), st.data())
def test_what_is_read_as_an_equivocation_writes_back_the_same(patch: bytes, data: st.DataObject) -> None:
    good = Equivocation(first=signed(5), second=signed(5, 1, forked(2)), proof=(bytes(32),)).to_bytes()
    assert Equivocation.from_bytes(good).to_bytes() == good
    place = data.draw(st.integers(0, 100))
    mutated = good[:place] + patch + good[place + data.draw(st.integers(0, 3)) :]
    try:
        read = Equivocation.from_bytes(mutated)
    except LogError:
        return
    assert read.to_bytes() == mutated
