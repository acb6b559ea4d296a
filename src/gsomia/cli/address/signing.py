"""What a node prepared by its address is signed here, where it is what was asked for, and shown where it says more."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from gsomia.cli.instants import now
from gsomia.cli.meaning.assess import means_assessment, shown_views
from gsomia.cli.meaning.prepared import means
from gsomia.cli.meaning.unsaid import filled_in, unread
from gsomia.errors import PendingError, UsageError, VerificationError

if TYPE_CHECKING:
    from gsomia.cli.address.remote import Remote
    from gsomia.node import Statement

__all__ = ["AS_SHOWN", "signed"]

AS_SHOWN = "gsomia.as-shown"
"""Under which the command's context has whether the officer signs what is shown without being asked."""


def signed(
    remote: Remote,
    told: Mapping[str, Any],
    wanted: Mapping[str, Any],
    *,
    shown: bool = False,
    others: Sequence[Remote] = (),
) -> list[Statement]:
    """Sign what a node prepared, where it is what was meant, and give it the signatures.

    Args:
        remote: the node, as the officer.
        told: what it prepared.
        wanted: the act, as it was asked for.
        shown: whether the officer saw all of it and said yes.
        others: the node, as other officers who must sign too and whose keys are here.

    Raises:
        VerificationError: it is something else, or not this node's.
        UsageError: the node filled something in, and nobody is there to read it.
        PendingError: another officer must sign too.
    """
    from gsomia.cli.options import plain

    batches = _batches(told)
    statements = [one for batch in batches for one in batch]
    if fault := remote.frame.fault(statements, now()):
        hint = "compare --node-identity with what the node's `gsomia node identity` prints now, and the two clocks"
        raise VerificationError(f"the node prepared {plain(fault)}", hint=hint)
    signers = (remote, *others)
    if not _meant(batches, wanted) or not all(_places(batches, one) for one in signers):
        prepared = ", ".join(dict.fromkeys(said.type for said in statements)) or "nothing"
        raise VerificationError(f"the node prepared what was not asked for: `{plain(prepared)}`")
    if not shown:
        several = wanted["act"] == "assess"
        lines = shown_views(batches, wanted) if several else filled_in(statements, wanted)
        _confirm(lines, unread(statements, wanted))
    answer: Mapping[str, Any] = {}
    for one in signers:
        for place in _places(batches, one):
            answer = _give(one, told["id"], place, batches[place])
    if answer["status"] != "done":
        left = ", ".join(one["officer"] for one in answer["officers"] if not one["signed"])
        hint = f"`gsomia act sign {told['id']}` with that officer's key, until {answer['until']}"
        raise PendingError(f"`{wanted['act']}` waits for the signature of {left}", hint=hint)
    return statements


def _batches(told: Mapping[str, Any]) -> list[list[Statement]]:
    """The statements that a node prepared, in the batches in which they are signed.

    Raises:
        VerificationError: they are in none.
    """
    from gsomia.node import Statement

    statements = [Statement.from_bytes(str(one).encode()) for one in told["statements"]]
    lengths = [int(one) for one in told["batches"]]
    if sum(lengths) != len(statements) or any(length < 1 for length in lengths):
        raise VerificationError("the node prepared statements in no batches")
    left = iter(statements)
    return [list(islice(left, length)) for length in lengths]


def _meant(batches: Sequence[Sequence[Statement]], wanted: Mapping[str, Any]) -> bool:
    """Whether it is what was asked for; all that one batch holds is signed by the same officers."""
    if any(one.signers != batch[0].signers for batch in batches for one in batch):
        return False
    try:
        if wanted["act"] == "assess":
            return means_assessment(batches, wanted)
        return len(batches) == 1 and means(batches[0], wanted)
    except (KeyError, TypeError):
        return False  # a word that such an act has is missing, or is of another kind


def _places(batches: Sequence[Sequence[Statement]], remote: Remote) -> list[int]:
    """The places of the batches that an officer is to sign."""
    own = remote.key.public.fingerprint
    return [place for place, batch in enumerate(batches) if own in {signer.key for signer in batch[0].signers}]


def _give(remote: Remote, name: str, place: int, batch: Sequence[Statement]) -> Mapping[str, Any]:
    """Give a node an officer's signatures over one batch of what it prepared."""
    from gsomia.keys import b64
    from gsomia.node import sign_prepared

    made = sign_prepared([one.to_bytes() for one in batch], remote.key)
    words = {kind: b64(one) for kind, one in made.items()}
    return remote.post(f"preparations/{name}/signatures", words | ({"batch": place} if place else {}))


def _confirm(lines: Sequence[str], named: str) -> None:
    """Show what the node filled in, and ask: a lie that is shown while it is signed is read too late.

    Args:
        lines: what is shown.
        named: what must be said where nobody reads it, or "".

    Raises:
        UsageError: nobody is there to read it.
    """
    from gsomia.cli.options import plain

    for line in lines:
        click.echo(plain(line), err=True)
    context = click.get_current_context(silent=True)
    as_shown = context is not None and context.meta.get(AS_SHOWN)
    if as_shown and named:
        raise UsageError("nobody is there to read whose keys end", hint=f"name the officers: {plain(named)}")
    if not lines or as_shown:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to read what the node filled in", hint="run it in a terminal, or --as-shown")
    if not click.confirm("sign this?", err=True):
        raise click.Abort
