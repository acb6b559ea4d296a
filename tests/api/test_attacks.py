"""Attacks on the rights of the API, each named by its class; what made the class known stands in its test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from calling import Answer, Served, enrol, signatures
from programs import Guest, held
from stories import MARKS

from gsomia.api import ACT, description, preparations
from gsomia.identity import Rights
from gsomia.keys import SigningKey
from gsomia.node import Acting, PersonDetails, Role
from gsomia.testing import Exercise

Ask = Callable[..., Answer]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
OPERATIONS = [
    (method.upper(), path.replace("{name}", "jpn-kor-2016").replace("{", "").replace("}", ""), op[ACT])
    for path, operations in description()["paths"].items()
    for method, op in operations.items()
]


# --- guard on one verb only -------------------------------------------------------------------------------------------


def test_guard_on_one_verb_only(kor: Served) -> None:
    """Every route and every method answers strangers the same."""
    seen = set()
    for path in sorted({path for _, path, _ in OPERATIONS} | {"/", "/v1", "/docs", "/v1/../v1/copies", "/v1/copies/"}):
        for method in METHODS:
            answer = kor.ask(method, path, None)
            scim = path.startswith("/scim/")  # whose errors have a form of their own
            seen.add((scim, answer.status, answer.body, answer.headers["www-authenticate"]))
        kor.again()  # otherwise the flood of strangers would be stopped first
    assert sorted((scim, status) for scim, status, *_ in seen) == [(False, 401), (True, 401)]


BODIES: dict[str, Any] = {
    "/v1/verdicts/transmit": {"to": "JPN", "level": "군사II급비밀", "subject": "dprk-missile"},
    "/v1/ways": {"to": "JPN", "level": "군사II급비밀", "subject": "dprk-missile"},
    "/v1/contents/content": b"1",
    "/v1/verdicts/open": {"item": "x", "person": "x"},
    "/v1/verdicts/release": {"item": "x", "to": "USA"},
    "/access/v1/evaluation": {
        "subject": {"type": "person", "id": "x"},
        "action": {"name": "transmit", "properties": {"to": "JPN"}},
        "resource": {"type": "item", "id": "x"},
    },
    "/v1/openings": {"item": "x", "person": "x"},
    "/v1/sendings": {"act": "x", "to": "JPN"},
    "/v1/consultations/consultation/differences": {"old": "1", "new": "2"},
    "/v1/consultations/consultation/views": {"content": "0" * 64},
    "/v1/reconciliations": {"peer": "JPN"},
    "/v1/tracers": {},
    "/v1/stamps": {},
    "/v1/checks": {},
    "/v1/clock": {"at": "2018-01-10T12:00:00+09:00"},
    "/v1/parcel-exports": {"to": "JPN"},
    "/v1/parcel-imports": {"content": "0" * 64},
}


QUERIES = {
    "/v1/rights": "?person=kor-legal&act=open",
    "/v1/duties": "?party=JPN", "/v1/routes": "?from=JPN&to=KOR", "/v1/log-entries": "?name=JPN",
    "/v1/log-tiles": "?name=JPN&index=0&width=1", "/v1/log-proofs": "?act=x",
    "/v1/agreements/jpn-kor-2016/what-if": "?act=give-notice&by=KOR",
    "/v1/agreements/name/what-if": "?act=give-notice&by=KOR",
}  # fmt: skip


def walked(kor: Served, asks: Ask, roles: Collection[str], *, key: bool) -> None:
    """What the table gives these roles, and nothing else, is what their holder may ask of each route.

    Args:
        kor: the node.
        asks: makes a request as the holder.
        roles: all the holder has.
        key: whether they came in by an officer's key; without one nothing is signed or run.
    """
    rights = Rights.load()
    for method, path, act in OPERATIONS:
        if act in ("sign", "see-oneself", "see-item", "provision") or "events" in path:
            continue  # `provision` is for tokens alone: test_scim
        row = rights.acts[act]
        mine = [right for right in row.rights if right.role in roles and (key or not (row.signs or row.kind == "run"))]
        query = QUERIES.get(path, "")
        named = path.replace("contents/content", "contents/" + hashlib.sha256(b"1").hexdigest())
        answer = asks(method, named + query, BODIES.get(path), {"upload-offset": "0", "upload-length": "1"})
        if any(not right.when for right in mine):
            assert answer.status in (200, 201, 404), (path, answer)
        elif not mine or answer.status != 404:  # on a condition: it does not hold, or there is nothing of that name
            assert answer.status == 403 and answer.json()["verdict"]["outcome"] == "refuse", (path, answer)


@pytest.mark.parametrize("role", Role.ALL)
def test_every_route_asks_the_table_of_rights(kor: Served, role: str) -> None:
    """By each role that signs, with a certificate."""
    by = kor.player.by(role)
    walked(kor, lambda method, path, *given: kor.ask(method, path, by, *given), {role}, key=True)


@pytest.mark.parametrize("role", Role.HOUSE)
def test_every_route_asks_the_table_of_rights_of_the_house(kor: Served, both: Exercise, role: str) -> None:
    """By each role of the house: of one who signed in at a provider, and of a legal officer who has it too."""
    guest = Guest(kor, both, PersonDetails(id="kim", clearance="SECRET", house_roles=(role,)))

    def by_token(method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        proved = guest.headers(method, path.partition("?")[0])
        return kor.ask(method, path, None, body, {**headers, **proved})

    walked(kor, by_token, {role}, key=False)
    both.enter(PersonDetails(id="kor-legal", clearance="SECRET", house_roles=(role,)), "KOR")
    by = kor.player.by(Role.LEGAL)
    walked(kor, lambda method, path, *given: kor.ask(method, path, by, *given), {role, Role.LEGAL}, key=True)


def test_every_row_of_the_table_is_asked() -> None:
    """By a command, or by a route that names it: a right that nothing asks for would be one on paper alone."""
    asked = {act for _, _, act in OPERATIONS}
    assert [act.name for act in Rights.load().acts.values() if not act.commands and act.name not in asked] == []


WANTED: dict[str, dict[str, Any]] = {
    "adopt-law": {"names": ["jpn-kor-2016"]}, "rendition": {"person": "kim"},
    "mark": {"level": "군사II급비밀"}, "receipted": {}, "release": {"to": "USA"}, "recall": {"why": "w"},
    "answer-recall": {"answer": "cannot", "why": "w"}, "notify-regrade": {"level": "x", "why": "w"}, "regrade": {},
    "request-consent": {"to": "USA", "why": "w"}, "use": {"what": "w"}, "report-loss": {"what": "w"},
    "protect": {"what": "w"},
    "destroy": {"method": "shredded", "registry": "kor-registry", "security": "kor-security"},
}  # fmt: skip


@pytest.mark.parametrize("act", WANTED)
def test_every_act_asks_the_table_of_rights(kor: Served, act: str) -> None:
    rights = Rights.load().acts[{"use": "handle"}.get(act, act)]
    for role in Role.ALL:
        named = {} if act == "adopt-law" else {"item": held(kor)}
        wanted = {"act": act, **named, **WANTED[act]}
        answer = kor.ask("POST", "/v1/preparations", kor.player.by(role), wanted)
        if not any(right.role == role for right in rights.rights):
            assert answer.status == 403, (role, answer)
            grounds = answer.json()["verdict"]["grounds"]
            assert grounds and all(ground["effect"] == "refuse" for ground in grounds)


# --- guard that depends on a field being present ----------------------------------------------------------------------


def test_guard_depends_on_a_field_being_present(kor: Served) -> None:
    """Each field left out, null, given twice, or one too many."""
    registry = kor.player.by(Role.REGISTRY)
    wanted = {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}
    for name in wanted:
        less = {key: value for key, value in wanted.items() if key != name}
        for body in (less, {**wanted, name: None}, {**wanted, name: [wanted[name]]}):
            assert kor.ask("POST", "/v1/preparations", registry, body).status == 400
        twice = json.dumps(wanted)[:-1] + f', "{name}": "other"}}'
        assert kor.ask("POST", "/v1/preparations", registry, twice.encode()).status == 400
    for more in ("by", "officer", "verdict", "at", "exercise", "__class__"):
        assert kor.ask("POST", "/v1/preparations", registry, {**wanted, more: "x"}).status == 400
    assert kor.ask("GET", "/v1/acts?type=mark&type=destroy", registry).status == 400


# --- check A, change B ------------------------------------------------------------------------------------------------


def test_check_a_change_b(kor: Served) -> None:
    """What one officer prepared no other signs, sees, or completes; and signatures are over those statements alone."""
    registry, other = kor.player.by(Role.REGISTRY), enrol(kor, "other", Role.REGISTRY)
    wanted = {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}
    one, two = (kor.ask("POST", "/v1/preparations", registry, wanted).json() for _ in range(2))
    path = f"/v1/preparations/{one['id']}"
    assert kor.ask("GET", path, other).status == 404
    assert kor.ask("POST", f"{path}/signatures", other, signatures(one, other)).status == 404
    assert kor.ask("POST", f"{path}/signatures", registry, signatures(two, registry)).status == 422
    assert kor.ask("POST", f"{path}/signatures", registry, signatures(one, other)).status == 422
    assert kor.ask("POST", f"{path}/signatures", registry, signatures(one, registry)).json()["status"] == "done"
    # The first act changed what the second rests on: nothing is entered.
    assert kor.act(registry, {"act": "receipted", "item": held(kor)}).status == 200
    answer = kor.ask("POST", f"/v1/preparations/{two['id']}/signatures", registry, signatures(two, registry))
    assert answer.status == 403
    with kor.player.node.store.reading() as reader:
        assert len(list(reader.acts(types=["mark"]))) == 1


def test_two_person_acts_need_two_persons(kor: Served) -> None:
    registry, security = kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)
    assert kor.act(registry, {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}).status == 200
    wanted = {"act": "destroy", "item": held(kor), "method": "shredded"}
    alone = {**wanted, "registry": registry.officer, "security": registry.officer}
    assert kor.ask("POST", "/v1/preparations", registry, alone).status == 403
    others = {**wanted, "registry": registry.officer, "security": security.officer}
    assert kor.ask("POST", "/v1/preparations", kor.player.by(Role.LEGAL), others).status == 403
    told = kor.ask("POST", "/v1/preparations", registry, others).json()
    path = f"/v1/preparations/{told['id']}/signatures"
    assert kor.ask("POST", path, registry, signatures(told, registry)).json()["status"] == "prepared"
    assert kor.ask("POST", path, registry, signatures(told, registry)).json()["status"] == "prepared"
    assert kor.player.copies()[0].state != "destroyed"
    assert kor.ask("POST", path, security, signatures(told, security)).json()["status"] == "done"
    assert kor.player.copies()[0].state == "destroyed"


def test_what_one_officer_prepares_takes_no_other_s_place(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A security officer prepares destructions in the registry officer's name too; the latter's own acts stay."""
    monkeypatch.setattr(preparations, "_EACH", 2)
    registry, security = kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)
    assert kor.act(registry, {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}).status == 200
    own = kor.ask("POST", "/v1/preparations", registry, {"act": "receipted", "item": held(kor)}).json()
    wanted = {"act": "destroy", "item": held(kor), "method": "x"}
    wanted |= {"registry": registry.officer, "security": security.officer}
    made = [kor.ask("POST", "/v1/preparations", security, wanted).json()["id"] for _ in range(3)]
    assert kor.ask("GET", f"/v1/preparations/{own['id']}", registry).status == 200
    assert [kor.ask("GET", f"/v1/preparations/{name}", security).status for name in made] == [404, 200, 200]


# --- trusted-peer headers, impersonation ------------------------------------------------------------------------------

HEADERS = (
    "x-forwarded-user", "x-forwarded-for", "x-forwarded-client-cert", "x-ssl-client-cert", "x-client-cert",
    "x-remote-user", "remote-user", "x-gsomia-officer", "forwarded", "x-original-url", "x-http-method-override",
    "client-cert", "cookie",
)  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_trusted_peer_headers(kor: Served, name: str) -> None:
    security = kor.player.by(Role.SECURITY)
    given = {name: security.officer}
    assert kor.ask("GET", "/v1/me", None, headers=given).status == 401
    told = kor.ask("GET", "/v1/me", kor.player.by(Role.LEGAL), headers=given).json()
    assert told["officer"] == "kor-legal" and told["roles"] == [Role.LEGAL]


def test_impersonation(kor: Served, both: Exercise) -> None:
    """Whose name a certificate bears says nothing; by whose key it was signed does."""
    legal, stranger = kor.player.by(Role.LEGAL), Acting(officer="kor-security", key=SigningKey.generate())
    assert kor.ask("GET", "/v1/me", None, der=kor.certificate(stranger)).status == 401
    bears = Acting(officer="kor-security", key=legal.key)
    assert kor.ask("GET", "/v1/me", None, der=kor.certificate(bears)).json()["officer"] == "kor-legal"
    assert kor.ask("GET", "/v1/me", None, der=kor.certificate(both["JPN"].by(Role.SECURITY))).status == 401
    for span in (timedelta(minutes=-1), timedelta(days=400)):
        assert kor.ask("GET", "/v1/me", None, der=kor.certificate(legal, span=span)).status == 401
    early = kor.certificate(legal, at=datetime.now(UTC) + timedelta(hours=1))
    assert kor.ask("GET", "/v1/me", None, der=early).status == 401
    assert kor.ask("GET", "/v1/me", None, der=b"\x30\x00").status == 401


# --- existence, counts, error text ------------------------------------------------------------------------------------


def test_leak_by_side_channel(kor: Served) -> None:
    """What one may not know of is answered as what is not there, whichever way it is asked."""
    legal, number, item = kor.player.by(Role.LEGAL), held(kor), kor.player.copies()[0].item
    for path in ("/v1/copies/{}", "/v1/preparations/{}"):
        answers = {kor.ask("GET", path.format(name), legal).body for name in (number, item, "nothing")}
        assert len(answers) == 1
    answers = {
        kor.ask("POST", "/v1/preparations", legal, {"act": "mark", "item": name, "level": "x"}).body
        for name in (number, item, "nothing")
    }
    assert len(answers) == 1
    with kor.player.node.store.reading() as reader:
        known = next(iter(reader.acts())).id
    for by, status in ((legal, 403), (kor.player.by(Role.DISCLOSURE), 404)):
        asked = {"act": "consent", "request": "nothing"}
        answer = kor.ask("POST", "/v1/preparations", by, asked)
        assert answer.status == status
        if status == 403:
            assert kor.ask("POST", "/v1/preparations", by, {**asked, "request": known}).body == answer.body
    # The name of an event, or of a page's end, tells no count of what others may see.
    told = kor.ask("GET", "/v1/acts?limit=1", kor.player.by(Role.SECURITY)).json()
    again = kor.ask("GET", "/v1/acts?limit=1", kor.player.by(Role.SECURITY)).json()
    assert told["next"] != again["next"] and not told["next"].isdigit()


def test_a_hint_names_no_roster(kor: Served, both: Exercise) -> None:
    """Who may not list the facilities learns none by naming a wrong one."""
    both.enter(PersonDetails(id="lee", clearance="SECRET", rosters=("hidden-annex",)), "KOR")
    registry = kor.player.by(Role.REGISTRY)
    assert kor.ask("GET", "/v1/rosters", registry).status == 403
    answer = kor.ask("POST", "/v1/preparations", registry, {"act": "place", "item": held(kor), "facility": "x"})
    assert answer.status == 400 and b"roster of `x`" in answer.body and b"hidden-annex" not in answer.body


def test_an_error_of_the_node_s_own_names_no_path(kor: Served) -> None:
    for one in kor.player.folder.joinpath("items").iterdir():
        one.unlink()
    registry = kor.player.by(Role.REGISTRY)
    assert kor.act(registry, {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}).status == 200
    answer = kor.ask("POST", "/v1/preparations", registry, {"act": "receipted", "item": held(kor)})
    assert answer.status == 503 and str(kor.player.folder) not in answer.body.decode()
