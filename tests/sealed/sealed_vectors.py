"""Makes vectors/sealed: `python tests/sealed/sealed_vectors.py`. Its keys are made anew each time, for these alone.

One file, one fault; the tampers are those of `tampers.py`.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import shutil

from sealing import VECTORS, identity, originator, private_keys, public, recipient, sealed
from tampers import OTHER_ITEM, PLAIN, TAMPERS, Sample, _tags, _with, archive, edited, entries, note

from gsomia.keys import Envelope
from gsomia.sealed import (
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


def holds() -> dict[str, tuple[bytes, list[str], bytes]]:
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
    first = XWingPrivateKey.generate()
    passed = io.BytesIO()
    rewrap(
        io.BytesIO(sealed(PLAIN, [recipient(first)], originator=originator())[0]),
        passed,
        identities=[identity(first)],
        recipients=[recipient(keys[wing], kid=wing)],
    )
    made["rewrapped"] = (passed.getvalue(), [wing], PLAIN)
    made["stated-in-a-batch"] = (_batched(vector_sample(), 5), [wing], PLAIN)
    plain = io.BytesIO()
    to = [recipient(keys[wing], kid=wing)]
    seal(io.BytesIO(PLAIN), plain, recipients=to, policy=Policy(uuid="1"), mime_type="text/plain", segment_bytes=1024)
    made["without-statement"] = (plain.getvalue(), [wing], PLAIN)
    made["plain-zip-manifest-first"] = (archive(entries(vector_sample())[::-1]), [wing], PLAIN)
    return made


def _batched(s: Sample, size: int) -> bytes:
    statement = read_provenance(read(io.BytesIO(s.good)))
    assert isinstance(statement, Envelope)
    others = [b"EXERCISE %d" % number for number in range(size - 1)]
    entry = sign_batch([*others, statement.payload], originator())[-1]
    assertion = bind(provenance_assertion(entry), key=s.key, tags=_tags(s))
    return edited(s, lambda manifest: _with(manifest, "provenance", assertion))


@functools.cache
def vector_sample() -> Sample:
    """As `tampers.sample`, with the keys' published names."""
    wing = private_keys()["hpqt:xwing"]
    to = [recipient(wing, kid="hpqt:xwing"), recipient(private_keys()["rsa:2048"], kid="rsa:2048")]
    good, _ = sealed(PLAIN, to, originator=originator(), assertions=[note()])
    other, _ = sealed(PLAIN[::-1], to, originator=originator(), assertions=[note()], item=OTHER_ITEM)
    return Sample(good=good, other=other, key=payload_key(read(io.BytesIO(good)), [identity(wing, kid="hpqt:xwing")]))


def main() -> None:
    """Write every file and the index."""
    for name in ("holds", "refused"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True)
    index: dict[str, list[dict[str, object]]] = {"holds": [], "refused": []}
    for name, (data, keys, plain) in holds().items():
        (FOLDER / "holds" / f"{name}.tdf").write_bytes(data)
        item = read(io.BytesIO(data))
        index["holds"].append(
            {
                "file": f"holds/{name}.tdf",
                "keys": keys,
                "statement": name != "without-statement",
                "payload_digest": item.payload_digest().hex(),
                "core_digest": item.core_digest.hex(),
                "plaintext_sha256": hashlib.sha256(plain).hexdigest(),
            }
        )
    sample = vector_sample()
    for tamper in TAMPERS:
        data = tamper.make(sample)
        if len(data) > TOO_LARGE:
            continue
        file = f"refused/{tamper.name.replace('_', '-')}.tdf"
        (FOLDER / file).write_bytes(data)
        index["refused"].append(
            {"file": file, "keys": ["hpqt:xwing"], "by": "statement" if tamper.holder else "format"}
        )
    (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    published = {
        "originator": originator().public.to_json(),
        "private": {name: private_pem(key) for name, key in private_keys().items()},
        "public": {name: public_pem(public(key)) for name, key in private_keys().items()},
    }
    (FOLDER / "keys.json").write_text(json.dumps(published, indent=1) + "\n")


if __name__ == "__main__":
    main()
