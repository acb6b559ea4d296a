"""Tampers: each a named function that makes a refused file from a good one, with one fault.

What is marked `stranger` is refused with and without provenance; what is marked `holder` keeps within what a holder of
the payload key, so every lawful reader, can make or OpenTDF leaves open: nothing but the originator's statement tells
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from taking_apart import Sample

__all__ = ["Maker", "Tamper", "holder", "made_in", "stranger"]


Maker = Callable[[Sample], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tamper:
    """One row: how it is made, what the refusal says, and whether only provenance can tell."""

    name: str
    make: Maker
    says: str
    holder: bool


_MADE: dict[str, list[Tamper]] = {}


def stranger(says: str) -> Callable[[Maker], Maker]:
    """A tamper that needs files alone; refused with and without provenance."""

    def add(make: Maker) -> Maker:
        _MADE.setdefault(make.__module__, []).append(Tamper(name=make.__name__, make=make, says=says, holder=False))
        return make

    return add


def holder(says: str) -> Callable[[Maker], Maker]:
    """A tamper that plain OpenTDF cannot see; the originator's statement tells it."""

    def add(make: Maker) -> Maker:
        _MADE.setdefault(make.__module__, []).append(Tamper(name=make.__name__, make=make, says=says, holder=True))
        return make

    return add


def made_in(module: ModuleType) -> list[Tamper]:
    """The tampers that a module makes, in its order."""
    return _MADE[module.__name__]
