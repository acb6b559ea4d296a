"""Failed sign-ins, counted by source and by officer, each with a wait that doubles up to a minute.

Nobody is locked out by it. What is shown and holds is let in whatever was counted: a certificate, a token with its
proof, a passkey's assertion and a provider's answer to a `state` are nothing that anybody guesses, so they are looked
at even while others wait. Only the first officer's code, which is short, is not. A wait ends by itself, grows no
longer by what comes while it lasts, and for an officer it does not bind the sources from which that officer signed in.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

__all__ = ["Failures", "source_of"]

FREE = 10
"""So many failures are answered as they are; from the next on there is a wait."""
FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
"""Seconds."""
KEPT = 900.0
"""What failed so many seconds ago counts no more, where nothing failed since."""
_MOST = 4096
"""So many sources, and so many officers, are remembered; the one that failed longest ago gives way."""


@lru_cache(maxsize=_MOST)
def source_of(address: str) -> str:
    """What failures are counted by: an address, or the network of 64 bits that one subscriber has (RFC 6177)."""
    try:
        given = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(given, ipaddress.IPv6Address) and given.ipv4_mapped is None:
        return str(ipaddress.ip_network((given, 64), strict=False))
    return str(getattr(given, "ipv4_mapped", None) or given)


@dataclass
class _Count:
    failed: int = 0
    last: float = 0.0
    until: float = 0.0


class Failures:
    """What failed, in bounded memory; a restart forgets it.

    Args:
        told: is given a line for the operator, once for each who begins to wait.
        clock: seconds that only grow.
    """

    def __init__(
        self, told: Callable[[str], None] = lambda _: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._told = told
        self._clock = clock
        self._turn = threading.Lock()
        self._counts: dict[str, OrderedDict[str, _Count]] = {"source": OrderedDict(), "officer": OrderedDict()}
        self._passed: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait(self, source: str, officer: str = "") -> float:
        """How many seconds a source has to wait before it may try to be somebody, or that officer; 0 for not at all."""
        with self._turn:
            return self._wait(source, officer)

    def failed(self, source: str, officer: str = "") -> float:
        """Count a failure, unless there is a wait already; returns how many seconds to wait."""
        lines = []
        with self._turn:
            if not (wait := self._wait(source, officer)):
                for kind, name in (("source", source), ("officer", officer)):
                    if name and self._count(kind, name):
                        lines.append(f"{FREE} sign-ins failed, {kind} `{name}`: from now on with a wait")
                wait = self._wait(source, officer)
        for line in lines:
            self._told(line)
        return wait

    def passed(self, source: str, officer: str) -> None:
        """An officer signed in from a source: waits that others bring upon the officer do not bind it there."""
        with self._turn:
            self._passed[source, officer] = None
            self._passed.move_to_end((source, officer))
            if len(self._passed) > _MOST:
                self._passed.popitem(last=False)

    def rows(self) -> list[dict[str, Any]]:
        """What counts now, for the operator: who, how often, how many seconds ago, and how many there are to wait."""
        with self._turn:
            now = self._clock()
            return [
                {
                    "kind": kind,
                    "name": name,
                    "failed": one.failed,
                    "seconds_ago": round(now - one.last),
                    "wait": round(max(0.0, one.until - now)),
                }
                for kind, counts in self._counts.items()
                for name, one in counts.items()
                if now - one.last <= KEPT
            ]

    def _wait(self, source: str, officer: str) -> float:
        now = self._clock()
        waits = [self._counts["source"].get(source)]
        if officer and (source, officer) not in self._passed:
            waits.append(self._counts["officer"].get(officer))
        return max((one.until - now for one in waits if one is not None and one.until > now), default=0.0)

    def _count(self, kind: str, name: str) -> bool:
        """Count one; whether with it the waiting begins."""
        now, counts = self._clock(), self._counts[kind]
        one = counts.pop(name, None)
        if one is None or now - one.last > KEPT:
            one = _Count()
        counts[name] = one
        if len(counts) > _MOST:
            counts.popitem(last=False)
        one.failed, one.last = one.failed + 1, now
        if one.failed >= FREE:
            one.until = now + min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(one.failed - FREE, 16))
        return one.failed == FREE
