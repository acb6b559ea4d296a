"""The table of rights: default deny, what each condition asks, and that it is read strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import DataError
from gsomia.identity import CONDITIONS, ROLES, About, Principal, Rights
from gsomia.node import ACT_TYPES, Role

RIGHTS = Rights.load()
AT = datetime(2018, 2, 1, tzinfo=UTC)
ROWS = {(right.role, right.act) for right in RIGHTS.rows()}


def who(*roles: str, **words: Any) -> Principal:
    """Kim, in these roles."""
    return Principal(party="KOR", person="kim", at=AT, roles=frozenset(roles), **words)


ABOUTS = st.builds(
    About,
    person=st.sampled_from([None, "kim", "lee"]),
    askers=st.sampled_from([None, frozenset(), frozenset({"kim"})]),
    signers=st.sampled_from([None, frozenset({"kim"}), frozenset({"lee"})]),
    subject=st.sampled_from([None, "dprk-missile"]),
    rank=st.sampled_from([None, 0, 2]),
    facility=st.sampled_from([None, "main"]),
    named=st.sampled_from(["", "need", "no-need"]),
)


@given(
    roles=st.frozensets(st.sampled_from([*ROLES, "root", ""])),
    act=st.sampled_from([*RIGHTS.acts, "anything", ""]),
    about=ABOUTS,
)
def test_what_no_row_permits_is_refused(roles: frozenset[str], act: str, about: About) -> None:
    """Whatever it is about: without a row for one of the roles the answer is no, with a ground."""
    kim = who(*roles, clearance="TOP SECRET", needs=frozenset({"dprk-missile"}), rosters=frozenset({"main"}))
    decision = RIGHTS.decide(kim, act, about)
    assert decision.grounds
    if decision.permitted:
        row = decision.grounds[0].row
        assert row in {f"{role} x {act}" for role in roles} and (row.split(" x ")[0], act) in ROWS
    elif any((role, act) in ROWS for role in roles):
        assert all(ground.row.endswith(f" x {act}") for ground in decision.grounds)


@given(act=st.sampled_from(list(RIGHTS.acts)), about=ABOUTS)
def test_nobody_without_a_role_may_anything(act: str, about: About) -> None:
    assert not RIGHTS.decide(who(), act, about).permitted


def test_nobody_reads_contents_by_running_or_auditing_the_node() -> None:
    """Contents are read by readers, given by disclosure officers, copied by registry officers, and by nobody else."""
    roles = {right.role for act in RIGHTS.acts.values() if act.kind == "contents" for right in act.rights}
    assert roles == {Role.READER, Role.DISCLOSURE, Role.REGISTRY}


def test_an_auditor_reads_everything_but_contents_and_signs_nothing() -> None:
    for act in RIGHTS.acts.values():
        audits = any(right.role == Role.AUDITOR and right.when in ((), ("for-oneself",)) for right in act.rights)
        assert audits is (act.kind == "read"), act.name


def test_an_act_that_is_signed_is_for_the_roles_whose_signature_it_needs() -> None:
    """The house's table takes nothing from what the Parties verify and gives nothing beyond it."""
    named = [kind for act in RIGHTS.acts.values() for kind in act.signs]
    assert {*named} == {name for name, kind in ACT_TYPES.items() if kind.roles or kind.by_subject}
    for act in RIGHTS.acts.values():
        for kind in act.signs:
            signed = {*ACT_TYPES[kind].roles, *ACT_TYPES[kind].by_subject.values()}
            assert {right.role for right in act.rights} == signed, kind


CASES: list[tuple[str, About, str]] = [
    ("for-oneself", About(person="kim"), ""),
    ("for-oneself", About(person="lee"), "for oneself alone"),
    ("for-oneself", About(), "for oneself alone"),
    ("for-another", About(person="lee"), ""),
    ("for-another", About(person="kim"), "nobody does it for themselves"),
    ("for-another", About(), "not said"),
    ("not-the-asker", About(askers=frozenset({"lee"})), ""),
    ("not-the-asker", About(askers=frozenset({"kim", "lee"})), "their own request"),
    ("not-the-asker", About(), "not said"),
    ("two-persons", About(signers=frozenset({"kim", "lee"})), ""),
    ("two-persons", About(signers=frozenset({"kim"})), "two persons"),
    ("two-persons", About(), "two persons"),
    ("cleared", About(rank=2), ""),
    ("cleared", About(rank=3), "does not reach"),
    ("cleared", About(), "not said"),
    ("need", About(subject="dprk-missile"), ""),
    ("need", About(subject="cyber"), "do not require"),
    ("need", About(subject="cyber", named="need"), ""),
    ("need", About(subject="dprk-missile", named="no-need"), "no need"),
    ("need", About(), "do not require"),
    ("on-roster", About(facility="main"), ""),
    ("on-roster", About(facility="other"), "not on the roster"),
    ("on-roster", About(), "not on the roster"),
]


@pytest.mark.parametrize(("condition", "about", "says"), CASES)
def test_a_condition_holds_or_says_why_not(condition: str, about: About, says: str) -> None:
    kim = who(clearance="SECRET", needs=frozenset({"dprk-missile"}), rosters=frozenset({"main"}))
    why = CONDITIONS[condition](kim, about)
    assert says in why and bool(why) is bool(says)


def test_every_condition_is_tried_here_and_used_there() -> None:
    assert {case[0] for case in CASES} == {*CONDITIONS}
    assert {name for right in RIGHTS.rows() for name in right.when} <= {*CONDITIONS}


def test_a_refusal_names_the_row_and_stands_in_the_shape_of_a_verdict() -> None:
    decision = RIGHTS.decide(who(Role.READER), "open", About(person="lee"))
    assert decision.to_json() == {
        "outcome": "refuse",
        "grounds": [
            {
                "effect": "refuse",
                "instrument": "",
                "article": "",
                "clause": "rights: reader x open",
                "text": "it is for oneself alone",
            }
        ],
    }
    assert "is for reader; roles of `kim`: administrator" in RIGHTS.decide(who("administrator"), "open").grounds[0].text


HEAD = 'version = 1\n[tools]\ndoes = "x"\ncommands = ["seal"]\n'
ROW = '[act.open]\ndoes = "open"\nkind = "contents"\n'
BROKEN: dict[str, tuple[str, str]] = {
    "no table": ("version = ", "rights.toml: "),
    "another version": (HEAD.replace("= 1", "= 2"), "version `2` is not known; allowed: 1"),
    "no version": ("[tools]\n", "version `None`"),
    "an unknown part": (HEAD + "[acts.x]\n", "unknown key `acts`; known: act, tools, version"),
    "no acts": (HEAD, "act: a table was expected"),
    "an unknown role": (HEAD + ROW + "rights = { root = [] }\n", "open: unknown role `root`; known: disclosure,"),
    "an unknown condition": (HEAD + ROW + 'rights = { reader = ["never"] }\n', "reader: unknown condition `never`"),
    "conditions that are no list": (HEAD + ROW + 'rights = { reader = "need" }\n', "a list of words was expected"),
    "an unknown kind": (HEAD + ROW.replace("contents", "any") + "rights = {}\n", "kind `any` is not known"),
    "a misspelt key": (HEAD + ROW + "right = {}\n", "open: unknown key `right`; known: commands, does"),
    "no rights": (HEAD + ROW, "open: a table was expected"),
    "another locality": (HEAD + ROW + 'local = "all"\nrights = {}\n', "local `all` is not known; allowed: folder"),
    "a command twice": (HEAD + ROW + 'commands = ["seal"]\nrights = {}\n', "the command `seal` stands there twice"),
    "nothing said": (HEAD + ROW.replace('"open"', '""') + "rights = {}\n", "`does` says what it does"),
}


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN)
def test_a_table_is_read_strictly(text: str, says: str) -> None:
    with pytest.raises(DataError) as error:
        Rights.read(text)
    assert says in str(error.value)


def test_an_act_without_rows_is_for_nobody() -> None:
    rights = Rights.read(HEAD + ROW + "rights = {}\n")
    assert "`open` is for nobody" in rights.decide(who(*ROLES), "open").grounds[0].text
