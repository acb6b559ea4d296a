"""The control register: items, copies, custody, and the rungs of evidence. Values in, values out."""

from __future__ import annotations

from gsomia.registry.register import (
    Citation,
    Copy,
    CopyState,
    Custody,
    Direction,
    Item,
    Rendition,
    Rung,
    RungEntry,
    advance,
    control_number,
    copy_id,
    destroyed,
    read_control_number,
    read_copy_id,
)

__all__ = [
    "Citation",
    "Copy",
    "CopyState",
    "Custody",
    "Direction",
    "Item",
    "Rendition",
    "Rung",
    "RungEntry",
    "advance",
    "control_number",
    "copy_id",
    "destroyed",
    "read_control_number",
    "read_copy_id",
]
