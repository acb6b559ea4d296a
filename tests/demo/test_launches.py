"""The record of launches and the routes that the law left open: strict reading, known instants, months."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gsomia.agreement import LegalAct, Record, load_agreement, shipped_record
from gsomia.config import shipped_law
from gsomia.demo.launches import (
    COLUMNS,
    DIRECT,
    NO,
    NONE,
    TISA,
    UNKNOWN,
    YES,
    Launch,
    all_routes,
    launches,
    read_launches,
    routes,
    turning_points,
)
from gsomia.errors import DataError
from gsomia.verdict import Facts, Item, Law, Request, decide

KST = timezone(timedelta(hours=9))
HEADER = ",".join(COLUMNS)
ROW = "2017-11-28,18:17,1,hwasong-15,Hwasong-15,ICBM,pyongsong,Pyongsong,39.25,125.87,70.0,4475.0,950.0,success"

FILES = shipped_law()
LAW = Law({name: load_agreement(name, files) for name, files in FILES.items()})
RECORD = shipped_record(FILES)
WITHOUT_SECOND_NOTE = RECORD.without(["jpn-kor-2016/suspend-notice-kor-2019", "jpn-kor-2016/withdraw-notice-kor-2023"])


def read(*rows: str) -> tuple[Launch, ...]:
    return read_launches("\n".join((HEADER, *rows, "")).encode(), "launches.csv")


def launch(date: str, time: str = "") -> Launch:
    return replace(read(ROW)[0], date=date, time=time)


def at(text: str) -> Launch:
    """A launch at an instant of Seoul and Tokyo."""
    found = datetime.fromisoformat(text).replace(tzinfo=KST).astimezone(UTC)
    return launch(f"{found:%Y-%m-%d}", f"{found:%H:%M}")


# --- the record ----------------------------------------------------------------------------------------------------
def test_the_record_holds_339_launches() -> None:
    found = launches()
    assert len(found) == 339
    assert [one.number for one in found] == list(range(1, 340))
    assert (found[0].date, found[-1].date) == ("1984-04-09", "2026-04-18")
    assert sum(one.month_only for one in found) == 8
    assert sum(not one.time for one in found) == 84


def test_the_instant_that_counts() -> None:
    assert launch("2017-11-28", "18:17").first == datetime(2017, 11, 28, 18, 17, tzinfo=UTC)
    noon = launch("1998-08-31")
    assert noon.first == noon.last == datetime(1998, 8, 31, 12, tzinfo=KST)


@pytest.mark.parametrize(("month", "days"), [("2019-11", 30), ("2023-12", 31), ("2024-02", 29), ("2023-02", 28)])
def test_a_month_spans_the_whole_month(month: str, days: int) -> None:
    found = launch(month)
    assert found.month_only
    assert found.first == datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    assert found.last - found.first == timedelta(days=days) - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2017-11-28", "2017-11-31", "date_utc: `2017-11-31`"),
        ("2017-11-28", "2017", "date_utc"),
        ("2017-11-28", "28/11/2017", "date_utc"),
        ("2017-11-28", "２017-11-28", "date_utc"),
        ("18:17", "24:00", "time_utc: `24:00`"),
        ("18:17", "8:17", "time_utc"),
        ("18:17", "18:17:00", "time_utc"),
        ("2017-11-28", "2017-11", "time_utc: `18:17` with a month and no day"),
        (",1,hwasong", ",0,hwasong", "series"),
        (",1,hwasong", ",+1,hwasong", "series"),
        ("hwasong-15,H", "Hwasong 15,H", "missile: `Hwasong 15`"),
        (",Hwasong-15,", ",,", "missile_name"),
        (",Hwasong-15,", ", Hwasong-15,", "missile_name"),
        (",Hwasong-15,", ",Hwa\u202esong,", "missile_name"),
        ("ICBM", "icbm", "missile_class: `icbm` is not one of SRBM"),
        ("39.25", "93.25", "launch_lat"),
        ("39.25", "nan", "launch_lat"),
        ("39.25", "", "launch_lat"),
        ("125.87", "1e2", "launch_lon"),
        ("70.0", "361", "bearing_deg"),
        ("4475.0", "-1", "apogee_km: `-1`"),
        ("950.0", "lots", "distance_km"),
        ("success", "sucess", "outcome: `sucess`"),
        (",success", "", "13 cells, not 14"),
        (",success", ",success,", "15 cells, not 14"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column(old: str, new: str, said: str) -> None:
    assert ROW.count(old) == 1
    with pytest.raises(DataError) as caught:
        read(ROW, ROW.replace(old, new))
    assert str(caught.value).startswith("launches.csv: line 3: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: the columns must be"),
        (HEADER.replace("series", "serie").encode(), "line 1: the columns must be"),
        (HEADER.encode(), "holds no launch"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('2017', '2016')}\n".encode(), "line 3: date_utc: `2016-11-28` is earlier"),
        (f'{HEADER}\n"{ROW}\n'.encode(), "line 2"),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), "not UTF-8 at byte 0"),
    ],
)
def test_a_bad_file_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=r"^launches\.csv: ") as caught:
        read_launches(data, "launches.csv")
    assert said in str(caught.value)


def test_missing_measures_are_none() -> None:
    (found,) = read(ROW.replace("4475.0,950.0", ","))
    assert (found.apogee_km, found.distance_km) == (None, None)


# --- routes at known instants --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("instant", "route", "chained", "warn"),
    [
        ("1986-05-01 12:00", NONE, NO, NO),
        ("2007-08-09 23:59", NONE, NO, NO),
        ("2007-08-10 00:00", NONE, YES, NO),
        ("2012-04-13 07:39", NONE, YES, NO),
        ("2012-06-30 12:00", NONE, YES, NO),
        ("2014-12-28 23:59", NONE, YES, NO),
        ("2014-12-29 00:00", TISA, YES, NO),
        ("2015-06-01 12:00", TISA, YES, NO),
        ("2016-11-23 10:59", TISA, YES, NO),
        ("2016-11-23 11:00", DIRECT, YES, NO),
        ("2018-01-10 12:00", DIRECT, YES, NO),
        ("2019-08-24 10:00", DIRECT, YES, NO),
        ("2019-11-22 17:00", DIRECT, YES, NO),
        ("2019-11-22 18:00", DIRECT, YES, NO),
        ("2019-11-23 00:01", DIRECT, YES, NO),
        ("2023-03-22 12:00", DIRECT, YES, NO),
        ("2023-12-18 23:59", DIRECT, YES, NO),
        ("2023-12-20 12:00", DIRECT, YES, YES),
    ],
)
def test_the_route_of_the_day(instant: str, route: str, chained: str, warn: str) -> None:
    found = routes(LAW, RECORD, at(instant))
    assert (found.route, found.chained, found.warn) == (route, chained, warn)


@pytest.mark.parametrize(("instant", "route"), [("2019-11-22 23:59", DIRECT), ("2019-11-23 00:00", TISA)])
def test_without_the_second_note_only_the_arrangement_was_left(instant: str, route: str) -> None:
    assert routes(LAW, WITHOUT_SECOND_NOTE, at(instant)).route == route


def test_where_the_readings_differ_nothing_is_permitted() -> None:
    resumed = LegalAct(
        id="jpn-kor-2016/resume-test",
        under="jpn-kor-2016",
        act="resume-notice",
        by="KOR",
        at=datetime(2020, 9, 15, 10, tzinfo=KST),
    )
    record = RECORD.plus([resumed])
    item = Item(originator="JPN", level="SECRET", subject="dprk-missile", form="document", purpose="defence")
    request = Request(act="transmit", by="JPN", to="KOR", item=item, under="jpn-kor-2016")
    verdict = decide(LAW, request, Facts(), record, datetime(2020, 9, 16, 10, tzinfo=KST))
    assert verdict.outcome != "permit"
    assert routes(LAW, record, at("2020-09-15 09:00")).route == DIRECT
    assert routes(LAW, record, at("2020-09-16 10:00")).route == TISA


def test_a_route_counts_only_when_both_directions_are_permitted() -> None:
    files = dict(FILES["jpn-kor-2016"])
    before = files["agreement.toml"].decode()
    row = before.index('mark = "군사II급비밀"')
    covered = before.index("covered = true", row)
    one_way = before[:covered] + "covered = false" + before[covered + len("covered = true") :]
    files["agreement.toml"] = one_way.encode()
    law = Law({**LAW.agreements, "jpn-kor-2016": load_agreement("jpn-kor-2016", files)})
    found = launch("2018-01-10")
    item = Item(originator="KOR", level="군사II급비밀", subject="dprk-missile", form="document", purpose="defence")
    request = Request(act="transmit", by="KOR", to="JPN", item=item, under="jpn-kor-2016")
    assert "4.1" in [a for _, a in decide(law, request, Facts(), RECORD, found.first).articles]
    assert routes(law, RECORD, found).route == TISA


@pytest.mark.parametrize("name", ["usa-jpn-2007", "usa-kor-1987"])
def test_the_chain_needs_the_release_too(name: str) -> None:
    """Where the USA may receive and may give but may not let it out, the chain is broken, in either direction."""
    files = dict(FILES[name])
    files["agreement.toml"] += b"""
[[article]]
number = "unread"
text = "Nothing on paper is released."
source = "this test"
confidence = "I"
clause = [{ is = "only-forms", forms = ["oral"], acts = ["release"] }]
"""
    law = Law({**LAW.agreements, name: load_agreement(name, files)})
    found = routes(law, RECORD, launch("2018-01-10"))
    assert (found.route, found.chained) == (DIRECT, NO)


def test_without_law_there_is_no_route() -> None:
    found = routes(Law({}), Record(), launch("2024-05-29", "21:13"))
    assert (found.route, found.chained, found.warn) == (NONE, NO, NO)


def test_the_verdict_cites_its_articles() -> None:
    direct = dict(routes(LAW, RECORD, at("2018-01-10 12:00")).articles)
    assert set(direct) == {"jpn-kor-2016"}
    assert {"4.1", "21.3"} <= set(direct["jpn-kor-2016"])
    tisa = dict(routes(LAW, RECORD, at("2015-06-01 12:00")).articles)
    assert {"1", "4"} <= set(tisa["tisa-2014"])
    assert {"usa-jpn-2007", "usa-kor-1987"} < set(tisa)
    none = routes(LAW, RECORD, at("2012-06-30 12:00"))
    assert dict(none.articles)["jpn-kor-2016"] == ("21.1",)
    assert {verdict.outcome for verdict in none.verdicts} == {"refuse"}


# --- months --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("month", "route", "chained", "warn"),
    [
        ("1984-09", NONE, NO, NO),
        ("1987-09", NONE, NO, NO),
        ("2007-08", NONE, UNKNOWN, NO),
        ("2014-12", UNKNOWN, YES, NO),
        ("2015-01", TISA, YES, NO),
        ("2016-11", UNKNOWN, YES, NO),
        ("2019-11", DIRECT, YES, NO),
        ("2023-12", DIRECT, YES, UNKNOWN),
    ],
)
def test_a_month_is_unknown_where_the_answer_changes_in_it(month: str, route: str, chained: str, warn: str) -> None:
    found = routes(LAW, RECORD, launch(month))
    assert (found.route, found.chained, found.warn) == (route, chained, warn)


def test_a_month_is_unknown_where_the_law_itself_ends_the_agreement_in_it() -> None:
    found = routes(LAW, WITHOUT_SECOND_NOTE, launch("2019-11"))
    assert found.route == UNKNOWN
    assert datetime(2019, 11, 23, tzinfo=KST) in found.asked


def test_a_change_there_and_back_within_a_month_is_seen() -> None:
    """First and last instant agree; only the acts inside the month show that it was open for ten days."""
    acts = [act for act in RECORD if act.under != "tisa-2014"]
    effect = next(act for act in RECORD if act.under == "tisa-2014")
    acts.append(replace(effect, at=datetime(2014, 11, 10, tzinfo=KST)))
    left = datetime(2014, 11, 20, tzinfo=KST)
    acts.append(replace(effect, id="tisa-2014/leave-test", act="leave", at=left))
    found = routes(LAW, Record(acts), launch("2014-11"))
    assert found.route == UNKNOWN
    assert len(found.asked) == 4


@pytest.mark.parametrize("month", ["2007-08", "2014-12", "2016-11", "2019-08", "2019-11", "2023-03", "2023-12"])
@pytest.mark.parametrize("record", [RECORD, WITHOUT_SECOND_NOTE], ids=["history", "without the second note"])
def test_a_month_agrees_with_asking_every_three_hours(month: str, record: Record) -> None:
    """The oracle asks all through the month; the code only where something can change."""
    whole = launch(month)
    hours = int((whole.last - whole.first) / timedelta(hours=1)) + 1
    instants = [whole.first + timedelta(hours=hour) for hour in range(0, hours, 3)]
    each = all_routes(LAW, record, [launch(f"{i:%Y-%m-%d}", f"{i:%H:%M}") for i in instants])
    found = routes(LAW, record, whole)
    for column in ("route", "chained", "warn"):
        answers = {getattr(one, column) for one in each}
        assert getattr(found, column) == (answers.pop() if len(answers) == 1 else UNKNOWN)


def test_turning_points_hold_every_act_and_the_end_that_a_notice_serves() -> None:
    points = turning_points(LAW, RECORD)
    assert list(points) == sorted(set(points))
    assert {act.at for act in RECORD} <= set(points)
    assert datetime(2019, 11, 23, tzinfo=KST) in points


# --- all of them ---------------------------------------------------------------------------------------------------
def test_all_launches_have_the_routes_of_their_years() -> None:
    found = all_routes(LAW, RECORD, launches())
    assert [one.launch for one in found] == list(launches())
    by_route: dict[str, Counter[int]] = {}
    for one in found:
        by_route.setdefault(one.route, Counter())[one.launch.year] += 1
    assert set(by_route) == {NONE, TISA, DIRECT}
    assert max(by_route[NONE]) == 2014
    assert set(by_route[TISA]) == {2015, 2016}
    assert min(by_route[DIRECT]) == 2017
    assert sum(by_route[NONE].values()) == 58
    assert sum(by_route[TISA].values()) == 39
    assert sum(by_route[DIRECT].values()) == 242
    assert {one.launch.year for one in found if one.warn == YES} == {2024, 2025, 2026}
    assert min(one.launch.year for one in found if one.chained == YES) == 2009


def test_asking_together_or_one_by_one_is_the_same() -> None:
    some = launches()[::23]
    assert all_routes(LAW, RECORD, some) == tuple(routes(LAW, RECORD, one) for one in some)
