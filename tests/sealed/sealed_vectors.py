"""Makes vectors/sealed: `python tests/sealed/sealed_vectors.py`; the same files each time.

One file, one fault; the tampers are those of `tampers.py`. Keys come from seeds. What the crypto library draws by
itself and lets nobody choose, encapsulations and ML-DSA's signatures, is kept in `drawn.json` and taken from there.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sealing import VECTORS, drawn, identity, originator, private_keys, public, recipient, sealed
from taking_apart import OTHER_ITEM, PLAIN, Sample, archive, edited, entries, put_assertion, tags_of
from tampers import TAMPERS

from gsomia.keys import Envelope, SigningKey
from gsomia.sealed import (
    Encapsulation,
    PublicWrapKey,
    XWingPrivateKey,
    private_pem,
    provenance_assertion,
    public_pem,
    read,
    read_provenance,
    rewrap,
    seal,
    sign_batch,
)
from gsomia.sealed.assertion import bind
from gsomia.sealed.item import payload_key
from gsomia.sealed.policy import Policy

FOLDER = VECTORS / "sealed"
TOO_LARGE = 64 * 2**10
"""Files longer than this are left to the generator's reader to make: they would only fill the repository."""


class _Drawn:
    """What was drawn when the files were first made, by what it was drawn for; and what this time needs of it."""

    def __init__(self, path: Path) -> None:
        self._kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.used: dict[str, Any] = {}

    def of(self, purpose: bytes, draw: Callable[[], Any]) -> Any:
        """What was drawn for a purpose; drawn now where the purpose is new."""
        name = hashlib.sha256(purpose).hexdigest()
        if name not in self.used:
            self.used[name] = self._kept[name] if name in self._kept else draw()
        return self.used[name]


class _SeededCipher:
    """In the place of `AESGCM`: its keys come one after the other from a seed."""

    count = 0

    def __new__(cls, key: bytes) -> Any:
        return AESGCM(key)

    @classmethod
    def generate_key(cls, bit_length: int) -> bytes:
        cls.count += 1
        return drawn(f"cipher {cls.count}", bit_length // 8)


@contextmanager
def as_before(path: Path) -> Iterator[_Drawn]:
    """While it lasts, all that is drawn by chance is what was drawn before."""
    kept = _Drawn(path)
    keys: dict[int, PublicWrapKey] = {}
    begin, wrap, sign = Encapsulation.__init__, Encapsulation.wrap, SigningKey.sign

    def begun(self: Encapsulation, key: PublicWrapKey) -> None:
        keys[id(self)] = key
        begin(self, key)

    def wrapped(self: Encapsulation, share: bytes) -> tuple[bytes, str]:
        def draw() -> list[str]:
            data, ephemeral = wrap(self, share)
            return [base64.b64encode(data).decode(), ephemeral]

        data, ephemeral = kept.of(b"wrap" + public_pem(keys[id(self)]).encode() + share, draw)
        return base64.b64decode(data), ephemeral

    def signed(self: SigningKey, data: bytes) -> dict[str, bytes]:
        found = sign(self, data)
        purpose = b"sign" + self.public.fingerprint.encode() + data
        text = kept.of(purpose, lambda: base64.b64encode(found["ml-dsa-65"]).decode())
        return {**found, "ml-dsa-65": base64.b64decode(text)}

    _SeededCipher.count = 0
    with (
        mock.patch("gsomia.sealed.writer.AESGCM", _SeededCipher),
        mock.patch.object(Encapsulation, "__init__", begun),
        mock.patch.object(Encapsulation, "wrap", wrapped),
        mock.patch.object(SigningKey, "sign", signed),
    ):
        yield kept


def holds(sample: Sample) -> dict[str, tuple[bytes, list[str], bytes]]:
    """Files that open: their bytes, the names of the keys that together open them, and the plaintext."""
    keys = private_keys()
    made: dict[str, tuple[bytes, list[str], bytes]] = {}
    for name in keys:
        file = name.replace(":", "-")
        made[file] = (sealed(PLAIN, [recipient(keys[name], kid=name)], originator=originator())[0], [name], PLAIN)
    wing, rsa = "hpqt:xwing", "rsa:2048"
    two = [recipient(keys[wing], kid=wing, sid="1"), recipient(keys[rsa], kid=rsa, sid="2")]
    made["all-of-two"] = (sealed(PLAIN, two, originator=originator())[0], [wing, rsa], PLAIN)
    either = [recipient(keys[wing], kid=wing), recipient(keys[rsa], kid=rsa)]
    made["any-of-two"] = (sealed(PLAIN, either, originator=originator())[0], [rsa], PLAIN)
    made["empty"] = (sealed(b"", [recipient(keys[wing], kid=wing)], originator=originator())[0], [wing], b"")
    first = XWingPrivateKey(drawn("first", 32))
    passed = io.BytesIO()
    rewrap(
        io.BytesIO(sealed(PLAIN, [recipient(first)], originator=originator())[0]),
        passed,
        identities=[identity(first)],
        recipients=[recipient(keys[wing], kid=wing)],
    )
    made["rewrapped"] = (passed.getvalue(), [wing], PLAIN)
    made["stated-in-a-batch"] = (_batched(sample, 5), [wing], PLAIN)
    plain = io.BytesIO()
    to = [recipient(keys[wing], kid=wing)]
    seal(io.BytesIO(PLAIN), plain, recipients=to, policy=Policy(uuid="1"), mime_type="text/plain", segment_bytes=1024)
    made["without-statement"] = (plain.getvalue(), [wing], PLAIN)
    parts = replace(sample, good=plain.getvalue())
    made["plain-zip-manifest-first"] = (archive(entries(parts)[::-1]), [wing], PLAIN)
    return made


def _batched(s: Sample, size: int) -> bytes:
    statement = read_provenance(read(io.BytesIO(s.good)))
    assert isinstance(statement, Envelope)
    others = [b"EXERCISE %d" % number for number in range(size - 1)]
    entry = sign_batch([*others, statement.payload], originator())[-1]
    assertion = bind(provenance_assertion(entry), key=s.key, tags=tags_of(s))
    return edited(s, lambda manifest: put_assertion(manifest, "provenance", assertion))


def vector_sample() -> Sample:
    """As `tampers.sample`, with the keys' published names."""
    wing = private_keys()["hpqt:xwing"]
    to = [recipient(wing, kid="hpqt:xwing"), recipient(private_keys()["rsa:2048"], kid="rsa:2048")]
    good, _ = sealed(PLAIN, to, originator=originator())
    other, _ = sealed(PLAIN[::-1], to, originator=originator(), item=OTHER_ITEM)
    return Sample(good=good, other=other, key=payload_key(read(io.BytesIO(good)), [identity(wing, kid="hpqt:xwing")]))


def files() -> dict[str, bytes]:
    """Every file of the folder that the generator makes, by its path within."""
    path = FOLDER / "drawn.json"
    with as_before(path) as kept:
        made, index = _cases()
    published = {
        "originator": originator().public.to_json(),
        "private": {name: private_pem(key) for name, key in private_keys().items()},
        "public": {name: public_pem(public(key)) for name, key in private_keys().items()},
    }
    documents = {"index.json": index, "keys.json": published, "drawn.json": dict(sorted(kept.used.items()))}
    return made | {name: (json.dumps(value, indent=1) + "\n").encode() for name, value in documents.items()}


def _cases() -> tuple[dict[str, bytes], dict[str, list[dict[str, object]]]]:
    made: dict[str, bytes] = {}
    index: dict[str, list[dict[str, object]]] = {"holds": [], "refused": []}
    sample = vector_sample()
    for name, (data, keys, plain) in holds(sample).items():
        made[f"holds/{name}.tdf"] = data
        item = read(io.BytesIO(data))
        index["holds"].append(
            {
                "file": f"holds/{name}.tdf",
                "keys": keys,
                "statement": read_provenance(item) is not None,
                "payload_digest": item.payload_digest().hex(),
                "core_digest": item.core_digest.hex(),
                "plaintext_sha256": hashlib.sha256(plain).hexdigest(),
            }
        )
    for tamper in TAMPERS:
        data = tamper.make(sample)
        if len(data) > TOO_LARGE:
            continue
        file = f"refused/{tamper.name.replace('_', '-')}.tdf"
        made[file] = data
        index["refused"].append(
            {"file": file, "keys": ["hpqt:xwing"], "by": "statement" if tamper.holder else "format"}
        )
    return made, index


def main() -> None:
    """Write every file."""
    made = files()
    for name in ("holds", "refused"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True)
    for name, data in made.items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
