"""Every command x every role: what a command asks of its officers is what the table of rights says."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from rights_walk import walk

from gsomia.app import Home, init
from gsomia.cli import options
from gsomia.cli.main import cli
from gsomia.errors import GsomiaError
from gsomia.identity import ROLES, Rights
from gsomia.keys import SigningKey
from gsomia.node import CONSULTED, Acting, PersonDetails, Role, enter_person

RIGHTS = Rights.load()

# What each command needs on its line to come as far as its officers; `FILE` is a file that is there.
LINES: dict[str, list[str]] = {
    "officer enrol": ["new", "--role", "legal"],
    "officer replace": ["legal"],
    "officer retire": ["legal"],
    "officer compromised": ["legal", "--since", "2018-01-01T00:00Z"],
    "peer compromised": ["JPN", "--since", "2018-01-01T00:00Z"],
    "peer enrol": ["FILE", "--fingerprint", "x", "--url", "parcel:"],
    "person enter": ["kim", "--clearance", "SECRET"],
    "person change": ["kim", "--clearance", "SECRET"],
    "person leave": ["kim", "--why", "x"],
    "person brief": ["kim", "--what", "x", "--on", "2018-01-01"],
    "person need": ["kim", "x", "--why", "x"],
    "place": ["x", "north"],
    "assure": ["--to", "JPN", "--under", "jpn-kor-2016", "--level", "SECRET"],
    "accredit": ["--system", "x", "--level", "SECRET"],
    "agreement adopt": ["jpn-kor-2016"],
    "act enter": [
        "x", "--under", "jpn-kor-2016", "--type", "sign", "--party", "KOR", "--effective", "2018-01-01T00:00Z",
        "--note", "x", "--note-date", "2018-01-01", "--note-digest", "0" * 64,
    ],
    "transmit": ["FILE", "--to", "JPN", "--level", "x", "--subject", "dprk-missile"],
    "release": ["x", "--to", "USA"],
    "recall": ["x", "--why", "x"],
    "answer-recall": ["x", "--as", "cannot", "--why", "x"],
    "regrade notify": ["x", "--level", "x", "--why", "x"],
    "regrade follow": ["x"],
    "contractor clear": [
        "x", "--contractor", "x", "--level", "SECRET", "--inspected", "2018-01-01", "--until", "2019-01-01",
    ],
    "contractor release": ["x", "--facility", "x", "--what", "x"],
    "contractor return": ["x", "--what", "x"],
    "disclosure record": [
        "--to", "JPN", "--what", "x", "--place", "x", "--present", "KOR:x", "--present", "JPN:y", "--level", "SECRET",
        "--subject", "other",
    ],
    "order give": [
        "--from", "JPN", "--under", "jpn-kor-2016", "--mark", "極秘=군사II급비밀", "--until", "2018-02-01T00:00Z",
    ],
    "order end": ["x"],
    "request ask": ["--to", "JPN", "--under", "jpn-kor-2016", "--subject", "other", "--what", "x"],
    "request refuse": ["x", "--why", "x"],
    "consent ask": ["x", "--to", "USA", "--why", "x"],
    "consent give": ["x"],
    "consent refuse": ["x"],
    "consent revoke": ["x", "--why", "x"],
    "mark": ["x", "--level", "x"],
    "receipt": ["x"],
    "rendition make": ["x", "--for", "kim", "-o", "OUT"],
    "destroy": ["x", "--method", "x", "--by", "registry", "--with", "security"],
    "log recover": [],
    "key rotate": [],
}  # fmt: skip


def commands() -> dict[str, click.Command]:
    """Every command, groups spelled out."""
    found: dict[str, click.Command] = {}

    def into(group: click.Group, path: str) -> None:
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                into(command, f"{path}{name} ")
            elif command is not None:
                found[f"{path}{name}"] = command

    into(cli, "")
    return found


COMMANDS = commands()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A node with an officer for each role that signs, and a person for each role of the house, named so."""
    opened = init(tmp_path_factory.mktemp("walk") / "kor", "KOR", exercise=True)
    opened.enrol_officer(Role.SECURITY, (Role.SECURITY,), by=None)
    by = opened.acting(Role.SECURITY, Role.SECURITY)
    for role in (Role.DISCLOSURE, Role.REGISTRY, Role.LEGAL):
        opened.enrol_officer(role, (role,), by=by)
    for role in Role.HOUSE:
        enter_person(opened.node, PersonDetails(id=role, clearance="SECRET", house_roles=(role,)), by=by)
    yield opened
    opened.close()


def asks(home: Home, line: list[str], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The roles in which a command asks for officers; it gets keys that sign nothing here, so it does nothing."""
    asked: set[str] = set()

    def acting(_: Home, officer: str, role: str) -> Acting:
        asked.add(role)
        return Acting(officer="nobody", key=SigningKey(b"\x01" * 64))

    with monkeypatch.context() as patched:
        patched.setattr(Home, "acting", acting)
        patched.setattr(options, "Home", lambda *_, **__: home)
        patched.setattr(home, "close", lambda: None)
        quiet = (contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()))
        with quiet[0], quiet[1], contextlib.suppress(GsomiaError, SystemExit):
            cli.main([*line, "--node", str(home.folder)], standalone_mode=False)
    return asked


def lines(tmp_path: Path) -> dict[str, list[str]]:
    """The line of each command of the table that asks for an officer."""
    (tmp_path / "file").write_text("{}")
    found = {}
    for act in RIGHTS.acts.values():
        for command in () if act.name == "consult" else act.commands:  # its officer is by the subject
            if command.startswith("act record "):
                found[command] = [*command.split(), "x", "--what", "x"]
            elif not act.by_folder:
                words = LINES[command]
                files = {"FILE": str(tmp_path / "file"), "OUT": str(tmp_path / "out")}
                found[command] = [*command.split(), *(files.get(word, word) for word in words)]
    return found


def test_every_command_stands_in_the_table_and_every_one_of_the_table_is_there() -> None:
    named = {command for act in RIGHTS.acts.values() for command in act.commands} | {*RIGHTS.tools}
    typed = {name if name in COMMANDS else name.rpartition(" ")[0] for name in named}
    assert typed == {*COMMANDS}
    assert {name for name in named if name not in COMMANDS} == {
        name for name in named if name.startswith("act record ")
    }


def test_every_command_asks_for_the_roles_of_the_table(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk, in two steps: which roles a command asks for; and (below) who is let through in a role."""
    with home.store.reading() as reader:
        before = len(list(reader.acts()))
    asked_for = {command: asks(home, line, monkeypatch) for command, line in lines(tmp_path).items()}
    acts = {
        command: [
            act.name
            for act in RIGHTS.acts.values()
            if any(one == command or one.startswith(f"{command} ") for one in act.commands)
        ]
        for command in asked_for
    }
    counted, differing = walk(RIGHTS, acts, lambda command, _, role: role in asked_for[command])
    assert differing == []
    assert counted == len(asked_for) * len(ROLES) > 300
    with home.store.reading() as reader:
        assert len(list(reader.acts())) == before, "something was signed by a key that nobody enrolled"


@pytest.mark.parametrize(("about", "role"), CONSULTED.items())
def test_a_consultation_is_opened_by_the_officer_of_its_subject(
    home: Home, monkeypatch: pytest.MonkeyPatch, about: str, role: str
) -> None:
    line = [
        "consult",
        "open",
        "--under",
        "jpn-kor-2016",
        "--with",
        "JPN",
        "--about",
        about,
        "--title",
        "x",
        "--reference",
        "x",
    ]
    assert asks(home, line, monkeypatch) == {role}


@pytest.mark.parametrize("asked", Role.ALL)
def test_in_a_role_only_who_holds_it_is_let_through(home: Home, asked: str) -> None:
    for role in ROLES:
        try:
            home.acting(role, asked)
            through = True
        except GsomiaError:
            through = False
        assert through is (role == asked), role


def test_a_command_that_asks_no_officer_is_said_to_be_the_folders() -> None:
    """Where the table says `folder`, there is no `--by` to give; where it does not, there is."""
    for act in RIGHTS.acts.values():
        for command in act.commands:
            named = COMMANDS.get(command) or COMMANDS[command.rpartition(" ")[0]]
            by = any("--by" in parameter.opts for parameter in named.params)
            # `what-if --by` is the Party whose act is thought of.
            assert by is not act.by_folder or command == "agreement what-if", command


def test_the_walk_finds_what_differs() -> None:
    asked = {"mark": ["mark"], "fly": ["fly"]}
    counted, differing = walk(RIGHTS, asked, lambda *_: True)
    assert counted == len(ROLES) and len(differing) == len(ROLES)
    assert differing[0] == "mark: permits `disclosure` to `mark`, and the table does not"
    assert differing[-1] == "fly: the table has no act `fly`"
