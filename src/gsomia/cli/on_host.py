"""The commands that work in a node's folder alone, on its own host, and why no address does."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ON_HOST", "why_on_host"]

ON_HOST: Mapping[str, tuple[str, ...]] = {
    "it makes the node, or serves it": ("init", "node run"),
    "who may declare it, a restored register cannot say: keys that ended after the backup are good in it again": (
        "log recover",
    ),
    "a passphrase that seals keys goes to no other machine": ("key reseal",),
}
"""Each reason, and the commands for which it holds."""


def why_on_host(command: str) -> str:
    """Why a command works on the node's own host alone; "" for one that is not among them."""
    return next((why for why, commands in ON_HOST.items() if command in commands), "")
