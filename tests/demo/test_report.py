"""The table and the report: what they count, that the page is sound and alone, and that the bands are the law's."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.agreement import LegalAct, Record, load_agreement, shipped_record, state_at
from gsomia.config import shipped_law
from gsomia.demo.drawing import overview, years
from gsomia.demo.launches import NO, UNKNOWN, LaunchRoutes, all_routes, launches
from gsomia.demo.report import page, width_of, write_report, year_rows, year_table
from gsomia.demo.timeline import bands
from gsomia.verdict import Law

KST = timezone(timedelta(hours=9))
FILES = shipped_law()
LAW = Law({name: load_agreement(name, files) for name, files in FILES.items()})
RECORD = shipped_record(FILES)
ROUTES = all_routes(LAW, RECORD, launches())
MADE = datetime(2026, 11, 24, 9, tzinfo=KST)
PAGE = page(LAW, RECORD, ROUTES, made_at=MADE)
JK = LAW.agreements["jpn-kor-2016"]
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})


class Reader(HTMLParser):
    """Reads a page and keeps what the tests ask: unbalanced tags are faults."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


SOUND = read(PAGE)


# --- the page ------------------------------------------------------------------------------------------------------
def test_every_tag_is_closed() -> None:
    assert SOUND.faults == []
    assert SOUND.open == []


def test_it_refers_to_nothing_outside_itself() -> None:
    for tag, attrs in SOUND.tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}:
                assert (value or "").startswith("#")
    assert all(target.startswith("#") for target in re.findall(r"url\(\s*['\"]?([^)'\"]*)", PAGE))
    assert "@import" not in PAGE
    assert "http://" not in PAGE
    assert "https://" not in PAGE


def test_every_id_is_there_once_and_every_reference_finds_one() -> None:
    ids = [attrs["id"] for _, attrs in SOUND.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r"url\(#([^)]+)\)", PAGE))
    for _, attrs in SOUND.tags:
        wanted |= {(attrs.get("href") or "#").removeprefix("#")} - {""}
        wanted |= set((attrs.get("aria-labelledby") or "").split())
    assert wanted
    assert wanted <= set(ids)


def test_the_list_holds_every_launch_with_its_route_and_articles() -> None:
    body = PAGE[PAGE.index("<details>") : PAGE.index("</details>")]
    rows = body[body.index("<tbody>") :].count("<tr>")
    assert rows == 339
    found = Counter(re.findall(r'<td class="route (\w+)">', body))
    assert found == {"none": 58, "tisa": 39, "direct": 242}
    told = " ".join(read(body).text)
    assert "2(a), 4.1, " in told
    assert told.count("permit: ") == 281
    assert told.count("refuse: ") == 58


def test_it_says_exercise_at_the_top_and_at_the_bottom() -> None:
    told = [part for part in SOUND.text if part.strip()]
    body = PAGE[PAGE.index("<body") :]
    assert body.count('class="banner"') == 2
    assert body.index('class="banner"') < body.index("<h1")
    assert body.rindex('class="banner"') > body.index("</main>")
    assert told[0].startswith("EXERCISE")
    for lang, word in (("ja", "訓練"), ("ko", "훈련")):
        assert PAGE.count(f'<span lang="{lang}">{word}</span>') == 2


def test_it_can_be_read_without_eyes() -> None:
    assert SOUND.all("html")[0]["lang"] == "en"
    assert PAGE.count("<caption>") == len(SOUND.all("table")) == 5
    assert all("scope" in attrs for attrs in SOUND.all("th"))
    pictures = SOUND.all("svg")
    assert len(pictures) == 2
    for picture in pictures:
        assert picture["role"] == "img"
        assert picture["lang"] == "en"
        assert len((picture["aria-labelledby"] or "").split()) == 2
    assert all(
        attrs.get("tabindex") == "0" and attrs.get("aria-label")
        for attrs in SOUND.all("div")
        if attrs.get("class") == "wide"
    )


def test_foreign_words_carry_their_language() -> None:
    plain = re.sub(r'<span lang="(ja|ko)">[^<]*</span>', "", PAGE)
    assert not re.search(r"[぀-ヿ㐀-鿿가-힣]", plain)


def test_it_names_the_acts_with_instant_source_and_confidence() -> None:
    for act in RECORD:
        if act.under == "tscf-2024":
            continue
        assert f"{act.at.astimezone(KST):%Y-%m-%d %H:%M} KST" in PAGE
        assert f'{act.source} <span class="tag">[{act.confidence}]</span>' in PAGE


def test_it_names_source_and_licence_and_no_sea() -> None:
    assert "CNS North Korea Missile Test Database" in PAGE
    assert "Apache License 2.0" in PAGE
    assert not re.search(r"sea of|east sea|yellow sea|landing", PAGE, re.IGNORECASE)


def test_what_the_data_says_is_never_markup() -> None:
    bad = '<script>alert("x")</script>&'
    wild = [replace(one, launch=replace(one.launch, missile_name=bad, facility_name=bad)) for one in ROUTES[-3:]]
    text = page(LAW, RECORD, wild, made_at=MADE)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert read(text).faults == []


def test_it_is_written_as_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, LAW, RECORD, ROUTES, made_at=MADE)
    assert path.read_text(encoding="utf-8") == PAGE
    assert "Made 2026-11-24 09:00 KST" in PAGE


def test_a_history_that_ended_can_be_drawn_too() -> None:
    ended = RECORD.without(["jpn-kor-2016/suspend-notice-kor-2019", "jpn-kor-2016/withdraw-notice-kor-2023"])
    resumed = RECORD.plus(
        [
            LegalAct(
                id="jpn-kor-2016/resume-test",
                under="jpn-kor-2016",
                act="resume-notice",
                by="KOR",
                at=datetime(2020, 9, 15, tzinfo=KST),
            )
        ]
    )
    for record, word in ((ended, "ended"), (resumed, "uncertain")):
        text = page(LAW, record, all_routes(LAW, record, launches()), made_at=MADE)
        assert read(text).faults == []
        assert f'<th scope="row">{word}</th>' in text


# --- the pictures --------------------------------------------------------------------------------------------------
def test_each_picture_marks_each_launch_once() -> None:
    law = {name: bands(LAW.agreements[name], RECORD) for name in ("jpn-kor-2016", "tisa-2014", "warning-2023")}
    drawn = overview(ROUTES, law, {name: name for name in law})
    marks = re.findall(r'<use href="#o-dot-(\w+)"[^>]*><title>', drawn)
    assert Counter(marks) == Counter(one.route for one in ROUTES)
    since = [one for one in ROUTES if one.launch.year >= 2014]
    marks = re.findall(r'<use href="#y-([A-Za-z]+-\w+)"[^>]*><title>', years(ROUTES, law))
    assert Counter(marks) == Counter(f"{one.launch.missile_class}-{one.route}" for one in since)


def test_no_two_marks_lie_on_one_another() -> None:
    law = {name: bands(LAW.agreements[name], RECORD) for name in ("jpn-kor-2016", "tisa-2014", "warning-2023")}
    for drawn in (overview(ROUTES, law, {name: name for name in law}), years(ROUTES, law)):
        places = re.findall(r'<use href="#\S+" x="([\d.]+)" y="([\d.]+)"><title>', drawn)
        assert len(places) == len(set(places)) > 200


# --- the bands -----------------------------------------------------------------------------------------------------
def test_the_bands_of_the_agreement_of_2016() -> None:
    found = bands(JK, RECORD)
    assert [band.state for band in found] == [
        "none",
        "signed",
        "in-force",
        "notice-pending",
        "notice-suspended",
        "in-force",
    ]
    assert found[0].start is None
    assert found[-1].end is None
    assert [band.end for band in found[:-1]] == [band.start for band in found[1:]]
    assert found[3].start == datetime(2019, 8, 23, 17, tzinfo=KST)
    assert [act.act for act in found[4].begun_by] == ["suspend-notice"]


def test_an_instrument_without_acts_has_one_band() -> None:
    (band,) = bands(JK, Record())
    assert (band.state, band.start, band.end) == ("none", None, None)


@given(
    left=st.sets(st.sampled_from(sorted(act.id for act in RECORD.under("jpn-kor-2016")))),
    days=st.lists(st.floats(0, 5844), min_size=1),
)
def test_a_band_says_what_the_fold_says(left: set[str], days: list[float]) -> None:
    record = RECORD.without(left)
    found = bands(JK, record)
    instants = [datetime(2012, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in days]
    edges = [band.start for band in found if band.start is not None]
    for at in [*instants, *edges, *(edge - timedelta(microseconds=1) for edge in edges)]:
        (band,) = [band for band in found if band.holds(at)]
        assert band.state == state_at(JK, record, at).state


# --- the table -----------------------------------------------------------------------------------------------------
def test_the_table_is_straight_and_adds_up() -> None:
    lines = year_table(ROUTES).splitlines()
    assert "EXERCISE" in lines[0]
    assert "EXERCISE" in lines[-1]
    assert len({width_of(line) for line in lines[1:-1]}) == 1
    rows = year_rows(ROUTES)
    assert rows[-1].label == "all"
    assert len(rows) == len({one.launch.year for one in ROUTES}) + 1
    for row in rows:
        assert sum(row.routes.values()) == row.launches
    for column in ("launches", "chained", "warn"):
        assert sum(getattr(row, column) for row in rows[:-1]) == getattr(rows[-1], column)
    cells = [re.split(r"[\s│]+", line.strip()) for line in lines if line.strip().startswith(("2022", "2016", "all"))]
    assert ["2016", "24", "·", "24", "·", "·", "24", "·"] in cells
    assert ["2022", "69", "·", "·", "69", "·", "69", "·"] in cells
    assert ["all", "339", "58", "39", "242", "·", "316", "77"] in cells


def test_what_cannot_be_told_is_counted_apart() -> None:
    odd: list[LaunchRoutes] = [replace(ROUTES[0], route=UNKNOWN, chained=UNKNOWN, warn=NO), ROUTES[1]]
    (row, _) = year_rows(odd)
    assert row.cells() == ("1984", "2", "1", "·", "·", "1", "0+1?", "·")


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("direct", 6), ("訓練", 4), ("훈련", 4), ("ＮＡＴＯ", 8), ("e\u0301", 1)]
)
def test_wide_letters_take_two_columns(text: str, width: int) -> None:
    assert width_of(text) == width


def test_what_stands_left_of_the_pictures_has_room_for_a_wide_letter() -> None:
    """Where no narrow face is installed a bold letter is some three quarters of its height wide."""
    heights = {"year": 10.5, "small": 8.0}
    found = re.findall(r'<text x="([\d.]+)" y="[\d.]+" class="(year|small)" text-anchor="end">([^<]+)<', PAGE)
    assert any("Agreement 2016" in words for _, _, words in found)
    assert [words for x, kind, words in found if float(x) < 0.72 * heights[kind] * len(words)] == []
