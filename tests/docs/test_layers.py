"""The layers that the package `node` says it has are those that are checked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import gsomia.node

ROOT = Path(__file__).parents[2]


def test_node_lists_its_parts_in_the_order_in_which_they_may_import_each_other() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one.get("containers") == ["gsomia.node"])
    said = [line for line in (gsomia.node.__doc__ or "").splitlines() if line.startswith("- ")]
    assert [re.findall(r"`(\w+)`:", line) for line in said] == [layer.split(" | ") for layer in layers]
