"""A passkey made and used by a real Chromium, whose authenticator is a virtual one (WebAuthn, section 11).

Without Chromium these tests skip, unless GSOMIA_REQUIRE is set: then they fail.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from calling import Served
from chromium import DevTools, devtools
from officers_browser import Browser
from stories import Stage, finish, holds, same_story

from gsomia.errors import SignatureError
from gsomia.keys import pae
from gsomia.node import Role, replace_officer_key
from gsomia.passkeys import (
    WEBAUTHN,
    Assertion,
    Passkey,
    challenge,
    introduced,
    passkey_text,
    registered,
    registration_text,
)
from gsomia.testing import Exercise
from gsomia.web import make_certificate

pytestmark = [pytest.mark.slow, pytest.mark.wire]

RP = "localhost"
ALGORITHMS = {"ES256": -7, "EdDSA": -8}
PAGE = b"""<!DOCTYPE html><title>EXERCISE</title><script>
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
const make = (challenge, alg) => navigator.credentials.create({publicKey: {
  challenge: bytes(challenge), rp: {id: "localhost", name: "EXERCISE"}, attestation: "none",
  user: {id: bytes("c2F0bw"), name: "kor-registry", displayName: "kor-registry"},
  pubKeyCredParams: [{type: "public-key", alg}],
  authenticatorSelection: {userVerification: "required", residentKey: "required"}}}).then(made => made.toJSON());
const use = challenge => navigator.credentials.get({publicKey: {
  challenge: bytes(challenge), rpId: "localhost", userVerification: "required"}}).then(made => made.toJSON());
</script>"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page under https://localhost."""
    folder = tmp_path_factory.mktemp("page")
    certificate, key = make_certificate("KOR", exercise=True, host="localhost", at=datetime.now(UTC))
    (folder / "tls.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(origin: str, tmp_path: Path) -> Iterator[DevTools]:
    """The page in a browser, with an authenticator that knows its person."""
    with devtools(tmp_path, "--ignore-certificate-errors") as browser:
        browser.open(f"{origin}/")
        browser.ask("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        browser.ask("WebAuthn.addVirtualAuthenticator", options=options)
        yield browser


@dataclass(frozen=True, eq=False)
class InBrowser:
    """A passkey whose private half is in the browser's authenticator."""

    page: DevTools
    public: Passkey

    def response(self, signed: bytes) -> dict[str, Any]:
        """The `response` of an assertion over these bytes, as the browser writes it."""
        made: dict[str, Any] = self.page.run(f"use({json.dumps(challenge(signed))})")["response"]
        return made

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """An assertion over these bytes, as it stands in an envelope."""
        return {WEBAUTHN: Assertion.from_browser(self.response(signed)).to_bytes()}


def made(page: DevTools, origin: str, algorithm: str) -> InBrowser:
    """Register a passkey, and hand it over with an assertion by it."""
    signed = registration_text("KOR", "kor-registry", exercise=True)
    registration = page.run(f"make({json.dumps(challenge(signed))}, {ALGORITHMS[algorithm]})")["response"]
    key = registered(registration, signed, rp=RP, origins=(origin,))
    assert len(key.cose) == {"ES256": 77, "EdDSA": 42}[algorithm]
    device = InBrowser(page, key)
    document = {
        "rp": RP,
        "origins": [origin],
        "registration": registration,
        "assertion": device.response(passkey_text("KOR", "kor-registry", key, exercise=True)),
    }
    assert introduced(document, "KOR", "kor-registry", exercise=True) == key
    return device


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_real_browser_signs_holds_at_both_nodes(
    page: DevTools, origin: str, stage: Stage, algorithm: str
) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    kor, device = both["KOR"], made(page, origin, algorithm)
    old = kor.by(Role.REGISTRY)
    replace_officer_key(kor.node, old.officer, device.public, by=kor.by(Role.SECURITY))
    kor.officers[Role.REGISTRY] = replace(old, key=device)
    finish(kor, kor.copies()[0].control_number)
    both.settle()
    holds(both)
    same_story(both)


def test_a_real_browser_signs_in_and_signs_over_the_api(
    page: DevTools, origin: str, stage: Stage, serve: Callable[[Exercise, str], Served]
) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    kor, device = both["KOR"], made(page, origin, "ES256")
    replace_officer_key(kor.node, "kor-registry", device.public, by=kor.by(Role.SECURITY))
    browser = Browser(serve(both, "KOR"), device)
    assert browser.sign_in().status == 201
    assert browser.signed(browser.prepared()).json()["status"] == "done"
    both.settle()
    holds(both)


def test_each_use_is_over_one_thing_and_counts(page: DevTools, origin: str) -> None:
    device = made(page, origin, "ES256")
    one, other = pae("x", b"one"), pae("x", b"other")
    first, second = (Assertion.from_browser(device.response(signed)) for signed in (one, other))
    assert second.counter > first.counter > 0
    device.public.verify(other, {WEBAUTHN: second.to_bytes()})
    lies: list[tuple[bytes, Callable[[Passkey], Passkey], str]] = [
        (one, lambda key: key, "challenge"),
        (other, lambda key: replace(key, origins=("https://localhost",)), "origin"),
        (other, lambda key: replace(key, rp="a.localhost", origins=("https://a.localhost",)), "origin"),
    ]
    for signed, change, why in lies:
        with pytest.raises(SignatureError, match=why):
            change(device.public).verify(signed, {WEBAUTHN: second.to_bytes()})
