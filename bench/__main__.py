"""Run the benchmark groups: `python -m bench [GROUP] [--short]`; writes build/bench.json."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from bench.measure import Result

GROUPS = ("verdict", "marking", "seal", "log", "exchange", "registry", "feed", "taxii", "console")


class Group(Protocol):
    """A module of this package that measures one group."""

    def run(self, short: bool) -> Iterator[Result]:
        """Yield each figure as it is taken; `short` only proves that it runs."""
        ...


def main() -> int:
    """Run the groups named (all that exist, where none is), print each row and write them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("group", nargs="?", choices=GROUPS)
    parser.add_argument("--short", action="store_true", help="a short form, only to prove that it runs")
    arguments = parser.parse_args()
    here = Path(__file__).parent
    groups = [arguments.group] if arguments.group else [g for g in GROUPS if (here / f"{g}.py").exists()]
    rows: list[Result] = []
    for name in groups:
        if not (here / f"{name}.py").exists():
            print(f"bench: no group `{name}` yet", file=sys.stderr)
            return 2
        group = cast(Group, importlib.import_module(f"bench.{name}"))
        for row in group.run(arguments.short):
            rows.append(row)
            print(
                f"{row.name:<28}{row.value:>14,.1f} {row.unit:<14}{row.ratio:>9.3f} x "
                f"{row.baseline} ({row.baseline_value:,.1f})",
                flush=True,
            )
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps([row.to_json() for row in rows], indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
