"""What every served surface of a node needs: TLS with pinned peers, and who the peer is."""

from __future__ import annotations

from gsomia.web.peer import PeerProtocol, peer_certificate
from gsomia.web.tls import certificate_der, check_certificate, client_context, make_certificate, server_context

__all__ = [
    "PeerProtocol",
    "certificate_der",
    "check_certificate",
    "client_context",
    "make_certificate",
    "peer_certificate",
    "server_context",
]
