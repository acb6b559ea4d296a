"""The first officer's door, and those who try it: one key, one code, once."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from calling import URL, Answer, House, RealMachine, Served
from command import Run
from stories import Stage

from gsomia.api import FirstOfficer, api_app, first_officer_text
from gsomia.keys import SigningKey, b64
from gsomia.node import Acting, Role
from gsomia.store import SqlStore
from gsomia.testing import Exercise
from gsomia.web import Memory, make_certificate


class Terminal(io.StringIO):
    """A console that somebody looks at."""

    def isatty(self) -> bool:
        return True


@dataclass
class Door:
    """A new node without officers, its API, and the time that its door goes by."""

    served: Served
    first: FirstOfficer
    seconds: list[float]
    key: SigningKey = field(default_factory=SigningKey.generate)

    def wanted(self, code: str, officer: str = "kim", **words: Any) -> dict[str, Any]:
        """What the first officer's software sends."""
        text = first_officer_text("KOR", officer, "", self.key.public, code)
        given = {name: b64(sig) for name, sig in self.key.sign(text).items()}
        return {"code": code, "officer": officer, "key": self.key.public.to_json(), "signatures": given, **words}

    def ask(self, body: Any, path: str = "/v1/first-officer", by: Acting | None = None) -> Answer:
        """One request."""
        return self.served.ask("POST", path, by, body)

    def officers(self) -> list[tuple[str, tuple[str, ...]]]:
        """Who is enrolled."""
        with self.served.player.node.store.reading() as reader:
            return [(one.id, tuple(one.roles)) for one in reader.officers("KOR")]


@pytest.fixture
def door(stage: Stage, serve: Callable[[Exercise, str], Served], tmp_path: Path) -> Iterator[Door]:
    served = serve(stage(), "KOR")
    store = SqlStore.create(tmp_path / "new.sqlite")
    node = replace(served.player.node, store=store, clock=RealMachine(served.player.node.clock))
    seconds = [0.0]
    first = FirstOfficer(node, lambda: seconds[0])
    memory = Memory(tmp_path / "api.sqlite")
    lines = served.lines
    app = api_app(
        node,
        memory,
        House(),
        url=URL,
        rate=100000,
        first=first,
        told=lambda _: None,
        log=lambda **line: lines.append(line),
    )
    yield Door(replace(served, player=replace(served.player, node=node), app=app), first, seconds)
    memory.close()
    store.close()


def test_it_enrols_one_security_officer_who_then_signs_in(door: Door) -> None:
    code = door.first.make_code()
    answer = door.ask(door.wanted(code))
    assert answer.status == 201 and answer.json()["key"] == door.key.public.fingerprint
    assert door.officers() == [("kim", (Role.SECURITY,))]
    assert door.served.ask("GET", "/v1/tokens", Acting(officer="kim", key=door.key)).status == 200
    assert code not in str(door.served.lines)


def test_replayed_code(door: Door) -> None:
    """Once used it is good for nothing, for whomever."""
    code = door.first.make_code()
    assert door.ask(door.wanted(code)).status == 201
    door.key = SigningKey.generate()
    assert door.ask(door.wanted(code, "lee")).status == 401
    assert [name for name, _ in door.officers()] == ["kim"]
    assert door.first.make_code() == ""


def test_a_code_used_twice_at_once(door: Door) -> None:
    code = door.first.make_code()
    bodies = [door.wanted(code, name) for name in ("a", "b", "c", "d")]
    done: list[str] = []

    def enrol(body: dict[str, Any]) -> None:
        text = first_officer_text("KOR", body["officer"], "", door.key.public, code)
        try:
            done.append(door.first.enrol(code, body["officer"], "", door.key.public, door.key.sign(text)))
        except Exception as error:
            assert getattr(error, "status", 0) == 401, error

    threads = [threading.Thread(target=enrol, args=(body,)) for body in bodies]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(done) == 1 == len(door.officers())


def test_brute_force(door: Door) -> None:
    """After five wrong codes the right one opens nothing."""
    code = door.first.make_code()
    wrong = [door.ask(door.wanted("A" * 32)) for _ in range(5)]
    assert {one.status for one in wrong} == {401}
    assert door.ask(door.wanted(code)).status == 401 and not door.officers()
    assert len(code.replace("-", "")) == 32  # 160 bits, base32


def test_four_wrong_codes_are_forgiven(door: Door) -> None:
    code = door.first.make_code()
    for _ in range(4):
        door.ask(door.wanted("A" * 32))
    assert door.ask(door.wanted(code)).status == 201


def test_a_code_ends(door: Door) -> None:
    code = door.first.make_code()
    door.seconds[0] = 600
    assert door.ask(door.wanted(code)).status == 401 and not door.officers()


@pytest.mark.parametrize("change", [{"officer": "lee"}, {"person": "lee"}, {"key": "another"}])
def test_another_name_or_key_put_in_its_place(door: Door, change: dict[str, Any]) -> None:
    """What the key signed names node, officer, person, key and code."""
    code = door.first.make_code()
    if "key" in change:
        change = {"key": SigningKey.generate().public.to_json()}
    assert door.ask({**door.wanted(code), **change}).status == 422
    assert not door.officers()


def test_a_role_of_ones_own_choice(door: Door) -> None:
    assert door.ask(door.wanted(door.first.make_code(), roles=["release"])).status == 400
    assert not door.officers()


def test_it_opens_no_other_path(door: Door) -> None:
    """A stranger at the open door is a stranger everywhere else, and there by every other method."""
    code = door.first.make_code()
    for path in ("/v1/tokens", "/v1/preparations", "/v1/first-officer/", "/v1/openings"):
        assert door.ask(door.wanted(code), path).status == 401
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD"):
        assert door.served.ask(method, "/v1/first-officer", None).status == 401


def test_a_node_with_officers_has_no_door(stage: Stage, serve: Callable[[Exercise, str], Served]) -> None:
    served = serve(stage(), "KOR")
    first = FirstOfficer(served.player.node)
    assert first.make_code() == "" and not first.open
    assert served.ask("POST", "/v1/first-officer", None, {"code": "x"}).status == 401


@pytest.mark.parametrize("console", [Terminal(), io.StringIO()])
def test_a_code_is_shown_on_a_terminal_alone(door: Door, console: io.StringIO) -> None:
    """A journal or a file that took standard error would keep it for others to read."""
    door.first.show(console)
    assert door.first.open == console.isatty() == bool(console.getvalue())


class Answering(httpx2.BaseTransport):
    """The way to a new node within this process."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._door.served.ask(request.method, request.url.path, None, request.read())
        return httpx2.Response(answer.status, headers=answer.headers, content=answer.body)


def test_a_command_sends_the_code(door: Door, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key's file stays where it is; a wrong code enrols nobody, and the code is good once."""
    monkeypatch.setenv("GSOMIA_PASSPHRASE", "correct horse battery staple")
    file = tmp_path / "kim.key"
    assert run("officer", "key", file, "--exercise")[0] == 0
    identity = tmp_path / "identity.json"
    pem = make_certificate("KOR", exercise=True, host="node.example", at=datetime.now(UTC))[0]
    identity.write_text(json.dumps({"party": "KOR", "certificate": pem.decode()}))
    client = httpx2.Client
    monkeypatch.setattr("httpx2.Client", lambda **words: client(base_url=URL, transport=Answering(door)))
    words = ("officer", "first", "kim", "--node", URL, "--officer-key", file, "--node-identity", identity, "--code")
    code = door.first.make_code()
    status, _, err = run(*words, "AAAA-AAAA")
    assert status == 4 and "takes no such code" in err and door.officers() == []
    status, out, err = run(*words, code)
    assert status == 0 and out.startswith("kim enrolled by act "), err
    assert door.officers() == [("kim", (Role.SECURITY,))]
    assert run(*words, code)[0] == 4
    status, _, err = run("officer", "first", "kim", "--node", tmp_path, "--code", code)
    assert status == 2 and "needs no code" in err
