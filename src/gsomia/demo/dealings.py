"""What officers do in every step: ask, send, mark and receipt, open; each is told with the outcome it must have."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.agreement import state_at
from gsomia.demo.stage import Stage
from gsomia.demo.teller import Teller
from gsomia.errors import RefusedError
from gsomia.node import Case, Role, Sending, ask_open, ask_transmit, mark, open_item, receipt, transmit
from gsomia.registry import Copy, CopyState, Rung
from gsomia.verdict import Facts, Verdict, decide

__all__ = ["JK", "arrive", "ask", "legal_state", "mark_and_receipt", "refused_open", "send"]

JK = "jpn-kor-2016"
"""The agreement of Japan and Korea."""


def ask(
    stage: Stage, party: str, sending: Sending, at: datetime, case: Case | None = None, *, consent: bool = False
) -> Verdict:
    """What a Party's node says of a transmission, as if the originator consented where `consent`; nothing is sent."""
    home = stage.homes[party]
    at = max(at, home.clock.now())
    with home.node.store.reading() as reader:
        if not consent:
            return ask_transmit(home.node, reader, sending, at=at, case=case)[2]
        request, facts, _ = ask_transmit(home.node, reader, sending, at=at, case=case)
        case = case or Case.of(home.node, reader)
    names = {field: getattr(facts, field) for field in Facts.__dataclass_fields__}
    receivers = frozenset((*sending.via, sending.to))
    given = names | {
        "consent": "written", "consent_before": True, "consent_of": frozenset({party}), "consent_to": receivers,
    }  # fmt: skip
    return decide(case.law, request, Facts(**given), case.record, at)


def legal_state(stage: Stage, at: datetime) -> str:
    """The agreement's legal state as both Parties' nodes compute it, each from its own record."""
    states = set()
    for party in ("JPN", "KOR"):
        home = stage.homes[party]
        with home.node.store.reading() as reader:
            case = Case.of(home.node, reader)
        states.add(state_at(case.law.agreements[JK], case.record, at).state)
    return " / ".join(sorted(states))


def send(stage: Stage, tell: Teller, party: str, sending: Sending, content: BinaryIO, what: str, *needed: str) -> Copy:
    """A disclosure officer sends what the node permits, and it arrives."""
    home = stage.homes[party]
    at = home.clock.now()
    consent = bool(sending.via)
    tell.verdict(at, what, ask(stage, party, sending, at, consent=consent), "permit", *needed)
    copy = transmit(home.node, content, sending, by=home.acting("", Role.DISCLOSURE))
    arrive(stage, tell, copy, f"{copy.holder}'s node accepts it and registers it")
    return copy


def arrive(stage: Stage, tell: Teller, copy: Copy, what: str) -> None:
    """Wait until the holder's node has taken a copy in, or refused it."""
    end = (CopyState.DELIVERED, CopyState.REFUSED, CopyState.REJECTED)

    def arrived() -> bool:
        now = stage.copy(copy.giver, copy.id)
        return now is not None and now.state in end

    stage.wait(what, arrived)
    now = stage.copy(copy.giver, copy.id)
    assert now is not None  # waited for
    tell.line(stage.homes[copy.giver].clock.now(), what, now.state.value, "delivered", now.reason)


def mark_and_receipt(stage: Stage, tell: Teller, copy: Copy, level: str) -> None:
    """The holder's registry officer marks a copy and signs its receipt; wait until its giver knows."""
    home = stage.homes[copy.holder]
    by = home.acting("", Role.REGISTRY)
    act = mark(home.node, copy.id, level, by=by)
    receipt(home.node, copy.id, by=by)

    def receipted() -> bool:
        now = stage.copy(copy.giver, copy.id)
        return now is not None and now.rung(Rung.RECEIPTED) is not None

    stage.wait("the receipt", receipted)
    now = stage.copy(copy.giver, copy.id)
    custodian = now.custodian if now else ""
    what = f"{copy.holder} marks it {act.statement.body['origin']} + {level}, signs the receipt"
    tell.line(home.clock.now(), what, f"custodian {custodian}", f"custodian {copy.holder}")


def refused_open(home: Any, reference: str, person: str) -> Verdict:
    """Try to open; the verdict of the refusal. The attempt is kept by the node."""
    with suppress(RefusedError):
        open_item(home.node, reference, person, io.BytesIO())
    with home.node.store.reading() as reader:
        return ask_open(home.node, reader, reference, person)[2]
