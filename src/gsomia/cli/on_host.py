"""The commands that work in a node's folder alone, on its own host, and why no address does."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ON_HOST", "why_on_host"]

ON_HOST: Mapping[str, tuple[str, ...]] = {
    "it makes the node, serves it, or sets the clock of its host": ("init", "node run", "clock set"),
    "the node's own private keys are made and sealed where they lie, and go nowhere": ("key rotate", "key reseal"),
    "a register that was restored is mended where it was put back, before the node serves anybody": ("log recover",),
    "a parcel goes by a medium that is carried to the host, and past the network": ("parcel export", "parcel import"),
}
"""Each reason, and the commands for which it holds."""


def why_on_host(command: str) -> str:
    """Why a command works on the node's own host alone; "" for one that is not among them."""
    return next((why for why, commands in ON_HOST.items() if command in commands), "")
