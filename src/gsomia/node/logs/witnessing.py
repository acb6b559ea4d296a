"""Peers as witnesses of each other's logs (protocol 9): asking for a cosignature, and giving one.

A node asks the peer of a common log to cosign its checkpoint when an exchange is done, and any peer to cosign that of
its internal log at fixed intervals. An act never waits for it. A peer cosigns only what continues what it cosigned
before; where a log has forked or was rolled back, both signed checkpoints are kept as proof by whoever finds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gsomia.errors import GsomiaError, LogError, MessageError, PeerError, VerificationError
from gsomia.node.messages import Message, link_to, read_answer, write_message
from gsomia.node.node import Node
from gsomia.node.record.lognames import current_log, halted, peer_of_log
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Cosigned, LogLie, LogState, Peer, Refused
from gsomia.node.refusals import CHECKPOINT, keep
from gsomia.tlog import (
    Checkpoint,
    Equivocation,
    Frontier,
    SignedCheckpoint,
    WitnessError,
    WitnessRefusal,
    WitnessRequest,
    add_signatures,
    consistency_proof,
    parse_note,
    verify_cosignatures,
    verify_signed,
    witness,
)

__all__ = [
    "answer_checkpoints",
    "ask_witness",
    "checkpoints_due",
    "contradiction",
    "kept_of",
    "open_requests",
    "take_cosigned",
    "told_what_is_kept",
]

MANY = 4
"""At most this many checkpoints in one message."""


def ask_witness(node: Node, party: str, *, now: bool = False) -> int:
    """Ask a peer to cosign those of this node's checkpoints that are due.

    Args:
        node: whose logs.
        party: the peer.
        now: ask for all that it has not cosigned, whatever the schedule says.

    Returns:
        How many checkpoints were cosigned.

    Raises:
        PeerError: the peer cannot be reached, or its answer cannot be used; it is asked again later.
    """
    with node.store.reading() as reader:
        peer = reader.peers().get(party)
        due = checkpoints_due(node, reader, party)
        if now and peer is not None:
            due = [state for state, _ in _open(node, reader, peer)]
    first = node.unasked.due(party, node.clock.machine())
    if peer is None or not (due or first):
        return 0
    try:
        return _ask(node, peer, due, again=True)
    except GsomiaError as error:
        if first:
            node.unasked.failed(party, node.clock.machine(), node.limits)
        with node.store.writing() as tx:
            for state in due:
                before = _before(tx, state.name, party)
                at = node.clock.now() + node.limits.backoff(before.attempts)
                tx.put_cosigned(replace(before, attempts=before.attempts + 1, next_at=at, error=str(error)))
        raise


def told_what_is_kept(node: Node, party: str) -> bool:
    """Whether a peer has told, since this process began, which checkpoints of this node it keeps; if not, it is asked.

    A peer that has just been heard can be asked at once, however long ago it could not be reached.
    """
    if party in node.unasked:
        node.unasked.put_off(party, node.clock.machine())
        with suppress(GsomiaError):
            ask_witness(node, party)
    return party not in node.unasked


def checkpoints_due(node: Node, reader: Reader, party: str) -> list[LogState]:
    """The heads of this node's logs that a peer has to cosign now; none where it is no peer."""
    if party not in reader.peers():
        return []
    return [state for name in _asked(node, reader, party) if (state := _due(node, reader, party, name))]


def _asked(node: Node, reader: Reader, party: str) -> tuple[str, str]:
    return node.log_name(reader, party), node.log_name(reader, "")


def _before(reader: Reader, log: str, party: str) -> Cosigned:
    """What a witness last cosigned of a log."""
    known = next((row for row in reader.cosigned() if (row.log, row.witness) == (log, party)), None)
    if known is not None:
        return known
    return Cosigned(log=log, witness=party, size=0, note=b"", attempts=0, next_at=_LONG_AGO, error="")


_LONG_AGO = datetime.fromisoformat("1970-01-02T00:00:00+00:00")


def _due(node: Node, reader: Reader, party: str, name: str) -> LogState | None:
    """The head of a log that has to be cosigned now."""
    state = reader.log(name)
    before = _before(reader, name, party)
    if state is None:
        return None
    again = timedelta() if state.size != before.size else node.limits.witness_again
    wait = before.next_at + again - node.clock.now()
    longest = max(node.limits.witness_interval, node.limits.retry_limit, node.limits.witness_pause) + again
    # An EXERCISE clock that was set back must not put witnesses off for years.
    return None if timedelta() < wait <= longest else state


def _ask(node: Node, peer: Peer, states: Sequence[LogState], *, again: bool) -> int:
    with node.store.reading() as reader:
        requests = {state.name: _request(reader, state, _before(reader, state.name, peer.party)) for state in states}
        body: dict[str, Any] = {"requests": [request.to_bytes().decode() for request in requests.values()]}
        if peer.party in node.unasked:
            body["kept"] = kept_of(node, reader, peer)
    message, envelope = write_message(node, peer.party, "checkpoints", body, at=node.clock.now())
    reply = link_to(node, peer).exchange(envelope)
    said = read_answer(node, reply, message, peer.signing, "cosigned", at=node.clock.now())
    answers = said.get("answers")
    _heed(node, peer, said)
    node.unasked.told(peer.party)
    if not isinstance(answers, list) or len(answers) != len(states):
        raise PeerError(f"`{peer.party}` did not say which checkpoints it cosigned")
    count = 0
    stale: list[LogState] = []
    for state, answer in zip(states, answers, strict=True):
        try:
            if "cosignature" in answer:
                _cosigned(node, peer, state, requests[state.name], str(answer["cosignature"]))
                count += 1
            elif _refused(node, peer, state, answer):
                stale.append(state)
        except (AttributeError, TypeError, KeyError, LogError) as error:
            raise PeerError(f"`{peer.party}` answered a checkpoint with what cannot be used: {error}") from error
    if stale and again:
        return count + _ask(node, peer, stale, again=False)
    return count


def _request(reader: Reader, state: LogState, before: Cosigned) -> WitnessRequest:
    proof: list[bytes] = []
    if 0 < before.size <= state.size:

        def read(level: int, index: int) -> bytes:
            return reader.log_node(state.name, level, index)

        proof = consistency_proof(before.size, state.size, read)
        if before.size & (before.size - 1) == 0 and before.size < state.size:
            # RFC 6962 leaves the old root out here; where it is not the one that was signed, it proves the fork.
            root = Frontier.at(before.size, read).root()
            signed = Checkpoint.from_text(parse_note(before.note).text).root if before.note else root
            proof = proof if signed == root else [root, *proof]
    return WitnessRequest(old_size=min(before.size, state.size), proof=tuple(proof), note=state.checkpoint)


def _pause(node: Node, log: str) -> timedelta:
    return node.limits.witness_pause if peer_of_log(log) else node.limits.witness_interval


def _cosigned(node: Node, peer: Peer, state: LogState, request: WitnessRequest, lines: str) -> None:
    note = add_signatures(request.note, lines.encode())
    if not verify_cosignatures(note, [peer.log]):
        raise PeerError(f"`{peer.party}` answered a checkpoint without its two cosignatures")
    row = Cosigned(
        log=state.name,
        witness=peer.party,
        size=state.size,
        note=note,
        attempts=0,
        next_at=node.clock.now() + _pause(node, state.name),
        error="",
    )
    with node.store.writing() as tx:
        tx.put_cosigned(row)


def _refused(node: Node, peer: Peer, state: LogState, answer: Mapping[str, Any]) -> bool:
    """The witness does not cosign: note why; whether it is worth asking again from the size it names."""
    kind, why, kept = str(answer["refused"]), str(answer["why"]), str(answer["kept"]).encode()
    own = node.keys.log.public.named(state.name)
    at = node.clock.now()
    with node.store.writing() as tx:
        before = _before(tx, state.name, peer.party)
        # Only what this node itself signed counts: a witness could otherwise say anything.
        held = verify_signed(kept, own) if kept else None
        fault = contradiction(tx, state.name, held) if held is not None else ""
        if held is not None and not fault:
            tx.put_cosigned(replace(before, size=held.checkpoint.size, note=held.note, error=why))
            return kind == WitnessRefusal.STALE
        prove = kind == WitnessRefusal.STALE and held is not None and held.checkpoint.size <= state.size
        _note_refusal(node, tx, before, held, fault, why)
        if answer.get("proof"):
            lie = Equivocation.from_bytes(str(answer["proof"]).encode())
            tx.put_lie(LogLie(log=state.name, party=node.party, kind=lie.verify(own), proof=lie.to_bytes(), at=at))
    # An honest node whose log has forked shows the witness that it has, so that both have the proof.
    return prove


def _note_refusal(
    node: Node, tx: Writer, before: Cosigned, held: SignedCheckpoint | None, fault: str, why: str
) -> None:
    """Note why a witness did not cosign; a log that does not continue what it signed before is halted (fail closed)."""
    at = node.clock.now()
    wait = max(node.limits.witness_interval, node.limits.retry)
    row = replace(before, attempts=before.attempts + 1, next_at=at + wait, error=fault or why)
    if held is not None:
        row = replace(row, size=held.checkpoint.size, note=held.note)
    if row.error != before.error:
        what = f"checkpoint of {before.log}"
        tx.put_refused(Refused(at=at, source=before.witness, what=what, why=row.error[:1000]))
    tx.put_cosigned(row)
    if fault:
        tx.put_setting(halted(before.log), fault)


def kept_of(node: Node, reader: Reader, peer: Peer) -> list[str]:
    """The checkpoints of a peer's logs that this node keeps as their witness."""
    logs = (current_log(reader, peer.party, log, exercise=node.exercise) for log in (node.party, ""))
    return [note.decode() for log in logs if (note := reader.kept(log)) is not None]


def _heed(node: Node, peer: Peer, body: Mapping[str, Any]) -> None:
    """Hold this node's logs to what a peer says it keeps of them; only what this node itself signed counts.

    Args:
        node: whose logs.
        peer: the witness.
        body: of its message, with the checkpoints under `kept`, or without.

    Raises:
        MessageError: it is not a list of checkpoints.
    """
    if "kept" not in body:
        return
    kept = body["kept"]
    if not isinstance(kept, list) or len(kept) > MANY or not all(isinstance(note, str) for note in kept):
        raise MessageError(f"a list of at most {MANY} checkpoints was expected")
    for text in kept:
        note = text.encode()
        with node.store.writing() as tx:
            origin = Checkpoint.from_text(parse_note(note).text).origin
            if origin not in _asked(node, tx, peer.party):
                continue  # a log whose place another one took
            held = verify_signed(note, node.keys.log.public.named(origin))
            if fault := contradiction(tx, origin, held):
                _note_refusal(node, tx, _before(tx, origin, peer.party), held, fault, "")
    node.unasked.told(peer.party)


def open_requests(node: Node, reader: Reader, peer: Peer) -> list[WitnessRequest]:
    """For a parcel: every checkpoint that a peer is to cosign and has not, whatever the schedule says."""
    return [_request(reader, state, before) for state, before in _open(node, reader, peer)]


def _open(node: Node, reader: Reader, peer: Peer) -> Iterator[tuple[LogState, Cosigned]]:
    """The heads that a peer has not cosigned, each with what it did last."""
    for name in _asked(node, reader, peer.party):
        state, before = reader.log(name), _before(reader, name, peer.party)
        if state is not None and not (state.size == before.size and _has(before, peer)):
            yield state, before


def _has(before: Cosigned, peer: Peer) -> bool:
    return bool(before.note) and bool(verify_cosignatures(before.note, [peer.log]))


def take_cosigned(node: Node, peer: Peer, requests: Sequence[str], answers: object) -> int:
    """Take in a peer's answers to checkpoints that went by parcel, in whatever order the parcels come back.

    Args:
        node: whose logs.
        peer: the witness.
        requests: what it was asked.
        answers: what it says.

    Returns:
        How many checkpoints were cosigned.

    Raises:
        PeerError: its answers cannot be used.
    """
    if not isinstance(answers, list) or len(answers) != len(requests):
        raise PeerError(f"`{peer.party}` did not say which checkpoints it cosigned")
    count = 0
    for request, answer in zip((WitnessRequest.from_bytes(text.encode()) for text in requests), answers, strict=True):
        asked = Checkpoint.from_text(parse_note(request.note).text)
        with node.store.reading() as reader:
            state, before = reader.log(asked.origin), _before(reader, asked.origin, peer.party)
        if state is None:
            raise PeerError(f"there is no log `{asked.origin}`")
        try:
            if "cosignature" in answer:
                if asked.size > before.size or not _has(before, peer):
                    _cosigned(node, peer, replace(state, size=asked.size), request, str(answer["cosignature"]))
                count += 1
            elif not _known(before, answer, request.old_size):
                _refused(node, peer, state, answer)
        except (AttributeError, TypeError, KeyError, LogError) as error:
            raise PeerError(f"`{peer.party}` answered a checkpoint with what cannot be used: {error}") from error
    return count


def _known(before: Cosigned, answer: Mapping[str, Any], asked: int) -> bool:
    """Whether a witness only says that it was asked from an older size than it keeps, and nothing that is new here.

    One that was asked from the very size it cosigned last, and keeps less, was restored: it is asked once more.
    """
    if str(answer["refused"]) != WitnessRefusal.STALE or not answer["kept"] or not before.note:
        return False
    kept = Checkpoint.from_text(parse_note(str(answer["kept"]).encode()).text)
    return kept == Checkpoint.from_text(parse_note(before.note).text) or kept.size < before.size != asked


def contradiction(reader: Reader, log: str, held: SignedCheckpoint) -> str:
    """What is wrong with a log, by a checkpoint of it that its own keys signed before; "" where it fits.

    Args:
        reader: the node's store.
        log: the log's origin.
        held: the checkpoint that somebody kept.
    """
    size, state = held.checkpoint.size, reader.log(log)
    if state is None or size > state.size:
        return (
            f"this node signed `{log}` at {size} entries and it has {0 if state is None else state.size} now: "
            "the store was restored from an old backup, or entries were taken out"
        )
    root = Frontier.at(size, lambda level, index: reader.log_node(log, level, index)).root()
    if root != held.checkpoint.root:
        return f"this node signed `{log}` at {size} entries with another root than they have now: it has forked"
    return ""


def answer_checkpoints(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Cosign a peer's checkpoints, or say why not; each for itself."""
    requests = message.body.get("requests")
    if not isinstance(requests, list) or len(requests) > MANY or not all(isinstance(one, str) for one in requests):
        raise MessageError(f"a list of at most {MANY} requests to a witness was expected")
    answers = []
    for text in requests:
        with node.store.writing() as tx:
            answers.append(_answer(node, tx, peer, text.encode(), at))
    body: dict[str, Any] = {"answers": answers}
    if "kept" in message.body:
        _heed(node, peer, message.body)
        with node.store.reading() as reader:
            body["kept"] = kept_of(node, reader, peer)
    return "cosigned", body


def _answer(node: Node, tx: Writer, peer: Peer, data: bytes, at: datetime) -> dict[str, Any]:
    kept = None
    try:
        request = WitnessRequest.from_bytes(data)
        try:
            origin = Checkpoint.from_text(parse_note(request.note).text).origin
        except LogError as error:
            raise WitnessError(str(error), kind=WitnessRefusal.MALFORMED) from error
        if origin not in {current_log(tx, peer.party, log, exercise=node.exercise) for log in (node.party, "")}:
            # A log that it shares with another Party is none of this node's business.
            raise WitnessError(f"`{origin}` is no log for this witness", kind=WitnessRefusal.ORIGIN)
        kept = tx.kept(origin)
        lines = witness(
            kept,
            request,
            verifier=peer.log.named(origin),
            cosigner=node.keys.log,
            at=at,
            max_skew=node.limits.max_skew,
        )
    except WitnessError as error:
        lie = error.equivocation
        if lie is not None:
            kind = lie.verify(peer.log.named(origin))
            tx.put_lie(LogLie(log=origin, party=peer.party, kind=kind, proof=lie.to_bytes(), at=at))
        if error.kind is not WitnessRefusal.STALE:
            keep(node, tx, Refused(at=at, source=peer.party, what=f"{CHECKPOINT}{error.kind}", why=str(error)[:1000]))
        return {
            "refused": error.kind.value,
            "why": str(error),
            "kept": kept.decode() if kept is not None else "",
            "proof": lie.to_bytes().decode() if lie is not None else "",
        }
    except VerificationError as error:
        return {"refused": WitnessRefusal.SIGNATURE.value, "why": str(error), "kept": "", "proof": ""}
    tx.put_kept(origin, request.note, at)
    return {"cosignature": lines.decode()}
