"""The parcels of docs/spec/parcel.md: each opens for its recipient alone, and each alteration of it is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from lying import turned

from gsomia.errors import SealError, VerificationError
from gsomia.keys import PublicKey, unb64, verify
from gsomia.node.messages import MESSAGE_TYPE, Message
from gsomia.node.parcel.form import Parcel, open_parcel
from gsomia.sealed import Identity, XWingPrivateKey, read

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "parcel"
INDEX: dict[str, Any] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
SIGNING = {party: PublicKey.from_json(value["signing"]) for party, value in INDEX["nodes"].items()}


def identities(party: str) -> list[Identity]:
    """A node's sealing key."""
    key = XWingPrivateKey.from_bytes(unb64(INDEX["sealing"][party]))
    return [Identity(kid=key.kid, key=key)]


def opened(data: bytes) -> Parcel:
    """A parcel, all of it checked."""
    parcel = open_parcel(io.BytesIO(data), lambda sender: SIGNING[sender])
    parcel.check()
    return parcel


@pytest.mark.parametrize("entry", INDEX["parcels"], ids=lambda entry: str(entry["file"]))
def test_each_opens_and_holds_what_the_index_says(entry: dict[str, Any]) -> None:
    data = (FOLDER / entry["file"]).read_bytes()
    parcel = opened(data)
    contents = parcel.contents
    assert contents.exercise and contents.recipient == entry["to"] and contents.sender == entry["from"]
    assert (contents.number, contents.seen) == (entry["number"], entry["seen"])
    for number, (part, said) in enumerate(zip(contents.parts, entry["parts"], strict=True)):
        if part.copy:
            sealed = read(io.BytesIO(b"".join(parcel.chunks(number))))
            assert said == {"copy": part.copy} and part.copy.startswith(sealed.item_id)
            assert sealed.segment(0, identities(entry["to"])).startswith(b"EXERCISE launch report")
            continue
        message = Message.from_bytes(
            verify(parcel.message(number, identities(entry["to"])), MESSAGE_TYPE, [SIGNING[entry["from"]]])
        )
        assert said == {"message": message.type, "id": message.id, "answers": message.answers}
        assert (message.at, message.sender, message.recipient) == (contents.at, entry["from"], entry["to"])
        with pytest.raises(SealError, match="none of the keys"):
            parcel.message(number, identities(entry["from"]))


@pytest.mark.parametrize("entry", INDEX["parcels"], ids=lambda entry: str(entry["file"]))
def test_each_alteration_is_refused(entry: dict[str, Any]) -> None:
    data = (FOLDER / entry["file"]).read_bytes()
    size = len(data)
    for place in {0, 15, 16, size - 1, size - 16, size - 17, *range(0, size, size // 29)}:
        with pytest.raises(VerificationError):
            opened(turned(data, place))
        with pytest.raises(VerificationError):
            opened(data[:place])
        with pytest.raises(VerificationError):
            opened(data[:place] + b"0" + data[place:])


def test_they_are_those_of_the_example() -> None:
    told = [[part.get("message", "content") for part in entry["parts"]] for entry in INDEX["parcels"]]
    assert told == [
        ["checkpoints", "offers", "checkpoints"],
        ["checkpoints", "answers", "cosigned", "checkpoints"],
        ["checkpoints", "cosigned", "content", "deliver", "checkpoints"],
        ["checkpoints", "delivered", "cosigned", "acts", "checkpoints"],
    ]
