"""The marks that renditions of these tests bear, and what is asked of each."""

from __future__ import annotations

import hashlib

import pytest

from gsomia.documents import Marks, Rendition, pdf_lines
from gsomia.marking import banner, copy_line, pair_line, recipient_line

__all__ = ["EVERY", "LABEL", "MARKS", "PAIR", "checked", "image_module", "shown"]


pytest.importorskip("lxml", reason="lxml is not installed")
pytest.importorskip("typst", reason="typst is not installed")
pytest.importorskip("pikepdf", reason="pikepdf is not installed")
image_module = pytest.importorskip("PIL.Image", reason="pillow is not installed")


PAIR = pair_line("日本国政府", "군사Ⅲ급비밀", lang="ko")
MARKS = Marks(
    top=(banner("군사Ⅲ급비밀", lang="ko"), PAIR),
    bottom=(copy_line(2, 5, lang="ko"), recipient_line("국방부", lang="ko")),
)
EVERY = [line.text for line in (*MARKS.top, *MARKS.bottom)]
LABEL = {"gsomia-label": '{"policy":"KOR","classification":"군사Ⅲ급비밀"}'}


def shown(data: bytes) -> str:
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    return "\n".join(pdf_lines(data))


def checked(source: bytes, made: Rendition) -> Rendition:
    assert made.source_sha256 == hashlib.sha256(source).hexdigest()
    assert made.sha256 == hashlib.sha256(made.data).hexdigest()
    assert made.data != source
    return made
