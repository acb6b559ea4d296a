"""Parcels over the API: made here and fetched as a file, or sent here and taken in."""

from __future__ import annotations

import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from gsomia.api.questions import Body as Said
from gsomia.api.questions import Party
from gsomia.api.reads import Name
from gsomia.api.repeats import once
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.errors import NodeError, VerificationError
from gsomia.node import Made, Node, export_parcel, import_parcel, sender_of
from gsomia.web import missing

__all__ = ["parcels"]

_CHUNK = 2**20
_EACH = 4
"""So many parcels that one caller had made lie here at a time; the oldest gives way."""
_KEPT_FOR = timedelta(hours=1)
"""One that nothing is fetched of for so long is dropped; what it holds goes with the next."""


class Export(Said):
    """The peer for whom a parcel is to be made; `new`: without what an earlier one carried, answered or not."""

    to: Party
    new: bool = False


class Import(Said):
    """A parcel that was sent here, by its SHA-256."""

    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(slots=True, kw_only=True)
class _Parcel:
    """A parcel that lies among the sealed items, under a name that none of them has."""

    caller: str
    used: datetime
    size: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def blob(self) -> str:
        return f"parcel-{self.id}"


class _Parcels:
    """The parcels that were made over the API and not fetched yet, each for the one who had it made.

    They are sealed and signed. One that is lost takes nothing with it (docs/spec/parcel.md); after a restart nobody is
    given it, and it is swept away after a day.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._turn = threading.Lock()
        self._made: OrderedDict[str, _Parcel] = OrderedDict()

    def put(self, one: _Parcel) -> None:
        """Keep one."""
        with self._turn:
            own = [made for made in self._made.values() if made.caller == one.caller]
            self._end([*self._over(one.used), *own[: max(0, len(own) - _EACH + 1)]])
            self._made[one.id] = one

    def find(self, name: str, caller: str, now: datetime) -> _Parcel | None:
        """One of the caller's, or None."""
        with self._turn:
            self._end(self._over(now))
            found = self._made.get(name)
            if found is None or found.caller != caller:
                return None
            found.used = now
            return found

    def drop(self, one: _Parcel) -> None:
        """Let go of one; whoever fetches it at this moment gets it to its end."""
        with self._turn:
            self._end([one])

    def _over(self, now: datetime) -> list[_Parcel]:
        return [made for made in self._made.values() if made.used + _KEPT_FOR < now]

    def _end(self, over: list[_Parcel]) -> None:
        for one in over:
            if self._made.pop(one.id, None) is not None:
                with suppress(NodeError, OSError):
                    self._node.blobs.remove(one.blob)


def parcels(served: Served, router: APIRouter) -> None:
    """Add the routes by which parcels are made, fetched and taken in."""
    _exports(served, router, _Parcels(served.node))
    _imports(served, router)


def _exports(served: Served, router: APIRouter, kept: _Parcels) -> None:
    node = served.node

    @route(router, "POST", "/v1/parcel-exports", "carry", status=201, heeds=("Idempotency-Key",))
    def make_parcel(request: Request, body: Export) -> Response:
        """Make a parcel of all that is open towards a peer; `parcel` is its name here, "" where nothing is to carry."""
        caller: Caller = request.state.caller
        permit(caller, "carry")

        def work() -> Response:
            found = _made(served, caller, body)
            told: dict[str, Any] = {"parcel": "", "to": body.to}
            if found is not None:
                one, made = found
                kept.put(one)
                told = {"parcel": one.id, "to": body.to, "bytes": one.size, **asdict(made)}
            return answered(served, request, "parcel", told, status=201)

        def stands(answer: bytes) -> bool:
            name = json.loads(answer)["parcel"]
            return not name or kept.find(name, caller.id, node.clock.machine()) is not None

        return once(served, request, caller, work, stands)

    def found(request: Request, name: str) -> _Parcel:
        caller: Caller = request.state.caller
        permit(caller, "carry")
        one = kept.find(name, caller.id, node.clock.machine())
        if one is None:
            raise missing()
        return one

    @route(router, "GET", "/v1/parcel-exports/{parcel}", "carry", tells="application/octet-stream")
    def fetch_parcel(request: Request, parcel: Name) -> Response:
        """Give a parcel that the caller had made, as its file."""
        one = found(request, parcel)

        def pieces() -> Iterator[bytes]:
            with node.blobs.reading(one.blob) as file:
                while piece := file.read(_CHUNK):
                    yield piece

        headers = {"content-length": str(one.size), "content-disposition": "attachment"}
        return StreamingResponse(pieces(), media_type="application/octet-stream", headers=headers)

    @route(router, "DELETE", "/v1/parcel-exports/{parcel}", "carry", status=204)
    def drop_parcel(request: Request, parcel: Name) -> Response:
        """Let go of a parcel that was fetched."""
        kept.drop(found(request, parcel))
        return Response(status_code=204)


def _made(served: Served, caller: Caller, wanted: Export) -> tuple[_Parcel, Made] | None:
    """Make a parcel; None where there is nothing to carry."""
    node = served.node
    one = _Parcel(caller=caller.id, used=node.clock.machine())
    with served.host.parcel_turn(wanted.to):
        made = export_parcel(node, wanted.to, lambda _: node.blobs.writing(one.blob), new_only=wanted.new)
    if made is None:
        return None
    one.size = node.blobs.size(one.blob)
    return one, made


def _imports(served: Served, router: APIRouter) -> None:
    node = served.node

    @route(router, "POST", "/v1/parcel-imports", "carry", status=201, heeds=("Idempotency-Key",))
    def take_parcel_in(request: Request, body: Import) -> Response:
        """Take in a parcel that was sent here as a content; all of it is checked before any of it counts."""
        caller: Caller = request.state.caller
        permit(caller, "carry")

        def work() -> Response:
            sent = served.coming.state(caller.id, body.content)
            if sent is None or not sent.whole:
                raise missing()
            try:
                with served.coming.reading(caller.id, body.content) as file, served.host.parcel_turn(sender_of(file)):
                    taken = import_parcel(node, file)
            except VerificationError:
                served.coming.drop(caller.id, body.content)
                raise
            except OSError as error:
                raise NodeError(f"cannot read the parcel: {error.strerror or error}") from error
            served.coming.drop(caller.id, body.content)
            return answered(served, request, "taken-in", asdict(taken), status=201)

        return once(served, request, caller, work)
