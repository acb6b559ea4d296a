"""How a consultation stands, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gsomia.cli.options import exercise_line, plain, table

__all__ = ["show_text"]


def show_text(told: Mapping[str, Any]) -> None:
    """A consultation for people."""
    exercise_line()
    lines = [
        ("consultation", told["id"]),
        ("about", f"{told['about']}: {told['reference']}" + (f" ({told['dispute']})" if told["dispute"] else "")),
        ("title", told["title"]),
        ("under", told["instrument"]),
        ("Parties", ", ".join(told["parties"])),
        ("opened", f"by {told['opened_by']} at {told['opened_at']}"),
        ("state", told["state"]),
    ]
    if told["turn"]:
        lines.append(("turn", f"{told['turn']} states its position"))
    if told["drafters"]:
        lines.append(("drafts by", ", ".join(told["drafters"])))
    if told["conflict"]:
        named = " ".join(f"--on {version}" for version in told["conflict"])
        lines.append(
            ("conflict", f"versions {', '.join(told['conflict'])} cross: a draft on all comes first ({named})")
        )
    for word, parties in (("closed by", told["closed_by"]), ("withdrawn", told["withdrawn"])):
        if parties:
            lines.append((word, ", ".join(parties)))
    if told["joint_text"]:
        lines.append(("effect", "none by itself: a joint text is evidence that the Parties agree"))
    lines += [
        ("effect by", f"{word}: each Party's own, with its diplomatic note or order") for word in told["effect_by"]
    ]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        click.echo(plain(f"{name:<{width}}  {text}"))
    if told["positions"]:
        click.echo()
        rows = [[one["number"], one["party"], one["at"], one["control_number"]] for one in told["positions"]]
        _columns(["position", "by", "at", "number"], rows)
    if told["drafts"]:
        click.echo()
        rows = [
            [one["version"], one["party"], ", ".join(one["on"]) or "-", ", ".join(one["signed_by"]) or "-",
             one["control_number"], one["text"]]
            for one in told["drafts"]
        ]  # fmt: skip
        _columns(["version", "by", "on", "signed by", "number", "text sha256"], rows)
    if told["views"]:
        click.echo()
        rows = [[one["author"], one["party"], one["signed"] or "-", one["control_number"]] for one in told["views"]]
        _columns(["view by", "for", "signed by act", "number"], rows)
    if waiting := [one for one in told["given"] if not one["act"]]:
        click.echo()
        rows = [[one["party"], f"at {one['lies']}" if one["lies"] else one["state"], one["item"]] for one in waiting]
        _columns(["not presented to", "state", "item"], rows)


def _columns(head: list[str], rows: list[list[Any]]) -> None:
    table(head, rows, heading=False)
