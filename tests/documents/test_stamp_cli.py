"""`gsomia marking stamp` and `inspect`."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from office_files import docx, odt, pdf, relation

from gsomia.cli.marking import marking
from gsomia.marking import Label

for name in ("lxml", "typst", "pikepdf", "PIL"):
    pytest.importorskip(name, reason=f"{name} is not installed")

PAIR = ["--origin", "일본국 정부", "--mark", "군사Ⅲ급비밀", "--lang", "ko"]


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(marking, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("kind", ["pdf", "docx", "odf"])
def test_a_document_is_stamped(tmp_path: Path, kind: str) -> None:
    source = {"pdf": pdf(2), "docx": docx(), "odf": odt()}[kind]
    (tmp_path / "in").write_bytes(source)
    assert run("inspect", tmp_path / "in") == (0, f"{kind}: no active content\n")
    code, output = run("stamp", tmp_path / "in", tmp_path / "out", *PAIR, "--copy", "2", "5", "--recipient", "국방부")
    assert code == 0, output
    assert hashlib.sha256(source).hexdigest() in output
    assert hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest() in output
    assert (tmp_path / "in").read_bytes() == source
    code, output = run("stamp", tmp_path / "in", tmp_path / "out", *PAIR)
    assert (code, "cannot be written" in output) == (1, True)


def test_an_active_document_is_not_stamped(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(docx(relations=relation("attachedTemplate", "http://x/", outside=True)))
    commands: list[list[str | Path]] = [
        ["inspect", tmp_path / "in"],
        ["stamp", tmp_path / "in", tmp_path / "out", *PAIR],
    ]
    for command in commands:
        code, output = run(*command)
        assert (code, "active content: a template from outside" in output) == (1, True)
    assert not (tmp_path / "out").exists()
    (tmp_path / "in").write_bytes(b"plain")
    assert run("inspect", tmp_path / "in")[0] == 1


def test_a_broken_image_is_told(tmp_path: Path) -> None:
    from PIL import Image

    Image.effect_noise((100, 100), 50).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:500])
    code, output = run("inspect", tmp_path / "whole.png")
    assert (code, output.splitlines()[0]) == (0, "image: no active content")
    code, output = run("inspect", tmp_path / "cut.png")
    assert (code, "the image is broken" in output) == (1, True)


def test_a_pdf_carries_the_label_that_it_is_given(tmp_path: Path) -> None:
    import pikepdf

    label = Label(policy="KOR", classification="군사Ⅲ급비밀", created=datetime(2026, 11, 23, 5, tzinfo=UTC))
    (tmp_path / "label.json").write_text(json.dumps(label.to_json()), encoding="utf-8")
    (tmp_path / "in").write_bytes(pdf(1))
    code, output = run("stamp", tmp_path / "in", tmp_path / "out", *PAIR, "--label", tmp_path / "label.json")
    assert code == 0, output
    with pikepdf.open(tmp_path / "out") as document:
        assert "군사Ⅲ급비밀" in str(document.docinfo["/gsomia-label"])
