"""The law in a bundle: the versions applied at each step, and the state of the agreement by the writer's record."""

from __future__ import annotations

from collections.abc import Iterator

from gsomia.agreement import RECORD_ACTS, LegalAct, Record, law_version, load_agreement, state_at
from gsomia.errors import VerificationError
from gsomia.node.acts.signed import Statement, instant
from gsomia.node.bundle.reading import Life
from gsomia.node.bundle.writing import LAW_FOLDER
from gsomia.node.check import Check
from gsomia.node.effects.legal import legal_act

__all__ = ["ADOPTED", "STATE", "check_law", "check_states"]

ADOPTED = "law adopted"
STATE = "state of the agreement"

SHORT = 12
"""So many hexadecimal digits of a version are told: those that `agreement list` shows."""

IN_FORCE = frozenset({"in-force", "notice-pending", "notice-suspended"})
"""The states in which an item may be provided under an agreement."""

_GIVING = frozenset({"transmit", "release", "acceptance", "dispatched"})
"""The steps for which the agreement that carries the copy must be in force; others may come after its end (21.4)."""

_DECIDED = frozenset({"transmit", "release", "acceptance"})
"""The steps that rest on a verdict, and so name the heads of the record that it was given on."""


def _law_files(life: Life) -> dict[tuple[str, str], dict[str, bytes]]:
    found: dict[tuple[str, str], dict[str, bytes]] = {}
    for name in life.archive.namelist():
        parts = name.split("/")
        if parts[0] == LAW_FOLDER and len(parts) == 4:
            found.setdefault((parts[1], parts[2]), {})[parts[3]] = life.archive.read(name)
    return found


def check_law(life: Life) -> Check:
    """Each verdict was given by a version that the writer had adopted by then, and that version is here."""
    files = _law_files(life)
    for (name, version), folder in files.items():
        if law_version(folder) != version:
            raise VerificationError(
                f"the folder of `{name}` is not the version {version[:SHORT]} that it is said to be"
            )
    adopted: dict[str, str] = {}
    counted = 0
    told: list[str] = []
    for act, _ in life.acts:
        said = act.statement
        if said.type == "adopt-law" and said.party == life.party:
            adopted[said.instrument] = str(said.body["version"])
        law = said.body.get("law", {})
        for name, version in law.items() if said.item == life.item["id"] else ():
            if said.party == life.party and adopted.get(name) != version:
                raise VerificationError(f"act `{act.id}` applies `{name}` in a version that was not adopted by then")
            if (name, version) not in files and (said.party == life.party or adopted.get(name) == version):
                raise VerificationError(
                    f"`{name}` in the version {version[:SHORT]}, applied by act `{act.id}`, is missing"
                )
            counted += 1
            told.append(f"{name} {version[:SHORT]} ({said.type} by {said.party})")
    return Check(name=ADOPTED, counted=counted, remark="; ".join(dict.fromkeys(told)))


def check_states(life: Life) -> Check:
    """At each step: the law by which it was decided, the record it names, and the state of the agreement.

    The state is by the writer's own record of legal acts. That it is whole at a step of the writer's own is shown by
    the heads that the step names.
    """
    agreements = {key: load_agreement(key[0], folder) for key, folder in _law_files(life).items()}
    told: list[str] = []
    unshown: list[str] = []
    for said, record, adopted in _steps(life):
        own, carriers = said.party == life.party, (str(said.body.get("under", "")) or said.instrument).split("+")
        law = said.body.get("law")
        if own and said.type in _DECIDED:
            _check_heads(said, record)
        elif said.type in _DECIDED:
            unshown.append(f"the record by which `{said.party}` decided its `{said.type}`")
        if not law:
            law = {name: adopted[name] for name in carriers if name in adopted}
            unshown += [
                f"`{name}`, under which `{said.party}` did `{said.type}`"
                for name in carriers
                if name and name not in adopted
            ]
        for name, version in law.items():
            agreement = agreements.get((name, version))
            if agreement is None:
                unshown.append(f"`{name}` in the version {version[:SHORT]}, by which `{said.party}` did `{said.type}`")
                continue
            state = state_at(agreement, record, said.at).state
            if name in carriers and said.type in _GIVING and state not in IN_FORCE:
                raise VerificationError(
                    f"`{name}` was {state} at {instant(said.at)}, when `{said.party}` did `{said.type}`"
                )
            told.append(f"{name} {version[:SHORT]} {state} at {instant(said.at)} ({said.type})")
    if not told:
        raise VerificationError("no act names an agreement under which the item was given")
    words = [*dict.fromkeys(told), *(f"not shown: {what}" for what in dict.fromkeys(unshown))]
    return Check(name=STATE, counted=len(told), remark="; ".join(words))


def _steps(life: Life) -> Iterator[tuple[Statement, Record, dict[str, str]]]:
    """Each act about the item, with the record and the law adopted as they were when it was recorded."""
    entered: list[LegalAct] = []
    adopted: dict[str, str] = {}
    record = Record()
    for act, recorded in life.acts:
        said = act.statement
        if said.type in RECORD_ACTS:
            # A reading is its own Party's declaration; of other legal acts the writer's own entries count (protocol 4).
            if said.party == life.party or said.type == "declare-reading":
                entered.append(legal_act(said, recorded))
                record = Record(entered)
        elif said.type == "adopt-law" and said.party == life.party:
            adopted[said.instrument] = str(said.body["version"])
        elif said.item == life.item["id"]:
            yield said, record, adopted


def _check_heads(said: Statement, record: Record) -> None:
    for name in said.body["law"]:
        if said.body["heads"][name] != record.head(name):
            raise VerificationError(
                f"act `{said.id}` was decided on another record of the legal acts under `{name}` than is here"
            )
