"""What an act is about, from the register: for the conditions of the table of rights."""

from __future__ import annotations

from gsomia.errors import UsageError
from gsomia.identity.conditions import About
from gsomia.identity.principals import Principal
from gsomia.node import Case, Node, Reader, facility_of, rank_of
from gsomia.registry import Copy

__all__ = ["about_absent", "about_copy", "about_request"]


def about_copy(node: Node, reader: Reader, copy: Copy, principal: Principal) -> About:
    """What the register says of a copy and of one who would see it.

    Args:
        node: whose register.
        reader: its store.
        copy: the copy.
        principal: who acts; a need, or none, may be entered of them and this item by name.

    Raises:
        UsageError: the copy stands without its item.
    """
    item = reader.item(copy.item)
    if item is None:
        raise UsageError(f"copy `{copy.id}` stands without its item", hint="run `gsomia verify`")
    named = reader.need(item.id, principal.person)
    return About(
        subject=item.subject,
        rank=rank_of(Case.of(node, reader).law, item.originator, item.level),
        facility=facility_of(reader, copy),
        named="" if named is None else "need" if named.need else "no-need",
    )


def about_absent(node: Node, reader: Reader, reference: str, principal: Principal) -> About:
    """Read of what is not there what `about_copy` reads of what is, so that neither takes longer than the other.

    Args:
        node: whose register.
        reader: its store.
        reference: what was asked for.
        principal: who acts.

    Returns:
        What it is about: nothing that a condition could hold for.
    """
    reader.item(reference)
    reader.need(reference, principal.person)
    Case.of(node, reader)
    reader.placement(reference)
    return About()


def about_request(node: Node, reader: Reader, request: str) -> About:
    """Who of this Party asked for what is to be approved: the persons whose keys signed the act of the request.

    Args:
        node: whose record.
        reader: its store.
        request: the id of the act by which it was asked.

    Raises:
        UsageError: there is no such act.
    """
    act = reader.act(request)
    if act is None:
        raise UsageError(f"there is no act `{request}`", hint="`gsomia act list --all` lists them")
    own = act.statement.party == node.party
    officers = [signer.officer for signer in act.statement.signers if signer.officer] if own else []
    known = [(name, reader.keys_of(node.party, name)) for name in officers]
    return About(askers=frozenset(keys[-1].person if keys else name for name, keys in known))
