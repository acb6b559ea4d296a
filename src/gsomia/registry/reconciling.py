"""One side of a reconciliation: it asks the other for ranges, and finds the entries that differ.

The side that asks says nothing of its own set. What the other says is held to what it said before: a range's parts or
entries must give the fingerprint that stood over them, so a set is fixed by its first answer, and has an end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gsomia.errors import VerificationError
from gsomia.registry.ranges import (
    EMPTY,
    END,
    Fingerprint,
    RangeStore,
    entries_fingerprint,
    fingerprint,
    parts_fingerprint,
    parts_of,
)

__all__ = ["Differing", "Given", "Walk", "give_range", "unnested"]

ENTRY_BYTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is said of a range: the sixteen fingerprints beneath it, or the entries in which it ends."""

    parts: bytes | None = None
    entries: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """An entry that stands otherwise on the two sides; None where it does not stand at all."""

    position: bytes
    own: bytes | None
    theirs: bytes | None


def give_range(store: RangeStore, prefix: str) -> Given:
    """What the side that is asked says of a range."""
    parts = store.parts(prefix)
    if parts is not None:
        return Given(parts=parts)
    return Given(entries=b"".join(p + d for p, d in store.entries(prefix, END)))


def unnested(prefixes: Sequence[str]) -> None:
    """Check that ranges that are asked for together do not overlap.

    Raises:
        VerificationError: one is asked for twice, or lies within another.
    """
    before = None
    for one in sorted(prefixes):
        if before is not None and one.startswith(before):
            raise VerificationError(f"the ranges `{before}` and `{one}` overlap")
        before = one


@dataclass(slots=True)
class Walk:
    """The walk down to what differs.

    Args:
        store: the own set.
        root: the fingerprint of the other's whole set, as it said first.
        most: so many entries may differ; beyond, these are not two views of one set.
    """

    store: RangeStore
    root: Fingerprint
    most: int
    differing: list[Differing] = field(default_factory=list)
    _open: dict[str, Fingerprint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._consider("", fingerprint(self.store), self.root)

    def ask(self, most: int) -> list[str]:
        """The ranges to ask for next, at most so many; none where the walk has come to its end."""
        return list(islice(self._open, most))

    def said(self, prefix: str) -> Fingerprint:
        """What the other said of a range that is still to be asked for."""
        return self._open[prefix]

    def take(self, given: Mapping[str, Given]) -> None:
        """Take in what was said of ranges that were asked for.

        Raises:
            VerificationError: a range was not asked for, is malformed, or is not what its fingerprint stands for.
        """
        for prefix, one in given.items():
            said = self._open.pop(prefix, None)
            if said is None:
                raise VerificationError(f"range `{prefix:.80}` was not asked for")
            if one.parts is not None:
                self._take_parts(prefix, said, one.parts)
            else:
                self._take_entries(prefix, said, one.entries or b"")

    def _take_parts(self, prefix: str, said: Fingerprint, parts: bytes) -> None:
        beneath = parts_of(prefix, parts)
        if parts_fingerprint(parts) != said or said.count <= END:
            raise VerificationError(f"range `{prefix}` is parted in what does not give its fingerprint")
        kept = self.store.parts(prefix)
        own = parts_of(prefix, kept) if kept is not None else {name: fingerprint(self.store, name) for name in beneath}
        for name, one in beneath.items():
            self._consider(name, own[name], one)

    def _take_entries(self, prefix: str, said: Fingerprint, data: bytes) -> None:
        theirs = _read_entries(prefix, data)
        if len(theirs) > END or entries_fingerprint(theirs, prefix) != said:
            raise VerificationError(f"range `{prefix}` holds entries that do not give its fingerprint")
        self._compare(dict(self.store.entries(prefix, self.most + 1)), dict(theirs))

    def _consider(self, prefix: str, own: Fingerprint, theirs: Fingerprint) -> None:
        """Look further into a range where it is not alike."""
        if own == theirs:
            return
        self._still(abs(own.count - theirs.count))
        if theirs == EMPTY:
            self._compare(dict(self.store.entries(prefix, self.most + 1)), {})
            return
        self._open[prefix] = theirs
        self._still(len(self._open))  # in each of them something differs

    def _compare(self, own: Mapping[bytes, bytes], theirs: Mapping[bytes, bytes]) -> None:
        for position in sorted({*own, *theirs}):
            if own.get(position) != theirs.get(position):
                self.differing.append(Differing(position=position, own=own.get(position), theirs=theirs.get(position)))
        self._still(len(self.differing))

    def _still(self, differing: int) -> None:
        if differing > self.most:
            raise VerificationError(f"more than {self.most} entries differ: these are not two views of one set")


def _read_entries(prefix: str, data: bytes) -> list[tuple[bytes, bytes]]:
    if len(data) % ENTRY_BYTES:
        raise VerificationError(f"range `{prefix}` holds {len(data)} bytes, which are no entries")
    found = [(data[at : at + 32], data[at + 32 : at + ENTRY_BYTES]) for at in range(0, len(data), ENTRY_BYTES)]
    positions = [one for one, _ in found]
    if positions != sorted({*positions}) or not all(one.hex().startswith(prefix) for one in positions):
        raise VerificationError(f"range `{prefix}` holds entries that are out of order or not of it")
    return found
