"""What goes in a document by a source's consent: its originator sees it, and what came of it (Article 6(a))."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lying import OTHER_ITEM, act, message, send
from stories import Stage, back_up, finish, forget, holds, ready, refusals, register, restore, same_story, words_of

from gsomia.config import shipped_law
from gsomia.errors import RefusedError
from gsomia.node import (
    Node,
    Reader,
    Role,
    SignedAct,
    Terms,
    TrustedKeys,
    ask_consent,
    audit,
    check_bundle,
    consent_views,
    give_consent,
    instant,
    recall,
    reconcile,
    recover,
    refuse_consent,
    release,
    revoke_consent,
    step,
    write_bundle,
)
from gsomia.node.acts.signed import pack
from gsomia.node.transmission import releasing
from gsomia.registry import Copy, CopyState, Item
from gsomia.store import SqlStore
from gsomia.testing import Exercise, Player

HOUR = timedelta(hours=1)
PART: dict[str, Any] = {"part": "portion", "extent": "par 2"}
DIGEST = hashlib.sha256(b"figure").hexdigest()
DOCUMENT = f"{OTHER_ITEM}-KOR-1"


@pytest.fixture
def three(stage: Stage) -> Exercise:
    """Three nodes; Korea has receipted one item of Japan's, and America has nothing."""
    return held(stage("JPN", "KOR", "USA"))


def held(found: Exercise) -> Exercise:
    """Japan gives Korea an item, which Korea marks and receipts."""
    found["JPN"].transmit(b"report", to="KOR", level="極秘", purpose="defence")
    found.settle()
    finish(found["KOR"], found["KOR"].copies()[0].id)
    found.settle()
    return found


@pytest.fixture(name="began", scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Exercise, str]]:
    """Japan's item at Korea, and an hour ago a consent to a portion of it for a day; made once, and only lied to."""
    folder = tmp_path_factory.mktemp("once")
    with ready(("JPN", "KOR", "USA"), "2018-01-10T12:00:00+09:00").again(folder / "nodes") as three:
        held(three)
        consent = given(three, Terms(expires=three.clock.at + 24 * HOUR), **PART)
        three.pass_time(HOUR)
        yield three, consent


def source(three: Exercise) -> Copy:
    """Japan's item as Korea holds it."""
    return next(copy for copy in three["KOR"].copies() if copy.holder == "KOR")


def by(player: Player) -> Any:
    return player.by(Role.DISCLOSURE)


def given(three: Exercise, terms: Terms | None = None, **words: Any) -> str:
    """Korea asks and Japan consents on these terms; the consent's id."""
    (request,) = ask_consent(three["KOR"].node, source(three).id, "USA", "a figure", by=by(three["KOR"]), **words)
    three.settle()
    give_consent(three["JPN"].node, request.id, terms, by=by(three["JPN"]))
    three.settle()
    return request.id


def drawn(three: Exercise, *met: str, **words: Any) -> Copy:
    """Korea sends America a document that cites Japan's item."""
    return three["KOR"].transmit(
        b"figure", **{"to": "USA", "level": "군사II급비밀", "cites": (source(three).id,), "met": met} | words
    )


def passed(player: Player, consent: str) -> list[tuple[str, str, str, str]]:
    """What a node shows as passed under a consent: copy, from, to, state."""
    with player.node.store.reading() as reader:
        (found,) = consent_views(reader, consent)
        return [(x["copy"], x["from"], x["to"], x["state"]) for x in found["passed"]]


def told(player: Player) -> list[SignedAct]:
    with player.node.store.reading() as reader:
        return list(reader.acts(types=["passage"]))


def between(three: Exercise, *parties: str) -> None:
    """Let these two exchange what waits, and nobody else."""
    one, other = (three[party].node for party in parties)
    while step(one, other.party) or step(other, one.party):
        pass


USED: dict[str, tuple[Terms | None, dict[str, Any], bool, list[str]]] = {
    "a portion": (None, PART, True, ["nothing goes but the portion (par 2)"]),
    "the whole, for which nothing is certified": (None, {}, False, []),
    "the whole on conditions": (Terms(conditions=("no copies",)), {}, True, ["no copies"]),
}


@pytest.mark.parametrize("name", USED)
def test_what_goes_in_a_document_stands_beside_the_consent_at_all_three(three: Exercise, name: str) -> None:
    terms, words, certify, certified = USED[name]
    consent = given(three, terms, **words)
    sent = drawn(three, *([consent] if certify else []))
    three.settle()
    for player in three.players.values():
        assert passed(player, consent) == [(sent.id, "KOR", "USA", "delivered")], player.node.party
    with three["JPN"].node.store.reading() as reader:
        (row,) = reader.passages(consent=consent)
        assert reader.copy(sent.id) is None and reader.item(sent.item) is None
    _, item = register(three["KOR"])[sent.id]
    assert (row.level, row.payload_digest, list(row.certified)) == (item.level, item.payload_digest, certified)
    assert [one.statement.body["state"] for one in told(three["JPN"])] == ["authorised", "delivered"]
    assert told(three["USA"]) == []
    same_story(three)
    holds(three)


def test_what_is_told_holds_no_title_and_nothing_of_anybody_elses_consent(three: Exercise) -> None:
    consent, other = given(three, **PART), given(three, Terms(conditions=("a secret condition",)))
    drawn(three, consent, other, title="a secret title")
    three.settle()
    acts = told(three["JPN"])
    assert len(acts) == 4, "two consents let it go, each told when it was authorised and when it had arrived"
    for one in acts:
        assert b"a secret title" not in one.data
        assert (b"a secret condition" in one.data) == (one.statement.body["consent"] == other)


def test_what_no_consent_lets_go_is_told_to_nobody(three: Exercise) -> None:
    consent = given(three, **PART)
    with pytest.raises(RefusedError):
        drawn(three)
    three["KOR"].transmit(b"its own", to="USA", level="군사II급비밀")
    three.settle()
    for party in ("JPN", "KOR"):
        assert told(three[party]) == [] and passed(three[party], consent) == []


def test_a_withdrawal_stops_what_waits_and_its_giver_sees_which_went_before(three: Exercise) -> None:
    consent = given(three, **PART)
    first = drawn(three, consent)
    three.settle()
    second = drawn(three, consent)
    between(three, "KOR", "JPN")
    assert (second.id, "KOR", "USA", "authorised") in passed(three["JPN"], consent)
    revoke_consent(three["JPN"].node, consent, "no longer", by=by(three["JPN"]))
    between(three, "JPN", "KOR")
    went = [(first.id, "KOR", "USA", "delivered"), (second.id, "KOR", "USA", "refused")]
    assert sorted(passed(three["JPN"], consent)) == sorted(passed(three["KOR"], consent)) == sorted(went)
    assert "a breach" not in words_of(refusals(three["JPN"]))
    same_story(three)
    holds(three)


def test_a_document_recalled_before_it_leaves_is_told_as_refused(three: Exercise) -> None:
    consent = given(three, **PART)
    sent = drawn(three, consent)
    between(three, "KOR", "JPN")
    recall(three["KOR"].node, sent.item, "a mistake", by=by(three["KOR"]))
    three.settle()
    assert passed(three["JPN"], consent) == passed(three["KOR"], consent) == [(sent.id, "KOR", "USA", "refused")]
    holds(three)


def test_what_the_receiver_refuses_is_told_as_refused(three: Exercise) -> None:
    consent = given(three, Terms(conditions=("no copies",)))
    sent = drawn(three, consent)
    forget(three["USA"], "DELETE FROM adopted")
    three.settle()
    assert register(three["KOR"])[sent.id][0].state is CopyState.REFUSED
    assert passed(three["JPN"], consent) == [(sent.id, "KOR", "USA", "refused")]


def test_what_goes_before_the_withdrawal_is_known_stands_and_is_kept_as_a_breach(three: Exercise) -> None:
    consent = given(three, **PART)
    revoke_consent(three["JPN"].node, consent, "no longer", by=by(three["JPN"]))
    three.pass_time(HOUR)
    sent = drawn(three, consent)
    three.settle()
    ((copy, _, _, state),) = passed(three["JPN"], consent)
    assert (copy, state) == (sent.id, register(three["KOR"])[sent.id][0].state)
    assert re.search(f"{sent.id} to USA, a breach.*was taken back", words_of(refusals(three["JPN"])), re.S)
    assert words_of(refusals(three["JPN"])).count("a breach") == 1, "what came of it is told too"
    same_story(three)
    holds(three)


def test_whose_part_is_in_what_another_hands_on_is_told_by_that_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """America hands Korea's document on: Korea gets the release, and Japan, whose part is in it, a passage.

    No agreement on file has a fourth Party, so America's node takes a verdict of another question for the answer.
    """
    three = held(stage("JPN", "KOR", "USA"))
    america = three["USA"]
    given(three)
    document = drawn(three)
    three.settle()
    finish(america, document.id)
    three.settle()
    requests = ask_consent(america.node, document.id, "AUS", "an assessment", by=by(america))
    three.settle()
    consents = {str(one.statement.body["originator"]): one.id for one in requests}
    for party, request in consents.items():
        give_consent(three[party].node, request, by=by(three[party]))
    three.settle()
    honest = releasing.ask_release

    def permitted(node: Node, reader: Reader, held: Copy, item: Item, to: str, **words: Any) -> Any:
        verdict, question, _ = honest(node, reader, held, item, "JPN", **words)
        return verdict._replace(ruling=replace(verdict.ruling, outcome="permit")), question, None

    monkeypatch.setattr(releasing, "ask_release", permitted)
    monkeypatch.setattr(releasing, "known_peer", lambda _reader, _party: None)
    onward = release(america.node, document.id, "AUS", by=by(america))
    between(three, "USA", "JPN")
    between(three, "USA", "KOR")
    assert consents.keys() == {"JPN", "KOR"}
    for party, consent in consents.items():
        assert passed(three[party], consent) == [(onward.id, "USA", "AUS", "authorised")], party
    assert {*register(three["JPN"])}.isdisjoint([onward.id, document.id])
    assert {one.statement.parties for one in told(america)} == {("JPN",)}


def test_what_was_told_is_no_difference_between_the_two(three: Exercise) -> None:
    consent = given(three, **PART)
    drawn(three, consent)
    three.settle()
    for one, other in (("JPN", "KOR"), ("KOR", "JPN")):
        assert reconcile(three[one].node, other).discrepancies == []


@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_the_bundle_of_an_item_holds_what_passed_under_its_consents(three: Exercise, party: str) -> None:
    drawn(three, given(three, **PART))
    three.settle()
    sink = io.BytesIO()
    write_bundle(three[party].node, source(three).item, lambda name, _version: shipped_law()[name], sink)
    assert sink.getvalue().count(b'\\"type\\":\\"passage\\"') == 2
    keys = {
        name: TrustedKeys(signing=player.node.keys.signing.public, log=player.node.keys.log.public)
        for name, player in three.players.items()
    }
    checks = check_bundle(sink, keys, at=three.clock.at, unwitnessed=24 * HOUR, scratch=SqlStore.scratch)
    assert [(check.name, check.fault) for check in checks if not check.holds] == []


@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_a_restored_node_gets_back_what_was_told(three: Exercise, tmp_path: Path, party: str) -> None:
    consent = given(three, **PART)
    back_up(three[party], tmp_path / "backup")
    sent = drawn(three, consent)
    three.settle()
    kept = three["KOR"].content(sent.item).read_bytes()
    restore(three[party], tmp_path / "backup")
    three["KOR"].content(sent.item).write_bytes(kept)
    three.pass_time(2 * HOUR)
    three.settle(tolerate=True)
    recover(three[party].node, by=three[party].by(Role.SECURITY))
    three.pass_time(HOUR)
    three.settle()
    for player in three.players.values():
        assert passed(player, consent) == [(sent.id, "KOR", "USA", "delivered")], player.node.party
    same_story(three)
    holds(three)


TAMPERS: dict[str, str] = {
    "a copy that arrived made one that was refused": "UPDATE passage SET state = 'refused'",
    "another receiver": "UPDATE passage SET receivers = '[\"GBR\"]'",
    "a lower level": "UPDATE passage SET level = '대외비'",
    "taken out": "DELETE FROM passage",
    "one that nobody told": "INSERT INTO passage SELECT 'x', consent, given, receivers, purpose, level, "
    "payload_digest, certified, authorised, state, act, at FROM passage",
}


def test_what_stands_of_it_is_made_by_the_acts(three: Exercise, tmp_path: Path) -> None:
    drawn(three, given(three, **PART))
    three.settle()
    for number, (name, change) in enumerate(TAMPERS.items()):
        with three.again(tmp_path / f"tampered-{number}") as twin:
            for party in ("JPN", "KOR"):
                assert forget(twin[party], change) == 1
                found = next(check for check in audit(twin[party].node) if check.name == "register rows")
                assert not found.holds and "passage `" in found.fault, (party, name, found.fault)


# --- lies on the wire: each is refused by Japan's node and kept ------------------------------------------------------


def body(three: Exercise, consent: str, /, **other: Any) -> dict[str, Any]:
    """What Korea's node would say of a document that goes under a consent, with other words."""
    with three["JPN"].node.store.reading() as reader:
        found = reader.consent(consent)
    assert found is not None
    return {
        "consent": consent,
        "acts": [found.act],
        "copy": DOCUMENT,
        "receivers": ["USA"],
        "purpose": "defence",
        "level": "군사II급비밀",
        "payload_digest": DIGEST,
        "certified": ["nothing goes but the portion (par 2)"],
        "authorised": instant(three.clock.at),
        "state": "authorised",
    } | other


def say(three: Exercise, party: str, said: dict[str, Any], to: str = "JPN", **words: Any) -> tuple[str, str]:
    """Have a Party's node tell another of a passage; the act's id, and why it was refused, or ""."""
    known: dict[str, Any] = {"item": source(three).item, "parties": (to,), "body": said}
    lie = act(three[party], "passage", **known | words)
    answer = send(three, party, to, message(three[party], to, "acts", {"acts": pack([lie])}))
    return lie.id, answer["body"]["refused"].get(lie.id, "")


Lie = Callable[[Exercise, str], tuple[str, dict[str, Any], dict[str, Any]]]
"""Who says it; the words of the act; and those of its body."""

LIES: dict[str, tuple[Lie, str]] = {
    "of a consent never given": (
        lambda e, c: ("KOR", {}, {"consent": OTHER_ITEM, "acts": [OTHER_ITEM]}),
        "no consent .* was given",
    ),
    "of a consent that was asked for alone": (lambda e, c: ("KOR", {}, {"acts": [c]}), "no consent .* was given"),
    "of a consent by another's act": (lambda e, c: ("KOR", {}, {"consent": OTHER_ITEM}), "no consent .* was given"),
    "of two consents at once": (lambda e, c: ("KOR", {}, {"acts": [c, c]}), "does not fit"),
    "to another receiver": (lambda e, c: ("KOR", {}, {"receivers": ["AUS"]}), "names USA and not `AUS`"),
    "to one receiver more": (lambda e, c: ("KOR", {}, {"receivers": ["USA", "AUS"]}), "names USA and not `AUS`"),
    "to nobody": (lambda e, c: ("KOR", {}, {"receivers": []}), "names nobody"),
    "by another Party": (lambda e, c: ("USA", {}, {"copy": f"{OTHER_ITEM}-USA-1"}), "was given to `KOR`"),
    "of another Party's copy": (lambda e, c: ("USA", {}, {}), "is not `USA`'s to give"),
    "of another item": (lambda e, c: ("KOR", {"item": OTHER_ITEM}, {}), "no consent .* was given"),
    "of the item itself": (
        lambda e, c: ("KOR", {}, {"copy": f"{source(e).item}-KOR-7"}),
        "is of the item itself",
    ),
    "for another purpose": (lambda e, c: ("KOR", {}, {"purpose": "training"}), "not `training`"),
    "with nothing certified": (lambda e, c: ("KOR", {}, {"certified": []}), "nobody certified"),
    "with less certified": (lambda e, c: ("KOR", {}, {"certified": ["it is fine"]}), "nobody certified"),
    "without a level": (lambda e, c: ("KOR", {}, {"level": ""}), "at what level"),
    "with a digest that is none": (lambda e, c: ("KOR", {}, {"payload_digest": "00"}), "SHA-256"),
    "in a state that is none": (lambda e, c: ("KOR", {}, {"state": "opened"}), "`state` is one of"),
    "authorised at another instant": (
        lambda e, c: ("KOR", {}, {"authorised": instant(e.clock.at - HOUR)}),
        "when the officer's act was",
    ),
    "authorised tomorrow": (
        lambda e, c: ("KOR", {}, {"authorised": instant(e.clock.at + HOUR), "state": "delivered"}),
        "when the officer's act was",
    ),
    "dated before the consent": (
        lambda e, c: ("KOR", {"at": e.clock.at - 3 * HOUR}, {"authorised": instant(e.clock.at - 3 * HOUR)}),
        "on which it rests",
    ),
    "dated ahead": (
        lambda e, c: ("KOR", {"at": e.clock.at + HOUR}, {"authorised": instant(e.clock.at + HOUR)}),
        "ahead of this node's clock",
    ),
    "told to others": (lambda e, c: ("KOR", {"parties": ("USA",)}, {}), "is told to `JPN`"),
    "with a word missing": (lambda e, c: ("KOR", {}, {"level": None}), "does not fit"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_passage_that_cannot_be_is_refused_and_kept(began: tuple[Exercise, str], name: str) -> None:
    make, says = LIES[name]
    three, consent = began
    party, words, changed = make(three, consent)
    lie, why = say(three, party, body(three, consent, **changed), **words)
    assert re.search(says, why), why
    assert lie in words_of(refusals(three["JPN"]))
    assert passed(three["JPN"], consent) == []


def test_an_honest_one_is_taken_after_the_lies(began: tuple[Exercise, str]) -> None:
    three, consent = began
    assert say(three, "KOR", body(three, consent))[1] == ""
    assert passed(three["JPN"], consent) == [(DOCUMENT, "KOR", "USA", "authorised")]
    holds(three)


def test_after_the_end_of_a_consent_none_is_taken(three: Exercise) -> None:
    consent = given(three, Terms(expires=three.clock.at + HOUR), **PART)
    three.pass_time(HOUR)
    assert "it expired" in say(three, "KOR", body(three, consent))[1]
    assert "it expired" in words_of(refusals(three["JPN"]))


def test_of_a_consent_that_was_refused_none_is_taken(three: Exercise) -> None:
    (request,) = ask_consent(three["KOR"].node, source(three).id, "USA", "a figure", by=by(three["KOR"]), **PART)
    three.settle()
    refuse_consent(three["JPN"].node, request.id, "no", by=by(three["JPN"]))
    assert "was given" in say(three, "KOR", body(three, request.id))[1]


def test_what_was_told_once_is_not_told_otherwise(three: Exercise) -> None:
    consent = given(three, **PART)
    began = instant(three.clock.at)
    assert say(three, "KOR", body(three, consent))[1] == ""
    assert "another `level`" in say(three, "KOR", body(three, consent, level="군사기밀", state="delivered"))[1]
    assert say(three, "KOR", body(three, consent, state="delivered"))[1] == ""
    three.pass_time(HOUR)
    assert say(three, "KOR", body(three, consent, state="refused", authorised=began))[1] == ""
    assert passed(three["JPN"], consent) == [(DOCUMENT, "KOR", "USA", "delivered")], "what arrived has arrived"
    holds(three)


def test_a_passage_is_nobody_elses_business(three: Exercise) -> None:
    consent = given(three, **PART)
    drawn(three, consent)
    three.settle()
    why = say(three, "KOR", body(three, consent), to="USA", parties=("JPN", "USA"))[1]
    assert "is told to `JPN`" in why
