"""A node's folder, opened: its parts put together, its officers' keys, its peers, its law."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from gsomia.app.addresses import SettingsAddresses
from gsomia.app.clock import FolderClock
from gsomia.app.forms import Forms
from gsomia.app.law import LawFolder, offered_law
from gsomia.app.locks import locked, serving
from gsomia.app.secrets import NodeSecrets
from gsomia.blobs import LocalBlobs
from gsomia.config import BY_PARCEL, NodeConfig, read_config, read_law_folder, shipped_law
from gsomia.errors import GsomiaError, NodeError, PeerError, PendingError, RefusedError, UsageError
from gsomia.keys import Verifies
from gsomia.keystore import (
    KeyFiles,
    box_of,
    check_fixed,
    finish_resealing,
    make_officer_key,
    read_node_keys,
    read_officer_key,
)
from gsomia.node import (
    Acting,
    Check,
    KeysInUse,
    Limits,
    NewKeys,
    Node,
    PeerLink,
    SignedAct,
    Stamp,
    TracerDays,
    adopt_law,
    ask_witness,
    audit,
    audit_stamps,
    distrusted,
    enrol_officer,
    enrol_peer,
    identity,
    keep_denied,
    log_files,
    log_named,
    remove_leftovers,
    replace_node_keys,
    replace_officer_key,
    stamp_logs,
    step,
)
from gsomia.passkeys import Passkey
from gsomia.store import SqlStore
from gsomia.verdict import Law

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_NAMED = 20
"""So many officers are named to one who named none of them."""


def _later_key(officer: str, key: Verifies) -> str:
    """The name of the file of a key that took another's place."""
    return f"{officer[:47]}.{key.fingerprint[:16]}"


@dataclass
class Home:
    """A node's folder, opened.

    Args:
        folder: what `init` made.
        passphrase: opens the keys where they are sealed.
    """

    folder: Path
    passphrase: bytes | None = field(default=None, repr=False)
    config: NodeConfig = field(init=False)
    node: Node = field(init=False)
    clock: FolderClock = field(init=False)
    _secrets: NodeSecrets = field(init=False, repr=False)
    store: SqlStore = field(init=False)
    _links: dict[str, Any] = field(init=False, default_factory=dict)
    _law: LawFolder = field(init=False)

    def __post_init__(self) -> None:
        self.config = read_config(self.folder)
        finish_resealing(self.folder)
        self.store = SqlStore.open(self.folder / "register.sqlite")
        with self.store.reading() as reader:
            check_fixed(self.folder, self.config, reader)
        box = box_of(self.config.keystore, self.passphrase)
        self._secrets = NodeSecrets(self.folder, box, exercise=self.config.exercise)
        self._law = LawFolder(self.folder / "law")
        self.clock = FolderClock(self.folder / "clock", settable=self.config.exercise)
        link = self.config.link
        self.node = Node(
            party=self.config.party,
            exercise=self.config.exercise,
            in_use=KeysInUse(read_node_keys(self._secrets.own, self.store, self.config.party)),
            store=self.store,
            blobs=LocalBlobs(self.folder / "items"),
            clock=self.clock,
            law=self._law.adopted,
            scratch=SqlStore.scratch,
            link=self._link,
            addresses=SettingsAddresses(self.folder, self._distrusted, self._readdressed),
            documents=Forms(),
            limits=Limits(
                max_skew=dt.timedelta(seconds=link.max_skew_seconds),
                acceptance=dt.timedelta(seconds=link.acceptance_seconds),
                max_item_bytes=link.max_item_bytes,
                retry=dt.timedelta(seconds=link.retry_seconds),
                retry_limit=dt.timedelta(seconds=link.retry_limit_seconds),
                custody=frozenset(link.custody),
                refusals=link.refusals_per_hour,
                standing_orders=link.standing_orders,
                recall_answer=dt.timedelta(days=self.config.recalls.answer_days),
                witness_pause=dt.timedelta(seconds=self.config.witness.pause_seconds),
                witness_interval=dt.timedelta(seconds=self.config.witness.interval_seconds),
                unwitnessed=dt.timedelta(seconds=self.config.witness.unwitnessed_seconds),
                parcel_acceptance=dt.timedelta(days=self.config.parcels.acceptance_days),
                parcel_age=dt.timedelta(days=self.config.parcels.age_days),
                reconcile_rounds=self.config.reconciliation.max_rounds,
                reconcile_bytes=self.config.reconciliation.max_bytes,
                reconcile_time=dt.timedelta(seconds=self.config.reconciliation.max_seconds),
                reconcile_patience=dt.timedelta(seconds=self.config.reconciliation.patience_seconds),
            ),
        )
        # Whether its store was restored from a backup a node learns from its peers alone.
        self.node.unasked.add(self.wired(), self.clock.machine())

    def close(self) -> None:
        """Let go of the register and the connections."""
        for link in self._links.values():
            link.close()
        self.store.close()

    def identity(self) -> dict[str, Any]:
        """The node's identity, for its peers' officers to enrol."""
        return identity(self.node, (self.folder / "keys" / "tls.pem").read_text(encoding="ascii"))

    def replace_keys(self, *, by: Acting) -> SignedAct:
        """Replace the node's signing and sealing keys by new ones, by an act.

        Raises:
            NodeError: the node is running, and would go on with the old ones.
        """
        with self.lock("node") as mine, self.lock("outbox") as still:
            if not mine or not still:
                raise NodeError(
                    "the node is at work with the keys that are to be replaced",
                    hint="stop it first, or replace them at its address",
                )
            return replace_node_keys(self.node, NewKeys.generate(), self.keep_keys, by=by)

    def keep_keys(self, new: NewKeys) -> None:
        """Store keys that are to take the place of the node's own beside them.

        Raises:
            NodeError: the keys were sealed anew meanwhile, or the disk, or the HSM, does not take them.
        """
        self._secrets.keep_new(new)

    def tls_password(self) -> bytes:
        """What the key of the TLS certificate is encrypted under; empty where it lies in the clear."""
        keys = self._secrets.own
        return keys.read("tls", "tls-password") if keys.exists("tls") else b""

    # --- officers' key files --------------------------------------------------------------------------------------

    def officer_files(self) -> KeyFiles:
        """Where officers' key files lie."""
        return self._secrets.officers

    def acting(self, officer: str, role: str) -> Acting:
        """An officer at work, with the key from its file.

        Args:
            officer: the officer's id, or "" for the only one of this node who holds the role.
            role: what is to be signed.

        Raises:
            UsageError: none or several officers hold the role, and none was named.
            RefusedError: the officer does not hold it: asked before anything else, so that nothing else is told; it is
                kept.
        """
        if not officer:
            with self.store.reading() as reader:
                holders = [o.id for o in reader.officers_of(self.node.party, role=role, limit=_NAMED)]
            if len(holders) != 1:
                listed = ", ".join(holders) or "none; `gsomia officer enrol` adds one"
                raise UsageError(f"name the officer who acts as `{role}` with --by", hint=f"they are: {listed}")
            officer = holders[0]
        with self.store.reading() as reader:
            known = reader.officer(self.node.party, officer)
        files = self.officer_files()
        if known is None and not files.exists(officer):
            with self.store.reading() as reader:
                enrolled = ", ".join(o.id for o in reader.officers(self.node.party, limit=_NAMED)) or "none"
            raise UsageError(f"unknown officer `{officer}`", hint=f"enrolled: {enrolled}; named with --by")
        if known is not None and isinstance(known.key, Passkey):
            raise UsageError(
                f"officer `{officer}` signs by a passkey, and nothing here holds it", hint="sign over the node's API"
            )
        name = _later_key(officer, known.key) if known is not None else officer
        acting = Acting(officer=officer, key=read_officer_key(files, name if files.exists(name) else officer))
        try:
            with self.store.reading() as reader:
                self.node.officer(reader, acting, role)
        except RefusedError as error:
            keep_denied(self.node, officer, f"an act of a `{role}` officer", error)
            raise
        return acting

    def replace_officer_key(
        self, officer: str, *, by: Acting, token: str = "", public: Verifies | None = None
    ) -> SignedAct:
        """Enrol a new key for an officer in place of the one before; key and file as for `enrol_officer`."""
        if public is not None:
            return replace_officer_key(self.node, officer, public, by=by)
        key = make_officer_key(token)
        name = _later_key(officer, key.public)
        self._secrets.keep_officers(name, key)
        try:
            return replace_officer_key(self.node, officer, key.public, by=by)
        except BaseException:
            self._secrets.discard_officers(name)
            raise

    def enrol_officer(
        self,
        officer: str,
        roles: tuple[str, ...],
        *,
        by: Acting | None,
        person: str = "",
        token: str = "",
        public: Verifies | None = None,
    ) -> SignedAct:
        """Enrol an officer's key, of the person of that id or of another.

        Args:
            officer, roles, by, person: as for the node.
            token: the `pkcs11:` URI of the half that is in a token; "" makes a key that is whole in its file.
            public: a key that was made elsewhere; no file is made here.
        """
        with self.store.reading() as reader:
            if reader.keys_of(self.node.party, officer):
                raise UsageError(
                    f"officer `{officer}` has been enrolled, and may have no key now",
                    hint=f"`gsomia officer replace {officer}` enrols a new key in place of the one before",
                )
        if public is not None:
            return enrol_officer(self.node, officer, roles, public, by=by, person=person)
        key = make_officer_key(token)
        self._secrets.keep_officers(officer, key)
        try:
            return enrol_officer(self.node, officer, roles, key.public, by=by, person=person)
        except BaseException:
            self._secrets.discard_officers(officer)
            raise

    # --- peers ----------------------------------------------------------------------------------------------------

    def enrol_peer(self, document: Mapping[str, Any], fingerprint: str, url: str, *, by: Acting) -> SignedAct:
        """Enrol a peer by an act, and name it in the settings."""
        return enrol_peer(self.node, document, fingerprint, address=url, by=by)

    def _readdressed(self, party: str) -> None:
        self._links.pop(party, None)
        self.config = read_config(self.folder)

    def _distrusted(self, party: str) -> bool:
        with self.store.reading() as reader:
            peer = reader.peers().get(party)
            return peer is not None and distrusted(reader, peer.signing) is not None

    def _link(self, party: str) -> PeerLink:
        settings = self.config.peers.get(party) or read_config(self.folder).peers.get(party)
        with self.store.reading() as reader:
            peer = reader.peers().get(party)
        if settings is None or peer is None or settings.fingerprint != peer.fingerprint:
            raise PeerError(f"`{party}` does not stand in the settings with the fingerprint that was enrolled")
        if settings.url == BY_PARCEL:
            raise PeerError(f"there is no wire to `{party}`", hint=f"`gsomia parcel export DIR --to {party}`")
        if party not in self._links:
            from gsomia.link import HttpLink
            from gsomia.web import client_context

            keys = self.folder / "keys"
            context = client_context(
                keys / "tls.pem", keys / "tls-key.pem", peer.certificate, password=self.tls_password()
            )
            self._links[party] = HttpLink(party, settings.url, context)
        way: PeerLink = self._links[party]
        return way

    # --- law ------------------------------------------------------------------------------------------------------

    def offered(self) -> dict[str, dict[str, bytes]]:
        """The agreements that may be adopted: those of this release and those that the settings name."""
        found = shipped_law()
        for name in self.config.law_folders:
            path = Path(name) if Path(name).is_absolute() else self.folder / name
            found[path.name] = read_law_folder(path)
        return found

    def adopt(self, names: tuple[str, ...], *, by: Acting) -> list[SignedAct]:
        """Keep the agreements' folders as they are now and adopt them by an act."""
        return adopt_law(self.node, self.offer(names), names, by=by)

    def offer(self, names: Sequence[str]) -> Law:
        """The law on offer; the folders of the agreements named are kept as they are now."""
        folders = self.offered()
        offered = offered_law(folders)
        for name in names:
            # Kept before it is adopted: an act that names a version nobody has would stop the node.
            if name in offered.agreements:
                self._law.keep(name, offered.agreements[name].version, folders[name])
        return offered

    def law_files(self, name: str, version: str) -> dict[str, bytes]:
        """The files of an agreement in a version that was adopted."""
        return self._law.files(name, version)

    def spool(self) -> BinaryIO:
        """A file in the node's folder for what is on its way out; it has no name, and is gone when it is closed.

        Raises:
            NodeError: the disk does not take it.
        """
        try:
            return cast(BinaryIO, tempfile.TemporaryFile(dir=self.folder))
        except OSError as error:
            raise NodeError(f"cannot write in `{self.folder}`: {error.strerror}") from error

    def export_log(self, name: str, folder: Path) -> int:
        """Write a log as files; returns how many entries it has.

        Raises:
            UsageError: there is no such log, or the folder holds something.
        """
        with self.store.reading() as reader:
            state = log_named(reader, name)
            if folder.exists() and any(folder.iterdir()):
                raise UsageError(f"`{folder}` is not empty")
            for path, data in log_files(self.node, reader, state):
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        return state.size

    # --- running --------------------------------------------------------------------------------------------------

    def deliver(self) -> list[str]:
        """Send what is due to every peer, unless a running node does so already; returns a line for each that waits."""
        faults: list[str] = []
        with self.lock("outbox") as mine:
            for party in self.wired() if mine else ():
                try:
                    while step(self.node, party):
                        pass
                    ask_witness(self.node, party)
                except GsomiaError as error:
                    faults.append(f"{party}: {error}")
        remove_leftovers(self.node)
        return faults

    def stamp_roots(self) -> list[Certificate]:
        """The certificates that the time-stamping authority's own must lead to.

        Raises:
            NodeError: the file that the settings name cannot be read.
        """
        from cryptography.x509 import load_pem_x509_certificates

        path = self.folder / self.config.timestamps.roots
        try:
            return load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise NodeError(f"cannot read the roots of the time-stamping authority in `{path}`: {error}") from error

    def checks(self) -> list[Check]:
        """Every check of the node, made in this process, and those of its time stamps where an authority is set."""
        stamps = audit_stamps(self.node, self.stamp_roots()) if self.config.timestamps.url else ()
        return [*audit(self.node), *stamps]

    def stamp(self) -> list[Stamp]:
        """Have the logs' checkpoints stamped by the authority that the settings name, once a day.

        Raises:
            UsageError: they name none.
        """
        url = self.config.timestamps.url
        if not url:
            raise UsageError("no time-stamping authority is set", hint="`[timestamps]` in node.toml names one")
        import httpx2

        def authority(request: bytes) -> bytes:
            try:
                answer = httpx2.post(url, content=request, headers={"content-type": "application/timestamp-query"})
                answer.raise_for_status()
            except (httpx2.HTTPError, OSError) as error:
                raise PeerError(f"the time-stamping authority `{url}` cannot be reached: {error}") from error
            return answer.content

        return stamp_logs(self.node, authority, self.stamp_roots())

    def tracer_days(self) -> dict[str, TracerDays]:
        """The days for receipts that the settings name, by agreement."""
        return {
            name: TracerDays(receipt=dt.timedelta(days=one.receipt_days), answer=dt.timedelta(days=one.answer_days))
            for name, one in self.config.tracers.items()
        }

    def running(self) -> bool:
        """Whether a process serves this node."""
        return serving(self.folder) is not None

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Hold one of the node's locks, or learn that another process does: two at one outbox would send all twice."""
        with locked(self.folder / f"{name}.lock") as mine:
            yield mine

    def set_clock(self, at: dt.datetime) -> None:
        """Set an EXERCISE node's clock; it runs on from there."""
        self.clock.set(at)

    @contextmanager
    def parcel_turn(self, party: str) -> Iterator[None]:
        """One parcel at a time, and none beside a wire to the same peer: two at one outbox would send all twice.

        Args:
            party: the peer.

        Raises:
            PendingError: another parcel is being made or taken in, or the node is at work with this peer by wire.
        """
        with self.lock("parcel") as mine:
            if not mine:
                raise PendingError("another parcel is being made or taken in at this moment", hint="try it again then")
            if party not in self.wired():
                yield
                return
            with self.lock("outbox") as still:
                if not still:
                    raise PendingError(
                        f"the node is at work with `{party}` by wire",
                        hint="stop it first; a peer with the address `parcel:` is reached by files alone",
                    )
                yield

    def wired(self) -> list[str]:
        """The enrolled peers to whom there is a wire."""
        settings = read_config(self.folder).peers
        with self.store.reading() as reader:
            peers = sorted(reader.peers())
        return [party for party in peers if party not in settings or settings[party].url != BY_PARCEL]
