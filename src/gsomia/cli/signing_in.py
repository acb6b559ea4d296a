"""`gsomia sign-in`: a person signs in at the provider that a node names, and reads from then on without a key.

The browser comes back to this machine (RFC 8252, section 7.3). The file that is written holds the token and the key to
which it is bound; it is as good as the session, and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from gsomia.cli.address.asked import identity_of
from gsomia.cli.address.remote import Remote
from gsomia.cli.address.session_file import Session, proof_of
from gsomia.errors import LoginError, UsageError

__all__ = ["sign_in_command"]

WAIT_SECONDS = 300.0
"""So long the browser is waited for."""


@click.command("sign-in")
@click.argument("address")
@click.option(
    "--node-identity",
    envvar="GSOMIA_NODE_IDENTITY",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The identity of the node at that address (or GSOMIA_NODE_IDENTITY).",
)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file for the session; other commands take it with --session.",
)
def sign_in_command(address: str, node_identity: Path, out: Path) -> None:
    """Sign in to the node at ADDRESS by the provider that it names, in a browser on this machine: to read."""
    import httpx2
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    from gsomia.web import public_jwk, stranger_context

    if not address.startswith("https://"):
        raise UsageError(f"not a node's address: `{address}`", hint="such as https://node.example:8444")
    context = stranger_context(identity_of(node_identity, "certificate"))
    key = generate_private_key(SECP256R1())
    remote = Remote(address, lambda: httpx2.Client(base_url=address, verify=context, trust_env=False, timeout=60))
    try:
        with _Back() as back:
            told = remote.post("oidc/start", {"jwk": public_jwk(key), "redirect_uri": back.url})
            click.echo(f"sign in with a browser on this machine:\n{told['url']}", err=True)
            answer = back.wait(str(told["state"]))
        if "code" not in answer:
            raise LoginError(f"the provider did not sign you in: {answer.get('error', 'no code')!a}")
        body: dict[str, Any] = {name: answer[name] for name in ("state", "code", "iss") if name in answer}
        proof = proof_of(key, "POST", f"{address.rstrip('/')}/v1/oidc/finish", answer["state"])
        given = remote.post("oidc/finish", body, {"dpop": proof})
    finally:
        remote.close()
    Session(address=address, token=str(given["token"]), key=key).write(out)
    click.echo(f"signed in as {given['person']!a} until {given['until']}; use --session {out}")


class _Back:
    """Waits on loopback for the browser to come back."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._server = HTTPServer(("127.0.0.1", 0), _handler(self.found))
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> _Back:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, state: str, clock: Callable[[], float] = monotonic) -> dict[str, str]:
        """What it comes back with; whatever else asks here meanwhile is passed over.

        Raises:
            LoginError: it does not come.
        """
        until = clock() + WAIT_SECONDS
        while (left := until - clock()) > 0:
            self._server.timeout = left
            self._server.handle_request()
            if self.found.get("state") == state:
                return dict(self.found)
            self.found.clear()
        raise LoginError("the browser did not come back")


def _handler(found: dict[str, str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Takes the query of one request."""

        timeout = 5

        def do_GET(self) -> None:
            """Keep what came."""
            query = parse_qs(urlsplit(self.path).query)
            found.update({name: values[0] for name, values in query.items() if len(values) == 1})
            body = b"You can close this window and go on where you were asked to sign in.\n"
            self.send_response(200)
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the line would hold the code."""

    return Handler
