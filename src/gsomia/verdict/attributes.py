"""Attributes: how each name that a condition may read is found in a request, its facts and the legal state.

Every attribute is one line of Python over `q` (request), `i` (item), `f` (facts), `v` (view of the state), `r` (the
reading behind it), `d` (whether the state is disputed), `at`, and `t` (this module's `Tables` of the instrument).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gsomia.agreement import RANKS, Agreement, Levels, View, next_anniversary
from gsomia.marking import fold
from gsomia.verdict.facts import UNKNOWN, Facts, Item, Request, Unknown

__all__ = ["ATTRIBUTES", "CLEARANCES", "Attribute", "Tables", "agreed", "consents_needed", "giver", "receiver"]

_CLEARANCES = {"none": 0, **RANKS}
_BEYOND = 9
"""A rank no level has: a ceiling that nobody set, or a level that no table names."""


def giver(q: Request) -> str:
    """Who gives: the acting Party, or for `accept` the originator (through the last Party on the way)."""
    if q.act != "accept":
        return q.by
    if q.via:
        return q.via[-1]
    return q.item.originator if q.item is not None else ""


def receiver(q: Request) -> str:
    """Who gets: `to`, or for `accept` the acting Party."""
    return q.by if q.act == "accept" else (q.to or "")


def consents_needed(q: Request, i: Item) -> list[tuple[str, str]]:
    """Whose prior written consent the request needs, and naming whom: (originator, receiver) pairs.

    An originator that hands its item straight to the addressee needs none of its own; one that gets its own part
    back needs none; every Party on the way is a receiver.
    """
    final = receiver(q)
    direct = "" if q.via else (i.originator if q.act == "accept" else q.by)
    return [
        (originator, party)
        for originator in i.contains
        for party in (*q.via, final)
        if originator not in (party, final) and originator != direct
    ]


def agreed(needed: list[tuple[str, str]], f: Facts) -> bool | Unknown:
    """Whether consents are there: written, before, by each of these originators, naming each of these receivers.

    Args:
        needed: (originator, receiver) pairs, as `consents_needed` gives them.
        f: the facts.
    """
    if not needed:
        return True
    given = f.consent
    if given == "none" or given == "oral" or f.consent_before is False:
        return False
    of, to = f.consent_of, f.consent_to
    unknown = of is UNKNOWN or to is UNKNOWN or given != "written" or f.consent_before is not True
    for originator, party in needed:
        if (of is not UNKNOWN and originator not in of) or (to is not UNKNOWN and party not in to):  # type: ignore[operator]  # both were compared with UNKNOWN
            return False
    return UNKNOWN if unknown else True


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute.

    Args:
        code: the line of Python.
        facts: the facts it rests on, by the names of the case files, each with the line that reads it.
        kind: `flag`, `word`, `count`.
    """

    code: str
    facts: tuple[tuple[str, str], ...] = ()
    kind: str = "flag"


class Tables:
    """What the attributes of one instrument need beyond the request.

    Args:
        agreement: the instrument.
        levels: its table of levels; for an arrangement the tables of its legs joined.
    """

    __slots__ = ("_marks", "_ranks", "agreement", "hub", "levels", "parties")

    def __init__(self, agreement: Agreement, levels: Levels) -> None:
        self.agreement = agreement
        self.levels = levels
        self.parties = agreement.party_set
        self.hub = agreement.hub
        self._ranks: dict[tuple[str, str], tuple[int, bool]] = {}
        self._marks: dict[tuple[str, str, str, str], bool] = {}

    def _level(self, owner: str, typed: str) -> tuple[int, bool]:
        key = (owner, typed)
        found = self._ranks.get(key)
        if found is None:
            owners: Iterable[str] = (owner,) if owner in self.levels.parties else sorted(self.levels.parties)
            level = next((x for x in (self.levels.find(o, typed) for o in owners) if x), None)
            found = (level.rank, level.covered) if level else (0, False)
            if level is not None:
                # Only marks of the table are kept: what is typed wrong must not fill the memory.
                self._ranks[key] = found
        return found

    def rank(self, i: Item) -> int:
        """The rank of the item's mark: 0 where the table does not name it."""
        return self._level(i.originator, i.level)[0]

    def covers(self, i: Item) -> bool:
        """Whether the instrument covers the item's mark."""
        return self._level(i.originator, i.level)[1]

    def shown_rank(self, q: Request, shown: str | Unknown | None) -> int | Unknown:
        """The rank of what is shown at a visit: 0 where nothing is."""
        if shown is UNKNOWN or isinstance(shown, Unknown):
            return UNKNOWN
        if not shown:
            return 0
        return self._level(q.to or "", shown)[0] or _BEYOND

    def shown_covered(self, q: Request, shown: str | Unknown | None) -> bool | Unknown:
        """Whether the instrument covers what is shown."""
        if isinstance(shown, Unknown):
            return UNKNOWN
        return not shown or self._level(q.to or "", shown)[1]

    def ceiling_rank(self, q: Request, ceiling: str | Unknown | None) -> int | Unknown:
        """The rank of the host's ceiling."""
        if isinstance(ceiling, Unknown):
            return UNKNOWN
        return _BEYOND if ceiling is None else self._level(q.to or "", ceiling)[0]

    def corresponds(self, q: Request, i: Item, typed: str | Unknown | None, to_mark: object) -> bool | Unknown:
        """Whether a mark is one that corresponds to a level of the originator, in this direction."""
        if typed is UNKNOWN or to_mark is UNKNOWN:
            return UNKNOWN
        if not isinstance(typed, str) or not isinstance(to_mark, str):
            return typed is not None and to_mark is None
        key = (i.originator, q.by, to_mark, typed)
        found = self._marks.get(key)
        if found is None:
            found = self._corresponds(*key)
            if found:
                self._marks[key] = found
        return found

    def _corresponds(self, originator: str, by: str, to_mark: str, typed: str) -> bool:
        level = self.levels.find(by, typed)
        if level is None:
            return False
        if by == originator:
            return level.covered and level.rank == self._level(originator, to_mark)[0]
        allowed = self.levels.equivalents(to_mark, originator, by)
        if fold(typed) == fold(level.mark):
            return level.mark in allowed
        return any(x.english == level.english for x in self.levels.levels if x.party == by and x.mark in allowed)

    def mark_given(self, f: Facts) -> bool | Unknown:
        """Whether a mark is in question."""
        return UNKNOWN if isinstance(f.mark.level, Unknown) else f.mark.level is not None

    def names_origin(self, i: Item, f: Facts) -> bool | Unknown:
        """Whether the mark names a Party that the item comes from."""
        return UNKNOWN if isinstance(f.mark.origin, Unknown) else f.mark.origin in i.contains

    def level_changed(self, i: Item, f: Facts) -> bool | Unknown:
        """Whether the originator has changed the level of what it gave."""
        if f.regrade_notice is True:
            return True
        if isinstance(f.regrade_to, Unknown) or isinstance(f.regrade_notice, Unknown):
            return UNKNOWN
        return f.regrade_to is not None and fold(f.regrade_to) != fold(i.level)

    def third_party(self, q: Request, i: Item) -> bool:
        """Whether anybody's consent is needed at all."""
        if not q.via and len(i.contains) == 1 and i.originator == q.by:
            return False
        return bool(consents_needed(q, i))

    def consented(self, q: Request, i: Item, f: Facts) -> bool | Unknown:
        """Whether every consent needed is there."""
        return agreed(consents_needed(q, i), f)

    def outsiders_consented(self, q: Request, i: Item, f: Facts) -> bool | Unknown:
        """Whether every consent needed of one that is no Party is there."""
        return agreed([need for need in consents_needed(q, i) if need[0] not in self.parties], f)

    def consented_by(self, others: Iterable[str], f: Facts) -> bool | Unknown:
        """Whether each of the others consented before, in writing."""
        missing = [o for o in others if isinstance(f.consent_of, Unknown) or o not in f.consent_of]
        if f.consent == "none" or f.consent == "oral" or f.consent_before is False:
            return False
        if missing and not isinstance(f.consent_of, Unknown):
            return False
        if missing or f.consent is UNKNOWN or f.consent_before is UNKNOWN:
            return UNKNOWN
        return f.consent == "written"

    def sent_before_end(self, f: Facts, v: View, at: datetime) -> bool | Unknown:
        """Whether the sender let go of it before the instrument ended."""
        if isinstance(f.dispatched, Unknown):
            return UNKNOWN
        return v.since is not None and (f.dispatched or at) < v.since

    def received_after_end(self, i: Item, v: View) -> bool:
        """Whether the holder got it when the instrument had ended."""
        return v.state == "terminated" and v.since is not None and i.received is not None and i.received >= v.since

    def timely(self, q: Request, f: Facts, v: View, r: str, at: datetime) -> str | Unknown:
        """What the notice would do on its day."""
        term = self.agreement.term
        if term is None or v.entered is None or v.state == "terminated":
            return "in-time"
        if r == "immediate" and any(n.by == q.by and n.suspended is not None for n in v.notices):
            return "beside-suspended"
        if isinstance(f.ends, Unknown) or isinstance(f.note_received, Unknown):
            return UNKNOWN
        received = f.note_received or at
        following = next_anniversary(term, v.entered, at)
        if f.ends is None or f.ends > following:
            cut_off = following - term.notice
            if f.ends is not None and not term.is_end(v.entered, f.ends):
                return "no-anniversary"
            if at >= cut_off:
                return "queued"
            return "early" if f.ends is not None else "received-late" if received >= cut_off else "in-time"
        if not term.is_end(v.entered, f.ends):
            return "no-anniversary"
        cut_off = f.ends - term.notice
        if at >= cut_off:
            return "late"
        return "received-late" if received >= cut_off else "in-time"

    def crosses_end(self, f: Facts, v: View, r: str, at: datetime) -> bool | Unknown:
        """Whether the note was sent before the instrument ends and received after it."""
        counting = [n.ends for n in v.notices if n.ends is not None and (n.suspended is None or r == "strict")]
        if not counting:
            return False
        if isinstance(f.note_received, Unknown):
            return UNKNOWN
        return at < min(counting) <= (f.note_received or at)

    def has_notice(self, q: Request, v: View, *, suspended: bool) -> bool:
        """Whether the acting Party has a notice, live or suspended."""
        return any(n.by == q.by and (n.suspended is not None) == suspended for n in v.notices)

    def through_hub(self, q: Request, i: Item) -> bool:
        """Whether the route is the hub's: to it, from it, or through it and nobody else."""
        other = i.originator if q.act == "accept" else q.to
        ends = {q.by, other}
        if not ends <= self.parties or len(ends) != 2:
            return False
        return q.via == () if self.hub in ends else q.via == (self.hub,)

    def hub_releases(self, q: Request) -> bool:
        """Whether the hub passes on to another Party."""
        return q.by == self.hub and q.to in self.parties and q.to != self.hub and not q.via


def _fact(name: str) -> tuple[tuple[str, str], ...]:
    field = name.replace("-", "_")
    return ((name, f"f.{field}"),)


_CONSENT = (
    *_fact("consent"),
    *_fact("consent-before"),
    *_fact("consent-of"),
    *_fact("consent-to"),
)

ATTRIBUTES: dict[str, Attribute] = {
    "act": Attribute("q.act", kind="word"),
    "to": Attribute("q.to", kind="word"),
    "state": Attribute("v.state", kind="word"),
    "subject": Attribute("i.subject", kind="word"),
    "form": Attribute("i.form", kind="word"),
    "item_named": Attribute('(i.originator != "")'),
    "marked": Attribute('(i.level != "")'),
    "covered": Attribute("t.covers(i)"),
    "rank": Attribute("t.rank(i)", kind="count"),
    "by_originator": Attribute("(q.by == i.originator)"),
    "to_originator": Attribute("(q.to in i.contains and q.to != q.by)"),
    "passes_through": Attribute("(q.via != ())"),
    "third_party": Attribute("t.third_party(q, i)"),
    "consented": Attribute("t.consented(q, i, f)", _CONSENT),
    "outsiders_consented": Attribute("t.outsiders_consented(q, i, f)", _CONSENT),
    "purpose_consented": Attribute("t.consented_by((o for o in i.contains if o != q.by), f)", _CONSENT[:3]),
    "other_consents": Attribute("t.consented_by((p for p in t.parties if p != q.by), f)", _CONSENT[:3]),
    "combined_staff": Attribute("f.combined_staff", _fact("combined-staff")),
    "assurance": Attribute("f.assurance", _fact("assurance")),
    "channel": Attribute("f.channel", _fact("channel"), "word"),
    "encrypted": Attribute("f.encrypted", _fact("encrypted")),
    "accredited": Attribute("f.accredited", _fact("accredited")),
    "envelopes": Attribute("f.envelopes", _fact("envelopes"), "count"),
    "outer_mark": Attribute("f.outer_mark", _fact("outer-mark")),
    "covered_load": Attribute("f.covered", _fact("covered")),
    "role": Attribute("f.person.role", (("person.role", "f.person.role"),), "word"),
    "clearance": Attribute(
        "CLEARANCES.get(f.person.clearance, U)", (("person.clearance", "f.person.clearance"),), "count"
    ),
    "need": Attribute("f.person.need", (("person.need", "f.person.need"),)),
    "roster": Attribute("f.person.roster", (("person.roster", "f.person.roster"),)),
    "rank_put_forward": Attribute(
        '(f.person.rank is not U and f.person.rank != "")', (("person.rank", "f.person.rank"),)
    ),
    "mark_given": Attribute("t.mark_given(f)", (("mark.level", "f.mark.level"),)),
    "mark_corresponds": Attribute("t.corresponds(q, i, f.mark.level, i.level)", (("mark.level", "f.mark.level"),)),
    "mark_names_origin": Attribute("t.names_origin(i, f)", (("mark.origin", "f.mark.origin"),)),
    "regrade_corresponds": Attribute(
        "t.corresponds(q, i, f.mark.level, f.regrade_to)",
        (("mark.level", "f.mark.level"), *_fact("regrade-to")),
    ),
    "level_changed": Attribute("t.level_changed(i, f)", (*_fact("regrade-notice"), *_fact("regrade-to"))),
    "translation_note": Attribute("f.translation_note", _fact("translation-note")),
    "translator_cleared": Attribute("f.translator_cleared", _fact("translator-cleared")),
    "copies_numbered": Attribute("f.copies_numbered", _fact("copies-numbered")),
    "marks_reproduced": Attribute("f.marks_reproduced", _fact("marks-reproduced")),
    "witnesses": Attribute("f.witnesses", _fact("witnesses"), "count"),
    "regrade_notice": Attribute("f.regrade_notice", _fact("regrade-notice")),
    "purpose": Attribute("f.purpose", _fact("purpose"), "word"),
    "item_purpose": Attribute("(i.purpose or U)", (("item.purpose", "(i.purpose or U)"),), "word"),
    "purpose_ended": Attribute("f.purpose_ended", _fact("purpose-ended")),
    "inspected": Attribute("f.inspected", _fact("inspected")),
    "host_authorised": Attribute("f.host_authorised", _fact("host-authorised")),
    "authorised_by_host": Attribute("(U if f.authorised_by is U else f.authorised_by == q.to)", _fact("authorised-by")),
    "shown_rank": Attribute("t.shown_rank(q, f.shown_level)", _fact("shown-level"), "count"),
    "shown_covered": Attribute("t.shown_covered(q, f.shown_level)", _fact("shown-level")),
    "ceiling_rank": Attribute("t.ceiling_rank(q, f.ceiling)", _fact("ceiling"), "count"),
    "visit_for": Attribute("f.visit_for", _fact("visit-for"), "word"),
    "form_of_act": Attribute("f.form_of_act", _fact("form-of-act"), "word"),
    "record_made": Attribute("f.record_made", _fact("record-made")),
    "stage": Attribute("f.stage", _fact("stage"), "word"),
    "sent_before_end": Attribute("t.sent_before_end(f, v, at)", _fact("dispatched")),
    "received_after_end": Attribute("t.received_after_end(i, v)"),
    # Under way only where that is established: a new transmission is none for want of a fact.
    "under_way": Attribute(
        "(f.in_transit is True and t.sent_before_end(f, v, at) is True)", (*_fact("in-transit"), *_fact("dispatched"))
    ),
    "lateness_only": Attribute("f.lateness_only", _fact("lateness-only")),
    "tracer_unanswered": Attribute("f.tracer_unanswered", _fact("tracer-unanswered")),
    "loss": Attribute("f.loss", _fact("loss"), "word"),
    "asked": Attribute("f.asked", _fact("asked")),
    "law_change": Attribute("f.law_change", _fact("law-change"), "word"),
    "authority_notified": Attribute("f.authority_notified", _fact("authority-notified")),
    "dispute_open": Attribute("(True if d else f.dispute_open)", _fact("dispute-open")),
    "settled_by": Attribute("f.settled_by", _fact("settled-by"), "word"),
    "notified": Attribute("(q.by in v.notified)"),
    "timely": Attribute("t.timely(q, f, v, r, at)", (*_fact("ends"), *_fact("note-received")), "word"),
    "crosses_end": Attribute("t.crosses_end(f, v, r, at)", _fact("note-received")),
    "live_notice": Attribute("t.has_notice(q, v, suspended=False)"),
    "suspended_notice": Attribute("t.has_notice(q, v, suspended=True)"),
    "resumable": Attribute('(r not in ("fresh-notice", "strict"))'),
    "through_hub": Attribute("t.through_hub(q, i)"),
    "hub_releases": Attribute("t.hub_releases(q)"),
    "from_hub": Attribute("(q.by == t.hub and i.originator == t.hub)"),
}
"""Every attribute by the name under which conditions read it."""

CLEARANCES = _CLEARANCES
