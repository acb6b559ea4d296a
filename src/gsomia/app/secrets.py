"""The secrets in a node's folder: its own keys and its officers', written by one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gsomia.app.locks import locked
from gsomia.errors import NodeError
from gsomia.keystore import Box, KeyFiles, OfficerKey, finish_resealing, opens, write_new_keys, write_officer_key
from gsomia.node import NewKeys

__all__ = ["NodeSecrets", "secrets_turn"]


@contextmanager
def secrets_turn(folder: Path) -> Iterator[None]:
    """The turn to write among the secrets of a node's folder; waits while another process, or thread, has it.

    Args:
        folder: a node's.
    """
    with locked(folder / "keys.lock", wait=True):
        yield


@dataclass(frozen=True, slots=True)
class NodeSecrets:
    """A node's secrets, by the box that opened them.

    Args:
        folder: the node's.
        box: opens and closes them; None where they lie in the clear.
        exercise: whether an EXERCISE node's.
    """

    folder: Path
    box: Box | None = field(repr=False)
    exercise: bool

    @property
    def own(self) -> KeyFiles:
        """The node's own keys."""
        return KeyFiles(self.folder / "keys", self.box, exercise=self.exercise)

    @property
    def officers(self) -> KeyFiles:
        """The officers' keys that lie on the node's host."""
        return KeyFiles(self.folder / "officers", self.box, exercise=self.exercise)

    def keep_new(self, new: NewKeys) -> None:
        """Store keys that are to take the place of the node's own, beside them.

        Raises:
            NodeError: the keys were sealed anew meanwhile, or the disk, or the HSM, does not take them.
        """
        with self._writing():
            write_new_keys(self.own, new)

    def keep_officers(self, name: str, key: OfficerKey) -> None:
        """Store an officer's key under a name that no other has.

        Raises:
            NodeError: the name is taken, the keys were sealed anew meanwhile, or the disk does not take it.
        """
        with self._writing():
            write_officer_key(self.officers, name, key)

    def discard_officers(self, name: str) -> None:
        """Take away an officer's key that was not enrolled."""
        with secrets_turn(self.folder):
            finish_resealing(self.folder)
            self.officers.path(name).unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with secrets_turn(self.folder):
            finish_resealing(self.folder)
            if not opens(self.own):
                raise NodeError(
                    "this node's keys were sealed anew meanwhile; nothing was written under the old passphrase",
                    hint="run it again with the new passphrase",
                )
            yield
