"""The acts of a folder (`acts.toml`), read strictly."""

from __future__ import annotations

from collections.abc import Mapping

from gsomia.agreement.acts import FORMS, LegalAct, Record
from gsomia.agreement.clauses import RECORD_ACTS
from gsomia.agreement.folder import CONFIDENCES, load_agreement
from gsomia.agreement.tables import read_toml

__all__ = ["read_acts", "shipped_record"]


def read_acts(name: str, data: bytes, parties: tuple[str, ...]) -> list[LegalAct]:
    """Read the `acts.toml` of a folder.

    Raises:
        DataError: malformed, or an act that belongs elsewhere.
    """
    top = read_toml(data, f"{name}/acts.toml")
    top.only("act")
    found: list[LegalAct] = []
    for table in top.tables("act"):
        table.only("id", "act", "by", "at", "form", "source", "confidence", "note", "known_at")
        known = table.instant("known_at", None)
        act = LegalAct(
            id=table.text("id"),
            under=name,
            act=table.text("act", among=RECORD_ACTS),
            by=table.text("by", among=parties),
            at=table.instant("at"),
            form=table.text("form", "note", among=FORMS),
            source=table.text("source"),
            confidence=table.text("confidence", among=CONFIDENCES),
            note=table.text("note", ""),
            known_at=known,
        )
        table.done()
        if not act.id.startswith(f"{name}/"):
            raise table.fault("id", f"`{act.id}` does not begin with `{name}/`")
        if any(act.id == other.id for other in found):
            raise table.fault("id", f"`{act.id}` is there twice")
        if found and act.at < found[-1].at:
            raise table.fault("at", f"`{act.id}` is out of order: it is earlier than the act before it")
        found.append(act)
    top.done()
    return found


def shipped_record(law: Mapping[str, Mapping[str, bytes]]) -> Record:
    """The record that the folders' `acts.toml` hold together.

    Args:
        law: folder name to its files.

    Raises:
        DataError: a file is malformed.
    """
    acts: list[LegalAct] = []
    for name, files in sorted(law.items()):
        if "acts.toml" in files:
            acts += read_acts(name, files["acts.toml"], load_agreement(name, files).parties)
    return Record(acts)
