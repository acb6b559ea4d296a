"""The logs in a bundle: each act's inclusion, the peers' cosignatures, and the writer's word that it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gsomia.errors import LogError, SignatureError, VerificationError
from gsomia.keys import Envelope, canonical, unb64, verify
from gsomia.node.acts.signed import instant, read_instant
from gsomia.node.bundle.reading import Life
from gsomia.node.bundle.writing import BUNDLE_TYPE, contents_digest
from gsomia.node.check import Check
from gsomia.tlog import Checkpoint, LogProof, commitment, verify_cosignatures, verify_signed

__all__ = ["WHOLE", "WITNESSES", "check_inclusion", "check_whole", "check_witnesses"]

WITNESSES = "cosignatures"
WHOLE = "the writer's signature over the bundle"


def check_inclusion(life: Life) -> Check:
    """Every act is in a log of the writer's, up to a checkpoint that the writer signed, and in that log's order."""
    own = life.writer().log
    heads = [verify_signed(one["note"].encode(), own.named(one["log"])).checkpoint for one in life.value["checkpoints"]]
    shown = set()
    places: dict[str, dict[int, str]] = {}
    for one in life.value["proofs"]:
        act = life.by_id[one["act"]]
        proof = LogProof(index=one["index"], hashes=tuple(unb64(text) for text in one["hashes"]), note=b"")
        try:
            proof.verify_under(commitment(unb64(one["salt"]), act.data), heads[one["checkpoint"]])
        except LogError as error:
            raise VerificationError(f"act `{act.id}` is not in `{heads[one['checkpoint']].origin}`: {error}") from error
        shown.add(act.id)
        places.setdefault(heads[one["checkpoint"]].origin, {})[one["index"]] = act.id
    order = {act.id: number for number, (act, _) in enumerate(life.acts)}
    for origin, entries in places.items():
        numbers = [order[entries[index]] for index in sorted(entries)]
        if numbers != sorted(numbers):
            raise VerificationError(f"the acts are not in the order of the log `{origin}`")
    missing = [act.id for act, _ in life.acts if act.id not in shown]
    if missing:
        raise VerificationError(f"act `{missing[0]}` is not shown to be in a log")
    return Check(name="inclusion in logs", counted=len(shown), remark=_others(life, heads))


def _others(life: Life, heads: Sequence[Checkpoint]) -> str:
    """How many entries of each log are not shown: other items' acts, or acts that were left out."""
    words = []
    for origin in sorted({head.origin for head in heads}):
        numbers = {number for number, head in enumerate(heads) if head.origin == origin}
        size = max(heads[number].size for number in numbers)
        shown = len({one["index"] for one in life.value["proofs"] if one["checkpoint"] in numbers})
        if shown < size:
            words.append(f"not shown: {size - shown} of {size} entries of `{origin}`")
    return "; ".join(words)


def check_witnesses(life: Life) -> Check:
    """Peers cosigned the checkpoints; what none has cosigned yet may not be old, by instants that were signed."""
    own = life.writer().log
    witnesses = {party: keys.log for party, keys in life.nodes.items() if party != life.party}
    counted = 0
    waiting = []
    for number, one in enumerate(life.value["checkpoints"]):
        note = one["note"].encode()
        if verify_cosignatures(note, witnesses.values()):
            counted += 1
            continue
        signed = verify_signed(note, own.named(one["log"]))
        acts = {proof["act"] for proof in life.value["proofs"] if proof["checkpoint"] == number}
        oldest = _oldest(life, acts, signed.signed_at)
        words = f"not yet witnessed: {len(acts)} acts in `{signed.checkpoint.origin}`, the oldest of {instant(oldest)}"
        if life.at - oldest > life.unwitnessed:
            raise VerificationError(words)
        waiting.append(words)
    if waiting and life.own_clock:
        waiting.append(f"judged at {instant(life.at)}, when its writer says that it was written")
    return Check(name=WITNESSES, counted=counted, remark="; ".join(waiting))


def _oldest(life: Life, acts: set[str], signed_at: datetime) -> datetime:
    """Since when acts stand in a log, at the latest: own acts since they were made, others since its checkpoint.

    The instants of recording are in the bundle unsigned, so they do not count here.
    """
    own = [a.statement.at for a, _ in life.acts if a.id in acts and a.statement.party == life.party]
    return min([*own, signed_at])


def check_whole(life: Life) -> Check:
    """The bundle is as its writer's node signed it; that the writer itself left nothing out is its word alone."""
    key = life.writer().signing
    payload = verify(Envelope.from_json(life.value["signed"]), BUNDLE_TYPE, [key])
    at = read_instant(life.value["at"])
    if payload != canonical({"v": 1, "item": life.item["id"], "sha256": contents_digest(life.value)}):
        raise SignatureError("its contents are not those that the writer signed")
    words = f"not shown: that `{life.party}` left nothing out; that is its own word of {instant(at)}"
    return Check(name=WHOLE, counted=1, remark=words)
