"""SCIM: a directory announces joiners, who have nothing, and leavers, whose access ends at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from calling import Answer, Served, enrol
from programs import Program, follow
from stories import Stage

from gsomia.node import PersonDetails, Role, audit, end_access, enter_person, lapses, strike_person
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS = "/scim/v2/Users"


@pytest.fixture
def both(stage: Stage) -> Exercise:
    return stage()


@pytest.fixture
def kor(both: Exercise, serve: Serve) -> Served:
    return serve(both, "KOR")


class Directory:
    """A SCIM client with its own token."""

    def __init__(self, served: Served, *acts: str) -> None:
        self.served = served
        self.program = Program(served, served.player.by(Role.SECURITY), *(acts or ("provision",)))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        proved = self.program.headers(method, path.partition("?")[0])
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.served.ask(method, path, None, body, {**proved, **named})


@pytest.fixture
def directory(kor: Served) -> Directory:
    return Directory(kor)


def user(name: str = "park", **more: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, **more}


def patch(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


INACTIVE = patch({"op": "Replace", "path": "active", "value": False})


@pytest.mark.parametrize("kind", ["ServiceProviderConfig", "ResourceTypes", "Schemas", "Users"])
def test_what_the_service_says_of_itself(directory: Directory, kind: str) -> None:
    answer = directory("GET", f"/scim/v2/{kind}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/scim+json")
    assert answer.json()["schemas"]


def test_a_joiner_is_known_and_has_nothing(kor: Served, directory: Directory) -> None:
    made = directory("POST", USERS, user(displayName="Park", externalId="7"))
    assert made.status == 201 and made.json()["active"] and made.headers["location"] == f"{USERS}/park"
    with kor.player.node.store.reading() as reader:
        assert reader.person("park") is None
    assert directory("GET", f"{USERS}/park", if_none_match=made.headers["etag"]).status == 304
    assert directory("POST", USERS, user()).json()["scimType"] == "uniqueness"
    changed = directory("PATCH", f"{USERS}/park", patch({"op": "replace", "value": {"displayName": "P."}}))
    assert changed.json()["displayName"] == "P."
    assert directory("PUT", f"{USERS}/park", user(), if_match=made.headers["etag"]).status == 412
    assert "displayName" not in directory("PUT", f"{USERS}/park", user()).json()
    assert directory("DELETE", f"{USERS}/park").status == 204
    assert directory("GET", f"{USERS}/park").json()["status"] == "404"


def test_pages_and_filter(directory: Directory) -> None:
    for name in ("u1", "u2", "u3"):
        directory("POST", USERS, user(name))
    page = directory("GET", f"{USERS}?startIndex=2&count=1").json()
    assert page["totalResults"] >= 3 and page["itemsPerPage"] == len(page["Resources"]) == 1
    wanted = quote('userName eq "u2"')
    found = directory("GET", f"{USERS}?filter={wanted}").json()["Resources"]
    assert [one["id"] for one in found] == ["u2"]


FILTERS = (
    'userName eq "u" or userName pr', 'userName sw "u"', 'roles eq "reader"', "userName eq 'u'",
    'userName eq "u" OR 1=1 --', 'userName eq "u"; DROP TABLE act', 'userName eq "\\x"', "", 'clearance eq "SECRET"',
)  # fmt: skip


@pytest.mark.parametrize("text", FILTERS)
def test_filter_injection(directory: Directory, text: str) -> None:
    assert directory("GET", f"{USERS}?filter={quote(text)}").json()["scimType"] == "invalidFilter"


PROTECTED: dict[str, Any] = {
    "roles": [{"value": "reader"}], "clearance": "SECRET", "entitlements": ["open"], "house_roles": ["reader"],
    "x509Certificates": [], "password": "x", "needs": ["all"], "left_at": "", "Roles": [], "active": 1, "externalId": 7,
    "id": "other", "display": "x", "active.value": True, "displayName.x": "x", f"{USER}:roles": [],
}  # fmt: skip


@pytest.mark.parametrize("name", PROTECTED)
def test_what_would_grant_something_is_refused_and_nothing_of_it_done(directory: Directory, name: str) -> None:
    value = PROTECTED[name]
    assert directory("POST", USERS, user("mass", **{name: value})).status == 400
    assert directory("GET", f"{USERS}/mass").status == 404
    before = directory("POST", USERS, user()).json()
    asked = [
        patch({"op": "replace", "path": "displayName", "value": "x"}, {"op": "add", "path": name, "value": value}),
        patch({"op": "add", "value": {"displayName": "x", name: value}}),
    ]
    for body in asked:
        assert directory("PATCH", f"{USERS}/park", body).status == 400
    assert directory("PUT", f"{USERS}/park", user(displayName="x", **{name: value})).status == 400
    assert directory("GET", f"{USERS}/park").json() == before


ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WHOLE: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE], "name": {"familyName": "Kim", "givenName": "x" * 300},
    "emails": [{"value": "other@example.kr", "primary": True}], "groups": [], "title": "\u3164", "locale": "ko-KR",
    ENTERPRISE: {"department": "J2", "manager": {"value": "26"}}, "urn:example:2.0:User": {"x": None},
}  # fmt: skip
"""What a directory sends of a whole user beside what this node keeps."""


def test_what_describes_a_person_and_is_not_kept_is_ignored(directory: Directory) -> None:
    """RFC 7644, section 3.3: the service may ignore it, and the answer shows what was kept."""
    kept = directory("POST", USERS, user(displayName="Park") | WHOLE).json()
    assert {*kept} == {"schemas", "id", "meta", "userName", "active", "displayName"} and kept["schemas"] == [USER]
    assert directory("PUT", f"{USERS}/park", user(DisplayName="P.") | WHOLE).json()["displayName"] == "P."
    described = patch(
        {"op": "replace", "path": "name.familyName", "value": "Park"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "park@example.kr"},
        {"op": "remove", "path": f"{ENTERPRISE}:manager"},
        {"op": "add", "path": f"{USER}:displayName", "value": "Park"},
    )
    assert directory("PATCH", f"{USERS}/park", described).json()["displayName"] == "Park"


def leave_by_patch(directory: Directory) -> Answer:
    return directory("PATCH", f"{USERS}/other", INACTIVE)


LEAVES: dict[str, Callable[[Directory], Answer]] = {
    "PATCH": leave_by_patch,
    "PATCH with the word": lambda d: d(
        "PATCH", f"{USERS}/other", patch({"op": "replace", "value": {"active": "False"}})
    ),
    "PUT": lambda d: d("PUT", f"{USERS}/other", user("other", active=False)),
    "PUT of the whole user": lambda d: d("PUT", f"{USERS}/other", user("other", active=False) | WHOLE),
    "PUT of what nobody takes": lambda d: d(
        "PUT", f"{USERS}/other", {"userName": "renamed", "active": False, "roles": ["x"], "displayName": 7}
    ),
    "PUT in another case": lambda d: d("PUT", f"{USERS}/other", {"username": "other", "Active": "FALSE"}),
    "PATCH with the name": lambda d: d(
        "PATCH",
        f"{USERS}/other",
        patch(
            {"op": "replace", "path": "name.familyName", "value": "Kim"},
            {"op": "replace", "path": "active", "value": False},
            {"op": "remove", "path": "clearance"},
        ),
    ),
    "PATCH by the schema's name": lambda d: d(
        "PATCH", f"{USERS}/other", patch({"op": "replace", "value": {f"{USER}:active": False, "name": {}}})
    ),
    "DELETE": lambda d: d("DELETE", f"{USERS}/other"),
}


@pytest.mark.parametrize("how", LEAVES)
def test_a_leavers_access_ends_at_once_and_an_officers_act_is_owed(
    kor: Served, both: Exercise, directory: Directory, how: str
) -> None:
    by, security, node = enrol(kor, "other", Role.SECURITY), kor.player.by(Role.SECURITY), kor.player.node
    entered = PersonDetails(id="other", clearance="SECRET")
    both.enter(entered, "KOR")
    program = Program(kor, by, "see-acts")
    assert kor.ask("GET", "/v1/acts", by).status == 200
    assert LEAVES[how](directory).status in (200, 204)
    assert kor.ask("GET", "/v1/acts", by).status == 401
    assert kor.ask("GET", "/v1/acts", None, None, program.headers("GET", "/v1/acts")).status == 401

    def left() -> list[str]:
        with node.store.reading() as reader:
            found = lapses(node, reader, since=None, until=node.clock.now() + timedelta(days=1))
        return [one.detail for one in found if (one.person, one.what) == ("other", "left")]

    assert "no officer has confirmed" in left()[0]
    back = directory("PATCH", f"{USERS}/other", patch({"op": "replace", "path": "active", "value": True}))
    assert back.status in (400, 404) and kor.ask("GET", "/v1/acts", by).status == 401
    assert [act.statement.type for act in strike_person(node, "other", "moved", by=security)] == [
        "strike-person",
        "retire-key",
    ]
    assert "confirmed" not in left()[0]
    enter_person(node, entered, by=security)
    assert kor.ask("GET", "/v1/acts", by).status == 401


@pytest.mark.parametrize("name", ["홍길동", "kim@kor.example", "kim/2"])
def test_a_leaver_whose_id_is_percent_encoded_in_a_path(
    kor: Served, both: Exercise, directory: Directory, name: str
) -> None:
    """The proof names the URL as it is sent (RFC 9449, 4.2), and `location` is one (RFC 7644, 3.1)."""
    both.enter(PersonDetails(id=name, clearance="SECRET"), "KOR")
    path = f"{USERS}/{quote(name, safe='')}"
    assert directory("GET", path).headers["location"] == path
    assert directory("DELETE", path).status == 204
    with kor.player.node.store.reading() as reader:
        person = reader.person(name)
    assert person is not None and person.left_at is not None


def test_a_leavers_open_stream_is_cut(kor: Served, both: Exercise, directory: Directory) -> None:
    by = enrol(kor, "other", Role.SECURITY)
    both.enter(PersonDetails(id="other", clearance="SECRET"), "KOR")
    given = Program(kor, by, "see-acts").headers("GET", "/v1/events")

    def ends() -> None:
        end_access(kor.player.node, "other", "SCIM: not active")

    _, took = kor.loop.run_until_complete(follow(kor, None, ends, headers=given))
    assert took < 1.0


def test_the_register_made_anew_knows_that_access_ended(kor: Served, both: Exercise, directory: Directory) -> None:
    enrol(kor, "other", Role.SECURITY)
    both.enter(PersonDetails(id="other", clearance="SECRET"), "KOR")
    assert directory("DELETE", f"{USERS}/other").status == 204
    assert [check.fault for check in audit(kor.player.node) if not check.holds] == []


def test_who_may_ask(kor: Served) -> None:
    """Errors are in SCIM's form whoever asks: strangers, a token for something else, an officer without a token."""
    security = kor.player.by(Role.SECURITY)
    answers = {
        401: kor.ask("GET", USERS, None),
        403: kor.ask("GET", USERS, security),
    }
    answers_other = Directory(kor, "see-acts")("GET", USERS)
    for status, answer in [*answers.items(), (403, answers_other)]:
        assert answer.status == status and answer.headers["content-type"] == "application/scim+json"
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert answer.json()["status"] == str(status)
