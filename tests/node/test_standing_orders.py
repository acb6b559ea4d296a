"""Standing orders: what comes is marked and receipted by the node as an officer ordered, and by nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from carrying import carry, rounds
from stories import MARKS, Stage, back_up, forget, holds, refusals, restore, same_story, words_of

from gsomia.config import shipped_law
from gsomia.errors import RefusedError, UsageError, VerificationError
from gsomia.node import (
    Role,
    TrustedKeys,
    audit,
    check_bundle,
    declare_compromised,
    end_order,
    give_order,
    order_rows,
    reconcile,
    recover,
    retire_officer_key,
    send_again,
    write_bundle,
)
from gsomia.node.facts.asserted import Case
from gsomia.node.holding.custody import marking
from gsomia.node.ledger import enter, make, record
from gsomia.registry import Copy, CopyState, Rung
from gsomia.store import SqlStore
from gsomia.testing import Exercise, Player

PACT = "jpn-kor-2016"
ORDER: dict[str, Any] = {"giver": "JPN", "instrument": PACT, "marks": {"極秘": "군사II급비밀"}}


def ordered(both: Exercise, *, days: float = 30, **words: Any) -> str:
    """Korea's registry officer orders; the act's id."""
    korea = both["KOR"]
    until = korea.node.clock.now() + timedelta(days=days)
    act = give_order(korea.node, **{**ORDER, **words, "until": until}, by=korea.by(Role.REGISTRY))
    both.settle()
    return act.id


def sent(both: Exercise, **words: Any) -> Copy:
    """Japan's copy, once all that was due has gone."""
    copy = both["JPN"].transmit(b"EXERCISE", to="KOR", **{"level": MARKS["JPN"], **words})
    both.settle()
    return next(one for one in both["JPN"].copies() if one.id == copy.id)


def test_what_an_order_covers_is_marked_and_receipted_by_the_node(stage: Stage) -> None:
    both = stage()
    order = ordered(both)
    copy = sent(both)
    assert (copy.state, copy.custodian, copy.own_mark) == (CopyState.RECEIPTED, "KOR", "군사II급비밀")
    with both["JPN"].node.store.reading() as reader:
        acts = [act.statement for act in reader.acts(types=["mark", "receipted"], item=copy.item)]
    assert [(one.type, one.body["order"]) for one in acts] == [("mark", order), ("receipted", order)]
    assert all([signer.role for signer in one.signers] == ["node"] for one in acts)
    same_story(both)
    holds(both)


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a level that it does not name": ({}, {"level": "秘"}),
    "another subject": ({"subjects": ["dprk-nuclear"]}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_an_order_does_not_cover_waits_for_an_officer(stage: Stage, case: str) -> None:
    order, sending = CASES[case]
    both = stage()
    ordered(both, **order)
    copy = sent(both, **sending)
    assert copy.state is CopyState.DELIVERED and copy.rung(Rung.RECEIPTED) is None
    assert refusals(both["KOR"]) == refusals(both["JPN"]) == []
    holds(both)


def test_an_order_that_was_ended_or_is_over_covers_nothing(stage: Stage) -> None:
    both = stage()
    order = ordered(both)
    korea = both["KOR"]
    end_order(korea.node, order, by=korea.by(Role.REGISTRY))
    both.settle()
    assert sent(both).state is CopyState.DELIVERED
    ordered(both, days=1)
    both.clock.at += timedelta(days=2)
    assert sent(both).state is CopyState.DELIVERED
    for player in (both["JPN"], both["KOR"]):
        with player.node.store.reading() as reader:
            assert sorted(row["ended"] is not None for row in order_rows(reader)) == [False, True]
    with pytest.raises(UsageError, match="no standing order"):
        end_order(korea.node, order, by=korea.by(Role.REGISTRY))
    holds(both)


@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_a_bundle_holds_the_order_on_which_a_receipt_rests(stage: Stage, party: str) -> None:
    both = stage()
    ordered(both)
    copy = sent(both)
    sink = io.BytesIO()
    write_bundle(both[party].node, copy.item, lambda name, _version: shipped_law()[name], sink)
    keys = {
        one: TrustedKeys(signing=both[one].node.keys.signing.public, log=both[one].node.keys.log.public)
        for one in ("JPN", "KOR")
    }
    checks = check_bundle(sink, keys, at=both.clock.at, unwitnessed=timedelta(1), scratch=SqlStore.scratch)
    assert [check.fault for check in checks if not check.holds] == []


def by_order(both: Exercise, copy: Copy, order: str) -> None:
    """Korea's node marks and receipts by the order, without its officer."""
    korea = both["KOR"].node
    at = korea.clock.now()
    with korea.store.writing() as tx:
        draft, _ = marking(korea, tx, Case.of(korea, tx), copy, "군사II급비밀", at, settled_by="order", order=order)
        make(korea, tx, [draft], at=at)


def test_an_order_covers_nothing_that_was_delivered_before_or_that_lies_since(stage: Stage) -> None:
    both = stage()
    before = sent(both)
    order = ordered(both)
    both.clock.at += timedelta(hours=1)
    with pytest.raises(VerificationError, match="as it is delivered"):
        by_order(both, before, order)
    end_order(both["KOR"].node, order, by=both["KOR"].by(Role.REGISTRY))
    both.settle()
    lies = sent(both)
    with pytest.raises(VerificationError, match="does not stand"):
        by_order(both, lies, order)
    assert lies.state is CopyState.DELIVERED
    holds(both)


def retired(korea: Player) -> None:
    retire_officer_key(korea.node, "kor-registry", by=korea.by(Role.SECURITY))


def compromised(korea: Player) -> None:
    since = korea.node.clock.now() - timedelta(days=1)
    declare_compromised(korea.node, "KOR", "kor-registry", since, by=korea.by(Role.SECURITY))


@pytest.mark.parametrize("end", [retired, compromised])
def test_an_order_ends_with_the_key_that_signed_it(stage: Stage, end: Callable[[Player], None]) -> None:
    both = stage()
    ordered(both)
    end(both["KOR"])
    both.settle()
    assert sent(both).state is CopyState.DELIVERED
    for player in (both["JPN"], both["KOR"]):
        with player.node.store.reading() as reader:
            assert [row["ended"] is not None for row in order_rows(reader)] == [True]
    holds(both)


def test_no_two_orders_say_two_marks_for_one(stage: Stage) -> None:
    """Of two equivalents the officer chose one; the other is chosen once the first choice has ended."""
    both = stage()
    japan = both["JPN"]
    until, by = japan.node.clock.now() + timedelta(days=9), japan.by(Role.REGISTRY)
    first = give_order(japan.node, "KOR", PACT, {"군사II급비밀": "極秘"}, until=until, by=by)
    other: dict[str, Any] = {"marks": {"군사II급비밀": "特定秘密"}, "until": until, "by": by}
    with pytest.raises(UsageError, match=f"`{first.id}` marks"):
        give_order(japan.node, "KOR", PACT, **other)
    end_order(japan.node, first.id, by=by)
    give_order(japan.node, "KOR", PACT, **other)


def test_a_mark_names_the_providing_government(stage: Stage) -> None:
    """Article 4.2: whoever signs it."""
    both = stage()
    copy = sent(both)
    korea = both["KOR"]
    with korea.node.store.writing() as tx, pytest.raises(VerificationError, match="another than `JPN`"):
        case, at = Case.of(korea.node, tx), korea.node.clock.now()
        draft, _ = marking(korea.node, tx, case, copy, "군사II급비밀", at, settled_by="officer")
        lie = replace(draft, body={**draft.body, "origin": "KOR"})
        make(korea.node, tx, [lie], at=at, by=korea.by(Role.REGISTRY))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a mark that is no equivalent": ({"marks": {"極秘": "군사III급비밀"}}, "is not the equivalent"),
    "no mark": ({"marks": {}}, "which marks"),
    "a Party that is no peer": ({"giver": "USA"}, "USA"),
    "an agreement between others": ({"instrument": "usa-jpn-2007"}, "no agreement adopted here"),
    "a subject that there is not": ({"subjects": ["weather"]}, "unknown subject"),
    "for more than a year": ({"days": 400}, "within 366 days"),
    "for a time that is past": ({"days": -1}, "within 366 days"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_order_that_cannot_be_is_not_given(stage: Stage, case: str) -> None:
    words, why = WRONG[case]
    with pytest.raises(UsageError, match=why):
        ordered(stage(), **words)


def test_an_order_is_for_a_registry_officer(stage: Stage) -> None:
    korea = stage()["KOR"]
    until = korea.node.clock.now() + timedelta(days=1)
    with pytest.raises(RefusedError, match="role"):
        give_order(korea.node, **ORDER, until=until, by=korea.by(Role.DISCLOSURE))


def without_order(both: Exercise, order: str) -> None:
    forget(both["JPN"], "DELETE FROM standing_order")


def of_another(both: Exercise, order: str) -> None:
    forget(both["JPN"], "UPDATE standing_order SET giver = 'USA'")


def ended_before(both: Exercise, order: str) -> None:
    forget(both["JPN"], "UPDATE standing_order SET ended_at = at, ended_by = 'x'")


def over_before(both: Exercise, order: str) -> None:
    forget(both["JPN"], "UPDATE standing_order SET until = at")


def for_another_mark(both: Exercise, order: str) -> None:
    forget(both["JPN"], """UPDATE standing_order SET marks = '[["秘", "군사III급비밀"]]'""")


def for_another_subject(both: Exercise, order: str) -> None:
    forget(both["JPN"], """UPDATE standing_order SET subjects = '["dprk-nuclear"]'""")


LIES: list[Callable[[Exercise, str], None]] = [
    without_order, of_another, ended_before, over_before, for_another_mark, for_another_subject,
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_mark_or_receipt_by_an_order_that_does_not_cover_it_is_refused_and_kept(
    stage: Stage, lie: Callable[[Exercise, str], None]
) -> None:
    """The giver's node holds each against the order as it knows it."""
    both = stage()
    lie(both, ordered(both))
    copy = sent(both)
    assert copy.state is CopyState.DELIVERED and not copy.own_mark and copy.custodian == "JPN"
    assert "standing order" in words_of(refusals(both["JPN"]))


def told(player: Player) -> list[tuple[str, list[dict[str, Any]]]]:
    with player.node.store.reading() as reader:
        return [(row["order"], row["refused"]) for row in order_rows(reader)]


def test_a_peer_has_no_more_orders_standing_than_the_giver_takes(stage: Stage) -> None:
    """Beyond the setting one is refused, told at both, and rested on by nothing; once one is over it is sent again."""
    both = stage()
    both.with_limits("JPN", replace(both["JPN"].node.limits, standing_orders=2))
    first, over = ordered(both, days=1, subjects=("dprk-nuclear",)), ordered(both, subjects=("dprk-nuclear",))
    late = ordered(both)
    why = f"act `{late}`: 2 standing orders of `KOR` stand here, and `JPN` takes no more than 2"
    assert why in words_of(refusals(both["JPN"])) and why in words_of(refusals(both["KOR"]))
    (one,) = dict(told(both["KOR"]))[late]
    assert (one["act"], one["by"]) == (late, "JPN") and one["why"].startswith(why)
    assert {order for order, _ in told(both["JPN"])} == {first, over}
    copy = sent(both)
    assert copy.state is CopyState.DELIVERED and not copy.own_mark
    assert len(refusals(both["JPN"])) == 1, "nothing rested on it"
    both.pass_time(timedelta(days=1))
    send_again(both["KOR"].node, late, "JPN")
    both.settle()
    assert dict(told(both["KOR"])) == {first: [], over: [], late: []}
    assert sent(both).state is CopyState.RECEIPTED
    holds(both)


def refused_order(both: Exercise) -> str:
    """Japan takes one order of Korea's, which is over in a day; the act of another that it refused."""
    both.with_limits("JPN", replace(both["JPN"].node.limits, standing_orders=1))
    ordered(both, days=1, subjects=("dprk-nuclear",))
    return ordered(both)


def only_the_order_was_refused(both: Exercise, times: int) -> None:
    """The one copy is delivered, at both, and neither marked nor receipted."""
    for player in (both["JPN"], both["KOR"]):
        assert [(copy.state, copy.own_mark) for copy in player.copies()] == [(CopyState.DELIVERED, "")]
    refused = [one.why for one in refusals(both["JPN"])]
    assert len(refused) == times and all("1 standing orders of `KOR` stand here" in why for why in refused)


def test_nothing_rests_on_an_order_that_is_sent_again_until_the_giver_took_it(stage: Stage) -> None:
    """A copy under way meanwhile waits for an officer; what comes once the giver has said that it took it does not."""
    both = stage()
    late = refused_order(both)
    both["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    send_again(both["KOR"].node, late, "JPN")
    assert [one["sent_again"] for one in dict(told(both["KOR"]))[late]] == [True]
    both.settle()
    only_the_order_was_refused(both, 2)
    assert [one["sent_again"] for one in dict(told(both["KOR"]))[late]] == [False]
    both.pass_time(timedelta(days=1))
    send_again(both["KOR"].node, late, "JPN")
    both.settle()
    assert dict(told(both["KOR"]))[late] == []
    assert sent(both).state is CopyState.RECEIPTED
    holds(both)


def test_by_parcel_nothing_rests_on_an_order_that_is_sent_again_until_the_giver_took_it(stage: Stage) -> None:
    both = stage()
    late = refused_order(both)
    both["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    send_again(both["KOR"].node, late, "JPN")
    rounds(both)
    only_the_order_was_refused(both, 2)
    both.pass_time(timedelta(days=1))
    send_again(both["KOR"].node, late, "JPN")
    rounds(both)
    assert dict(told(both["KOR"]))[late] == []
    copy = both["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    rounds(both)
    assert [one.state for one in both["JPN"].copies() if one.id == copy.id] == [CopyState.RECEIPTED]
    holds(both)


def taken_unheard(both: Exercise, late: str) -> None:
    """Japan took the order after all, and Korea has not heard it."""
    both.pass_time(timedelta(days=1))
    with both["KOR"].node.store.reading() as reader:
        act = reader.act(late)
    assert act is not None
    japan = both["JPN"].node
    with japan.store.writing() as tx:
        enter(japan, tx, act, source="KOR", at=japan.clock.now())
        record(japan, tx, [act], at=japan.clock.now())


def test_a_reconciliation_tells_that_the_giver_took_an_order_after_all(stage: Stage) -> None:
    both = stage()
    late = refused_order(both)
    both.settle()
    reconcile(both["KOR"].node, "JPN")
    assert len(dict(told(both["KOR"]))[late]) == 1, "the giver lacks it"
    taken_unheard(both, late)
    reconcile(both["KOR"].node, "JPN")
    assert dict(told(both["KOR"]))[late] == []


def test_a_recovery_tells_that_the_giver_took_an_order_after_all(stage: Stage, tmp_path: Path) -> None:
    """Restored to when the order was refused, the node sees it in the giver's log."""
    both = stage()
    late = refused_order(both)
    korea = both["KOR"]
    back_up(korea, tmp_path / "backup")
    both.pass_time(timedelta(days=1))
    send_again(korea.node, late, "JPN")
    both.settle()
    assert sent(both).state is CopyState.RECEIPTED
    restore(korea, tmp_path / "backup")
    assert len(dict(told(korea))[late]) == 1
    both.pass_time(timedelta(hours=2))
    both.settle(tolerate=True)
    recover(korea.node, by=korea.by(Role.SECURITY))
    assert dict(told(korea))[late] == []


def test_the_bound_is_for_what_a_peer_gives_anew(stage: Stage, tmp_path: Path) -> None:
    """Orders that were taken under a higher setting come back to a restored store, and the marks that rest on them."""
    both = stage()
    japan = both["JPN"]
    ordered(both, subjects=("dprk-nuclear",))
    back_up(japan, tmp_path / "backup")
    ordered(both)
    copy = sent(both)
    assert copy.state is CopyState.RECEIPTED
    restore(japan, tmp_path / "backup")
    both.with_limits("JPN", replace(japan.node.limits, standing_orders=1))
    both.pass_time(timedelta(hours=2))
    both.settle(tolerate=True)
    found = recover(both["JPN"].node, by=japan.by(Role.SECURITY))
    assert dict(found.refused) == {}
    both.settle()
    assert [one.state for one in both["JPN"].copies()] == [CopyState.RECEIPTED]
    same_story(both)


def test_an_end_that_the_giver_did_not_take_is_told(stage: Stage) -> None:
    both = stage()
    both.with_limits("JPN", replace(both["JPN"].node.limits, standing_orders=1))
    ordered(both, subjects=("dprk-nuclear",))
    order = ordered(both)
    act = end_order(both["KOR"].node, order, by=both["KOR"].by(Role.REGISTRY))
    both.settle()
    refused = dict(told(both["KOR"]))[order]
    assert [one["act"] for one in refused] == [order, act.id]
    assert "gave no such standing order" in refused[1]["why"]


def test_orders_that_have_ended_count_no_more(stage: Stage) -> None:
    both = stage()
    both.with_limits("JPN", replace(both["JPN"].node.limits, standing_orders=1))
    end_order(both["KOR"].node, ordered(both), by=both["KOR"].by(Role.REGISTRY))
    order = ordered(both)
    assert dict(told(both["KOR"]))[order] == [] and len(told(both["JPN"])) == 2
    holds(both)


TAMPERS = {
    "another mark": """UPDATE standing_order SET marks = '[["極秘", "군사III급비밀"]]'""",
    "a longer time": "UPDATE standing_order SET until = '2030-01-01T00:00:00Z'",
    "taken out": "DELETE FROM standing_order",
    "ended by nobody": "UPDATE standing_order SET ended_by = 'x', ended_at = at",
}


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_register_whose_order_no_act_gave_is_found(stage: Stage, tamper: str) -> None:
    both = stage()
    ordered(both)
    forget(both["KOR"], TAMPERS[tamper])
    (found,) = [check for check in audit(both["KOR"].node) if not check.holds]
    assert "standing_order `" in found.fault, found.fault
