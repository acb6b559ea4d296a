"""Commands about bundles: an item's whole life in one file, and its checks offline."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, is_address, reached
from gsomia.cli.address.paths import api_path
from gsomia.cli.instants import now
from gsomia.cli.logs.log import report
from gsomia.cli.options import home_of, json_option, plain, print_json
from gsomia.errors import GsomiaError, NodeError, UsageError
from gsomia.keys import PublicKey
from gsomia.node import (
    BUNDLE_JSON,
    MAX_BUNDLE_JSON,
    WITNESSES,
    Limits,
    TrustedKeys,
    ask_witness,
    check_bundle,
    fingerprint,
    write_bundle,
)
from gsomia.store import SqlStore
from gsomia.tlog import LogVerifier

__all__ = ["bundle_command", "is_bundle", "verify_bundle"]


@click.command("bundle")
@click.argument("item")
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The bundle.")
@json_option
@anywhere_option
def bundle_command(item: str, output: Path, as_json: bool, node_dir: str | None) -> None:
    """Write everything this node holds about ITEM, with its proofs, into one file for `gsomia verify`.

    What no peer has cosigned yet is said; in its folder the node asks its peers for that first.
    """
    if is_address(node_dir):
        with reached(node_dir) as remote, _whole(output) as sink:
            told = remote.download(api_path("copies", item, "bundle"), sink)
            name, uncosigned = told["x-gsomia-item"], told.get("x-gsomia-uncosigned", "")
    else:
        with home_of(node_dir) as home:
            _ask_peers(home)
            with _whole(output) as sink:
                made = write_bundle(home.node, item, home.law_files, sink)
            name, uncosigned = made.item.id, "; ".join(map(str, made.uncosigned))
    if as_json:
        size = output.stat().st_size
        print_json("bundled", {"item": name, "file": str(output), "bytes": size, "uncosigned": uncosigned})
        return
    click.echo(plain(f"item {name} in {output}"))
    if uncosigned:
        click.echo(plain(f"{uncosigned}; a bundle written after that may have it cosigned"), err=True)


def _ask_peers(home: Home) -> None:
    """Ask the peers to cosign what they have not; one that cannot be reached now is asked again by its schedule."""
    for party in home.wired():
        with suppress(GsomiaError):
            ask_witness(home.node, party, now=True)


@contextmanager
def _whole(output: Path) -> Iterator[BinaryIO]:
    """Write a file that has its name once it is whole.

    Raises:
        NodeError: the disk does not take it.
    """
    staging = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with staging.open("xb") as sink:
            yield sink
        staging.replace(output)
    except OSError as error:
        raise NodeError(f"cannot write `{output}`: {error.strerror}") from error
    finally:
        staging.unlink(missing_ok=True)


def is_bundle(path: Path) -> bool:
    """Whether a file is a bundle, by its first member; it may still be broken."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return BUNDLE_JSON in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def verify_bundle(path: Path, identities: Sequence[Path], as_json: bool, node_dir: str | None) -> None:
    """Check a bundle with the keys from identities, or with those a node has enrolled."""
    trusted: dict[str, TrustedKeys] = {}
    exercise = _says_exercise(path)
    # The time of an exercise is the exercise's own: a bundle of one is judged at the instant at which it was written.
    at: datetime | None = None if exercise else now()
    unwitnessed = Limits().unwitnessed
    for file in identities:
        party, keys = _identity(file)
        trusted[party] = keys
    if node_dir:
        with home_of(node_dir) as home, home.node.store.reading() as reader:
            own = home.node.keys
            trusted[home.node.party] = TrustedKeys(signing=own.signing.public, log=own.log.public)
            for peer in reader.peers().values():
                trusted[peer.party] = TrustedKeys(signing=peer.signing, log=peer.log)
            at, unwitnessed = home.clock.now(), timedelta(seconds=home.config.witness.unwitnessed_seconds)
    with path.open("rb") as file_:
        checks = check_bundle(file_, trusted, at=at, unwitnessed=unwitnessed, scratch=SqlStore.scratch)
    hint = "" if trusted else "give the writer's --identity FILE (`gsomia node identity`), or --node DIR that knows it"
    if [check.name for check in checks if not check.holds] == [WITNESSES]:
        hint = "write a newer bundle with `gsomia bundle`: what peers have cosigned since is in it"
    report(str(path), checks, as_json, exercise=exercise, hint=hint)


def _says_exercise(path: Path) -> bool:
    """Whether a bundle says of itself that an EXERCISE node wrote it; a broken one says nothing."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(BUNDLE_JSON) as file:
            return json.loads(file.read(MAX_BUNDLE_JSON))["exercise"] is True
    except (OSError, zipfile.BadZipFile, ValueError, TypeError, KeyError):
        return False


def _identity(path: Path) -> tuple[str, TrustedKeys]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        keys = TrustedKeys(signing=PublicKey.from_json(value["signing"]), log=LogVerifier.from_text(value["log"]))
        click.echo(f"keys of {value['party']}: fingerprint {fingerprint(value)}", err=True)
        return str(value["party"]), keys
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"`{path}` is no identity of a node: {error}", hint="`gsomia node identity` writes it"
        ) from error
