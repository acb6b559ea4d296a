"""The node's acts as they are recorded, as server-sent events, each to those who may see it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from gsomia.api.reads import may_see
from gsomia.api.routing import Served, permit, route
from gsomia.api.signin import Caller
from gsomia.node import Reader, SignedAct, act_row
from gsomia.web import Problem, shown_json

__all__ = ["events"]

_LOOK_SECONDS = 0.2
"""The register and the caller's right are looked at so often."""
_ALIVE_SECONDS = 15.0
"""A comment says so often that the stream lives."""
_SEND_SECONDS = 10.0
"""A reader who does not take what is sent for so long is cut off."""
_STREAMS = 4
"""So many streams one officer may hold open."""
_AT_ONCE = 200


class _Stream(Response):
    """Sends as fast as the reader takes, and no longer than the reader takes it."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        super().__init__(media_type="text/event-stream")
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.create_task(_gone(receive))
        try:
            async for part in self._parts:
                if gone.done():
                    return
                async with asyncio.timeout(_SEND_SECONDS):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # The connection is closed with the answer unfinished, so the reader knows that it is not whole.
            return
        finally:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def events(served: Served, router: APIRouter) -> None:
    """Add the route of the stream."""
    node = served.node
    open_streams: Counter[str] = Counter()

    @route(router, "GET", "/v1/events", "see-acts", tells="text/event-stream")
    async def see_events(
        request: Request, last: Annotated[str, Header(alias="last-event-id", max_length=1024)] = ""
    ) -> Response:
        """Follow the acts as they are recorded; `Last-Event-ID` goes on after the one that was seen last."""
        caller: Caller = request.state.caller
        if not _may_follow(served, caller):
            permit(caller, "see-acts")
        of = {"list": {"of": "events"}, "caller": caller.id}
        after = int(served.cursors.open(of, last)[0]) if last else await run_in_threadpool(_newest)
        if open_streams[caller.id] >= _STREAMS:
            raise Problem(429, f"an officer follows at most {_STREAMS} streams at a time", headers={"retry-after": "1"})
        open_streams[caller.id] += 1
        return _Stream(_follow(caller, of, after))

    def _newest() -> int:
        with node.store.reading() as reader:
            return reader.last_place()

    async def _follow(caller: Caller, of: dict[str, Any], after: int) -> AsyncIterator[bytes]:
        quiet = 0.0
        try:
            yield b": gsomia\n\n"
            while True:
                told, after, may = await run_in_threadpool(_next, caller, of, after)
                if not may:
                    return
                if told:
                    quiet = 0.0
                    yield told
                    continue
                quiet += _LOOK_SECONDS
                if quiet >= _ALIVE_SECONDS:
                    quiet = 0.0
                    yield b": alive\n\n"
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            open_streams[caller.id] -= 1

    def _next(caller: Caller, of: dict[str, Any], after: int) -> tuple[bytes, int, bool]:
        """What is new and may be told, where that ends, and whether the caller may still follow."""
        with node.store.reading() as reader:
            now = served.sign_in.again(reader, caller)
            if now is None or not _may_follow(served, now):
                return b"", after, False
            parts = []
            for place, act in reader.acts_after(after, limit=_AT_ONCE):
                after = place
                if _may_see(served, now, reader, act):
                    parts.append(_event(served.cursors.seal(of, [place]), act, now))
        return b"".join(parts), after, True


def _may_follow(served: Served, caller: Caller) -> bool:
    """Whether there is any act that the caller might see: all of them, or those about items."""
    if caller.may("see-acts"):
        return True
    if caller.acts is not None and "see-item" not in caller.acts:
        return False
    return any(right.role in caller.principal.roles for right in served.rights.acts["see-item"].rights)


def _may_see(served: Served, caller: Caller, reader: Reader, act: SignedAct) -> bool:
    """Whether the caller may see acts, or the item of this one with each of its copies."""
    if caller.may("see-acts"):
        return True
    copies = reader.copies(item=act.statement.item) if act.statement.item else []
    return bool(copies) and all(may_see(served, caller, reader, copy) for copy in copies)


def _event(name: str, act: SignedAct, caller: Caller) -> bytes:
    head = f"id: {name}\nevent: {act.statement.type}\ndata: ".encode()
    row = act_row(act)
    if not (caller.may("see-acts") or caller.may("see-officers")):
        del row["officers"]
    return head + shown_json(row) + b"\n\n"
