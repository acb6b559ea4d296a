"""The table of rights: role x act x condition, read strictly from `rights.toml`; what no row permits is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from gsomia.errors import DataError
from gsomia.identity.conditions import CONDITIONS, About
from gsomia.identity.principals import ROLES, Principal

__all__ = ["Act", "Decision", "Ground", "Right", "Rights"]

KINDS = ("sign", "read", "contents", "run")
_FIELDS = {"does", "kind", "signs", "commands", "local", "rights", "step_up"}
_NOTHING = About()


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A row of the table: a role may do an act where every condition holds."""

    role: str
    act: str
    when: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What grounds name the row by."""
        return f"{self.role} x {self.act}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that a person asks the node for.

    Args:
        name: its word in the table.
        does: what it does, for people.
        kind: `sign`, `read`, `contents` or `run`.
        signs: the types of statement that an officer signs by it.
        commands: the commands that ask for it; a word after a command is its first argument.
        step_up: over the API it takes an officer who authenticated a short while ago (step-up, RFC 9470).
        by_folder: on the node's own host whoever has the folder may, and no officer is asked for.
        rights: the rows.
    """

    name: str
    does: str
    kind: str
    signs: tuple[str, ...]
    commands: tuple[str, ...]
    step_up: bool
    by_folder: bool
    rights: tuple[Right, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why: the row that permits, or what each row that comes near lacks; `row` is "" where there is none."""

    row: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer of the table: `permit` or `refuse`, and the grounds."""

    outcome: str
    grounds: tuple[Ground, ...]

    @property
    def permitted(self) -> bool:
        """Whether it is a permit."""
        return self.outcome == "permit"

    def to_json(self) -> dict[str, Any]:
        """In the shape of a verdict: no instrument and no article, for it is the house's own rule."""
        grounds = [
            {"effect": self.outcome, "instrument": "", "article": "", "clause": f"rights: {one.row}", "text": one.text}
            for one in self.grounds
        ]
        return {"outcome": self.outcome, "grounds": grounds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """The table.

    Args:
        acts: by name, in the order of the file.
        tools: the commands that touch no node, of which no right is asked.
    """

    acts: Mapping[str, Act]
    tools: tuple[str, ...]

    @classmethod
    def load(cls) -> Rights:
        """The table that the package ships."""
        return cls.read(files("gsomia.identity").joinpath("rights.toml").read_text(encoding="utf-8"))

    @classmethod
    def read(cls, text: str) -> Rights:
        """Read a table strictly.

        Raises:
            DataError: it is not TOML, or a word in it is unknown; names the place and what is known.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise DataError(f"rights.toml: {error}") from error
        _known(data, {"version", "tools", "act"}, "the table")
        if type(data.get("version")) is not int or data["version"] != 1:
            raise DataError(f"rights.toml: version `{data.get('version')}` is not known; allowed: 1")
        tools = _table(data.get("tools"), "tools")
        _known(tools, {"does", "commands"}, "tools")
        acts = {name: _act(name, _table(act, name)) for name, act in _table(data.get("act"), "act").items()}
        rights = cls(acts=acts, tools=_texts(tools, "commands", "tools"))
        commands = [command for act in acts.values() for command in act.commands] + list(rights.tools)
        for command in commands:
            if commands.count(command) > 1:
                raise DataError(f"rights.toml: the command `{command}` stands there twice")
        return rights

    def rows(self) -> Iterator[Right]:
        """Every row."""
        for act in self.acts.values():
            yield from act.rights

    def decide(self, principal: Principal, act: str, about: About = _NOTHING) -> Decision:
        """Whether a person may do an act: pure, for the instant for which the principal holds. No row: refused.

        Args:
            principal: who.
            act: its name in the table; one that does not stand there is refused.
            about: what it is about; what a condition needs and nobody said refuses.
        """
        known = self.acts.get(act)
        if known is None:
            return _refuse(Ground(row="", text=f"no act `{act}` is known"))
        failing = []
        for right in known.rights:
            if right.role not in principal.roles:
                continue
            lacking = [why for name in right.when if (why := CONDITIONS[name](principal, about))]
            if not lacking:
                text = f"`{principal.person}` holds the role `{right.role}`"
                return Decision(outcome="permit", grounds=(Ground(row=right.name, text=text),))
            failing += [Ground(row=right.name, text=why) for why in lacking]
        held = ", ".join(sorted(principal.roles)) or "none"
        may = ", ".join(right.role for right in known.rights) or "nobody"
        none = Ground(row="", text=f"`{act}` is for {may}; roles of `{principal.person}`: {held}")
        return _refuse(*(failing or [none]))


def _refuse(*grounds: Ground) -> Decision:
    return Decision(outcome="refuse", grounds=grounds)


def _act(name: str, data: Mapping[str, Any]) -> Act:
    _known(data, _FIELDS, name)
    kind, does = data.get("kind"), data.get("does")
    if kind not in KINDS:
        raise DataError(f"rights.toml: {name}: kind `{kind}` is not known; allowed: {', '.join(KINDS)}")
    if not isinstance(does, str) or not does:
        raise DataError(f"rights.toml: {name}: `does` says what it does")
    if data.get("local", "folder") != "folder":
        raise DataError(f"rights.toml: {name}: local `{data['local']}` is not known; allowed: folder")
    if data.get("step_up", True) is not True:
        raise DataError(f"rights.toml: {name}: step_up `{data['step_up']}` is not known; allowed: true")
    rights = _table(data.get("rights"), name)
    for role in rights:
        if role not in ROLES:
            raise DataError(f"rights.toml: {name}: unknown role `{role}`; known: {', '.join(ROLES)}")
        for condition in _texts(rights, role, name):
            if condition not in CONDITIONS:
                raise DataError(
                    f"rights.toml: {name}: {role}: unknown condition `{condition}`; known: {', '.join(CONDITIONS)}"
                )
    return Act(
        name=name,
        does=does,
        kind=kind,
        signs=_texts(data, "signs", name),
        commands=_texts(data, "commands", name),
        step_up="step_up" in data,
        by_folder="local" in data,
        rights=tuple(Right(role=role, act=name, when=_texts(rights, role, name)) for role in rights),
    )


def _known(data: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in data:
        if key not in known:
            raise DataError(f"rights.toml: {where}: unknown key `{key}`; known: {', '.join(sorted(known))}")


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"rights.toml: {where}: a table was expected")
    return value


def _texts(data: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = data.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise DataError(f"rights.toml: {where}: {key}: a list of words was expected")
    return tuple(values)
