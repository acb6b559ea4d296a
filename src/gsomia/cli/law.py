"""What the commands about the law share: the law and record that are shipped or lie in a folder, instants, output."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import click

from gsomia.agreement import READINGS, Agreement, Record, load_agreement, read_acts, shipped_record
from gsomia.config import read_law_folder, shipped_law
from gsomia.errors import UsageError
from gsomia.verdict import Case, Law, parse_cases

__all__ = [
    "Instant",
    "at_option",
    "cases_of",
    "json_option",
    "law_of",
    "local",
    "now",
    "out",
    "reading_option",
    "readings_of",
    "shipped",
]


@cache
def shipped() -> tuple[Law, Record]:
    """The law and the record that come with this release."""
    files = shipped_law()
    law = Law({name: load_agreement(name, folder) for name, folder in files.items()})
    return law, shipped_record(files)


class Instant(click.ParamType[datetime]):
    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO 8601 with an offset."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a date-time such as 2019-11-22T18:00+09:00", param, ctx)
        if at.tzinfo is None:
            self.fail(f"`{value}` needs its offset, such as {value}+09:00 or {value}Z", param, ctx)
        return at.astimezone(UTC)


at_option = click.option("--at", type=Instant(), help="The instant, with its offset; by default now.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
reading_option = click.option(
    "--reading", "readings", multiple=True, metavar="PARTY=READING", help="A Party's reading, instead of its own."
)


def now(at: datetime | None) -> datetime:
    return at if at is not None else datetime.now(UTC)  # noqa: TID251  # the shell's clock, where none was given


def readings_of(given: Iterable[str]) -> dict[str, str] | None:
    found = {}
    for entry in given:
        party, _, reading = entry.partition("=")
        if reading not in READINGS:
            known = ", ".join(READINGS)
            raise UsageError(f"`{entry}` is not a reading", hint=f"write PARTY=READING; readings: {known}")
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
    files = read_law_folder(folder)
    found = load_agreement(folder.resolve().name, files)
    law = Law({**law.agreements, found.name: found})
    record = Record(act for act in record if act.under != found.name)
    if "acts.toml" in files:
        record = record.plus(read_acts(found.name, files["acts.toml"], found.parties))
    return law, record, found


def cases_of(name: str) -> list[Case]:
    """The cases in the folder of an agreement, by its name or its path."""
    law, _ = shipped()
    files = shipped_law()[name] if name in law.agreements else read_law_folder(Path(name))
    return parse_cases(files["cases.toml"], f"{name}/cases.toml") if "cases.toml" in files else []


def local(at: datetime, zone: timezone | Any = None) -> str:
    zone = zone or timezone(timedelta(hours=9))
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S%z")


def out(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2))
