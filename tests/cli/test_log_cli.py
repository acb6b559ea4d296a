"""The node's logs and acts by the command line: shown, proven, verified, checked and followed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command import Run
from stories import ready

from gsomia.agreement import LegalAct
from gsomia.node import Node, Note, Role, enter_legal_acts

OFFICERS = 3


def acts(run: Run, node: Path, *more: str) -> list[dict[str, str]]:
    status, out, _ = run("act", "list", "--all", "--json", "--node", node, *more)
    assert status == 0
    listed = json.loads(out)["acts"]
    assert isinstance(listed, list)
    return listed


def change(node: Path, statement: str) -> None:
    with sqlite3.connect(node / "register.sqlite") as connection:
        assert connection.execute(statement).rowcount >= 1
    connection.close()


def test_every_act_is_listed_and_shown(run: Run, node: Path) -> None:
    listed = acts(run, node)
    assert [(act["type"], act["officers"]) for act in listed] == [
        ("enrol-key", ""),
        ("enrol-key", "sato"),
        ("enrol-key", "sato"),
    ]
    assert acts(run, node, "--type", "enrol-key") == listed
    assert run("act", "list", "--json", "--node", node)[1].count('"act"') == 0, "the record holds legal acts alone"
    status, out, _ = run("act", "show", listed[1]["act"], "--json", "--node", node)
    shown = json.loads(out)
    assert (status, shown["body"]["officer"], shown["source"]) == (0, "ito", "own")
    assert [(place["log"], place["index"]) for place in shown["logs"]] == [("exercise.gsomia/JPN/internal", 1)]
    status, out, _ = run("act", "show", listed[1]["act"], "--node", node)
    assert status == 0 and "officer sato as security" in out and "internal entry 1" in out


def test_what_is_not_there_is_named(run: Run, node: Path) -> None:
    status, _, err = run("act", "show", "nothing", "--node", node)
    assert status == 2 and "no act `nothing` is here" in err
    status, _, err = run("act", "list", "--type", "nothing", "--node", node)
    assert status == 2 and "unknown type of act `nothing`" in err and "enrol-key" in err
    status, _, err = run("log", "show", "KOR", "--node", node)
    assert status == 2 and "no log `KOR`" in err and "exercise.gsomia/JPN/internal" in err
    status, _, err = run("log", "prove", "nothing", "--node", node)
    assert status == 2 and "no act `nothing` is in a log" in err


def test_a_log_is_shown_with_its_checkpoint(run: Run, node: Path) -> None:
    status, out, _ = run("log", "show", "--json", "--node", node)
    (log,) = json.loads(out)["logs"]
    assert (status, log["origin"], log["size"]) == (0, "exercise.gsomia/JPN/internal", OFFICERS)
    status, out, _ = run("log", "show", "internal", "--node", node)
    assert (status, out) == (0, log["checkpoint"])


def test_a_proof_is_checked_by_the_keys_one_names(run: Run, node: Path, tmp_path: Path) -> None:
    act = acts(run, node)[2]["act"]
    identity, proof, told = tmp_path / "identity", tmp_path / "a.tlog-proof", tmp_path / "proof.json"
    identity.write_text(run("node", "identity", "--node", node)[1])
    assert run("log", "prove", act, "-o", proof, "--node", node)[0] == 0
    told.write_text(run("log", "prove", act, "--json", "--node", node)[1])
    written = tmp_path / "written.json"
    status, out, _ = run("log", "prove", act, "--json", "-o", written, "--node", node)
    assert status == 0 and json.loads(out)["file"] == str(written) and "proof" not in json.loads(out)
    assert json.loads(written.read_text()) == json.loads(told.read_text())
    assert run("log", "verify", written, "--keys", identity)[0] == 0
    statement = tmp_path / "act.json"
    statement.write_text(run("act", "show", act, "--json", "--node", node)[1])
    assert run("log", "verify", told, "--keys", identity)[0] == 0
    assert run("log", "verify", told, "--node", node)[0] == 0
    status, out, _ = run("log", "verify", proof, "--act", statement, "--keys", identity, "--json")
    assert status == 0 and [c["holds"] for c in json.loads(out)["checks"]] == [True, True, True]
    other = tmp_path / "other"
    other.write_text(run("act", "show", acts(run, node)[0]["act"], "--json", "--node", node)[1])
    status, out, _ = run("log", "verify", proof, "--act", other, "--keys", identity)
    assert status == 5 and "FAIL entry 2" in out and "ok   checkpoint" in out
    assert run("log", "verify", proof, "--keys", identity)[0] == 2, "the act must be named"
    assert run("init", tmp_path / "kor", "--party", "KOR", "--exercise")[0] == 0
    identity.write_text(run("node", "identity", "--node", tmp_path / "kor")[1])
    status, out, _ = run("log", "verify", proof, "--act", statement, "--keys", identity)
    assert status == 5 and "FAIL checkpoint" in out


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE log_group SET commitments = zeroblob(32) WHERE first = 1", "entry 1"),
        ("DELETE FROM log_group WHERE first = 1", "entry 1 is missing"),
        ("UPDATE log SET checkpoint = CAST(replace(checkpoint, 'JPN', 'KOR') AS BLOB)", "checkpoint"),
    ],
)
def test_fsck_names_each_fault_where_it_is(run: Run, node: Path, statement: str, where: str) -> None:
    status, out, _ = run("log", "fsck", "--json", "--node", node)
    assert status == 0 and json.loads(out)["logs"][0]["entries"] == OFFICERS
    change(node, statement)
    status, out, err = run("log", "fsck", "--json", "--node", node)
    assert status == 5 and not json.loads(out)["holds"]
    assert where in err, err
    assert run("log", "verify", "--node", node)[0] == 5


def test_a_proof_that_does_not_hold_is_never_handed_out(run: Run, node: Path) -> None:
    act = acts(run, node)[2]["act"]
    change(node, "UPDATE log_group SET commitments = zeroblob(32) WHERE first = 1")
    status, out, err = run("log", "prove", act, "--node", node)
    assert (status, out) == (5, "") and "gsomia log fsck" in err


def test_a_witness_that_is_named_must_have_cosigned(run: Run, node: Path, tmp_path: Path) -> None:
    identity, other, told = tmp_path / "identity", tmp_path / "other", tmp_path / "proof.json"
    identity.write_text(run("node", "identity", "--node", node)[1])
    assert run("init", tmp_path / "kor", "--party", "KOR", "--exercise")[0] == 0
    other.write_text(run("node", "identity", "--node", tmp_path / "kor")[1])
    told.write_text(run("log", "prove", acts(run, node)[2]["act"], "--json", "--node", node)[1])
    status, out, _ = run("log", "verify", told, "--keys", identity)
    assert status == 0 and "no witness was named" in out and "cosignatures (0)" in out
    status, out, _ = run("log", "verify", told, "--keys", identity, "--witness", other)
    assert status == 5 and "0 of 1: not yet witnessed" in out


def test_a_log_in_a_folder_is_checked_by_the_keys_one_holds(run: Run, node: Path, tmp_path: Path) -> None:
    """A forged log under the same name, with its own keys beside it."""
    identity, folder = tmp_path / "identity", tmp_path / "log"
    identity.write_text(run("node", "identity", "--node", node)[1])
    assert run("init", tmp_path / "forger", "--party", "JPN", "--exercise")[0] == 0
    assert run("officer", "enrol", "sato", "--role", "security", "--node", tmp_path / "forger")[0] == 0
    assert run("log", "export", "internal", folder, "--node", tmp_path / "forger")[0] == 0
    for command in (("verify", folder), ("log", "fsck", folder)):
        status, out, err = run(*command)
        assert status == 0 and "taken from the folder itself" in out + err
    assert run("verify", folder)[1].splitlines()[0] == "EXERCISE"
    assert json.loads(run("verify", folder, "--json")[1])["exercise"] is True
    for held in (("verify", folder, "--identity", identity), ("log", "fsck", folder, "--keys", identity)):
        assert run(*held)[0] == 5
    for held in (("verify", folder, "--node", node), ("log", "fsck", folder, "--node", node)):
        assert run(*held)[0] == 5
    own = tmp_path / "own"
    assert run("log", "export", "internal", own, "--node", node)[0] == 0
    for held in (("verify", own, "--identity", identity), ("log", "fsck", own, "--keys", identity)):
        status, out, err = run(*held)
        assert status == 0 and "taken from the folder" not in out + err
    assert run("verify", own, "--identity", folder / "log.pub")[0] == 5, "the forger's"


def test_an_exported_log_is_checked_by_its_folder(run: Run, node: Path, tmp_path: Path) -> None:
    assert run("log", "export", "internal", tmp_path / "log", "--node", node)[0] == 0
    assert run("log", "fsck", tmp_path / "log")[0] == 0
    bundle = tmp_path / "log" / "tile" / "entries" / "000.p" / "3"
    data = bundle.read_bytes()
    bundle.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert run("log", "fsck", tmp_path / "log")[0] == 5


def test_the_last_entries_are_told_with_their_acts(run: Run, node: Path) -> None:
    status, out, _ = run("log", "tail", "internal", "-n", "2", "--json", "--node", node)
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and [(line["index"], line["type"]) for line in lines] == [(1, "enrol-key"), (2, "enrol-key")]
    assert [line["act"] for line in lines] == [act["act"] for act in acts(run, node)[1:]]
    assert run("log", "tail", "internal", "-n", "0", "--node", node)[1] == ""


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((), "with the hash of its note"),
        (("--note-digest", "abc"), "is no SHA-256"),
        (("--note-digest", "0" * 64, "--note-file", "x"), "with the hash of its note"),
        (("--note-digest", "0" * 64, "--note-date", "yesterday"), "is no day"),
    ],
)
def test_a_legal_act_is_entered_only_with_reference_date_and_hash_of_its_note(
    run: Run, node: Path, given: tuple[str, ...], why: str
) -> None:
    date = () if "--note-date" in given else ("--note-date", "2018-01-09")
    status, _, err = run("act", "enter", "jpn-kor-2016", "--history", "--note", "A 1", *date, *given, "--node", node)
    assert status == 2 and why in err


def test_a_legal_act_entered_by_both_is_shown_side_by_side(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = ready(("JPN", "KOR"), "2018-01-10T12:00:00+09:00").again(tmp_path / "nodes")
    at = datetime(2018, 1, 10, 1, tzinfo=UTC)
    for party, form in (("JPN", "email"), ("KOR", "note")):
        said = LegalAct(id="jpn-kor-2016/n", under="jpn-kor-2016", act="announce", by="KOR", at=at, form=form)
        note = Note.of_text("EXERCISE", b"EXERCISE", dated="2018-01-09")
        enter_legal_acts(both[party].node, [said], note, by=both[party].by(Role.LEGAL))
    both.settle()
    monkeypatch.setattr("gsomia.cli.options.home_of", lambda _: closing(Shown(both["JPN"].node)))
    status, out, _ = run("act", "show", "jpn-kor-2016/n")
    assert status == 0 and "jpn-kor-2016/n: disputed" in out
    (line,) = [line for line in out.splitlines() if line.startswith("form *")]
    assert line.split() == ["form", "*", "email", "note"]
    views = json.loads(run("act", "show", "jpn-kor-2016/n", "--json")[1])["views"]
    assert [(view["party"], view["body"]["form"]) for view in views] == [("JPN", "email"), ("KOR", "note")]
    assert run("act", "show", "n") == run("act", "show", "jpn-kor-2016/n"), "as it was entered"
    status, _, err = run("act", "show", "nothing")
    assert status == 2 and "`gsomia act list` lists the legal acts, with --all every act" in err
    out = run("act", "list")[1]
    assert out.count("disputed") == 2 and "2018-01-09" in out


@dataclass
class Shown:
    """A node of this process in the place of one's folder."""

    node: Node

    def close(self) -> None:
        """Nothing is let go of."""
