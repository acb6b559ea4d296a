"""Questions about the law as a whole: what an act would change, the way to a state, routes, duties, the matrix."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gsomia.agreement import LegalAct, draw, events, periods, rows_of
from gsomia.cli.law.shared import shipped
from gsomia.verdict import (
    Item,
    Request,
    granted,
    matrix,
    path_to,
    routes,
    standing_duties,
    what_if,
)

LAW, RECORD = shipped()
AT = datetime(2024, 1, 10, tzinfo=UTC)
ITEM = Item(originator="JPN", level="特定秘密", subject="dprk-missile", form="document", purpose="defence")


def act(kind: str, by: str, at: datetime, form: str = "note") -> LegalAct:
    return LegalAct(id="jpn-kor-2016/thought", under="jpn-kor-2016", act=kind, by=by, at=at, form=form)


def test_a_notice_closes_the_direct_route_on_its_day_and_no_other() -> None:
    direct = Request(act="transmit", by="JPN", to="KOR", item=ITEM)
    through = Request(act="transmit", by="JPN", to="KOR", via=("USA",), item=ITEM)
    pending = [(direct, granted(direct, AT)), (through, granted(through, AT))]
    held = [("KOR", ITEM)] * 3 + [("JPN", ITEM)]
    found = what_if(LAW, RECORD, act("give-notice", "KOR", AT), pending=pending, held=held)
    assert found.verdict.outcome == "permit"
    assert [p.state for p in found.before] == ["in-force"]
    assert [p.state for p in found.after] == ["notice-pending", "terminated"]
    day = datetime(2024, 11, 22, 15, tzinfo=UTC).isoformat()
    assert {(row["by"], row["to"], tuple(row["via"])) for row in found.closing} >= {("JPN", "KOR", ())}
    assert all(row["from"] == day for row in found.closing)
    assert not any(row["by"] == "JPN" and row["to"] == "KOR" and row["via"] == ["USA"] for row in found.closing)
    assert [(row["via"], row["from"]) for row in found.stopping] == [([], day)]
    assert [(row["holder"], row["items"], row["protected"]) for row in found.held] == [("KOR", 3, True)]
    assert {d.act for d in found.surviving} >= {"protect", "report-loss", "return"}
    assert "designate-authority" not in {d.act for d in found.surviving}


def test_a_resumption_is_shown_under_each_reading() -> None:
    at = datetime(2020, 9, 15, 1, tzinfo=UTC)
    found = what_if(LAW, RECORD, act("resume-notice", "KOR", at))
    assert found.verdict.outcome == "uncertain"
    assert found.views["immediate"]["at once"] == "terminated"
    assert found.views["fresh-notice"]["a year later"] == "notice-suspended"
    assert found.views["clock"]["at once"] == "notice-pending"
    assert found.views["clock"]["a day later"] == "terminated"
    assert found.to_json()["version"] == 1


def test_an_act_without_effect_changes_nothing() -> None:
    found = what_if(LAW, RECORD, act("withdraw-notice", "JPN", AT))
    assert found.verdict.outcome == "refuse"
    assert found.before == found.after
    assert found.closing == found.opening == ()


@pytest.mark.parametrize(
    ("at", "goal", "steps"),
    [
        (datetime(2016, 11, 20, tzinfo=UTC), "in-force", ["sign", "notify-entry", "notify-entry"]),
        (datetime(2019, 9, 1, tzinfo=UTC), "in-force", ["withdraw-notice"]),
        (datetime(2019, 9, 1, tzinfo=UTC), "notice-suspended", ["suspend-notice"]),
        (datetime(2021, 1, 1, tzinfo=UTC), "in-force", ["withdraw-notice"]),
        (AT, "in-force", []),
        (AT, "terminated", ["give-notice", "lapse"]),
        (datetime(2019, 9, 1, tzinfo=UTC), "terminated", ["lapse"]),
        (AT, "notice-suspended", ["give-notice", "suspend-notice"]),
    ],
)
def test_the_way_to_a_state(at: datetime, goal: str, steps: list[str]) -> None:
    found, text = path_to(LAW, "jpn-kor-2016", RECORD, at, goal)
    assert found is not None, text
    assert [step.act for step in found] == steps
    if goal == "terminated":
        day = datetime(2019 if at.year == 2019 else 2024, 11, 22, 15, tzinfo=UTC)
        assert (found[-1].act, found[-1].by, found[-1].reached, found[-1].state) == ("lapse", "", day, "terminated")
    if steps[:1] == ["give-notice"]:
        assert found[0].by_when == datetime(2024, 8, 24, 15, tzinfo=UTC)
    if steps == ["withdraw-notice"] and at.year == 2019:
        assert (found[0].by, found[0].by_when) == ("KOR", datetime(2019, 11, 22, 15, tzinfo=UTC))


def test_a_notice_of_the_other_party_is_enough_beside_a_suspended_one() -> None:
    for at, cut_off in (
        (datetime(2019, 12, 1, tzinfo=UTC), datetime(2020, 8, 24, 15, tzinfo=UTC)),
        (datetime(2021, 8, 1, tzinfo=UTC), datetime(2021, 8, 24, 15, tzinfo=UTC)),
    ):
        found, _ = path_to(LAW, "jpn-kor-2016", RECORD, at, "terminated")
        assert found is not None
        assert [(s.act, s.by, s.by_when) for s in found] == [("give-notice", "JPN", cut_off), ("lapse", "", None)]


def test_the_way_says_who_may_and_in_which_form() -> None:
    found, _ = path_to(LAW, "jpn-kor-2016", RECORD, datetime(2012, 1, 1, tzinfo=UTC), "in-force")
    assert found is not None
    assert [(s.act, s.by, s.form) for s in found] == [
        ("sign", "JPN and KOR", "signature"),
        ("notify-entry", "JPN", "note"),
        ("notify-entry", "KOR", "note"),
    ]
    found, _ = path_to(LAW, "jpn-kor-2016", RECORD, AT, "terminated")
    assert found is not None and found[0].by == "JPN or KOR"


def test_a_notice_too_late_for_this_term_is_given_in_the_next() -> None:
    found, _ = path_to(LAW, "jpn-kor-2016", RECORD, datetime(2026, 8, 26, tzinfo=UTC), "terminated")
    assert found is not None and [s.act for s in found] == ["give-notice", "lapse"]
    assert found[1].reached == datetime(2027, 11, 22, 15, tzinfo=UTC)
    assert found[0].not_before == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert found[0].by_when == datetime(2027, 8, 24, 15, tzinfo=UTC)
    late = what_if(LAW, RECORD, act("give-notice", "KOR", datetime(2026, 8, 24, 15, tzinfo=UTC)))
    assert late.verdict.outcome == "uncertain"
    assert late.verdict.grounds[0].confidence == "I"


def test_an_arrangement_begins_and_ends_by_acts_that_nobody_has_read_of() -> None:
    before = datetime(2010, 1, 1, tzinfo=UTC)
    for at, goal, kind in ((before, "in-force", "take-effect"), (AT, "terminated", "leave")):
        found, text = path_to(LAW, "tisa-2014", RECORD, at, goal)
        assert found is not None, text
        assert [(s.act, s.article) for s in found] == [(kind, "unread")]
    assert path_to(LAW, "usa-kor-1987", RECORD, AT, "terminated")[0] is None
    left = LegalAct(id="tisa-2014/thought", under="tisa-2014", act="leave", by="KOR", at=AT)
    told = what_if(LAW, RECORD, left)
    assert [g.confidence for g in told.verdict.grounds] == ["I"]
    assert told.verdict.outcome == "uncertain" and told.after[-1].state == "terminated"


@pytest.mark.parametrize(
    ("kind", "under", "article", "tag"),
    [
        ("leave", "jpn-kor-2016", "21.3", "A"),
        ("take-effect", "jpn-kor-2016", "21.1", "A"),
        ("leave", "usa-kor-1987", "unread", "I"),
    ],
)
def test_an_act_that_the_text_rules_out_is_refused_by_its_article(
    kind: str, under: str, article: str, tag: str
) -> None:
    thought = LegalAct(id=f"{under}/thought", under=under, act=kind, by="KOR", at=AT)
    told = what_if(LAW, RECORD, thought)
    assert told.verdict.outcome == "refuse"
    assert [(g.article, g.confidence) for g in told.verdict.grounds] == [(article, tag)]
    assert told.before == told.after and not told.closing and not told.opening


def test_readings_that_differ_on_an_act_are_told_by_what_each_answers() -> None:
    found = what_if(LAW, RECORD, act("resume-notice", "KOR", datetime(2020, 9, 15, tzinfo=UTC)))
    text = found.verdict.grounds[0].text
    assert "JPN (fresh-notice): notice-suspended, so refuse" in text
    assert "KOR (immediate): notice-suspended, so permit" in text


def test_no_way_back_from_the_end() -> None:
    ended = RECORD.without(["jpn-kor-2016/suspend-notice-kor-2019", "jpn-kor-2016/withdraw-notice-kor-2023"])
    found, text = path_to(LAW, "jpn-kor-2016", ended, AT, "in-force")
    assert found is None
    assert "new text" in text


def test_routes_come_in_order_of_lawfulness() -> None:
    found = routes(LAW, RECORD, AT, "JPN", "KOR", ITEM)
    assert [r.lawfulness for r in found] == sorted(r.lawfulness for r in found)
    lawful = [(r.via, r.instrument, r.binding) for r in found if r.act == "transmit" and r.verdict.outcome == "permit"]
    assert lawful == [
        ((), "jpn-kor-2016", True),
        (("USA",), "usa-jpn-2007+usa-kor-1987", True),
        (("USA",), "tisa-2014", False),
    ], "what binds comes before what does not, and straight before through another"
    refused = [r.verdict.outcome for r in found]
    assert refused == sorted(refused, key=["permit", "uncertain", "refuse"].index)


def test_routes_with_their_approvals() -> None:
    found = {(r.via, r.instrument, r.act): r for r in routes(LAW, RECORD, AT, "JPN", "KOR", ITEM)}
    assert found[((), "jpn-kor-2016", "transmit")].verdict.permitted
    assert found[((), "jpn-kor-2016", "transmit")].approvals == ()
    through = found[(("USA",), "tisa-2014", "transmit")]
    assert through.verdict.permitted
    assert through.approvals == (("JPN", "USA"), ("JPN", "KOR"))
    assert found[(("USA",), "usa-jpn-2007+usa-kor-1987", "transmit")].verdict.permitted
    assert found[((), "tisa-2014", "transmit")].verdict.outcome == "refuse"


def test_matrix_and_duties() -> None:
    rows = {(r["by"], r["to"], r["level"], r["subject"], tuple(r["via"])): r for r in matrix(LAW, RECORD, AT)}
    assert len(rows) == 6 * 3 * 6 * 2
    assert rows[("JPN", "KOR", "SECRET", "chn-air", ())]["outcome"] == "permit"
    assert rows[("JPN", "KOR", "TOP SECRET", "chn-air", ())]["outcome"] == "refuse"
    assert rows[("JPN", "KOR", "SECRET", "dprk-missile", ("USA",))]["instrument"] == "tisa-2014"
    duties = standing_duties(LAW, RECORD, AT, "KOR")
    report = next(d for d in duties if d.act == "report-loss" and d.instrument == "jpn-kor-2016")
    assert (report.article, report.to, report.since) == ("17", ("JPN",), datetime(2016, 11, 23, 2, tzinfo=UTC))
    assert "loss" in report.when
    assert not any(d.instrument == "jpn-kor-2016" for d in standing_duties(LAW, RECORD, AT, "USA"))


def test_the_timeline_and_its_drawing() -> None:
    a = LAW.agreements["jpn-kor-2016"]
    found = periods(a, RECORD)
    assert [p.state for p in found] == [
        "none",
        "signed",
        "in-force",
        "notice-pending",
        "notice-suspended",
        "in-force",
    ]
    told = events(a, RECORD, datetime(2021, 1, 1, tzinfo=UTC))
    assert [e.what for e in told if e.at.year == 2019] == ["no-act", "act", "cut-off", "act", "extension"]
    assert {e.at for e in told if e.what == "cut-off" and e.at.year == 2019} == {datetime(2019, 8, 24, 15, tzinfo=UTC)}
    # Whether a term begins while the notice is suspended is read differently, and both readings are told.
    both = "JPN (fresh-notice): a new term begins; KOR (immediate): no new term, the notice is suspended"
    assert [e.text for e in told if e.what == "extension"][-1] == both
    svg = draw({a.name: found}, found[1].start or AT, AT, UTC, title="EXERCISE <1>")
    assert svg.startswith("<svg") and "EXERCISE &lt;1&gt;" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert svg.count("<rect") == 5 + 7


def test_under_a_dispute_the_timeline_picks_no_side() -> None:
    a = LAW.agreements["jpn-kor-2016"]
    readings = {"JPN": "fresh-notice", "KOR": "strict"}
    found, until = periods(a, RECORD, readings), datetime(2021, 1, 1, tzinfo=UTC)
    at = datetime(2019, 11, 22, 15, tzinfo=UTC)
    told = [e for e in events(a, RECORD, until, readings) if at <= e.at and e.act is None]
    late = "too late from now on for a notice to end it on 2020-11-23"
    assert [(e.what, e.text) for e in told] == [
        ("end", "the instrument ends as read by KOR (strict)"),
        ("extension", "JPN (fresh-notice): a new term begins; KOR (strict): it has ended"),
        ("cut-off", f"JPN (fresh-notice): {late}; KOR (strict): it has ended"),
        ("extension", "JPN (fresh-notice): a new term begins; KOR (strict): it has ended"),
    ]
    assert all(e.state == "uncertain" and e.views["KOR"] == "terminated" for e in told)
    rows = rows_of(a, found)
    assert list(rows) == ["as read by JPN", "as read by KOR"]
    assert [p.state for p in rows["as read by KOR"]][-1] == "terminated"
    assert list(rows_of(a, periods(a, RECORD))) == ["jpn-kor-2016"]


def test_the_drawing_holds_what_happened_in_any_script() -> None:
    a = LAW.agreements["jpn-kor-2016"]
    note = "破棄通告の口上書を駐日大使に手交 통고" * 12
    announced = replace(act("announce", "KOR", datetime(2019, 8, 23, tzinfo=UTC)), note=note)
    record = RECORD.plus([announced])
    start, end = datetime(2016, 8, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
    svg = draw(rows_of(a, periods(a, record)), start, end, UTC, marks=events(a, record, end))
    signs = {what: svg.count(f'<g class="{what}">') for what in ("act", "no-act", "cut-off", "extension")}
    assert signs == {"act": 6, "no-act": 3, "cut-off": 7, "extension": 7}
    line = next(text for text in svg.splitlines() if text.startswith("<text ") and "破棄" in text)
    assert "\N{HORIZONTAL ELLIPSIS}<title>" in line and note in line and len(line.split("<title>")[0]) < 160
