"""Writes `vectors/log`: run as `python tests/tlog/log_vectors.py`; ML-DSA signs by chance, so each run differs.

The keys come from published seeds and are worth nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gsomia.keys import b64
from gsomia.tlog import (
    Checkpoint,
    Equivocation,
    Frontier,
    LogProof,
    LogSigner,
    Read,
    WitnessRequest,
    add_signatures,
    commitment,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    prove_fork,
)

FOLDER = Path(__file__).parents[2] / "vectors" / "log"
AT = datetime(2031, 7, 1, 9, 30, tzinfo=UTC)
LOG = LogSigner("node.jpn.example/log/KOR", bytes(range(64)))
WITNESS = LogSigner("node.kor.example", bytes(range(64, 128)))
ENTRIES = [commitment(bytes([i]) * 32, b"statement %d" % i) for i in range(70)]
FORKED = [*ENTRIES[:11], bytes(32), *ENTRIES[12:]]


def reader(entries: list[bytes]) -> Read:
    _, completed = Frontier().append([leaf_hash(entry) for entry in entries])
    stored = {(level, index): value for level, index, value in completed}
    return lambda level, index: stored[level, index]


def signed(size: int, seconds: int = 0, entries: list[bytes] = ENTRIES) -> bytes:
    frontier, _ = Frontier().append([leaf_hash(entry) for entry in entries[:size]])
    checkpoint = Checkpoint(origin=LOG.name, size=size, root=frontier.root())
    return LOG.sign_checkpoint(checkpoint, AT + timedelta(seconds=seconds))


def without(note: bytes, line: int) -> bytes:
    lines = note.decode().splitlines(keepends=True)
    return "".join(lines[:line] + lines[line + 1 :]).encode()


def altered(data: bytes, old: str, new: str) -> bytes:
    assert data.decode().count(old) >= 1
    return data.decode().replace(old, new, 1).encode()


def checkpoints() -> dict[str, tuple[bytes, Any]]:
    note = signed(70)
    other = LogSigner(LOG.name, bytes(64))
    cosigned = add_signatures(note, WITNESS.cosign(note, AT + timedelta(seconds=3)))
    root = note.decode().split("\n")[2]
    holds = {"size": 70, "root": root, "signed_at": "2031-07-01T09:30:00Z", "witnesses": []}
    return {
        "holds": (note, holds),
        "cosigned": (cosigned, {**holds, "witnesses": [WITNESS.name]}),
        "cosigned-with-one-key-only": (without(cosigned, 7), holds),
        "empty-log": (signed(0), {**holds, "size": 0, "root": signed(0).decode().split("\n")[2]}),
        "without-ed25519": (without(note, 4), None),
        "without-ml-dsa-44": (without(note, 5), None),
        "size-altered": (altered(note, "\n70\n", "\n71\n"), None),
        "root-altered": (altered(note, root, b64(bytes(32))), None),
        "origin-altered": (altered(note, "log/KOR\n", "log/USA\n"), None),
        "size-with-leading-zero": (altered(note, "\n70\n", "\n070\n"), None),
        "extension-line": (altered(note, "\n\n", "\nextension\n\n"), None),
        "carriage-return": (altered(note, "\n70\n", "\r\n70\n"), None),
        "no-last-newline": (note[:-1], None),
        "other-key": (other.sign_checkpoint(Checkpoint.from_text(note.decode().split("\n\n")[0] + "\n"), AT), None),
        "cosignature-under-the-log-key-that-fails": (
            note + signed(69).decode().splitlines(keepends=True)[5].encode(),
            None,
        ),
    }


def proofs() -> dict[str, tuple[bytes, Any]]:
    hashes = tuple(inclusion_proof(41, 70, reader(ENTRIES)))
    note, salt = signed(70), bytes([41]) * 32
    good = LogProof(index=41, hashes=hashes, note=note, extra=salt)
    bent = (bytes(32), *hashes[1:])
    return {
        "holds": (good.to_bytes(), {"index": 41, "size": 70}),
        "without-extra": (LogProof(index=41, hashes=hashes, note=note).to_bytes(), {"index": 41, "size": 70}),
        "index-altered": (LogProof(index=40, hashes=hashes, note=note).to_bytes(), None),
        "hash-altered": (LogProof(index=41, hashes=bent, note=note).to_bytes(), None),
        "hash-missing": (LogProof(index=41, hashes=hashes[:-1], note=note).to_bytes(), None),
        "hash-too-many": (LogProof(index=41, hashes=(*hashes, bytes(32)), note=note).to_bytes(), None),
        "other-checkpoint": (LogProof(index=41, hashes=hashes, note=signed(69)).to_bytes(), None),
        "unsigned": (LogProof(index=41, hashes=hashes, note=without(without(note, 5), 4)).to_bytes(), None),
        "index-with-leading-zero": (altered(good.to_bytes(), "index 41", "index 041"), None),
        "empty-extra": (altered(good.to_bytes(), "extra " + b64(salt), "extra "), None),
        "no-header": (good.to_bytes().partition(b"\n")[2], None),
    }


def requests() -> dict[str, tuple[bytes, Any]]:
    def ask(old: int, new: int, seconds: int, entries: list[bytes] = ENTRIES, bend: bool = False) -> bytes:
        proof = consistency_proof(old, new, reader(entries)) if 0 < old <= new else []
        proof = [bytes(32), *proof[1:]] if bend else proof
        return WitnessRequest(old_size=old, proof=tuple(proof), note=signed(new, seconds, entries)).to_bytes()

    return {
        "grown": (ask(40, 70, 1), {"cosigned": 70}),
        "same-size": (ask(40, 40, 1), {"cosigned": 40}),
        "stale": (ask(30, 70, 1), {"refused": "stale"}),
        "from-nothing": (ask(0, 70, 1), {"refused": "stale"}),
        "old-checkpoint-again": (ask(20, 30, 0), {"refused": "stale"}),
        "rollback": (ask(20, 30, 5), {"refused": "rollback"}),
        "fork-same-size": (ask(40, 40, 1, FORKED), {"refused": "fork"}),
        "fork-in-the-past": (ask(40, 70, 1, FORKED), {"refused": "fork"}),
        "proof-altered": (ask(40, 70, 1, bend=True), {"refused": "proof"}),
        "signed-in-the-future": (ask(40, 70, 120), {"refused": "clock"}),
        "signed-before-the-last": (ask(40, 70, -5), {"refused": "clock"}),
        "size-altered": (altered(ask(40, 70, 1), "\n70\n", "\n71\n"), {"refused": "signature"}),
        "old-with-leading-zero": (altered(ask(40, 70, 1), "old 40", "old 040"), {"refused": "malformed"}),
    }


def equivocations() -> dict[str, tuple[bytes, Any]]:
    far = prove_fork(signed(40), signed(70, 1, FORKED), reader(FORKED), LOG.public)
    whole = prove_fork(signed(64), signed(70, 1, FORKED), reader(FORKED), LOG.public)
    honest = tuple(consistency_proof(40, 70, reader(ENTRIES)))
    return {
        "fork-same-size": (Equivocation(first=signed(40), second=signed(40, 0, FORKED)).to_bytes(), "fork"),
        "fork-two-sizes": (far.to_bytes(), "fork"),
        "fork-two-sizes-the-smaller-a-power-of-two": (whole.to_bytes(), "fork"),
        "rollback": (Equivocation(first=signed(40), second=signed(30, 1)).to_bytes(), "rollback"),
        "no-lie-grown": (Equivocation(first=signed(40), second=signed(70, 1), proof=honest).to_bytes(), None),
        "no-lie-same": (Equivocation(first=signed(40), second=signed(40, 1)).to_bytes(), None),
        "fork-unproven": (Equivocation(first=far.first, second=far.second).to_bytes(), None),
        "fork-by-another-key": (
            Equivocation(
                first=signed(40),
                second=LogSigner(LOG.name, bytes(64)).sign_checkpoint(
                    Checkpoint(origin=LOG.name, size=40, root=bytes(32)), AT
                ),
            ).to_bytes(),
            None,
        ),
    }


def main() -> None:
    """Write every case as a file of its own."""
    keys = {
        "log": [key.to_text() for key in LOG.public.log_keys()],
        "witness": [key.to_text() for key in WITNESS.public.witness_keys()],
    }
    write("keys", {**keys, "log_seed": b64(LOG.seed), "witness_seed": b64(WITNESS.seed)})
    salt = bytes([41]) * 32
    write("commitment", {"salt": b64(salt), "statement": "statement 41", "expect": b64(ENTRIES[41])})
    for name, (data, expect) in checkpoints().items():
        write(f"checkpoint/{name}", {"text": data.decode(), "expect": expect})
    for name, (data, expect) in proofs().items():
        write(f"proof/{name}", {"entry": b64(ENTRIES[41]), "text": data.decode(), "expect": expect})
    kept = signed(40).decode()
    at = (AT + timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    for name, (data, expect) in requests().items():
        write(f"witness/{name}", {"kept": kept, "at": at, "text": data.decode(), "expect": expect})
    for name, (data, expect) in equivocations().items():
        write(f"equivocation/{name}", {"text": data.decode(), "expect": expect})


def write(name: str, case: dict[str, Any]) -> None:
    path = FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(case, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
