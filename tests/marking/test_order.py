"""Laws of the order of labels, of roll-up and of the decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import DataError
from gsomia.marking import Category, Clearance, ItemLabels, Label, Scale, decide

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
JPN = Scale.of("JPN", ["秘", ["極秘", "特定秘密"], "機密"])
MARKS = ["秘", "極秘", "特定秘密", "機密"]
VALUES = ["A", "B", "C"]
TAGS = [("RESTRICTIVE", "Special"), ("PERMISSIVE", "Releasable To"), ("PERMISSIVE", "Only"), ("INFORMATIVE", "Staff")]


@st.composite
def labels(draw: st.DrawFn) -> Label:
    categories = []
    for kind, tag in TAGS:
        values = draw(st.sets(st.sampled_from(VALUES)))
        if values:
            categories.append(Category(type=kind, tag=tag, values=tuple(sorted(values))))  # type: ignore[arg-type]
    mark = draw(st.sampled_from(MARKS))
    return Label(policy="JPN", classification=mark, categories=tuple(categories), created=AT)


@st.composite
def clearances(draw: st.DrawFn) -> Clearance:
    held = {tag: draw(st.sets(st.sampled_from(VALUES))) for _, tag in TAGS}
    return JPN.clearance(draw(st.sampled_from(MARKS)), held)


def join(*parts: Label) -> Label | None:
    try:
        return JPN.roll_up(parts, at=AT)
    except DataError as error:
        assert "nothing is left" in str(error)
        return None


@given(labels())
def test_reflexive_and_idempotent(a: Label) -> None:
    assert JPN.dominates(a, a)
    once = join(a)
    assert once is not None
    assert join(once, a) == once
    assert JPN.dominates(once, a)
    assert JPN.dominates(a, once)


@st.composite
def near(draw: st.DrawFn, label: Label) -> Label:
    """A label that differs little from this one, so that the two are often comparable."""
    kept = [c for c in label.categories if draw(st.integers(0, 4))]
    categories = tuple(
        replace(c, values=tuple(draw(st.permutations(c.values)))[: draw(st.integers(1, len(c.values)))])
        for c in draw(st.permutations(kept))
    )
    mark = label.classification if draw(st.booleans()) else draw(st.sampled_from(MARKS))
    return replace(label, classification=mark, categories=categories)


FAMILY = labels().flatmap(lambda a: st.tuples(st.just(a), near(a), near(a)))


@given(FAMILY)
def test_transitive(family: tuple[Label, Label, Label]) -> None:
    for a, b, c in permutations(family):
        if JPN.dominates(a, b) and JPN.dominates(b, c):
            assert JPN.dominates(a, c)


@given(FAMILY)
def test_antisymmetric_but_for_what_decides_nothing(family: tuple[Label, Label, Label]) -> None:
    a, b, _ = family

    def deciding(label: Label) -> object:
        kept = {(c.type, c.tag): set(c.values) for c in label.categories if c.type != "INFORMATIVE"}
        return (label.classification, kept)

    if JPN.dominates(a, b) and JPN.dominates(b, a):
        assert deciding(a) == deciding(b)


@given(labels(), labels(), labels())
def test_roll_up_is_commutative_and_associative(a: Label, b: Label, c: Label) -> None:
    assert join(a, b, c) == join(c, a, b) == join(b, c, a)
    ab, bc = join(a, b), join(b, c)
    left = join(ab, c) if ab else None
    right = join(a, bc) if bc else None
    assert left == right == join(a, b, c)


@given(labels(), labels(), labels())
def test_roll_up_is_the_least_that_dominates_its_parts(a: Label, b: Label, c: Label) -> None:
    both = join(a, b)
    if both is None:
        return
    assert JPN.dominates(both, a)
    assert JPN.dominates(both, b)
    if JPN.dominates(c, a) and JPN.dominates(c, b):
        assert JPN.dominates(c, both)


@given(labels(), labels(), clearances())
def test_who_reads_the_whole_reads_every_part(a: Label, b: Label, clearance: Clearance) -> None:
    both = join(a, b)
    if both is not None and decide(both, clearance).permitted:
        assert decide(a, clearance).permitted
        assert decide(b, clearance).permitted


@given(FAMILY, clearances())
def test_dominance_is_about_readers(family: tuple[Label, Label, Label], clearance: Clearance) -> None:
    for high, low in permutations(family, 2):
        if JPN.dominates(high, low):
            assert JPN.rank(high.classification) >= JPN.rank(low.classification)
            if decide(high, clearance).permitted:
                assert decide(low, clearance).permitted


@given(labels(), clearances())
def test_the_decision_is_the_slow_one(label: Label, clearance: Clearance) -> None:
    answer = label.classification in clearance.classifications
    for category in label.categories:
        held = [value in clearance.categories[category.tag] for value in category.values]
        if category.type == "RESTRICTIVE":
            answer = answer and all(held)
        if category.type == "PERMISSIVE":
            answer = answer and any(held)
    found = decide(label, clearance)
    assert found.permitted == answer
    assert found.permitted == (not found.missing)


def test_the_decision_names_everything_that_is_missing() -> None:
    label = Label(
        policy="JPN",
        classification="機密",
        categories=(
            Category(type="RESTRICTIVE", tag="Special", values=("A", "B")),
            Category(type="PERMISSIVE", tag="Only", values=("C",)),
        ),
        created=AT,
    )
    found = decide(label, JPN.clearance("秘", {"Special": ["A"]}))
    assert found.missing == ("the classification `機密`", "`Special` `B`", "one of `Only` `C`")
    other = decide(label, Clearance(policy="KOR", classifications=frozenset({"機密"}), categories={}))
    assert other.missing[0] == "a clearance under `JPN`"


def test_nothing_cleared_opens_nothing() -> None:
    label = Label(policy="JPN", classification="秘", created=AT)
    assert not decide(label, Clearance(policy="JPN", classifications=frozenset())).permitted


def test_marks_of_one_rank_keep_the_stricter() -> None:
    parts = [Label(policy="JPN", classification=m, created=AT) for m in ("特定秘密", "極秘", "秘")]
    assert JPN.roll_up(parts, at=AT).classification == "特定秘密"
    assert JPN.rank("特定 秘密") == JPN.rank("極秘") == 1


def test_a_closed_tag_needs_every_part_to_name_it() -> None:
    scale = Scale.of("JPN", ["秘"])
    closed = Scale(policy="JPN", levels=(("秘",),), closed=frozenset({"Releasable To"}))
    release = Category(type="PERMISSIVE", tag="Releasable To", values=("KOR",))
    with_it = Label(policy="JPN", classification="秘", categories=(release,), created=AT)
    without = Label(policy="JPN", classification="秘", created=AT)
    assert scale.roll_up([with_it, without], at=AT).values("Releasable To") == ("KOR",)
    with pytest.raises(DataError, match="nobody"):
        closed.roll_up([with_it, without], at=AT)
    assert closed.roll_up([without, without], at=AT) == without


def test_refusals() -> None:
    label = Label(policy="KOR", classification="군사Ⅲ급비밀", created=AT)
    with pytest.raises(DataError, match="not ordered by `JPN`"):
        JPN.roll_up([label], at=AT)
    with pytest.raises(DataError, match="no labels"):
        JPN.roll_up([], at=AT)
    with pytest.raises(DataError, match="not one of the marks"):
        JPN.rank("部外秘密密")
    with pytest.raises(DataError, match="twice"):
        Scale.of("X", ["S", "Ｓ"])
    with pytest.raises(DataError, match="no offset"):
        JPN.roll_up([Label(policy="JPN", classification="秘", created=AT)], at=AT.replace(tzinfo=None))


def test_the_originators_label_is_kept_for_ever() -> None:
    own = Label(policy="JPN", classification="特定秘密", created=AT)
    kor = Label(policy="KOR", classification="군사Ⅱ급비밀", created=AT)
    both = ItemLabels(originator=own).with_alternative(kor)
    assert both.originator == own
    assert both.shown_to("KOR") == kor
    assert both.shown_to("USA") == own
    assert both.with_alternative(kor) == both
    with pytest.raises(DataError, match="originator's"):
        both.with_alternative(Label(policy="JPN", classification="極秘", created=AT))
