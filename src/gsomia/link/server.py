"""The served side of the peer link: three routes, open only to enrolled peers' certificates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gsomia.errors import GsomiaError, MessageError, NodeError, SignatureError
from gsomia.keys import Envelope
from gsomia.node import Node, Peer, answer, answer_shared, held_of, keep_refused, upload
from gsomia.web import certificate_der, peer_certificate

__all__ = ["link_app"]

T = TypeVar("T")

MESSAGE_LIMIT = 32 * 2**20
"""The longest message taken, in bytes: a batch of items that travel inside it, and their acts."""


def link_app(node: Node, *, told: Callable[[str], None]) -> Starlette:
    """The ASGI application of one node's peer link.

    Args:
        node: who answers.
        told: is given for its operator what this node itself cannot do, such as on a full disk.
    """

    async def messages(request: Request) -> Response:
        peer = await run_in_threadpool(_peer, node, request)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MESSAGE_LIMIT:
                return _problem(413, f"a message has at most {MESSAGE_LIMIT} bytes")
        try:
            envelope = Envelope.from_bytes(bytes(body))
        except SignatureError as error:
            await run_in_threadpool(keep_refused, node, peer, "message", error)
            return _problem(400, f"not a signed message: {error}")
        reply = await run_in_threadpool(answer, node, peer, envelope)
        return Response(reply.to_bytes(), media_type="application/json")

    async def shared(request: Request) -> Response:
        peer = await run_in_threadpool(_peer, node, request)
        digest = await run_in_threadpool(answer_shared, node, peer)
        return Response(digest, media_type="application/octet-stream", headers={"cache-control": "no-store"})

    async def content(request: Request) -> Response:
        peer = await run_in_threadpool(_peer, node, request)
        copy = request.path_params["copy"]
        if request.method == "HEAD":
            held = await run_in_threadpool(held_of, node, peer, copy)
            return Response(status_code=204, headers={OFFSET: str(held), "cache-control": "no-store"})
        offset, size = (_count(request, name) for name in (OFFSET, LENGTH))
        async with _in_thread(upload(node, peer, copy, offset=offset, size=size)) as sink:
            async for chunk in request.stream():
                await run_in_threadpool(sink.write, chunk)
        return Response(status_code=204)

    routes = [
        Route("/link/v1/messages", _guarded(messages, told), methods=["POST"]),
        Route("/link/v1/shared", _guarded(shared, told), methods=["GET"]),
        Route("/link/v1/content/{copy}", _guarded(content, told), methods=["PUT", "PATCH", "HEAD"]),
    ]
    return Starlette(routes=routes)


OFFSET, LENGTH = "upload-offset", "upload-length"
"""Where an upload goes on, and how long all of it is (draft-ietf-httpbis-resumable-upload), in bytes."""


def _count(request: Request, name: str) -> int:
    """A header that holds a count.

    Raises:
        MessageError: it is missing, or something else.
    """
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise MessageError(f"`{name}` is a count of bytes")
    return int(text)


def _peer(node: Node, request: Request) -> Peer:
    """The enrolled peer whose certificate came with the connection.

    Raises:
        SignatureError: nobody's we know.
    """
    shown = peer_certificate(request.scope)
    with node.store.reading() as reader:
        for peer in reader.peers().values():
            if shown is not None and certificate_der(peer.certificate) == shown:
                return peer
    raise SignatureError("this certificate belongs to no enrolled peer")


@asynccontextmanager
async def _in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """A context whose beginning and end, which wait for the disk, do not hold up other connections."""
    value = await run_in_threadpool(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        if not await run_in_threadpool(manager.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await run_in_threadpool(manager.__exit__, None, None, None)


def _guarded(
    handler: Callable[[Request], Awaitable[Response]], told: Callable[[str], None]
) -> Callable[[Request], Awaitable[Response]]:
    """Errors as problem documents (RFC 9457) that name no more than the peer needs."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except SignatureError as error:
            return _problem(403, str(error))
        except MessageError as error:
            return _problem(409, str(error))
        except ClientDisconnect:
            return _problem(400, "the peer went away")
        except NodeError as error:
            told(str(error))
            return _problem(503, "this node cannot take it now")
        except GsomiaError as error:
            return _problem(400, str(error))

    return guarded


def _problem(status: int, detail: str) -> JSONResponse:
    return JSONResponse(
        {"title": "refused", "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )
