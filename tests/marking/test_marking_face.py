"""What `gsomia.marking` shows, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["gsomia.marking", "gsomia.marking.us", "gsomia.marking.spif", "gsomia.marking.xml"])
def test_the_face_holds_what_it_lists(name: str) -> None:
    module = import_module(name)
    assert list(module.__all__) == sorted(module.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    assert all(hasattr(module, entry) for entry in module.__all__)


def test_importing_marking_imports_no_heavy_library() -> None:
    code = (
        "import sys, gsomia.marking, gsomia.marking.us, gsomia.marking.spif, gsomia.marking.xml, gsomia.documents;"
        "heavy = {'lxml', 'typst', 'pikepdf', 'PIL', 'signxml', 'pypdfium2', 'click', 'gsomia.agreement'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_labels_alone_import_no_banners_and_no_policies() -> None:
    code = "import sys, gsomia.marking; print(*(m for m in sys.modules if m.startswith('gsomia.marking.')))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {m.removeprefix("gsomia.marking.") for m in found} == {
        "instants",
        "label",
        "lines",
        "order",
        "showing",
        "words",
    }
    with pytest.raises(AttributeError, match="has no `novel`"):
        _ = import_module("gsomia.marking").novel
