"""Signing in at an OpenID provider: a real one that is started here, and one that lies."""

from __future__ import annotations

import hmac
import json
import shutil
import socket
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from calling import URL, Answer, Served
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from programs import follow, later
from stories import MARKS
from test_attacks import WANTED

from gsomia.api.signin import Caller
from gsomia.errors import DataError, GsomiaError, NodeError, SignatureError
from gsomia.identity import Principal, Rights
from gsomia.node import PersonDetails, Role, change_person, end_access, strike_person
from gsomia.testing import Exercise
from gsomia.web import (
    Answered,
    Provider,
    ProviderSettings,
    fetching,
    make_certificate,
    make_proof,
    public_jwk,
)

Serve = Callable[[Exercise, str], Served]

HERE = Path(__file__).parent.parent / "oidc"
BACK = "http://127.0.0.1:49152/"


# --- a real provider --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The provider's issuer, and the certificate that it shows."""
    if shutil.which("node") is None or not (HERE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("needs Node.js and the npm package oidc-provider: make system")
    folder = tmp_path_factory.mktemp("provider")
    paths = [folder / "provider.pem", folder / "provider-key.pem"]
    made = make_certificate("KOR", exercise=True, host="127.0.0.1", at=datetime.now(UTC))
    for path, data in zip(paths, made, strict=True):
        path.write_bytes(data)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    words = ["node", "--no-warnings", "provider.mjs", str(port), *map(str, paths)]
    with subprocess.Popen(words, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as provider:
        try:
            assert provider.stdout is not None and provider.stdout.readline() == "ready\n"
            yield f"https://127.0.0.1:{port}", paths[0]
        finally:
            provider.terminate()


CLIENTS: dict[str, dict[str, Any]] = {
    "with a secret, RS256": {"client_id": "node", "client_secret": "s3cret of the test"},
    "public, ES256": {"client_id": "public"},
    "by address": {"client_id": "node", "client_secret": "s3cret of the test", "claim": "email"},
}


@pytest.fixture
def kor(both: Exercise, serve: Serve, issuer: tuple[str, Path]) -> Served:
    """Korea's API, where persons sign in at the provider."""
    served = serve(both, "KOR")
    at(served, issuer, "with a secret, RS256")
    return served


def at(served: Served, issuer: tuple[str, Path], client: str) -> None:
    """Serve anew, as a client of the provider."""
    settings = ProviderSettings(issuer=issuer[0], **CLIENTS[client])
    served.provider = Provider(settings, fetching(issuer[1]))
    served.again()


class Browser:
    """A person with a browser and a program that waits on loopback."""

    def __init__(self, served: Served, certificate: Path, account: str) -> None:
        self.served, self.certificate, self.account = served, certificate, account
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self.told: dict[str, Any] = {}

    def start(self, **other: Any) -> Answer:
        return self.served.ask(
            "POST", "/v1/oidc/start", None, {"jwk": public_jwk(self.key), "redirect_uri": BACK} | other
        )

    def visit(self, url: str) -> dict[str, str]:
        """Sign in at the provider; what the browser comes back with."""
        import ssl

        context = ssl.create_default_context(cafile=str(self.certificate))
        url += f"&login_hint={self.account}"
        with httpx2.Client(verify=context, trust_env=False) as client:
            for _ in range(8):
                answer = client.get(url)
                url = str(answer.headers.get("location", ""))
                if url.startswith(BACK):
                    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
                url = url if url.startswith("https://") else f"https://{answer.url.netloc.decode()}{url}"
        raise AssertionError(answer.text)

    def finish(self, back: Mapping[str, str], key: EllipticCurvePrivateKey | None = None) -> Answer:
        body = {name: value for name, value in back.items() if name in ("state", "code", "iss")}
        proof = self.proof("POST", "/v1/oidc/finish", back["state"], key)
        return self.served.ask("POST", "/v1/oidc/finish", None, body, {"dpop": proof})

    def proof(self, method: str, path: str, token: str, key: EllipticCurvePrivateKey | None = None) -> str:
        now, jti = self.served.player.node.clock.machine(), f"jti-{time.monotonic_ns():020}"
        return make_proof(key or self.key, method=method, url=URL + path, token=token, at=now, jti=jti)

    def sign_in(self) -> Answer:
        answer = self.finish(self.visit(self.start().json()["url"]))
        self.told = answer.json()
        return answer

    def headers(self, method: str, path: str) -> dict[str, str]:
        token = self.told["token"]
        return {"authorization": f"DPoP {token}", "dpop": self.proof(method, path.partition("?")[0], token)}

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self.served.ask(method, path, None, body, self.headers(method, path))


def bind(both: Exercise, served: Served, claim: str = "sub", value: str = "kim", **words: Any) -> None:
    """Kim, bound to an account by an act of the security officer."""
    assert served.provider is not None
    account = f"{served.provider.settings.issuer} {claim} {value}"
    details = {"id": "kim", "clearance": "SECRET", "house_roles": (Role.AUDITOR,), **words}
    both.enter(PersonDetails(accounts=(account,), **details), "KOR")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_person_signs_in_and_reads_what_their_roles_permit(
    kor: Served, both: Exercise, issuer: tuple[str, Path], client: str
) -> None:
    at(kor, issuer, client)
    by_address = CLIENTS[client].get("claim") == "email"
    bind(both, kor, *(("email", "kim@kor.example") if by_address else ()))
    kim = Browser(kor, issuer[1], "kim")
    assert kim.sign_in().status == 201
    told = kim.ask("GET", "/v1/me").json()
    assert (told["person"], told["officer"], told["key"], told["roles"]) == ("kim", "", "", [Role.AUDITOR])
    assert kim.ask("GET", "/v1/copies").status == 200
    assert kim.ask("GET", "/v1/acts?limit=1").json()["next"]
    assert kim.ask("POST", "/v1/openings", {"item": "x", "person": "kim"}).status == 403, "an auditor reads no contents"
    listed = kor.ask("GET", "/v1/sessions", kor.player.by(Role.SECURITY)).json()["sessions"]
    assert [(one["person"], one["officer"], one["way"]) for one in listed] == [("kim", "", "oidc")]


def test_a_reader_opens_for_oneself_and_for_nobody_else(kor: Served, both: Exercise, issuer: tuple[str, Path]) -> None:
    """The agreement is asked as ever: without the need nothing is opened."""
    registry, number = kor.player.by(Role.REGISTRY), kor.player.copies()[0].control_number
    assert kor.act(registry, {"act": "mark", "item": number, "level": MARKS["KOR"]}).status == 200
    assert kor.act(registry, {"act": "receipted", "item": number}).status == 200
    words: dict[str, Any] = {"house_roles": (Role.READER,), "needs": ("dprk-missile",), "rosters": ("main",)}
    bind(both, kor, **words)
    kim = Browser(kor, issuer[1], "kim")
    assert kim.sign_in().status == 201
    opened = kim.ask("POST", "/v1/openings", {"item": number, "person": "kim"})
    assert (opened.status, opened.body) == (200, b"EXERCISE")
    assert kim.ask("POST", "/v1/openings", {"item": number, "person": "lee"}).status == 403
    bind(both, kor, **(words | {"needs": ("other",)}))
    assert kim.ask("POST", "/v1/openings", {"item": number, "person": "kim"}).status in (403, 404)


def test_an_account_that_no_act_binds_is_nobody(kor: Served, both: Exercise, issuer: tuple[str, Path]) -> None:
    """Whatever it claims; nor one that is bound at another issuer, or by another claim; nor an address unverified."""
    both.enter(PersonDetails(id="kim", clearance="SECRET", house_roles=(Role.AUDITOR,)), "KOR")
    answer = Browser(kor, issuer[1], "kim").sign_in()
    assert (answer.status, answer.json()["account"]) == (403, f"{issuer[0]} sub kim")
    others = ("https://other.example sub kim", f"{issuer[0]} email kim", f"{issuer[0]}/ sub kim")
    both.enter(PersonDetails(id="kim", clearance="SECRET", accounts=others), "KOR")
    assert Browser(kor, issuer[1], "kim").sign_in().status == 403
    at(kor, issuer, "by address")
    bind(both, kor, "email", "unverified@kor.example")
    assert Browser(kor, issuer[1], "unverified").sign_in().status == 401


def test_who_signed_in_at_a_provider_signs_no_act(kor: Served, both: Exercise, issuer: tuple[str, Path]) -> None:
    """Not even an officer, whose key is elsewhere: every act is refused, and no token is made for one."""
    registry = kor.player.by(Role.REGISTRY).officer
    bind(both, kor, id=registry, house_roles=())
    kim = Browser(kor, issuer[1], "kim")
    assert kim.sign_in().status == 201
    assert kim.ask("GET", "/v1/me").json()["roles"] == [Role.REGISTRY]
    assert kim.ask("GET", "/v1/copies").status == 200, "an officer looks"
    item = kor.player.copies()[0].control_number
    for act, words in WANTED.items():
        answer = kim.ask(
            "POST", "/v1/preparations", {"act": act, **({} if act == "adopt-law" else {"item": item}), **words}
        )
        assert answer.status == 403 and answer.json()["verdict"]["grounds"], act
    body = {"jwk": public_jwk(kim.key), "acts": ["mark"], "minutes": 5}
    assert kim.ask("POST", "/v1/tokens", body).status == 403
    acts = kim.ask("GET", "/v1/me").json()["acts"]
    assert "see-register" in acts and not [act for act in acts if Rights.load().acts[act].signs]


@pytest.mark.parametrize("role", [Role.SECURITY, Role.ADMINISTRATOR, Role.REGISTRY])
def test_who_showed_no_officers_key_runs_nothing(role: str) -> None:
    """The node itself signs what some of these do: a leaver's access ends by its own act."""
    rights, at = Rights.load(), datetime(2026, 1, 1, tzinfo=UTC)
    caller = Caller(
        officer=None, principal=Principal(party="KOR", person="kim", at=at, roles=frozenset({role})), rights=rights,
        ends=at, at=at, authenticated=at, max_age=timedelta(minutes=5),
    )  # fmt: skip
    assert [act for act, one in rights.acts.items() if one.kind in ("run", "sign") and caller.may(act)] == []
    assert caller.may("see-officers")


def test_each_sign_in_is_finished_once_by_who_began_it(kor: Served, both: Exercise, issuer: tuple[str, Path]) -> None:
    """State, key and code belong together (CSRF, session fixation, code injection)."""
    bind(both, kor)
    kim, thief = Browser(kor, issuer[1], "kim"), Browser(kor, issuer[1], "kim")
    back = kim.visit(kim.start().json()["url"])
    assert kim.finish(back, key=thief.key).status == 401, "a code that was caught is of no use without the key"
    assert kim.finish(back).status == 401, "and that try ended it"
    back = kim.visit(kim.start().json()["url"])
    assert kim.finish(back).status == 201
    assert kim.finish(back).status == 401, "once"
    mine = thief.start().json()["state"]
    back = kim.visit(kim.start().json()["url"])
    assert thief.finish({**back, "state": mine}).status in (401, 503), "another's code in one's own sign-in: PKCE"
    back = kim.visit(kim.start().json()["url"])
    assert kim.finish({**back, "iss": "https://other.example"}).status == 401, "mix-up (RFC 9207)"
    back = kim.visit(kim.start().json()["url"])
    assert kim.finish({"state": back["state"], "code": back["code"]}).status == 401, "the provider names itself always"
    back = kim.visit(kim.start().json()["url"])
    later(kor, minutes=11)
    assert kim.finish(back).status == 401, "late"


@pytest.mark.parametrize("uri", [
    "https://evil.example/", "http://localhost:1/", "http://127.0.0.1:1@evil.example/", "http://127.0.0.1/",
    "http://127.0.0.1.evil.example:1/", "http://127.0.0.1:1/?next=https://evil.example", "file:///etc/passwd",
])  # fmt: skip
def test_open_redirect(kor: Served, issuer: tuple[str, Path], uri: str) -> None:
    assert Browser(kor, issuer[1], "kim").start(redirect_uri=uri).status == 400


ENDS: dict[str, Callable[[Served, Exercise], object]] = {
    "the account is unbound": lambda kor, _: change_person(
        kor.player.node, "kim", by=kor.player.by(Role.SECURITY), accounts=()
    ),
    "the person leaves": lambda kor, _: strike_person(kor.player.node, "kim", "x", by=kor.player.by(Role.SECURITY)),
    "the session is ended": lambda kor, _: kor.memory.end_token(kor.memory.tokens("kim")[0].id),
    "it was idle": lambda kor, _: later(kor, minutes=16),
}


@pytest.mark.parametrize("why", ENDS)
def test_it_ends_at_the_next_request_and_with_it_its_streams(
    kor: Served, both: Exercise, issuer: tuple[str, Path], why: str
) -> None:
    bind(both, kor)
    kim = Browser(kor, issuer[1], "kim")
    assert kim.sign_in().status == 201
    given = kim.headers("GET", "/v1/events")
    _, took = kor.loop.run_until_complete(follow(kor, None, lambda: ENDS[why](kor, both), headers=given))
    assert took < 1.0
    assert kim.ask("GET", "/v1/me").status == 401


COMES_BACK: dict[str, Callable[[Served], object]] = {
    "bound anew": lambda kor: change_person(kor.player.node, "kim", by=kor.player.by(Role.SECURITY), accounts=()),
    "entered anew": lambda kor: strike_person(kor.player.node, "kim", "x", by=kor.player.by(Role.SECURITY)),
    "entered anew after a directory's word": lambda kor: end_access(kor.player.node, "kim", "x"),
}


@pytest.mark.parametrize("why", COMES_BACK)
def test_a_session_that_ended_does_not_live_again(
    kor: Served, both: Exercise, issuer: tuple[str, Path], why: str
) -> None:
    bind(both, kor)
    kim = Browser(kor, issuer[1], "kim")
    assert kim.sign_in().status == 201
    bind(both, kor, clearance="CONFIDENTIAL")
    assert kim.ask("GET", "/v1/me").status == 200, "another change ends nothing"
    COMES_BACK[why](kor)
    security = kor.player.by(Role.SECURITY)
    assert kor.ask("GET", "/v1/sessions", security).json()["sessions"] == []
    bind(both, kor)
    assert kim.ask("GET", "/v1/me").status == 401
    assert kor.ask("GET", "/v1/sessions", security).json()["sessions"] == []
    assert Browser(kor, issuer[1], "kim").sign_in().status == 201


def test_without_a_provider_there_is_no_door(both: Exercise, serve: Serve) -> None:
    kor = serve(both, "KOR")
    for path in ("/v1/oidc/start", "/v1/oidc/finish"):
        assert kor.ask("POST", path, None, {}).status == 401


def test_its_certificate_is_checked(issuer: tuple[str, Path]) -> None:
    with pytest.raises(NodeError, match="cannot be reached"):
        fetching()(f"{issuer[0]}/.well-known/openid-configuration", None, {})


# --- one that lies ----------------------------------------------------------------------------------------------------

ISSUER = "https://id.example"
KEY, OTHER = (ECKey.generate_key("P-256", {"kid": "one", "use": "sig"}) for _ in range(2))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
THEN = int(NOW.timestamp())
WELL: dict[str, Any] = {
    "iss": ISSUER, "sub": "kim", "aud": "node", "nonce": "n", "iat": THEN, "exp": THEN + 60,
}  # fmt: skip
METADATA = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t",
    "jwks_uri": f"{ISSUER}/k", "authorization_response_iss_parameter_supported": True,
}  # fmt: skip


def answered(
    claims: Mapping[str, Any] = WELL, *, key: Any = KEY, alg: str = "ES256", metadata: Mapping[str, Any] = METADATA,
    settings: Mapping[str, Any] = {}, issuer: str = ISSUER, token: str = "",
) -> str:  # fmt: skip
    """The account that such an answer names."""
    given = token or jwt.encode({"alg": alg, "kid": "one"}, dict(claims), key, algorithms=[alg])
    asked: list[str] = []

    def fetch(url: str, _: bytes | None, __: Mapping[str, str]) -> bytes:
        asked.append(url)
        if url.endswith("/.well-known/openid-configuration"):
            return json.dumps(metadata).encode()
        if url == f"{ISSUER}/k":
            return json.dumps(KeySet([KEY]).as_dict(private=False)).encode()
        assert url == f"{ISSUER}/t", "nothing else is ever asked"
        return json.dumps({"access_token": "a", "token_type": "Bearer", "id_token": given}).encode()

    provider = Provider(ProviderSettings(**{"issuer": ISSUER, "client_id": "node", **settings}), fetch)
    try:
        return provider.account(
            Answered(code="c", issuer=issuer), redirect_uri=BACK, nonce="n", verifier="v" * 43, at=NOW
        )
    finally:
        assert {urlsplit(url).netloc for url in asked} <= {"id.example"}


def test_what_holds_names_the_account() -> None:
    assert answered() == f"{ISSUER} sub kim"
    assert answered({**WELL, "aud": ["node"], "azp": "node"}) == f"{ISSUER} sub kim"


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in WELL.items() if key != name}


def by_secret(secret: bytes) -> str:
    """A token that whoever knows the public key can make, where a provider's key were taken for a secret."""
    parts = ({"alg": "HS256", "kid": "one"}, WELL)
    signed = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    tag = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(tag).decode().rstrip('=')}"


TOKENS: dict[str, dict[str, Any]] = {
    **{f"no `{name}`": {"claims": without(name)} for name in WELL},
    "another issuer": {"claims": WELL | {"iss": "https://other.example"}},
    "another audience": {"claims": WELL | {"aud": "other"}},
    "further audiences": {"claims": WELL | {"aud": ["node", "other"], "azp": "node"}},
    "another authorized party": {"claims": WELL | {"azp": "other"}},
    "another nonce": {"claims": WELL | {"nonce": "m"}},
    "expired": {"claims": WELL | {"exp": WELL["iat"] - 61}},
    "issued long ago": {"claims": WELL | {"iat": WELL["iat"] - 601}},
    "issued ahead": {"claims": WELL | {"iat": WELL["iat"] + 61, "exp": WELL["iat"] + 90}},
    "valid later": {"claims": WELL | {"nbf": WELL["iat"] + 61}},
    "a time that is a text": {"claims": WELL | {"exp": str(WELL["exp"])}},
    "a time that is true": {"claims": WELL | {"iat": True}},
    "no name": {"claims": WELL | {"sub": ""}},
    "a name that is a list": {"claims": WELL | {"sub": ["kim"]}},
    "a name that turns": {"claims": WELL | {"sub": "k\u202eim"}},
    "signed by another key": {"key": OTHER},
    "an algorithm that the settings do not name": {"settings": {"algorithms": ("RS256",)}},
    "a shared secret: the public key": {"token": by_secret(KEY.as_pem(private=False))},
    "signed by nobody": {"token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJraW0ifQ."},
    "no token": {"token": "x"},
    "an address that nobody verified": {"claims": WELL | {"email": "k@x"}, "settings": {"claim": "email"}},
    "an answer of another issuer": {"issuer": "https://other.example"},
    "an answer of no issuer": {"issuer": ""},
    "another access token": {"claims": WELL | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
}  # fmt: skip


@pytest.mark.parametrize("what", TOKENS)
def test_an_id_token_that_does_not_hold_names_nobody(what: str) -> None:
    with pytest.raises(SignatureError):
        answered(**TOKENS[what])


DISCOVERIES: dict[str, dict[str, Any]] = {
    "another issuer": METADATA | {"issuer": "https://other.example"},
    "the issuer with a slash": METADATA | {"issuer": f"{ISSUER}/"},
    "keys on the inside": METADATA | {"jwks_uri": "https://169.254.169.254/latest/meta-data"},
    "keys in the clear": METADATA | {"jwks_uri": "http://id.example/k"},
    "keys in a file": METADATA | {"jwks_uri": "file:///etc/passwd"},
    "tokens elsewhere": METADATA | {"token_endpoint": "https://evil.example/t"},
    "tokens on another port": METADATA | {"token_endpoint": "https://id.example:8444/t"},
    "a name in front": METADATA | {"token_endpoint": "https://id.example@evil.example/t"},
    "signing in elsewhere": METADATA | {"authorization_endpoint": "https://evil.example/a"},
    "no PKCE with S256": METADATA | {"code_challenge_methods_supported": ["plain"]},
    "no keys": {key: value for key, value in METADATA.items() if key != "jwks_uri"},
}


@pytest.mark.parametrize("what", DISCOVERIES)
def test_ssrf_through_discovery(what: str) -> None:
    """What metadata name beyond the issuer's host is never asked."""
    with pytest.raises(DataError):
        answered(metadata=DISCOVERIES[what])


def test_hosts_that_the_settings_name_are_asked() -> None:
    elsewhere = METADATA | {"authorization_endpoint": "https://login.example/a"}
    assert answered(metadata=elsewhere, settings={"hosts": ("login.example",)}) == f"{ISSUER} sub kim"


def test_a_provider_that_fails_is_not_asked_again_at_once() -> None:
    asked = []

    def fetch(url: str, _: bytes | None, __: Mapping[str, str]) -> bytes:
        asked.append(url)
        raise NodeError("it cannot be reached")

    now = 0.0
    provider = Provider(ProviderSettings(issuer=ISSUER, client_id="node"), fetch, lambda: now)
    for _ in range(10):
        with pytest.raises(GsomiaError):
            provider.authorization_url(redirect_uri=BACK, state="s", nonce="n", verifier="v" * 43)
    assert len(asked) == 1
    now = 31.0
    with pytest.raises(GsomiaError):
        provider.authorization_url(redirect_uri=BACK, state="s", nonce="n", verifier="v" * 43)
    assert len(asked) == 2
