"""What is documented is there, and what is there is documented."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from gsomia import errors
from gsomia.cli.main import cli
from gsomia.config import (
    ApiConfig,
    LinkConfig,
    NodeConfig,
    OidcConfig,
    ParcelConfig,
    PeerConfig,
    RecallConfig,
    ReconciliationConfig,
    TimestampConfig,
    TracerConfig,
    WitnessConfig,
)
from gsomia.identity import Rights, rights_page
from gsomia.node.acts.types import ACT_TYPES

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def commands() -> list[str]:
    """Every command as it is typed, groups spelled out."""
    context = click.Context(cli)
    found: list[str] = []

    def walk(group: click.Group, path: str) -> None:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None, f"the command `{path}{name}` cannot be loaded"
            if isinstance(command, click.Group):
                walk(command, f"{path}{name} ")
            else:
                found.append(f"{path}{name}")

    walk(cli, "")
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_reference(command: str) -> None:
    """docs/reference/commands.md has a line for each command."""
    assert f"`gsomia {command}`" in (REFERENCE / "commands.md").read_text(encoding="utf-8")


def test_the_reference_names_each_command_once_and_none_that_is_gone() -> None:
    """A command that was removed leaves the reference too, and none has two rows."""
    named = re.findall(r"^\| `gsomia ([^`]+)`", (REFERENCE / "commands.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(commands())


def test_what_is_compared_daily_and_when_it_is_owed_is_as_the_reference_says() -> None:
    """Reconciliation each day, and a duty after a week, where the settings say nothing else."""
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8").split("In `[reconciliation]`", 1)[1]
    found = {key: int(value) for key, value in re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", text, re.MULTILINE)}
    said = ReconciliationConfig()
    assert (said.interval_seconds, said.duty_seconds) == (24 * 3600, 7 * 24 * 3600)
    assert {key: getattr(said, key) for key in found} == found and len(found) >= 4


def test_every_setting_is_in_the_reference() -> None:
    """docs/reference/settings.md names each key of node.toml."""
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    keys = [
        name
        for model in (
            NodeConfig,
            ApiConfig,
            LinkConfig,
            OidcConfig,
            WitnessConfig,
            ParcelConfig,
            PeerConfig,
            RecallConfig,
            TracerConfig,
            TimestampConfig,
            ReconciliationConfig,
        )
        for name in model.model_fields
    ]
    assert [key for key in keys if f"`{key}`" not in text] == []


def test_every_act_type_is_in_the_reference() -> None:
    """docs/reference/acts.md lists each type of act once, with who signs it."""
    text = (REFERENCE / "acts.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) == sorted(ACT_TYPES)


def test_the_page_of_rights_is_the_table() -> None:
    """docs/reference/rights.md is written from the table of rights."""
    assert (REFERENCE / "rights.md").read_text(encoding="utf-8") == rights_page(Rights.load())


def test_every_error_is_in_the_tree() -> None:
    """The tree at the top of errors.py draws every exception."""
    classes = [
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    assert "GsomiaError" in classes
    assert [name for name in classes if name not in (errors.__doc__ or "")] == []


def test_links_in_the_documentation_hold() -> None:
    """A relative link leads to a file, and to a heading where it names one."""
    broken = []
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("agreements/*/README.md")]:
        for target, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
            leads_to = page.parent / target if target else page
            if "://" in target:
                continue
            if not leads_to.exists() or (heading and heading not in headings(leads_to)):
                broken.append(f"{page.relative_to(ROOT)}: {target}#{heading}")
    assert broken == []


def headings(page: Path) -> list[str]:
    """The headings of a page, as links name them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found]
