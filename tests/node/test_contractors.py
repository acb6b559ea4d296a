"""A received item at a contractor's (Article 16): what facility and staff must be, who is told, what comes back."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lying import act, message, send
from stories import MARKS, Stage, finish, forget, holds, official, once, refusals, register, same_story, words_of

from gsomia.config import shipped_law
from gsomia.errors import RefusedError, UsageError
from gsomia.node import (
    FacilityDetails,
    Role,
    SignedAct,
    TrustedKeys,
    audit,
    brief,
    check_bundle,
    clear_facility,
    contractor_rows,
    destroy,
    enter_need,
    facility_of,
    handle,
    owed_rows,
    place,
    recall,
    register_rows,
    release,
    release_to_contractor,
    return_from_contractor,
    strike_person,
    write_bundle,
)
from gsomia.node.acts.signed import pack
from gsomia.store import SqlStore
from gsomia.testing import Exercise, Player

DAY = timedelta(days=1)

PLANT = FacilityDetails(
    id="plant", contractor="Daehan Precision", level="SECRET", inspected="2017-06-01", until="2018-05-31", basis="FSC 4"
)
ENGINEER: dict[str, Any] = {"role": "contractor", "rosters": ("plant",)}
"""One of the contractor's staff, cleared, in need, on the plant's roster."""


def by(player: Player, role: str = Role.DISCLOSURE) -> Any:
    return player.by(role)


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Korea has receipted one item of Japan's, and inspected and cleared a contractor's plant with one engineer."""
    found = stage()
    found["JPN"].transmit(b"report", to="KOR", level=MARKS["JPN"])
    found.settle()
    finish(found["KOR"], found["KOR"].copies()[0].id)
    prepare(found)
    found.settle()
    return found


def prepare(exercise: Exercise) -> None:
    """Korea's security officer clears the plant, and enters an engineer of the firm's."""
    korea = exercise["KOR"]
    clear_facility(korea.node, PLANT, by=by(korea, Role.SECURITY))
    exercise.enter(official("yun", **ENGINEER), "KOR")


def give(exercise: Exercise, facility: str = "plant", what: str = "to repair the seeker") -> SignedAct:
    """Korea's disclosure officer gives the item to the contractor."""
    korea = exercise["KOR"]
    said = release_to_contractor(korea.node, korea.copies()[0].id, facility, what, by=by(korea))
    exercise.settle()
    return said


def there(player: Player) -> list[dict[str, Any]]:
    """The copies that a register shows at contractors'."""
    with player.node.store.reading() as reader:
        found: list[dict[str, Any]] = contractor_rows(player.node, reader, player.node.clock.now())["copies"]
        return found


def grounds(caught: pytest.ExceptionInfo[RefusedError]) -> str:
    """The articles against it, and what each rests on."""
    found = caught.value.verdict["grounds"]
    assert isinstance(found, list)
    return "\n".join(
        f"{g['article']}: {g['text']} ({g.get('established_by', '')})" for g in found if g["effect"] != "permit"
    )


def test_giver_and_holder_see_where_it_lies_and_from_whom_it_came(both: Exercise) -> None:
    said = give(both)
    for player in both.players.values():
        (row,) = there(player)
        assert (row["holder"], row["contractor"], row["facility"]) == ("KOR", "Daehan Precision", "plant")
        assert row["chain"] == ["JPN", "KOR", "Daehan Precision, plant"]
        assert row["act"] == said.id
        with player.node.store.reading() as reader:
            (line,) = register_rows(reader, player.copies())
        assert line["contractor"] == "Daehan Precision, plant"
    korea = both["KOR"]
    return_from_contractor(korea.node, korea.copies()[0].id, "by courier, sealed", by=by(korea, Role.REGISTRY))
    both.settle()
    assert [there(player) for player in both.players.values()] == [[], []]
    with korea.node.store.reading() as reader:
        copy = korea.copies()[0]
        assert facility_of(reader, copy) == facility_of(reader, copy, both.clock.at) == "main"
    same_story(both)
    holds(both)


def test_the_next_inspection_is_owed_while_a_copy_lies_there(both: Exercise) -> None:
    korea = both["KOR"]

    def owed() -> list[dict[str, Any]]:
        with korea.node.store.reading() as reader:
            rows = owed_rows(korea.node, reader, "KOR", both.clock.at, unreconciled_for=7 * DAY)
        return [row for row in rows if row["act"] == "clear-facility"]

    assert owed() == []
    give(both)
    (duty,) = owed()
    assert (duty["article"], duty["to"], duty["due"], duty["overdue"]) == (
        "16(g)",
        ["JPN"],
        "2018-06-01T00:00:00+00:00",
        False,
    )
    both.pass_time(200 * DAY)
    assert owed()[0]["overdue"]
    clear_facility(korea.node, replace(PLANT, inspected="2018-07-01", until="2019-06-30"), by=by(korea, Role.SECURITY))
    assert not owed()[0]["overdue"]


def test_the_chain_goes_back_to_its_originator_through_who_handed_it_on(stage: Stage) -> None:
    """Japan's item came to Korea through America: Japan's register shows the Korean plant."""
    three = stage("JPN", "KOR", "USA")
    way: dict[str, Any] = {"to": "KOR", "via": ("USA",), "under": "tisa-2014"}
    copy = three["JPN"].transmit(b"report", level=MARKS["JPN"], **way)
    three.settle()
    finish(three["USA"], copy.id)
    onward = release(three["USA"].node, copy.id, "KOR", by=by(three["USA"]))
    three.settle()
    finish(three["KOR"], onward.id)
    prepare(three)
    korea = three["KOR"]
    release_to_contractor(korea.node, onward.id, "plant", "to repair the seeker", by=by(korea))
    three.settle()
    for party, player in three.players.items():
        (row,) = there(player)
        assert row["chain"] == ["JPN", "USA", "KOR", "Daehan Precision, plant"], party
    same_story(three)
    holds(three)


# --- what the agreement asks of the firm -----------------------------------------------------------------------------


def lapse(both: Exercise) -> None:
    both.clock.at = both.clock.at.replace(month=6, day=1)


def no_staff(both: Exercise) -> None:
    strike_person(both["KOR"].node, "yun", "left the firm", by=by(both["KOR"], Role.SECURITY))


def cleared_lower(both: Exercise) -> None:
    both.enter(official("yun", **ENGINEER, clearance="CONFIDENTIAL"), "KOR")


def one_uncleared(both: Exercise) -> None:
    both.enter(official("bae", **ENGINEER, clearance="none"), "KOR")


def general(both: Exercise) -> None:
    both.enter(official("yun", **ENGINEER, clearance="none", rank="general"), "KOR")


def other_need(both: Exercise) -> None:
    both.enter(official("yun", **ENGINEER, needs=("other",)), "KOR")


def no_need(both: Exercise) -> None:
    korea = both["KOR"]
    enter_need(korea.node, "yun", korea.copies()[0].id, need=False, why="not his part", by=by(korea, Role.REGISTRY))


def officials_only(both: Exercise) -> None:
    both.enter(official("yun", rosters=("plant",)), "KOR")


def expired(both: Exercise) -> None:
    both.enter(official("yun", **ENGINEER, expires=both.clock.at - DAY), "KOR")


def site(both: Exercise, **words: Any) -> None:
    clear_facility(both["KOR"].node, replace(PLANT, **words), by=by(both["KOR"], Role.SECURITY))


def lower_site(both: Exercise) -> None:
    site(both, level="CONFIDENTIAL")


def withdrawn(both: Exercise) -> None:
    site(both, level="none")


def lapsed_subcontractor(both: Exercise) -> None:
    words = {"inspected": "2016-01-01", "until": "2016-12-31", "part_of": "plant"}
    site(both, id="forge", contractor="Hanil Castings", **words)


def lapsed_other_site(both: Exercise) -> None:
    site(both, id="depot", inspected="2016-01-01", until="2016-12-31")


AGAINST = {
    "an inspection that lapsed": (lapse, r"16\(b\).*counts until 2018-05-31"),
    "a site below the level": (lower_site, r"16\(b\).*up to CONFIDENTIAL only"),
    "a site no longer cleared": (withdrawn, r"16\(g\).*up to none only"),
    "a subcontractor's site that lapsed": (lapsed_subcontractor, r"16\(b\).*`forge` counts until 2016"),
    "another site of the firm that lapsed": (lapsed_other_site, r"16\(g\).*`depot` counts until 2016"),
    "no staff": (no_staff, r"16\(i\).*0 of the contractor's staff"),
    "staff cleared too low": (cleared_lower, r"16\(c\).*least cleared in need: yun"),
    "one of the staff not cleared": (one_uncleared, r"16\(c\).*least cleared in need: bae"),
    "a rank for a clearance": (general, r"16\(c\)"),
    "staff with another need": (other_need, r"16\(a\).*0 in need of dprk-missile"),
    "staff without need of this item": (no_need, r"16\(h\).*0 in need"),
    "officials on its roster alone": (officials_only, r"16\(i\).*0 of the contractor's staff"),
    "a clearance that expired": (expired, r"16\(c\)"),
}


@pytest.mark.parametrize("name", AGAINST)
def test_what_the_agreement_asks_of_a_contractor_comes_from_the_register(both: Exercise, name: str) -> None:
    change, says = AGAINST[name]
    change(both)
    with pytest.raises(RefusedError) as caught:
        give(both)
    assert re.search(says, grounds(caught)), grounds(caught)
    assert "release of KOR-2018-000001 to plant" in words_of(refusals(both["KOR"]))
    assert there(both["KOR"]) == []


def test_after_the_end_what_is_held_may_still_go_to_a_contractor(stage: Stage) -> None:
    """Article 21.4: every protective rule goes on, and what it allows stays allowed. What came later is not settled."""
    both = stage(at="2019-11-20T12:00:00+09:00")
    both["JPN"].transmit(b"report", to="KOR", level=MARKS["JPN"])
    both.settle()
    finish(both["KOR"], both["KOR"].copies()[0].id)
    site(both, until="2021-05-31")
    both.enter(official("yun", **ENGINEER), "KOR")
    both.pass_time(300 * DAY)
    give(both)
    assert len(there(both["JPN"])) == 1


def test_what_was_asked_back_goes_to_no_contractor(both: Exercise) -> None:
    recall(both["JPN"].node, both["JPN"].copies()[0].item, "found to be wrong", by=by(both["JPN"]))
    both.settle()
    with pytest.raises(RefusedError) as caught:
        give(both)
    assert "recall" in grounds(caught)


def test_what_was_not_marked_goes_to_no_contractor(both: Exercise) -> None:
    second = both["JPN"].transmit(b"another", to="KOR", level=MARKS["JPN"])
    both.settle()
    korea = both["KOR"]
    with pytest.raises(RefusedError, match="has not been marked"):
        release_to_contractor(korea.node, second.id, "plant", "x", by=by(korea))


def test_who_is_briefed_is_counted(both: Exercise) -> None:
    korea = both["KOR"]

    def row() -> dict[str, Any]:
        with korea.node.store.reading() as reader:
            (found,) = contractor_rows(korea.node, reader, both.clock.at)["facilities"]
        return dict(found)

    assert (row()["staff"], row()["briefed"], row()["lapsed"]) == (1, 0, False)
    brief(korea.node, "yun", "the duty to protect", "2018-01-02", by=by(korea, Role.SECURITY))
    assert (row()["staff"], row()["briefed"]) == (1, 1)


# --- bad input --------------------------------------------------------------------------------------------------------

WORDS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"id": ""}, "FACILITY is one to 64"),
    "no firm": ({"contractor": ""}, "--contractor is one to 64"),
    "a level that is none": ({"level": "COSMIC"}, "unknown level `COSMIC`"),
    "a day that is none": ({"inspected": "2018-02-30"}, "is no day"),
    "an end before its beginning": ({"until": "2017-05-31"}, "cannot count until"),
    "a basis in two lines": ({"basis": "a\nb"}, "--basis is at most"),
    "a part of itself": ({"part_of": "plant"}, "`plant` is no contractor's facility"),
    "a part of nothing": ({"part_of": "x"}, "`x` is no contractor's facility"),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_that_will_not_do_are_said(both: Exercise, name: str) -> None:
    words, says = WORDS[name]
    with pytest.raises(UsageError, match=says):
        site(both, **words)


def test_a_facility_stays_whose_it_is(both: Exercise) -> None:
    korea = both["KOR"]
    both.enter(official("lee", rosters=("north",)), "KOR")
    place(korea.node, korea.copies()[0].id, "north", by=by(korea, Role.REGISTRY))
    for words, says in (
        ({"id": "main"}, "a facility of this Party's"),
        ({"id": "north"}, "a facility of this Party's"),
        ({"contractor": "Hanil Castings"}, "a facility of `Daehan Precision`"),
    ):
        with pytest.raises(RefusedError, match=says):
            site(both, **words)
    with pytest.raises(RefusedError, match="`plant` is a contractor's"):
        place(korea.node, korea.copies()[0].id, "plant", by=by(korea, Role.REGISTRY))
    give(both)
    for act_again, says in (
        (lambda: give(both), "lies at `plant`"),
        (lambda: place(korea.node, korea.copies()[0].id, "north", by=by(korea, Role.REGISTRY)), "lies at `plant`"),
        (lambda: site(both, level="none"), "copies lie at `plant`"),
    ):
        with pytest.raises(RefusedError, match=says):
            act_again()
    holds(both)


def test_unknown_names_are_usage(both: Exercise) -> None:
    korea = both["KOR"]
    copy = korea.copies()[0].id
    with pytest.raises(UsageError, match="`x` is no contractor's facility"):
        give(both, "x")
    with pytest.raises(UsageError, match="what for"):
        give(both, what=" ")
    with pytest.raises(UsageError, match="no item `x` is held here"):
        release_to_contractor(korea.node, "x", "plant", "x", by=by(korea))
    with pytest.raises(RefusedError, match="lies at no contractor's"):
        return_from_contractor(korea.node, copy, "x", by=by(korea, Role.REGISTRY))


def test_each_act_has_its_officer(both: Exercise) -> None:
    korea = both["KOR"]
    copy = korea.copies()[0].id
    with pytest.raises(RefusedError, match="role `security`"):
        clear_facility(korea.node, PLANT, by=by(korea))
    with pytest.raises(RefusedError, match="role `disclosure`"):
        release_to_contractor(korea.node, copy, "plant", "x", by=by(korea, Role.REGISTRY))
    give(both)
    with pytest.raises(RefusedError, match="role `registry`"):
        return_from_contractor(korea.node, copy, "x", by=by(korea))


@pytest.mark.parametrize("way", ["destroy", "return"])
def test_what_is_gone_lies_nowhere(both: Exercise, way: str) -> None:
    give(both)
    korea = both["KOR"]
    copy = korea.copies()[0].id
    if way == "destroy":
        destroy(korea.node, copy, "shredded at the plant", by=(by(korea, Role.REGISTRY), by(korea, Role.SECURITY)))
    else:
        handle(korea.node, "return", copy, "no longer needed", by=by(korea, Role.REGISTRY))
    both.settle()
    assert [there(player) for player in both.players.values()] == [[], []]
    site(both, level="none")
    holds(both)


# --- lies, and a register that somebody was at -----------------------------------------------------------------------


def told(both: Exercise, kind: str, *, sender: str = "KOR", role: str = Role.DISCLOSURE, **words: Any) -> str:
    """Korea's node tells Japan's; why that refused it."""
    copy = both["KOR"].copies()[0]
    body = {"what": "x", "certified": [], "contractor": "F", "facility": "plant", "verdict": ""}
    known = {"item": copy.item, "copy": copy.id, "parties": ("JPN",), "body": body | words.pop("body", {})}
    lie = act(both[sender], kind, roles=(role,), **known | words)
    to = "JPN" if sender == "KOR" else "KOR"
    said = send(both, sender, to, message(both[sender], to, "acts", {"acts": pack([lie])}))
    return str(said["body"]["refused"].get(lie.id, ""))


def test_a_peer_s_lies_about_a_contractor_are_refused(both: Exercise) -> None:
    kind = "release-to-contractor"
    assert "is held by `KOR`" in told(both, kind, sender="JPN", parties=("KOR",))
    assert "needs an officer with the role `disclosure`" in told(both, kind, role=Role.REGISTRY)
    assert "never sent" in told(both, kind, copy="x")
    for words in ({"facility": ""}, {"contractor": ""}, {"facility": "a\nb"}, {"what": 1}, {"certified": "x"}):
        assert "does not fit" in told(both, kind, body=words), words
    back = "return-from-contractor"
    assert "at no such contractor's" in told(both, back, role=Role.REGISTRY)
    assert told(both, kind) == ""
    assert "lies at `plant` already" in told(both, kind, body={"facility": "depot"})
    assert "at no such contractor's" in told(both, back, role=Role.REGISTRY, body={"facility": "depot"})
    assert "has no say in `clear-facility`" in told(both, "clear-facility", role=Role.SECURITY, item="", copy="")


CHANGES = {
    "another facility": ("UPDATE contractor_copy SET facility = 'north'", "contractor_copy `", "`facility`"),
    "taken out": ("DELETE FROM contractor_copy", "contractor_copy `", "is missing"),
    "never inspected so late": (
        "UPDATE contractor_facility SET until = '2099-01-01'",
        "contractor_facility `plant`",
        "",
    ),
    "a site that nobody cleared": (
        "INSERT INTO contractor_facility SELECT 'x', contractor, '', level, '', inspected, until, act "
        "FROM contractor_facility",
        "contractor_facility `x`",
        "",
    ),
    "brought home by nobody": ("UPDATE placement SET facility = 'main'", "placement `", "`facility`"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_row_that_no_act_accounts_for_is_named(both: Exercise, name: str) -> None:
    change, row, column = CHANGES[name]
    give(both)
    assert forget(both["KOR"], change) == 1
    found = next(check for check in audit(both["KOR"].node) if check.name == "register rows")
    assert not found.holds and row in found.fault and column in found.fault, found.fault


def test_the_bundle_of_what_lies_at_a_contractor_holds(both: Exercise) -> None:
    give(both)
    player, (copy, _) = both["KOR"], next(iter(register(both["KOR"]).values()))
    sink = io.BytesIO()
    write_bundle(player.node, copy.item, lambda name, _version: shipped_law()[name], sink)
    own = player.node.keys
    keys = {"KOR": TrustedKeys(signing=own.signing.public, log=own.log.public)}
    sink.seek(0)
    found = check_bundle(sink, keys, at=both.clock.at, unwitnessed=DAY, scratch=SqlStore.scratch)
    assert found and [check.fault for check in found if not check.holds] == []
