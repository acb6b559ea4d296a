"""Peers and the record of legal acts by a node's address: what officers sign elsewhere is what they would sign here."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from anywhere import Anywhere, Serving

from gsomia.app import Home, init
from gsomia.node import Role, fingerprint

NOTE = ("--note", "N 1", "--note-date", "2018-01-01", "--note-digest", hashlib.sha256(b"note").hexdigest())


@pytest.fixture(scope="module")
def kor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The identity of another node, in a file."""
    folder = tmp_path_factory.mktemp("kor")
    home = init(folder / "kor", "KOR", exercise=True)
    (folder / "kor.json").write_text(json.dumps(home.identity()))
    home.close()
    return folder / "kor.json"


@pytest.fixture
def jpn(made: Path, tmp_path: Path, anywhere: Serving) -> Anywhere:
    """A node with officers sato (security), ito (legal) and mori (registry), and a law adopted."""
    folder = Path(shutil.copytree(made, tmp_path / "jpn"))
    home = Home(folder)
    home.adopt(("jpn-kor-2016",), by=home.acting("ito", Role.LEGAL))
    home.close()
    return anywhere(folder)


def of(kor: Path) -> str:
    """The fingerprint of an identity."""
    return fingerprint(json.loads(kor.read_text()))


def test_a_peer_is_enrolled_and_named_in_the_settings(jpn: Anywhere, kor: Path) -> None:
    words = ("peer", "enrol", kor, "--fingerprint", of(kor), "--url", "parcel:")
    for officer in ("ito", "mori"):
        assert jpn.there(officer, *words)[0] == 3
    status, out, err = jpn.there("sato", *words)
    assert status == 0 and out.startswith("KOR enrolled by act "), err
    assert jpn.there("sato", "peer", "list") == jpn.here("peer", "list")
    assert of(kor) in jpn.there("ito", "peer", "list")[1]
    settings = (jpn.folder / "node.toml").read_text()
    assert settings.count("[peers.KOR]") == 1 and of(kor) in settings
    status, out, err = jpn.there("sato", *words)
    assert (status, out) == (2, "") and "stands in the settings already" in err
    assert (jpn.folder / "node.toml").read_text() == settings
    assert jpn.here("verify")[0] == 0


NO_PEER = {
    "another fingerprint": ("0" * 64, "parcel:", "compare it with the diplomatic note"),
    "no address": ("", "http://kor.example:8443", "not the address of a peer"),
    "an address that is more": ("", 'https://kor.example:8443"\n[api]', "not the address of a peer"),
}


@pytest.mark.parametrize("what", NO_PEER)
def test_what_is_no_peer_changes_no_settings(jpn: Anywhere, kor: Path, what: str) -> None:
    given, url, says = NO_PEER[what]
    settings = (jpn.folder / "node.toml").read_text()
    status, out, err = jpn.there("sato", "peer", "enrol", kor, "--fingerprint", given or of(kor), "--url", url)
    assert (status, out) == (2, "") and says in err
    assert (jpn.folder / "node.toml").read_text() == settings and "none" not in jpn.here("peer", "list")[1]


def test_a_peer_is_declared_compromised_and_enrolled_afresh(jpn: Anywhere, kor: Path) -> None:
    words = ("peer", "enrol", kor, "--fingerprint", of(kor), "--url", "parcel:")
    assert jpn.there("sato", *words)[0] == 0
    status, out, err = jpn.there("sato", "peer", "compromised", "KOR", "--since", "2018-01-01T00:00Z")
    assert status == 0 and "declared compromised by act" in out, err
    status, _, err = jpn.there("sato", *words)
    assert status in (2, 5) and "compromised" in err, "the same key does not come back"


def test_the_shipped_record_is_entered(jpn: Anywhere) -> None:
    """By address as by folder: the same acts, those alone that have happened by the node's clock."""
    assert jpn.here("clock", "set", "2018-02-01T00:00Z")[0] == 0
    words = ("act", "enter", "--history", "jpn-kor-2016", *NOTE)
    for officer in ("sato", "mori"):
        assert jpn.there(officer, *words)[0] == 3
    other = Anywhere(Path(shutil.copytree(jpn.folder, jpn.folder.parent / "other")), jpn.run)
    bodies = []
    for one, ran in ((jpn, jpn.there("ito", *words)), (other, other.here(*words))):
        assert ran[0] == 0, ran
        with one.home.store.reading() as reader:
            bodies.append([replace(entry.legal, known_at=None) for entry in reader.record()])
    other.close()
    assert bodies[0] == bodies[1] and bodies[0]
    assert jpn.there("ito", "act", "list")[1] == jpn.here("act", "list")[1]
    status, out, err = jpn.there("ito", *words)
    assert (status, out) == (2, "") and "stands in this record already" in err


def one_act(name: str, *more: str) -> tuple[str, ...]:
    """The words that enter one legal act."""
    return (
        "act",
        "enter",
        name,
        "--under",
        "jpn-kor-2016",
        "--party",
        "JPN",
        "--effective",
        "2018-01-01T00:00Z",
        *more,
    )


def test_one_act_is_entered(jpn: Anywhere) -> None:
    words = one_act("x", "--type", "declare-reading", "--reading", "immediate", *NOTE)
    status, out, err = jpn.there("ito", *words)
    assert status == 0 and out.startswith("jpn-kor-2016/x of 2018-01-01T00:00:00.000000Z entered by act "), err
    shown = json.loads(jpn.there("ito", "act", "show", out.split()[-1], "--json")[1])
    assert shown["body"]["reading"] == "immediate" and shown["body"]["note"] == "N 1"


NO_ACT: dict[str, tuple[tuple[str, ...], int]] = {
    "an agreement that is not adopted": (("--under", "tisa-2014", "--type", "sign"), 2),
    "another's Party": (("--party", "USA", "--type", "sign"), 2),
    "what lies ahead": (("--effective", "2999-01-01T00:00Z", "--type", "give-notice"), 2),
    "a day that is none": (("--note-date", "2018-02-30", "--type", "give-notice"), 2),
}


@pytest.mark.parametrize("what", NO_ACT)
def test_what_is_no_act_is_not_entered(jpn: Anywhere, what: str) -> None:
    more, expected = NO_ACT[what]
    status, out, err = jpn.there("ito", *one_act("x", *NOTE, *more))
    assert (status, out) == (expected, ""), err
    assert jpn.here(*one_act("x", *NOTE, *more))[0] == expected


def test_an_act_is_sent_again(jpn: Anywhere, kor: Path) -> None:
    """To a peer that is party to it: it waits in the outbox as it does by folder; by who may reconcile alone."""
    assert jpn.here("peer", "enrol", kor, "--fingerprint", of(kor), "--url", "parcel:")[0] == 0
    assert jpn.here("clock", "set", "2018-02-01T00:00Z")[0] == 0
    assert jpn.here(*one_act("x", "--type", "give-notice", *NOTE))[0] == 0
    with jpn.home.store.reading() as reader:
        (act,) = (one.id for one in reader.acts(types=["give-notice"]))
        (private,) = (one.id for one in reader.acts(types=["adopt-law"]))
    here, there = jpn.here("act", "send", act, "--to", "KOR"), jpn.there("mori", "act", "send", act, "--to", "KOR")
    assert here == there and here[1] == f"act {act} waits for KOR\n"
    with jpn.home.store.reading() as reader:
        assert [one.subject for one in reader.outgoing(peer="KOR")].count(act) == 1, "a repeat sends it once"
    assert jpn.there("ito", "act", "send", act, "--to", "KOR")[0] == 3
    for name, to in (("nothing", "KOR"), (act, "USA"), (private, "KOR")):
        status, out, err = jpn.there("mori", "act", "send", name, "--to", to)
        assert (status, out) == (2, ""), err


def test_a_peer_without_a_wire_is_asked_by_the_next_parcel(jpn: Anywhere, kor: Path) -> None:
    """What `reconcile` asks waits for the parcel, as it does by folder; who may not compare asks nothing."""
    assert jpn.here("peer", "enrol", kor, "--fingerprint", of(kor), "--url", "parcel:")[0] == 0

    def asking() -> bool:
        with jpn.home.store.reading() as reader:
            return bool(reader.setting("reconciling/KOR"))

    assert jpn.there("ito", "reconcile", "KOR")[0] == 3 and not asking()
    there = jpn.there("mori", "reconcile", "KOR")
    assert there[0] == 6 and "gsomia parcel export DIR --to KOR" in there[2], there
    assert asking()
    status, out, err = jpn.here("reconcile", "KOR")
    assert (status, out, err.removeprefix("EXERCISE\n")) == there
