"""A node at work: it serves the peer link, works off the outbox and keeps its schedules until it is told to stop."""

from __future__ import annotations

import datetime as dt
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gsomia.app.home import Home
from gsomia.app.surfaces import served, serving_api, trusting
from gsomia.blobs import LocalBlobs
from gsomia.config import BY_PARCEL, read_config
from gsomia.errors import GsomiaError, NodeError, PeerError
from gsomia.keystore import HOW, guessable
from gsomia.marking import visible_json
from gsomia.node import (
    FLOOD,
    Outgoing,
    ask_witness,
    asked_back,
    begin_reconciling,
    behind,
    dead_letter,
    overdue,
    reconcile,
    reconciled_at,
    refresh,
    remove_leftovers,
    step,
    stop_closed,
    trace,
)
from gsomia.registry import gone

_STAMP_SECONDS = 3600
"""A time stamp is tried for so often; a day that has its stamp needs no other."""
_JOIN_SECONDS = 0.05
"""The outbox is looked at so often: what is entered within that time is offered, dispatched and signed together."""
_IDLE_SECONDS = 1.0
"""Where nothing waits and nobody wrote to the register, the outbox is looked at so often."""
_LOOK_SECONDS = 30
"""Floods of refusals are looked for so often."""
_SWEEP_SECONDS = 3600
"""Uploads that nobody continued, and other remains, are looked for so often."""
_TRACE_SECONDS = 60
"""Receipts that are late, and answers that are overdue, are looked for so often."""
_CLOSED_SECONDS = 300
"""What lies here on its way to another Party is asked again so often: the way may have closed."""
_BEHIND = 2_000
"""From so many acts on, what is shared with a peer is brought up to them before somebody asks, so many at a time."""
_QUIET_SECONDS = 2.0
"""So long nothing moved where nothing is said to move."""
_FAR_BEHIND = 50_000
"""The same while items move, which it would only slow."""
_MEANWHILE = 100
"""So many acts at a time then: whoever writes waits for that."""
_AGAIN_SECONDS = 600
"""A reconciliation that failed is tried again after so long, or after its interval where that is shorter."""


def run(
    home: Home, ready: Callable[[str], None], *, api: Callable[[str], None] = lambda _: None, attached: bool = False
) -> None:
    """Serve the peer link and work off the outbox until told to stop by SIGINT or SIGTERM.

    Args:
        home: the node.
        ready: told the address once the node answers.
        api: told the address of the API before that, where there is one.
        attached: stop also when standard input ends, as it does when the process that holds it is gone.

    Raises:
        NodeError: it runs already, or cannot listen.
    """
    stopping = threading.Event()
    with home.lock("node") as mine:
        if not mine:
            raise NodeError(f"the node in `{home.folder}` is running already")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        if attached:
            threading.Thread(target=_stop_at_end_of_input, args=(stopping,), name="input", daemon=True).start()
        _check_passphrase(home)
        log = _log().bind(party=home.node.party)
        _sweep(home, log)
        with _serving(home, ready, api, stopping, log) as server, _Outbox(home, stopping, log).working():
            # What is here by now stays: the collector need not go through it for a tenth of a second, again and again.
            gc.freeze()
            while not stopping.wait(0.2):
                if not server.is_alive():
                    raise NodeError("the served side has stopped by itself", hint="see the log")


def _check_passphrase(home: Home) -> None:
    """Check that the keys do not lie under a passphrase that would soon be guessed.

    Raises:
        NodeError: they do.
    """
    node = home.node
    if home.passphrase is None or home.config.keystore:
        return
    if why := guessable(home.passphrase, party=node.party, exercise=node.exercise):
        raise NodeError(f"the passphrase {why}", hint=f"make the node anew with `gsomia init`: {HOW}")


def _stop_at_end_of_input(stopping: threading.Event) -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    stopping.set()


def _remove(home: Home, log: Any) -> None:
    """Remove what this Party has no more; where the disk does not let it, it is tried again with the next sweep."""
    try:
        count = remove_leftovers(home.node)
    except NodeError as error:
        log.error("what was destroyed or given back still lies here", why=str(error))
        return
    if count:
        log.info("removed sealed items that this Party has no more", files=count)


def _sweep(home: Home, log: Any) -> None:
    _remove(home, log)
    with home.store.reading() as reader:
        items = {item.id for item in reader.items()}
        known = {item for item in items if not gone(home.node.party, reader.copies(item=item))}
    swept = LocalBlobs(home.folder / "items").sweep(known)
    if swept:
        log.info("removed what was left half-done", files=swept)


@contextmanager
def _serving(
    home: Home,
    ready: Callable[[str], None],
    api_ready: Callable[[str], None],
    stopping: threading.Event,
    log: Any,
) -> Iterator[threading.Thread]:
    # The served side is slow to import, and most commands serve nothing.
    from gsomia.link import link_app
    from gsomia.web import server_context

    keys = home.folder / "keys"
    trusted = _trusted(home)
    context = server_context(
        keys / "tls.pem",
        keys / "tls-key.pem",
        trusted,
        password=home.tls_password(),
        refused=lambda why: log.warning("a connection was refused at the handshake", why=why),
    )
    link = home.config.link
    app = link_app(home.node, told=lambda why: log.error("this node cannot take what a peer sends", why=why))

    def changed() -> object:
        return _written(home), _written(home, "node.toml")

    with (
        served(app, link.host, link.port, context, "link") as thread,
        trusting(context, trusted, lambda: _trusted(home), changed, stopping, log),
        serving_api(home, api_ready, stopping, changed, log),
    ):
        ready(f"https://{link.host}:{link.port}")
        try:
            yield thread
        finally:
            stopping.set()


def _trusted(home: Home) -> set[str]:
    """The certificates of the peers that stand in the settings with the fingerprint that was enrolled."""
    named = read_config(home.folder).peers
    with home.store.reading() as reader:
        return {
            peer.certificate
            for party, peer in reader.peers().items()
            if party in named and named[party].fingerprint == peer.fingerprint and named[party].url != BY_PARCEL
        }


class _Outbox:
    """One thread for each peer, which works off what is due to it, and one that starts them and keeps the schedules."""

    def __init__(self, home: Home, stopping: threading.Event, log: Any) -> None:
        self._home = home
        self._stopping = stopping
        self._log = log
        self._workers: dict[str, threading.Thread] = {}
        self._stamped = self._traced = self._asked = self._looked = self._closed = float("-inf")
        self._swept = time.monotonic()
        self._written = (-1, -1)
        self._floods: set[tuple[str, dt.datetime]] = set()
        self._overdue: set[tuple[str, str]] = set()
        self._dead: set[int] = set()
        self._tried: dict[str, float] = {}
        self._compared: dict[str, float] = {}
        self._owed: set[tuple[str, str, str]] = set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """The outbox is worked off as long as this is open."""
        supervisor = threading.Thread(target=self._supervise, name="outbox", daemon=True)
        supervisor.start()
        try:
            yield
        finally:
            self._stopping.set()
            supervisor.join(15)

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            # A command may be sending at this moment; the outbox is this process's once that is done.
            with self._home.lock("outbox") as mine:
                while mine and not self._stopping.is_set():
                    try:
                        self._start()
                        self._keep_schedules()
                    except GsomiaError as error:
                        self._log.error("the peers cannot be read", why=str(error))
                    except Exception:
                        # A supervisor that died would end the schedules and start no worker any more, silently.
                        self._log.exception("the schedules are stuck")
                    self._stopping.wait(0.25)
                if mine:
                    for worker in self._workers.values():
                        worker.join(10)
            self._stopping.wait(0.05)

    def _start(self) -> None:
        for party in self._home.wired():
            if party not in self._workers:
                worker = threading.Thread(target=self._work, args=(party,), name=f"outbox {party}", daemon=True)
                self._workers[party] = worker
                worker.start()

    def _work(self, party: str) -> None:
        node = self._home.node
        moved_at = float("-inf")
        while not self._stopping.is_set():
            before = _written(self._home)
            try:
                moved = step(node, party)
                moved = ask_witness(node, party) or moved
                moved_at = time.monotonic() if moved else moved_at
                # Between two groups of items nothing moves either, and the next would wait for what is done meanwhile.
                self._compare(party, busy=time.monotonic() < moved_at + _QUIET_SECONDS)
                if moved:
                    continue
                self._rest(party, before)
                continue
            except PeerError as error:
                self._log.info("peer waits", peer=party, why=str(error))
            except NodeError as error:
                self._log.error("this node cannot go on with a peer", peer=party, why=str(error), hint=error.hint)
                self._stopping.wait(1)
            except Exception:
                # Whatever it was, the entry stays in the outbox; a worker that died would lose it silently.
                self._log.exception("the outbox is stuck", peer=party)
                self._stopping.wait(1)
            self._stopping.wait(_JOIN_SECONDS)

    def _compare(self, party: str, *, busy: bool) -> None:
        """Keep up what is compared with a peer, and compare it when it is time."""
        node, settings = self._home.node, self._home.config.reconciliation
        now = time.monotonic()
        if now < self._compared.get(party, float("-inf")) + _IDLE_SECONDS:
            return
        self._compared[party] = now
        with self._home.store.reading() as reader:
            late = behind(reader, party) > (_FAR_BEHIND if busy else _BEHIND)
            done = reconciled_at(reader, party)
        if late:
            refresh(node, party, most=_MEANWHILE if busy else _BEHIND)
        again = min(_AGAIN_SECONDS, settings.interval_seconds)
        if not settings.interval_seconds or now < self._tried.get(party, float("-inf")) + again:
            return
        if done is None:
            begin_reconciling(node, party)
            return
        if self._home.clock.machine().timestamp() < done + settings.interval_seconds:
            return
        self._tried[party] = now
        try:
            found = reconcile(node, party)
        except (PeerError, NodeError) as error:
            self._log.warning("records were not compared with a peer's", peer=party, why=str(error))
            return
        told = self._log.warning if found.discrepancies else self._log.info
        told(
            "records were compared with a peer's",
            peer=party,
            differences=len(found.discrepancies),
            under_way=len(found.under_way),
        )

    def _rest(self, party: str, before: tuple[int, int]) -> None:
        """Wait until somebody writes to the register, a command of another process too, or something may be due."""
        with self._home.store.reading() as reader:
            waiting = party in self._home.node.unasked or bool(reader.outgoing(peer=party, limit=1))
        until = time.monotonic() + (0 if waiting else _IDLE_SECONDS)
        self._stopping.wait(_JOIN_SECONDS)
        while time.monotonic() < until and _written(self._home) == before and not self._stopping.is_set():
            self._stopping.wait(_JOIN_SECONDS)

    def _keep_schedules(self) -> None:
        now = time.monotonic()
        if self._home.config.timestamps.url and now >= self._stamped + _STAMP_SECONDS:
            self._stamped = now
            try:
                self._home.stamp()
            except GsomiaError as error:
                self._log.warning("no time stamp", why=str(error))
        if self._home.config.tracers and now >= self._traced + _TRACE_SECONDS:
            self._traced = now
            for act in trace(self._home.node, self._home.tracer_days()):
                self._log.warning("a receipt is late", act=act.statement.type, copy=act.statement.copy)
        if now >= self._asked + _TRACE_SECONDS:
            self._asked = now
            self._tell_overdue()
        if now >= self._closed + _CLOSED_SECONDS:
            self._closed = now
            if count := stop_closed(self._home.node):
                self._log.warning("items that were to pass through here may not go on", count=count)
        if (written := _written(self._home)) != self._written:
            self._written = written
            _remove(self._home, self._log)
        if now >= self._swept + _SWEEP_SECONDS:
            self._swept = now
            _sweep(self._home, self._log)
        if now >= self._looked + _LOOK_SECONDS:
            self._looked = now
            with self._home.store.reading() as reader:
                floods = {(one.source, one.at): one.why for one in reader.refused() if one.what == FLOOD}
            for one in floods.keys() - self._floods:
                self._log.warning("a peer floods", peer=one[0], why=floods[one])
            self._floods = {*floods}
            self._tell_owed()
            self._tell_dead()

    def _tell_dead(self) -> None:
        """Tell once of each dead letter at the head of a peer's outbox: what stands behind it waits with it."""
        found: dict[int, tuple[Outgoing, int]] = {}
        with self._home.store.reading() as reader:
            for party in reader.peers():
                head = reader.outgoing(peer=party, limit=1)
                if head and dead_letter(head[0], self._home.node.limits):
                    found[head[0].id] = head[0], len(reader.outgoing(peer=party))
        for number in found.keys() - self._dead:
            one, count = found[number]
            self._log.warning(
                "dead letter",
                peer=one.peer,
                what=one.kind,
                subject=one.subject,
                attempts=one.attempts,
                next_try=one.next_at.isoformat(),
                waiting=count,
                why=one.error,
            )
        self._dead = {*found}

    def _tell_owed(self) -> None:
        """Tell the operator of differences that stand for too long, each once."""
        age = dt.timedelta(seconds=self._home.config.reconciliation.duty_seconds)
        with self._home.store.reading() as reader:
            found = {(o.peer, o.subject, o.kind): o for o in overdue(reader, self._home.clock.now(), age)}
        for key in found.keys() - self._owed:
            one = found[key]
            self._log.warning(
                "records differ from a peer's for too long",
                peer=one.peer,
                what=one.kind,
                subject=one.subject,
                repair=list(one.repair),
            )
        self._owed = {*found}

    def _tell_overdue(self) -> None:
        """Tell once of each copy that was asked back and not answered for by its day: here, or at another's node."""
        with self._home.store.reading() as reader:
            late = {
                (one.recall.id, one.copy.id): one
                for one in asked_back(reader)
                if one.state(self._home.clock.now()) == "overdue"
            }
        for name in late.keys() - self._overdue:
            copy, due = late[name].copy, late[name].due
            self._log.warning("a recall is not answered", copy=copy.id, holder=copy.holder, due=due.isoformat())
        self._overdue = {*late}


def _written(home: Home, name: str = "register.sqlite-wal") -> tuple[int, int]:
    """What changes when anybody writes to a file of the node's, by default the register: its time and its length."""
    try:
        found = (home.folder / name).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _line(event: Any, **_: Any) -> str:
    return visible_json(event, default=repr)


def _log() -> Any:
    """What a running node tells its operator: one JSON object a line, on stderr."""
    import structlog

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
    )
