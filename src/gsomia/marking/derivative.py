"""A new document that holds received information: its label, its statement, its sources (Article 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gsomia.errors import DataError
from gsomia.marking.label import Label
from gsomia.marking.lines import Line
from gsomia.marking.order import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An item that a new document draws on.

    Args:
        item: its id, given by its originator for ever.
        control_number: in this node's register, or "" where it is one's own.
        label: its label in the writer's own policy: the equivalent that the register holds.
        origin_names: the providing Governments of its parts, named in the writer's language by the treaty; none where
            all of it is one's own.
    """

    item: str
    control_number: str
    label: Label
    origin_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivative:
    """What a new document carries.

    Args:
        label: rolled up from the sources and the writer's own part.
        statement: whose information it holds, or None where all of it is one's own.
        sources: (item, control number) of each source, for the register.
    """

    label: Label
    statement: Line | None
    sources: tuple[tuple[str, str], ...]


def derive(
    sources: Sequence[Source],
    *,
    own: Label,
    scale: Scale,
    statement: str,
    lang: str,
    at: datetime,
    originator: str = "",
    originator_type: str = "",
) -> Derivative:
    """The label and statement of a document that cites received items.

    Args:
        sources: the items cited.
        own: the label of what the writer adds.
        scale: the order of the writer's policy.
        statement: the treaty's words with `{names}` where the providing Governments stand.
        lang: the statement's language.
        at: the time of creation.
        originator, originator_type: who writes.

    Raises:
        DataError: no sources, one cited twice, labels of another policy, or nothing left of their releasability.
    """
    if not sources:
        raise DataError("a derivative cites at least one source")
    items = [source.item for source in sources]
    if len(set(items)) != len(items):
        raise DataError("a source is cited twice")
    if statement.count("{names}") != 1:
        raise DataError("the statement has one place for `{names}`")
    label = scale.roll_up(
        [own, *(source.label for source in sources)], at=at, originator=originator, originator_type=originator_type
    )
    names = list(dict.fromkeys(name for source in sources for name in source.origin_names))
    separator = "、" if lang.startswith("ja") else ", "
    said = Line(text=statement.replace("{names}", separator.join(names)), lang=lang) if names else None
    links = tuple((source.item, source.control_number) for source in sources)
    return Derivative(label=label, statement=said, sources=links)
