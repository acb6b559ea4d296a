"""Makes vectors/parcel: `python tests/node/parcel_vectors.py`. ML-DSA signs by chance, so each run differs.

The keys come from the seed of an exercise and are worth nothing.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from carrying import exported, taken
from stories import finish, ready

from gsomia.keys import b64
from gsomia.node import identity
from gsomia.node.messages import Message
from gsomia.node.parcel.form import open_parcel
from gsomia.testing import Exercise

FOLDER = Path(__file__).parents[2] / "vectors" / "parcel"
DOCUMENT = b"EXERCISE launch report. " * 11_000


def walk(both: Exercise) -> list[tuple[str, str, bytes]]:
    """The four parcels of docs/spec/parcel.md: sender, recipient, bytes."""
    parcels: list[tuple[str, str, bytes]] = []

    def carried(sender: str, recipient: str) -> None:
        made, parcel = exported(both, sender, recipient)
        assert made is not None
        both.pass_time(timedelta(days=2))
        assert taken(both, recipient, parcel).refused == ()
        parcels.append((sender, recipient, parcel))

    sent = both["JPN"].transmit(DOCUMENT, to="KOR", level="極秘", title="EXERCISE launch report")
    carried("JPN", "KOR")
    carried("KOR", "JPN")
    carried("JPN", "KOR")
    finish(both["KOR"], sent.id)
    carried("KOR", "JPN")
    return parcels


def described(both: Exercise, sender: str, recipient: str, parcel: bytes) -> dict[str, Any]:
    """What lies in a parcel."""
    opened = open_parcel(io.BytesIO(parcel), lambda _: both[sender].node.keys.signing.public)
    parts: list[dict[str, str]] = []
    for number, part in enumerate(opened.contents.parts):
        if part.copy:
            parts.append({"copy": part.copy})
            continue
        message = Message.from_bytes(opened.message(number, both[recipient].node.identities).payload)
        parts.append({"message": message.type, "id": message.id, "answers": message.answers})
    contents = opened.contents
    return {"from": sender, "to": recipient, "number": contents.number, "seen": contents.seen, "parts": parts}


def main() -> None:
    """Write them."""
    with tempfile.TemporaryDirectory() as folder:
        both = ready(("JPN", "KOR"), "2018-01-10T12:00:00+09:00").again(Path(folder) / "nodes")
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        files = []
        for number, (sender, recipient, parcel) in enumerate(walk(both), 1):
            name = f"{number}-{sender}-{recipient}.parcel"
            (FOLDER / name).write_bytes(parcel)
            files.append({"file": name} | described(both, sender, recipient, parcel))
        index = {
            "note": "EXERCISE. One item from JPN to KOR by four parcels; the sealing keys are worth nothing.",
            "nodes": {party: identity(player.node, certificate="") for party, player in both.players.items()},
            "sealing": {party: b64(player.node.keys.sealing.to_bytes()) for party, player in both.players.items()},
            "parcels": files,
        }
        (FOLDER / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        both.__exit__()


if __name__ == "__main__":
    main()
