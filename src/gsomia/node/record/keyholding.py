"""Who may hold an item's key (protocol 11), and what that does to a verdict; whether an item was recalled.

No agreement speaks of keys. What bears is that the originator alone decides who else may know (Article 6(a)), and that
the recipient answers for what it holds (Article 9): so the custody is chosen by the originator's officer, item by item,
and taken or not by the recipient's Party. A key is asked for under the agreement that protects the item: never through
a hub, and never by one who got the item from another than its originator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gsomia.node.acts.signed import SignedAct
from gsomia.node.record.store_port import Reader
from gsomia.registry import Copy, Custody, Item
from gsomia.verdict import PERMIT, REFUSE, Ground, Verdict

__all__ = [
    "SHARES",
    "Recalled",
    "check_holders",
    "holders_of",
    "recall_of",
    "recalls",
    "unless_raised",
    "unless_recalled",
    "with_custody",
    "with_none_held",
]

SHARES = 3
"""So many Parties hold an item in shares; two of them open it."""


def holders_of(custody: Custody, originator: str, parties: Sequence[str] = ()) -> tuple[str, ...]:
    """The Parties whose nodes hold the key or a share of it, as the register names them."""
    if custody is Custody.SHARES:
        return tuple(sorted(parties))
    return (originator,) if custody is Custody.ORIGINATOR else ()


def check_holders(custody: Custody, holders: Sequence[str], *, originator: str, giver: str, holder: str) -> None:
    """Check that the holders named fit the custody and the leg.

    Raises:
        ValueError: they do not.
    """
    if custody is not Custody.RECIPIENT and giver != originator:
        raise ValueError(f"an item in the custody `{custody}` comes from its originator alone")
    if custody is Custody.SHARES:
        if list(holders) != sorted({*holders}) or len(holders) != SHARES or not {originator, holder} <= {*holders}:
            raise ValueError("three Parties hold the shares, sorted, the originator and this holder among them")
    elif tuple(holders) != holders_of(custody, originator):
        raise ValueError(f"other Parties hold the key than the custody `{custody}` says")


def with_custody(
    verdict: Verdict, custody: Custody, holders: Sequence[str], *, direct: bool, taken: frozenset[Custody]
) -> Verdict:
    """A verdict on giving an item, with what the custody of its key adds.

    Args:
        verdict: the agreement's own answer.
        custody: who is to hold the key.
        holders: the Parties that it names.
        direct: whether the item goes from its originator straight to its recipient.
        taken: the custodies that this Party takes part in.
    """
    if custody not in taken:
        return _grounded(verdict, REFUSE, f"this Party takes no part in the custody `{custody}`")
    if custody is Custody.RECIPIENT:
        return verdict
    if not direct:
        text = f"the custody `{custody}` is between an originator and its recipient; nobody stands between them"
        return _grounded(verdict, REFUSE, text)
    if verdict.outcome != PERMIT:
        return verdict
    who = "the originator's node decides on each opening"
    if custody is Custody.SHARES:
        who = f"{', '.join(holders)} hold shares of its key; two of them open it"
    return _grounded(verdict, PERMIT, who)


def unless_recalled(verdict: Verdict, recalled: Recalled | None) -> Verdict:
    """A verdict on opening or giving an item, refused where its originator recalled it."""
    if recalled is None:
        return verdict
    return _grounded(verdict, REFUSE, f"recalled by {recalled.by}", clause="recalled", established_by=recalled.act)


def unless_raised(verdict: Verdict, level: str, by: str) -> Verdict:
    """A verdict on what is about to leave, refused where its level was raised since its officer signed (Article 6(g)).

    Args:
        verdict: the agreement's own answer.
        level: the level that stands now; "" where it was not raised.
        by: the act that raised it.
    """
    if not level:
        return verdict
    text = f"raised to `{level}` since its officer signed: what bears the lower mark does not leave"
    return _grounded(verdict, REFUSE, text, clause="raised", established_by=by)


def with_none_held(verdict: Verdict, copy: Copy) -> Verdict:
    """A verdict on handing on an item, refused where its holder has no copy any more; `copy` is one that went."""
    return _grounded(
        verdict, REFUSE, f"`{copy.control_number}` was {copy.state}, and no other copy is held here", clause="held"
    )


def _grounded(
    verdict: Verdict, effect: str, text: str, *, clause: str = "custody", established_by: str = ""
) -> Verdict:
    """The verdict with one ground more, by the node's own rule; a refusal leads."""
    ground = Ground(effect=effect, clause=clause, text=text, established_by=established_by)
    ruling = verdict.ruling
    if effect == PERMIT:
        return verdict._replace(ruling=replace(ruling, grounds=(*ruling.grounds, ground)))
    kept = tuple(one for one in ruling.grounds if one.effect == REFUSE)
    return verdict._replace(ruling=replace(ruling, outcome=REFUSE, grounds=(ground, *kept), obligations=()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """An item's recall: by whom, by which act, why; and which Parties said that they have logged it."""

    by: str
    act: str
    why: str
    confirmed: frozenset[str] = frozenset()

    def standing(self, item: Item, copy: Copy) -> str:
        """What the originator's register says of a copy: `stopped`, `confirmed`, or `asked, not confirmed`."""
        if copy.holder in self.confirmed:
            return "confirmed"
        others = {*item.holders} - {item.originator, copy.holder}
        if item.custody is Custody.ORIGINATOR or (item.custody is Custody.SHARES and others <= self.confirmed):
            return "stopped"
        return "asked, not confirmed"


def recall_of(reader: Reader, item: str, originator: str, *, until: datetime | None = None) -> Recalled | None:
    """The recall of an item by its originator, or None; it may be known before the item is.

    Args:
        reader: the store.
        item, originator: which.
        until: what this node recorded later does not count.
    """
    return _recalls(reader, item, lambda _: originator, until=until).get(item)


def recalls(reader: Reader, item: str = "") -> Mapping[str, Recalled]:
    """The recalls of the items in the register, by item.

    Args:
        reader: the store.
        item: of this item alone; "" for all.
    """

    def originator(name: str) -> str:
        entry = reader.item(name)
        return entry.originator if entry is not None else ""

    return _recalls(reader, item, originator)


def _recalls(
    reader: Reader, item: str, originator: Callable[[str], str], *, until: datetime | None = None
) -> dict[str, Recalled]:
    found: dict[str, Recalled] = {}
    asked: dict[str, str] = {}
    for act in reader.acts(types=["recall", "confirm-recall"], item=item):
        statement = act.statement
        if until is not None and (arrival := reader.arrival(act.id)) is not None and arrival[1] > until:
            continue
        before = found.get(statement.item)
        if statement.type == "recall":
            if originator(statement.item) == statement.party:
                # What was asked again stays closed where it was closed.
                found[statement.item] = _recalled(act, before.confirmed if before is not None else frozenset())
                asked[act.id] = statement.item
        elif before is not None and asked.get(str(statement.body.get("recall"))) == statement.item:
            found[statement.item] = replace(before, confirmed=before.confirmed | {statement.party})
    return found


def _recalled(act: SignedAct, confirmed: frozenset[str]) -> Recalled:
    said = act.statement
    return Recalled(by=said.party, act=act.id, why=str(said.body.get("why", "")), confirmed=confirmed)
