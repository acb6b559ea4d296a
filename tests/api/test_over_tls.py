"""The API over real TLS, asked by commands: the same words as in the node's folder, and acts signed where they run."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from command import Run
from pair import MARKS, Pair, free_ports, introduced

from gsomia.keys import SigningKey
from gsomia.node import PersonDetails, Role, enter_person
from gsomia.web import client_context, make_officer_certificate

pytestmark = pytest.mark.wire


class Served:
    """Korea's node, which runs and serves its API; it holds an item that came from Japan."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.folder = pair.folder / "KOR"
        (self.port,) = free_ports(1)
        settings = self.folder / "node.toml"
        settings.write_text(f'{settings.read_text()}\n[api]\nhost = "127.0.0.1"\nport = {self.port}\n')
        self.url = f"https://127.0.0.1:{self.port}"
        self.identity = pair.folder / "identity.json"
        home = pair.home("KOR")
        self.identity.write_text(json.dumps(home.identity()))
        home.close()

    def key(self, officer: str) -> Path:
        """The key file of an officer."""
        return self.folder / "officers" / f"{officer}.key"

    def at(self, officer: str) -> tuple[object, ...]:
        """The words that reach the node by its address as an officer."""
        return ("--node", self.url, "--officer-key", self.key(officer), "--node-identity", self.identity, "--as-shown")

    def context(self, officer: str = "", key: SigningKey | None = None) -> ssl.SSLContext:
        """TLS as an officer, as a stranger with a certificate, or without one."""
        own = (self.folder / "keys" / "tls.pem").read_text()
        if not officer and key is None:
            context = ssl.create_default_context(cadata=own)
            context.check_hostname = False
            return context
        if key is None:
            home = self.pair.home("KOR")
            acting = home.acting(officer, officer)
            home.close()
            assert isinstance(acting.key, SigningKey)
            key = acting.key
        paths = [self.pair.folder / name for name in ("officer.pem", "officer-key.pem")]
        for path, data in zip(paths, make_officer_certificate("x", key, at=datetime.now(UTC)), strict=True):
            path.write_bytes(data)
        return client_context(paths[0], paths[1], own)

    def status(self, context: ssl.SSLContext, path: str = "/v1/me") -> int:
        """The status of an answer."""
        with httpx2.Client(base_url=self.url, verify=context, trust_env=False) as client:
            return client.get(path).status_code


@pytest.fixture(scope="module")
def kor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Korea's node."""
    with Pair(introduced(), tmp_path_factory.mktemp("api") / "nodes") as pair:
        served = Served(pair)
        home = pair.home("JPN")
        home.close()
        pair.start()
        document = pair.folder / "report.txt"
        document.write_text("EXERCISE")
        words = ("--to", "KOR", "--level", MARKS["JPN"], "--subject", "dprk-missile", "--wait", "60")
        sent = pair.run("JPN", "transmit", str(document), *words)
        assert sent.returncode == 0, sent.stderr
        rested(served)
        yield served


def rested(kor: Served) -> None:
    """Wait until the node has nothing to do: what is asked twice of it is answered alike then."""
    kor.pair.settle()
    kor.pair.witnessed()


READING = (
    "register", "inbox", "outbox", "refused", "recalls", "regrade list", "consent list",
    "act list", "act list --all", "log show", "log show JPN",
    "log tail JPN", "log tail internal -n 3", "log witnesses", "rendition list", "tracer list", "parcel list", "matrix",
    "agreement show", "agreement show jpn-kor-2016", "agreement show jpn-kor-2016 21", "agreement timeline",
    "agreement path --to terminated", "agreement what-if give-notice --by KOR --at 2018-02-01T00:00+09:00",
    "duties --party KOR", "routes --from JPN --to KOR", "act show jpn-kor-2016/sign",
    "agreement state jpn-kor-2016 --at 2019-11-22T23:00+09:00",
    "verdict transmit --to JPN --level 군사II급비밀 --subject dprk-missile --at 2018-01-11T00:00+09:00",
)  # fmt: skip


@pytest.mark.parametrize("words", READING)
def test_a_command_prints_the_same_by_address_as_by_folder(kor: Served, run: Run, words: str) -> None:
    for form in ((), ("--json",)):
        # The node cosigns by its own clock: where it did so between the two questions, both are asked again.
        deadline = time.monotonic() + 20
        while True:
            there = run(*words.split(), *form, *kor.at(Role.REGISTRY))
            here = run(*words.split(), *form, "--node", kor.folder)
            if there == here or time.monotonic() > deadline:
                break
        assert there == here, words


def test_who_is_let_in(kor: Served) -> None:
    """A certificate by an officer's key, and no other; without one there is TLS, and nothing is answered."""
    assert kor.status(kor.context(Role.LEGAL)) == 200
    assert kor.status(kor.context()) == 401
    with pytest.raises((httpx2.HTTPError, ssl.SSLError, OSError)):
        kor.status(kor.context(key=SigningKey.generate()))


def test_a_rendition_is_signed_here_and_comes_once_it_is(kor: Served, run: Run, tmp_path: Path) -> None:
    number = json.loads(run("register", "--json", "--node", kor.folder)[1])["copies"][0]["control_number"]
    run("mark", number, "--level", MARKS["KOR"], *kor.at(Role.REGISTRY))
    words = ("--clearance", "SECRET", "--need", "dprk-missile", "--roster", "--as", "reader")
    assert run("person", "enter", "han", *words, "--node", kor.folder)[0] == 0
    made = tmp_path / "copy.txt"
    status, _, err = run("rendition", "make", number, "--for", "han", "-o", made, *kor.at(Role.REGISTRY))
    assert status == 0 and "rendition 1 of 1 for han by act" in err, err
    assert number in made.read_text() and "EXERCISE" in made.read_text()
    status, out, err = run("rendition", "trace", made, *kor.at(Role.REGISTRY))
    assert status == 0 and f"{number} copy 1 of 1, made for han" in out, err
    status, _, err = run("rendition", "make", number, "--for", "han", "-o", tmp_path / "x", *kor.at(Role.REGISTRY))
    assert status == 3 and "does not exist" in err and not (tmp_path / "x").exists()


def test_acts_are_signed_where_the_command_runs(kor: Served, run: Run) -> None:
    """Mark, receipt, and a destruction that two officers sign, each with their own key."""
    number = json.loads(run("inbox", "--json", *kor.at(Role.REGISTRY))[1])["items"][0]["control_number"]
    status, _, err = run("mark", number, "--level", MARKS["KOR"], *kor.at(Role.LEGAL))
    assert status == 3 and "legal" in err
    status, out, err = run("mark", number, "--level", MARKS["KOR"], *kor.at(Role.REGISTRY))
    assert status == 0 and out.startswith("marked JPN"), err
    status, out, err = run("receipt", number, *kor.at(Role.REGISTRY))
    assert status == 0 and out.startswith("receipted by act"), err
    words = ("destroy", number, "--method", "shredded", "--by", Role.REGISTRY, "--with", Role.SECURITY)
    status, _, err = run(*words, *kor.at(Role.REGISTRY))
    assert status == 6 and "gsomia act sign " in err, err
    preparation = err.split("gsomia act sign ")[1].split("`")[0]
    status, out, err = run("act", "sign", preparation, *kor.at(Role.SECURITY))
    assert (status, out) == (2, "") and "--yes" in err, "nobody was there to read what would be signed"
    status, out, err = run("act", "sign", preparation, "--yes", *kor.at(Role.SECURITY))
    assert status == 0 and "destroy done by act" in out, err
    assert json.loads(run("register", "--json", *kor.at(Role.SECURITY))[1])["copies"][0]["state"] == "destroyed"
    assert "destroyed" in run("register", "--node", kor.folder)[1]


def test_a_document_is_transmitted_by_address(kor: Served, run: Run, tmp_path: Path) -> None:
    """One larger than a piece, two at once, one that is refused, and what becomes of each."""
    large, small = tmp_path / "large.bin", tmp_path / "small.txt"
    large.write_bytes(bytes(5 * 2**20))
    small.write_text("EXERCISE")
    words = ("--level", MARKS["KOR"], "--subject", "dprk-missile", "--wait", "60", *kor.at(Role.DISCLOSURE))
    status, out, err = run("transmit", large, "--to", "JPN", *words)
    assert status == 0 and "delivered" in out, err
    status, out, err = run("transmit", small, large, "--to", "JPN", "--json", *words)
    told = json.loads(out)["files"]
    assert status == 0 and [row["state"] for row in told] == ["delivered"] * 2, err
    here = json.loads(run("register", "--json", "--node", kor.folder)[1])["copies"]
    assert {row["copy"]["copy"] for row in told} < {row["copy"] for row in here}
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 EXERCISE")
    status, _, err = run("transmit", broken, "--to", "JPN", *words)
    assert status == 3 and "no other way is lawful now" in err, err
    status, _, err = run("transmit", small, "--to", "JPN", *words[:-7], *kor.at(Role.LEGAL))
    assert status == 3 and "legal" in err


def test_law_is_adopted_as_this_release_has_it(kor: Served, run: Run) -> None:
    status, out, err = run("agreement", "adopt", "jpn-kor-2016", *kor.at(Role.LEGAL))
    assert status == 0 and out.startswith("jpn-kor-2016 ") and "adopted by act" in out, err
    status, _, err = run("agreement", "adopt", "nothing", *kor.at(Role.LEGAL))
    assert status == 2 and "unknown agreement" in err
    assert run("agreement", "adopt", "jpn-kor-2016", *kor.at(Role.SECURITY))[0] == 3


def test_what_prints_one_form_alone(kor: Served, run: Run) -> None:
    """The clock, a text for another engine, and a proof of an act."""
    at = datetime.fromisoformat(run("clock", "show", *kor.at(Role.LEGAL))[1].strip())
    assert at <= datetime.fromisoformat(run("clock", "show", "--node", kor.folder)[1].strip())
    for words in ("agreement export jpn-kor-2016", "agreement export jpn-kor-2016 --spif --party KOR"):
        words += " --at 2018-02-01T00:00+09:00"
        there, here = (run(*words.split(), *where) for where in (kor.at(Role.LEGAL), ("--node", kor.folder)))
        assert there[:2] == here[:2] and there[0] == 0
    act = json.loads(run("act", "list", "--all", "--json", "--node", kor.folder)[1])["acts"][0]["act"]
    proof = kor.pair.folder / "act.json"
    status, out, err = run("log", "prove", act, "--json", *kor.at(Role.SECURITY))
    assert status == 0, err
    proof.write_text(out)
    status, out, err = run("log", "verify", proof, *kor.at(Role.SECURITY))
    assert status == 0 and "ok   checkpoint of" in out, err


def test_logs_are_fetched_and_checked_here(kor: Served, run: Run, tmp_path: Path) -> None:
    status, out, _ = run("log", "verify", *kor.at(Role.SECURITY))
    assert status == 0 and "ok   log exercise.gsomia/KOR/JPN" in out.replace("log gsomia", "log exercise.gsomia"), out
    assert run("log", "verify", *kor.at(Role.LEGAL))[0] == 3
    rested(kor)
    for where, name in ((kor.at(Role.SECURITY), "there"), (("--node", kor.folder), "here")):
        assert run("log", "export", "internal", tmp_path / name, *where)[0] == 0
    there, here = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "there", tmp_path / "here")
    )
    assert there == here and len(there) > 2
    assert run("verify", tmp_path / "there", "--identity", kor.identity)[0] == 0


def test_a_bundle_comes_whole(kor: Served, run: Run, tmp_path: Path) -> None:
    number = json.loads(run("register", "--json", "--node", kor.folder)[1])["copies"][0]["control_number"]
    status, out, err = run("bundle", number, "-o", tmp_path / "item.bundle", *kor.at(Role.REGISTRY))
    assert status == 0 and out.startswith("item "), err
    assert run("verify", tmp_path / "item.bundle", "--node", kor.folder)[0] == 0
    status, _, err = run("bundle", "nothing", "-o", tmp_path / "x", *kor.at(Role.REGISTRY))
    assert status == 2 and "nothing here" in err and not (tmp_path / "x").exists()
    assert run("bundle", number, "-o", tmp_path / "x", *kor.at(Role.SECURITY))[0] == 3


def test_a_node_is_told_what_to_do(kor: Served, run: Run, tmp_path: Path) -> None:
    """It compares itself with its peer, sends tracers, and has no authority that stamps."""
    status, out, err = run("reconcile", "JPN", *kor.at(Role.REGISTRY))
    assert status == 0 and "0 differences between" in out, err
    assert json.loads(run("reconcile", "JPN", "--json", *kor.at(Role.REGISTRY))[1])["peer"] == "JPN"
    assert run("reconcile", "USA", *kor.at(Role.REGISTRY))[0] == 2
    assert run("reconcile", "JPN", *kor.at(Role.LEGAL))[0] == 3
    assert run("tracer", "send", *kor.at(Role.REGISTRY))[1] == "nothing is overdue\n"
    assert run("log", "stamp", *kor.at(Role.REGISTRY))[0] == 3
    found = tmp_path / "found.txt"
    found.write_text("EXERCISE")
    assert "is no rendition" in run("rendition", "trace", found, *kor.at(Role.REGISTRY))[2]


def test_a_sign_in_key_that_is_bound_while_the_node_runs(kor: Served, run: Run) -> None:
    """TLS trusts it within a moment, without a restart."""
    key, home = SigningKey.generate(), kor.pair.home("KOR")
    admin = PersonDetails(id="admin", clearance="none", house_roles=(Role.ADMINISTRATOR,))
    enter_person(home.node, replace(admin, sign_in_keys=(key.public,)), by=home.acting(Role.SECURITY, Role.SECURITY))
    context = kor.context(key=key)
    until = time.monotonic() + 10
    while True:
        try:
            assert kor.status(context, "/v1/logs") == 200
            break
        except httpx2.HTTPError:
            assert time.monotonic() < until
            time.sleep(0.05)
    enter_person(home.node, admin, by=home.acting(Role.SECURITY, Role.SECURITY))
    home.close()
    assert kor.status(context, "/v1/logs") == 401


def test_a_key_that_has_ended_is_known_no_more(kor: Served, run: Run) -> None:
    """Exit 4; TLS still trusts the certificate, the register does not."""
    words = ("agreement", "state", "jpn-kor-2016", *kor.at(Role.LEGAL))
    assert run(*words)[0] == 0
    assert run("officer", "retire", Role.LEGAL, "--node", kor.folder)[0] == 0
    status, out, err = run(*words)
    assert (status, out) == (4, "") and "does not know this key, or no longer" in err
