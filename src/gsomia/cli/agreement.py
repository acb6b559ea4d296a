"""`gsomia agreement ...`: the law, its state, and the questions nobody else answers."""

from __future__ import annotations

from functools import cache

from gsomia.agreement import Record, load_agreement, shipped_record
from gsomia.config import shipped_law
from gsomia.verdict import Law


@cache
def shipped() -> tuple[Law, Record]:
    """The law and the record that come with this release."""
    files = shipped_law()
    law = Law({name: load_agreement(name, folder) for name, folder in files.items()})
    return law, shipped_record(files)
