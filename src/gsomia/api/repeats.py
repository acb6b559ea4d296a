"""A request that is sent twice is done once: idempotency keys, kept beyond a restart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response

from gsomia.api.routing import Served
from gsomia.api.signin import Caller
from gsomia.web import Problem

__all__ = ["HEADER", "once"]

HEADER = "idempotency-key"
KEPT_FOR = timedelta(hours=24)
"""An answer is given again for so long."""
_MOST = 128


def once(
    served: Served,
    request: Request,
    caller: Caller,
    work: Callable[[], Response],
    stands: Callable[[bytes], bool] = lambda _: True,
) -> Response:
    """Do what is asked, or give the answer that the same request under the same key got.

    What broke off without an answer is done: preparing changes nothing, and an act is entered under the id that its
    preparation gave it, so it cannot be entered twice. What was refused is not kept: it is judged anew.

    Args:
        served: what the routes work with.
        request: the request, whose body was read already.
        caller: whose key it is.
        work: does it.
        stands: whether an answer that was given still says what is so; where it does not, it is done anew.

    Raises:
        Problem: the key came with another request before.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return work()
    if len(key) > _MOST or not key.isascii() or not key.isprintable():
        raise Problem(400, f"an idempotency key is 1 to {_MOST} printable characters", kind="idempotency")
    with served.memory.turn(caller.id, key):
        return _once(served, request, caller, key, work, stands)


def _once(
    served: Served,
    request: Request,
    caller: Caller,
    key: str,
    work: Callable[[], Response],
    stands: Callable[[bytes], bool],
) -> Response:
    body: bytes = request.state.body
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()
    memory, at = served.memory, served.node.clock.machine()
    known = memory.begin(caller.id, key, digest, at=at, span=KEPT_FOR)
    if known is not None and known.digest != digest:
        raise Problem(422, "this idempotency key came with another request", kind="idempotency")
    if known is not None and known.status and stands(known.body):
        return Response(known.body, status_code=known.status, media_type="application/json")
    try:
        response = work()
    except BaseException:
        memory.forget(caller.id, key)
        raise
    memory.give(caller.id, key, response.status_code, bytes(response.body))
    return response
