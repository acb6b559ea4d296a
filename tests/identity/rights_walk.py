"""The walk: everything that can be asked for (a command, a route) x every role, held against the table of rights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gsomia.identity import ROLES, Rights

__all__ = ["walk"]


def walk(
    rights: Rights, asked: Mapping[str, Iterable[str]], permitted: Callable[[str, str, str], bool]
) -> tuple[int, list[str]]:
    """Hold what really is permitted against the table.

    Args:
        rights: the table.
        asked: each thing that can be asked for, by the name of its command or route, and the acts of the table that
            it asks for.
        permitted: whether the thing, asked for this act by one who holds this role alone, is let through, where every
            condition of the table's rows holds. Whatever comes after (no such item, a verdict) is no concern here.

    Returns:
        How many were asked, and a line for each that differs from the table.
    """
    counted, differing = 0, []
    for name, acts in asked.items():
        for act in acts:
            if act not in rights.acts:
                differing.append(f"{name}: the table has no act `{act}`")
                continue
            rows = {right.role for right in rights.acts[act].rights}
            for role in ROLES:
                counted += 1
                if permitted(name, act, role) is not (role in rows):
                    word = "refuses" if role in rows else "permits"
                    differing.append(f"{name}: {word} `{role}` to `{act}`, and the table does not")
    return counted, differing
