"""A bad wire in user space: a TCP proxy before a node that delays, cuts and counts what goes to it."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from typing import Self

from pair import Pair

__all__ = ["Proxy", "behind", "port_of"]


class Proxy:
    """A proxy on loopback before a port.

    Args:
        port: where it leads to.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.carried = 0
        """Bytes that went to the node."""
        self.delay = 0.0
        """Seconds that each piece waits, either way."""
        self.left: float = float("inf")
        """After so many bytes to the node every connection is cut; at 0 none is made."""
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut every connection, and make none until `mend`."""
        self.left = 0
        for one in self._open:
            _end(one)
        self._open.clear()

    def mend(self) -> None:
        """Carry everything again."""
        self.left = float("inf")

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.left <= 0:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, there: bool) -> None:
        with suppress(OSError):
            while data := source.recv(16 * 2**10):
                time.sleep(self.delay)
                if there:
                    self.left -= len(data)
                    if self.left <= 0:
                        self.cut()
                        return
                    self.carried += len(data)
                sink.sendall(data)
        for one in (source, sink):
            _end(one)


def _end(one: socket.socket) -> None:
    """End a connection for both sides at once, as a network that is gone for good."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def behind(pair: Pair, proxy: Proxy) -> None:
    """Let Japan's node go to Korea's through the proxy."""
    settings = pair.folder / "JPN" / "node.toml"
    text, count = re.subn(r"(\[peers\.KOR\][^\[]*?127\.0\.0\.1:)\d+", rf"\g<1>{proxy.port}", settings.read_text())
    assert count == 1
    settings.write_text(text)


def port_of(pair: Pair, party: str) -> int:
    home = pair.home(party)
    try:
        return home.config.link.port
    finally:
        home.close()
