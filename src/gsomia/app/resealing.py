"""A node's keys sealed under another passphrase, on its own host."""

from __future__ import annotations

from gsomia.app.home import Home
from gsomia.app.secrets import secrets_turn
from gsomia.errors import NodeError, UsageError
from gsomia.keystore import Passphrase, guessable, reseal


def reseal_keys(home: Home, passphrase: bytes) -> int:
    """Seal the node's secrets, and the officers' keys that lie in its folder, anew; the node is opened anew after it.

    Args:
        home: the node's folder, opened by the passphrase in use.
        passphrase: the new one.

    Returns:
        How many secrets.

    Raises:
        UsageError: no passphrase seals the keys, or the new one is the old one or soon guessed.
        NodeError: the node is at work, a key cannot be opened, or the disk does not take it; all are as before.
    """
    if home.config.keystore:
        raise UsageError("a key in an HSM seals this node's keys, and no passphrase", hint="change the PIN in the HSM")
    if home.passphrase is None:
        raise UsageError("this node's keys lie in the clear", hint="keys are sealed when a node is made")
    if passphrase == home.passphrase:
        raise UsageError("the new passphrase is the old one")
    if why := guessable(passphrase, party=home.node.party, exercise=home.node.exercise):
        raise UsageError(
            f"the new passphrase {why}",
            hint="put another into the file that GSOMIA_NEW_PASSPHRASE_FILE names: `openssl rand -base64 24` makes one",
        )
    with home.lock("node") as mine, home.lock("outbox") as still:
        if not mine or not still:
            raise NodeError("the node is at work with the keys that are to be sealed anew", hint="stop it first")
        old, new = Passphrase(home.passphrase), Passphrase(passphrase)
        with secrets_turn(home.folder):
            return reseal(home.folder, old, new, exercise=home.node.exercise)
