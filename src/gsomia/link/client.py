"""Towards one peer: HTTPS with both certificates pinned; what is said is signed beneath it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator

import httpx2

from gsomia.errors import AnswerError, PeerError, SignatureError
from gsomia.keys import Envelope

__all__ = ["HttpLink"]


READ_SECONDS = 300
"""How long an answer is waited for: the peer hashes a large item before it says anything."""

_PROBES = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000),
]
"""A way that is cut is noticed within some ten seconds; a slow answer may still come (RFC 5482; RFC 9293, 3.8.4)."""


class HttpLink:
    """The way to one peer over mutual TLS; connections are kept.

    `carried` counts the bytes of questions and answers as HTTP/1.1 writes them, heads and bodies, beneath TLS.

    Args:
        party: the peer.
        url: where it is, `https://host:port`.
        context: TLS that trusts only the peer's certificate and shows this node's.
    """

    def __init__(self, party: str, url: str, context: ssl.SSLContext) -> None:
        self.carried = 0
        self._party = party
        self._client = httpx2.Client(
            base_url=url,
            transport=httpx2.HTTPTransport(verify=context, trust_env=False, socket_options=_PROBES),
            trust_env=False,
            timeout=httpx2.Timeout(30, connect=5, read=READ_SECONDS),
        )

    def exchange(self, message: Envelope) -> Envelope:
        """Send a signed message and return the signed answer."""
        answer = self._call("POST", "/link/v1/messages", message.to_bytes())
        try:
            return Envelope.from_bytes(answer)
        except SignatureError as error:
            raise AnswerError(f"`{self._party}` answered what is no signed message") from error

    def shared_digest(self) -> bytes:
        """The digest of all that the peer shares with this node, as the channel alone vouches for it."""
        return self._request("GET", "/link/v1/shared").content

    def upload(self, copy: str, chunks: Iterable[bytes], size: int, same: int) -> None:
        """Send a sealed item's bytes for a copy whose offer was accepted, from where an earlier attempt was cut."""
        path = f"/link/v1/content/{copy}"
        held = self._request("HEAD", path).headers.get("upload-offset", "0")
        # What a peer says beyond what can be there is not believed, and all of it is sent.
        offset = min(int(held), same) if held.isascii() and held.isdecimal() and int(held[:15]) <= size else 0
        headers = {"content-length": str(size - offset), "upload-offset": str(offset), "upload-length": str(size)}
        self._call("PATCH" if offset else "PUT", path, _from(chunks, offset), headers)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _call(
        self, method: str, path: str, content: bytes | Iterable[bytes], headers: dict[str, str] | None = None
    ) -> bytes:
        return self._request(method, path, content, headers).content

    def _request(
        self,
        method: str,
        path: str,
        content: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        try:
            response = self._client.request(method, path, content=content, headers=headers)
        except (httpx2.HTTPError, ssl.SSLError, OSError) as error:
            raise PeerError(f"`{self._party}` cannot be reached: {error or type(error).__name__}") from error
        sent, got = response.request, response.headers
        self.carried += _head(sent.headers) + len(f"{method} {path} HTTP/1.1\r\n\r\n")
        self.carried += int(sent.headers.get("content-length", "0")) + len(response.content)
        self.carried += _head(got) + len(f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n\r\n")
        if response.status_code >= 300:
            detail = response.text[:500]
            raise PeerError(f"`{self._party}` answered {response.status_code}: {detail}")
        return response


def _head(headers: httpx2.Headers) -> int:
    """The bytes of a head's fields."""
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers.raw)


def _from(chunks: Iterable[bytes], offset: int) -> Iterator[bytes]:
    """Pieces without their first bytes."""
    for chunk in chunks:
        if offset < len(chunk):
            yield chunk[offset:]
        offset = max(0, offset - len(chunk))
