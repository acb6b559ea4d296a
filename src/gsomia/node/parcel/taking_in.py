"""A parcel is taken in: all of it checked first, then its messages one by one, as if the wire had brought them.

Each message has its effect once, however often the import is begun, so one that was broken off is done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.errors import AnswerError, MessageError, PeerError, SealError, SignatureError, VerificationError
from gsomia.keys import Envelope, PublicKey
from gsomia.node.comparison.summaries import Heard, compare, ranges_asked
from gsomia.node.effects.leftovers import remove_leftovers
from gsomia.node.effects.registering import USED
from gsomia.node.exchange.receive import REFUSABLE, reply_to
from gsomia.node.exchange.recovering import settle_asked, start_of
from gsomia.node.exchange.uploads import upload
from gsomia.node.ledger import record
from gsomia.node.logs.witnessing import take_cosigned
from gsomia.node.messages import Message, read_message
from gsomia.node.node import Node
from gsomia.node.parcel.form import Contents, Parcel, open_parcel
from gsomia.node.record.lognames import halt_of
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Carried, Outgoing, Peer, Reply
from gsomia.node.record.succession import distrusted
from gsomia.node.refusals import keep_refused, why_of
from gsomia.node.transmission.leaving import enter_answered, prepare, read_acts, settle_acts, settle_deliveries
from gsomia.node.transmission.stopping import Stop, stop_copies
from gsomia.node.views.proofs import reconciled_view
from gsomia.registry import CopyState

__all__ = ["TakenIn", "import_parcel", "lost_count", "shown_log"]

ANSWERS = {
    "offers": "answers",
    "deliver": "delivered",
    "acts": "recorded",
    "checkpoints": "cosigned",
    "ask-log": "log",
    "ask-content": "recorded",
    "ask-summary": "summary",
}
"""What may be asked by parcel, and how it is answered. A key for one opening is not: it would have to lie at rest."""

_SETTLES: Mapping[str, Sequence[str]] = {"acts": ("act", "key"), "ask-content": ("ask-content",)}
"""The kinds of entries of the outbox that an answer settles, where they are not copies."""

_LOGLESS = ("checkpoints", "cosigned", "ask-log", "log")
"""What is taken in while nothing is recorded in the log with the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What came of a parcel.

    Args:
        sender: the Party.
        number: among its parcels.
        again: it had been taken in before, and nothing was done.
        messages: how many were taken in, by type.
        contents: how many large sealed items came with it.
        refused: why messages of it were refused; they are kept for people to see.
        missing: how many of the sender's parcels before it never came; what is still open of them is in this one.
        compared: what differs from the sender's set, where it answered that question; None where it did not.
    """

    sender: str
    number: int
    again: bool
    messages: Mapping[str, int]
    contents: int
    refused: Sequence[str]
    missing: int
    compared: Mapping[str, Any] | None = None


def import_parcel(node: Node, file: BinaryIO) -> TakenIn:
    """Take in a parcel.

    Args:
        node: the recipient.
        file: the parcel, seekable.

    Returns:
        What came of it; what is to be said to it goes with the next parcel for its sender.

    Raises:
        MessageError: it is no parcel, not for this node, too old, or older than one that was taken in.
        SignatureError: nobody known signed it, or it was altered.
        SealError: a part of it was altered, or is sealed for another node.
        NodeError: the disk does not take it; it can be taken in again.
    """
    at = node.clock.now()
    with node.store.reading() as reader:
        parcel = open_parcel(file, lambda sender: _key(node, reader, sender))
        contents = parcel.contents
        last = _last(reader, contents)
    if last is not None and contents.number <= last.number and contents.at > last.made_at:
        # Whoever gave this number twice has lost count, and learns it from the next parcel.
        with node.store.writing() as tx:
            tx.put_setting(lost_count(contents.sender), contents.id)
    with node.store.reading() as reader:
        _check(node, reader, contents, last, at)
    if last is not None and last.id == contents.id:
        return TakenIn(
            sender=contents.sender, number=contents.number, again=True, messages={}, contents=0, refused=(), missing=0
        )
    parcel.check()
    counted: dict[str, int] = {}
    refused: list[str] = []
    heard: dict[str, Heard] = {}
    travelled = replace(
        node,
        limits=replace(node.limits, travel=max(at - contents.at, at - at), acceptance=node.limits.parcel_acceptance),
    )
    for number, part in enumerate(contents.parts):
        try:
            if part.copy:
                _take_content(travelled, parcel, number)
            else:
                kind = _take_message(travelled, parcel, number, at, heard)
                counted[kind] = counted.get(kind, 0) + 1
        except _Refused as error:
            refused.append(str(error))
    with node.store.writing() as tx:
        tx.end_replies(contents.sender, contents.seen)
        _end_contents(tx, contents)
        tx.forget_parcels(at - 2 * node.limits.parcel_age)
        tx.put_parcel(
            Carried(
                peer=contents.sender,
                direction="in",
                number=contents.number,
                id=contents.id,
                made_at=contents.at,
                at=at,
                parts=len(contents.parts),
                seen=contents.seen,
            )
        )
    remove_leftovers(node)
    compared = _compared(node, contents.sender, heard, at, refused)
    return TakenIn(
        sender=contents.sender,
        number=contents.number,
        again=False,
        compared=compared,
        messages=counted,
        contents=sum(1 for part in contents.parts if part.copy),
        refused=tuple(refused),
        missing=contents.number - (last.number if last is not None else 0) - 1,
    )


def _compared(
    node: Node, sender: str, heard: Mapping[str, Heard], at: datetime, refused: list[str]
) -> Mapping[str, Any] | None:
    """What differs from the sender's set, where its parcel says all that it takes."""
    with node.store.reading() as reader:
        peer = reader.peers()[sender]
    try:
        found = [compare(node, peer, one, at) for one in heard.values()]
    except AnswerError as error:
        refused.append(str(error))
        return None
    done = [one for one in found if one is not None]
    return reconciled_view(node.party, done[-1]) if done else None


def shown_log(node: Node, file: BinaryIO) -> tuple[str, list[Mapping[str, Any]]]:
    """What a parcel shows of its sender's log of acts with this node, asked for by a parcel of this node's.

    Args:
        node: the recipient.
        file: the parcel, seekable; taken in already or not.

    Returns:
        The sender, and the answers `log`, still to be held to what the sender signed.

    Raises:
        MessageError, SignatureError, SealError: as `import_parcel`; or it shows no log.
    """
    at = node.clock.now()
    with node.store.reading() as reader:
        parcel = open_parcel(file, lambda sender: _key(node, reader, sender))
        contents = parcel.contents
        _check(node, reader, contents, _last(reader, contents), at)
        peer = reader.peers()[contents.sender]
        parcel.check()
        shown: list[Mapping[str, Any]] = []
        for number, part in enumerate(contents.parts):
            if part.copy:
                continue
            message = _read(node, parcel.message(number, node.identities), peer, contents)
            question = reader.question(message.answers) if message.type == "log" else None
            if question is not None and (question.peer, question.kind) == (peer.party, "ask-log"):
                shown.append(message.body)
    if not shown:
        raise MessageError(f"the parcel of `{contents.sender}` shows no log that this node asked for")
    return contents.sender, shown


def _end_contents(tx: Writer, contents: Contents) -> None:
    """Contents that went once more, in a parcel that the sender has taken in since, are there."""
    for entry in tx.outgoing(peer=contents.sender):
        if entry.kind == "content" and 0 < entry.parcel <= contents.seen:
            tx.done(entry.id)


def lost_count(sender: str) -> str:
    """The setting that says by which parcel a peer gave a number that it had given before; "" where it knows now."""
    return f"parcel/count/{sender}"


class _Refused(Exception):  # noqa: N818 - leaves one message, is not an error and never leaves this module
    """A message of a parcel was refused; the others are taken in."""


def _key(node: Node, reader: Reader, sender: str) -> PublicKey:
    if sender == node.party:
        raise MessageError(f"the parcel is one that `{sender}` itself made")
    peer = reader.peers().get(sender)
    if peer is None:
        raise SignatureError(f"the parcel says that it is from `{sender:.40}`, which is not an enrolled peer")
    if (act := distrusted(reader, peer.signing)) is not None:
        raise SignatureError(
            f"the key of `{sender}` was declared compromised by act `{act}`", hint="it needs a fresh enrolment"
        )
    return peer.signing


def _last(reader: Reader, contents: Contents) -> Carried | None:
    """The newest parcel of the same sender that was taken in."""
    taken = [parcel for parcel in reader.parcels(contents.sender) if parcel.direction == "in"]
    return taken[-1] if taken else None


def _check(node: Node, reader: Reader, contents: Contents, last: Carried | None, at: datetime) -> None:
    sender, limits = contents.sender, node.limits
    if contents.recipient != node.party:
        raise MessageError(f"the parcel is for `{contents.recipient:.40}`, this is the node of `{node.party}`")
    if contents.exercise is not node.exercise:
        raise MessageError("real and EXERCISE nodes refuse each other's parcels")
    if last is not None and contents.id != last.id and contents.number <= last.number:
        raise MessageError(
            f"parcel {contents.number} of `{sender}` is older than parcel {last.number}, which was taken in",
            hint="what is still open of it comes with a later one; where its node was restored, give it a parcel first",
        )
    if contents.at - at > limits.max_skew:
        ahead = (contents.at - at).total_seconds()
        raise MessageError(
            f"the clock of `{sender}` was {ahead:.0f} s ahead of this one when the parcel was made; nothing new moves",
            hint="set both clocks right",
        )
    if at - contents.at > limits.parcel_age:
        raise MessageError(
            f"the parcel was made {(at - contents.at).days} days ago; at most {limits.parcel_age.days} are allowed",
            hint="have its sender make a new one",
        )
    made = [p for p in reader.parcels(sender) if p.direction == "out" and p.number == contents.seen]
    if made and contents.at < made[0].made_at - limits.max_skew <= at - limits.max_skew:
        behind = (made[0].made_at - contents.at).total_seconds()
        raise MessageError(
            f"the clock of `{sender}` is at least {behind:.0f} s behind this one: its parcel answers one of ours "
            "that was made later; nothing new moves",
            hint="set both clocks right",
        )


def _take_content(node: Node, parcel: Parcel, number: int) -> None:
    """Stage a large sealed item for the message that delivers it; one that is here already is passed over."""
    copy, sender = parcel.contents.parts[number].copy, parcel.contents.sender
    with node.store.reading() as reader:
        peer, known = reader.peers()[sender], reader.copy(copy)
        if reader.acceptance(copy) == USED if known is None else node.blobs.exists(known.item):
            return
    try:
        with upload(node, peer, copy, offset=0, size=parcel.contents.parts[number].size) as sink:
            for chunk in parcel.chunks(number):
                sink.write(chunk)
    except SealError:
        raise
    except VerificationError as error:
        raise _Refused(str(error)) from error


def _take_message(node: Node, parcel: Parcel, number: int, at: datetime, heard: dict[str, Heard]) -> str:
    """Take in one message; returns its type."""
    contents = parcel.contents
    with node.store.reading() as reader:
        peer = reader.peers()[contents.sender]
    try:
        message = _read(node, parcel.message(number, node.identities), peer, contents)
    except (MessageError, SignatureError) as error:
        keep_refused(node, peer, f"part {number} of parcel {contents.number}", error)
        raise _Refused(str(error)) from error
    with node.store.reading() as reader:
        halt = halt_of(reader, node.log_name(reader, peer.party))
    if halt and message.type not in _LOGLESS:
        # Without an answer it comes again with the sender's next parcel.
        raise _Refused(f"`{message.type}` waits for `gsomia log recover`: {halt}")
    if message.type in ANSWERS:
        _answer(node, peer, message, at)
    else:
        try:
            _understand(node, peer, message, heard)
        except (*REFUSABLE, PeerError) as error:
            keep_refused(node, peer, f"message `{message.type}` of parcel {contents.number}", error)
            raise _Refused(why_of(error)) from error
    return message.type


def _read(node: Node, envelope: Envelope, peer: Peer, contents: Contents) -> Message:
    # Its own clock counts: how long the parcel was on its way was judged already.
    message = read_message(node, envelope, peer.party, peer.signing, at=contents.at)
    if message.at != contents.at:
        raise MessageError("a message of another instant than its parcel")
    if message.type not in ANSWERS and message.type not in (*ANSWERS.values(), "refusal"):
        raise MessageError(f"a message of type `{message.type}` does not go by parcel")
    return message


def _answer(node: Node, peer: Peer, message: Message, at: datetime) -> None:
    """Do what a question asks; the answer waits for the next parcel to its sender."""
    error: Exception | None = None
    body: Mapping[str, Any]
    try:
        if message.type == "ask-log":
            # It is shown as it stands when a parcel is made, however long it is.
            kind, body = "log", {"from": start_of(message)}
        elif message.type == "ask-summary":
            kind, body = "summary", {"ranges": ranges_asked(message)}
        else:
            kind, body = reply_to(node, peer, message, at)
    except REFUSABLE as fault:
        keep_refused(node, peer, "message", fault)
        kind, body, error = "refusal", {"why": why_of(fault)}, fault
    # What is kept goes with every parcel; who asked for no cosignature waits for no answer.
    body = {name: value for name, value in body.items() if name != "kept"}
    silent = error is None and message.type == "checkpoints" and not message.body["requests"]
    with node.store.writing() as tx:
        # Seen only when it was done: until then, it is done again, and comes to the same.
        if tx.see_message(message.id, peer.party, at) and not silent:
            tx.put_reply(Reply(id=0, peer=peer.party, kind=kind, answers=message.id, at=at, body=body, parcel=0))
    if error is not None:
        raise _Refused(why_of(error)) from error


def _understand(node: Node, peer: Peer, message: Message, heard: dict[str, Heard]) -> None:
    """Take in the answer to what went in a parcel of this node's own; one that comes twice changes nothing."""
    with node.store.reading() as reader:
        question = reader.question(message.answers)
    if question is None or question.peer != peer.party:
        raise MessageError(f"`{peer.party}` answers what it was not asked by parcel")
    if message.type == "refusal":
        raise PeerError(f"`{peer.party}` refused the message `{question.kind}`: {message.body.get('why', '')}")
    if message.type != ANSWERS[question.kind]:
        raise MessageError(f"`{peer.party}` answered `{question.kind}` with `{message.type}`")
    if question.kind == "checkpoints":
        take_cosigned(node, peer, question.body["requests"], message.body.get("answers"))
        return
    if question.kind == "ask-log":
        return  # an officer takes from it what is missing here: `shown_log`
    if question.kind == "ask-summary":
        # Compared when all else of the parcel was taken in, so that what came with it is no difference.
        heard.setdefault(question.message, Heard(question.body["ranges"])).pages.append(message.body)
        return
    with node.store.writing() as tx:
        kinds = _SETTLES.get(question.kind, ("copy",))
        entries = [entry for entry in tx.outgoing(peer=peer.party) if entry.kind in kinds]
        if question.kind == "acts":
            settle_acts(node, tx, peer, entries, message.body)
        elif question.kind == "ask-content":
            settle_asked(tx, peer, entries, message.body, node.clock.now())
        elif question.kind == "deliver":
            missing = settle_deliveries(node, tx, peer, entries, message.body)
            _stop_missing(node, tx, [entry for entry in entries if entry.subject in missing])
        else:
            _take_answers(node, tx, peer, entries, message)


def _take_answers(node: Node, tx: Writer, peer: Peer, entries: Sequence[Outgoing], message: Message) -> None:
    """Acceptances, which let the next parcel carry the content; and refusals, by which a copy stops."""
    at = node.clock.now()
    acts = read_acts(peer, message.body)
    record(node, tx, [act for act in acts if enter_answered(node, tx, peer, act, at)], at=at)
    waiting = {entry.subject: entry for entry in entries}
    stops: list[Stop] = []
    for said in (act.statement for act in acts):
        copy = tx.copy(said.copy)
        if said.type == "acceptance" or said.party != peer.party or copy is None or copy.id not in waiting:
            continue
        if copy.state in (CopyState.AUTHORISED, CopyState.OFFERED):
            stops.append(Stop.refused(copy, said))
            tx.done(waiting.pop(copy.id).id)
    stop_copies(node, tx, stops, at)


def _stop_missing(node: Node, tx: Writer, missing: Sequence[Outgoing]) -> None:
    """Of copies that left and did not arrive, those that may go no longer stop."""
    at = node.clock.now()
    stops: list[Stop] = []
    for entry in missing:
        one = prepare(node, tx, entry, at)
        if one is not None and one.copy.state is CopyState.DISPATCHED and one.verdict.outcome != "permit":
            stops.append(Stop.own(one.copy, one.verdict))
            tx.done(entry.id)
    stop_copies(node, tx, stops, at)
