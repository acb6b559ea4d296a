"""Acts sent once more to a peer that lacks them, and what waits tried at once: nothing new is signed."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from gsomia.api.questions import Body as Said
from gsomia.api.questions import Party, Reference
from gsomia.api.repeats import once
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.node import send_again, try_now
from gsomia.web import missing

__all__ = ["sendings"]


class Wanted(Said):
    """An act, and the peer that lacks it; without an act, what waits for the peer."""

    act: Reference | Literal[""] = ""
    to: Party


def sendings(served: Served, router: APIRouter) -> None:
    """Add the route by which an act is sent again."""

    @route(router, "POST", "/v1/sendings", "reconcile", status=201, heeds=("Idempotency-Key",))
    def send_act(request: Request, body: Wanted) -> Response:
        """Put an act into the outbox once more, for a peer that is party to it and lacks it; or try what waits now."""
        caller: Caller = request.state.caller
        permit(caller, "reconcile")

        def work() -> Response:
            if not body.act:
                try_now(served.node, body.to)
                return answered(served, request, "sending", {"act": "", "to": body.to}, status=201)
            with served.node.store.reading() as reader:
                if reader.act(body.act) is None:
                    raise missing()
            send_again(served.node, body.act, body.to)
            return answered(served, request, "sending", {"act": body.act, "to": body.to}, status=201)

        return once(served, request, caller, work)
