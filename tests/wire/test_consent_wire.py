"""Consent to a third Party through the command, on three running nodes; and how soon a withdrawal is enforced."""

from __future__ import annotations

import io
import json
import time
from functools import partial

import pytest
from click.testing import CliRunner
from pair import until
from three import THREE, Trio

from gsomia.app import Home
from gsomia.cli.main import EXITS, cli
from gsomia.errors import RefusedError
from gsomia.node import (
    Role,
    Sending,
    ask_consent,
    give_consent,
    mark,
    receipt,
    release,
    revoke_consent,
    transmit,
)
from gsomia.registry import Copy, CopyState

pytestmark = pytest.mark.wire

SENDING = Sending(to="KOR", level="極秘", subject="dprk-missile", purpose="defence", title="report")


def inside(trio: Trio, party: str, *words: str) -> tuple[int, str]:
    """A command in this process; its status and what it said, its verdict too."""
    done = CliRunner().invoke(cli, [*words, "--node", str(trio.folder / party)])
    error = done.exception
    status = next((number for kind, number in EXITS.items() if isinstance(error, kind)), done.exit_code)
    verdict = json.dumps(getattr(error, "verdict", {}), ensure_ascii=False) if error is not None else ""
    return status, done.stderr + done.stdout + verdict


def held(japan: Home, korea: Home) -> Copy:
    """An item of Japan's that Korea has marked."""
    copy = transmit(japan.node, io.BytesIO(b"report"), SENDING, by=japan.acting("", Role.DISCLOSURE))
    until(lambda: state(korea, copy.id) is CopyState.DELIVERED)
    mark(korea.node, copy.id, "군사II급비밀", by=korea.acting("", Role.REGISTRY))
    receipt(korea.node, copy.id, by=korea.acting("", Role.REGISTRY))
    return copy


def state(home: Home, copy: str) -> CopyState | None:
    with home.node.store.reading() as reader:
        found = reader.copy(copy)
    return found.state if found is not None else None


def consent(home: Home, name: str) -> str:
    with home.node.store.reading() as reader:
        found = reader.consent(name)
    return found.state if found is not None else ""


def is_now(home: Home, name: str, stands: str) -> bool:
    return consent(home, name) == stands


def test_a_withdrawn_consent_reaches_a_connected_node_within_a_second(trio: Trio) -> None:
    trio.start(*THREE)
    japan, korea = trio.home("JPN"), trio.home("KOR")
    ours, theirs = japan.acting("", Role.DISCLOSURE), korea.acting("", Role.DISCLOSURE)
    try:
        delays = []
        for _ in range(3):
            copy = held(japan, korea)
            (asked,) = ask_consent(korea.node, copy.id, "USA", "an assessment", by=theirs)
            until(partial(is_now, japan, asked.id, "asked"))
            give_consent(japan.node, asked.id, by=ours)
            until(partial(is_now, korea, asked.id, "granted"))
            began = time.monotonic()
            revoke_consent(japan.node, asked.id, "no longer", by=ours)
            until(partial(is_now, korea, asked.id, "revoked"))
            with pytest.raises(RefusedError):
                release(korea.node, copy.id, "USA", by=theirs)
            delays.append(time.monotonic() - began)
    finally:
        japan.close()
        korea.close()
    assert min(delays) < 1, f"from the withdrawal to the holder's refusal: {delays} s"


def test_consent_by_the_command(trio: Trio) -> None:
    trio.start(*THREE)
    japan, korea = trio.home("JPN"), trio.home("KOR")
    try:
        copy = held(japan, korea)
        status, said = inside(trio, "KOR", "consent", "ask", copy.id, "--to", "USA", "--why", "an assessment")
        assert status == 0, said
        request = said.split()[-1]
        until(lambda: consent(japan, request) == "asked")
        status, said = inside(trio, "JPN", "consent", "give", request, "--form", "oral")
        assert status == 3 and '"6(a)"' in said, said
        assert "oral" in inside(trio, "JPN", "refused")[1]
        words = ("--condition", "no copies", "--expires", "2030-01-01T00:00+09:00")
        status, said = inside(trio, "JPN", "consent", "give", request, *words)
        assert status == 0, said
        until(lambda: consent(korea, request) == "granted")
        status, said = inside(trio, "KOR", "release", copy.id, "--to", "USA")
        assert status == 3 and "nobody certified its conditions: no copies" in said
        assert "nobody certified its conditions: no copies" in inside(trio, "KOR", "refused")[1]
        released = trio.run("KOR", "release", copy.id, "--to", "USA", "--certify", request, "--wait", "30")
        assert released.returncode == 0, released.stderr
        status, said = inside(trio, "JPN", "consent", "revoke", request, "--why", "no longer")
        assert "told: KOR, USA" in said, said
        until(lambda: consent(korea, request) == "revoked")
        told = "JPN took back its consent to KOR for USA"
        until(lambda: all(told in inside(trio, party, "inbox")[1] for party in ("KOR", "USA")))
        told = json.loads(inside(trio, "KOR", "consent", "show", request, "--json")[1].removeprefix("EXERCISE\n"))
        (shown,) = told["consents"]
        assert (shown["state"], shown["why"], shown["conditions"]) == ("revoked", "no longer", ["no copies"])
        assert [(row["from"], row["to"], row["state"]) for row in shown["passed"]] == [("KOR", "USA", "delivered")]
        assert "no longer" in inside(trio, "KOR", "consent", "show", request)[1]
        assert "revoked" in inside(trio, "KOR", "consent", "list")[1]
        document = trio.folder / "report.txt"
        document.write_text("report")
        asking = ("--to", "KOR", "--level", "極秘", "--subject", "other", "--via", "USA", "--under", "tisa-2014")
        status, said = inside(trio, "JPN", "transmit", str(document), *asking)
        ways = [line for line in said.splitlines() if ": permit by " in line]
        assert status == 3 and "other ways, the most lawful first:" in said
        assert [line.split(": permit by ")[1] for line in ways] == [
            "jpn-kor-2016",
            "usa-jpn-2007+usa-kor-1987; you consent to USA, KOR having it",
        ]
    finally:
        japan.close()
        korea.close()
