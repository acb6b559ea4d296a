"""One Party asks another for information: who may, what the other sees, and what counts as an answer."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lying import OTHER_ITEM, act, message, send
from stories import MARKS, Stage, finish, forget, holds, refusals, same_story, words_of

from gsomia.agreement import LegalAct
from gsomia.config import shipped_law
from gsomia.errors import GsomiaError, RefusedError, UsageError
from gsomia.node import (
    InformationWanted,
    Note,
    Role,
    SignedAct,
    TrustedKeys,
    ask_information,
    audit,
    check_bundle,
    enter_legal_acts,
    inbox_lists,
    instant,
    refuse_request,
    release,
    request_rows,
    request_view,
    write_bundle,
)
from gsomia.node.acts.signed import pack
from gsomia.store import SqlStore
from gsomia.testing import Exercise, Player

HOUR = timedelta(hours=1)
NOTE = Note.of_text("EXERCISE 9", b"the competent authority is named", dated="2016-12-01")

WANTED = InformationWanted(
    to="JPN", under="jpn-kor-2016", subject="dprk-missile", what="the track of the launch of 4 July 2017", level="極秘"
)
"""What Korea asks Japan for, as on 2 October 2019 it asked for data on a launch (jk-047)."""


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Two nodes, nothing asked yet."""
    return stage()


def by(player: Player, role: str = Role.DISCLOSURE) -> Any:
    return player.by(role)


def name_authority(exercise: Exercise, at: str, of: str, *, form: str = "note") -> None:
    """A Party's legal officer enters the note by which an authority was named (Article 2(d))."""
    player = exercise[at]
    legal = LegalAct(
        id=f"jpn-kor-2016/designate-{of.lower()}",
        under="jpn-kor-2016",
        act="designate-authority",
        by=of,
        at=exercise.clock.at - 24 * HOUR,
        form=form,
        source="EXERCISE 9",
        confidence="A",
        known_at=exercise.clock.at,
    )
    enter_legal_acts(player.node, [legal], NOTE, by=player.by(Role.LEGAL), tell=False)


def ask(exercise: Exercise, wanted: InformationWanted = WANTED, *, party: str = "KOR") -> SignedAct:
    """An officer certifies that the authority was notified, and asks."""
    player = exercise[party]
    said = ask_information(player.node, wanted, certified=("authority-notified",), by=by(player))
    exercise.settle()
    return said


def row(player: Player) -> dict[str, Any]:
    """The one request that a Party knows."""
    with player.node.store.reading() as reader:
        (found,) = request_rows(player.node, reader, player.node.clock.now())
    return found


def waits(player: Player) -> list[str]:
    """The requests in a Party's inbox."""
    with player.node.store.reading() as reader:
        return [one["request"] for _, one in inbox_lists(player.node, reader)["information"]]


def test_a_request_waits_at_the_other_and_is_answered_by_what_names_it(both: Exercise) -> None:
    asked = ask(both, replace(WANTED, due=both.clock.at + 48 * HOUR))
    assert waits(both["JPN"]) == [asked.id] and waits(both["KOR"]) == []
    for player in both.players.values():
        said = row(player)
        assert (said["asker"], said["asked"], said["state"], said["late"]) == ("KOR", "JPN", "open", False)
        assert (said["subject"], said["level"], said["what"]) == (WANTED.subject, "極秘", WANTED.what)
    both.pass_time(49 * HOUR)
    assert row(both["JPN"])["late"]
    copy = both["JPN"].transmit(b"the track", to="KOR", level=MARKS["JPN"], answers=asked.id)
    assert row(both["JPN"])["state"] == "answered" and row(both["KOR"])["state"] == "open"
    both.settle()
    finish(both["KOR"], copy.id)
    both.settle()
    assert waits(both["JPN"]) == []
    for player in both.players.values():
        (answer,) = row(player)["answers"]
        assert (answer["copy"], answer["state"], row(player)["state"]) == (copy.id, "receipted", "answered")
        assert answer["control_number"].startswith(player.node.party)
    with pytest.raises(RefusedError, match="is answered by"):
        refuse_request(both["JPN"].node, asked.id, "no", by=by(both["JPN"]))
    same_story(both)
    holds(both)


def test_a_request_is_refused_in_writing_and_stays_so(both: Exercise) -> None:
    asked = ask(both)
    with pytest.raises(UsageError, match="why is it refused"):
        refuse_request(both["JPN"].node, asked.id, " ", by=by(both["JPN"]))
    with pytest.raises(UsageError, match="is not open here"):
        refuse_request(both["JPN"].node, asked.id[1:], "no", by=by(both["JPN"]))
    refuse_request(both["JPN"].node, asked.id[:-1], "the source would be known by it", by=by(both["JPN"]))
    both.settle()
    for player in both.players.values():
        assert (row(player)["state"], row(player)["why"]) == ("refused", "the source would be known by it")
    for late in (
        lambda: refuse_request(both["JPN"].node, asked.id, "again", by=by(both["JPN"])),
        lambda: both["JPN"].transmit(b"the track", to="KOR", level=MARKS["JPN"], answers=asked.id),
    ):
        with pytest.raises(UsageError, match="was refused by act"):
            late()
    holds(both)


def test_an_answer_that_the_other_did_not_take_leaves_the_request_open(both: Exercise) -> None:
    """Korea's law is in another version when the copy is offered: it refuses the copy, and nothing was answered."""
    asked = ask(both)
    both["JPN"].transmit(b"the track", to="KOR", level=MARKS["JPN"], answers=asked.id)
    forget(both["KOR"], "UPDATE adopted SET version = 'f' || substr(version, 2) WHERE instrument = 'jpn-kor-2016'")
    both.settle(tolerate=True)
    assert [row(player)["state"] for player in both.players.values()] == ["open", "open"]
    assert waits(both["JPN"]) == [asked.id]
    refuse_request(both["JPN"].node, asked.id, "not before both apply one text", by=by(both["JPN"]))
    assert row(both["JPN"])["state"] == "refused"


def test_each_side_puts_the_request_to_the_agreement_by_its_own_record(both: Exercise) -> None:
    """What Korea certifies of its authority is Korea's word; Japan's record says it once Japan entered the note."""
    with pytest.raises(RefusedError) as caught:
        ask_information(both["KOR"].node, WANTED, by=by(both["KOR"]))
    (ground,) = [g for g in caught.value.verdict["grounds"] if g["effect"] != "permit"]
    assert (ground["article"], ground["fact"]) == ("2(d)", "authority-notified")
    assert "authority-notified" in words_of(refusals(both["KOR"]))
    name_authority(both, "KOR", "KOR", form="email")
    with pytest.raises(RefusedError):
        ask_information(both["KOR"].node, WANTED, by=by(both["KOR"]))
    asked = ask(both)

    def judged(party: str) -> str:
        player = both[party]
        with player.node.store.reading() as reader:
            found = reader.request(asked.id)
            assert found is not None
            return str(request_view(player.node, reader, found, both.clock.at)["verdict"]["outcome"])

    assert (judged("KOR"), judged("JPN")) == ("permit", "refuse")
    name_authority(both, "JPN", "KOR")
    assert judged("JPN") == "permit"


def test_one_who_has_entered_the_note_needs_no_officer_s_word(both: Exercise) -> None:
    name_authority(both, "KOR", "KOR")
    assert ask_information(both["KOR"].node, WANTED, by=by(both["KOR"])).statement.body["certified"] == []


# What is asked, when, and what the law says of it.
ASKED: dict[str, tuple[str, InformationWanted, str]] = {
    "while a notice is pending": ("2019-08-24T10:00:00+09:00", WANTED, "permit"),
    "before the agreement was signed": ("2016-11-22T10:00:00+09:00", WANTED, "refuse"),
    "by the arrangement, of a navy": (
        "2018-01-10T12:00:00+09:00",
        replace(WANTED, under="tisa-2014", subject="chn-navy", via=("USA",)),
        "refuse",
    ),
    "by the arrangement, past the hub": (
        "2018-01-10T12:00:00+09:00",
        replace(WANTED, under="tisa-2014"),
        "refuse",
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_agreement_says_when_and_of_what_may_be_asked(stage: Stage, name: str) -> None:
    at, wanted, outcome = ASKED[name]
    exercise = stage("JPN", "KOR", "USA", at=at)
    if outcome == "permit":
        ask(exercise, wanted)
        assert waits(exercise["JPN"])
    else:
        with pytest.raises(RefusedError):
            ask(exercise, wanted)
        assert refusals(exercise["KOR"])


def test_a_request_through_the_hub_reaches_a_party_that_the_asker_cannot_reach(stage: Stage) -> None:
    """Korea's node told America alone; America's passes it on, and the refusal back."""
    three = stage("JPN", "KOR", "USA")
    wanted = replace(WANTED, under="tisa-2014", via=("USA",))
    asked = ask(three, wanted)
    assert {party: row(player)["state"] for party, player in three.players.items()} == dict.fromkeys(
        three.players, "open"
    )
    lone = act(
        three["KOR"],
        "request",
        roles=(Role.DISCLOSURE,),
        instrument="tisa-2014",
        parties=("USA",),
        body=dict(asked.statement.body),
    )
    send(three, "KOR", "USA", message(three["KOR"], "USA", "acts", {"acts": pack([lone])}))
    three.settle()
    assert lone.id in waits(three["JPN"])
    holds(three)


def test_an_answer_through_the_hub_is_an_answer(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    asked = ask(three, replace(WANTED, under="tisa-2014", via=("USA",)))
    way = {"to": "KOR", "via": ("USA",), "under": "tisa-2014"}
    copy = three["JPN"].transmit(b"the track", level=MARKS["JPN"], answers=asked.id, **way)
    three.settle()
    finish(three["USA"], copy.id)
    release(three["USA"].node, copy.id, "KOR", by=by(three["USA"]))
    three.settle()
    assert {row(player)["state"] for player in three.players.values()} == {"answered"}
    holds(three)


def test_the_bundle_of_an_answer_holds_without_the_request(both: Exercise) -> None:
    """A bundle has the acts on one item; a request is on none, and the answer's name for it stands in the act."""
    asked = ask(both)
    copy = both["JPN"].transmit(b"the track", to="KOR", level=MARKS["JPN"], answers=asked.id)
    both.settle()
    finish(both["KOR"], copy.id)
    both.settle()
    for player in both.players.values():
        sink, own = io.BytesIO(), player.node.keys
        write_bundle(player.node, copy.item, lambda name, _version: shipped_law()[name], sink)
        keys = {player.node.party: TrustedKeys(signing=own.signing.public, log=own.log.public)}
        sink.seek(0)
        found = check_bundle(sink, keys, at=both.clock.at, unwitnessed=24 * HOUR, scratch=SqlStore.scratch)
        assert found and [check.fault for check in found if not check.holds] == []


# --- bad input, and lies ----------------------------------------------------------------------------------------------

BAD: dict[str, tuple[InformationWanted, str]] = {
    "of an agreement that is none": (replace(WANTED, under="jpn-gbr-2020"), "unknown agreement `jpn-gbr-2020`"),
    "of a Party that is none": (replace(WANTED, to="ZZZ"), "unknown Party `ZZZ`"),
    "of oneself": (replace(WANTED, to="KOR"), "from `KOR` to itself"),
    "through oneself": (replace(WANTED, via=("KOR",)), "from `KOR` to itself"),
    "a subject that is none": (replace(WANTED, subject="weather"), "unknown subject `weather`"),
    "a purpose that is none": (replace(WANTED, purpose="fun"), "unknown purpose `fun`"),
    "a mark of the asker's": (replace(WANTED, level=MARKS["KOR"]), "unknown level .* of `JPN`"),
    "nothing": (replace(WANTED, what="  "), "what is asked for"),
    "two lines": (replace(WANTED, what="a\nb"), "what is asked for"),
    "for a day that is gone": (replace(WANTED, due=datetime(2016, 11, 23, tzinfo=UTC)), "is past"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_asked_is_said_before_anything_is_signed(both: Exercise, name: str) -> None:
    wanted, says = BAD[name]
    with pytest.raises(UsageError, match=says):
        ask(both, wanted)
    assert waits(both["JPN"]) == []


def test_nobody_certifies_what_is_no_fact_of_a_request(both: Exercise) -> None:
    with pytest.raises(UsageError, match="nobody certifies `launched`"):
        ask_information(both["KOR"].node, WANTED, certified=("launched",), by=by(both["KOR"]))


@pytest.mark.parametrize("role", [Role.REGISTRY, Role.SECURITY, Role.LEGAL])
def test_another_officer_neither_asks_nor_refuses(both: Exercise, role: str) -> None:
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        ask_information(both["KOR"].node, WANTED, certified=("authority-notified",), by=by(both["KOR"], role))
    asked = ask(both)
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        refuse_request(both["JPN"].node, asked.id, "no", by=by(both["JPN"], role))


def test_what_answers_goes_to_who_asked(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    asked = ask(three)
    with pytest.raises(UsageError, match="`KOR` made the request"):
        three["JPN"].transmit(b"the track", to="USA", level=MARKS["JPN"], answers=asked.id)
    with pytest.raises(UsageError, match="is not open here"):
        three["JPN"].transmit(b"the track", to="KOR", level=MARKS["JPN"], answers=OTHER_ITEM)
    with pytest.raises(UsageError, match="is not open here"):
        refuse_request(three["KOR"].node, asked.id, "one's own", by=by(three["KOR"]))


def told(exercise: Exercise, sender: str, to: str, lie: SignedAct) -> str:
    """Hand an act to a node; why it refused it."""
    said = send(exercise, sender, to, message(exercise[sender], to, "acts", {"acts": pack([lie])}))
    return str(said["body"]["refused"].get(lie.id, ""))


BODY: dict[str, Any] = {
    "to": "JPN",
    "via": [],
    "subject": "dprk-missile",
    "level": "",
    "purpose": "defence",
    "what": "the track",
    "due": "",
    "certified": [],
    "verdict": "0" * 64,
}
Lie = Callable[[Exercise], dict[str, Any]]
REQUESTS: dict[str, tuple[Lie, str]] = {
    "to another Party": (lambda e: {"body": BODY | {"to": "USA"}}, "no request of or to `JPN`"),
    "to its own Party": (lambda e: {"body": BODY | {"to": "KOR"}}, "no request of or to `JPN`"),
    "round in a circle": (lambda e: {"body": BODY | {"via": ["JPN"]}}, "no request of or to `JPN`"),
    "for a subject that is none": (lambda e: {"body": BODY | {"subject": "x"}}, "does not fit `request`"),
    "for nothing": (lambda e: {"body": BODY | {"what": ""}}, "does not fit `request`"),
    "in two lines": (lambda e: {"body": BODY | {"what": "a\nb"}}, "does not fit `request`"),
    "under nothing": (lambda e: {"instrument": ""}, "does not fit `request`"),
    "wanted before it was made": (lambda e: {"body": BODY | {"due": instant(e.clock.at)}}, "does not fit `request`"),
    "wanted some day": (lambda e: {"body": BODY | {"due": "soon"}}, "does not fit `request`"),
    "dated tomorrow": (lambda e: {"at": e.clock.at + 24 * HOUR}, "ahead of this node's clock"),
    "without a body": (lambda e: {"body": {}}, "does not fit `request`"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_no_request_is_refused_and_kept(both: Exercise, name: str) -> None:
    change, says = REQUESTS[name]
    words: dict[str, Any] = {"parties": ("JPN",), "body": BODY} | change(both)
    lie = act(both["KOR"], "request", roles=(Role.DISCLOSURE,), **words)
    assert re.search(says, told(both, "KOR", "JPN", lie))
    assert re.search(says, words_of(refusals(both["JPN"])))
    assert waits(both["JPN"]) == []


def test_a_request_that_no_disclosure_officer_signed_is_none(both: Exercise) -> None:
    lie = act(both["KOR"], "request", roles=(Role.SECURITY,), parties=("JPN",), body=BODY)
    assert "needs an officer with the role `disclosure`" in told(both, "KOR", "JPN", lie)


def test_only_the_party_asked_refuses_and_only_once_and_not_what_it_answered(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    asked = ask(three)

    def refusal(party: str, request: str = asked.id, **words: Any) -> SignedAct:
        body = {"request": request, "why": "no", "outcome": "permit", "verdict": "0" * 64}
        return act(three[party], "refuse-request", roles=(Role.DISCLOSURE,), parties=("KOR",), body=body, **words)

    assert "is for `JPN` to answer, not for `USA`" in told(three, "USA", "KOR", refusal("USA"))
    assert "was never made here" in told(three, "JPN", "KOR", refusal("JPN", OTHER_ITEM))
    assert "on which it rests" in told(three, "JPN", "KOR", refusal("JPN", at=three.clock.at - HOUR))
    three["JPN"].transmit(b"the track", to="KOR", level=MARKS["JPN"], answers=asked.id)
    three.settle()
    assert "is answered by" in told(three, "JPN", "KOR", refusal("JPN"))
    assert row(three["KOR"])["state"] == "answered"
    other = ask(three)
    assert told(three, "JPN", "KOR", refusal("JPN", other.id)) == ""
    assert "was refused by act" in told(three, "JPN", "KOR", refusal("JPN", other.id))


def test_an_answer_to_what_was_never_asked_is_not_taken_in(both: Exercise) -> None:
    """Japan's node and officer claim that Korea asked for it; Korea's node rejects the copy and says why."""
    made_up = (
        "INSERT INTO request VALUES (?, 'KOR', 'JPN', '[]', 'jpn-kor-2016', 'other', '', 'defence', 'x', '', "
        "'2018-01-10T03:00:00.000000Z', '[]', '', '')"
    )
    forget(both["JPN"], made_up, OTHER_ITEM)
    copy = both["JPN"].transmit(b"unasked", to="KOR", level=MARKS["JPN"], answers=OTHER_ITEM)
    both.settle()
    assert "was never made here" in words_of(refusals(both["KOR"]))
    with both["JPN"].node.store.reading() as reader:
        found = reader.copy(copy.id)
    assert found is not None and found.state.value == "rejected"


CHANGES = {
    "another Party's": ("UPDATE request SET asker = 'USA'", "`asker`"),
    "answered by nothing": ("UPDATE request SET answers = '[\"x\"]'", "`answers`"),
    "refused by nobody": ("UPDATE request SET refusal = 'x'", "`refusal`"),
    "other words": ("UPDATE request SET what = 'everything'", "`what`"),
    "taken out": ("DELETE FROM request", "is missing"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_row_that_no_act_accounts_for_is_named(both: Exercise, name: str) -> None:
    change, says = CHANGES[name]
    ask(both)
    assert forget(both["JPN"], change) == 1
    found = next(check for check in audit(both["JPN"].node) if check.name == "register rows")
    assert not found.holds and "request `" in found.fault and says in found.fault, found.fault


def test_what_came_by_the_wire_says_what_the_officer_was_shown(both: Exercise) -> None:
    """A word of a request changed after the officer signed: the act does not hold."""
    asked = ask(both)
    changed = replace(asked, data=asked.data.replace(b"the track", b"the crack"))
    said = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([changed])}))
    assert said["body"]["refused"] or said["type"] == "refusal"
    assert row(both["JPN"])["what"] == WANTED.what


def test_it_is_a_gsomia_error_to_ask_a_party_that_is_no_peer(stage: Stage) -> None:
    two = stage("JPN", "KOR")
    wanted = replace(WANTED, to="USA", under="usa-kor-1987", level="")
    with pytest.raises(GsomiaError, match="`USA` is not an enrolled peer"):
        ask(two, wanted)
