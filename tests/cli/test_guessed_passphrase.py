"""A node does not start under a passphrase that everybody tries first."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Run

from gsomia.app import init
from gsomia.web import Memory


@pytest.mark.parametrize("word", ["changeme", "Password123", "gsomia", "secret!"])
def test_start_refuses_a_word_that_everybody_tries(
    run: Run, node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    given = tmp_path / "passphrase"
    given.write_text(word)
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(given))
    status, out, err = run("node", "run", node)
    assert status == 1 and "everybody tries first" in err and "answers at" not in out


def test_two_nodes_that_are_made_alike_share_no_secret(tmp_path: Path) -> None:
    """Every key, and what the API seals its cursors with, is made by chance; none is shipped."""
    made = []
    for name in ("one", "other"):
        init(tmp_path / name, "KOR", exercise=True).close()
        memory = Memory(tmp_path / name / "api.sqlite")
        lies = {path.name: path.read_bytes() for path in sorted((tmp_path / name / "keys").iterdir())}
        made.append(lies | {"cursors": memory.secret("cursors")})
        memory.close()
    one, other = made
    assert one.keys() == other.keys() and len(one) > 4
    assert [name for name in one if one[name] == other[name]] == []
