"""Puts a node together from its folder: the only module that knows all the parts.

DIR/node.toml       settings
DIR/keys/           the node's keys, and its TLS certificate
DIR/officers/       officers' key files (an EXERCISE node's; smart cards and passkeys take their place)
DIR/law/            the agreements that were adopted, each in its version
DIR/register.sqlite acts, logs, register, outbox
DIR/items/          sealed items
DIR/clock           how far an EXERCISE node's clock is set off
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsomia.agreement import Record, load_agreement, shipped_record
from gsomia.blobs import LocalBlobs
from gsomia.config import NodeConfig, read_config, read_law_folder, shipped_law
from gsomia.errors import GsomiaError, NodeError, PeerError, UsageError
from gsomia.keys import PublicKey, SigningKey
from gsomia.keystore import Box, KeyFiles, Passphrase, TokenKey, TokenUri, check_fixed, read_node_keys, write_new_keys
from gsomia.marking import Label, Line
from gsomia.node import (
    Acting,
    Check,
    Limits,
    Look,
    Marked,
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
    log_files,
    log_named,
    replace_node_keys,
    replace_officer_key,
    stamp_logs,
    step,
    trace,
)
from gsomia.sealed import XWingPrivateKey
from gsomia.store import SqlStore
from gsomia.tlog import LogSigner
from gsomia.verdict import Law

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Home", "identity_text", "init", "offered_law", "shipped_acts"]

_SETTINGS = """\
# Settings of a gsomia node. `party` and `exercise` are fixed for ever.
party = "{party}"
exercise = {exercise}
{more}
[link]
host = "{host}"
port = {port}
"""

_URL = re.compile(r"https://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[1-9][0-9]{0,4})?/?")
_PEER = """
[peers.{party}]
url = "{url}"
fingerprint = "{fingerprint}"
"""


class _Forms:
    """Documents looked over and marked; what that needs is slow to import, and most commands look at none."""

    def known(self, head: bytes, mime_type: str) -> bool:
        """Whether a document that begins so is of a format whose marks can be read."""
        from gsomia import documents

        return documents.known(head, mime_type)

    def look_over(self, data: bytes, mime_type: str, label: Label, marks: Sequence[str]) -> Look:
        """Look a document over and hold the marks that it shows to its label."""
        from gsomia import documents

        return documents.look_over(data, mime_type, label, marks)

    def mark_document(
        self, data: bytes, mime_type: str, *, top: Sequence[Line], bottom: Sequence[Line], properties: Mapping[str, str]
    ) -> Marked:
        """A rendition with lines above and below."""
        from gsomia import documents

        return documents.mark_document(data, mime_type, top=top, bottom=bottom, properties=properties)


class FolderClock:
    """The node's clock; an EXERCISE node's may be set off from the machine's by the file `clock`."""

    def __init__(self, path: Path, *, settable: bool) -> None:
        self._path = path
        self._settable = settable
        self._seen = -1
        self._offset = dt.timedelta()

    def now(self) -> dt.datetime:
        """The instant by this node, UTC."""
        if self._settable:
            self._refresh()
        try:
            return self.machine() + self._offset
        except OverflowError as error:
            raise self._unreadable() from error

    def machine(self) -> dt.datetime:
        """The machine's own time, for schedules alone."""
        return dt.datetime.now(dt.UTC)

    def set(self, at: dt.datetime) -> None:
        """Set an EXERCISE clock; it runs on from there.

        Raises:
            UsageError: this is a real node.
        """
        if not self._settable:
            raise UsageError("only an EXERCISE node has a clock that can be set")
        offset = at - self.machine()
        staging = self._path.with_suffix(".new")
        staging.write_text(f"{offset // dt.timedelta(microseconds=1)}\n")
        staging.replace(self._path)

    def _refresh(self) -> None:
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._seen:
                self._offset = dt.timedelta(microseconds=int(self._path.read_text()))
                self._seen = stamp
        except FileNotFoundError:
            self._offset = dt.timedelta()
        except (ValueError, OverflowError) as error:
            raise self._unreadable() from error

    def _unreadable(self) -> NodeError:
        return NodeError(f"`{self._path}` does not hold the offset of the clock in microseconds")


def offered_law(folders: Mapping[str, Mapping[str, bytes]] | None = None) -> Law:
    """The agreements on offer: those of this release, or those in the folders given."""
    chosen = shipped_law() if folders is None else folders
    return Law({name: load_agreement(name, files) for name, files in chosen.items()})


def shipped_acts() -> Record:
    """The historical acts that this release ships; a node's legal officer enters those that count for it."""
    return shipped_record(shipped_law())


def init(
    folder: Path,
    party: str,
    *,
    exercise: bool,
    host: str = "127.0.0.1",
    port: int = 8443,
    passphrase: bytes | None = None,
    keystore: str = "",
    law_folders: Sequence[Path] = (),
) -> Home:
    """Make a node: keys, certificate, settings, empty register and logs.

    Args:
        folder: where; it must not hold anything yet.
        party: ISO 3166-1 alpha-3.
        exercise: fixed for ever.
        host, port: where peers reach it.
        passphrase: seals the keys.
        keystore: the `pkcs11:` URI of the key in an HSM that seals them instead; the key is made if it is not there.
        law_folders: agreements of one's own, beside those of this release.

    Raises:
        UsageError: not a Party's code, a Party to no agreement on offer, the folder is not empty, or a real node's keys
            would lie in the clear.
        NodeError: the HSM cannot be used, or the disk does not take it.
    """
    if len(party) != 3 or not party.isalpha() or not party.isascii() or not party.isupper():
        raise UsageError(f"not a Party: `{party}`", hint="ISO 3166-1 alpha-3, such as JPN, KOR, USA")
    own = {path.resolve(): read_law_folder(path) for path in law_folders}
    offered = offered_law(shipped_law() | {path.name: files for path, files in own.items()})
    known = sorted({one for agreement in offered.agreements.values() for one in agreement.parties})
    if party not in known:
        raise UsageError(
            f"unknown Party `{party}`: it is Party to no agreement on offer; known: {', '.join(known)}",
            hint="--law FOLDER offers an agreement of your own",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` is not an empty folder", hint="a node is made once, in a folder of its own")
    box = _box(keystore, passphrase)
    if box is None and not exercise:
        raise UsageError(
            "a real node's keys do not lie in the clear",
            hint="set GSOMIA_PASSPHRASE_FILE, or give --keystore with an HSM's key",
        )
    if isinstance(box, TokenKey):
        box.make()
    from gsomia.web import make_certificate

    # Made beside its place and moved there whole, so that a node half made is never found.
    staging = folder.with_name(f".{folder.name}.making-{os.getpid()}")
    try:
        staging.mkdir(parents=True, mode=0o700)
        keys = KeyFiles(staging / "keys", box)
        keys.write("signing", "gsomia-signing", SigningKey.generate().seed)
        keys.write("sealing", "x-wing", XWingPrivateKey.generate().to_bytes())
        keys.write("log", "gsomia-log", LogSigner.generate(f"gsomia/{party}").seed)
        now = dt.datetime.now(dt.UTC)
        # TLS reads its key from a file, so that file is encrypted under a password which lies with the other secrets.
        password = secrets.token_hex(32).encode() if box is not None else b""
        if password:
            keys.write("tls", "tls-password", password)
        certificate, key = make_certificate(party, exercise=exercise, host=host, at=now, password=password)
        (staging / "keys" / "tls.pem").write_bytes(certificate)
        descriptor = os.open(staging / "keys" / "tls-key.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        more = {"keystore": keystore, "law_folders": [str(path) for path in own]}
        settings = _SETTINGS.format(
            party=party,
            exercise=str(exercise).lower(),
            more="".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in more.items() if value),
            host=host,
            port=port,
        )
        (staging / "node.toml").write_text(settings, encoding="utf-8")
        (staging / "items").mkdir()
        SqlStore.create(staging / "register.sqlite").close()
        if folder.is_dir():
            folder.rmdir()
        staging.rename(folder)
    except OSError as error:
        raise NodeError(f"cannot make a node in `{folder}`: {error.strerror}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Home(folder, passphrase=passphrase)


def _box(keystore: str, passphrase: bytes | None) -> Box | None:
    """What seals the keys at rest: a key in an HSM where the settings name one, or a passphrase where one was given."""
    if keystore:
        return TokenKey(TokenUri.parse(keystore))
    return Passphrase(passphrase) if passphrase is not None else None


def _later_key(officer: str, key: PublicKey) -> str:
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
    _box: Box | None = field(init=False, repr=False)
    _store: SqlStore = field(init=False)
    _stamped: float = field(init=False, default=float("-inf"))
    _traced: float = field(init=False, default=float("-inf"))
    _links: dict[str, Any] = field(init=False, default_factory=dict)
    _law: dict[tuple[tuple[str, str], ...], Law] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.config = read_config(self.folder)
        self._store = SqlStore.open(self.folder / "register.sqlite")
        with self._store.reading() as reader:
            check_fixed(self.folder, self.config, reader)
        self._box = _box(self.config.keystore, self.passphrase)
        keys = KeyFiles(self.folder / "keys", self._box)
        self.clock = FolderClock(self.folder / "clock", settable=self.config.exercise)
        link = self.config.link
        self.node = Node(
            party=self.config.party,
            exercise=self.config.exercise,
            keys=read_node_keys(keys, self._store, self.config.party),
            store=self._store,
            blobs=LocalBlobs(self.folder / "items"),
            clock=self.clock,
            law=self._adopted,
            scratch=SqlStore.scratch,
            link=self._link,
            documents=_Forms(),
            limits=Limits(
                max_skew=dt.timedelta(seconds=link.max_skew_seconds),
                acceptance=dt.timedelta(seconds=link.acceptance_seconds),
                max_item_bytes=link.max_item_bytes,
                retry=dt.timedelta(seconds=link.retry_seconds),
                retry_limit=dt.timedelta(seconds=link.retry_limit_seconds),
                custody=frozenset(link.custody),
                witness_pause=dt.timedelta(seconds=self.config.witness.pause_seconds),
                witness_interval=dt.timedelta(seconds=self.config.witness.interval_seconds),
                unwitnessed=dt.timedelta(seconds=self.config.witness.unwitnessed_seconds),
            ),
        )

    def close(self) -> None:
        """Let go of the register and the connections."""
        for link in self._links.values():
            link.close()
        self._store.close()

    def identity(self) -> dict[str, Any]:
        """The node's identity, for its peers' officers to enrol."""
        return identity(self.node, (self.folder / "keys" / "tls.pem").read_text(encoding="ascii"))

    def replace_keys(self, *, by: Acting) -> SignedAct:
        """Replace the node's signing and sealing keys by new ones, by an act.

        Raises:
            NodeError: the node is running, and would go on with the old ones.
        """
        files = KeyFiles(self.folder / "keys", self._box)
        with self._lock("node") as mine, self._lock("outbox") as still:
            if not mine or not still:
                raise NodeError("the node is at work with the keys that are to be replaced", hint="stop it first")
            act = replace_node_keys(self.node, write_new_keys(files), by=by)
        self.node = replace(self.node, keys=read_node_keys(files, self._store, self.config.party))
        return act

    def _tls_password(self) -> bytes:
        keys = KeyFiles(self.folder / "keys", self._box)
        return keys.read("tls", "tls-password") if keys.exists("tls") else b""

    # --- officers' key files --------------------------------------------------------------------------------------

    def officer_files(self) -> KeyFiles:
        """Where officers' key files lie."""
        return KeyFiles(self.folder / "officers", self._box)

    def acting(self, officer: str, role: str) -> Acting:
        """An officer at work, with the key from its file.

        Args:
            officer: the officer's id, or "" for the only one of this node who holds the role.
            role: what is to be signed.

        Raises:
            UsageError: none or several officers hold the role, and none was named.
        """
        if not officer:
            with self._store.reading() as reader:
                holders = [o.id for o in reader.officers(self.node.party) if role in o.roles]
            if len(holders) != 1:
                listed = ", ".join(holders) or "none; `gsomia officer enrol` adds one"
                raise UsageError(f"name the officer who acts as `{role}` with --by", hint=f"they are: {listed}")
            officer = holders[0]
        with self._store.reading() as reader:
            known = reader.officer(self.node.party, officer)
        files = self.officer_files()
        name = _later_key(officer, known.key) if known is not None else officer
        seed = files.read(name if files.exists(name) else officer, "gsomia-signing")
        return Acting(officer=officer, key=SigningKey(seed))

    def replace_officer_key(self, officer: str, *, by: Acting) -> SignedAct:
        """Make a new key file for an officer and enrol the key in place of the one before."""
        key = SigningKey.generate()
        files = self.officer_files()
        name = _later_key(officer, key.public)
        files.write(name, "gsomia-signing", key.seed)
        try:
            return replace_officer_key(self.node, officer, key.public, by=by)
        except BaseException:
            files.path(name).unlink()
            raise

    def enrol_officer(self, officer: str, roles: tuple[str, ...], *, by: Acting | None) -> SignedAct:
        """Make an officer's key file and enrol the key."""
        key = SigningKey.generate()
        files = self.officer_files()
        files.write(officer, "gsomia-signing", key.seed)
        try:
            return enrol_officer(self.node, officer, roles, key.public, by=by)
        except BaseException:
            files.path(officer).unlink()
            raise

    # --- peers ----------------------------------------------------------------------------------------------------

    def enrol_peer(self, document: Mapping[str, Any], fingerprint: str, url: str, *, by: Acting) -> SignedAct:
        """Enrol a peer by an act, and name it in the settings."""
        from gsomia.web import check_certificate

        party = str(document.get("party", "")) if isinstance(document, Mapping) else ""
        again = party in self.config.peers
        if again and not self._distrusted(party):
            raise UsageError(f"`{party}` stands in the settings already")
        if not _URL.fullmatch(url):
            raise UsageError(f"not the address of a peer: `{url}`", hint="https://host:port")
        check_certificate(document.get("certificate") if isinstance(document, Mapping) else None)
        act = enrol_peer(self.node, document, fingerprint, by=by)
        path = self.folder / "node.toml"
        settings = path.read_text(encoding="utf-8")
        if again:
            settings = re.sub(rf"\n\[peers\.{party}\]\n[^\[]*", "\n", settings)
            self._links.pop(party, None)
        settings += _PEER.format(party=party, url=url, fingerprint=act.statement.body["fingerprint"])
        staging = path.with_suffix(".new")
        staging.write_text(settings, encoding="utf-8")
        staging.replace(path)
        self.config = read_config(self.folder)
        return act

    def _distrusted(self, party: str) -> bool:
        with self._store.reading() as reader:
            peer = reader.peers().get(party)
            return peer is not None and distrusted(reader, peer.signing) is not None

    def _link(self, party: str) -> PeerLink:
        settings = self.config.peers.get(party) or read_config(self.folder).peers.get(party)
        with self._store.reading() as reader:
            peer = reader.peers().get(party)
        if settings is None or peer is None or settings.fingerprint != peer.fingerprint:
            raise PeerError(f"`{party}` does not stand in the settings with the fingerprint that was enrolled")
        if party not in self._links:
            from gsomia.link import HttpLink
            from gsomia.web import client_context

            keys = self.folder / "keys"
            context = client_context(
                keys / "tls.pem", keys / "tls-key.pem", peer.certificate, password=self._tls_password()
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
        folders = self.offered()
        offered = offered_law(folders)
        for name in names:
            # Kept before it is adopted: an act that names a version nobody has would stop the node.
            if name in offered.agreements:
                self._keep_law(name, offered.agreements[name].version, folders[name])
        return adopt_law(self.node, offered, names, by=by)

    def _keep_law(self, name: str, version: str, files: Mapping[str, bytes]) -> None:
        final = self.folder / "law" / name / version
        if final.is_dir():
            return
        staging = final.with_name(f".{version}.{os.getpid()}")
        staging.mkdir(parents=True)
        for file, data in files.items():
            (staging / file).write_bytes(data)
        staging.rename(final)

    def _trace(self, log: Any) -> None:
        """Ask for receipts that are late, once a minute."""
        if time.monotonic() < self._traced + 60:
            return
        self._traced = time.monotonic()
        for act in trace(self.node, self.tracer_days()):
            log.warning("a receipt is late", act=act.statement.type, copy=act.statement.copy)

    def law_files(self, name: str, version: str) -> dict[str, bytes]:
        """The files of an agreement in a version that was adopted."""
        return read_law_folder(self.folder / "law" / name / version)

    def _adopted(self, versions: Mapping[str, str]) -> Law:
        key = tuple(sorted(versions.items()))
        if key not in self._law:
            agreements = {}
            for name, version in key:
                agreement = load_agreement(name, self.law_files(name, version))
                if agreement.version != version:
                    raise NodeError(f"the agreement `{name}` in `{self.folder / 'law'}` is not the version adopted")
                agreements[name] = agreement
            self._law[key] = Law(agreements)
        return self._law[key]

    def export_log(self, name: str, folder: Path) -> int:
        """Write a log as files; returns how many entries it has.

        Raises:
            UsageError: there is no such log, or the folder holds something.
        """
        with self._store.reading() as reader:
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
        with self._lock("outbox") as mine:
            for party in self._parties() if mine else ():
                try:
                    while step(self.node, party):
                        pass
                    ask_witness(self.node, party)
                except GsomiaError as error:
                    faults.append(f"{party}: {error}")
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

    def audit(self) -> Iterator[Check]:
        """Every check of the node, and those of its time stamps where an authority is set."""
        yield from audit(self.node)
        if self.config.timestamps.url:
            yield from audit_stamps(self.node, self.stamp_roots())

    def _stamp(self, log: Any) -> None:
        """Try once an hour; a day that has its stamp needs no other."""
        if time.monotonic() < self._stamped + 3600:
            return
        self._stamped = time.monotonic()
        try:
            self.stamp()
        except GsomiaError as error:
            log.warning("no time stamp", why=str(error))

    def tracer_days(self) -> dict[str, TracerDays]:
        """The days for receipts that the settings name, by agreement."""
        return {
            name: TracerDays(receipt=dt.timedelta(days=one.receipt_days), answer=dt.timedelta(days=one.answer_days))
            for name, one in self.config.tracers.items()
        }

    def running(self) -> bool:
        """Whether a process serves this node."""
        with self._lock("node") as mine:
            return not mine

    @contextmanager
    def _lock(self, name: str) -> Iterator[bool]:
        """Hold one of the node's locks, or learn that another process does: two at one outbox would send all twice."""
        with (self.folder / f"{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _parties(self) -> list[str]:
        with self._store.reading() as reader:
            return sorted(reader.peers())

    def run(self, ready: Callable[[str], None]) -> None:
        """Serve the peer link and work off the outbox until told to stop by SIGINT or SIGTERM.

        Args:
            ready: told the address once the node answers.

        Raises:
            NodeError: it runs already, or cannot listen.
        """
        stopping = threading.Event()
        with self._lock("node") as mine:
            if not mine:
                raise NodeError(f"the node in `{self.folder}` is running already")
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stopping.set())
            log = _log().bind(party=self.node.party)
            with self._store.reading() as reader:
                known = {item.id for item in reader.items()}
            swept = LocalBlobs(self.folder / "items").sweep(known)
            if swept:
                log.info("removed what was left half-done", files=swept)
            with self._serving(ready, stopping, log) as server, self._working(stopping, log):
                while not stopping.wait(0.2):
                    if not server.is_alive():
                        raise NodeError("the served side has stopped by itself", hint="see the log")

    @contextmanager
    def _serving(self, ready: Callable[[str], None], stopping: threading.Event, log: Any) -> Iterator[threading.Thread]:
        # The served side is slow to import, and most commands serve nothing.
        import uvicorn

        from gsomia.link import link_app
        from gsomia.web import PeerProtocol, server_context

        keys = self.folder / "keys"
        trusted = self._trusted()
        context = server_context(
            keys / "tls.pem",
            keys / "tls-key.pem",
            trusted,
            password=self._tls_password(),
            refused=lambda why: log.warning("a connection was refused at the handshake", why=why),
        )
        link = self.config.link
        server = uvicorn.Server(
            uvicorn.Config(
                link_app(self.node),
                host=link.host,
                port=link.port,
                http=PeerProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                ssl_context_factory=lambda _config, _default: context,
                timeout_graceful_shutdown=2,
            )
        )
        thread = threading.Thread(target=server.run, name="link", daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise NodeError(f"cannot listen on {link.host}:{link.port}", hint="is another node running there?")
            threading.Event().wait(0.01)
        ready(f"https://{link.host}:{link.port}")
        watching = (context, trusted, stopping, log)
        watcher = threading.Thread(target=self._trust_new_peers, args=watching, name="trust", daemon=True)
        watcher.start()
        try:
            yield thread
        finally:
            stopping.set()
            server.should_exit = True
            thread.join(5)
            watcher.join(5)

    def _trusted(self) -> set[str]:
        """The certificates of the peers that stand in the settings with the fingerprint that was enrolled."""
        named = read_config(self.folder).peers
        with self._store.reading() as reader:
            return {
                peer.certificate
                for party, peer in reader.peers().items()
                if party in named and named[party].fingerprint == peer.fingerprint
            }

    def _trust_new_peers(self, context: ssl.SSLContext, trusted: set[str], stopping: threading.Event, log: Any) -> None:
        """A peer enrolled while the node runs is let in without a restart."""
        while not stopping.wait(0.25):
            try:
                new = self._trusted() - trusted
            except GsomiaError as error:
                log.error("the peers cannot be read", why=str(error))
                stopping.wait(1)
                continue
            for certificate in new:
                context.load_verify_locations(cadata=certificate)
                trusted.add(certificate)

    @contextmanager
    def _working(self, stopping: threading.Event, log: Any) -> Iterator[None]:
        workers: dict[str, threading.Thread] = {}

        def supervise() -> None:
            while not stopping.is_set():
                # A command may be sending at this moment; the outbox is this process's once that is done.
                with self._lock("outbox") as mine:
                    while mine and not stopping.is_set():
                        try:
                            start()
                            if self.config.timestamps.url:
                                self._stamp(log)
                            if self.config.tracers:
                                self._trace(log)
                        except GsomiaError as error:
                            log.error("the peers cannot be read", why=str(error))
                        stopping.wait(0.25)
                    if mine:
                        for worker in workers.values():
                            worker.join(10)
                stopping.wait(0.05)

        def start() -> None:
            for party in self._parties():
                if party not in workers:
                    worker = threading.Thread(target=work, args=(party,), name=f"outbox {party}", daemon=True)
                    workers[party] = worker
                    worker.start()

        def work(party: str) -> None:
            while not stopping.is_set():
                try:
                    moved = step(self.node, party)
                    if ask_witness(self.node, party) or moved:
                        continue
                except PeerError as error:
                    log.info("peer waits", peer=party, why=str(error))
                except Exception:
                    # Whatever it was, the entry stays in the outbox; a worker that died would lose it silently.
                    log.exception("the outbox is stuck", peer=party)
                    stopping.wait(1)
                stopping.wait(0.05)

        supervisor = threading.Thread(target=supervise, name="outbox", daemon=True)
        supervisor.start()
        try:
            yield
        finally:
            stopping.set()
            supervisor.join(15)


def _log() -> Any:
    """What a running node tells its operator: one JSON object a line, on stderr."""
    import structlog

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def identity_text(home: Home) -> str:
    """A node's identity as it is handed over: JSON text."""
    return json.dumps(home.identity(), indent=2)
