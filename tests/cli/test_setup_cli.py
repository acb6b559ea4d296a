"""Making a node, its settings and its law, by the command line: what is wrong is named with file, key and the known."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from authenticator import ORIGIN, RP, Authenticator, in_browser
from command import Run

from gsomia.passkeys import passkey_text, registration_text
from gsomia.web import make_certificate


def test_a_node_is_made_once_and_says_who_it_is(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "jpn"
    status, out, _ = run("init", folder, "--party", "JPN", "--exercise")
    assert status == 0 and out.startswith("EXERCISE node of JPN made in")
    fingerprint = out.split()[-1]
    assert folder.stat().st_mode & 0o077 == 0
    for path in (folder / "keys").glob("*.key"):
        assert json.loads(path.read_text())["exercise"] is True
    for path in (folder / "keys").iterdir():
        assert path.name == "tls.pem" or path.stat().st_mode & 0o777 == 0o600, path
    assert run("node", "fingerprint", "--node", folder)[1].strip() == fingerprint
    document = json.loads(run("node", "identity", "--node", folder)[1])
    assert (document["party"], document["exercise"]) == ("JPN", True)
    status, _, err = run("init", folder, "--party", "KOR")
    assert status == 2 and "is not an empty folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["jpn"]


@pytest.mark.parametrize("party", ["jpn", "JP", "JAPAN", "J/N", "..."])
def test_a_party_is_three_letters(run: Run, tmp_path: Path, party: str) -> None:
    status, _, err = run("init", tmp_path / "x", "--party", party)
    assert status == 2 and f"not a Party: `{party}`" in err and "ISO 3166-1" in err
    assert list(tmp_path.iterdir()) == []


def test_sealed_keys_need_their_passphrase(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "right").write_text("correct horse\n")
    (tmp_path / "wrong").write_text("battery staple\n")
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(tmp_path / "right"))
    assert run("init", tmp_path / "jpn", "--party", "JPN", "--exercise")[0] == 0
    assert run("node", "fingerprint", "--node", tmp_path / "jpn")[0] == 0
    for name in ("signing", "sealing", "log"):
        assert "secret" not in json.loads((tmp_path / "jpn" / "keys" / f"{name}.key").read_text())
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(tmp_path / "wrong"))
    status, _, err = run("node", "fingerprint", "--node", tmp_path / "jpn")
    assert status == 1 and "the passphrase does not open the key" in err
    monkeypatch.delenv("GSOMIA_PASSPHRASE_FILE")
    status, _, err = run("node", "fingerprint", "--node", tmp_path / "jpn")
    assert status == 1 and "GSOMIA_PASSPHRASE_FILE" in err
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(tmp_path / "none"))
    status, _, err = run("node", "fingerprint", "--node", tmp_path / "jpn")
    assert status == 1 and "cannot read the passphrase file" in err


SETTINGS: dict[str, tuple[str, list[str]]] = {
    "a misspelt key": (
        "colour = 1\n",
        ["node.toml", "colour: unknown key", "known: api, exercise, keystore, law_folders, link"],
    ),
    "a misspelt key of the link": ("[link]\nporrt = 1\n", ["link.porrt: unknown key", "known:", "max_skew_seconds"]),
    "a misspelt key of a peer": (
        f'[peers.KOR]\nurl = "https://x"\nfingerprint = "{"0" * 64}"\nurll = ""\n',
        ["peers.KOR.urll: unknown key", "known: fingerprint, url"],
    ),
    "a fingerprint that is none": (
        '[peers.KOR]\nurl = "https://x"\nfingerprint = "abc"\n',
        ["peers.KOR.fingerprint: `abc`: string should match"],
    ),
    "a port that is none": ("[link]\nport = 70000\n", ["link.port: `70000`: input should be less than"]),
    "a time that is none": (
        "[link]\nmax_skew_seconds = 0\n",
        ["link.max_skew_seconds: `0`: input should be greater than 0"],
    ),
    "no TOML": ("= =\n", ["node.toml", "line"]),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_fault_in_the_settings_names_file_key_and_the_known(run: Run, node: Path, name: str) -> None:
    text, says = SETTINGS[name]
    settings = node / "node.toml"
    kept = settings.read_text().split("[link]")[0]
    settings.write_text(kept + text)
    status, _, err = run("register", "--node", node)
    assert status == 2, err
    for words in (str(settings), *says):
        assert words in err


ENVIRONMENT: dict[str, tuple[str, str, list[str]]] = {
    "a misspelt section": ("GSOMIA_LNK__PORT", "1", ["GSOMIA_LNK__PORT: unknown setting", "GSOMIA_LINK__PORT"]),
    "a misspelt key": ("GSOMIA_LINK__PROT", "1", ["GSOMIA_LINK__PROT: unknown setting", "GSOMIA_LINK__PORT"]),
    "a key without its section": ("GSOMIA_PRT", "1", ["GSOMIA_PRT: unknown setting", "GSOMIA_LINK__PORT"]),
    "a key like no other": ("GSOMIA_LINK__ZZ", "1", ["GSOMIA_LINK__ZZ: unknown setting", "GSOMIA_LINK__HOST"]),
    "a misspelt variable of the commands": ("GSOMIA_NODES", "x", ["GSOMIA_NODES: unknown setting", "GSOMIA_NODE"]),
    "a value": ("GSOMIA_LINK__PORT", "high", ["GSOMIA_LINK__PORT: link.port: `high`: input should be a valid integer"]),
    "a list": ("GSOMIA_LAW_FOLDERS", "x", ["environment: ", "law_folders", "JSON"]),
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_fault_in_the_environment_names_the_variable(
    run: Run, node: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    variable, value, says = ENVIRONMENT[name]
    monkeypatch.setenv(variable, value)
    status, _, err = run("register", "--node", node)
    assert status == 2 and str(node / "node.toml") not in err
    for words in says:
        assert words in err


@pytest.mark.parametrize(
    "variable", ["GSOMIA_KILLS", "GSOMIA_DOCUMENTS", "GSOMIA_SEED", "GSOMIA_LARGE", "GSOMIA_FAULTS"]
)
def test_a_variable_that_is_like_no_setting_is_not_ours(
    run: Run, node: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    assert run("register", "--node", node)[0] == 0


def test_party_and_exercise_are_fixed_for_ever(run: Run, node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSOMIA_PARTY", "KOR")
    status, _, err = run("register", "--node", node)
    assert status == 2 and "fixed for ever" in err


@pytest.fixture(scope="module")
def paired(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The node of JPN with the node of KOR enrolled."""
    from gsomia.app import Home, init
    from gsomia.node import Role, fingerprint

    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("paired") / "jpn"))
    other = init(folder.with_name("kor"), "KOR", exercise=True)
    document = other.identity()
    other.close()
    home = Home(folder)
    by = home.acting("sato", Role.SECURITY)
    home.enrol_peer(document, fingerprint(document), "https://127.0.0.1:1", by=by)
    home.close()
    return folder


FIXED: dict[str, tuple[str, str, list[str]]] = {
    "another Party": ('party = "JPN"', 'party = "KOR"', ["party: `KOR`; allowed: `JPN`"]),
    "a real node of an EXERCISE node": ("exercise = true", "exercise = false", ["exercise: `false`; allowed: `true`"]),
    "a peer by another name": (
        "[peers.KOR]",
        "[peers.JPX]",
        ["peers.JPX: `JPX` is not an enrolled peer", "allowed: KOR"],
    ),
    "a peer's fingerprint": ('fingerprint = "', f'fingerprint = "{"0" * 64}"\n#', ["peers.KOR.fingerprint: `0000"]),
}


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("words", [("register",), ("verify",), ("node", "fingerprint")])
def test_what_was_fixed_for_ever_is_held_against_certificate_and_store(
    run: Run, paired: Path, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    old, new, says = FIXED[name]
    node = Path(shutil.copytree(paired, tmp_path / "jpn"))
    assert run(*words, "--node", node)[0] == 0
    settings = node / "node.toml"
    text = settings.read_text()
    assert old in text
    settings.write_text(text.replace(old, new, 1))
    status, _, err = run(*words, "--node", node)
    assert status == 2, err
    for said in (str(settings), *says):
        assert said in err
    if "KOR" in new or "false" in new:  # the certificate replaced too: the logs still say whose they are
        party, exercise = ("KOR", True) if "KOR" in new else ("JPN", False)
        certificate, _ = make_certificate(party, exercise=exercise, host="127.0.0.1", at=datetime.now(UTC))
        (node / "keys" / "tls.pem").write_bytes(certificate)
        status, _, err = run(*words, "--node", node)
        assert status == 2 and says[0] in err and "the log `exercise.gsomia/JPN/internal`" in err


TAMPERED: dict[str, tuple[str, str]] = {
    "roles raised": ("UPDATE officer SET roles = '[\"security\", \"legal\"]' WHERE id = 'ito'", "officer"),
    "a person that nobody entered": (
        "INSERT INTO person VALUES ('spy', 'official', '', 'SECRET', '', '', '[]', '[]', '[]', '[]', '[]', '[]', '', "
        "'', 'x')",
        "person `spy` stands in the register, and no act put it there",
    ),
    "a serial": ("INSERT INTO serial VALUES ('control/2018', 7)", "serial `control/2018` stands in the register"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_verify_of_a_register_that_was_tampered_with_ends_with_5_and_names_the_row(
    run: Run, node: Path, name: str
) -> None:
    change, named = TAMPERED[name]
    assert run("verify", "--node", node)[0] == 0
    with sqlite3.connect(node / "register.sqlite") as connection:
        assert connection.execute(change).rowcount == 1
    status, out, err = run("verify", "--node", node)
    assert status == 5 and named in out + err, out + err


def test_a_process_beside_finds_in_the_register_what_the_command_finds_by_itself(
    run: Run, node: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, named = TAMPERED["a serial"]
    alone = run("verify", "--node", node)
    monkeypatch.setattr("gsomia.app.auditing.LONG", 0)
    # What was asked of the process beside is not done in this one.
    monkeypatch.setattr("gsomia.app.auditing._Other.answer", lambda _, asked, __: asked.result())
    assert run("verify", "--node", node) == alone
    with sqlite3.connect(node / "register.sqlite") as connection:
        connection.execute(change)
    status, out, err = run("verify", "--node", node)
    assert status == 5 and named in out + err, out + err


def test_a_certificate_that_is_none_stops_the_node(run: Run, node: Path) -> None:
    certificate = node / "keys" / "tls.pem"
    certificate.write_text("none")
    status, _, err = run("register", "--node", node)
    assert status == 1 and f"`{certificate}` is not the certificate of a node" in err
    certificate.unlink()
    status, _, err = run("register", "--node", node)
    assert status == 1 and f"cannot read the certificate `{certificate}`" in err


def test_a_party_belongs_to_an_agreement_on_offer(run: Run, tmp_path: Path) -> None:
    status, _, err = run("init", tmp_path / "aus", "--party", "AUS", "--exercise")
    assert status == 2 and "unknown Party `AUS`" in err and "known: JPN, KOR, USA" in err and "--law" in err
    assert list(tmp_path.iterdir()) == []
    law = tmp_path / "aus-kor"
    shutil.copytree(Path(__file__).parents[2] / "agreements" / "jpn-kor-2016", law)
    for path in law.glob("*.toml"):
        path.write_text(path.read_text().replace("JPN", "AUS").replace("jpn-kor-2016", "aus-kor"))
    status, _, err = run("init", tmp_path / "aus", "--party", "AUS", "--exercise", "--law", law)
    assert status == 0, err
    assert run("register", "--node", tmp_path / "aus")[0] == 0
    assert str(law) in (tmp_path / "aus" / "node.toml").read_text()


AGREEMENTS: dict[str, tuple[str, str, list[str]]] = {
    "a key too many": ('title = "', 'titel = ""\ntitle = "', ["titel", "unknown key", "title"]),
    "a key too many in an article": ('by_hand = "', 'by_hands = ""\nby_hand = "', ["article[", "by_hands", "by_hand"]),
    "a clause that nobody knows": ('is = "purpose-bound"', 'is = "purpos-bound"', ["purpos-bound", "purpose-bound"]),
}


@pytest.mark.parametrize("name", AGREEMENTS)
def test_a_fault_in_an_agreement_names_file_key_and_the_known(run: Run, node: Path, tmp_path: Path, name: str) -> None:
    old, new, says = AGREEMENTS[name]
    law = tmp_path / "jpn-kor-2016"
    shutil.copytree(Path(__file__).parents[2] / "agreements" / "jpn-kor-2016", law)
    path = law / "agreement.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    settings = node / "node.toml"
    settings.write_text(f'law_folders = ["{law}"]\n' + settings.read_text())
    status, _, err = run("agreement", "adopt", "jpn-kor-2016", "--node", node)
    assert status == 2, err
    for words in ("jpn-kor-2016", "agreement.toml", *says):
        assert words in err, err


@pytest.mark.parametrize("officer", ["../../outside", "a/b", "", ".hidden", "x" * 65, "\x1b[2J"])
def test_an_officers_id_leaves_no_file_elsewhere(run: Run, node: Path, tmp_path: Path, officer: str) -> None:
    before = {path for path in tmp_path.rglob("*") if "sqlite" not in path.name}
    status, _, err = run("officer", "enrol", officer, "--role", "registry", "--node", node)
    assert status in (1, 2) and "not " in err and "\x1b" not in err
    assert {path for path in tmp_path.rglob("*") if "sqlite" not in path.name} == before


def test_an_unknown_role_enrols_nobody_and_leaves_no_key(run: Run, node: Path) -> None:
    status, _, err = run("officer", "enrol", "kato", "--role", "czar", "--node", node)
    assert status == 2 and "unknown role `czar`" in err and "disclosure, registry, security, legal" in err
    assert not (node / "officers" / "kato.key").exists()
    assert run("officer", "enrol", "kato", "--role", "registry", "--node", node)[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--clearance", "ULTRA"], "unknown clearance `ULTRA`"),
        (["--clearance", "SECRET", "--role", "king"], "unknown role `king`"),
        (["--clearance", "SECRET", "--need", "weather"], "unknown subject `weather`"),
        (["--clearance", "SECRET", "--purpose", "fun"], "unknown purpose `fun`"),
        (["--clearance", "SECRET", "--by", "ito"], "does not hold the role `security`"),
    ],
)
def test_a_person_is_entered_in_known_words(run: Run, node: Path, words: list[str], says: str) -> None:
    status, _, err = run("person", "enter", "kimura", *words, "--node", node)
    assert status == (3 if "--by" in words else 2) and says in err
    assert "kimura" not in run("person", "list", "--node", node)[1]


def test_a_peer_file_that_is_none_is_said_so(run: Run, node: Path, tmp_path: Path) -> None:
    path = tmp_path / "kor.json"
    words = ["peer", "enrol", path, "--fingerprint", "0" * 64, "--url", "https://127.0.0.1:1", "--node", node]
    assert run(*words)[0] == 1
    for text in ("", "[]", "{}", '{"party":"KOR"}', "[" * 100_000, '"x"', "null"):
        path.write_text(text)
        status, _, err = run(*words)
        assert status == 2 and "gsomia: " in err, text[:20]
    assert "[peers" not in (node / "node.toml").read_text()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"certificate": ""}, "not one PEM certificate"),
        ({"certificate": "twice"}, "not one PEM certificate"),
        ({"certificate": 5}, "`certificate` is PEM text"),
        ({"url": "http://127.0.0.1:1"}, "not the address of a peer"),
        ({"url": 'https://x"\n[link]\nport = 1'}, "not the address of a peer"),
        ({"party": "USA"}, "the fingerprint of this identity is"),
    ],
)
def test_a_peer_is_enrolled_whole_or_not_at_all(
    run: Run, node: Path, tmp_path: Path, change: dict[str, str], says: str
) -> None:
    assert run("init", tmp_path / "kor", "--party", "KOR", "--exercise")[0] == 0
    document = json.loads(run("node", "identity", "--node", tmp_path / "kor")[1])
    fingerprint = run("node", "fingerprint", "--node", tmp_path / "kor")[1].strip()
    path = tmp_path / "kor.json"
    settings = (node / "node.toml").read_text()
    words = ["peer", "enrol", path, "--fingerprint", fingerprint, "--node", node]
    url = change.get("url", "https://127.0.0.1:1")
    altered = document | {key: value for key, value in change.items() if key != "url"}
    if altered["certificate"] == "twice":
        altered["certificate"] = document["certificate"] * 2
    path.write_text(json.dumps(altered))
    status, _, err = run(*words, "--url", url)
    assert status == 2 and says in err
    assert (node / "node.toml").read_text() == settings
    assert "KOR" not in run("peer", "list", "--node", node)[1]
    path.write_text(json.dumps(document))
    assert run(*words, "--url", "https://127.0.0.1:1")[0] == 0
    assert "KOR" in run("peer", "list", "--node", node)[1]


def test_a_real_nodes_keys_never_lie_in_the_clear(run: Run, tmp_path: Path) -> None:
    status, _, err = run("init", tmp_path / "kor", "--party", "KOR")
    assert status == 2 and "do not lie in the clear" in err and "--keystore" in err
    assert not (tmp_path / "kor").exists()


def test_a_real_node_has_no_clock_to_set(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "passphrase").write_text("lanterns over a slow river\n")
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert run("init", tmp_path / "kor", "--party", "KOR")[0] == 0
    status, _, err = run("clock", "set", "2016-11-23T00:00+09:00", "--node", tmp_path / "kor")
    assert status == 2 and "only an EXERCISE node" in err
    status, _, err = run("clock", "set", "2016-11-23T00:00", "--node", tmp_path / "kor")
    assert status == 2 and "needs its offset" in err


def test_a_clock_that_was_tampered_with_stops_the_node(run: Run, node: Path) -> None:
    assert run("clock", "set", "2016-11-23T00:00+09:00", "--node", node)[0] == 0
    assert run("clock", "show", "--node", node)[1].startswith("2016-11-22T15:0")
    for text in ("tomorrow", "", "9" * 400, "9" * 30):
        (node / "clock").write_text(text)
        os.utime(node / "clock", (1, 1))
        status, _, err = run("clock", "show", "--node", node)
        assert status == 1 and "clock" in err


def test_no_node_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GSOMIA_NODE", raising=False)
    status, _, err = run("register")
    assert status == 2 and "--node DIR" in err
    status, _, err = run("register", "--node", "https://127.0.0.1:1")
    assert status == 2 and "--node-identity" in err
    status, _, err = run("log", "recover", "--node", "https://127.0.0.1:1")
    assert status == 2 and "for the node's own host" in err


def handed_over(device: Authenticator, officer: str = "kato", *, exercise: bool = True) -> dict[str, object]:
    """The file that an officer's browser writes of a passkey for JPN."""
    made = {
        "rp": RP,
        "origins": [ORIGIN],
        "registration": device.registration(registration_text("JPN", officer, exercise=exercise)),
        "assertion": in_browser(device.assertion(passkey_text("JPN", officer, device.public, exercise=exercise))),
    }
    return {"passkey": made}


def test_a_passkey_is_enrolled_by_what_its_officer_handed_over(run: Run, node: Path, tmp_path: Path) -> None:
    device, file = Authenticator(), tmp_path / "kato.json"
    file.write_text(json.dumps(handed_over(device)))
    words = ["--public", file, "--fingerprint", device.public.fingerprint, "--node", node]
    status, out, err = run("officer", "enrol", "kato", "--role", "legal", *words)
    assert status == 0, err
    assert out.endswith(f"; a passkey, used at {ORIGIN}\n")
    assert list((node / "officers").glob("kato*")) == []
    status, out, _ = run("verify", "--node", node)
    assert status == 0, out
    status, _, err = run("officer", "replace", "kato", *words)
    assert status == 2 and "never comes back" in err
    status, _, err = run("agreement", "adopt", "jpn-kor-2016", "--by", "kato", "--node", node)
    assert status == 2 and "signs by a passkey" in err and "over the node's API" in err


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"registration": {}}, "registration"),
        ({"assertion": {}}, "assertion"),
        ({"assertion": None}, "assertion"),
        ({"rp": "evil.example"}, "relying party"),
        ({"origins": ["https://evil.example"]}, "origin"),
        ({"origins": [1]}, "`origins`"),
        ({"more": 1}, "handed over with"),
        (handed_over(Authenticator())["passkey"], "has another fingerprint"),
        (handed_over(Authenticator(), "ito")["passkey"], "challenge"),
        (handed_over(Authenticator(), exercise=False)["passkey"], "challenge"),
        ({"assertion": in_browser(Authenticator().assertion(b""))}, "challenge"),
    ],
)
def test_a_passkey_of_another_is_not_enrolled(
    run: Run, node: Path, tmp_path: Path, change: dict[str, object], says: str
) -> None:
    device, file = Authenticator(), tmp_path / "kato.json"
    value = handed_over(device)
    assert isinstance(value["passkey"], dict)
    file.write_text(json.dumps({"passkey": value["passkey"] | change}))
    words = ["--public", file, "--fingerprint", device.public.fingerprint, "--node", node]
    status, _, err = run("officer", "enrol", "kato", "--role", "legal", *words)
    assert status in (1, 2, 5) and says in err, err
    assert "kato" not in run("officer", "list", "--node", node)[1]
