"""What a node is told to do that no officer signs: to compare itself with a peer, send tracers, have logs stamped."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from gsomia.api.questions import Body as Said
from gsomia.api.questions import Party
from gsomia.api.reads import aware
from gsomia.api.repeats import once
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.errors import AnswerError, PeerError, PendingError, UsageError, VerificationError
from gsomia.node import check_row, instant, reconcile, reconcile_by_parcel, reconciled_view, sent_row, trace

__all__ = ["running"]


class With(Said):
    """A peer to compare with."""

    peer: Party


class At(Said):
    """An instant, to which an EXERCISE node's clock is set."""

    at: Annotated[datetime, Field(strict=False)]


class Nothing(Said):
    """A request that names nothing."""


def running(served: Served, router: APIRouter) -> None:
    """Add the routes by which a node is told to do something."""
    node = served.node

    @route(router, "POST", "/v1/reconciliations", "reconcile", status=201, heeds=("Idempotency-Key",))
    def reconcile_with(request: Request, body: With) -> Response:
        """Compare register and act record with a peer's; a peer without a wire is asked by the next parcel (409)."""
        caller: Caller = request.state.caller
        permit(caller, "reconcile")
        with node.store.reading() as reader:
            if body.peer not in reader.peers():
                known = ", ".join(sorted(reader.peers())) or "none"
                raise UsageError(f"`{body.peer}` is not an enrolled peer; enrolled: {known}")

        def work() -> Response:
            if body.peer not in served.host.wired():
                reconcile_by_parcel(node, body.peer)
            try:
                found = reconcile(node, body.peer)
            except AnswerError as error:
                raise VerificationError(str(error), hint="it is kept: `gsomia refused`") from error
            except PeerError as error:
                raise PendingError(f"`{body.peer}` cannot be reached", hint="it is tried again by itself") from error
            return answered(served, request, "reconciliation", reconciled_view(node.party, found), status=201)

        return once(served, request, caller, work)

    checking = threading.Lock()

    @route(router, "POST", "/v1/checks", "verify", status=201)
    def check_node(request: Request, body: Nothing) -> Response:
        """Check the node: logs, acts, receipts, register, items, witnesses; one such check at a time."""
        permit(request.state.caller, "verify")
        if not checking.acquire(blocking=False):
            raise PendingError("the node is being checked for another", hint="ask again once that has ended")
        try:
            rows = [check_row(one) for one in served.host.checks()]
        finally:
            checking.release()
        return answered(served, request, "verify", {"party": node.party, "checks": rows}, status=201)

    @route(router, "POST", "/v1/tracers", "trace", status=201, heeds=("Idempotency-Key",))
    def send_tracers(request: Request, body: Nothing) -> Response:
        """Send a tracer for each receipt that is overdue, and report each that stayed out as a possible loss."""
        caller: Caller = request.state.caller
        permit(caller, "trace")

        def work() -> Response:
            sent = [sent_row(act) for act in trace(node, served.host.tracer_days())]
            return answered(served, request, "tracers-sent", {"sent": sent}, status=201)

        return once(served, request, caller, work)

    @route(router, "POST", "/v1/stamps", "stamp-logs", status=201, heeds=("Idempotency-Key",))
    def stamp_logs(request: Request, body: Nothing) -> Response:
        """Have each log's checkpoint stamped by the time-stamping authority that is set (RFC 3161), once a day."""
        caller: Caller = request.state.caller
        permit(caller, "stamp-logs")

        def work() -> Response:
            got = [{"log": one.log, "day": str(one.day)} for one in served.host.stamp()]
            return answered(served, request, "stamps", {"stamps": got}, status=201)

        return once(served, request, caller, work)

    @route(router, "POST", "/v1/clock", "set-clock", status=201, heeds=("Idempotency-Key",))
    def set_clock(request: Request, body: At) -> Response:
        """Set an EXERCISE node's clock; it runs on from there. Another node's is its machine's."""
        caller: Caller = request.state.caller
        permit(caller, "set-clock")
        at = aware(body.at)
        assert at is not None  # one was given

        def work() -> Response:
            served.host.set_clock(at)
            return answered(served, request, "clock", {"at": instant(node.clock.now())}, status=201)

        return once(served, request, caller, work)
