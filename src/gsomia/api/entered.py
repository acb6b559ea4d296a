"""Acts that were entered as they were prepared, told again to those who signed them."""

from __future__ import annotations

from typing import Any

from gsomia.api.routing import permit
from gsomia.api.signin import Caller, step_up
from gsomia.node import PREPARED_FOR, Node, Reader, SignedAct, instant

__all__ = ["entered", "permit_entered", "told_entered"]


def permit_entered(caller: Caller, types: set[str]) -> None:
    """Check that the caller, who signed them, may be told of entered acts of such types: as of any act, or by the act
    of the table of rights that signs the most of them.

    Args:
        caller: who asks.
        types: of what was entered together.

    Raises:
        RefusedError: the caller's token is not good for such acts.
        Problem: the act takes a new sign-in.
    """
    if caller.may("see-acts"):
        return
    signs = {name: len(types.intersection(act.signs)) for name, act in caller.rights.acts.items()}
    rows = [name for name, many in signs.items() if many == max(signs.values())]
    good = [name for name in rows if caller.acts is None or name in caller.acts]
    if not good:
        permit(caller, rows[0])
    if caller.stale and all(caller.rights.acts[name].step_up for name in good):
        raise step_up(caller.max_age)


def entered(node: Node, reader: Reader, caller: Caller, name: str) -> list[list[SignedAct]]:
    """What was prepared under a name and entered since, for those who signed it; nothing where it was not."""
    act = reader.act(name)
    if act is None or act.statement.party != node.party:
        return []
    batches = _batches(reader, act)
    return batches if caller.id in _signers(batches) else []


def _signers(batches: list[list[SignedAct]]) -> list[str]:
    return [one.officer for batch in batches for act in batch for one in act.statement.signers if one.officer]


def told_entered(name: str, batches: list[list[SignedAct]]) -> dict[str, Any]:
    """What was entered, as those who signed it are told."""
    acts = {one.id: one for batch in batches for one in batch}
    return {
        "id": name,
        "status": "done",
        "act": acts[name].statement.type,
        "until": instant(acts[name].statement.at + PREPARED_FOR),
        "statements": [one.data.decode() for one in acts.values()],
        "acts": [*acts],
        "batches": [len(batch) for batch in batches],
        "officers": [{"officer": one, "signed": True, "left": []} for one in dict.fromkeys(_signers(batches))],
    }


def _batches(reader: Reader, act: SignedAct) -> list[list[SignedAct]]:
    """What was entered together with an act: its own batch, and those of the views that it binds."""
    views = act.statement.body["views"] if act.statement.type == "assess" else []
    given = [next(iter(reader.acts(types=["transmit"], item=view["item"]))) for view in views]
    return [[one] if one.size == 1 else [*reader.acts_with(one.id)] for one in (*given, act)]
