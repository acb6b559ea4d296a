"""Renditions of received items: marked, numbered, registered with both digests, and checked."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path

import pytest
from stories import MARKS, Stage, finish, forget, holds, refusals, same_story, words_of

from gsomia.errors import RefusedError, UsageError
from gsomia.marking import Label
from gsomia.node import PersonDetails, Role, audit, labels_of, make_rendition, mark
from gsomia.testing import Exercise, Player

sys.path.insert(0, str(Path(__file__).parents[1] / "documents"))
from office_files import docx, pdf

pytest.importorskip("pikepdf", reason="pikepdf is not installed")
pytest.importorskip("typst", reason="typst is not installed")

READER = PersonDetails(
    id="reader", clearance="SECRET", needs=("dprk-missile",), purposes=("defence",), rosters=("main",)
)
OTHER = PersonDetails(id="other", clearance="SECRET", needs=("dprk-missile",), purposes=("defence",), rosters=("main",))
IDLE = PersonDetails(id="idle", clearance="SECRET", needs=(), purposes=("defence",), rosters=("main",))


def given(
    stage: Stage, document: bytes, mime_type: str = "text/plain", **words: object
) -> tuple[Exercise, Player, str]:
    """A document in KOR's hands, from JPN, marked and receipted; and its control number there."""
    exercise = stage()
    exercise["JPN"].transmit(document, to="KOR", level="極秘", mime_type=mime_type, **words)
    exercise.settle()
    kor = exercise["KOR"]
    (copy,) = kor.copies()
    for person in (READER, OTHER, IDLE):
        exercise.enter(person, "KOR")
    return exercise, kor, copy.control_number


def test_a_text_is_marked_for_each_reader_and_both_digests_are_registered(stage: Stage) -> None:
    original = "極秘\nEXERCISE 보고\n".encode()
    exercise, kor, number = given(stage, original)
    finish(kor, number)
    by = kor.by(Role.REGISTRY)
    first = make_rendition(kor.node, number, "reader", total=2, by=by)
    second = make_rendition(kor.node, number, "other", by=by)
    text = first.data.decode()
    assert text.startswith(f"EXERCISE\n일본국 정부 · {MARKS['KOR']}\n\n極秘\n")
    assert f"{MARKS['KOR']}\n사본번호 1/2 · 수령자 reader · {number}\nEXERCISE\n" in text
    assert "사본번호 2/2 · 수령자 other · " in second.data.decode()
    with kor.node.store.reading() as reader:
        entries = list(reader.renditions())
        acts = {act.id: act.statement for act in reader.acts(types=["rendition"])}
        (found,) = reader.renditions(digest=hashlib.sha256(second.data).hexdigest())
        assert not reader.renditions(digest=hashlib.sha256(original).hexdigest())
        assert len(list(reader.acts(types=["access"]))) == 2
    assert (found.person, found.number, found.total) == ("other", 2, 2)
    for entry, data in zip(entries, (first.data, second.data), strict=True):
        assert entry.original == hashlib.sha256(original).hexdigest()
        assert entry.rendition == hashlib.sha256(data).hexdigest()
        assert acts[entry.act].body["rendition"] == entry.rendition
        assert [signer.role for signer in acts[entry.act].signers] == ["node", "registry"]
        assert acts[entry.act].parties == ()
    exercise.settle()
    holds(exercise)
    same_story(exercise)


@pytest.mark.parametrize(("kind", "mime_type"), [("pdf", "application/pdf"), ("docx", "")])
def test_documents_are_marked_and_the_sealed_original_stays(stage: Stage, kind: str, mime_type: str) -> None:
    from gsomia.documents import docx_lines, pdf_lines

    original = pdf(3) if kind == "pdf" else docx()
    exercise, kor, number = given(stage, original, mime_type)
    finish(kor, number)
    (copy,) = kor.copies()
    with kor.node.blobs.reading(copy.item) as file:
        sealed = file.read()
    made = make_rendition(kor.node, number, "reader", by=kor.by(Role.REGISTRY))
    lines = "\n".join(pdf_lines(made.data) if kind == "pdf" else docx_lines(made.data))
    for line in (f"일본국 정부 · {MARKS['KOR']}", "사본번호 1/1", "수령자 reader", "EXERCISE", number):
        # A DOCX has its header in three places, and a footer.
        assert lines.count(line) >= (3 if kind == "pdf" else 1), line
    with kor.node.blobs.reading(copy.item) as file:
        assert file.read() == sealed
    holds(exercise)


def test_both_labels_are_kept_at_both_nodes(stage: Stage) -> None:
    exercise, kor, number = given(stage, b"report")
    finish(kor, number)
    exercise.settle()
    for player in exercise.players.values():
        (copy,) = player.copies()
        with player.node.store.reading() as reader:
            item = reader.item(copy.item)
        assert item is not None
        labels = labels_of(item, copy)
        assert (labels.originator.policy, labels.originator.classification) == ("JPN", "極秘")
        (other,) = labels.alternatives
        assert (other.policy, other.classification, other.originator) == ("KOR", MARKS["KOR"], "KOR")
        assert other.categories == labels.originator.categories
        assert Label.from_json(json.loads(copy.own_label)) == other
    changed = forget(kor, "UPDATE copy SET own_label = replace(own_label, 'KOR', 'USA')")
    assert changed == 1
    assert "register rows" in [check.name for check in audit(kor.node) if not check.holds]


def test_what_is_not_made(stage: Stage) -> None:
    exercise, kor, number = given(stage, b"report")
    by = kor.by(Role.REGISTRY)
    with pytest.raises(RefusedError, match="has not been marked"):
        make_rendition(kor.node, number, "reader", by=by)
    mark(kor.node, number, MARKS["KOR"], by=by)
    with pytest.raises(RefusedError) as caught:
        make_rendition(kor.node, number, "idle", by=by)
    assert "duties" in json.dumps(caught.value.verdict)
    with pytest.raises(RefusedError, match="role"):
        make_rendition(kor.node, number, "reader", by=kor.by(Role.DISCLOSURE))
    with pytest.raises(UsageError, match="unknown person"):
        make_rendition(kor.node, number, "nobody", by=by)
    make_rendition(kor.node, number, "reader", total=1, by=by)
    with pytest.raises(RefusedError, match="copy 2 of 1"):
        make_rendition(kor.node, number, "other", by=by)
    assert make_rendition(kor.node, number, "other", total=3, by=by).entry.number == 2
    with pytest.raises(UsageError, match="grow no fewer"):
        make_rendition(kor.node, number, "other", total=2, by=by)
    with kor.node.store.reading() as reader:
        assert [(made.person, made.total) for made in reader.renditions()] == [("reader", 1), ("other", 3)]
    holds(exercise)


def test_a_mark_that_contradicts_the_label_is_not_sent_and_not_shown(stage: Stage) -> None:
    exercise = stage()
    jpn = exercise["JPN"]
    with pytest.raises(RefusedError, match="shows `秘` and its label says `極秘`"):
        jpn.transmit("秘\nreport\n".encode(), to="KOR", level="極秘", mime_type="text/plain")
    with pytest.raises(RefusedError, match="shows `秘` and its label says `極秘`"):
        jpn.transmit("秘\nreport\n".encode(), to="KOR", level="極秘", mime_type="text/plain", as_is=True)
    with pytest.raises(RefusedError, match="shows `군사III급비밀` and its label says `極秘`"):
        jpn.transmit("[군사III급비밀]\nreport\n".encode(), to="KOR", level="極秘", mime_type="text/plain")
    assert jpn.copies() == []
    assert "shows `秘`" in words_of(refusals(jpn))
    assert jpn.node.blobs.names() == []


def active_pdf() -> bytes:
    import pikepdf

    document = pikepdf.open(io.BytesIO(pdf(1)))
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_an_active_document_is_refused_or_sent_as_it_is_and_then_not_marked(stage: Stage) -> None:
    with pytest.raises(RefusedError, match="active content: JavaScript"):
        given(stage, active_pdf(), "application/pdf")
    exercise, kor, number = given(stage, active_pdf(), "application/pdf", as_is=True)
    with exercise["JPN"].node.store.reading() as reader:
        (act,) = reader.acts(types=["transmit"])
    assert "sent as it is: the PDF holds active content" in act.statement.body["remarks"][-1]
    finish(kor, number)
    with pytest.raises(RefusedError, match="JavaScript"):
        make_rendition(kor.node, number, "reader", by=kor.by(Role.REGISTRY))
    assert "JavaScript" in words_of(refusals(kor))
    holds(exercise)


REST = "copy, item, person, 2, 2, original, rendition, mime_type, at"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE rendition SET person = 'somebody'", "`person`"),
        ("UPDATE rendition SET original = rendition", "`original`"),
        ("UPDATE rendition SET rendition = original", "`rendition`"),
        ("UPDATE rendition SET number = 2", "`number`"),
        ("DELETE FROM rendition", "is missing from the register"),
        (
            f"INSERT INTO rendition SELECT 'x', {REST} FROM rendition",
            "rendition `x` stands in the register, and no act put it there",
        ),
    ],
)
def test_verify_finds_a_rendition_that_was_changed(stage: Stage, change: str, says: str) -> None:
    exercise, kor, number = given(stage, b"report")
    finish(kor, number)
    make_rendition(kor.node, number, "reader", by=kor.by(Role.REGISTRY))
    holds(exercise)
    assert forget(kor, change) == 1
    (fault,) = [check for check in audit(kor.node) if not check.holds]
    assert fault.name == "register rows"
    assert says in fault.fault
