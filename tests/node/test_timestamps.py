"""Time stamps of RFC 3161 on the logs' checkpoints, by a local authority that OpenSSL plays."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from stories import Stage, forget

from gsomia.app import audit_home, init
from gsomia.errors import PeerError, UsageError
from gsomia.node import Role, audit_stamps, stamp_logs, stamps_of
from gsomia.testing import Exercise, Player

SETTINGS = """\
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, a time-stamping certificate under it, and OpenSSL that signs with it.

    Args:
        folder: where its files lie.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("the test's time-stamping authority is openssl, which is not installed")
        folder.mkdir()
        self.folder = folder
        key, signer = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate("EXERCISE root", key.public_key(), "EXERCISE root", key, stamps=False)
        leaf = self._certificate("EXERCISE authority", signer.public_key(), "EXERCISE root", key, stamps=True)
        pem = serialization.Encoding.PEM
        (folder / "root.pem").write_bytes(self.root.public_bytes(pem))
        (folder / "tsa.pem").write_bytes(leaf.public_bytes(pem))
        plain = serialization.NoEncryption()
        (folder / "tsa.key").write_bytes(signer.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder))

    @staticmethod
    def _certificate(
        name: str, key: ec.EllipticCurvePublicKey, issuer: str, by: ec.EllipticCurvePrivateKey, *, stamps: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=not stamps, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        )
        if stamps:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(by, hashes.SHA256())

    def __call__(self, request: bytes) -> bytes:
        """Answer a request."""
        (self.folder / "request").write_bytes(request)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request", "-out", "reply"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority of the test's own."""
    return Authority(tmp_path / "authority")


def failed(player: Player, authority: Authority) -> list[str]:
    return [check.fault for check in audit_stamps(player.node, [authority.root]) if not check.holds]


def grow(both: Exercise) -> None:
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()


def test_each_log_is_stamped_once_a_day_where_it_has_grown(stage: Stage, authority: Authority) -> None:
    both = stage()
    jpn = both["JPN"]
    assert len(stamp_logs(jpn.node, authority, [authority.root])) == 2
    grow(both)
    assert stamp_logs(jpn.node, authority, [authority.root]) == []
    both.pass_time(timedelta(days=1))
    assert [one.log for one in stamp_logs(jpn.node, authority, [authority.root])] == ["exercise.gsomia/JPN/KOR"]
    both.pass_time(timedelta(days=1))
    assert stamp_logs(jpn.node, authority, [authority.root]) == []
    checks = {check.name: check for check in audit_stamps(jpn.node, [authority.root])}
    assert [(check.counted, check.fault) for check in checks.values()] == [(2, ""), (1, "")]
    assert all("by the authority's clock" in check.remark for check in checks.values())


def other_message(authority: Authority) -> Callable[[bytes], bytes]:
    kept: list[bytes] = []

    def answer(request: bytes) -> bytes:
        kept.append(authority(request))
        return kept[0]

    return answer


@pytest.mark.parametrize("what", ["text", "the answer to another request", "another root"])
def test_an_answer_that_does_not_hold_is_no_stamp(
    stage: Stage, authority: Authority, tmp_path: Path, what: str
) -> None:
    jpn = stage()["JPN"]
    ways: dict[str, tuple[Callable[[bytes], bytes], x509.Certificate, int]] = {
        "text": (lambda _: b"no token", authority.root, 0),
        "the answer to another request": (other_message(authority), authority.root, 1),
        "another root": (authority, Authority(tmp_path / "other").root, 0),
    }
    way, root, got = ways[what]
    with pytest.raises(PeerError, match="does not hold"):
        stamp_logs(jpn.node, way, [root])
    with jpn.node.store.reading() as reader:
        assert sum(len(stamps_of(reader, state.name)) for state in reader.logs()) == got


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE setting SET value = replace(value, 'KOR', 'USA') WHERE key LIKE 'stamps/%/KOR/2%'", "does not hold"),
        (
            "UPDATE setting SET value = (SELECT value FROM setting WHERE key LIKE 'stamps/%internal/2%')"
            " WHERE key LIKE 'stamps/%/KOR/2%'",
            "where one of `exercise.gsomia/JPN/KOR` was expected",
        ),
        ("UPDATE log SET size = 1 WHERE name LIKE '%/KOR'", "restored from an old backup"),
    ],
)
def test_what_was_changed_behind_a_stamp_is_found(
    stage: Stage, authority: Authority, statement: str, fault: str
) -> None:
    both = stage()
    stamp_logs(both["JPN"].node, authority, [authority.root])
    assert failed(both["JPN"], authority) == []
    assert forget(both["JPN"], statement) == 1
    (found,) = failed(both["JPN"], authority)
    assert fault in found


def test_a_node_asks_the_authority_that_its_settings_name(tmp_path: Path, authority: Authority) -> None:
    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["content-type"] == "application/timestamp-query"
            reply = authority(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    home = init(tmp_path / "jpn", "JPN", exercise=True)
    home.enrol_officer("sato", (Role.SECURITY,), by=None)
    with pytest.raises(UsageError, match="no time-stamping authority is set"):
        home.stamp()
    home.close()
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings = tmp_path / "jpn" / "node.toml"
        roots = authority.folder / "root.pem"
        more = f'\n[timestamps]\nurl = "http://127.0.0.1:{server.server_port}/"\nroots = "{roots}"\n'
        settings.write_text(settings.read_text() + more)
        home = type(home)(tmp_path / "jpn")
        assert [one.log for one in home.stamp()] == ["exercise.gsomia/JPN/internal"]
        names = [check.name for check in audit_home(home) if check.holds]
        assert "time stamps of exercise.gsomia/JPN/internal" in names
        server.shutdown()
        thread.join(5)
    home.close()
