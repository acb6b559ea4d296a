"""The banner of a document from its portions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from us_markings import markings

from gsomia.errors import DataError
from gsomia.marking.us import UsMarking, breaches, parse_banner, parse_portion, render_banner, roll_up
from gsomia.marking.us.vocabulary import RANKS


@pytest.mark.parametrize(
    ("portions", "banner"),
    [
        ("(U)", "UNCLASSIFIED"),
        ("(U) (U//FOUO)", "UNCLASSIFIED//FOUO"),
        ("(U//FOUO) (S)", "SECRET"),
        ("(S) (TS)", "TOP SECRET"),
        ("(S//REL TO USA, JPN, KOR) (C//REL TO USA, JPN)", "SECRET//REL TO USA, JPN"),
        ("(S//REL TO USA, JPN) (S//REL TO USA, KOR)", "SECRET//NOFORN"),
        ("(S//REL TO USA, JPN) (S)", "SECRET//NOFORN"),
        ("(S//REL TO USA, JPN) (U)", "SECRET//REL TO USA, JPN"),
        ("(S//REL TO USA, JPN) (U//FOUO)", "SECRET//NOFORN"),
        ("(S//NF) (S//REL TO USA, JPN)", "SECRET//NOFORN"),
        ("(S//OC) (S)", "SECRET//ORCON/NOFORN"),
        ("(S//SI//NF) (TS//TK//NF)", "TOP SECRET//SI/TK//NOFORN"),
        ("(S//RELIDO) (S//RELIDO)", "SECRET//RELIDO"),
        ("(S//RELIDO) (S//REL TO USA, JPN)", "SECRET//NOFORN"),
        ("(S//REL TO USA, JPN/DISPLAY ONLY KOR) (S//DISPLAY ONLY JPN, KOR)", "SECRET//DISPLAY ONLY JPN, KOR"),
        ("(S//FGI JPN//REL TO USA, JPN) (S//REL TO USA, JPN)", "SECRET//FGI JPN//REL TO USA, JPN"),
        ("(//JPN S//REL TO USA, JPN) (S//REL TO USA, JPN)", "SECRET//FGI JPN//REL TO USA, JPN"),
        ("(//JPN S) (//JPN C)", "//JPN SECRET"),
        ("(//GBR R//REL TO USA, GBR) (U)", "CONFIDENTIAL//FGI GBR//REL TO USA, GBR"),
        ("(//FGI S//NF) (S//NF)", "SECRET//FGI//NOFORN"),
        ("(U//SBU-NF) (S//REL TO USA, JPN)", "SECRET//NOFORN"),
        ("(S//RD-SG 14//NF) (S//FRD//NF)", "SECRET//RD-SIGMA 14//NOFORN"),
    ],
)
def test_banners(portions: str, banner: str) -> None:
    marks = [parse_portion(f"({mark.strip()}" if mark[0] != "(" else mark) for mark in portions.split(" (")]
    assert render_banner(roll_up(marks)) == banner
    assert render_banner(roll_up(reversed(marks))) == banner


def test_nothing_rolls_up_to_nothing() -> None:
    with pytest.raises(DataError, match="nothing to roll up"):
        roll_up([])


def test_nato_controls_are_not_lost() -> None:
    with pytest.raises(DataError, match="ATOMAL"):
        roll_up([parse_banner("//NATO SECRET//ATOMAL"), parse_banner("SECRET")])


def outcome(portions: list[UsMarking]) -> UsMarking | None:
    try:
        return roll_up(portions)
    except DataError:
        return None


@given(st.lists(markings(), min_size=1, max_size=6), st.randoms())
def test_order_and_repeats_do_not_matter(portions: list[UsMarking], chance: object) -> None:
    shuffled = portions + portions[:2]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(portions) == outcome(shuffled)


@given(st.lists(markings(), min_size=1, max_size=5))
def test_a_banner_is_its_own_banner(portions: list[UsMarking]) -> None:
    banner = outcome(portions)
    if banner is not None:
        assert roll_up([banner]) == banner


@given(st.lists(markings(), min_size=1, max_size=6))
def test_a_banner_is_never_lower_than_a_portion(portions: list[UsMarking]) -> None:
    banner = outcome(portions)
    if banner is None:
        return
    assert breaches(banner) == ()
    assert parse_banner(render_banner(banner)) == banner
    for portion in portions:
        assert RANKS[banner.classification] >= RANKS[portion.classification]
        assert set(portion.sci) <= set(banner.sci)
        assert set(portion.sar) <= set(banner.sar)
        if {"NF", "REL", "EYES"} & set(portion.dissemination):
            assert set(banner.releasable_to) <= {"USA", *portion.releasable_to}
        for control in ("OC", "IMC", "PR", "RS", "DSEN", "FISA"):
            assert control not in portion.dissemination or control in banner.dissemination
