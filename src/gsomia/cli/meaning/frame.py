"""Whose statement a node prepared: held against the identity of the node that its officer has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gsomia.errors import NodeError, SignatureError, UsageError

if TYPE_CHECKING:
    from gsomia.node import Statement

__all__ = ["Frame"]

_APART = timedelta(minutes=10)
"""A preparation waits five minutes; the rest is for two clocks that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every statement of a node says of itself.

    Args:
        party: whose node it is.
        exercise: whether it is an EXERCISE node, whose clock is set.
        key: the fingerprint of its signing key.
    """

    party: str
    exercise: bool
    key: str

    @classmethod
    def read(cls, file: Path) -> Frame:
        """Read it from the identity of a node.

        Raises:
            NodeError: the file cannot be read.
            UsageError: it is no such identity.
        """
        from gsomia.keys import PublicKey

        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            party, exercise = found["party"], found["exercise"]
            if not isinstance(party, str) or not isinstance(exercise, bool):
                raise ValueError("a Party, and whether it is an EXERCISE node, were expected")
            return cls(party=party, exercise=exercise, key=PublicKey.from_json(found["signing"]).fingerprint)
        except OSError as error:
            raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, RecursionError, SignatureError) as error:
            raise UsageError(f"`{file}` is not the identity of a node") from error

    def fault(self, statements: Sequence[Statement], at: datetime) -> str:
        """What of these statements is not this node's, or not of now; "" where nothing is.

        Args:
            statements: as the node prepared them.
            at: now, by the clock of the machine that signs; an EXERCISE node's own is set.
        """
        for one in statements:
            if one.party != self.party:
                return f"an act of `{one.party}`, not of `{self.party}`"
            if one.exercise is not self.exercise:
                return "an EXERCISE act" if one.exercise else "an act that is no EXERCISE act"
            if [signer.key for signer in one.signers if signer.role == "node"] != [self.key]:
                return "an act that is not to be signed by the node's own key alone"
            if not self.exercise and abs(one.at - at) > _APART:
                return f"an act of {one.at.isoformat()}"
        return ""
