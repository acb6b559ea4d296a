"""What is done with a held item as an act: consent taken back, destruction by two, loss, and what the law refuses."""

from __future__ import annotations

import io
from typing import Any

import pytest
from lying import act, message, send
from stories import Stage, finish, holds, official, once, refusals, register, same_story, words_of

from gsomia.errors import RefusedError, UsageError
from gsomia.node import (
    HANDLING,
    TOLD,
    Role,
    ask_consent,
    audit,
    destroy,
    give_consent,
    handle,
    open_item,
    release,
    revoke_consent,
    tell,
)
from gsomia.node.acts.signed import pack
from gsomia.node.acts.types import ACT_TYPES
from gsomia.registry import CopyState
from gsomia.testing import Exercise

PACT = "jpn-kor-2016"


@pytest.fixture
@once
def lived(stage: Stage) -> Exercise:
    """Two nodes, and one item of Japan's that Korea has receipted."""
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    finish(both["KOR"], both["KOR"].copies()[0].control_number)
    both.settle()
    return both


def test_destruction_takes_two_officers_and_both_registers_say_so(lived: Exercise) -> None:
    japan, korea = lived["JPN"], lived["KOR"]
    (copy,) = korea.copies()
    registrar, guard = korea.by(Role.REGISTRY), korea.by(Role.SECURITY)
    lived.enter(official("reader"), "KOR")
    with pytest.raises(RefusedError, match="cannot destroy alone"):
        destroy(korea.node, copy.id, "shredded", by=(registrar, registrar))
    with pytest.raises(RefusedError, match="does not hold the role `security`"):
        destroy(korea.node, copy.id, "shredded", by=(registrar, korea.by(Role.LEGAL)))
    assert korea.node.blobs.exists(copy.item)
    destroy(korea.node, copy.id, "shredded", by=(registrar, guard))
    assert not korea.node.blobs.exists(copy.item)
    lived.settle()
    for player in (japan, korea):
        assert register(player)[copy.id][0].state is CopyState.DESTROYED
    for again in (
        lambda: destroy(korea.node, copy.id, "shredded", by=(registrar, guard)),
        lambda: open_item(korea.node, copy.id, "reader", io.BytesIO()),
        lambda: handle(korea.node, "use", copy.id, "planning", by=registrar),
    ):
        with pytest.raises(RefusedError, match="was destroyed"):
            again()
    same_story(lived)
    holds(lived)
    with korea.node.blobs.writing(copy.item) as sink:
        sink.write(b"it came back")
    assert [c.name for c in audit(korea.node) if not c.holds] == ["sealed items"]


@pytest.mark.parametrize("roles", [(Role.REGISTRY,), (Role.SECURITY,), ()])
def test_a_peer_cannot_say_that_one_officer_destroyed(lived: Exercise, roles: tuple[str, ...]) -> None:
    (copy,) = lived["KOR"].copies()
    words: dict[str, Any] = {
        "item": copy.item,
        "copy": copy.id,
        "parties": ("JPN",),
        "body": {"what": "burnt", "certified": []},
    }
    lie = act(lived["KOR"], "destroy", roles=roles, **words)
    said = send(lived, "KOR", "JPN", message(lived["KOR"], "JPN", "acts", {"acts": pack([lie])}))
    assert "needs an officer with the role" in said["body"]["refused"][lie.id]
    assert register(lived["JPN"])[copy.id][0].state is CopyState.RECEIPTED


def test_a_consent_that_was_taken_back_carries_no_release(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2018-01-10T12:00:00+09:00")
    japan, korea = three["JPN"], three["KOR"]
    sent = japan.transmit(b"report", to="KOR", level="極秘")
    three.settle()
    finish(korea, sent.id)
    ask_consent(korea.node, sent.id, "USA", "exercise", by=korea.by(Role.DISCLOSURE))
    three.settle()
    give_consent(japan.node, sent.item, by=japan.by(Role.DISCLOSURE))
    three.settle()
    revoke_consent(japan.node, sent.item, "no longer", by=japan.by(Role.DISCLOSURE))
    with pytest.raises(UsageError, match="no one consent"):
        revoke_consent(japan.node, sent.item, "again", by=japan.by(Role.DISCLOSURE))
    three.settle()
    for player in three.players.values():
        with player.node.store.reading() as reader:
            assert [c.state for c in reader.consents()] == ["revoked"], player.node.party
    with pytest.raises(RefusedError):
        release(korea.node, sent.id, "USA", by=korea.by(Role.DISCLOSURE))
    same_story(three)
    holds(three)


def test_a_consent_is_taken_back_by_its_originator_alone(lived: Exercise) -> None:
    (copy,) = lived["KOR"].copies()
    body = {"consent": "x", "originator": "JPN", "asker": "KOR", "receivers": ["USA"], "why": "x"}
    lie = act(lived["KOR"], "revoke-consent", roles=(Role.DISCLOSURE,), item=copy.item, parties=("JPN",), body=body)
    send(lived, "KOR", "JPN", message(lived["KOR"], "JPN", "acts", {"acts": pack([lie])}))
    assert "only the originator `JPN` takes its consent back" in words_of(refusals(lived["JPN"]))


def test_a_loss_is_reported_and_what_is_done_is_recorded_where_the_law_permits_it(lived: Exercise) -> None:
    korea = lived["KOR"]
    (copy,) = korea.copies()
    registrar = korea.by(Role.REGISTRY)
    handle(korea.node, "report-loss", copy.id, "seal found open", by=korea.by(Role.SECURITY))
    with pytest.raises(RefusedError):
        handle(korea.node, "translate", copy.id, "into Korean", by=registrar)
    done = handle(
        korea.node,
        "translate",
        copy.id,
        "into Korean",
        certified=("translation-note", "translator-cleared", "marks-reproduced", "copies-numbered", "record-made"),
        by=registrar,
    )
    assert done.statement.body["certified"] == sorted(done.statement.body["certified"])
    lived.settle()
    with lived["JPN"].node.store.reading() as reader:
        kinds = [one.statement.type for one in reader.acts(types=["report-loss", "translate"], item=copy.item)]
    assert kinds == ["report-loss", "translate"]
    same_story(lived)
    holds(lived)


def test_what_is_told_stands_at_both_nodes(lived: Exercise) -> None:
    japan, korea = lived["JPN"], lived["KOR"]
    tell(japan.node, "appoint", PACT, "Defense Intelligence Headquarters", by=japan.by(Role.LEGAL))
    tell(japan.node, "notify-law-change", PACT, "EXERCISE", by=japan.by(Role.LEGAL))
    with pytest.raises(UsageError, match="no agreement of this node's"):
        tell(japan.node, "appoint", "tisa-2014x", "x", by=japan.by(Role.LEGAL))
    lived.settle()
    with korea.node.store.reading() as reader:
        assert [one.statement.party for one in reader.acts(types=["appoint", "notify-law-change"])] == ["JPN", "JPN"]
    holds(lived)


@pytest.mark.parametrize(
    ("kind", "about", "certified", "articles"),
    [
        ("warn", "", (), ["2(a)"]),
        ("warn", "held", (), ["unread"]),
        ("warn", "held", ("launched",), ["unread"]),
        ("visit", "", ("nothing-shown", "authority-notified"), ["8"]),
        ("visit", "", ("host-authorised", "authority-notified"), ["4.1", "8"]),
        ("visit", "", ("nothing-shown", "host-authorised"), ["2(d)", "8"]),
        ("visit", "", ("nothing-shown", "host-authorised", "authority-notified"), []),
        ("visit", "held", ("host-authorised", "authority-notified"), []),
        ("notify-law-change", "", (), []),
    ],
)
def test_what_is_told_is_asked_first(
    lived: Exercise, kind: str, about: str, certified: tuple[str, ...], articles: list[str]
) -> None:
    korea = lived["KOR"]
    reference = korea.copies()[0].id if about else ""
    by = korea.by(ACT_TYPES[kind].roles[0])
    if not articles:
        tell(korea.node, kind, PACT, "EXERCISE", reference=reference, certified=certified, by=by)
    else:
        with pytest.raises(RefusedError, match=f"{kind} under {PACT}: ") as caught:
            tell(korea.node, kind, PACT, "EXERCISE", reference=reference, certified=certified, by=by)
        grounds = caught.value.verdict["grounds"]
        assert sorted({g["article"] for g in grounds if g["effect"] != "permit"}) == articles
        assert refusals(korea)
    with korea.node.store.reading() as reader:
        assert len(list(reader.acts(types=[kind]))) == (not articles)
    lived.settle()
    holds(lived)


def test_a_fact_of_a_visit_is_not_certified_of_a_copy(lived: Exercise) -> None:
    korea = lived["KOR"]
    with pytest.raises(UsageError, match="nobody certifies `record-made` here"):
        tell(korea.node, "visit", PACT, "x", certified=("record-made",), by=korea.by(Role.SECURITY))


def test_each_type_names_its_officers() -> None:
    assert all(ACT_TYPES[kind].roles for kind in (*HANDLING, *TOLD, "revoke-consent"))
    assert len(ACT_TYPES["destroy"].roles) == 2
