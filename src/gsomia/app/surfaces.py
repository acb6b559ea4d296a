"""What a running node serves: each surface on an address of its own, in a thread of its own, over TLS."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gsomia.app.home import Home
from gsomia.errors import GsomiaError, NodeError
from gsomia.keys import PublicKey, Verifies

if TYPE_CHECKING:
    from gsomia.api import Preparations
    from gsomia.web import Provider

__all__ = ["served", "serving_api", "trusting"]

_LOOK_SECONDS = 0.25
_SWEEP_SECONDS = 10
"""Prepared acts that are over are looked for so often."""


@contextmanager
def served(
    app: Any, host: str, port: int, context: ssl.SSLContext, name: str, **words: Any
) -> Iterator[threading.Thread]:
    """Serve an application as long as this is open.

    Args:
        app: an ASGI application.
        host, port: where.
        context: TLS.
        name: of the thread.
        words: further settings of the server.

    Raises:
        NodeError: the address cannot be had.
    """
    import uvicorn

    from gsomia.web import PeerProtocol

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=PeerProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_context_factory=lambda _config, _default: context,
            timeout_graceful_shutdown=2,
            **words,
        )
    )
    sockets = [_listening(host, port)]
    thread = threading.Thread(target=server.run, args=(sockets,), name=name, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise NodeError(f"cannot listen on {host}:{port}", hint="is another node running there?")
        threading.Event().wait(0.01)
    try:
        yield thread
    finally:
        server.should_exit = True
        thread.join(5)


def _listening(host: str, port: int) -> socket.socket:
    """A socket on which something is served.

    Raises:
        NodeError: the address cannot be had.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # Accepted connections inherit it. asyncio sets it only where a socket names its protocol, which these do not;
        # without it each answer, written in two pieces, waits 40 ms for the peer's delayed acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise NodeError(
            f"cannot listen on {host}:{port}: {error.strerror}", hint="is another node running there?"
        ) from error


@contextmanager
def trusting(
    context: ssl.SSLContext,
    trusted: set[str],
    certificates: Callable[[], set[str]],
    changed: Callable[[], object],
    stopping: threading.Event,
    log: Any,
) -> Iterator[None]:
    """Let in who was enrolled since the start, without a restart.

    Args:
        context: TLS, whose trust grows.
        trusted: what it trusts at first.
        certificates: all that it should trust.
        changed: tells something else once these may have changed.
        stopping: ends it.
        log: takes what goes wrong.
    """

    def watch() -> None:
        seen = None
        while not stopping.wait(_LOOK_SECONDS):
            standing = changed()
            if standing == seen:
                continue
            try:
                new = certificates() - trusted
            except GsomiaError as error:
                log.error("who may connect cannot be read", why=str(error))
                stopping.wait(1)
                continue
            for certificate in new:
                context.load_verify_locations(cadata=certificate)
                trusted.add(certificate)
            seen = standing

    watcher = threading.Thread(target=watch, name="trust", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        watcher.join(5)


def _provider(home: Home) -> Provider | None:
    """The provider of identities that the settings name.

    Raises:
        NodeError: a file that they name cannot be read, or a part that it takes is not installed.
    """
    named = home.config.oidc
    if not named.issuer:
        return None
    from importlib.util import find_spec

    from gsomia.web import Provider, ProviderSettings, fetching

    if find_spec("authlib") is None:
        raise NodeError("`[oidc]` takes a part that is not installed", hint="install gsomia[oidc]")
    secret = ""
    if named.client_secret_file:
        path = home.folder / named.client_secret_file
        try:
            secret = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NodeError(f"cannot read the client's secret in `{path}`: {error}") from error
        if not secret:
            raise NodeError(f"the client's secret in `{path}` is empty")
    settings = ProviderSettings(
        issuer=named.issuer,
        client_id=named.client_id,
        client_secret=secret,
        claim=named.claim,
        hosts=tuple(named.hosts),
        algorithms=tuple(named.algorithms),
    )
    return Provider(settings, fetching(home.folder / named.roots if named.roots else None))


@contextmanager
def _sweeping(waiting: Preparations, stopping: threading.Event, log: Any) -> Iterator[None]:
    """End prepared acts once their time is over, with what is kept for them, also where nobody asks any more."""

    def sweep() -> None:
        while not stopping.wait(_SWEEP_SECONDS):
            try:
                waiting.sweep()
            except (GsomiaError, OSError) as error:
                log.error("what was kept for a prepared act still lies here", why=str(error))

    sweeper = threading.Thread(target=sweep, name="prepared", daemon=True)
    sweeper.start()
    try:
        yield
    finally:
        sweeper.join(5)


@contextmanager
def serving_api(
    home: Home, ready: Callable[[str], None], stopping: threading.Event, changed: Callable[[], object], log: Any
) -> Iterator[None]:
    """Serve the API, where the settings name an address for it.

    Args:
        home: the node.
        ready: told the address once it answers.
        stopping: set when the node is to stop.
        changed: tells something else once anybody wrote to the register.
        log: takes a line for each request.
    """
    config = home.config.api
    if not config.host:
        yield
        return
    from gsomia.api import FirstOfficer, Preparations, Spans, api_app
    from gsomia.web import Memory, officer_anchor, officers_context

    anchors: dict[str, str] = {}

    def officers() -> set[str]:
        with home.store.reading() as reader:
            keys: list[Verifies] = [officer.key for officer in reader.officers(home.node.party)]
            keys += [one.key for one in reader.sign_in_keys()]
        # A passkey certifies nothing: who has one signs in by it.
        pairs = [key for key in keys if isinstance(key, PublicKey)]
        # To make one takes a signature's time.
        anchors.update({key.fingerprint: officer_anchor(key) for key in pairs if key.fingerprint not in anchors})
        return {anchors[key.fingerprint] for key in pairs}

    keys = home.folder / "keys"
    trusted = officers()
    context = officers_context(
        keys / "tls.pem",
        keys / "tls-key.pem",
        trusted,
        password=home.tls_password(),
        refused=lambda why: log.warning("a connection was refused at the handshake", why=why, surface="api"),
    )
    memory = Memory(home.folder / "api.sqlite")
    host = f"[{config.host}]" if ":" in config.host else config.host
    url = config.url or f"https://{host}:{config.port}"
    first, waiting = FirstOfficer(home.node), Preparations(home.node)
    app = api_app(
        home.node,
        memory,
        home,
        url=url,
        rate=config.requests_per_second,
        unreconciled_for=timedelta(seconds=home.config.reconciliation.duty_seconds),
        first=first,
        provider=_provider(home),
        waiting=waiting,
        spans=Spans(
            step_up=timedelta(seconds=config.step_up_seconds),
            token=timedelta(days=config.token_days),
            token_idle=timedelta(days=config.token_idle_days),
            session=timedelta(seconds=config.session_seconds),
            session_idle=timedelta(seconds=config.session_idle_seconds),
        ),
        told=lambda why: log.error("this node cannot do what an officer asks", why=why),
        log=lambda **line: log.info("request", **line),
    )
    try:
        with (
            served(app, config.host, config.port, context, "api", limit_concurrency=config.connections),
            trusting(context, trusted, officers, changed, stopping, log),
            _sweeping(waiting, stopping, log),
        ):
            ready(url)
            first.show(sys.stderr)
            try:
                yield
            finally:
                stopping.set()
    finally:
        memory.close()
