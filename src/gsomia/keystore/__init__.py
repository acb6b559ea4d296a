"""Keys at rest: files, encrypted under a passphrase or under a key in an HSM (PKCS#11).

Read next: `files` (the folder, the passphrase), `token` (the HSM), `box` (which of the two),
`officerkeys` (an officer's, in a file or on a smart card), `credentials` (where passphrase and PIN come from),
`guessing` (which passphrases would soon be guessed), `resealing` (another passphrase), `fixed` (what no setting
changes).
"""

from __future__ import annotations

from gsomia.keystore.box import box_of
from gsomia.keystore.credentials import credential
from gsomia.keystore.files import Box, KeyFiles, Passphrase
from gsomia.keystore.fixed import check_fixed
from gsomia.keystore.guessing import HOW, guessable
from gsomia.keystore.nodekeys import opens, read_node_keys, write_new_keys
from gsomia.keystore.officerkeys import OfficerKey, make_officer_key, read_officer_key, write_officer_key
from gsomia.keystore.resealing import finish_resealing, reseal
from gsomia.keystore.token import TokenKey, TokenUri, token_private_key

__all__ = [
    "HOW",
    "Box",
    "KeyFiles",
    "OfficerKey",
    "Passphrase",
    "TokenKey",
    "TokenUri",
    "box_of",
    "check_fixed",
    "credential",
    "finish_resealing",
    "guessable",
    "make_officer_key",
    "opens",
    "read_node_keys",
    "read_officer_key",
    "reseal",
    "token_private_key",
    "write_new_keys",
    "write_officer_key",
]
