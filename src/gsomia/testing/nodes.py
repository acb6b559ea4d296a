"""Nodes in one process: real stores, real keys, real messages; only the wire between them is a function call.

with Exercise(folder, ["JPN", "KOR"]) as exercise:
    jpn, kor = exercise["JPN"], exercise["KOR"]
    jpn.transmit(b"report", to="KOR", level="秘")
    exercise.settle()
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gsomia import documents
from gsomia.agreement import LegalAct
from gsomia.blobs import LocalBlobs
from gsomia.errors import NodeError, PeerError, VerificationError
from gsomia.keys import Envelope, SigningKey
from gsomia.node import (
    Acting,
    KeysInUse,
    Limits,
    Node,
    NodeKeys,
    Note,
    PersonDetails,
    Role,
    Sending,
    accredit,
    adopt_law,
    answer,
    answer_shared,
    ask_witness,
    assure,
    concerned,
    enrol_officer,
    enrol_peer,
    enter_legal_acts,
    enter_person,
    fingerprint,
    identity,
    remove_leftovers,
    step,
    transmit,
    transmit_many,
    upload,
)
from gsomia.registry import Copy
from gsomia.sealed import XWingPrivateKey
from gsomia.store import SqlStore
from gsomia.tlog import LogSigner
from gsomia.verdict import Law

__all__ = ["Exercise", "Fault", "Player", "SetClock", "Wire"]


@dataclass
class SetClock:
    """A clock that stands where it is put; schedules see it too, so that nothing waits for real time."""

    at: datetime

    def now(self) -> datetime:
        """The instant it stands at."""
        return self.at

    def machine(self) -> datetime:
        """The same instant."""
        return self.at


Fault = Callable[[str, str, Envelope], Envelope]
"""What a wire does to a message, given its direction (`asked`, `answered`) and its sender. It may raise."""

UploadFault = Callable[[str, str, Iterable[bytes]], Iterable[bytes]]
"""What a wire does to an upload, given its sender and its copy. It may raise."""


@dataclass
class Wire:
    """The wire between nodes, which can be made to fail.

    Args:
        players: who is on it.
        fault: is given every message and answer, and may change it or raise PeerError; None is a good wire.
        digests: is given every digest of what is shared (its sender), and may change it or raise PeerError.
        uploads: is given every upload (its sender, its copy, its bytes), and may change it or raise PeerError.
    """

    players: Mapping[str, Player]
    fault: Fault | None = None
    uploads: UploadFault | None = None
    digests: Callable[[str, bytes], bytes] | None = None
    carried: list[Envelope] = field(default_factory=list)

    def between(self, sender: str, recipient: str) -> _Way:
        """The way from one Party's node to another's."""
        return _Way(self, sender, recipient)

    def pass_on(self, direction: str, sender: str, envelope: Envelope) -> Envelope:
        """Carry one envelope."""
        self.carried.append(envelope)
        return self.fault(direction, sender, envelope) if self.fault is not None else envelope


@dataclass
class _Way:
    wire: Wire
    sender: str
    recipient: str

    def exchange(self, message: Envelope) -> Envelope:
        """Send a message and return the answer, both through the wire."""
        there = self.wire.players[self.recipient].node
        with there.store.reading() as reader:
            peer = reader.peers().get(self.sender)
        if peer is None:
            raise PeerError(f"`{self.recipient}` does not know `{self.sender}`")
        asked = self.wire.pass_on("asked", self.sender, message)
        try:
            answered = answer(there, peer, asked)
        except NodeError as error:
            raise PeerError(f"`{self.recipient}` cannot take it now: {error}") from error
        return self.wire.pass_on("answered", self.recipient, answered)

    def shared_digest(self) -> bytes:
        """Ask for the digest of what is shared."""
        there = self.wire.players[self.recipient].node
        with there.store.reading() as reader:
            peer = reader.peers()[self.sender]
        try:
            digest = answer_shared(there, peer)
        except (NodeError, VerificationError) as error:
            raise PeerError(str(error)) from error
        return self.wire.digests(self.recipient, digest) if self.wire.digests is not None else digest

    def upload(self, copy: str, chunks: Iterable[bytes], size: int, same: int = 0) -> None:
        """Stage an upload at the recipient's."""
        there = self.wire.players[self.recipient].node
        with there.store.reading() as reader:
            peer = reader.peers()[self.sender]
        if self.wire.uploads is not None:
            chunks = self.wire.uploads(self.sender, copy, chunks)
        try:
            with upload(there, peer, copy, offset=0, size=size) as sink:
                for chunk in chunks:
                    sink.write(chunk)
        except (NodeError, VerificationError) as error:
            raise PeerError(str(error)) from error


@dataclass
class Player:
    """One Party in an exercise: its node, one officer for each role, and the folder of its database and its items."""

    node: Node
    officers: dict[str, Acting]
    folder: Path

    @property
    def database(self) -> Path:
        """The node's register, logs and acts, for a test that changes them behind its back."""
        return self.folder / "register.sqlite"

    def content(self, item: str) -> Path:
        """Where the sealed bytes of an item lie."""
        return self.folder / "items" / item

    def by(self, role: str) -> Acting:
        """The officer who holds a role."""
        return self.officers[role]

    def transmit(self, document: bytes, **words: Any) -> Copy:
        """Transmit a document; what is left out is an ordinary document on a missile."""
        return transmit(self.node, io.BytesIO(document), self.sending(**words), by=self.by(Role.DISCLOSURE))

    def transmit_many(self, documents: Iterable[bytes], **words: Any) -> list[Copy]:
        """Transmit documents together, each of which must be permitted."""
        sending = self.sending(**words)
        sources = [(io.BytesIO(document), sending) for document in documents]
        copies = []
        for outcome in transmit_many(self.node, sources, by=self.by(Role.DISCLOSURE)):
            if not isinstance(outcome, Copy):
                raise outcome
            copies.append(outcome)
        return copies

    def sending(self, **words: Any) -> Sending:
        """What is sent of an ordinary document on a missile, and where; `words` say what is other."""
        return Sending(**{"subject": "dprk-missile", "purpose": "defence", "title": "report", **words})

    def copies(self) -> list[Copy]:
        """The register's copies."""
        with self.node.store.reading() as reader:
            return list(reader.copies())


class Exercise:
    """Some Parties' nodes, enrolled with one another, with the law adopted and the history entered.

    Args:
        folder: where their stores lie.
        parties: which.
        law: the agreements on offer; each node adopts those to which its Party belongs.
        history: the legal acts to enter, those up to `at`.
        at: where the clocks stand at first.
        seed: makes the same keys each time.
    """

    def __init__(
        self,
        folder: Path,
        parties: Sequence[str],
        *,
        law: Law,
        history: Iterable[LegalAct],
        at: datetime,
        seed: bytes = b"gsomia",
    ) -> None:
        self._begin(folder, at.astimezone(UTC), law, seed)
        acts = list(history)
        for party in parties:
            self._add(party)
        for player in self.players.values():
            self._introduce(player)
        for player in self.players.values():
            self._stand(player, acts)
        self.settle()

    def _begin(self, folder: Path, at: datetime, law: Law, seed: bytes) -> None:
        self.folder = folder
        self.clock = SetClock(at)
        self.law = law
        self.players: dict[str, Player] = {}
        self.wire = Wire(self.players)
        self._seed = seed
        self._stores: list[SqlStore] = []
        self._laws: dict[tuple[str, ...], Law] = {}

    def again(self, folder: Path) -> Exercise:
        """The same nodes as they stand now, in another folder, with a clock and a wire of their own.

        Args:
            folder: where the copies of their stores will lie.
        """
        twin = object.__new__(Exercise)
        twin._begin(folder, self.clock.at, self.law, self._seed)
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*-shm"))
        for party in self.players:
            twin._play(party, SqlStore.open(folder / party / "register.sqlite"))
        return twin

    def __getitem__(self, party: str) -> Player:
        return self.players[party]

    def __enter__(self) -> Exercise:
        return self

    def __exit__(self, *_: object) -> None:
        for store in self._stores:
            store.close()

    def _add(self, party: str) -> None:
        """Make a Party's node and enrol its officers."""
        folder = self.folder / party
        folder.mkdir(parents=True)
        player = self._play(party, SqlStore.create(folder / "register.sqlite"))
        security = player.by(Role.SECURITY)
        enrol_officer(player.node, security.officer, [Role.SECURITY], security.key.public, by=None)
        for role, acting in player.officers.items():
            if role != Role.SECURITY:
                enrol_officer(player.node, acting.officer, [role], acting.key.public, by=security)

    def _play(self, party: str, store: SqlStore) -> Player:
        """Put a Party's node together on its store."""
        self._stores.append(store)

        def chance(what: str, size: int) -> bytes:
            return hashlib.shake_256(self._seed + f"/{party}/{what}".encode()).digest(size)

        node = Node(
            party=party,
            exercise=True,
            in_use=KeysInUse(
                NodeKeys(
                    signing=SigningKey(chance("signing", 64)),
                    sealing=XWingPrivateKey.from_bytes(chance("sealing", 32)),
                    log=LogSigner(f"gsomia/{party}", chance("log", 64)),
                )
            ),
            store=store,
            blobs=LocalBlobs(self.folder / party / "items"),
            clock=self.clock,
            law=self._adopted,
            scratch=SqlStore.scratch,
            link=lambda peer: self.wire.between(party, peer),
            documents=documents,
            limits=Limits(retry=timedelta(), witness_pause=timedelta(), witness_interval=timedelta()),
        )
        officers = {
            role: Acting(officer=f"{party.lower()}-{role}", key=SigningKey(chance(role, 64))) for role in Role.ALL
        }
        self.players[party] = Player(node, officers, self.folder / party)
        return self.players[party]

    def _adopted(self, versions: Mapping[str, str]) -> Law:
        """The agreements adopted, put together once: a law keeps its compiled rules."""
        key = tuple(sorted(versions))
        if key not in self._laws:
            self._laws[key] = Law({name: self.law.agreements[name] for name in key})
        return self._laws[key]

    def _introduce(self, player: Player) -> None:
        for other in self.players.values():
            if other is not player:
                document = identity(other.node, certificate="")
                enrol_peer(player.node, document, fingerprint(document), by=player.by(Role.SECURITY))

    def _stand(self, player: Player, acts: Sequence[LegalAct]) -> None:
        node = player.node
        mine = concerned(self.law, node.party)
        adopt_law(node, self.law, mine, by=player.by(Role.LEGAL))
        past = [act for act in acts if act.under in mine and act.at <= self.clock.at]
        note = Note.of_text("EXERCISE history", b"EXERCISE", dated="2016-11-23")
        enter_legal_acts(node, past, note, by=player.by(Role.LEGAL), tell=False)
        accredit(node, "EXERCISE node", "SECRET", by=player.by(Role.SECURITY))
        for other in self.players:
            for name in mine:
                parties = self.law.agreements[name].parties
                if other != node.party and {other, node.party} <= {*parties} and len(parties) == 2:
                    assure(node, other, name, "SECRET", by=player.by(Role.SECURITY))

    def enter(self, person: PersonDetails, party: str) -> None:
        """Enter a person on a Party's roster."""
        player = self.players[party]
        enter_person(player.node, person, by=player.by(Role.SECURITY))

    def settle(self, *, tolerate: bool = False) -> None:
        """Work off every outbox until nothing is due.

        Args:
            tolerate: go on where a peer cannot be reached, so that what is due stays in the outbox.
        """
        moved = True
        while moved:
            moved = False
            for player in self.players.values():
                for other in self.players:
                    if other == player.node.party:
                        continue
                    try:
                        moved = bool(step(player.node, other)) or moved
                    except (PeerError, NodeError):
                        if not tolerate:
                            raise
        for player in self.players.values():
            remove_leftovers(player.node)
        self.witness(tolerate=tolerate)

    def witness(self, *, tolerate: bool = False) -> None:
        """Let every node ask its peers to cosign its logs.

        Args:
            tolerate: go on where a peer cannot be reached.
        """
        for player in self.players.values():
            for other in self.players:
                try:
                    if other != player.node.party:
                        ask_witness(player.node, other)
                except PeerError:
                    if not tolerate:
                        raise

    def pass_time(self, span: timedelta) -> None:
        """Let the clocks of all go on."""
        self.clock.at += span

    def with_limits(self, party: str, limits: Limits) -> None:
        """Give a node other bounds."""
        player = self.players[party]
        self.players[party] = replace(player, node=replace(player.node, limits=limits))
