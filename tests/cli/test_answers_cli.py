"""What every command of a node says: that it is an EXERCISE, at which instant it was asked, and with which status."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
from command import Run

from gsomia.cli.ask import verdict_command

AT = "2018-01-10T03:00:00.000000Z"

LISTS = [
    "register", "inbox", "refused", "outbox", "act list", "act list --all", "officer list", "peer list", "person list",
    "tracer list", "consent list", "rendition list", "key list", "parcel list", "log show", "log witnesses", "verify",
    "consult list", "request list", "contractor list", "disclosure list",
]  # fmt: skip


@pytest.mark.parametrize("words", LISTS)
def test_every_answer_of_an_exercise_node_says_so(run: Run, node: Path, words: str) -> None:
    status, out, _ = run(*words.split(), "--node", node)
    assert status == 0 and out.splitlines()[0] == "EXERCISE"
    status, out, _ = run(*words.split(), "--json", "--node", node)
    assert status == 0 and json.loads(out)["exercise"] is True


SHOWN = {
    "a terminal that shows both": {"stdout", "stderr"},
    "a pipe of what is printed": {"stderr"},
    "a file of what is remarked": {"stdout"},
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("words", ["officer list", "verify"])
def test_a_terminal_reads_once_that_it_is_an_exercise_and_so_does_a_pipe(
    run: Run, node: Path, monkeypatch: pytest.MonkeyPatch, words: str, shown: set[str]
) -> None:
    ours, theirs = os.openpty()
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal, os.fdopen(theirs, "w", buffering=1) as screen:
        with monkeypatch.context() as patch:
            for stream in shown:
                patch.setattr(sys, stream, screen)
            _, out, _ = run(*words.split(), "--node", node)
        screen.write("end\n")
        read = b""
        while not read.endswith(b"end\r\n"):
            read += terminal.read(4096)
    assert read.splitlines().count(b"EXERCISE") == 1
    assert out.splitlines().count("EXERCISE") == ("stdout" not in shown)


def test_an_act_is_shown_in_two_columns_and_in_no_programs_words(run: Run, node: Path) -> None:
    (first, *_) = [line.split()[1] for line in run("act", "list", "--all", "--node", node)[1].splitlines()[2:]]
    status, out, _ = run("act", "show", first, "--node", node)
    lines = out.splitlines()[1:]
    width = len("signed by")
    wide = max(width, *(len(line.split("  ")[0]) for line in lines))
    assert status == 0 and all(line[wide : wide + 2] == "  " and line[wide + 2] != " " for line in lines)
    assert not {"{", "[", "'", "True", "False"} & set("".join(lines)) and "roles" in out


def test_a_refusal_is_told_in_words(run: Run, node: Path) -> None:
    assert run("agreement", "adopt", "jpn-kor-2016", "--by", "ito", "--node", node)[0] == 0
    words = ("--under", "jpn-kor-2016", "--what", "EXERCISE", "--by", "dee", "--node", node)
    assert run("officer", "enrol", "dee", "--role", "disclosure", "--by", "sato", "--node", node)[0] == 0
    status, _, err = run("act", "record", "warn", *words)
    assert status == 3 and "\n  verdict: refuse" in err and "{" not in err and "jpn-kor-2016 2(a)" in err


def test_a_verdict_says_that_it_is_an_exercise(run: Run, node: Path) -> None:
    words = ("verdict", "transmit", "--to", "KOR", "--level", "", "--subject", "dprk-missile", "--node", node)
    assert run("agreement", "adopt", "jpn-kor-2016", "--by", "ito", "--node", node)[0] == 0
    status, out, _ = run(*words)
    assert status == 3 and out.splitlines()[0] == "refuse" and out.splitlines()[-1] == "EXERCISE"
    assert json.loads(run(*words, "--json")[1])["exercise"] is True
    entry = run("log", "tail", "internal", "--json", "--node", node)[1].splitlines()[-1]
    assert json.loads(entry)["exercise"] is True


LAW = ["show jpn-kor-2016", "state", "timeline", "path --to signed", "what-if sign --by JPN --under jpn-kor-2016"]


@pytest.mark.parametrize("words", LAW)
def test_an_answer_about_the_law_says_whether_an_exercise_node_was_asked(run: Run, node: Path, words: str) -> None:
    assert run("agreement", "adopt", "jpn-kor-2016", "--by", "ito", "--node", node)[0] == 0
    told = json.loads(run("agreement", *words.split(), "--json", "--node", node)[1])
    assert told["exercise"] is True
    assert "exercise" not in json.loads(run("agreement", *words.split(), "--json")[1])


def test_a_contractors_facility_is_cleared_and_listed(run: Run, node: Path) -> None:
    words = ("contractor", "clear", "plant", "--contractor", "Nippon Parts", "--level", "SECRET", "--by", "sato")
    days = ("--inspected", "2017-06-01", "--until", "2018-05-31", "--node", node)
    status, out, _ = run(*words, *days)
    assert status == 0 and "plant cleared to SECRET by act" in out
    assert "2018-05-31 (lapsed)" in run("contractor", "list", "--node", node)[1]
    status, _, err = run("contractor", "release", "x", "--facility", "plant", "--what", "x", "--node", node)
    assert status != 0 and "gsomia:" in err
    status, _, err = run(*words, "--inspected", "yesterday", "--until", "2018-05-31", "--node", node)
    assert status == 2 and "is no day" in err


def test_a_disclosure_is_shown_with_what_the_agreement_says_of_it(run: Run, node: Path) -> None:
    """The row stands here as Korea's act would have written it."""
    assert run("agreement", "adopt", "jpn-kor-2016", "--by", "ito", "--node", node)[0] == 0
    row = ["d", "KOR", "JPN", "jpn-kor-2016", "", "", "KOR", '["KOR"]', "군사II급비밀", "", "dprk-missile"]
    row += ["defence", "the track", "Seoul", '["JPN:ueda", "KOR:han"]', AT]
    with closing(sqlite3.connect(node / "register.sqlite")) as store, store:
        store.execute(f"INSERT INTO oral_disclosure VALUES ({', '.join('?' * 16)})", row)
    status, out, _ = run("disclosure", "show", "d", "--node", node)
    assert status == 0 and "ueda: unknown: nobody entered this person" in out and "verdict     refuse" in out
    assert "the track" in run("disclosure", "list", "--node", node)[1]
    assert run("disclosure", "show", "x", "--node", node)[0] == 2


def test_a_request_is_shown_with_what_the_agreement_says_of_it(run: Run, node: Path) -> None:
    """The row stands here as Korea's act would have written it."""
    assert run("agreement", "adopt", "jpn-kor-2016", "--by", "ito", "--node", node)[0] == 0
    columns = "id, asker, asked, via, instrument, subject, level, purpose, what, due, at, answers, refusal, why"
    values = ("r", "KOR", "JPN", "[]", "jpn-kor-2016", "dprk-missile", "", "defence", "the track", "", AT, "[]", "", "")
    with closing(sqlite3.connect(node / "register.sqlite")) as store, store:
        store.execute(f"INSERT INTO request ({columns}) VALUES ({', '.join('?' * 14)})", values)  # no input
    status, out, _ = run("request", "show", "r", "--node", node)
    assert status == 0 and "verdict     refuse\n  jpn-kor-2016 " in out and "what        the track" in out
    assert json.loads(run("request", "show", "r", "--json", "--node", node)[1])["to_answer"] is True
    assert "the track" in run("request", "list", "--node", node)[1]
    assert "KOR asks by r for dprk-missile under jpn-kor-2016: the track" in run("inbox", "--node", node)[1]
    status, _, err = run("request", "show", "x", "--node", node)
    assert status == 2 and "`gsomia request list` has them" in err


def test_all_consents_of_an_item_are_shown_by_its_id(run: Run, node: Path) -> None:
    """The rows stand here as the acts would have written them."""
    names = "id, item, originator, asker, receivers, instrument, state, purpose, part, extent, conditions, expires, why"
    with closing(sqlite3.connect(node / "register.sqlite")) as store, store:
        for name, to in (("c-1", "USA"), ("c-2", "GBR")):
            row = [
                name,
                "i",
                "JPN",
                "KOR",
                f'["{to}"]',
                "jpn-kor-2016",
                "granted",
                "defence",
                "whole",
                "",
                "[]",
                "",
                "",
            ]
            values = ", ".join("?" * 15)
            store.execute(f"INSERT INTO consent ({names}, act, at) VALUES ({values})", [*row, name, AT])  # no input
    status, out, _ = run("consent", "show", "i", "--node", node)
    assert status == 0 and [line.split()[-1] for line in out.splitlines() if line.startswith("to ")] == ["USA", "GBR"]
    told = json.loads(run("consent", "show", "c-2", "--json", "--node", node)[1])
    assert [one["request"] for one in told["consents"]] == ["c-2"]
    status, _, err = run("consent", "show", "x", "--node", node)
    assert status == 2 and "`gsomia consent list` has them" in err


NOT_THEIRS = {
    "consent give x --by mori": "disclosure",
    "consent revoke x --why w --by mori": "disclosure",
    "recall x --why w --by mori": "disclosure",
    "answer-recall x --as cannot --why w --by ito": "registry",
    "destroy x --method burnt --by mori --with mori": "security",
}


@pytest.mark.parametrize("words", NOT_THEIRS)
def test_what_an_officer_asks_without_authority_is_refused_and_kept(run: Run, node: Path, words: str) -> None:
    role, officer = NOT_THEIRS[words], words.split()[-1]
    for _ in range(3):
        status, _, err = run(*words.split(), "--node", node)
        assert status == 3 and f"officer `{officer}` does not hold the role `{role}`" in err
    (kept,) = json.loads(run("refused", "--json", "--node", node)[1])["refused"]
    assert (kept["from"], kept["times"]) == ("JPN", 3), "what is asked again is counted"
    assert f"a `{role}` officer, by officer `{officer}`" in kept["what"] and "does not hold the role" in kept["why"]
    assert f"`{officer}`, 3 times" in run("refused", "--node", node)[1]


@pytest.mark.parametrize("name", sorted(verdict_command.commands))
def test_every_verdict_can_be_asked_at_any_instant(name: str) -> None:
    options = {word for one in verdict_command.commands[name].params for word in one.opts}
    assert {"--at", "--json", "--node"} <= options


UNKNOWN = {
    "an officer": (("assure", "--to", "KOR", "--under", "x", "--level", "SECRET", "--by", "nobody"), "`nobody`"),
    "an officer who sends": (
        ("transmit", "{file}", "--to", "KOR", "--level", "秘", "--subject", "other", "--by", "nobody"),
        "enrolled: ito, mori, sato; named with --by",
    ),
    "an item": (("open", "JPN-2018-000001", "--for", "kim"), "no item `JPN-2018-000001` is held here"),
    "an item asked about": (("verdict", "open", "JPN-2018-000001", "--for", "kim"), "no item"),
    "an act": (("act", "show", "nothing"), "no act `nothing` is here"),
    "a log": (("log", "show", "XXX"), "XXX"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_unknown_is_a_matter_of_usage(run: Run, node: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "file").write_text("EXERCISE")
    words, says = UNKNOWN[what]
    status, _, err = run(*(word.format(file=tmp_path / "file") for word in words), "--node", node)
    assert status == 2 and says in err


def test_an_unknown_node_is_a_matter_of_usage(run: Run, tmp_path: Path) -> None:
    status, _, err = run("register", "--node", tmp_path / "none")
    assert status == 2 and "no node in" in err and "gsomia init" in err


def test_an_interrupt_ends_with_130(run: Run, node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gsomia.cli.setup.instant", interrupted)
    status, out, err = run("clock", "show", "--node", node)
    assert (status, out) == (130, "") and "interrupted" in err
    monkeypatch.setattr("gsomia.cli.setup.instant", lambda *_: (_ for _ in ()).throw(click.Abort()))
    assert run("clock", "show", "--node", node)[0] == 130


def test_a_pipe_is_not_waited_for(run: Run, node: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    words = ("--to", "KOR", "--level", "秘", "--subject", "other", "--node", node)
    status, _, err = run("transmit", tmp_path / "pipe", *words)
    assert status == 2 and f"`{tmp_path / 'pipe'}` is no ordinary file" in err
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    assert run("transmit", tmp_path / "link", *words)[0] == 2


def test_a_port_in_use_is_named_once(run: Run, node: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = node / "node.toml"
        settings.write_text(settings.read_text().replace("port = 8443", f"port = {port}"))
        status, _, err = run("node", "run", "--node", node)
    assert status == 1 and f"cannot listen on 127.0.0.1:{port}: Address already in use" in err and "Errno" not in err
