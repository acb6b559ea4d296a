"""Acts: versioned statements, signed in batches by a node and by the officers whom the type requires (protocol 3).

A batch is a DSSE envelope over the root of a Merkle tree of its statements; each act carries its path. A batch of one
is the ordinary case. What is signed are the exact bytes of each statement, the RFC 8785 form of its JSON object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from gsomia.errors import LogError, SignatureError
from gsomia.keys import Envelope, PublicKey, Signs, Verifies, b64, canonical, read_canonical, sign, unb64, verify
from gsomia.node.acts.types import ACT_TYPES
from gsomia.tlog import batch, batch_root

__all__ = [
    "BATCH_TYPE",
    "Keyring",
    "Officer",
    "SignedAct",
    "Signer",
    "Statement",
    "batch_payload",
    "instant",
    "pack",
    "read_instant",
    "sign_acts",
    "unpack",
    "verify_act",
    "verify_acts",
]

STATEMENT_BYTES = 64 * 2**10
"""The longest statement; it holds a label and grounds, never contents."""

BATCH_TYPE = "application/vnd.gsomia.acts.v1+json"


def instant(at: datetime) -> str:
    """An instant as acts and messages write it: RFC 3339, UTC, microseconds, `Z`."""
    if at.tzinfo is None:
        raise ValueError("an instant needs its zone")
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def read_instant(text: object) -> datetime:
    """Read what `instant` wrote, and no other spelling.

    Raises:
        ValueError: another form.
    """
    if not isinstance(text, str):
        raise ValueError("an instant is text")
    return _instant_of(text)


@lru_cache(maxsize=4096)
def _instant_of(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or instant(at) != text:
        raise ValueError(f"not an instant as we write it: `{text}`")
    return at


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs: the node (`role` "node", `officer` "") or an officer in a role; `key` is the key's fingerprint."""

    role: str
    key: str
    officer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an act says, before anyone signs it.

    Args:
        id: the act's id, for ever.
        type: one of `ACT_TYPES`.
        at: when, by the clock of the node that makes it.
        party: whose act it is.
        instrument: the agreement it is done under, or "" where it is under none.
        parties: the peers who are party to it, sorted; it stands in the log shared with each of them.
        item, copy: what it is about, or "".
        signers: the node always, then each officer.
        exercise: whether it is an EXERCISE act.
        body: what else belongs to the type.
    """

    id: str
    type: str
    at: datetime
    party: str
    instrument: str
    parties: tuple[str, ...]
    item: str
    copy: str
    signers: tuple[Signer, ...]
    exercise: bool
    body: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The exact bytes that are signed, logged and stored."""
        return canonical(
            {
                "v": 1,
                "id": self.id,
                "type": self.type,
                "at": instant(self.at),
                "party": self.party,
                "instrument": self.instrument,
                "parties": list(self.parties),
                "item": self.item,
                "copy": self.copy,
                "signers": [{"role": s.role, "key": s.key, "officer": s.officer} for s in self.signers],
                "exercise": self.exercise,
                "body": dict(self.body),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Statement:
        """Read a statement strictly: it must write back to the same bytes.

        Raises:
            SignatureError: not a statement, or an unknown version or type.
        """
        return _read_statement(data)


_TEXTS = ("id", "type", "at", "party", "instrument", "item", "copy")
_FIELDS = {"v", *_TEXTS, "parties", "signers", "exercise", "body"}


@lru_cache(maxsize=1024)
def _signer(*, role: str, key: str, officer: str) -> Signer:
    return Signer(role=_text(role), key=_text(key), officer=_text(officer))


@lru_cache(maxsize=1024)
def _read_statement(data: bytes) -> Statement:
    # The same bytes come from the message, the store and the log; nothing changes a statement once it is read.
    try:
        if len(data) > STATEMENT_BYTES:
            raise ValueError(f"a statement has at most {STATEMENT_BYTES} bytes")
        value = read_canonical(data)
        if type(value["v"]) is not int or value["v"] != 1:
            raise ValueError(f"version `{value['v']}` of acts is not known")
        if value["type"] not in ACT_TYPES:
            raise ValueError(f"unknown type of act `{value['type']!s:.40}`")
        if value.keys() != _FIELDS:
            raise ValueError(f"an act has these fields: {', '.join(sorted(_FIELDS))}")
        for name in _TEXTS:
            if type(value[name]) is not str:
                raise ValueError(f"`{name}` is text")
        if type(value["exercise"]) is not bool or type(value["body"]) is not dict:
            raise ValueError("`exercise` is true or false, `body` is an object")
        party, parties = value["party"], tuple(map(_text, value["parties"]))
        if parties and list(parties) != sorted({*parties} - {party}):
            raise ValueError("its parties are other Parties, sorted, each once")
        statement = Statement(
            id=value["id"],
            type=value["type"],
            at=read_instant(value["at"]),
            party=party,
            instrument=value["instrument"],
            parties=parties,
            item=value["item"],
            copy=value["copy"],
            signers=tuple([_signer(**one) for one in value["signers"]]),
            exercise=value["exercise"],
            body=value["body"],
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise SignatureError(f"not an act: {error}") from error
    return statement


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a count was expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("text was expected")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAct:
    """A statement with its place in a signed batch."""

    statement: Statement
    data: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    envelope: Envelope

    @property
    def id(self) -> str:
        """The act's id."""
        return self.statement.id


def _payload(root: bytes, size: int) -> bytes:
    return canonical({"v": 1, "root": b64(root), "size": size})


def batch_payload(statements: Sequence[bytes]) -> bytes:
    """What is signed of a batch: the payload of its envelope, over the statements' exact bytes in their order."""
    return _payload(batch(statements)[0], len(statements))


def sign_acts(statements: Sequence[Statement], keys: Sequence[Signs]) -> list[SignedAct]:
    """Sign statements as one batch; every signer they name must be among the keys, and the other way round.

    Args:
        statements: one or more, all with the same signers' keys.
        keys: the node's key first, then the officers'.

    Raises:
        ValueError: the keys are not those that the statements name.
    """
    held = [key.public.fingerprint for key in keys]
    for statement in statements:
        if [s.key for s in statement.signers] != held:
            raise ValueError("a batch is signed by exactly the keys that its statements name")
    data = [statement.to_bytes() for statement in statements]
    root, paths = batch(data)
    envelope = sign(_payload(root, len(data)), BATCH_TYPE, keys)
    return [
        SignedAct(statement=s, data=d, index=i, size=len(data), path=paths[i], envelope=envelope)
        for i, (s, d) in enumerate(zip(statements, data, strict=True))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A person of a Party who may sign acts in the roles listed, with the act that enrolled the key.

    Args:
        key: a pair (Ed25519 and ML-DSA-65) or a passkey.
        person: whose key it is: one person may have several, each enrolled under an id of its own.
    """

    id: str
    party: str
    roles: tuple[str, ...]
    key: Verifies
    act: str
    enrolled_at: datetime
    person: str


class Keyring(Protocol):
    """Whose keys are whose; what a signature is checked against."""

    def node_key(self, party: str) -> PublicKey | None:
        """The enrolled key of a Party's node, or None."""
        ...

    def retired_key(self, party: str, fingerprint: str, at: datetime) -> PublicKey | None:
        """A key of a Party's node that was replaced since, where it was still in use at an instant; or None."""
        ...

    def officer(self, party: str, officer: str) -> Officer | None:
        """An officer by Party and id, or None."""
        ...


def verify_act(act: SignedAct, keyring: Keyring, *, exercise: bool) -> Statement:
    """Check one act: its place in the batch, the signatures, and that those who signed may sign such an act.

    Args:
        act: what came in.
        keyring: the keys this node knows.
        exercise: whether this node is an EXERCISE node; real and EXERCISE refuse each other (protocol 10).

    Returns:
        The statement: use this and nothing else.

    Raises:
        SignatureError: it does not hold, or a signer that the type requires is missing.
    """
    statement = Statement.from_bytes(act.data)
    if statement.exercise is not exercise:
        raise SignatureError(f"act `{statement.id}`: real and EXERCISE nodes refuse each other's acts")
    keys = _signers(statement, keyring)
    try:
        payload = verify(act.envelope, BATCH_TYPE, keys)
    except SignatureError as error:
        raise SignatureError(f"act `{statement.id}`: {error}", hint=error.hint) from error
    try:
        root = batch_root(act.data, act.index, act.size, act.path)
    except LogError as error:
        raise SignatureError(f"act `{statement.id}`: its path does not fit its batch") from error
    if payload != _payload(root, act.size):
        raise SignatureError(f"act `{statement.id}` is not in the batch that was signed")
    return statement


def verify_acts(acts: Sequence[SignedAct], keyring: Keyring, *, exercise: bool) -> None:
    """Check acts that share an envelope: what `verify_act` checks of each, and quicker where the batch is whole.

    Args:
        acts: one or more of one batch, in its order.
        keyring, exercise: as for `verify_act`.

    Raises:
        SignatureError: one of them does not hold.
    """
    with suppress(SignatureError):
        if _whole(acts, keyring, exercise=exercise):
            return
    # The batch is not here whole, or something does not hold: each is looked at by itself, and the fault is named.
    for act in acts:
        verify_act(act, keyring, exercise=exercise)


def _whole(acts: Sequence[SignedAct], keyring: Keyring, *, exercise: bool) -> bool:
    """Whether these are all the acts of one batch and each holds: its tree is then made once, and not a path for each.

    Raises:
        SignatureError: signatures or signers do not hold.
    """
    envelope, size = acts[0].envelope, acts[0].size
    if len(acts) != size:
        return False
    root, paths = batch([act.data for act in acts])
    payload = _payload(root, size)
    # The instant counts too: by it a node's key that was replaced since is known.
    known: set[tuple[str, tuple[str, ...], str, tuple[Signer, ...], datetime]] = set()
    last = None
    for number, act in enumerate(acts):
        statement = Statement.from_bytes(act.data)
        roles = ACT_TYPES[statement.type].signing(statement.body)
        signers = (statement.type, roles, statement.party, statement.signers, statement.at)
        if signers != last and (signers not in known or statement.type == "enrol-key"):
            if verify(envelope, BATCH_TYPE, _signers(statement, keyring)) != payload:
                return False
            known.add(signers)
        last = None if statement.type == "enrol-key" else signers
        if (
            statement.exercise is not exercise
            or (act.index, act.size) != (number, size)
            or act.path != paths[number]
            or (act.envelope is not envelope and act.envelope != envelope)
        ):
            return False
    return True


def _signers(statement: Statement, keyring: Keyring) -> list[Verifies]:
    """The keys that must have signed, once the signers named are those that the type requires."""
    node = keyring.node_key(statement.party)
    if node is None:
        raise SignatureError(f"act `{statement.id}`: no key of the node of `{statement.party}` is enrolled")
    if statement.signers and statement.signers[0].key != node.fingerprint:
        node = keyring.retired_key(statement.party, statement.signers[0].key, statement.at) or node
    if not statement.signers or statement.signers[0] != Signer(role="node", key=node.fingerprint):
        raise SignatureError(f"act `{statement.id}`: the node of `{statement.party}` must sign first, with its own key")
    keys: list[Verifies] = [node]
    open_roles = list(ACT_TYPES[statement.type].signing(statement.body))
    seen: set[str] = set()
    for signer in statement.signers[1:]:
        officer = keyring.officer(statement.party, signer.officer)
        if officer is None or officer.key.fingerprint != signer.key:
            raise SignatureError(f"act `{statement.id}`: officer `{signer.officer}` is not enrolled with that key")
        if signer.role not in officer.roles:
            raise SignatureError(f"act `{statement.id}`: officer `{signer.officer}` does not hold `{signer.role}`")
        if officer.person in seen:
            raise SignatureError(f"act `{statement.id}`: `{officer.person}` signs twice, and two persons must sign")
        seen.add(officer.person)
        if signer.role in open_roles:
            open_roles.remove(signer.role)
        keys.append(officer.key)
    if open_roles and not (statement.type == "enrol-key" and statement.body.get("first") is True):
        raise SignatureError(
            f"act `{statement.id}`: `{statement.type}` needs an officer with the role `{open_roles[0]}`"
        )
    return keys


def pack(acts: Iterable[SignedAct]) -> list[dict[str, Any]]:
    """Acts as JSON, each act and each batch's envelope written once, in the order given."""
    batches: dict[Envelope, dict[str, Any]] = {}
    for act in {act.id: act for act in acts}.values():
        entry = batches.setdefault(act.envelope, {"envelope": act.envelope.to_json(), "size": act.size, "acts": []})
        entry["acts"].append(
            {"statement": act.data.decode(), "index": act.index, "path": [b64(node) for node in act.path]}
        )
    return list(batches.values())


def unpack(value: Any) -> list[SignedAct]:
    """Read what `pack` wrote; nothing is verified here.

    Raises:
        SignatureError: not such a list.
    """
    acts: list[SignedAct] = []
    try:
        if not isinstance(value, list):
            raise ValueError("a list was expected")
        for entry in value:
            envelope = Envelope.from_json(entry["envelope"])
            for one in entry["acts"]:
                data = one["statement"].encode()
                acts.append(
                    SignedAct(
                        statement=Statement.from_bytes(data),
                        data=data,
                        index=_count(one["index"]),
                        size=_count(entry["size"]),
                        path=tuple(unb64(node) for node in one["path"]),
                        envelope=envelope,
                    )
                )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignatureError(f"not a list of acts: {error}") from error
    return acts
