"""The `gsomia` command: what the groups are, and which exit status an error has (protocol 12)."""

from __future__ import annotations

import gc
import sys
from types import ModuleType
from typing import ClassVar

import click

from gsomia import __version__
from gsomia.cli.grounds import ground_text
from gsomia.errors import (
    GsomiaError,
    LoginError,
    PendingError,
    RefusedError,
    UsageError,
    VerificationError,
)

__all__ = ["cli", "main"]

EXITS = {UsageError: 2, RefusedError: 3, LoginError: 4, VerificationError: 5, PendingError: 6}


class _Lazy(click.Group):
    """A group whose commands are imported when they are asked for, so that each starts fast."""

    commands_in: ClassVar[dict[str, str]] = {
        "init": "setup", "node": "setup", "peer": "setup", "officer": "setup", "person": "persons",
        "roster": "rosters", "place": "rosters", "rights": "rights", "clock": "setup",
        "sign-in": "signing_in", "session": "sessions",
        "act": "acts", "assure": "standing", "accredit": "standing",
        "transmit": "transmitting", "release": "exchange", "inbox": "holdings", "mark": "exchange",
        "receipt": "exchange",
        "open": "exchange", "register": "holdings", "request": "request", "contractor": "contractor",
        "disclosure": "disclosure", "order": "order",
        "consent": "consent", "refused": "holdings",
        "outbox": "holdings", "parcel": "parcels",
        "rendition": "renditions", "key": "key", "consult": "consultations.consult",
        "destroy": "handling",
        "regrade": "regrade",
        "recall": "recall", "recalls": "recall", "answer-recall": "recall",
        "verdict": "ask", "verify": "ask", "log": "logs.log", "bundle": "logs.bundle", "tracer": "tracers",
        "reconcile": "reconcile",
        "agreement": "law.agreement", "routes": "law.routes", "duties": "law.routes", "matrix": "law.routes",
        "cases": "law.cases", "demo": "demo", "marking": "marking", "seal": "seal", "inspect": "seal", "keygen": "seal",
    }  # fmt: skip

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of a newcomer's day."""
        return [name for name in self.commands_in if self.get_command(ctx, name) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module that holds a command."""
        module = self.commands_in.get(cmd_name)
        if module is None:
            return None
        for found in vars(_imported(f"gsomia.cli.{module}")).values():
            if isinstance(found, click.Command) and found.name == cmd_name:
                if cmd_name == "agreement" and isinstance(found, click.Group) and "adopt" not in found.commands:
                    found.add_command(_imported("gsomia.cli.standing").adopt)
                return found
        return None


def _imported(module: str) -> ModuleType:
    """A module; what it brings stays, and the collector would look through it during the import and at the end."""
    from importlib import import_module

    if module in sys.modules or not gc.isenabled():
        return import_module(module)
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gsomia")
def cli() -> None:
    """A General Security of Military Information Agreement as running software.

    Exit status: 0 done or permitted, 1 failure, 2 usage, 3 refused or uncertain, 4 login, 5 verification failed,
    6 waits for a person or a peer, 130 interrupted.
    """


def main() -> None:
    """Run the command line; errors are one line for people, with a hint beneath, and a status for scripts."""
    try:
        status = cli.main(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.exceptions.Abort:
        click.echo("gsomia: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except GsomiaError as error:
        show(error)
        sys.exit(next((status for kind, status in EXITS.items() if isinstance(error, kind)), 1))


def show(error: GsomiaError) -> None:
    """An error for people: what was wrong, the grounds where it is a refusal, and what to do."""
    click.echo(f"gsomia: {error}", err=True)
    if isinstance(error, RefusedError):
        grounds = error.verdict.get("grounds", [])
        for ground in grounds if isinstance(grounds, list) else []:
            if ground.get("effect") != "permit" and ground.get("text") != str(error):
                place = " ".join(x for x in (ground.get("instrument"), ground.get("article")) if x)
                click.echo(f"  {place or 'node'}: {ground_text(ground)}", err=True)
        click.echo(f"  verdict: {error.verdict.get('outcome')}", err=True)
    if error.hint:
        click.echo(f"  {error.hint}", err=True)
