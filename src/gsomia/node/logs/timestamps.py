"""Time stamps by an outside authority (RFC 3161) on each log's checkpoint, once a day.

A log's own time is its node's word. A token over a signed checkpoint shows that all before it was there at that time,
by somebody who is no Party. An act never waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from gsomia.errors import NodeError, PeerError, VerificationError
from gsomia.keys import b64, unb64
from gsomia.node.check import Check, done
from gsomia.node.logs.witnessing import contradiction
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import LogState
from gsomia.tlog import verify_signed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

__all__ = ["Stamp", "audit_stamps", "stamp_logs", "stamps_of"]

Authority = Callable[[bytes], bytes]
"""Sends a time-stamping request (DER) and returns the response (DER); raises PeerError where it cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One token: the day by the node's clock, the signed checkpoint it is over, and the authority's response (DER)."""

    log: str
    day: str
    note: bytes
    response: bytes


def stamps_of(reader: Reader, log: str) -> list[Stamp]:
    """The tokens over a log's checkpoints, oldest first."""
    days = json.loads(reader.setting(_days(log)) or "[]")
    found = []
    for day in days:
        value = json.loads(reader.setting(_name(log, day)) or "{}")
        found.append(Stamp(log=log, day=day, note=value["note"].encode(), response=unb64(value["response"])))
    return found


def _days(log: str) -> str:
    return f"stamps/{log}"


def _name(log: str, day: str) -> str:
    return f"stamps/{log}/{day}"


def stamp_logs(node: Node, authority: Authority, roots: Sequence[Certificate]) -> list[Stamp]:
    """Have each log's checkpoint stamped, where that was not done on this day yet and the log has grown.

    Args:
        node: whose logs.
        authority: the way to the time-stamping authority.
        roots: the certificates that the authority's own leads to.

    Returns:
        The tokens got.

    Raises:
        PeerError: the authority cannot be reached, or its answer does not hold.
        NodeError: the part that reads tokens is not installed.
    """
    day = f"{node.clock.now():%Y-%m-%d}"
    with node.store.reading() as reader:
        due = []
        for state in reader.logs():
            last = next(iter(stamps_of(reader, state.name)[-1:]), None)
            if last is None or (last.day != day and last.note != state.checkpoint):
                due.append(state)
    got = []
    for state in due:
        response = _ask(authority, state.checkpoint, roots)
        one = Stamp(log=state.name, day=day, note=state.checkpoint, response=response)
        with node.store.writing() as tx:
            days = json.loads(tx.setting(_days(one.log)) or "[]")
            tx.put_setting(_days(one.log), json.dumps([*days, day]))
            tx.put_setting(_name(one.log, day), json.dumps({"note": one.note.decode(), "response": b64(response)}))
        got.append(one)
    return got


def _ask(authority: Authority, note: bytes, roots: Sequence[Certificate]) -> bytes:
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    except ImportError as error:
        raise NodeError("RFC 3161 tokens need `rfc3161-client`", hint="install gsomia[timestamps]") from error
    request = TimestampRequestBuilder(hash_algorithm=HashAlgorithm.SHA512).data(note).build()
    answer = authority(request.as_bytes())
    try:
        stamped_at(answer, note, roots, nonce=request.nonce)
    except VerificationError as error:
        raise PeerError(f"the time-stamping authority's answer does not hold: {error}") from error
    return answer


def stamped_at(response: bytes, note: bytes, roots: Sequence[Certificate], *, nonce: int | None = None) -> datetime:
    """Check a token over a checkpoint.

    Args:
        response: the authority's response, DER.
        note: what it is to be over.
        roots: the certificates that the authority's own must lead to.
        nonce: of the request, where it is at hand.

    Returns:
        The authority's time.

    Raises:
        VerificationError: it is over something else, not granted, or by nobody that is trusted.
    """
    from rfc3161_client import VerificationError as TokenError
    from rfc3161_client import VerifierBuilder, decode_timestamp_response

    try:
        token: TimeStampResponse = decode_timestamp_response(response)
        verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
        verifier.verify_message(token, note)
        return token.tst_info.gen_time
    except (TokenError, ValueError, TypeError) as error:
        raise VerificationError(f"the time stamp does not hold: {error}") from error


def audit_stamps(node: Node, roots: Sequence[Certificate]) -> Iterator[Check]:
    """Check every token: the authority's signature, this node's own under it, and that the log continues it.

    Args:
        node: whose logs.
        roots: as for `stamp_logs`.
    """
    with node.store.reading() as reader:
        for state in reader.logs():
            yield done(f"time stamps of {state.name}", partial(_check, node, reader, state, roots))


def _check(node: Node, reader: Reader, state: LogState, roots: Sequence[Certificate]) -> Check:
    name = f"time stamps of {state.name}"
    stamps = stamps_of(reader, state.name)
    last = ""
    for one in stamps:
        try:
            last = f"the last by the authority's clock {stamped_at(one.response, one.note, roots):%Y-%m-%dT%H:%M:%SZ}"
            held = verify_signed(one.note, node.keys.log.public.named(state.name))
            if fault := contradiction(reader, state.name, held):
                raise VerificationError(fault)
        except VerificationError as error:
            return Check(name=name, counted=0, fault=f"{one.day}: {error}")
    return Check(name=name, counted=len(stamps), remark=last)
