"""`gsomia demo`: the main job on real input."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["demo_command"]


@click.command("demo")
@click.option("--doc", type=click.Path(path_type=Path), help="What Japan sends in step 2; a launch report by default.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("gsomia-demo"), show_default=True)
@click.option("--keep", is_flag=True, help="Leave the nodes running and say how to talk to them.")
def demo_command(doc: Path | None, out: Path, keep: bool) -> int:
    """Play twelve years of the agreement with three nodes on this machine."""
    from gsomia.demo import play

    return play(out, document=doc, keep=keep, write=click.echo)
