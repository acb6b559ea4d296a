"""What a node prepared of an act of a consultation, held against what its officer asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsomia.node import Statement

__all__ = ["CONSULT_BODIES", "means_consult"]

_COMMON = ("about", "consultation")
CONSULT_BODIES: Mapping[str, tuple[str, ...]] = {
    "open-consultation": ("about", "reference", "title", "subject", "purpose", "order"),
    "state-position": (*_COMMON, "after", "number", "text"),
    "propose-draft": (*_COMMON, "after", "number", "text", "bases"),
    "sign-joint-text": (*_COMMON, "after", "draft", "text", "among"),
    "close-consultation": (*_COMMON, "after"),
    "withdraw-from-consultation": (*_COMMON, "after"),
    "present-view": (*_COMMON, "opening", "text"),
    "sign-view": (*_COMMON, "opening", "text"),
}
"""The words of each act, and no others."""

_WITH_ITEM = frozenset({"state-position", "propose-draft", "present-view", "sign-view"})


def means_consult(statements: Sequence[Statement], wanted: Mapping[str, Any]) -> bool:
    """Whether a prepared statement is what was asked for, as far as that can be told without the node's record.

    Args:
        statements: as the node prepared them.
        wanted: the act, as it was asked for; the digest of a text that the officer has is held to under `sha256`, and
            the one Party that is told under `to`.
    """
    kind = wanted["act"]
    if len(statements) != 1 or statements[0].type != kind or {*statements[0].body} != {*CONSULT_BODIES[kind]}:
        return False
    (said,) = statements
    body = said.body
    if said.copy or bool(said.item) is not (kind in _WITH_ITEM):
        return False
    if kind == "open-consultation":
        told = {name: wanted[name] for name in ("about", "title", "subject", "purpose")}
        # A dispute is named as all Parties call it, an item by its id.
        named = wanted["about"] in ("dispute", "regrade") or body["reference"] == wanted["reference"]
        others = [*wanted["others"]]
        where = (said.instrument, body["order"], [*said.parties])
        return (
            named
            and all(body[name] == word for name, word in told.items())
            and where == (wanted["under"], [said.party, *others], sorted(others))
        )
    if "to" in wanted and [*said.parties] != [wanted["to"]]:
        return False
    if not str(body["consultation"]).startswith(wanted["consultation"]):
        return False
    return not wanted.get("sha256") or body["text"] == wanted["sha256"]
