"""Who this node is to its peers, and enrolling theirs: by an officer who compares the fingerprint (protocol 10)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from gsomia.errors import DataError, LogError, UsageError
from gsomia.keys import PublicKey, b64, canonical, unb64
from gsomia.node.acts.signed import SignedAct, Statement
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node
from gsomia.node.people.officers import public_acts
from gsomia.node.record.succession import RetiredKeys, retired_keys, told_key
from gsomia.sealed import XWingPublicKey
from gsomia.tlog import LogVerifier

__all__ = ["check_identity", "enrol_peer", "fingerprint", "identity", "identity_after"]

_PARTY = re.compile(r"[A-Z]{3}")
_KEYS = ("v", "party", "exercise", "signing", "sealing", "log", "certificate", "previous")


def identity(node: Node, certificate: str) -> dict[str, Any]:
    """The node's identity: every public key of it in one document, which one fingerprint covers.

    The keys that it used before stand in it too, so that a peer who enrols it only now can check older acts and items.

    Args:
        node: whose.
        certificate: its TLS certificate, PEM.
    """
    # Once, and before the register, which may name a replacement that came meanwhile: then the identity is that before.
    keys = node.keys
    before = {key.public.fingerprint for key in keys.retired}
    with node.store.reading() as reader:
        retired = [old for old in retired_keys(reader, node.party) if old.signing.fingerprint in before]
    return {
        "v": 1,
        "party": node.party,
        "exercise": node.exercise,
        "signing": keys.signing.public.to_json(),
        "sealing": b64(keys.sealing.public.to_bytes()),
        "log": keys.log.public.to_text(),
        "certificate": certificate,
        "previous": [old.to_json() for old in retired],
    }


def fingerprint(document: Mapping[str, Any]) -> str:
    """SHA-256 over the RFC 8785 form of an identity, in hexadecimal: what goes into the diplomatic note."""
    return hashlib.sha256(canonical(dict(document))).hexdigest()


def check_identity(document: Mapping[str, Any]) -> None:
    """Check that a document has the form of an identity.

    Raises:
        DataError: it is no identity.
    """
    if not isinstance(document, Mapping) or set(document) != set(_KEYS) or document["v"] != 1:
        raise DataError(f"not an identity of a node: its keys are {', '.join(_KEYS)}")
    try:
        party, certificate = document["party"], document["certificate"]
        if not isinstance(party, str) or not _PARTY.fullmatch(party) or not isinstance(certificate, str):
            raise ValueError("`party` is ISO 3166-1 alpha-3 and `certificate` is PEM text")
        PublicKey.from_json(document["signing"])
        XWingPublicKey.from_bytes(unb64(document["sealing"]))
        LogVerifier.from_text(document["log"])
        for value in document["previous"]:
            RetiredKeys.from_json(value)
        fingerprint(document)
    except (ValueError, TypeError, KeyError, LogError) as error:
        raise DataError(f"not an identity of a node: {error}") from error


def identity_after(document: Mapping[str, Any], statement: Statement) -> dict[str, Any]:
    """A node's identity once its keys were replaced: all else in it stays as it was (keys, rules 21 and 26).

    Args:
        document: its identity before.
        statement: of the act `replace-node-key`.
    """
    retired = RetiredKeys(
        signing=PublicKey.from_json(document["signing"]),
        sealing=XWingPublicKey.from_bytes(unb64(document["sealing"])).kid,
        until=statement.at,
    )
    return {
        **document,
        "signing": statement.body["signing"],
        "sealing": statement.body["sealing"],
        "previous": [*document["previous"], retired.to_json()],
    }


def enrol_peer(node: Node, document: Mapping[str, Any], expected: str, *, address: str = "", by: Acting) -> SignedAct:
    """Enrol a peer whose fingerprint an officer compared with the diplomatic note.

    Args:
        node: who enrols.
        document: the peer's identity, as `gsomia node identity` printed it.
        expected: the fingerprint from the note, 64 hexadecimal digits, white space and case ignored.
        address: where it is reached, `https://host:port` or `parcel:`, for the settings of a node that has such.
        by: a security officer.

    Returns:
        The act; the peer is told of this node's officers and accreditation from now on.

    Raises:
        DataError: the document is no identity.
        UsageError: the fingerprint differs, it is this node's own Party, or the other kind of node.
    """
    check_identity(document)
    if node.addresses is not None:
        node.addresses.check(document, address)
    party, actual = str(document["party"]), fingerprint(document)
    if "".join(expected.split()).lower() != actual:
        raise UsageError(
            f"the fingerprint of this identity is `{actual}`, not the one given",
            hint="compare it with the diplomatic note; never take it from the network",
        )
    if document["party"] == node.party:
        raise UsageError(f"`{node.party}` is this node's own Party")
    if document["exercise"] is not node.exercise:
        raise UsageError("real and EXERCISE nodes are not each other's peers")
    body = {"identity": dict(document), "fingerprint": actual}
    with node.store.writing() as tx:
        act = make(node, tx, [Draft(type="enrol-peer", body=body)], at=node.clock.now(), by=by)[0]
        tx.put_setting(told_key(str(document["party"])), node.keys.signing.public.fingerprint)
        for one in public_acts(node, tx):
            tx.put_outgoing(str(document["party"]), "act", one, node.clock.machine())
    if node.addresses is not None:
        node.addresses.put(party, address, actual)
    return act
