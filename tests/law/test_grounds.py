"""Each ground of the shipped cases says where it stands: an article, a source and a confidence."""

from __future__ import annotations

from gsomia.cli.law.shared import shipped
from gsomia.config import shipped_law
from gsomia.verdict import parse_cases, run_case


def test_every_ground_has_an_article_a_source_and_a_confidence() -> None:
    law, record = shipped()
    seen: set[str] = set()
    for name, files in shipped_law().items():
        for case in parse_cases(files["cases.toml"], name, name):
            for ground in run_case(law, record, case).answer.get("grounds", ()):
                seen.add(ground["clause"])
                told = (ground["article"], ground["source"], ground["confidence"])
                assert all(told) and ground["confidence"] in "ABCI", (case.id, ground)
    assert {"parties", "not-spoken-of", "no-instrument", "consultation", "readings", "state"} <= seen
