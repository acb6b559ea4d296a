"""Renditions and derivatives by the commands, between two running nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pair import Pair

pytestmark = pytest.mark.wire

pytest.importorskip("typst", reason="typst is not installed")

MARK = "군사II급비밀"


def entries(pair: Pair, party: str) -> dict[str, dict[str, Any]]:
    """The register as its command tells it, by copy."""
    done = pair.run(party, "register", "--json")
    assert done.returncode == 0, done.stderr
    return {row["copy"]: row for row in json.loads(done.stdout)["copies"]}


def test_a_document_is_received_marked_for_a_reader_and_drawn_on(pair: Pair, tmp_path: Path) -> None:
    pair.start()
    document = tmp_path / "report.txt"
    document.write_text("EXERCISE report\n")
    assert pair.transmit("JPN", document).returncode == 0
    number = next(iter(pair.register("KOR").values()))["control_number"]
    for words in (("mark", number, "--level", MARK), ("receipt", number)):
        assert pair.run("KOR", *words).returncode == 0
    out = tmp_path / "rendition.txt"
    done = pair.run("KOR", "rendition", "make", number, "--for", "reader", "--of", "2", "-o", str(out))
    assert done.returncode == 0, done.stderr
    text = out.read_text()
    assert text.startswith(f"EXERCISE\n일본국 정부 · {MARK}\n\nEXERCISE report\n")
    assert f"사본번호 1/2 · 수령자 reader · {number}" in text
    (made,) = json.loads(pair.run("KOR", "rendition", "list", "--json").stdout)["renditions"]
    assert f"sha256:{made['rendition']}" in done.stderr
    assert f"sha256:{made['original']}" in done.stderr
    assert made["original"] != made["rendition"]
    traced = pair.run("KOR", "rendition", "trace", str(out))
    assert f"{number} copy 1 of 2, made for reader" in traced.stdout
    assert pair.run("KOR", "rendition", "trace", str(document)).returncode == 2
    (row,) = entries(pair, "KOR").values()
    assert made.pop("control_number") == number
    assert row["renditions"] == [made]
    assert (row["label"]["ocl"]["pol"], row["own_label"]["policy"]) == ("JPN", "KOR")

    answer = tmp_path / "answer.txt"
    answer.write_text(f"{MARK}\nEXERCISE answer\n")
    how = ("--to", "JPN", "--level", "군사III급비밀", "--subject", "dprk-missile", "--cites", number, "--json")
    sent = pair.run("KOR", "transmit", str(answer), *how)
    assert sent.returncode == 0, sent.stderr
    assert f"label: {MARK}; 이 문서는 일본국 정부의 군사비밀정보를 포함하고 있음" in sent.stderr
    there = entries(pair, "JPN")[json.loads(sent.stdout)["copy"]]
    assert there["cites"] == [{"item": row["item"], "contains": ["JPN"]}]
    assert there["contains"] == ["KOR", "JPN"]
    assert f"draws on {number}" in pair.run("KOR", "register").stdout

    answer.write_text("군사III급비밀\nEXERCISE answer\n")
    refused = pair.run("KOR", "transmit", str(answer), *how)
    assert refused.returncode == 3
    assert f"shows `군사III급비밀` and its label says `{MARK}`" in refused.stderr
    pair.holds()
