"""Key release: a holder's node decides on requests for a key, unwraps, wraps to the asker, and logs each answer.

The whole of what the node does with a message of 256 requests, but for the message's own signatures: strict parsing,
the verdict by the agreement, the item read from its file, the share unwrapped by the node's key and wrapped to the
request's, an act for each, one signature for all, one transaction with fsync. A node's own key is X-Wing; the rows of
other kinds put a key of that kind in its place; the answer is still wrapped by X-Wing, as between nodes it always is.
"""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bench.measure import Result, compare
from gsomia.app import offered_law, shipped_acts
from gsomia.node import Node, PersonDetails
from gsomia.node.holding.keyrelease import answer_key_requests
from gsomia.node.holding.keyrequests import KeyRequest
from gsomia.node.messages import Message
from gsomia.registry import Copy, Custody
from gsomia.sealed import Identity, PrivateKey, Recipient, XWingPrivateKey, rewrap
from gsomia.sealed.wrap import unwrap, wrap
from gsomia.testing import Exercise

__all__ = ["release_rows"]

AT = datetime(2026, 11, 24, tzinfo=UTC)
ITEMS, MANY = 16, 256


def release_rows(short: bool) -> Iterator[Result]:
    """Releases a second by kind of key, beside unwrapping and wrapping alone."""
    many, rounds = (8, 1) if short else (MANY, 5)
    kinds: dict[str, PrivateKey | None] = {
        "xwing": None,
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "rsa2048": rsa.generate_private_key(65537, 2048),
    }
    with tempfile.TemporaryDirectory() as folder:
        parties, law = ("JPN", "KOR"), offered_law()
        with Exercise(Path(folder), parties, law=law, history=shipped_acts(), at=AT) as exercise:
            exercise.enter(
                PersonDetails(id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main",)), "KOR"
            )
            documents = [b"EXERCISE %d" % number for number in range(ITEMS)]
            copies = [
                exercise["JPN"].transmit(document, to="KOR", level="極秘", custody=Custody.ORIGINATOR)
                for document in documents
            ]
            exercise.settle()
            node = exercise["JPN"].node
            for name, key in kinds.items():
                if key is not None:
                    node = _holding(node, copies, key)
                released, alone = _release(node, copies, many), _alone(key or node.keys.sealing, many)
                yield compare(f"seal.release_{name}", "keys/s", released, "unwrap and wrap", alone, rounds=rounds)


def _holding(node: Node, copies: list[Copy], key: PrivateKey) -> Node:
    """The same node with a key of another kind, and its items wrapped to that."""
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    new = Identity(kid="bench", key=key)
    for copy in copies:
        with node.blobs.reading(copy.item) as source:
            kept = io.BytesIO(source.read())
        with node.blobs.writing(copy.item) as sink:
            to = [Recipient(kid=new.kid, url="https://node.example", key=key.public_key())]
            rewrap(kept, sink, identities=node.identities, recipients=to)
    made = type("Holding", (Node,), {"identities": (new,)})
    held: Node = made(**{field.name: getattr(node, field.name) for field in fields(node) if field.init})
    return held


def _release(node: Node, copies: list[Copy], many: int) -> Callable[[], int]:
    numbers = itertools.count()
    with node.store.reading() as reader:
        peer = reader.peers()["KOR"]
        items = {item.id: item for item in reader.items()}
        digests = {copy.id: items[copy.item].payload_digest for copy in copies}
    asked = XWingPrivateKey.generate().public

    def work() -> int:
        requests = [
            {
                "v": 1,
                "id": f"bench-{next(numbers)}",
                "copy": copy.id,
                "item": copy.item,
                "payload_digest": digests[copy.id],
                "sid": "",
                "key": KeyRequest.key_text(asked),
                "role": "official",
                "rank": "",
                "clearance": "SECRET",
                "need": True,
                "roster": True,
                "purpose": "defence",
                "purpose_ended": False,
                "verdict": "0" * 64,
            }
            for copy in itertools.islice(itertools.cycle(copies), many)
        ]
        message = Message(
            id=f"bench-{next(numbers)}",
            type="ask-keys",
            sender="KOR",
            recipient="JPN",
            at=AT,
            exercise=True,
            body={"requests": requests},
        )
        _, answer = answer_key_requests(node, peer, message, AT)
        assert len(answer["access"]) == many, answer
        return many

    return work


def _alone(key: PrivateKey, many: int) -> Callable[[], int]:
    public = key.public_key() if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else key.public
    wrapped, ephemeral = wrap(bytes(32), public)
    to = XWingPrivateKey.generate().public

    def work() -> int:
        for _ in range(many):
            wrap(unwrap(wrapped, ephemeral, key), to)
        return many

    return work
