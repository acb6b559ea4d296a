"""Persons, rosters, keys and rights by a node's address: the lines of the folder, the rights of who signs in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from anywhere import Anywhere, Serving

from gsomia.app import Home
from gsomia.node import PersonDetails, Role, brief, enter_person

ENTERED = ("--clearance", "SECRET", "--need", "dprk-missile", "--basis", "PSC 7", "--expires", "2100-01-01T00:00+09:00")


@pytest.fixture(scope="module")
def staffed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with officers sato (security), ito (legal) and mori (registry), and three persons, one of them briefed."""
    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("staffed") / "jpn"))
    home = Home(folder)
    by = home.acting("sato", Role.SECURITY)
    for name in ("kim", "lee", "park"):
        person = PersonDetails(id=name, clearance="SECRET", needs=("dprk-missile",), rosters=(f"at-{name}",))
        enter_person(home.node, person, by=by)
    brief(home.node, "kim", "codes", "2018-01-01", until="2018-02-01", by=by)
    home.close()
    return folder


@pytest.fixture
def jpn(staffed: Path, tmp_path: Path, anywhere: Serving) -> Anywhere:
    """A copy of it, served."""
    return anywhere(Path(shutil.copytree(staffed, tmp_path / "jpn")))


READ = (
    "person list", "person list --limit 1", "person list --limit 1 --after kim", "person list --facility at-lee",
    "person list --lapsed", "person list --due 3650", "person show kim", "roster list", "roster list --limit 2",
    "roster show at-kim", "roster show at-kim --limit 1",
    "officer list", "officer list --limit 2", "officer list --after JPN/ito", "peer list",
    "rights ask kim open", "rights ask sato enter-person --for kim", "rights ask sato enter-person",
)  # fmt: skip


@pytest.mark.parametrize("words", READ)
def test_a_list_has_the_same_lines(jpn: Anywhere, words: str) -> None:
    for form in ((), ("--json",)):
        here, there = jpn.here(*words.split(), *form), jpn.there("sato", *words.split(), *form)
        assert there == here and here[1], words


@pytest.mark.parametrize("facility", ["", ".", "..", "nowhere", "at-kim/", "at-kim/../at-lee"])
def test_a_roster_that_there_is_not_is_told_alike(jpn: Anywhere, facility: str) -> None:
    """A path that leads to another place is not asked for, and no name is not everybody's."""
    here, there = jpn.here("roster", "show", facility), jpn.there("sato", "roster", "show", facility)
    assert there[:2] == here[:2] == (2, "") and here[2].endswith(there[2]) and there[2], (here, there)


SHOWN = ("person show", "act show", "consult show", "consent show", "request show", "disclosure show")


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_is_the_name_of_nothing_is_not_asked_for(jpn: Anywhere, tmp_path: Path, name: str) -> None:
    for words in SHOWN:
        here, there = jpn.here(*words.split(), name), jpn.there("sato", *words.split(), name)
        assert there == here and here[:2] == (2, "") and f"`{name}` is the name of nothing" in here[2], words
    for words in ("session end", "act sign --yes", "agreement state", f"bundle -o {tmp_path / 'x'}"):
        status, out, err = jpn.there("sato", *words.split(), name)
        assert (status, out) == (2, ""), (words, err)


def test_a_name_has_a_slash_where_names_may_have_one(jpn: Anywhere) -> None:
    assert jpn.there("sato", "person", "enter", "choi", "--clearance", "none", "--roster", "a/b c")[0] == 0
    here, there = jpn.here("roster", "show", "a/b c"), jpn.there("sato", "roster", "show", "a/b c")
    assert there == here and "choi" in here[1], there
    for words in (("act", "show", "jpn-kor-2016/no-such-act"), ("consent", "show", "a/b")):
        here, there = jpn.here(*words), jpn.there("sato", *words)
        assert here[0] == there[0] == 2 and "is the name of nothing" not in here[2] + there[2], there
    here, there = jpn.here("request", "show", "a/b"), jpn.there("sato", "request", "show", "a/b")
    assert there == here and here[0] == 2 and "is the name of nothing" in here[2]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_nobody_and_no_facility_is_named_so_that_no_path_leads_there(jpn: Anywhere, name: str) -> None:
    for words in (("enter", name, "--clearance", "none"), ("change", "kim", "--roster", name)):
        assert jpn.here("person", *words)[0] == 2, words


WHO_MAY = {
    "person list": {"sato"}, "person list --lapsed": {"sato"}, "person show kim": {"sato"}, "roster list": {"sato"},
    "roster show at-kim": {"sato", "mori"},
    "rights ask kim open": {"sato"}, "officer list": {"sato", "mori", "ito"}, "peer list": {"sato", "mori", "ito"},
    "person enter ahn --clearance none": {"sato"}, "person change kim --rank major": {"sato"},
    "person brief kim --what x --on 2018-01-01": {"sato"}, "person leave kim --why x": {"sato"},
    "accredit --system x --level SECRET": {"sato"}, "officer retire ito": {"sato"},
    "officer compromised ito --since 2018-01-01T00:00Z": {"sato"},
}  # fmt: skip


@pytest.mark.parametrize("words", WHO_MAY)
def test_the_role_decides(jpn: Anywhere, words: str) -> None:
    """Who may not is refused (3), whatever is named; and nothing of it is done."""
    for officer in ("mori", "ito", "sato"):
        status, out, err = jpn.there(officer, *words.split())
        if officer in WHO_MAY[words]:
            assert status in (0, 3 if words.startswith("rights ask") else 0), err
        else:
            assert (status, out) == (3, "") and ("is for" in err or "another" in err), err


def shown(one: Anywhere, *words: object) -> dict[str, object]:
    """What a command by folder says as JSON."""
    status, out, err = one.here(*words, "--json")
    assert status == 0, err
    read: dict[str, object] = json.loads(out)
    return read


def test_a_person_from_joining_to_leaving(jpn: Anywhere) -> None:
    """Each act is signed where the command runs; what stands of the person is what the folder would have made."""
    status, out, err = jpn.there("sato", "person", "enter", "ahn", *ENTERED, "--roster", "--as", "reader")
    assert status == 0 and out.startswith("ahn entered by act "), err
    entered = shown(jpn, "person", "show", "ahn")
    assert (entered["clearance"], entered["rosters"], entered["house roles"]) == ("SECRET", "main", "reader")
    status, out, err = jpn.there("sato", "person", "change", "ahn", "--roster", "north", "--roster", "east")
    assert status == 0 and "to sign `change-person`" in err and "SECRET" in err, (
        "what stands is read before it is signed"
    )
    changed = shown(jpn, "person", "show", "ahn")
    assert changed["rosters"] == "east, north"
    assert {k: v for k, v in changed.items() if k not in ("rosters", "act")} == {
        k: v for k, v in entered.items() if k not in ("rosters", "act")
    }
    status, _, err = jpn.there("sato", "person", "brief", "ahn", "--what", "codes", "--on", "2018-01-01")
    assert status == 0, err
    # A repeat is a briefing of its own, as in the folder; a second leave is refused.
    assert jpn.there("sato", "person", "brief", "ahn", "--what", "codes", "--on", "2018-01-01")[0] == 0
    assert jpn.run("officer", "enrol", "ahn-1", "--role", "legal", "--person", "ahn", "--node", jpn.folder)[0] == 0
    status, out, err = jpn.there("sato", "person", "leave", "ahn", "--why", "moved", "--key", "ahn-1")
    assert status == 0 and "keys retired: 1" in out and "ahn-1" in err, err
    status, _, err = jpn.there("sato", "person", "leave", "ahn", "--why", "moved")
    assert status == 2 and "has left already" in err
    assert jpn.here("verify")[0] == 0


def test_no_key_ends_with_a_person_that_nobody_read_or_named(jpn: Anywhere) -> None:
    """`--as-shown` reads nothing: the officers whose keys end are named, all of them and no others, by folder too."""
    assert jpn.there("sato", "person", "enter", "ahn", *ENTERED)[0] == 0
    for name in ("ahn-1", "ahn-2"):
        words = ("officer", "enrol", name, "--role", "legal", "--person", "ahn", "--node", jpn.folder)
        assert jpn.run(*words)[0] == 0
    leave = ("person", "leave", "ahn", "--why", "moved")
    status, out, err = jpn.there("sato", *leave)
    assert (status, out) == (2, "") and "--key ahn-1 --key ahn-2" in err, err
    named = (("ahn-1",), ("ahn-1", "mori"), ("ahn-1", "ahn-2", "mori"))
    for keys in named:
        options = [word for key in keys for word in ("--key", key)]
        assert jpn.there("sato", *leave, *options)[:2] == (5, ""), keys
        assert jpn.here(*leave, *options)[:2] == (2, ""), keys
    assert shown(jpn, "person", "show", "ahn")["clearance"] == "SECRET" and jpn.there("mori", "register")[0] == 0
    status, out, err = jpn.there("sato", *leave, "--key", "ahn-2", "--key", "ahn-1")
    assert status == 0 and "keys retired: 2" in out, err


def test_what_is_signed_elsewhere_says_what_is_signed_here(jpn: Anywhere) -> None:
    """The same words by address and by folder make the same act, but for its id and instant."""
    bodies = []
    for enter in (jpn.here, lambda *words: jpn.there("sato", *words)):
        assert enter("person", "enter", "ahn", *ENTERED, "--roster", "b", "--roster", "a", "--roster", "a")[0] == 0
        assert enter("person", "change", "ahn", "--rank", "major")[0] == 0
        assert enter("person", "brief", "ahn", "--what", "codes", "--on", "2018-01-01")[0] == 0
        assert enter("accredit", "--system", "s", "--level", "SECRET")[0] == 0
        with jpn.home.store.reading() as reader:
            kinds = ("enter-person", "enter-person", "brief", "accredit")
            bodies.append([dict([*reader.acts(types=[kind])][-1].statement.body) for kind in kinds])
    assert bodies[0] == bodies[1]


def test_a_key_that_ends(jpn: Anywhere) -> None:
    """A second time there is no key to end; what a declared key signed is listed, the declaration itself not."""
    assert jpn.here("agreement", "adopt", "jpn-kor-2016")[0] == 0
    since = ("--since", "2018-01-01T00:00Z")
    status, out, err = jpn.there("sato", "officer", "compromised", "ito", *since, "--json")
    assert status == 0, err
    assert [one["type"] for one in json.loads(out)["signed"]] == ["adopt-law"]
    status, out, err = jpn.there("sato", "officer", "retire", "mori")
    assert status == 0 and out.startswith("mori's key retired by act "), err
    status, out, err = jpn.there("sato", "officer", "retire", "mori")
    assert (status, out) == (2, "") and "no key that can sign" in err, err
    assert jpn.there("mori", "officer", "list")[0] == 4


def test_who_was_enrolled_before_is_not_enrolled_but_replaced(jpn: Anywhere) -> None:
    assert jpn.here("officer", "retire", "mori", "--by", "sato")[0] == 0
    status, out, err = jpn.run("officer", "enrol", "mori", "--role", "registry", "--by", "sato", "--node", jpn.folder)
    assert (status, out) == (2, "") and "gsomia officer replace mori" in err, err
    assert jpn.run("officer", "replace", "mori", "--by", "sato", "--node", jpn.folder)[0] == 0


def test_an_administrator_makes_a_key_and_runs_the_node(jpn: Anywhere, tmp_path: Path) -> None:
    """The key never lies at the node; what binds it is an act of the security officer, by address or in the folder."""
    file, printed = tmp_path / "admin.key", tmp_path / "admin.json"
    status, out, err = jpn.run("person", "key", file, "--exercise")
    assert status == 0, err
    printed.write_text(out)
    told = json.loads(out)["fingerprint"]
    assert jpn.there("sato", "person", "enter", "admin", "--clearance", "none", "--as", "administrator")[0] == 0
    words = ("--node", "https://node.example:8444", "--officer-key", file, "--node-identity", jpn.identity)
    assert jpn.run("tracer", "send", *words)[0] == 4
    change = ("person", "change", "admin", "--sign-in-key", printed)
    for wrong in ((), ("--fingerprint", "0" * 64)):
        status, _, err = jpn.there("sato", *change, *wrong)
        assert status == 2 and "fingerprint" in err
    status, _, err = jpn.there("sato", *change, "--fingerprint", told)
    assert status == 0, err
    assert jpn.run("tracer", "send", *words)[1] == "nothing is overdue\n"
    assert jpn.run("log", "stamp", *words)[0] == 2, "no authority is set there, and the right was looked at"
    assert jpn.run("session", "end", "--person", "kim", *words)[0] == 0
    status, _, err = jpn.run("officer", "retire", "ito", "--as-shown", *words)
    assert status == 3 and "showed none" in err
    assert jpn.run("person", "list", *words)[0] == 3
    status, _, err = jpn.there("sato", "person", "change", "admin", "--rank", "x")
    assert status == 0 and told in err, "the key that stands is read by its fingerprint before it is signed"
    assert told in jpn.here("person", "show", "admin")[1]
    assert jpn.here("person", "change", "admin", "--no-sign-in-key")[0] == 0
    assert jpn.run("tracer", "send", *words)[0] == 4
    assert jpn.here("person", "change", "admin", "--sign-in-key", printed, "--fingerprint", told)[0] == 0
    assert jpn.run("tracer", "send", *words)[0] == 0
    both = jpn.here("person", "change", "admin", "--sign-in-key", printed, "--fingerprint", told, "--no-sign-in-key")
    assert both[0] == 2 and "a sign-in key and none" in both[2]
    assert jpn.here("officer", "enrol", "x", "--role", "legal", "--public", printed, "--fingerprint", told)[0] == 2
    assert jpn.here("verify")[0] == 0


def test_what_waits_is_tried_for_who_may_compare(jpn: Anywhere) -> None:
    """`outbox --now` by address as in the folder: for an enrolled peer, and for its registry or administrator."""
    for status, _, err in (jpn.here("outbox", "--now", "KOR"), jpn.there("mori", "outbox", "--now", "KOR")):
        assert status == 2 and "`KOR` is not an enrolled peer" in err, err
    assert jpn.there("ito", "outbox", "--now", "KOR")[0] == 3


def test_a_key_that_was_replaced_is_declared(jpn: Anywhere) -> None:
    """At its address as in the folder: without `--key` it is asked which; the new key goes on."""
    assert jpn.here("agreement", "adopt", "jpn-kor-2016")[0] == 0
    with jpn.home.store.reading() as reader:
        old = reader.keys_of("JPN", "ito")[-1].key.fingerprint
    assert jpn.run("officer", "replace", "ito", "--by", "sato", "--node", jpn.folder)[0] == 0
    words = ("officer", "compromised", "ito", "--since", "2018-01-01T00:00Z")
    for status, out, err in (jpn.here(*words), jpn.there("sato", *words)):
        assert (status, out) == (2, "") and "--key" in err and old[:16] in err, err
    status, out, err = jpn.there("sato", *words, "--key", old[:16], "--json")
    assert status == 0, err
    assert [one["type"] for one in json.loads(out)["signed"]] == ["adopt-law"]
    status, out, err = jpn.here(*words, "--key", old, "--json")
    assert status == 0 and json.loads(out)["key"] == old, err
    with jpn.home.store.reading() as reader:
        assert reader.officer("JPN", "ito") is not None
    assert jpn.here("verify")[0] == 0


def test_a_key_that_was_made_elsewhere_is_enrolled_and_replaced(jpn: Anywhere, tmp_path: Path) -> None:
    """Its private half never comes near the node; the fingerprint is held against the file before anything is asked."""
    made = []
    for name in ("one", "two"):
        out = jpn.run("officer", "key", tmp_path / f"{name}.key", "--exercise")[1]
        (tmp_path / f"{name}.json").write_text(out)
        made.append(("--public", tmp_path / f"{name}.json", "--fingerprint", json.loads(out)["fingerprint"]))
    enrol = ("officer", "enrol", "park-l", "--role", "legal", "--person", "park")
    status, _, err = jpn.there("sato", *enrol)
    assert status == 2 and "where its officer works" in err
    assert jpn.there("sato", *enrol, *made[0][:3], "0" * 64)[0] == 2
    assert jpn.there("ito", *enrol, *made[0])[0] == 3
    status, _, err = jpn.there("sato", "officer", "enrol", "sato-2", "--role", "legal", "--person", "sato", *made[0])
    assert (status == 3 and "themselves" in err) or "another" in err
    status, out, err = jpn.there("sato", *enrol, *made[0])
    assert status == 0 and out.startswith("park-l enrolled as legal by act "), err
    status, out, err = jpn.there("sato", "officer", "replace", "park-l", *made[1])
    assert status == 0 and out.startswith("park-l has a new key by act ") and "legal" in err, err
    with jpn.home.store.reading() as reader:
        stands = reader.officer("JPN", "park-l")
    assert stands is not None and (stands.person, stands.key.fingerprint) == ("park", made[1][3])
    assert jpn.here("verify")[0] == 0


UNKNOWN: dict[str, tuple[str, ...]] = {
    "person show": ("person", "show", "nobody"),
    "person change": ("person", "change", "nobody", "--rank", "x"),
    "person leave": ("person", "leave", "nobody", "--why", "x"),
    "person brief": ("person", "brief", "nobody", "--what", "x", "--on", "2018-01-01"),
    "rights ask": ("rights", "ask", "nobody", "open"),
    "rights ask of an act": ("rights", "ask", "kim", "fly"),
    "rights ask of an item": ("rights", "ask", "kim", "open", "--item", "x"),
    "officer retire": ("officer", "retire", "nobody"),
    "officer compromised": ("officer", "compromised", "nobody", "--since", "2018-01-01T00:00Z"),
    "peer compromised": ("peer", "compromised", "KOR", "--since", "2018-01-01T00:00Z"),
    "assure": ("assure", "--to", "KOR", "--under", "jpn-kor-2016", "--level", "SECRET"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_known_is_a_usage_error(jpn: Anywhere, what: str) -> None:
    status, out, err = jpn.there("sato", *UNKNOWN[what])
    assert (status, out) == (2, ""), err


def test_an_item_that_is_not_held_is_placed_nowhere(jpn: Anywhere) -> None:
    for words in (("place", "x", "at-kim"), ("person", "need", "kim", "x", "--why", "x")):
        status, out, err = jpn.there("mori", *words)
        assert (status, out) == (2, ""), err
        assert jpn.there("ito", *words)[0] == 3
