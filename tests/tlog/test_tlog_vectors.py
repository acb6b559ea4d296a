"""Our own vectors of `vectors/log`, one file one fault; and other people's parser on our notes."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gsomia.errors import LogError, VerificationError
from gsomia.keys import b64, unb64
from gsomia.tlog import (
    Equivocation,
    LogProof,
    LogSigner,
    LogVerifier,
    NoteKey,
    WitnessError,
    WitnessRequest,
    commitment,
    verify_checkpoint,
    verify_cosignatures,
    verify_signed,
    witness,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "log"


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


KEYS = load(VECTORS / "keys.json")
LOG = LogVerifier.from_text("".join(f"{key}\n" for key in KEYS["log"]))
WITNESS = LogSigner("node.kor.example", unb64(KEYS["witness_seed"]))


def cases(kind: str) -> pytest.MarkDecorator:
    found = sorted((VECTORS / kind).glob("*.json"))
    assert found
    return pytest.mark.parametrize("case", [pytest.param(load(path), id=path.stem) for path in found])


def test_the_keys_come_from_their_seeds() -> None:
    assert LogSigner(LOG.name, unb64(KEYS["log_seed"])).public == LOG
    assert [NoteKey.from_text(text) for text in KEYS["witness"]] == list(WITNESS.public.witness_keys())


def test_the_commitment() -> None:
    case = load(VECTORS / "commitment.json")
    assert b64(commitment(unb64(case["salt"]), case["statement"].encode())) == case["expect"]


@cases("checkpoint")
def test_checkpoint(case: Any) -> None:
    note = case["text"].encode()
    if case["expect"] is None:
        with pytest.raises(VerificationError):
            verify_checkpoint(note, LOG)
        return
    seen = verify_signed(note, LOG)
    assert case["expect"] == {
        "size": seen.checkpoint.size,
        "root": b64(seen.checkpoint.root),
        "signed_at": f"{seen.signed_at:%Y-%m-%dT%H:%M:%SZ}",
        "witnesses": [c.name for c in verify_cosignatures(note, [WITNESS.public])],
    }


@cases("proof")
def test_proof(case: Any) -> None:
    data, entry = case["text"].encode(), unb64(case["entry"])
    if case["expect"] is None:
        with pytest.raises(VerificationError):
            LogProof.from_bytes(data).verify(entry, LOG)
        return
    proof = LogProof.from_bytes(data)
    size = proof.verify(entry, LOG).checkpoint.size
    assert case["expect"] == {"index": proof.index, "size": size}
    assert proof.to_bytes() == data


@cases("witness")
def test_witness(case: Any) -> None:
    at = datetime.fromisoformat(case["at"])
    try:
        request = WitnessRequest.from_bytes(case["text"].encode())
        witness(case["kept"].encode(), request, verifier=LOG, cosigner=WITNESS, at=at)
    except WitnessError as error:
        assert case["expect"] == {"refused": error.kind}
        assert (error.equivocation is not None) == (error.kind in ("fork", "rollback"))
        if error.equivocation is not None:
            assert error.equivocation.verify(LOG) == error.kind
        return
    assert case["expect"] == {"cosigned": verify_checkpoint(request.note, LOG).size}


@cases("equivocation")
def test_equivocation(case: Any) -> None:
    equivocation = Equivocation.from_bytes(case["text"].encode())
    assert equivocation.to_bytes() == case["text"].encode()
    if case["expect"] is None:
        with pytest.raises(VerificationError):
            equivocation.verify(LOG)
    else:
        assert equivocation.verify(LOG) == case["expect"]


def test_the_parser_of_sigstore_reads_our_checkpoints() -> None:
    theirs: Any = pytest.importorskip("sigstore._internal.rekor.checkpoint", reason="sigstore is not installed")
    text = load(VECTORS / "checkpoint" / "cosigned.json")["text"]
    read = theirs.SignedCheckpoint.from_text(text)
    ours = verify_checkpoint(text.encode(), LOG)
    assert (read.checkpoint.origin, read.checkpoint.log_size) == (ours.origin, ours.size)
    assert bytes.fromhex(read.checkpoint.log_hash) == ours.root
    assert [s.name for s in read.signed_note.signatures] == [LOG.name, LOG.name, WITNESS.name, WITNESS.name]
    first = read.signed_note.signatures[0]
    assert first.sig_hash == LOG.log_keys()[0].key_id
    Ed25519PublicKey.from_public_bytes(LOG.ed25519).verify(
        unb64(first.signature.decode()), read.signed_note.note.encode()
    )


def test_each_page_of_the_vectors_is_counted() -> None:
    counts = {p.name: len(list(p.glob("*.json"))) for p in VECTORS.iterdir() if p.is_dir()}
    assert counts == {"checkpoint": 15, "proof": 11, "witness": 13, "equivocation": 8}
    with pytest.raises(LogError):
        Equivocation.from_bytes(b"")
