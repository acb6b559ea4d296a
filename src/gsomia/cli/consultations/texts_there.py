"""Texts of consultations by a node's address: they go up, are given to every Party, and are named by an act."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsomia.cli.address.asked import reached
from gsomia.cli.address.following import follow_there, outcome_there
from gsomia.cli.address.sending import transmit_there
from gsomia.cli.address.signing import signed
from gsomia.cli.transmitting import document
from gsomia.errors import PendingError, RefusedError

if TYPE_CHECKING:
    from gsomia.node import Statement

__all__ = ["arrived", "give_there", "say_there"]


def arrived(errors: list[PendingError | RefusedError], item: str, command: str) -> None:
    """Stop where a text has not arrived at all: the act names only what everybody holds.

    Args:
        errors: what keeps its copies.
        item: the text's.
        command: what names it once it has arrived.

    Raises:
        RefusedError: a Party does not take it.
        PendingError: it is on its way.
    """
    if errors:
        first = min(errors, key=lambda one: isinstance(one, PendingError))
        if isinstance(first, RefusedError):
            raise RefusedError(str(first), verdict=first.verdict, hint="not every Party takes it: give another text")
        raise PendingError(str(first), hint=f"once it has arrived: `{command} --text {item}`")


def give_there(
    address: str, wanted: Mapping[str, Any], file: Path, disclosure: str, wait: float, command: str
) -> tuple[str, str]:
    """Give a text to the other Parties, signed by who discloses, and wait until it has arrived.

    Args:
        address: the node's.
        wanted: the act `circulate`, as its API takes it, but for the content.
        file: the text.
        disclosure: the officer whose key lies beside the one that was given; "" for that one.
        wait: at most so many seconds.
        command: what names the text once it has arrived.

    Returns:
        The text's item, and its SHA-256.

    Raises:
        RefusedError: it is not in turn, an agreement does not let a Party have it, or the officer may not.
        PendingError: it has not arrived.
    """
    with reached(address, disclosure) as remote, document(file) as source:
        digest, given = transmit_there(remote, source, wanted)
        rows = follow_there(remote, [one.copy for one in given], wait)
    arrived([error for row in rows if (error := outcome_there(row)) is not None], given[0].item, command)
    return given[0].item, digest


def say_there(address: str, wanted: Mapping[str, Any], sha256: str, command: str) -> Statement:
    """Name a text that has arrived, signed by who speaks for this Party.

    Args:
        address: the node's.
        wanted: the act, as its API takes it.
        sha256: the text's, where the officer has it, to be held to it.
        command: what names the text.
    """
    with reached(address) as remote:
        try:
            (said,) = signed(remote, remote.post("preparations", wanted), {**wanted, "sha256": sha256})
        except RefusedError as error:
            # A text that was just given is there: whoever may speak goes on from here.
            again = f"the text has arrived; once it may be named: `{command} --text {wanted['item']}`"
            hint = again if sha256 else error.hint
            raise RefusedError(str(error), verdict=error.verdict, hint=hint) from error
    return said
