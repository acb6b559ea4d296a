"""Content that is sent here: it comes in pieces, and an act that is prepared names it, or the import of a parcel."""

from __future__ import annotations

import io
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response

from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.api.wanted import Circulate, Transmit
from gsomia.node import Acting, Content, Contents, Node, SealedOnce, discard, share, transmit
from gsomia.web import missing

__all__ = ["Transmission", "contents"]

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of all of it, in hexadecimal digits")]
Bytes = Annotated[int, Header(ge=0, le=2**60)]


class Transmission:
    """One transmission of a content: sealed when its act is prepared, it goes as it was sealed when that is signed.

    Args:
        coming: where its content lies.
        officer: whose content it is.
        wanted: the act, as it was asked for.
    """

    def __init__(self, coming: Contents, officer: str, wanted: Transmit | Circulate) -> None:
        self._coming = coming
        self._officer = officer
        self._wanted = wanted
        self._once = SealedOnce()
        self._entered = False

    @property
    def keeps(self) -> bool:
        """Whether what was sealed waits for its act."""
        return not self._entered

    def do(self, node: Node, by: tuple[Acting, ...]) -> object:
        """Run the use case."""
        if self._once.info is not None:
            return self._go(node, io.BytesIO(), by[0])
        with self._coming.reading(self._officer, self._wanted.content) as source:
            return self._go(node, source, by[0])

    def _go(self, node: Node, source: Any, by: Acting) -> object:
        wanted = self._wanted
        if isinstance(wanted, Circulate):
            return wanted.circulate(node, source, by=by, once=self._once)
        sending = wanted.sending()
        if wanted.shares:
            return share(node, source, sending, tuple(wanted.shares), by=by, once=self._once)
        return transmit(node, source, sending, by=by, once=self._once)

    def finish(self) -> None:
        """Let go of the content: its act is entered."""
        self._entered = True
        self._coming.drop(self._officer, self._wanted.content)

    def discard(self, node: Node) -> None:
        """Remove what was sealed where no act of it was entered."""
        discard(node, self._once.item)


def contents(served: Served, router: APIRouter) -> None:
    """Add the routes by which content comes in."""

    @route(router, "GET", "/v1/contents/{content}", "send-content")
    def see_content(request: Request, content: Digest) -> Response:
        """Say how much of a content of the caller's is here."""
        caller: Caller = request.state.caller
        permit(caller, "send-content")
        found = served.coming.state(caller.id, content)
        if found is None:
            raise missing()
        return answered(served, request, "content", _told(found))

    @route(router, "PATCH", "/v1/contents/{content}", "send-content", takes="application/octet-stream")
    def send_content(request: Request, content: Digest, upload_offset: Bytes, upload_length: Bytes) -> Response:
        """Take the next piece of a content; the first begins it, the last completes it."""
        caller: Caller = request.state.caller
        permit(caller, "send-content")
        piece: bytes = request.state.body
        found = served.coming.take(caller.id, content, piece, offset=upload_offset, size=upload_length)
        return answered(served, request, "content", _told(found))


def _told(found: Content) -> dict[str, Any]:
    return {"content": found.digest, "size": found.size, "held": found.held}
