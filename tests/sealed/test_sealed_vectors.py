"""The vectors in `vectors/sealed`, read as another implementation would read them."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from sealed_vectors import files
from sealing import VECTORS
from tampers import TAMPERS

from gsomia.errors import SealError, VerificationError
from gsomia.keys import PublicKey
from gsomia.sealed import Identity, check_provenance, load_private_key, read, read_provenance

FOLDER = VECTORS / "sealed"
INDEX = json.loads((FOLDER / "index.json").read_text())
KEYS = json.loads((FOLDER / "keys.json").read_text())
ORIGINATOR = PublicKey.from_json(KEYS["originator"])


def identities(case: dict[str, Any]) -> list[Identity]:
    return [Identity(kid=name, key=load_private_key(KEYS["private"][name].encode())) for name in case["keys"]]


def accept(case: dict[str, Any], sink: io.BytesIO, *, stated: bool) -> tuple[str, str]:
    item = read(io.BytesIO((FOLDER / case["file"]).read_bytes()))
    digest = None
    if stated:
        envelope = read_provenance(item)
        if envelope is None:
            raise SealError("origin: unproven")
        digest = check_provenance(item, envelope, ORIGINATOR).payload_digest
    item.open(identities(case), sink, payload_digest=digest)
    return item.payload_digest().hex(), item.core_digest.hex()


@pytest.mark.parametrize("case", INDEX["holds"], ids=lambda case: case["file"])
def test_what_holds_opens(case: dict[str, Any]) -> None:
    sink = io.BytesIO()
    digests = accept(case, sink, stated=case["statement"])
    assert digests == (case["payload_digest"], case["core_digest"])
    assert hashlib.sha256(sink.getvalue()).hexdigest() == case["plaintext_sha256"]


@pytest.mark.parametrize("case", INDEX["refused"], ids=lambda case: case["file"])
def test_what_has_a_fault_is_refused(case: dict[str, Any]) -> None:
    sink = io.BytesIO()
    with pytest.raises(VerificationError):
        accept(case, sink, stated=True)
    assert sink.getvalue() == b""
    if case["by"] == "format":
        with pytest.raises(VerificationError):
            accept(case, sink, stated=False)
    else:
        accept(case, sink, stated=False)


def test_the_generator_makes_the_same_files_again() -> None:
    made = files()
    assert {name for name, data in made.items() if (FOLDER / name).read_bytes() != data} == set()


def test_every_file_is_listed_and_every_tamper_has_its_file_or_is_too_large() -> None:
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.tdf")}
    assert files == {case["file"] for cases in INDEX.values() for case in cases}
    named = {case["file"].removeprefix("refused/").removesuffix(".tdf").replace("-", "_") for case in INDEX["refused"]}
    left_out = {tamper.name for tamper in TAMPERS} - named
    assert named <= {tamper.name for tamper in TAMPERS}
    large = {"manifest_padded_beyond_the_limit", "manifest_too_deep", "too_many_segments", "too_many_may_open"}
    assert left_out == large
