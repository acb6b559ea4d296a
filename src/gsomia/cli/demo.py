"""`gsomia demo`: the main job on real input."""

from __future__ import annotations

from pathlib import Path

import click

from gsomia.errors import UsageError

__all__ = ["demo_command"]


@click.command("demo")
@click.option("--doc", type=click.Path(path_type=Path), help="What Japan sends in step 2; a launch report by default.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("gsomia-demo"), show_default=True)
@click.option("--keep", is_flag=True, help="Leave the nodes running and say how to talk to them.")
def demo_command(doc: Path | None, out: Path, keep: bool) -> int:
    """Play twelve years of the agreement with three nodes on this machine."""
    from gsomia.demo import play

    if doc is not None and not doc.is_file():
        raise UsageError(f"`{doc}` is not a file")
    if out.exists() and any(out.iterdir()) and not (out / "nodes").is_dir():
        raise UsageError(f"`{out}` holds something that is not a demo", hint="name another folder with --out")
    return play(out, document=doc, keep=keep, write=click.echo)
