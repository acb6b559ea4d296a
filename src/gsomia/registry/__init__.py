"""The control register: items, copies, custody, and the rungs of evidence. Values in, values out."""

from __future__ import annotations

from gsomia.registry.register import (
    GONE,
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
    gone,
    read_control_number,
    read_copy_id,
)

__all__ = [
    "GONE",
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
    "gone",
    "read_control_number",
    "read_copy_id",
]
