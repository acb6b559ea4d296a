"""Persons, rosters and rights by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Run

ENTER = ("--clearance", "SECRET", "--need", "dprk-missile", "--by", "sato")


def answer(run: Run, *words: object) -> dict[str, Any]:
    """The JSON of a command that succeeds."""
    status, out, err = run(*words, "--json")
    assert status == 0, err
    read: dict[str, Any] = json.loads(out)
    return read


def test_a_person_from_joining_to_leaving(run: Run, node: Path) -> None:
    at = ("--node", node)
    ends = ("--expires", "2100-01-01T00:00+09:00", "--basis", "PSC 7")
    # `--roster` alone is the node's own facility.
    assert run("person", "enter", "kim", *ENTER, "--roster", "--as", "reader", *ends, *at)[0] == 0
    assert run("person", "enter", "lee", *ENTER, "--roster", "north", "--roster", "main", *at)[0] == 0
    kim, lee = answer(run, "person", "list", *at)["persons"]
    assert (kim["clearance"], kim["expires"], kim["rosters"]) == ("SECRET", "2099-12-31T15:00:00.000000Z", "main")
    assert (lee["rosters"], lee["expires"], lee["house roles"]) == ("main, north", "", "")
    assert answer(run, "roster", "list", *at)["rosters"] == [
        {"facility": "main", "persons": 2},
        {"facility": "north", "persons": 1},
    ]
    assert answer(run, "roster", "show", "main", *at)["persons"] == ["kim", "lee"]
    assert answer(run, "roster", "show", "main", "--limit", "1", *at)["next"] == "kim"
    assert run("roster", "show", "north", "--after", "kim", *at)[1].split() == ["EXERCISE", "person", "lee"]
    status, _, err = run("roster", "show", "south", *at)
    assert status == 2 and "nobody stands on a roster of `south`" in err
    # A change leaves the rest as it stands.
    assert run("person", "change", "kim", "--clearance", "CONFIDENTIAL", "--by", "sato", *at)[0] == 0
    assert run("person", "brief", "kim", "--what", "codes", "--on", "2018-01-01", "--by", "sato", *at)[0] == 0
    assert run("officer", "enrol", "kim-2", "--role", "registry", "--person", "kim", "--by", "sato", *at)[0] == 0
    shown = answer(run, "person", "show", "kim", *at)
    assert (shown["clearance"], shown["basis"], shown["house roles"]) == ("CONFIDENTIAL", "PSC 7", "reader")
    assert shown["officers"] == [{"officer": "kim-2", "roles": ["registry"]}]
    assert [one["what"] for one in shown["briefings"]] == ["codes"]
    status, out, _ = run("person", "show", "kim", *at)
    assert status == 0 and "briefed on 2018-01-01: codes" in out and "signs as kim-2: registry" in out

    assert answer(run, "person", "list", "--lapsed", *at)["lapses"] == []
    assert run("person", "leave", "kim", "--why", "moved", "--by", "sato", *at)[:2] != (0, "")
    (left,) = answer(run, "person", "list", "--lapsed", *at)["lapses"]
    assert (left["person"], left["what"]) == ("kim", "left") and "nothing is opened" in left["consequences"][0]
    assert [one["officer"] for one in answer(run, "officer", "list", *at)["officers"]] == ["ito", "mori", "sato"]
    assert run("verify", *at)[0] == 0


def test_long_lists_come_page_by_page(run: Run, node: Path) -> None:
    for name in ("a", "b", "c"):
        assert run("person", "enter", name, *ENTER, "--roster", f"at-{name}", "--node", node)[0] == 0
    for words, list_, key in (
        (("person", "list"), "persons", "person"),
        (("roster", "list"), "rosters", "facility"),
        (("officer", "list"), "officers", "officer"),
    ):
        whole = [one[key] for one in answer(run, *words, "--node", node)[list_]]
        pages: list[str] = []
        behind = ""
        for _ in range(4):
            page = answer(run, *words, "--limit", 1, "--after", behind, "--node", node)
            pages += [one[key] for one in page[list_]]
            behind = page["next"]
            if not behind:
                break
        assert pages == whole and len(whole) == 3
    status, out, err = run("person", "list", "--facility", "at-b", "--limit", 1, "--node", node)
    assert status == 0 and out.splitlines()[-1].startswith("b ") and "more: --after 'b'" in err
    page = answer(run, "person", "list", "--lapsed", "--limit", 1, "--node", node)
    assert page["lapses"] == []


REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "one's own clearance": (
        ("person", "enter", "sato", "--clearance", "SECRET", "--by", "sato"),
        3,
        "about themselves",
    ),
    "one's own key": (
        ("officer", "enrol", "x", "--role", "legal", "--person", "sato", "--by", "sato"),
        3,
        "`sato` cannot sign what is about themselves",
    ),
    "not a security officer": (("person", "leave", "kim", "--why", "x", "--by", "mori"), 3, "the role `security`"),
    "nobody": (("person", "change", "nobody", "--role", "official", "--by", "sato"), 2, "unknown person `nobody`"),
    "no change": (("person", "change", "kim", "--by", "sato"), 2, "nothing to change was named"),
    "an unknown role of the house": (("person", "enter", "x", *ENTER, "--as", "root"), 2, "known: custodian, reader"),
    "a briefing backwards": (
        ("person", "brief", "kim", "--what", "x", "--on", "2018-02-01", "--until", "2018-01-01", "--by", "sato"),
        2,
        "cannot count until",
    ),
    "a facility without a name": (("person", "enter", "x", *ENTER, "--roster", ""), 2, "not a facility"),
    "no item": (("place", "x", "main", "--by", "mori"), 2, "`x`"),
    "a right that the person lacks": (("rights", "ask", "kim", "destroy"), 3, ""),
    "an act that is unknown": (("rights", "ask", "kim", "fly"), 2, "unknown act `fly`"),
    "nobody's right": (("rights", "ask", "nobody", "open"), 2, "no officer and no person"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_may_not_be_is_said(run: Run, node: Path, what: str) -> None:
    assert run("person", "enter", "kim", *ENTER, "--roster", "--node", node)[0] == 0
    words, expected, says = REFUSED[what]
    status, _, err = run(*words, "--node", node)
    assert status == expected and says in err, err


def test_the_table_and_what_it_says_of_a_person(run: Run, node: Path) -> None:
    assert run("person", "enter", "kim", *ENTER, "--roster", "--as", "reader", "--node", node)[0] == 0
    rows = answer(run, "rights", "list", "--role", "reader")["rights"]
    assert {"role": "reader", "act": "open", "when": ["for-oneself"]} in rows
    assert {row["role"] for row in rows} == {"reader"}
    status, out, _ = run("rights", "list")
    assert status == 0 and "two-persons" in out
    assert run("rights", "list", "--role", "root")[0] == 2
    asked = answer(run, "rights", "ask", "kim", "open", "--node", node)
    assert (asked["person"], asked["outcome"]) == ("kim", "permit")
    status, out, _ = run("rights", "ask", "kim", "open", "--for", "lee", "--node", node)
    assert status == 3 and "reader x open: it is for oneself alone" in out
    status, out, _ = run("rights", "ask", "sato", "enter-person", "--node", node)
    assert status == 3 and "nobody does it for themselves" in out
