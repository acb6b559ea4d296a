"""Tells the application whose certificate came with a connection; no ASGI server does by itself."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PeerProtocol", "peer_certificate"]


class PeerProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, with the peer's certificate in `scope["extensions"]["tls"]` (ASGI TLS extension)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio says BaseTransport, TCP gives a Transport
        """Read the certificate of a new connection once; every request on it carries it."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls is not None else None
        self.app = _with_certificate(self.app, der)


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
