"""Keys in an HSM: SoftHSM2 in the place of one."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pkcs11
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pkcs11 import Attribute
from tokens import MODULE, PIN, needs_softhsm, uri

from gsomia.app import Home, init
from gsomia.cli.main import cli
from gsomia.errors import NodeError, SealError, UsageError
from gsomia.keystore import KeyFiles, Passphrase, TokenKey, TokenUri, token_private_key
from gsomia.sealed import Identity, Policy, Recipient, read, seal

pytestmark = [needs_softhsm, pytest.mark.usefixtures("token")]


def made(label: str) -> TokenKey:
    """A key-encryption key."""
    key = TokenKey(TokenUri.parse(uri(label)))
    key.make()
    return key


def test_secrets_are_sealed_by_the_token_and_open_by_it_alone(tmp_path: Path) -> None:
    key = TokenKey(TokenUri.parse(uri("first")))
    assert key.make() and not key.make()
    files = KeyFiles(tmp_path, key)
    files.write("sealing", "x-wing", b"the secret itself")
    assert KeyFiles(tmp_path, TokenKey(TokenUri.parse(uri("first")))).read("sealing", "x-wing") == b"the secret itself"
    document = json.loads((tmp_path / "sealing.key").read_text())
    assert set(document) == {"v", "kind", "token", "object", "nonce", "box"}
    with pytest.raises(NodeError, match="does not open the key"):
        KeyFiles(tmp_path, made("second")).read("sealing", "x-wing")
    with pytest.raises(NodeError, match="not sealed by a passphrase"):
        KeyFiles(tmp_path, Passphrase(b"x")).read("sealing", "x-wing")
    with pytest.raises(NodeError, match="no passphrase was given"):
        KeyFiles(tmp_path).read("sealing", "x-wing")
    (tmp_path / "log.key").write_text(json.dumps(document))  # another's file in its place
    with pytest.raises(NodeError, match="does not open the key"):
        files.read("log", "x-wing")
    for change in ({"box": "AAAA"}, {"nonce": "AA=="}, {"nonce": 5}, {"box": document["box"][:-4] + "AAAA"}):
        (tmp_path / "sealing.key").write_text(json.dumps(document | change))
        with pytest.raises(NodeError, match=r"does not open|malformed"):
            files.read("sealing", "x-wing")
    KeyFiles(tmp_path / "p", Passphrase(b"x")).write("sealing", "x-wing", b"secret")
    with pytest.raises(NodeError, match="not sealed by an HSM"):
        KeyFiles(tmp_path / "p", key).read("sealing", "x-wing")


def test_the_key_cannot_be_taken_out() -> None:
    made("stays")
    with pkcs11.lib(str(MODULE)).get_token(token_label="exercise").open(user_pin=PIN) as session:
        key = session.get_key(label="stays")
        assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.exceptions.PKCS11Error):
            assert key[Attribute.VALUE]


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("short", "not an AES-256 key"),
        ("loose", "could be taken out"),
        ("twice", "several keys are called `twice`"),
        ("none", "no key is called `none`"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(tmp_path: Path, label: str, says: str) -> None:
    with pytest.raises(NodeError, match=says):
        KeyFiles(tmp_path, TokenKey(TokenUri.parse(uri(label)))).write("sealing", "x-wing", b"secret")
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_or_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong").write_text("9999")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "so").write_text("no library")
    made("said")

    def says(text: str, given: str) -> None:
        with pytest.raises(NodeError, match=text) as caught:
            TokenKey(TokenUri.parse(given)).close(b"the secret itself", b"")
        assert "9999" not in str(caught.value) and PIN not in str(caught.value)

    says("there is no token `other`", uri("said", token="other"))
    says("the PIN does not open the token", uri("said", pin_source=tmp_path / "wrong"))
    says("is empty", uri("said", pin_source=tmp_path / "empty"))
    says("cannot read the pin file", uri("said", pin_source=tmp_path / "none"))
    says("there is no PKCS#11 library", uri("said").replace("libsofthsm2", "libnone"))
    says("does not start", f"pkcs11:token=exercise;object=said?module-path={tmp_path / 'so'}")
    monkeypatch.delenv("GSOMIA_PIN_FILE")
    says("needs a PIN", uri("said"))
    (tmp_path / "gsomia-pin").write_text(PIN)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert TokenKey(TokenUri.parse(uri("said"))).close(b"x", b"")["token"] == "exercise"


def test_without_the_library_for_python_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(NodeError, match="python-pkcs11 is not installed"):
        TokenKey(TokenUri.parse(uri("said")))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not the URI"),
        ("pkcs12:token=a;object=b?module-path=/x", "not the URI"),
        ("pkcs11:token=a;object=b;color=red?module-path=/x", "not the URI"),
        ("pkcs11:token=a;token=a;object=b?module-path=/x", "not the URI"),
        ("pkcs11:token=a;object=b?module-path=/x&y", "not the URI"),
        ("pkcs11:object=b?module-path=/x", "does not name its `token`"),
        ("pkcs11:token=a?module-path=/x", "does not name its `object`"),
        ("pkcs11:token=a;object=b", "does not name its `module-path`"),
        ("pkcs11:token=a;object=b?module-path=x.so", "not an absolute path"),
        ("pkcs11:token=a;object=b?module-path=/x&pin-source=pin", "not an absolute path"),
        ("pkcs11:token=%ff;object=b?module-path=/x", "not UTF-8"),
        ("pkcs11:token=a;object=b?module-path=/x&pin-value=1234", "a PIN does not stand in a URI"),
        ("pkcs11:token=a;object=b;x?module-path=/x&pin-value=1234", "not the URI"),
    ],
)
def test_a_uri_is_read_strictly(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        TokenUri.parse(text)
    assert "1234" not in str(caught.value)


def test_a_uri_is_read() -> None:
    found = TokenUri.parse("pkcs11:object=%EC%97%B4;token=a%20b;serial=7?pin-source=file:/p&module-path=/m")
    assert found == TokenUri(token="a b", object="열", module="/m", pin_source="/p", serial="7")


# --- a node -----------------------------------------------------------------------------------------------------------


def test_a_nodes_keys_are_sealed_by_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "jpn"
    home = init(folder, "JPN", exercise=True, keystore=uri("jpn"))
    fingerprint = home.node.keys.signing.public.fingerprint
    home.close()
    assert Home(folder).node.keys.signing.public.fingerprint == fingerprint
    for path in (folder / "keys").glob("*.key"):
        assert json.loads(path.read_text())["token"] == "exercise"
    assert b"ENCRYPTED PRIVATE KEY" in (folder / "keys" / "tls-key.pem").read_bytes()
    pin = Path(os.environ["GSOMIA_PIN_FILE"])
    monkeypatch.delenv("GSOMIA_PIN_FILE")
    with pytest.raises(NodeError, match="needs a PIN"):
        Home(folder)
    with pytest.raises(NodeError, match="there is no token"):
        init(tmp_path / "kor", "KOR", exercise=True, keystore=uri("kor", token="none", pin_source=pin))
    with pytest.raises(NodeError, match="several keys are called"):
        init(tmp_path / "kor", "KOR", exercise=True, keystore=uri("twice", pin_source=pin))
    assert [path.name for path in tmp_path.iterdir()] == ["jpn"]


def test_a_token_that_fails_half_way_leaves_no_half_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    close = TokenKey.close

    def failing(self: TokenKey, secret: bytes, bound: bytes) -> dict[str, object]:
        written.append(bound.decode())
        if len(written) == 3:
            raise NodeError("the token was pulled out")
        return close(self, secret, bound)

    monkeypatch.setattr(TokenKey, "close", failing)
    with pytest.raises(NodeError, match="pulled out"):
        init(tmp_path / "jpn", "JPN", exercise=True, keystore=uri("half"))
    assert len(written) == 3 and list(tmp_path.iterdir()) == []


def test_the_commands(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli, ["init", str(tmp_path / "n"), "--party", "JPN", "--exercise", "--keystore", uri("cli")]
    )
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(cli, ["node", "fingerprint", "--node", str(tmp_path / "n")])
    assert done.exit_code == 0 and len(done.stdout.strip()) == 64
    with pytest.raises(UsageError, match="not the URI"):
        CliRunner().invoke(
            cli,
            ["init", str(tmp_path / "m"), "--party", "JPN", "--exercise", "--keystore", "pkcs11:"],
            catch_exceptions=False,
        )
    assert not (tmp_path / "m").exists()


# --- keys that unwrap in the token ------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["rsa-2048", "rsa-3072", "secp256r1", "secp384r1"])
def test_an_item_is_opened_by_a_key_that_stays_in_the_token(tmp_path: Path, label: str) -> None:
    key = token_private_key(TokenUri.parse(uri(label)))
    sink, out = io.BytesIO(), io.BytesIO()
    to = [Recipient(kid=label, url="https://kas.example", key=key.public_key())]
    seal(io.BytesIO(b"EXERCISE"), sink, recipients=to, policy=Policy(uuid="1"), mime_type="text/plain", digest=False)
    read(sink).open([Identity(kid=label, key=key)], out)
    assert out.getvalue() == b"EXERCISE"
    (tmp_path / "item.tdf").write_bytes(sink.getvalue())
    done = CliRunner().invoke(
        cli, ["open", str(tmp_path / "item.tdf"), "--key", uri(label), "-o", str(tmp_path / "out")]
    )
    assert done.exit_code == 0 and (tmp_path / "out").read_bytes() == b"EXERCISE", done.output
    other = {"rsa-2048": "rsa-3072", "rsa-3072": "rsa-2048", "secp256r1": "secp384r1", "secp384r1": "secp256r1"}
    wrong = token_private_key(TokenUri.parse(uri(other[label])))
    with pytest.raises(SealError, match="none of the keys given opens"):
        read(sink).open([Identity(kid="", key=wrong)], io.BytesIO())


@pytest.mark.parametrize("label", ["rsa-2048", "secp256r1"])
def test_a_key_in_the_token_gives_nothing_away(label: str) -> None:
    key = token_private_key(TokenUri.parse(uri(label)))
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, lambda k: k.private_numbers()):
        with pytest.raises(TypeError, match="stays in the HSM"):
            attempt(key)
    with pytest.raises(TypeError, match="stays in the HSM"):
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for held in (made("kept"), TokenKey(TokenUri.parse(uri("kept")))._token):
        with pytest.raises(TypeError):
            pickle.dumps(held)
    assert PIN not in repr(key)


def test_a_key_of_no_use_is_said_so() -> None:
    with pytest.raises(NodeError, match="no key is called `none`"):
        token_private_key(TokenUri.parse(uri("none")))


def test_a_wrong_pin_is_said_to_be_wrong(tmp_path: Path) -> None:
    """In a process of its own: wrong PINs count against the token that other tests share."""
    script = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tokens import softhsm, uri
from gsomia.errors import NodeError
from gsomia.keystore import TokenKey, TokenUri
folder = Path(sys.argv[1])
(folder / "wrong").write_text("0000")
with softhsm(folder):
    key = TokenKey(TokenUri.parse(uri("k", pin_source=folder / "wrong")))
    try:
        key.close(b"x", b"")
    except NodeError as error:
        print(error, "|", error.hint)
"""
    environ = {**os.environ}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    assert done.stdout == (
        "the PIN does not open the token `exercise` | each further failure brings it closer to locked\n"
    )
