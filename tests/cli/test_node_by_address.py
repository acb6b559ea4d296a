"""A node's own affairs by its address: who it is, its keys, its logs, its checks; and what stays on its host."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anywhere import Anywhere, Serving
from calling import URL

from gsomia.app import Home
from gsomia.cli.on_host import ON_HOST
from gsomia.errors import NodeError
from gsomia.keys import SigningKey, b64
from gsomia.node import fingerprint
from gsomia.node.record.succession import DISTRUSTED
from gsomia.sealed import XWingPrivateKey
from gsomia.tlog import LogSigner


@pytest.fixture
def jpn(made: Path, tmp_path: Path, anywhere: Serving) -> Anywhere:
    """A node with officers sato (security), ito (legal) and mori (registry), served."""
    return anywhere(Path(shutil.copytree(made, tmp_path / "jpn")))


@pytest.mark.parametrize("words", ["key list", "node identity", "node fingerprint", "log fsck", "verify"])
def test_it_is_told_as_in_the_folder(jpn: Anywhere, words: str) -> None:
    forms = [()] if words.startswith("node") else [(), ("--json",)]
    for form in forms:
        here, there = jpn.here(*words.split(), *form), jpn.there("sato", *words.split(), *form)
        assert there[:2] == here[:2] and here[0] == 0 and here[1], there


def test_who_may_not_is_refused(jpn: Anywhere) -> None:
    for words in ("verify", "log fsck"):
        status, out, err = jpn.there("ito", *words.split())
        assert (status, out) == (3, "") and "is for" in err, err


def test_a_node_that_fails_its_own_check_says_so(jpn: Anywhere) -> None:
    with jpn.home.store.writing() as tx:
        tx.put_setting(f"{DISTRUSTED}x", "nothing")
    for told in (jpn.here("verify"), jpn.there("sato", "verify")):
        assert told[0] == 5 and "FAIL register" in told[1], told


def test_a_log_in_files_is_checked_here_by_the_node_s_identity(jpn: Anywhere, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    assert jpn.there("sato", "log", "export", "internal", folder)[0] == 0
    for words in (("verify", folder), ("log", "fsck", folder)):
        here, there = jpn.here(*words), jpn.there("sato", *words)
        assert there[0] == here[0] == 0 and here[1].endswith(there[1]), there
    broken = next(path for path in folder.rglob("*") if path.is_file() and "entries" in str(path))
    data = broken.read_bytes()
    broken.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert jpn.there("sato", "verify", folder)[0] == 5


def keys_of(one: Anywhere) -> list[dict[str, str]]:
    """The names of a node's keys, as it works with them."""
    told: list[dict[str, str]] = json.loads(one.there("sato", "key", "list", "--json")[1])["keys"]
    return told


def test_the_running_node_replaces_its_keys_and_goes_on_with_the_new_ones(jpn: Anywhere, tmp_path: Path) -> None:
    """What it is signed by then is compared with the new identity; started again it has the same keys."""
    before, files = keys_of(jpn), {path.name for path in (jpn.folder / "keys").iterdir()}
    status, out, err = jpn.there("sato", "key", "rotate")
    assert status == 0 and "keys replaced by act" in out and "told: nobody" in out, err
    new, old = keys_of(jpn)
    assert [old["signing"], old["sealing"]] == [before[0]["signing"], before[0]["sealing"]] and old["until"]
    assert f"to sign `replace-node-key`: signing {new['signing']}" in err, "it is read before it is signed"
    assert out.endswith(f"fingerprint {fingerprint(jpn.home.identity())}\n")
    added = {path.name for path in (jpn.folder / "keys").iterdir()} - files
    assert added == {f"signing-{new['signing'][:32]}.key", f"sealing-{new['sealing'][:32]}.key"}
    status, out, err = jpn.there("sato", "accredit", "--system", "x", "--level", "SECRET")
    assert (status, out) == (5, "") and "node's own key" in err, err
    jpn.identity.write_text(json.dumps(jpn.home.identity()))
    assert jpn.there("sato", "accredit", "--system", "x", "--level", "SECRET")[0] == 0
    assert jpn.there("sato", "key", "rotate")[0] == 0 and len(keys_of(jpn)) == 3
    again = Home(jpn.folder)
    assert again.identity() == jpn.home.identity() and jpn.here("verify")[0] == 0
    again.close()


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "signing": lambda told: told.update(signing=SigningKey.generate().public.to_json()),
    "sealing": lambda told: told.update(sealing=b64(XWingPrivateKey.generate().public.to_bytes())),
    "log": lambda told: told.update(log=LogSigner.generate("gsomia/JPN").public.to_text()),
    "certificate": lambda told: told.update(certificate=told["certificate"].replace("A", "B")),
    "previous": lambda told: told["previous"].clear(),
    "previous, of another time": lambda told: told["previous"][0].update(until="2020-01-01T00:00:00.000000Z"),
    "previous, of another key": lambda told: told["previous"][0].update(sealing="0" * 64),
    "party": lambda told: told.update(party="KOR"),
    "more": lambda told: told.update(more=1),
}


@pytest.mark.parametrize("name", LIES)
def test_the_new_identity_is_held_against_the_act_and_the_one_before(jpn: Anywhere, name: str) -> None:
    def lie(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path != "/v1/node-identity":
            return answer
        told = answer.json()
        LIES[name](told["identity"])
        return httpx2.Response(200, json=told)

    jpn.way = lie
    status, out, err = jpn.there("sato", "key", "rotate")
    assert status == 5 and "keys replaced by act" in out and "fingerprint" not in out, out
    assert f"differs in `{name.partition(',')[0]}`" in err, err


def test_an_identity_that_is_none_is_told_before_anything_is_signed(jpn: Anywhere) -> None:
    jpn.identity.write_text(json.dumps({**jpn.home.identity(), "previous": None}))
    status, out, err = jpn.there("sato", "key", "rotate")
    assert (status, out) == (2, "") and "is not the identity of a node" in err and len(keys_of(jpn)) == 1


@pytest.mark.parametrize("officer", ["mori", "ito"])
def test_who_is_no_security_officer_replaces_none(jpn: Anywhere, officer: str) -> None:
    status, out, err = jpn.there(officer, "key", "rotate")
    assert (status, out) == (3, "") and "is for security" in err and len(keys_of(jpn)) == 1


def test_keys_that_cannot_be_stored_are_not_taken(jpn: Anywhere, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise NodeError("no space left")

    before = keys_of(jpn)
    monkeypatch.setattr("gsomia.app.secrets.write_new_keys", full)
    assert jpn.there("sato", "key", "rotate")[0] == 1
    assert keys_of(jpn) == before and jpn.there("sato", "accredit", "--system", "x", "--level", "SECRET")[0] == 0
    assert jpn.here("verify")[0] == 0


@pytest.fixture
def admin(jpn: Anywhere) -> Anywhere:
    """An administrator with a sign-in key, which lies beside the officers'."""
    key, printed = jpn.folder / "officers" / "admin.key", jpn.folder / "admin.json"
    told = jpn.run("person", "key", key, "--exercise")[1]
    printed.write_text(told)
    named = ("--sign-in-key", printed, "--fingerprint", json.loads(told)["fingerprint"])
    entered = jpn.here("person", "enter", "admin", "--clearance", "none", "--as", "administrator", *named)
    assert entered[0] == 0, entered
    return jpn


def test_the_administrator_sets_an_exercise_s_clock(admin: Anywhere) -> None:
    for at, told in (("2018-01-10T12:00+09:00", "2018-01-10T03:00:0"), ("2031-05-06T07:08Z", "2031-05-06T07:08:0")):
        status, out, err = admin.there("admin", "clock", "set", at)
        assert status == 0 and out.startswith(told), err
        assert admin.there("admin", "clock", "show")[1].startswith(told)
        assert admin.here("clock", "show")[1].startswith(told)
    for officer in ("sato", "ito", "mori"):
        status, out, err = admin.there(officer, "clock", "set", "2018-01-10T12:00Z")
        assert (status, out) == (3, "") and "is for administrator" in err
    assert admin.here("clock", "show")[1].startswith("2031-05-06")
    assert not list(admin.folder.glob("clock.*"))


@pytest.mark.parametrize("at", ["1899-12-31T23:59Z", "9000-01-01T00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00Z"])
def test_a_clock_is_not_set_to_where_it_cannot_run_on(admin: Anywhere, at: str) -> None:
    """By it every request is judged, so who set it so could not set it back."""
    assert admin.there("admin", "clock", "set", at)[0] == 2
    assert admin.there("admin", "clock", "show")[1][:4] == f"{admin.home.clock.machine().year}"


def test_a_real_node_s_clock_is_its_machine_s(admin: Anywhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.home.clock, "_settable", False)
    status, out, err = admin.there("admin", "clock", "set", "2018-01-10T12:00Z")
    assert (status, out) == (2, "") and "only an EXERCISE node" in err and not (admin.folder / "clock").exists()


@pytest.mark.parametrize("command", [name for names in ON_HOST.values() for name in names if name != "init"])
def test_what_stays_on_the_host_says_why(jpn: Anywhere, command: str) -> None:
    (why,) = [why for why, names in ON_HOST.items() if command in names]
    status, out, err = jpn.run(*command.split(), "--node", URL)
    assert (status, out) == (2, "") and why in err, err
