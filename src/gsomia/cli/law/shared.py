"""What the commands about the law share: the law and record that are shipped or lie in a folder, instants, output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gsomia.agreement import (
    READINGS,
    Agreement,
    LegalAct,
    Record,
    check_legs,
    load_agreement,
    read_acts,
    shipped_record,
)
from gsomia.cli.address.paths import api_path
from gsomia.cli.exercise import print_json
from gsomia.cli.instants import Instant, json_option, now
from gsomia.config import read_law_folder, shipped_law
from gsomia.errors import DataError, UsageError
from gsomia.verdict import Case, Facts, Ground, Item, Law, Request, parse_cases

if TYPE_CHECKING:
    from gsomia.app import Home
    from gsomia.node import Reader

__all__ = [
    "Asked",
    "Instant",
    "asking",
    "at_option",
    "cases_of",
    "cited",
    "cited_json",
    "json_option",
    "law_of",
    "local",
    "node_option",
    "out",
    "reading_option",
    "readings_of",
    "shipped",
    "tell_disputed",
]


@cache
def shipped() -> tuple[Law, Record]:
    """The law and the record that come with this release."""
    files = shipped_law()
    law = Law({name: load_agreement(name, folder) for name, folder in files.items()})
    return law, shipped_record(files)


at_option = click.option("--at", type=Instant(), help="The instant, with its offset; by default now.")
reading_option = click.option(
    "--reading", "readings", multiple=True, metavar="PARTY=READING", help="A Party's reading, instead of its own."
)


F = TypeVar("F", bound=Callable[..., Any])


def node_option(function: F) -> F:
    """The node whose adopted law and own record are asked; without one, what comes with this release."""
    from gsomia.cli.address.asked import anywhere_option

    return anywhere_option(function)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command about the law asks: this release's law and record, or what a node adopted and entered.

    Args:
        law, record: the law and the record.
        home, reader: the node and its store; None where no node is asked, or one by its address.
        address: the address of the node that was asked, or "".
        at: the instant by that node.
    """

    law: Law
    record: Record
    home: Home | None = None
    reader: Reader | None = None
    address: str = ""
    at: datetime | None = None

    @property
    def of_node(self) -> bool:
        """Whether a node is asked."""
        return self.home is not None or bool(self.address)

    def now(self, at: datetime | None) -> datetime:
        """The instant given, or now by the node's clock, or by this machine's."""
        return self.home.clock.now() if at is None and self.home is not None else now(at or self.at)

    def of(self, name: str, *, text: bool = False) -> tuple[Law, Record, Agreement]:
        """The law and record, with the instrument of that name, or of that folder.

        Args:
            name: the instrument's name, or its folder.
            text: whether the text alone is asked, which a node can show before it adopts it.

        Raises:
            UsageError: there is none, or the node has not adopted it.
        """
        if name in self.law.agreements:
            return self.law, self.record, self.law.agreements[name]
        if self.of_node and name in shipped()[0].agreements and not text:
            adopted = ", ".join(self.law.agreements) or "none"
            raise UsageError(f"this node has not adopted `{name}`", hint=f"adopted: {adopted}")
        law, record, found = law_of(name)
        if not self.of_node or name in law.agreements:
            return law, record, found
        own = Record(act for act in self.record if act.under != found.name)
        return Law({**self.law.agreements, found.name: found}), own.plus(record.under(found.name)), found

    def disputed(self, name: str) -> dict[str, Any]:
        """Where the node's own record and a peer's report differ (protocol 4), as the keys `disputed` and `reported`.

        Nothing where no node is asked.
        """
        if self.address:
            from gsomia.cli.address.asked import fetch

            if name not in self.law.agreements:
                return {"disputed": [], "reported": []}
            told = fetch(self.address, api_path("agreements", name, "state"), {})
            return {key: told[key] for key in ("disputed", "reported")}
        if self.home is None or self.reader is None:
            return {}
        from gsomia.node import differences, told_differences

        return told_differences(differences(self.home.node, self.reader, name), self.home.node.party)

    def waiting(self, at: datetime) -> list[tuple[Request, Facts]]:
        """What waits at the node to leave it; nothing where no node is asked."""
        if self.home is None or self.reader is None:
            return []
        from gsomia.node import waiting

        return waiting(self.home.node, self.reader, at)

    def held(self) -> Iterator[tuple[str, Item]]:
        """What the node's register holds; nothing where no node is asked."""
        if self.reader is None:
            return iter(())
        from gsomia.node import holdings

        return holdings(self.reader)

    def owing(self, party: str, at: datetime) -> list[dict[str, Any]]:
        """What a Party owes for copies, what is owed to it, and where records differ from a peer's for too long."""
        if self.home is None or self.reader is None:
            return []

        from gsomia.node import owed_rows

        age = timedelta(seconds=self.home.config.reconciliation.duty_seconds)
        return owed_rows(self.home.node, self.reader, party, at, unreconciled_for=age)


def tell_disputed(told: Mapping[str, Any]) -> None:
    """One line for each difference between the node's own record and a peer's report, naming both sides."""
    from gsomia.cli.options import plain

    for state in ("disputed", "reported"):
        for sides in told.get(state, ()):
            words = "; ".join(f"{who} {_entry(entry)}" for who, entry in sides.items())
            act = next(entry["id"] for entry in sides.values() if entry is not None)
            click.echo(f"  {state}: {plain(f'{act}: {words}')}")
    if told.get("disputed"):
        click.echo(f"  only consultation between the Parties settles it ({told['consultation']})")


def _entry(act: Mapping[str, Any] | None) -> str:
    if act is None:
        return "has no such entry"
    return f"has {act['act']} by {act['by']} at {local(datetime.fromisoformat(act['at']))} ({act['form']})"


@contextmanager
def asking(node_dir: str | None) -> Iterator[Asked]:
    """What is asked: the node, where one was given."""
    if not node_dir:
        law, record = shipped()
        yield Asked(law=law, record=record)
        return
    if node_dir.startswith("https://"):
        yield _at(node_dir)
        return
    from gsomia.cli.options import home_of
    from gsomia.node import Case as Known

    with home_of(node_dir) as home, home.node.store.reading() as reader:
        known = Known.of(home.node, reader)
        yield Asked(law=known.law, record=known.record, home=home, reader=reader)


def _at(address: str) -> Asked:
    """What is asked of a node by its address: the law that it adopted and the record it goes by, read here."""
    from gsomia.cli.address.asked import fetch

    adopted = [row["name"] for row in fetch(address, "agreements", {})["agreements"]]
    texts = {name: fetch(address, api_path("agreements", name), {})["files"] for name in adopted}
    law = Law(
        {
            name: load_agreement(name, {file: str(text).encode() for file, text in files.items()})
            for name, files in texts.items()
        }
    )
    acts = fetch(address, "legal-acts", {})["acts"]
    at = datetime.fromisoformat(fetch(address, "node", {})["at"])
    return Asked(law=law, record=Record(LegalAct.from_json(act) for act in acts), address=address, at=at)


def readings_of(given: Iterable[str], parties: Sequence[str]) -> dict[str, str] | None:
    """The readings that were given with `--reading`, each of a Party to the instrument."""
    found = {}
    for entry in given:
        party, _, reading = entry.partition("=")
        if reading not in READINGS:
            known = ", ".join(READINGS)
            raise UsageError(f"`{entry}` is not a reading", hint=f"write PARTY=READING; readings: {known}")
        if party not in parties:
            raise UsageError(f"`{party}` is not a Party here", hint=f"--reading: {', '.join(parties)}")
        found[party] = reading
    return found or None


def law_of(name: str) -> tuple[Law, Record, Agreement]:
    """The law and record, with the instrument of that name, or of that folder."""
    law, record = shipped()
    if name in law.agreements:
        return law, record, law.agreements[name]
    folder = Path(name)
    if not folder.is_dir():
        known = ", ".join(law.agreements)
        raise UsageError(f"no agreement `{name}`", hint=f"known: {known}; or name a folder")
    with _naming(folder):
        return _law_in(folder, law, record)


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Name the folder in a fault as it was given, and not by its own name alone."""
    try:
        yield
    except DataError as error:
        name, slash, rest = str(error).partition("/")
        if name != folder.resolve().name or not slash:
            raise
        raise DataError(str(folder / rest), hint=error.hint) from error


def _law_in(folder: Path, law: Law, record: Record) -> tuple[Law, Record, Agreement]:
    files = read_law_folder(folder)
    found = load_agreement(folder.resolve().name, files)
    law = Law({**law.agreements, found.name: found})
    check_legs(found, law.agreements)
    record = Record(act for act in record if act.under != found.name)
    if "acts.toml" in files:
        record = record.plus(read_acts(found.name, files["acts.toml"], found.parties))
    return law, record, found


def cases_of(name: str) -> list[Case]:
    """The cases in the folder of an agreement, by its name or its path."""
    law, _ = shipped()
    files = shipped_law()[name] if name in law.agreements else read_law_folder(Path(name))
    if "cases.toml" not in files:
        return []
    return parse_cases(files["cases.toml"], str(Path(name) / "cases.toml"), Path(name).resolve().name)


def cited(ground: Ground) -> str:
    """A ground's instrument and article with its tag: `jpn-kor-2016:9 [C]`."""
    return f"{ground.citation} [{ground.confidence}]" if ground.confidence else ground.citation


def cited_json(ground: Mapping[str, Any]) -> str:
    """A ground's instrument and article with its tag: `jpn-kor-2016:9 [C]`."""
    place = ":".join(filter(None, (ground["instrument"], ground["article"] if ground["instrument"] else "")))
    return f"{place} [{ground['confidence']}]" if ground["confidence"] else place


def local(at: datetime, zone: timezone | Any = None) -> str:
    """An instant for people, in a zone: by default at +09:00, where Japan and Korea are."""
    zone = zone or timezone(timedelta(hours=9))
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S%z")


def out(schema: str, value: Mapping[str, Any]) -> None:
    """One JSON object for programs, with its schema and its keys in order."""
    print_json(schema, dict(sorted(value.items())))
