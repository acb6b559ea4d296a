"""Tells the application whose certificate came with a connection; no ASGI server does by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PeerProtocol", "peer_certificate"]


HEAD_SECONDS = 10.0
"""The head of a request comes whole within that time."""


class PeerProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, with the peer's certificate in `scope["extensions"]["tls"]` (ASGI TLS extension)."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio says BaseTransport, TCP gives a Transport
        """Read the certificate of a new connection once; every request on it carries it."""
        super().connection_made(transport)
        self._await_head()
        tls = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls is not None else None
        self.app = _with_certificate(self.app, der)

    def data_received(self, data: bytes) -> None:
        """Take what came; a request's head that does not come whole in time ends the connection."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._await_head()
        else:
            self._head_came()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _with_certificate(app: Any, der: bytes | None) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})["tls"] = {"client_cert_der": der}
        await app(scope, receive, send)

    return wrapped


def peer_certificate(scope: Scope) -> bytes | None:
    """The DER certificate the peer showed, or None where there was none."""
    tls = scope.get("extensions", {}).get("tls", {})
    der = tls.get("client_cert_der")
    return der if isinstance(der, bytes) else None
