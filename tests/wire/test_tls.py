"""Real TLS: who may speak at all, and that a channel alone gives no authority."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from pair import Pair, introduced, until

from gsomia.errors import PeerError
from gsomia.keys import SigningKey, sign
from gsomia.link import HttpLink
from gsomia.node.messages import MESSAGE_TYPE, Message
from gsomia.node.node import new_id
from gsomia.web import client_context, make_certificate

pytestmark = pytest.mark.wire

STRANGER = SigningKey(bytes(range(64)))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Korea's node, running."""
    with Pair(introduced(), tmp_path_factory.mktemp("tls") / "nodes") as pair:
        pair.start("KOR")
        yield pair


def url(pair: Pair) -> str:
    home = pair.home("KOR")
    home.close()
    return f"https://127.0.0.1:{home.config.link.port}"


def korea(pair: Pair) -> str:
    return (pair.folder / "KOR" / "keys" / "tls.pem").read_text()


def logged(pair: Pair, event: str) -> list[dict[str, str]]:
    lines = (pair.folder / "KOR.log").read_text().splitlines()
    return [entry for entry in (json.loads(line) for line in lines if line.startswith("{")) if entry["event"] == event]


def answers(
    pair: Pair, context: ssl.SSLContext, path: str = "/link/v1/messages", data: bytes = b"{}"
) -> httpx2.Response:
    with httpx2.Client(base_url=url(pair), verify=context, trust_env=False) as client:
        return client.post(path, content=data)


def own_context(pair: Pair, party: str = "JPN") -> ssl.SSLContext:
    keys = pair.folder / party / "keys"
    return client_context(keys / "tls.pem", keys / "tls-key.pem", korea(pair))


def kept(pair: Pair) -> list[str]:
    home = pair.home("KOR")
    with home.node.store.reading() as reader:
        found = [f"{r.source}: {r.what}: {r.why}" for r in reader.refused()]
        assert not reader.copies()
    home.close()
    return found


def refused_at_handshake(pair: Pair, context: ssl.SSLContext) -> None:
    before = len(logged(pair, "a connection was refused at the handshake"))
    with pytest.raises((httpx2.HTTPError, ssl.SSLError, OSError)):
        answers(pair, context)
    until(lambda: len(logged(pair, "a connection was refused at the handshake")) > before)


def test_an_unknown_certificate_is_refused_at_the_handshake(served: Pair, tmp_path: Path) -> None:
    certificate, key = make_certificate("JPN", exercise=True, host="127.0.0.1", at=datetime.now(UTC))
    (tmp_path / "tls.pem").write_bytes(certificate)
    (tmp_path / "tls-key.pem").write_bytes(key)
    refused_at_handshake(served, client_context(tmp_path / "tls.pem", tmp_path / "tls-key.pem", korea(served)))


def test_no_certificate_is_refused_at_the_handshake(served: Pair) -> None:
    context = ssl.create_default_context(cadata=korea(served))
    context.check_hostname = False
    refused_at_handshake(served, context)


def test_one_s_own_certificate_is_no_peer_s(served: Pair) -> None:
    refused_at_handshake(served, own_context(served, "KOR"))


def test_an_old_tls_is_refused(served: Pair) -> None:
    context = own_context(served)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((httpx2.HTTPError, ssl.SSLError, OSError)):
        answers(served, context)


def test_plain_http_is_refused(served: Pair) -> None:
    port = int(url(served).rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        plain.sendall(b"POST /link/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert b"200" not in plain.recv(1000)


def test_the_client_speaks_to_the_pinned_certificate_alone(served: Pair, tmp_path: Path) -> None:
    other, _ = make_certificate("KOR", exercise=True, host="127.0.0.1", at=datetime.now(UTC))
    keys = served.folder / "JPN" / "keys"
    link = HttpLink("KOR", url(served), client_context(keys / "tls.pem", keys / "tls-key.pem", other.decode()))
    try:
        with pytest.raises(PeerError, match="cannot be reached"):
            link.exchange(sign(b"{}", MESSAGE_TYPE, [STRANGER]))
    finally:
        link.close()


def test_a_good_channel_with_anothers_signature_is_refused(served: Pair) -> None:
    home = served.home("JPN")
    at = home.clock.now()
    message = Message(id=new_id(), type="acts", sender="JPN", recipient="KOR", at=at, exercise=True, body={"acts": []})
    home.close()
    got = answers(
        served,
        own_context(served),
        data=json.dumps(sign(message.to_bytes(), MESSAGE_TYPE, [STRANGER]).to_json()).encode(),
    )
    assert got.status_code == 200 and b"refusal" in base64.b64decode(got.json()["payload"])
    assert any("signature of key" in line for line in kept(served))


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"not json", b"[" * 100_000, b'{"payload":1,"payloadType":2,"signatures":3}', b"\xff\xfe"],
)
def test_what_is_no_envelope_is_answered_400_and_kept(served: Pair, data: bytes) -> None:
    before = len(kept(served))
    got = answers(served, own_context(served), data=data)
    assert got.status_code == 400 and got.headers["content-type"] == "application/problem+json"
    assert len(kept(served)) == before + 1


def test_the_digest_of_what_is_shared_is_for_a_peers_certificate_alone(served: Pair, tmp_path: Path) -> None:
    """Question and answer are less than 2 kB with all their headers; nobody else is told a digest."""
    link = HttpLink("KOR", url(served), own_context(served))
    try:
        with contextlib.suppress(PeerError):  # before the nodes have spoken of checkpoints it is put off
            assert len(link.shared_digest()) == 32
        assert 100 < link.carried < 2_000
    finally:
        link.close()
    certificate, key = make_certificate("JPN", exercise=True, host="127.0.0.1", at=datetime.now(UTC))
    (tmp_path / "tls.pem").write_bytes(certificate)
    (tmp_path / "tls-key.pem").write_bytes(key)
    stranger = client_context(tmp_path / "tls.pem", tmp_path / "tls-key.pem", korea(served))
    for context in (stranger, own_context(served, "KOR")):
        with (
            pytest.raises((httpx2.HTTPError, ssl.SSLError, OSError)),
            httpx2.Client(base_url=url(served), verify=context, trust_env=False) as client,
        ):
            client.get("/link/v1/shared")


def test_a_message_without_end_is_cut_off(served: Pair) -> None:
    try:
        got = answers(served, own_context(served), data=bytes(33 * 2**20))
    except httpx2.HTTPError:
        return  # the node hung up before all was sent
    assert got.status_code == 413


@pytest.mark.parametrize(
    "copy",
    ["x", "..%2F..%2Fnode.toml", "../../../node.toml", "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01-JPN-1", "%00"],
)
def test_an_upload_of_nothing_that_was_accepted_is_refused(served: Pair, copy: str) -> None:
    before = set((served.folder / "KOR").rglob("*"))
    with httpx2.Client(base_url=url(served), verify=own_context(served), trust_env=False) as client:
        got = client.put(f"/link/v1/content/{copy}", content=b"x" * 100)
    assert 400 <= got.status_code < 500
    grown = {path.name for path in (served.folder / "KOR").rglob("*")} - {path.name for path in before}
    assert not {name for name in grown if not name.startswith("register.sqlite")}


def test_other_paths_and_methods_are_refused(served: Pair) -> None:
    with httpx2.Client(base_url=url(served), verify=own_context(served), trust_env=False) as client:
        assert client.get("/link/v1/messages").status_code == 405
        assert client.get("/").status_code == 404


def test_after_all_that_the_node_answers_its_peer(served: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    done = served.transmit("JPN", document)
    assert done.returncode == 0, done.stderr
    served.holds()
