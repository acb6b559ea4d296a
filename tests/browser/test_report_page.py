"""The report in a real browser: it shows something, prints with its list, and asks nobody for anything.

Without Chromium these tests skip, unless GSOMIA_REQUIRE is set: then they fail.
"""

from __future__ import annotations

import json
import re
import subprocess
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chromium import QUIET, chromium

from gsomia.agreement import load_agreement, shipped_record
from gsomia.config import shipped_law
from gsomia.demo.launches import all_routes, launches
from gsomia.demo.report import write_report
from gsomia.verdict import Law

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    files = shipped_law()
    law = Law({name: load_agreement(name, folder) for name, folder in files.items()})
    record = shipped_record(files)
    write_report(path, law, record, all_routes(law, record, launches()), made_at=datetime(2026, 11, 24, tzinfo=UTC))
    return path


def browse(page: Path, folder: Path, *flags: str) -> list[str]:
    """Open a page in Chromium, whose every way out ends at a closed port.

    Returns:
        The addresses that the page asked for. What the browser asks of its maker on its own account has no origin and
        is left out.
    """
    path = chromium()
    log = folder / "net.json"
    ours = (f"--log-net-log={log}", "--net-log-capture-mode=Everything", f"--user-data-dir={folder / 'profile'}")
    subprocess.run([path, *QUIET, *ours, *flags, page.as_uri()], check=True, capture_output=True, timeout=120)
    text = log.read_text(encoding="utf-8").rstrip()
    # A browser that ends in haste leaves the list of events open.
    events = json.loads(text if text.endswith("}") and "]" in text[-40:] else text.rstrip(",") + "]}")["events"]
    asked = [event["params"] for event in events if "initiator" in event.get("params", {})]
    return [params["url"] for params in asked if "url" in params and params["initiator"] != "not an origin"]


def pixels(path: Path) -> tuple[int, int, list[bytes]]:
    """Width, height and the rows of an 8-bit RGB or RGBA picture without interlacing (PNG, RFC 2083)."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, width, height, depth = 8, b"", 0, 0, 0
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8] == 8
            assert body[12] == 0
            depth = {2: 3, 6: 4}[body[9]]
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    raw, rows, before = zlib.decompress(packed), [], bytes(width * depth)
    for start in range(0, len(raw), width * depth + 1):
        before = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + width * depth]), before, depth)
        rows.append(before)
    return width, height, rows


def _unfiltered(kind: int, row: bytearray, above: bytes, depth: int) -> bytes:
    if kind == 2:
        return bytes([(here + b) & 0xFF for here, b in zip(row, above, strict=True)])
    for n in range(len(row) if kind else 0):
        a, b, c = (row[n - depth], above[n], above[n - depth]) if n >= depth else (0, above[n], 0)
        if kind == 1:
            row[n] = (row[n] + a) & 0xFF
        elif kind == 3:
            row[n] = (row[n] + (a + b) // 2) & 0xFF
        else:
            to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - c - c)
            row[n] = (row[n] + (a if to_a <= to_b and to_a <= to_c else b if to_b <= to_c else c)) & 0xFF
    return bytes(row)


def ink(path: Path) -> float:
    """The share of pixels that are dark."""
    width, height, rows = pixels(path)
    step = len(rows[0]) // width
    return sum(row[n] < 128 for row in rows for n in range(0, len(row), step)) / (width * height)


@pytest.mark.parametrize("width", [900, 500])
def test_the_page_shows_something_and_asks_nobody(report: Path, tmp_path: Path, width: int) -> None:
    picture = tmp_path / "page.png"
    asked = browse(report, tmp_path, f"--window-size={width},1000", f"--screenshot={picture}")
    assert 0.01 < ink(picture) < 0.3
    assert asked == []


def test_a_page_that_asks_would_be_caught(report: Path, tmp_path: Path) -> None:
    leaky = tmp_path / "leaky.html"
    text = report.read_text(encoding="utf-8")
    leaky.write_text(text.replace("<h1>", '<img src="http://leak.invalid/x.png"><h1>'), encoding="utf-8")
    assert browse(leaky, tmp_path, f"--screenshot={tmp_path / 'page.png'}") == ["http://leak.invalid/x.png"]


def test_an_empty_page_would_be_seen(tmp_path: Path) -> None:
    empty = tmp_path / "empty.html"
    empty.write_text("<!DOCTYPE html><title>empty</title>", encoding="utf-8")
    browse(empty, tmp_path, "--window-size=400,400", f"--screenshot={tmp_path / 'page.png'}")
    assert ink(tmp_path / "page.png") == 0


def test_it_prints_with_the_whole_list(report: Path, tmp_path: Path) -> None:
    printed = tmp_path / "report.pdf"
    assert browse(report, tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={printed}") == []
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))
    # Without the list it is six sheets.
    assert 12 <= sheets <= 24
