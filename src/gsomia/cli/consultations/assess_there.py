"""An assessment by a node's address: its views are written here too, signed by whose they are, and presented."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gsomia.cli.address.asked import key_here, reached
from gsomia.cli.address.following import follow_rows, outcome_there
from gsomia.cli.address.paths import api_path
from gsomia.cli.address.sending import prepared_there, sent_there, until_unchanged
from gsomia.cli.address.signing import signed
from gsomia.cli.meaning.assess import View, read_views
from gsomia.cli.options import plain
from gsomia.errors import PendingError, RefusedError, VerificationError

if TYPE_CHECKING:
    from gsomia.cli.address.remote import Remote

__all__ = ["assess_there", "lying", "preview_there"]


def preview_there(address: str, consultation: str, data: bytes) -> list[View]:
    """The views that a node would give, each held against the assessment.

    Args:
        address: the node's.
        consultation: whose Parties they are for.
        data: the assessment, TOML.
    """
    with reached(address) as remote:
        return _looked_at(remote, consultation, data)[0]


def _looked_at(remote: Remote, consultation: str, data: bytes) -> tuple[list[View], list[str], str]:
    """The views; the copies of these very ones where they were given before; and under which name it was sent."""
    content, _ = sent_there(remote, io.BytesIO(data))
    told = remote.post(api_path("consultations", consultation, "views"), {"content": content})
    return read_views(data, told["views"], remote.frame.party), [*map(str, told["given"])], content


def assess_there(
    address: str, consultation: str, data: bytes, disclosure: str, wait: float
) -> tuple[list[list[str]], list[PendingError | RefusedError]]:
    """Give each other Party its view, wait until it has arrived, and present it.

    Args:
        address: the node's.
        consultation: whose Parties they are.
        data: the assessment, TOML.
        disclosure: the officer who signs the transmissions: here, where that key lies beside the one that was given,
            and else where it is; "" for the one who was given.
        wait: at most so many seconds.

    Returns:
        For each view its Party, through whom, its item, its state, and the act that presents it; and what keeps others.

    Raises:
        RefusedError: an agreement refuses, or an officer may not; nothing goes.
        VerificationError: the node prepared something else.
        PendingError: who discloses has yet to sign, elsewhere; a repeat goes on from there.
    """
    with ExitStack() as stack:
        remote = stack.enter_context(reached(address))
        giving: Remote | None = remote
        if disclosure:
            giving = stack.enter_context(reached(address, disclosure)) if key_here(disclosure) else None
        views, copies, content = _looked_at(remote, consultation, data)
        if not copies:
            copies = until_unchanged(lambda: _given(remote, giving, consultation, content, views, disclosure))
        by_party = {view.party: view for view in views}
        rows: list[list[str]] = []
        errors: list[PendingError | RefusedError] = []
        for copy in _followed(remote, consultation, copies, wait):
            party, item = str(copy["party"]), str(copy["item"])
            if party not in by_party:
                raise VerificationError(f"the node told of a view of `{plain(party)}`, which gets none")
            row = [party, ", ".join(copy["via"]), item]
            if not copy["act"] and (against := outcome_there(copy)) is not None:
                errors.append(against)
                rows.append([*row, copy["state"], ""])
            elif copy["lies"]:
                errors.append(lying(consultation, party, item, copy["lies"]))
                rows.append([*row, f"at {copy['lies']}", ""])
            else:
                act = copy["act"] or _presented(remote, consultation, item, by_party[party])
                rows.append([*row, "presented", act])
    return rows, errors


def lying(consultation: str, party: str, item: str, lies: str) -> PendingError:
    """What keeps a view that somebody on its way has to hand on."""
    hint = f"once it has arrived, `gsomia consult assess {consultation} --text {item}` presents it"
    return PendingError(f"the view of {party} lies at {lies}, which hands it on", hint=hint)


def _given(
    remote: Remote, giving: Remote | None, consultation: str, content: str, views: Sequence[View], disclosure: str
) -> list[str]:
    """Have the views given, signed by who speaks and who discloses; the copies that go."""
    asked = {"act": "assess", "content": content, "consultation": consultation, "disclosure": disclosure}
    keys = [one.key.public.fingerprint if one is not None else "" for one in (remote, giving)]
    told = prepared_there(remote, asked, sum(len(view.text) for view in views))
    others = [giving] if giving is not None and giving is not remote else []
    said = signed(remote, told, {**asked, "views": views, "keys": keys}, others=others)
    return [one.copy for one in said if one.type == "transmit"]


def _followed(remote: Remote, consultation: str, copies: Sequence[str], wait: float) -> list[dict[str, Any]]:
    """What the consultation tells of the views' copies, once they are settled or the wait is over."""

    def look(left: Sequence[str]) -> dict[str, dict[str, Any]]:
        told = remote.get(api_path("consultations", consultation))["given"]
        return {row["copy"]: row for row in told if row["copy"] in left}

    return follow_rows(look, copies, wait)


def _presented(remote: Remote, consultation: str, item: str, view: View) -> str:
    """Present a view that has arrived; the act that does."""
    wanted = {"act": "present-view", "consultation": consultation, "item": item}
    meant = {**wanted, "sha256": view.sha256, "to": view.party}
    (said,) = signed(remote, remote.post("preparations", wanted), meant)
    return said.id
