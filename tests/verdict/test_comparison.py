"""Two versions of an instrument compared: what is told is so when asked, and what is not told never happens."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from asking import INSTANTS, MARKS, facts, request, thinner

from gsomia.agreement import HANDLING_ACTS, LEGAL_ACTS, Agreement, Levels, Record
from gsomia.cli.law.shared import shipped
from gsomia.verdict import Law, Mark, decide, differences, granted, unseen

pytest.importorskip("z3", reason="proofs need the extra `prove`")
LAW, RECORD = shipped()
JK = LAW.agreements["jpn-kor-2016"]
OLD = (LAW, RECORD, "jpn-kor-2016")
ACTS = (*HANDLING_ACTS, *LEGAL_ACTS)


def version(agreement: Agreement) -> tuple[Law, Record, str]:
    """The shipped law with this agreement in its place."""
    return Law({**LAW.agreements, agreement.name: agreement}), RECORD, agreement.name


def covering(mark: str) -> Agreement:
    """The agreement with one mark of its table covered that is not."""
    levels = tuple(replace(x, covered=True) if x.mark == mark else x for x in JK.levels)
    table = Levels(levels, JK.levels_table.equivalences)
    return replace(JK, levels_table=table, version=f"covers {mark}")


def test_a_difference_is_shown_in_both_directions() -> None:
    looser = version(thinner(JK, "assured-level", "assured"))
    found = differences(OLD, looser, ACTS)
    assert {(d.act, d.newly) for d in found} >= {("transmit", "permitted"), ("disclose-orally", "permitted")}
    assert all(d.newly == "permitted" for d in found)
    assert {d.newly for d in differences(looser, OLD, ("transmit",))} == {"refused"}
    assert differences(OLD, version(replace(JK, version="same clauses")), ACTS) == []


@pytest.mark.parametrize(
    "clause",
    [
        *("no-third-party-without-consent", "purpose-bound", "listed-levels-only", "runs-until-ended"),
        *("kept-on-roster", "host-authorises-visits", "recorded"),
    ],
)
def test_what_is_told_as_newly_permitted_is_so_when_asked(clause: str) -> None:
    told = differences(OLD, version(thinner(JK, clause)), ACTS)
    newly = [d for d in told if d.newly == "permitted"]
    assert newly
    for d in told:
        assert d.request is not None and d.facts is not None and d.at is not None, d
        assert d.old is not None and d.new is not None
        assert (d.old.permitted, d.new.permitted) == ((False, True) if d in newly else (True, False))
        parties = {d.request.by, d.request.to} & {"JPN", "KOR"}
        assert d.request.act not in ("transmit", "disclose-orally") or len(parties) == 2


def test_a_level_that_is_newly_covered_is_a_difference_and_no_proof() -> None:
    told = differences(OLD, version(covering("機密")), ACTS)
    found = {d.act: d for d in told if d.newly == "permitted"}
    assert set(found) >= {"transmit", "disclose-orally", "accept", "visit"}
    assert found["transmit"].request is not None and found["transmit"].request.item is not None
    assert found["transmit"].request.item.level == "機密"
    assert not any(d.newly == "refused" for d in told)
    back = differences(version(covering("機密")), OLD, ("transmit",))
    assert [d.newly for d in back] == ["refused"]


def test_every_loss_has_a_request_of_its_own() -> None:
    """One loosening must not hide another of the same act."""
    thin = thinner(JK, "no-third-party-without-consent", "purpose-bound", "kept-on-roster")
    many = replace(thin, levels_table=covering("機密").levels_table, version="many")
    gone = {
        f"{a.number} {u.name}"
        for a, b in zip(JK.articles, many.articles, strict=True)
        for u in a.clauses
        if u not in b.clauses
    }
    assert {place.split()[0] for place in gone} >= {"6(a)", "6(c)", "6(e)"}
    told = differences(OLD, version(many), ACTS)
    shown = {d.through for d in told if d.newly == "permitted" and d.request is not None}
    assert shown >= {*gone, "level JPN 機密"}
    for d in told:
        assert d.request is not None and d.old is not None and d.new is not None, d
        assert d.old.permitted != d.new.permitted


def test_a_clause_dropped_beside_a_subject_added_is_told_too() -> None:
    warning = LAW.agreements["warning-2023"]
    bare = thinner(warning, "after-launch-only")
    wider = []
    for article in bare.articles:
        uses = []
        for use in article.clauses:
            subjects = getattr(use.clause, "subjects", None)
            wide = replace(use.clause, subjects=(*subjects, "chn-navy")) if subjects else use.clause
            uses.append(replace(use, clause=wide))
        wider.append(replace(article, clauses=tuple(uses)))
    new = version(replace(bare, articles=tuple(wider), version="wider"))
    told = differences((LAW, RECORD, "warning-2023"), new, ("warn",))
    shown = [d for d in told if d.newly == "permitted" and d.request is not None and d.facts is not None]
    assert any(d.facts and d.facts.stage == "preparing" for d in shown)
    assert any(d.request and d.request.item and d.request.item.subject == "chn-navy" for d in shown)


def test_an_equivalent_that_is_gone_is_a_difference() -> None:
    ways = {**JK.levels_table.equivalences, ("군사II급비밀", "KOR", "JPN"): ("極秘",)}
    fewer = replace(JK, levels_table=Levels(JK.levels, ways), version="fewer")
    told = differences(OLD, version(fewer), ("mark", "transmit"))
    assert [(d.act, d.newly) for d in told] == [("mark", "refused")]
    assert told[0].facts is not None and told[0].facts.mark.level == "特定秘密"


def test_what_is_no_rule_on_a_request_is_named() -> None:
    assert JK.term is not None
    assert unseen(JK, JK) == ([], [])
    shorter = replace(JK, term=replace(JK.term, notice=timedelta(days=30)), readings={"KOR": "clock"})
    assert [text.split(",")[0] for text in unseen(JK, shorter)[0]] == ["the term", "the readings"]
    tisa = LAW.agreements["tisa-2014"]
    assert unseen(tisa, replace(tisa, hub="KOR", legs=())) == ([], ["the hub", "the legs that it rests on"])


WAYS = JK.levels_table.equivalences
CHANGED = {
    "6(a)": thinner(JK, "no-third-party-without-consent"),
    "4.1": covering("機密"),
    "4.2": replace(
        JK, levels_table=Levels(JK.levels, {**WAYS, ("秘", "JPN", "KOR"): ("군사II급비밀",)}), version="row"
    ),
    "21.3": thinner(JK, "runs-until-ended"),
}


@pytest.mark.parametrize("which", CHANGED)
def test_no_request_tells_against_the_comparison(which: str) -> None:
    """The slow oracle: whatever is asked, nothing is newly permitted that the comparison did not name."""
    new = version(CHANGED[which])
    named = {d.act for d in differences(OLD, new, ACTS) if d.newly == "permitted"}
    rng = random.Random(which)
    ended = RECORD.without(["jpn-kor-2016/suspend-notice-kor-2019", "jpn-kor-2016/withdraw-notice-kor-2023"])
    seen = set()
    for _ in range(1000):
        q, at = replace(request(rng), under="jpn-kor-2016"), rng.choice(INSTANTS)
        f = facts(rng, q, at) if rng.random() < 0.5 else granted(q, at)
        if q.item is not None and rng.random() < 0.3:
            # What a change of the table of levels touches comes up often enough.
            item = replace(
                q.item,
                originator="JPN",
                level=rng.choice(("機密", "秘")),
                contains=rng.choice((("JPN",), ("JPN", "GBR"))),
            )
            act, by, to = rng.choice((("transmit", "JPN", "KOR"), ("mark", "KOR", None), ("accept", "KOR", None)))
            q = replace(q, act=act, by=by, to=to, via=(), item=item)
            f = replace(
                granted(q, at),
                consent=rng.choice(("none", "written")),
                mark=Mark(level=rng.choice(MARKS["KOR"]), origin="JPN"),
            )
        record = rng.choice((RECORD, ended))
        if decide(new[0], q, f, record, at).permitted and not decide(LAW, q, f, record, at).permitted:
            assert q.act in named, (q, f, at)
            seen.add(q.act)
    assert seen, "none of the requests told the versions apart"
