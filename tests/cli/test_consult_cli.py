"""`gsomia consult` on two nodes in one process: what it says to people, to programs, and by its status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from command import Run
from stories import Stage, finish, official, refusals, words_of

from gsomia.agreement import LegalAct
from gsomia.cli.exercise import note_exercise
from gsomia.errors import PeerError
from gsomia.node import Acting, Note, Role, audit, enter_legal_acts, release
from gsomia.testing import Exercise

PACT = "jpn-kor-2016"


class Folder:
    """A player's node as the commands see a node's folder."""

    def __init__(self, exercise: Exercise, party: str) -> None:
        self._exercise, self._player = exercise, exercise[party]
        self.node, self.clock = self._player.node, exercise.clock

    def acting(self, _officer: str, role: str) -> Acting:
        """The officer in a role."""
        return self._player.by(role)

    def wired(self) -> list[str]:
        """The peers that a wire leads to."""
        return [party for party in self._exercise.players if party != self.node.party]

    def deliver(self) -> list[str]:
        """Send what is due; what could not be reached."""
        self._exercise.settle(tolerate=True)
        return []


@dataclass(frozen=True)
class Consult:
    """Runs `gsomia consult` at a Party's node: `consult("JPN", "list")`."""

    run: Run
    exercise: Exercise

    def __call__(self, party: str, *words: object) -> tuple[int, str, str]:
        """Status, stdout, stderr."""
        return self.run("consult", *words, "--node", party)


@pytest.fixture
def consult(run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Consult:
    """Two nodes, and the commands at each."""
    return commands(run, stage(), monkeypatch)


def commands(run: Run, exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> Consult:
    """The commands at each node of an exercise."""

    @contextmanager
    def home_of(party: str) -> Iterator[Folder]:
        note_exercise(True)
        yield Folder(exercise, party)

    for module in ("consultations.consult", "consultations.texts", "options"):
        monkeypatch.setattr(f"gsomia.cli.{module}.home_of", home_of)
    return Consult(run, exercise)


def told(consult: Consult, party: str, *words: object) -> Any:
    """What a command tells programs."""
    status, out, err = consult(party, *words, "--json")
    assert status == 0, err
    return json.loads(out)


def begin(consult: Consult, *words: object) -> str:
    """Open a consultation on a threat; returns its id."""
    said = words or ("--about", "threat", "--reference", "dprk-launch", "--subject", "dprk-missile")
    status, out, err = consult("JPN", "open", *said, "--title", "EXERCISE", "--under", PACT, "--with", "KOR")
    assert status == 0, err
    return out.split()[-1]


def texts(tmp_path: Path, **words: str) -> dict[str, Path]:
    """Files that hold these texts."""
    found = {name: tmp_path / f"{name}.txt" for name in words}
    for name, text in words.items():
        found[name].write_text(text, encoding="utf-8")
    return found


def test_a_joint_text_from_the_opening_to_the_end(consult: Consult, tmp_path: Path) -> None:
    exercise = consult.exercise
    exercise.enter(official("reader"), "JPN")
    files = texts(tmp_path, view="We see a launch.", one="We warn at once.\nDaily.\n", two="We warn first.\nDaily.\n")
    talk = begin(consult)
    assert told(consult, "KOR", "list")["consultations"][0]["turn"] == "JPN"
    for party, level in (("JPN", "極秘"), ("KOR", "군사II급비밀")):
        status, out, err = consult(party, "position", talk[:8], files["view"], "--level", level)
        assert status == 0 and "stated by act" in out, err
    assert consult("JPN", "draft", talk, files["one"], "--level", "極秘")[0] == 0
    assert consult("KOR", "draft", talk, files["two"], "--level", "군사II급비밀", "--on", "1")[0] == 0
    numbers = {draft["version"]: draft["control_number"] for draft in told(consult, "JPN", "show", talk)["drafts"]}
    finish(exercise["JPN"], numbers["2"])
    status, _, err = consult("JPN", "diff", talk, "1", "2")
    assert status == 2 and "who reads the text of `KOR`?" in err
    status, out, err = consult("JPN", "diff", talk, "1", "2", "--for", "reader")
    assert (status, out) == (0, "We warn [-at once-]{+first+}.\nDaily.\n"), err
    changes = told(consult, "JPN", "diff", talk, "1", "2", "--for", "reader")["changes"]
    assert {"kind": "added", "text": "first"} in changes
    with exercise["JPN"].node.store.reading() as reader:
        assert [act.statement.body["person"] for act in reader.acts(types=["access"])] == ["reader"] * 2
    assert consult("JPN", "sign", talk, "2", "--sha256", "0" * 64)[0] == 3
    for party in ("JPN", "KOR"):
        assert consult(party, "sign", talk, "2")[0] == 0
    status, out, _ = consult("KOR", "show", talk)
    assert status == 0 and out.splitlines()[0] == "EXERCISE"
    assert "state         joint text: version 2, open" in out
    assert "effect        none by itself: a joint text is evidence that the Parties agree" in out
    assert "JPN, KOR" in next(line for line in out.splitlines() if line.startswith("2        KOR  1"))
    for party in ("JPN", "KOR"):
        assert consult(party, "close", talk)[0] == 0
    said = told(consult, "JPN", "show", talk)
    assert said["closed"] is True and said["joint_text"]["signed_by"] == ["JPN", "KOR"] and said["effect_by"] == []
    status, _, err = consult("JPN", "close", talk)
    assert status == 3 and "the consultation is closed" in err and "verdict: refuse" in err
    assert "the consultation is closed" in words_of(refusals(exercise["JPN"]))
    for player in exercise.players.values():
        assert [check.fault for check in audit(player.node) if not check.holds] == []


def test_a_text_that_waits_for_a_peer_is_named_once_it_has_arrived(consult: Consult, tmp_path: Path) -> None:
    exercise = consult.exercise
    files = texts(tmp_path, view="We see a launch.")
    talk = begin(consult)

    def cut(*_: object) -> Any:
        raise PeerError("the wire is cut")

    exercise.wire.fault = cut
    status, _, err = consult("JPN", "position", talk, files["view"], "--level", "極秘", "--wait", "0.1")
    assert status == 6 and "--text" in err
    item = err.split("--text ")[1].split("`")[0]
    assert consult("JPN", "position", talk, "--text", item)[0] == 3, "it has not arrived"
    exercise.wire.fault = None
    exercise.settle()
    assert told(consult, "KOR", "show", talk)["positions"] == []
    assert consult("JPN", "position", talk, "--text", item)[0] == 0
    assert [one["item"] for one in told(consult, "KOR", "show", talk)["positions"]] == [item]
    for words in ((), (files["view"], "--text", item), (files["view"],)):
        assert consult("KOR", "position", talk, *words)[0] == 2
    assert consult("KOR", "show", "nothing")[0] == 2


def test_a_dispute_is_consulted_on_and_settled_elsewhere(consult: Consult, tmp_path: Path) -> None:
    exercise = consult.exercise
    at = exercise.clock.at
    for party, hours in (("JPN", 1), ("KOR", 2)):
        player = exercise[party]
        act = LegalAct(
            id=f"{PACT}/notice", under=PACT, act="give-notice", by="KOR", at=at - timedelta(hours=hours), known_at=at
        )
        note = Note.of_text("EXERCISE 1", b"note", dated="2018-01-10")
        enter_legal_acts(player.node, [act], note, by=player.by(Role.LEGAL))
    exercise.settle()
    status, _, err = consult("JPN", "open", "--about", "dispute", "--reference", "other", "--title", "t",
                             "--under", PACT, "--with", "KOR")  # fmt: skip
    assert status == 2 and f"in dispute: {PACT}/notice" in err
    talk = begin(consult, "--about", "dispute", "--reference", "notice")
    files = texts(tmp_path, one="The notice came at ten.")
    # A dispute about a notice stops no text: the agreement is in force meanwhile.
    assert consult("JPN", "draft", talk, files["one"], "--level", "極秘")[0] == 0
    item = told(consult, "KOR", "show", talk)["drafts"][0]["item"]
    finish(exercise["KOR"], item)
    for party in ("JPN", "KOR"):
        assert consult(party, "sign", talk, "1")[0] == 0
    said = told(consult, "KOR", "show", talk)
    assert (said["dispute"], said["effect_by"]) == ("disputed", ["settle-dispute (legal officer)"])
    assert "each Party's own, with its diplomatic note" in consult("KOR", "show", talk)[1]
    with exercise["KOR"].node.store.reading() as reader:
        assert [act.statement.type for act in reader.acts(types=["settle-dispute"])] == []
        signed = next(iter(reader.acts(types=["sign-joint-text"])))
    assert [signer.role for signer in signed.statement.signers] == ["node", "legal"]


def test_an_assessment_is_looked_at_given_and_signed(consult: Consult, tmp_path: Path) -> None:
    exercise = consult.exercise
    talk = begin(consult)
    file = tmp_path / "assessment.toml"
    file.write_text(
        'title = "Launch"\n[[portion]]\nmark = "極秘"\nto = ["KOR"]\ntext = "All know."\n'
        '[[portion]]\nmark = "機密"\nto = ["KOR"]\ntext = "Too high."\n',
        encoding="utf-8",
    )
    status, out, _ = consult("JPN", "assess", talk, file, "--preview", "KOR")
    assert status == 0 and "All know." in out and "Too high." not in out
    assert consult("JPN", "assess", talk, file, "--preview", "USA")[0] == 2
    assert exercise["JPN"].copies() == []
    views = told(consult, "JPN", "assess", talk, file)["views"]
    assert [(view["party"], view["state"]) for view in views] == [("KOR", "presented")]
    finish(exercise["KOR"], views[0]["item"])
    assert consult("KOR", "sign", talk, "--view", views[0]["item"])[0] == 0
    assert told(consult, "JPN", "show", talk)["views"][0]["signed"]
    assert consult("KOR", "sign", talk)[0] == 2
    assert consult("JPN", "assess", talk)[0] == 2
    assert consult("JPN", "assess", talk, tmp_path / "none")[0] == 1


def test_a_view_through_the_hub_says_who_reads_it_and_waits_there(
    run: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exercise = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    consult = commands(run, exercise, monkeypatch)
    file = tmp_path / "assessment.toml"
    file.write_text(
        'title = "Launch"\n[[portion]]\nmark = "極秘"\nto = ["KOR", "USA"]\ntext = "All know."\n'
        '[[portion]]\nmark = "極秘"\nto = ["KOR"]\ntext = "Korea alone."\n',
        encoding="utf-8",
    )
    about = ("--about", "threat", "--reference", "dprk-launch", "--subject", "dprk-missile", "--title", "EXERCISE")
    _, out, _ = consult("JPN", "open", *about, "--under", "tisa-2014", "--with", "KOR", "--with", "USA")
    talk = out.split()[-1]
    status, out, err = consult("JPN", "assess", talk, file, "--preview", "KOR")
    assert status == 0 and "All know." in out and "Korea alone." not in out
    assert "It goes through USA, which reads all of it." in err and "do not name USA: portions 2." in err
    assert (
        "goes through" not in out and "goes through" not in consult("JPN", "assess", talk, file, "--preview", "USA")[2]
    )
    status, out, err = consult("JPN", "assess", talk, file, "--json")
    assert status == 6 and "the view of KOR lies at USA" in err and "--text" in err
    views = {view["party"]: view for view in json.loads(out)["views"]}
    assert (views["KOR"]["through"], views["KOR"]["state"], views["KOR"]["act"]) == ("USA", "at USA", "")
    assert (views["USA"]["through"], views["USA"]["state"]) == ("", "presented")
    item, america = views["KOR"]["item"], exercise["USA"]
    finish(america, item)
    release(america.node, item, "KOR", by=america.by(Role.DISCLOSURE))
    exercise.settle()
    assert told(consult, "JPN", "assess", talk, "--text", item)["act"]
    finish(exercise["KOR"], item)
    assert consult("KOR", "sign", talk, "--view", item)[0] == 0
