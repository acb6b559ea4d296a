"""`gsomia cases run FILE...`: conformance cases asked of the shipped law."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from gsomia.cli.law.shared import shipped
from gsomia.errors import DataError
from gsomia.marking import visible_json
from gsomia.verdict import Case, check_case, parse_cases, run_case


@click.group()
def cases() -> None:
    """Conformance cases: questions with their answers."""


def _folder(file: Path) -> tuple[str, ...]:
    """The agreement in whose folder the file lies, if it lies in one: a number alone is an article of that."""
    here = file.resolve().parent
    return (here.name,) if (here / "agreement.toml").is_file() else ()


@cases.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--failing", is_flag=True, help="Print only the cases that do not hold.")
def run(files: tuple[Path, ...], as_json: bool, failing: bool) -> None:
    """Ask every case in FILES of the shipped agreements and acts.

    One line a case; exit 0 if every case holds, 1 if one does not, 2 if a file cannot be read.
    """
    law, record = shipped()
    held = wrong = undecided = 0
    seen: dict[str, Case] = {}
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise DataError(f"`{file}` cannot be read: {error.strerror or error}") from error
        for case in parse_cases(data, str(file), *_folder(file)):
            if case.id in seen:
                if replace(case, file=seen[case.id].file) == seen[case.id]:
                    continue
                raise DataError(f"{file}: {case.id}: id: another case in {seen[case.id].file} has it")
            seen[case.id] = case
            check_case(law, case)
            result = run_case(law, record, case)
            word = {True: "holds", False: "FAILS", None: "not yet decided"}[result.holds]
            held, wrong = held + (result.holds is True), wrong + (result.holds is False)
            undecided += result.holds is None
            if failing and result.holds:
                continue
            if as_json:
                line = {
                    "id": case.id,
                    "holds": result.holds,
                    "got": result.got,
                    "expected": result.expected,
                    "text": result.text,
                    "answer": result.answer,
                }
                click.echo(visible_json(line, sort_keys=True))
            else:
                why = f": {result.text}" if result.text else ""
                click.echo(f"{case.id:<18} {word:<6} {result.got:<16} {case.title}{why}")
    if not seen:
        raise DataError("the files hold no case", hint="a case file holds [[case]] tables")
    summary = f"{len(seen)} cases: {held} hold, {wrong} do not, {undecided} not yet decided"
    click.echo(summary, err=as_json)
    sys.exit(0 if held == len(seen) else 1)
