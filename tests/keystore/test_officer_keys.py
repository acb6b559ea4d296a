"""An officer's key on a smart card: SoftHSM2 in the place of one."""

from __future__ import annotations

import copy
import json
import pickle
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pkcs11
import pytest
from command import Run
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pair import MARKS, Pair, free_ports, introduced
from pkcs11 import Attribute, Mechanism
from tokens import MODULE, PIN, needs_softhsm, uri

from gsomia.app import Home, init
from gsomia.errors import NodeError, SignatureError, UsageError
from gsomia.keys import SigningKey
from gsomia.keystore import KeyFiles, Passphrase, make_officer_key, read_officer_key, write_officer_key
from gsomia.node import Role
from gsomia.web import AHEAD, check_officer_certificate, make_officer_certificate

pytestmark = [needs_softhsm, pytest.mark.usefixtures("token")]


def test_both_signatures_hold_and_one_is_made_in_the_token(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path, Passphrase(b"x"))
    made = make_officer_key(uri("card"))
    write_officer_key(files, "aoki", made)
    key = read_officer_key(files, "aoki")
    assert key.public == made.public
    signatures = key.sign(b"an act")
    key.public.verify(b"an act", signatures)
    with pytest.raises(SignatureError):
        key.public.verify(b"another", signatures)
    assert set(json.loads((tmp_path / "aoki.key").read_text())) == {"v", "kind", "argon2id", "salt", "nonce", "box"}
    with pytest.raises(NodeError, match="is of kind"):
        files.read("aoki", "gsomia-signing")


def test_a_certificate_for_tls_is_signed_in_the_token() -> None:
    key, now = make_officer_key(uri("tls")), datetime.now(UTC)
    pem, _ = make_officer_certificate("aoki", key, at=now)
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    start, ends = check_officer_certificate(der, key.public, now)
    assert now - timedelta(seconds=1) < start + AHEAD <= now < ends
    with pytest.raises(SignatureError):
        check_officer_certificate(der, make_officer_key(uri("tls-2")).public, now)


def test_the_half_in_the_token_stays_there(tmp_path: Path) -> None:
    key = make_officer_key(uri("stays-in"))
    with pkcs11.lib(str(MODULE)).get_token(token_label="exercise").open(user_pin=PIN) as session:
        held = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="stays-in")
        assert (held[Attribute.SENSITIVE], held[Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.exceptions.PKCS11Error):
            assert held[Attribute.VALUE]
    assert isinstance(key.certifying, Ed25519PrivateKey)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, lambda k: k.private_bytes_raw()):
        with pytest.raises(TypeError, match="stays in the token"):
            attempt(key.certifying)
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert key.seed.hex() not in repr(key) and repr(key.seed) not in repr(key)


def test_without_pin_or_token_or_with_another_key_nothing_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = KeyFiles(tmp_path)
    write_officer_key(files, "aoki", make_officer_key(uri("gone")))
    key = read_officer_key(files, "aoki")
    (tmp_path / "wrong").write_text("9999")
    with monkeypatch.context() as change:
        change.delenv("GSOMIA_PIN_FILE")
        with pytest.raises(NodeError, match="needs a PIN"):
            key.sign(b"an act")
        change.setenv("GSOMIA_PIN_FILE", str(tmp_path / "wrong"))
        with pytest.raises(NodeError, match="the PIN does not open") as caught:
            key.sign(b"an act")
        assert "9999" not in str(caught.value)
    key.sign(b"an act")
    with pkcs11.lib(str(MODULE)).get_token(token_label="exercise").open(user_pin=PIN, rw=True) as session:
        for one in list(session.get_objects({Attribute.LABEL: "gone"})):
            one.destroy()
    with pytest.raises(NodeError, match="no key is called `gone`"):
        key.sign(b"an act")
    make_officer_key(uri("gone"))
    with pytest.raises(NodeError, match="another key than the one that was enrolled"):
        key.sign(b"an act")


@pytest.mark.parametrize("label", ["rsa-2048", "secp256r1"])
def test_a_key_that_acts_do_not_know_is_refused(label: str) -> None:
    """P-256, which most cards of today hold, is no key of acts (protocol 3)."""
    with pytest.raises(NodeError, match="is not an Ed25519 key"):
        make_officer_key(uri(label))


def test_a_key_that_could_be_taken_out_is_refused() -> None:
    with pkcs11.lib(str(MODULE)).get_token(token_label="exercise").open(user_pin=PIN, rw=True) as session:
        curve = {Attribute.EC_PARAMS: b"\x13\x0cedwards25519"}
        session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True).generate_keypair(
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            store=True,
            label="open",
            private_template={Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False},
        )
    with pytest.raises(NodeError, match="could be taken out"):
        make_officer_key(uri("open"))


# --- a node -----------------------------------------------------------------------------------------------------------


def test_officers_sign_with_cards_on_the_nodes_host(tmp_path: Path) -> None:
    home = init(tmp_path / "jpn", "JPN", exercise=True)
    home.enrol_officer("aoki", (Role.SECURITY,), by=None, token=uri("aoki"))
    home.enrol_officer("ueda", (Role.LEGAL,), by=home.acting("aoki", Role.SECURITY), token=uri("ueda"))
    home.close()
    home = Home(tmp_path / "jpn")
    home.enrol_officer("mori", (Role.REGISTRY,), by=home.acting("aoki", Role.SECURITY))
    kinds = [home.officer_files().kind(name) for name in ("aoki", "ueda", "mori")]
    assert kinds == ["gsomia-signing-token", "gsomia-signing-token", "gsomia-signing"]
    by = home.acting("aoki", Role.SECURITY)
    with pytest.raises(UsageError, match="never comes back"):  # the card's half, beside another from a file
        home.replace_officer_key("ueda", by=by, token=uri("ueda"))
    home.replace_officer_key("ueda", by=by, token=uri("ueda-2"))
    home.close()
    home = Home(tmp_path / "jpn")
    acting = home.acting("ueda", Role.LEGAL)
    acting.key.public.verify(b"x", acting.key.sign(b"x"))
    with home.store.reading() as reader:
        known = reader.officer("JPN", "ueda")
        assert known is not None and known.key == acting.key.public
    home.close()


def test_a_key_made_elsewhere_is_enrolled_by_its_fingerprint(run: Run, tmp_path: Path) -> None:
    node, file = tmp_path / "jpn", tmp_path / "far" / "ueda.key"
    assert run("init", node, "--party", "JPN", "--exercise")[0] == 0
    assert run("officer", "enrol", "aoki", "--role", "security", "--node", node)[0] == 0
    status, out, err = run("officer", "key", file, "--token", uri("far"), "--exercise")
    assert status == 0, err
    assert PIN not in err
    (tmp_path / "public.json").write_text(out)
    fingerprint = json.loads(out)["fingerprint"]
    enrol = ("officer", "enrol", "ueda", "--role", "legal", "--public", tmp_path / "public.json", "--node", node)
    for given, says in (((), "which fingerprint"), (("--fingerprint", "00"), "another fingerprint")):
        status, _, err = run(*enrol, *given)
        assert status == 2 and says in err
    status, _, err = run(*enrol, "--fingerprint", fingerprint, "--token", uri("far"))
    assert status == 2 and "give one of them" in err
    status, _, err = run(*enrol, "--fingerprint", fingerprint)
    assert status == 0, err
    assert not (node / "officers" / "ueda.key").exists()
    assert fingerprint[:16] in run("officer", "list", "--json", "--node", node)[1]
    status, _, err = run("officer", "key", file)
    assert status == 2 and "is there already" in err
    status, _, err = run("officer", "key", tmp_path / "other")
    assert status == 2 and "ends in .key" in err
    status, _, err = run("officer", "replace", "ueda", "--fingerprint", "00", "--node", node)
    assert status == 2 and "of which key" in err
    (tmp_path / "public.json").write_text("{}")
    status, _, err = run(*enrol, "--fingerprint", fingerprint)
    assert status == 2 and "holds no public key" in err


# --- at a node's address ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pair, str]]:
    """Korea's node, with an item from Japan, and where its API is."""
    with Pair(introduced(), tmp_path_factory.mktemp("card") / "nodes") as pair:
        (port,) = free_ports(1)
        settings = pair.folder / "KOR" / "node.toml"
        settings.write_text(f'{settings.read_text()}\n[api]\nhost = "127.0.0.1"\nport = {port}\n')
        pair.home("JPN").close()
        home = pair.home("KOR")
        (pair.folder / "identity.json").write_text(json.dumps(home.identity()))
        for role in (Role.REGISTRY, Role.SECURITY):
            key = make_officer_key(uri(f"kor-{role}"))
            write_officer_key(KeyFiles(pair.folder / "cards"), role, key)
            home.replace_officer_key(role, by=home.acting(Role.SECURITY, Role.SECURITY), public=key.public)
        home.close()
        pair.start()
        (pair.folder / "report.txt").write_text("EXERCISE")
        words = ("--to", "KOR", "--level", MARKS["JPN"], "--subject", "dprk-missile", "--wait", "60")
        sent = pair.run("JPN", "transmit", str(pair.folder / "report.txt"), *words)
        assert sent.returncode == 0, sent.stderr
        yield pair, f"https://127.0.0.1:{port}"


@pytest.mark.wire
def test_cards_sign_in_and_sign_what_a_node_prepares(
    kor: tuple[Pair, str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS sign-in, one's own act, and an act that another officer prepared; without the PIN nothing."""
    pair, url = kor

    def at(officer: str) -> tuple[object, ...]:
        card, identity = pair.folder / "cards" / f"{officer}.key", pair.folder / "identity.json"
        return ("--node", url, "--officer-key", card, "--node-identity", identity, "--as-shown")

    number = json.loads(run("inbox", "--json", *at(Role.REGISTRY))[1])["items"][0]["control_number"]
    status, out, err = run("mark", number, "--level", MARKS["KOR"], *at(Role.REGISTRY))
    assert status == 0 and out.startswith("marked JPN"), err
    assert run("receipt", number, *at(Role.REGISTRY))[0] == 0
    words = ("destroy", number, "--method", "shredded", "--by", Role.REGISTRY, "--with", Role.SECURITY)
    status, _, err = run(*words, *at(Role.REGISTRY))
    assert status == 6, err
    preparation = err.split("gsomia act sign ")[1].split("`")[0]
    with monkeypatch.context() as change:
        change.delenv("GSOMIA_PIN_FILE")
        status, out, err = run("act", "sign", preparation, "--yes", *at(Role.SECURITY))
        assert status == 1 and out == "" and "needs a PIN" in err
    status, out, err = run("act", "sign", preparation, "--yes", *at(Role.SECURITY))
    assert status == 0 and "destroy done by act" in out, err
    assert PIN not in err
    own = pair.folder / "KOR" / "officers" / f"{Role.SECURITY}.key"  # the file of the key that was replaced
    status, _, err = run("inbox", *at(Role.REGISTRY)[:2], "--officer-key", own, *at(Role.REGISTRY)[4:])
    assert status in (1, 4), err


def test_a_key_that_is_whole_in_its_file_is_as_before(tmp_path: Path) -> None:
    files, key = KeyFiles(tmp_path), make_officer_key()
    write_officer_key(files, "aoki", key)
    assert isinstance(key, SigningKey) and read_officer_key(files, "aoki") == key
