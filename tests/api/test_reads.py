"""What the API tells is what the commands tell; pages hold still; what is unchanged or asked twice is told once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from calling import Answer, House, Served, ask_app, signatures
from stories import MARKS, Stage, official, once

from gsomia.api import description
from gsomia.errors import RefusedError
from gsomia.identity import Rights
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    Check,
    FacilityDetails,
    PersonDetails,
    Role,
    ask_consent,
    clear_facility,
    enrol_officer,
    mark,
    notify_regrade,
    recall,
    receipt,
    register_rows,
    release_to_contractor,
)
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Five items came to Korea from Japan."""
    exercise = stage()
    exercise["JPN"].transmit_many([b"EXERCISE"] * 5, to="KOR", level=MARKS["JPN"])
    exercise.settle()
    exercise.enter(PersonDetails(id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main",)), "KOR")
    return exercise


@pytest.fixture
def kor(both: Exercise, serve: Serve) -> Served:
    """Korea's API."""
    return serve(both, "KOR")


PATHS = (
    "node", "me", "copies", "inbox", "consents", "recalls", "regraded", "outbox", "refused",
    "record", "acts", "logs", "logs?name=JPN", "tokens",
    "openapi.json", "agreements/jpn-kor-2016/state",
    "agreements/jpn-kor-2016/state?at=2019-11-22T23:59:00%2B09:00&reading=KOR=immediate",
    "agreements", "agreements/jpn-kor-2016", "legal-acts", "agreements/jpn-kor-2016/what-if?act=give-notice&by=KOR",
    "log-entries?name=JPN", "witnesses", "renditions", "tracers", "parcels",
    "duties?party=KOR", "routes?from=JPN&to=KOR&item=level=SECRET",
)  # fmt: skip


def test_what_is_read(kor: Served) -> None:
    """Each answer is one object that nothing keeps, under a tag by which it is not sent again."""
    registry = kor.player.by(Role.REGISTRY)
    for path in PATHS:
        answer = kor.ask("GET", f"/v1/{path}", registry)
        assert answer.status == 200 and answer.headers["cache-control"] == "no-store", path
        tag = {"if-none-match": answer.headers["etag"]}
        again = kor.ask("GET", f"/v1/{path}", registry, headers=tag)
        assert (again.status, again.body) == (304, b"") and again.headers["cache-control"] == "no-store", path
    with kor.player.node.store.reading() as reader:
        rows = register_rows(reader, reader.copies())
    assert kor.ask("GET", "/v1/copies", registry).json()["copies"] == json.loads(json.dumps(rows))
    (act,) = kor.ask("GET", "/v1/acts?type=transmit&limit=1", registry).json()["acts"]
    assert kor.ask("GET", f"/v1/acts/{act['act']}", registry).json()["views"][0]["type"] == "transmit"
    for path in (
        "acts/x",
        "copies/x",
        "logs?name=x",
        "agreements/x/state",
        "acts?item=x",
        "consents/x",
        "nothing",
        "agreements/x",
        "agreements/x/what-if?act=leave&by=KOR",
        "log-entries?name=x",
        "log-proofs?act=x",
    ):
        assert kor.ask("GET", f"/v1/{path}", registry).status == 404, path


def test_the_description_is_the_one_in_the_reference() -> None:
    """docs/reference/openapi.json is what `gsomia node openapi` prints."""
    assert json.loads((ROOT / "docs/reference/openapi.json").read_text(encoding="utf-8")) == description()


USERS = "/scim/v2/Users/{user}"
HEEDED: dict[str, set[str]] = {
    "Idempotency-Key": {
        "post /v1/preparations", "post /v1/preparations/{preparation}/signatures", "post /v1/reconciliations",
        "post /v1/tracers", "post /v1/stamps", "post /v1/sendings", "post /v1/clock",
        "post /v1/parcel-exports", "post /v1/parcel-imports",
    },
    "If-Match": {"post /v1/preparations", f"put {USERS}", f"patch {USERS}", f"delete {USERS}"},
}  # fmt: skip
DOORS: dict[str, list[set[str]]] = {
    "post /v1/first-officer": [], "post /v1/oidc/start": [], "post /v1/oidc/finish": [{"proof"}],
    "post /v1/sign-in/passkey": [{"proof"}], "post /v1/sign-in/passkey/challenges": [{"proof"}],
}  # fmt: skip


def test_the_description_says_who_may_ask_and_which_headers_are_heeded() -> None:
    """RFC 9449, 4.1 and 7.1; RFC 9110, 8.8.3 and 13.1."""
    told = description()
    schemes, parameters = told["components"]["securitySchemes"], told["components"]["parameters"]
    assert {(one["type"], one.get("scheme"), one.get("name")) for one in schemes.values()} == {
        ("mutualTLS", None, None), ("http", "DPoP", None), ("apiKey", None, "DPoP"),
    }  # fmt: skip
    assert [{*one} for one in told["security"]] == [{"certificate"}, {"token", "proof"}]
    heeded: dict[str, set[str]] = {name: set() for name in parameters}
    shown = {}
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("parameters", []):
                if "$ref" in one:
                    heeded[one["$ref"].removeprefix("#/components/parameters/")].add(f"{method} {path}")
            if "security" in operation and not path.startswith("/scim/") and path != "/v1/tokens":
                shown[f"{method} {path}"] = [{*one} for one in operation["security"]]
    tagged = heeded.pop("If-None-Match")
    assert heeded == HEEDED and shown == DOORS
    for path in {f"/v1/{path.partition('?')[0]}" for path in PATHS} & {*told["paths"]}:
        assert f"get {path}" in tagged and "ETag" in told["paths"][path]["get"]["responses"]["200"]["headers"], path


@pytest.mark.parametrize("path", ["copies", "acts"])
def test_pages_hold_still_while_rows_are_added(kor: Served, both: Exercise, path: str) -> None:
    registry = kor.player.by(Role.REGISTRY)
    whole = kor.ask("GET", f"/v1/{path}?limit=500", registry).json()[path]
    told, cursor = [], ""
    while True:
        page = kor.ask("GET", f"/v1/{path}?limit=2{cursor and '&cursor='}{cursor}", registry).json()
        told += page[path]
        assert len(page[path]) <= 2
        if not page["next"]:
            break
        cursor = page["next"]
        if len(told) == 2:
            both["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
            both.settle()
            kor.again()  # a restart does not end a cursor
    assert told[: len(whole)] == whole and len(told) > len(whole)


LISTS = {
    "legal-acts": ("acts",), "tracers": ("copies",), "renditions": ("renditions",), "parcels": ("parcels",),
    "inbox": ("items", "requests", "openings", "recalls", "regraded", "withdrawn"),
    "consents": ("consents",),
    "recalls": ("copies",), "regraded": ("copies", "reviews"), "outbox": ("outbox",), "refused": ("refused",),
    "record": ("acts",), "requests": ("requests",), "contractors": ("facilities", "copies"),
    "disclosures": ("disclosures",),
}  # fmt: skip
MANY = {
    "inbox": 7, "consents": 2, "recalls": 2, "regraded": 2, "outbox": 2, "refused": 2, "record": 3, "requests": 0,
    "contractors": 3, "disclosures": 0, "legal-acts": 3, "tracers": 0, "renditions": 0, "parcels": 0,
}  # fmt: skip
"""So many rows each has at least, below."""


@pytest.fixture
def busy(both: Exercise, serve: Serve) -> Served:
    """Korea's API: two items are asked back, two regraded, two asked for, two refused, and two acts not sent yet."""
    jpn, kor = both["JPN"], both["KOR"]
    for copy in jpn.copies()[:2]:
        recall(jpn.node, copy.item, "w", by=jpn.by(Role.DISCLOSURE))
    for copy in jpn.copies()[2:4]:
        notify_regrade(jpn.node, copy.item, "特定秘密", "w", by=jpn.by(Role.DISCLOSURE))
    both.settle()
    for copy in kor.copies()[:2]:
        with pytest.raises(RefusedError):
            mark(kor.node, copy.id, "군사III급비밀", by=kor.by(Role.REGISTRY))
    words = {"level": "SECRET", "inspected": "2017-06-01", "until": "2018-05-31"}
    for name in ("plant", "forge"):
        details = FacilityDetails(id=name, contractor="Daehan Precision", **words)
        clear_facility(kor.node, details, by=kor.by(Role.SECURITY))
    both.enter(official("yun", role="contractor", rosters=("plant",)), "KOR")
    mark(kor.node, kor.copies()[4].id, MARKS["KOR"], by=kor.by(Role.REGISTRY))
    release_to_contractor(kor.node, kor.copies()[4].id, "plant", "w", by=kor.by(Role.DISCLOSURE))
    for copy in kor.copies()[3:5]:
        ask_consent(kor.node, copy.item, "USA", "w", by=kor.by(Role.DISCLOSURE))
    return serve(both, "KOR")


@pytest.mark.parametrize("path", LISTS)
def test_every_list_comes_in_pages(busy: Served, path: str) -> None:
    """A row a page, each row once and in its place, also where rows of another list are told behind the first's."""
    security = busy.player.by(Role.SECURITY)
    whole = busy.ask("GET", f"/v1/{path}?limit=500", security).json()
    rows = [(name, row) for name in LISTS[path] for row in whole[name]]
    assert whole["next"] is None and len(rows) >= MANY.get(path, 0)
    told, cursor = [], ""
    while cursor is not None:
        page = busy.ask("GET", f"/v1/{path}?limit=1{cursor and '&cursor='}{cursor}", security).json()
        told += [(name, row) for name in LISTS[path] for row in page[name]]
        cursor = page["next"]
    assert told == rows
    other = busy.ask("GET", f"/v1/{path}?limit=1", security).json()["next"]
    if other is None:
        return
    assert busy.ask("GET", f"/v1/{path}?cursor={other}", busy.player.by(Role.DISCLOSURE)).status == 400


def test_what_is_worked_off_moves_no_row(busy: Served) -> None:
    """The row that a page ended with is gone when the next is asked for."""
    security, registry = busy.player.by(Role.SECURITY), busy.player.by(Role.REGISTRY)
    whole = busy.ask("GET", "/v1/inbox", security).json()["items"]
    page = busy.ask("GET", "/v1/inbox?limit=2", security).json()
    for row in page["items"]:
        mark(busy.player.node, row["copy"], MARKS["KOR"], by=registry)
        receipt(busy.player.node, row["copy"], by=registry)
    left = busy.ask("GET", f"/v1/inbox?limit=500&cursor={page['next']}", security).json()["items"]
    assert left == whole[2:]


def test_lists_of_people_come_in_pages(kor: Served, both: Exercise) -> None:
    security = kor.player.by(Role.SECURITY)
    both.enter(PersonDetails(id="lee", clearance="none"), "KOR")
    for path, name in (("persons", "person"), ("officers", "officer")):
        whole = kor.ask("GET", f"/v1/{path}", security).json()
        assert whole["next"] is None and len(whole[path]) > 1
        told, cursor = [], ""
        while cursor is not None:
            page = kor.ask("GET", f"/v1/{path}?limit=1{cursor and '&cursor='}{cursor}", security).json()
            told += page[path]
            cursor = page["next"]
        assert told == whole[path] and all(row[name] for row in told)
    (kim,) = kor.ask("GET", "/v1/persons?facility=main", security).json()["persons"]
    assert kim["person"] == "kim" and kim["clearance"] == "SECRET"


def verdict(answer: Answer) -> str:
    told: str = answer.json()["outcome"]
    return told


def test_verdicts(kor: Served) -> None:
    registry, number = kor.player.by(Role.REGISTRY), kor.player.copies()[0].control_number
    asked = {"to": "JPN", "level": MARKS["KOR"], "subject": "dprk-missile"}
    assert verdict(kor.ask("POST", "/v1/verdicts/transmit", registry, asked)) == "permit"
    later = {**asked, "at": "2016-01-01T00:00:00+09:00"}
    assert verdict(kor.ask("POST", "/v1/verdicts/transmit", registry, later)) == "refuse"
    assert kor.ask("POST", "/v1/verdicts/transmit", registry, {**asked, "at": "2016-01-01T00:00:00"}).status == 400
    assert verdict(kor.ask("POST", "/v1/verdicts/open", registry, {"item": number, "person": "kim"})) == "permit"
    assert verdict(kor.ask("POST", "/v1/verdicts/release", registry, {"item": number, "to": "USA"})) == "refuse"
    assert kor.ask("POST", "/v1/verdicts/open", registry, {"item": "x", "person": "kim"}).status == 404


def test_may_x_do_y(kor: Served) -> None:
    """The decision point of other systems (AuthZEN 6): a permit and nothing else is true."""
    registry, number = kor.player.by(Role.REGISTRY), kor.player.copies()[0].control_number

    def decide(person: str, action: str, item: str, **to: str) -> Answer:
        body = {
            "subject": {"type": "person", "id": person},
            "action": {"name": action, "properties": to},
            "resource": {
                "type": "item",
                "id": item,
                "properties": {"level": MARKS["KOR"], "subject": "dprk-missile"} if action == "transmit" else {},
            },
        }
        return kor.ask("POST", "/access/v1/evaluation", registry, body, {"x-request-id": "a-1"})

    opened = decide("kim", "open", number)
    assert opened.json()["decision"] is True and opened.headers["x-request-id"] == "a-1"
    assert opened.json()["context"]["verdict"]["outcome"] == "permit"
    assert decide("nobody", "open", number).json()["decision"] is False
    assert decide("kim", "open", "nothing").json() == {"decision": False}
    assert decide("kor-disclosure", "transmit", "x", to="JPN").json()["decision"] is True
    assert decide("kor-disclosure", "transmit", "x", to="USA").json()["decision"] is False
    assert decide("kor-disclosure", "transmit", "x").json()["decision"] is False
    for subject in ("kim", "kor-registry", "nobody"):
        assert decide(subject, "transmit", "x", to="JPN").json()["decision"] is False, "the subject may not transmit"
        assert decide(subject, "release", number, to="USA").json()["decision"] is False
    assert decide("kor-registry", "mark", number).json()["decision"] is True
    assert decide("kor-registry", "destroy-everything", number).json() == {"decision": False}
    assert kor.ask("POST", "/access/v1/evaluation", registry, {"subject": {}}).status == 400
    told = kor.ask("GET", "/.well-known/authzen-configuration", registry).json()
    assert told["access_evaluation_endpoint"].endswith("/access/v1/evaluation")


def test_an_officer_asks_what_they_may_by_their_own_name(kor: Served) -> None:
    """Who may see no persons asks of themselves alone, by the officer's name that the subject is looked up by."""
    key = SigningKey.generate()
    enrol_officer(kor.player.node, "d-2", (Role.DISCLOSURE,), key.public, person="kim", by=kor.player.by(Role.SECURITY))

    def ask(subject: str) -> Answer:
        body = {"subject": {"type": "officer", "id": subject}, "action": {"name": "see-law"}}
        body |= {"resource": {"type": "agreement", "id": "jpn-kor-2016"}}
        return kor.ask("POST", "/access/v1/evaluation", Acting(officer="d-2", key=key), body)

    assert ask("d-2").json()["decision"] is True
    assert ask("kim").status == 403 and ask("kor-legal").status == 403


def test_the_same_request_under_one_key_is_done_once(kor: Served) -> None:
    """Same key, same body: the same answer, after a restart too; another body is refused."""
    registry, number = kor.player.by(Role.REGISTRY), kor.player.copies()[0].control_number
    wanted, key = {"act": "mark", "item": number, "level": MARKS["KOR"]}, {"idempotency-key": "one"}
    first = kor.ask("POST", "/v1/preparations", registry, wanted, key)
    assert first.status == 201 and kor.ask("POST", "/v1/preparations", registry, wanted, key).body == first.body
    assert kor.ask("POST", "/v1/preparations", registry, {**wanted, "level": "x"}, key).status == 422
    told = first.json()
    path, signed = f"/v1/preparations/{told['id']}/signatures", signatures(told, registry)
    assert kor.ask("POST", path, registry, signed, key).status == 422
    done = kor.ask("POST", path, registry, signed, {"idempotency-key": "two"})
    kor.again()
    assert kor.ask("POST", path, registry, signed, {"idempotency-key": "two"}).body == done.body
    assert kor.ask("POST", "/v1/preparations", registry, wanted, key).body == first.body
    # A key is its officer's own; what was refused was not done, and is not kept.
    for level in (MARKS["KOR"], "x"):
        assert (
            kor.ask("POST", "/v1/preparations", kor.player.by(Role.LEGAL), {**wanted, "level": level}, key).status
            == 403
        )
    assert kor.ask("POST", "/v1/preparations", registry, wanted, {"idempotency-key": "x" * 200}).status == 400


def test_the_oldest_answers_of_a_caller_give_way(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gsomia.web.memory._GIVEN", 3)
    at, span = datetime.now(UTC), timedelta(hours=1)

    def begun(caller: str, number: int) -> bool:
        when = at + timedelta(seconds=number)
        return kor.memory.begin(caller, str(number), "digest", at=when, span=span) is None

    assert begun("other", 0) and all(begun("caller", number) for number in range(5))
    assert [begun("caller", number) for number in (2, 3, 4)] == [False] * 3
    assert not begun("other", 0), "each caller's own"
    assert begun("caller", 1), "an older one was forgotten"


def test_two_at_once_under_one_key_get_one_answer(kor: Served) -> None:
    registry, number = kor.player.by(Role.REGISTRY), kor.player.copies()[0].control_number
    wanted, key = {"act": "mark", "item": number, "level": MARKS["KOR"]}, {"idempotency-key": "at once"}
    answers = kor.ask_together([("POST", "/v1/preparations", registry, wanted, key)] * 6)
    assert {answer.status for answer in answers} == {201} and len({answer.body for answer in answers}) == 1


def test_an_item_that_changed_since_it_was_read_is_not_acted_on(kor: Served) -> None:
    registry, number = kor.player.by(Role.REGISTRY), kor.player.copies()[0].control_number
    tag = {"if-match": kor.ask("GET", f"/v1/copies/{number}", registry).headers["etag"]}
    wanted = {"act": "mark", "item": number, "level": MARKS["KOR"]}
    assert kor.ask("POST", "/v1/preparations", registry, wanted, tag).status == 201
    assert kor.act(registry, wanted).status == 200
    assert kor.ask("POST", "/v1/preparations", registry, {"act": "receipted", "item": number}, tag).status == 412


def test_an_item_that_is_there_matches_any_tag(kor: Served) -> None:
    """`*` holds where the item is there (RFC 9110, 13.1.1)."""
    registry, number = kor.player.by(Role.REGISTRY), kor.player.copies()[0].control_number
    wanted, every = {"act": "mark", "item": number, "level": MARKS["KOR"]}, {"if-match": "*"}
    assert kor.ask("POST", "/v1/preparations", registry, wanted, every).status == 201
    assert kor.ask("POST", "/v1/preparations", registry, {**wanted, "item": "nothing"}, every).status == 404
    none = {"act": "request", "to": "JPN", "under": "jpn-kor-2016", "subject": "dprk-missile", "what": "w"}
    none |= {"purpose": "defence", "level": MARKS["KOR"]}
    assert kor.ask("POST", "/v1/preparations", kor.player.by(Role.DISCLOSURE), none, every).status == 412
    assert kor.ask("POST", "/v1/preparations", kor.player.by(Role.DISCLOSURE), none, {"if-match": ","}).status == 412


def test_contents_are_opened_for_no_officer_without_the_right(kor: Served) -> None:
    number = kor.player.copies()[0].control_number
    for role in Role.ALL:
        by = kor.player.by(role)
        for person in ("kim", by.officer):
            answer = kor.ask("POST", "/v1/openings", by, {"item": number, "person": person})
            assert answer.status == 403 and b"EXERCISE" not in answer.body


def test_each_request_is_logged_with_its_officer(kor: Served) -> None:
    kor.ask("GET", "/v1/node", kor.player.by(Role.LEGAL))
    kor.ask("GET", "/v1/node", None)
    signed_in, stranger = kor.lines[-2:]
    assert (signed_in["officer"], signed_in["status"]) == ("kor-legal", 200)
    assert (stranger["officer"], stranger["status"]) == ("", 401)


def test_what_a_party_owes_names_items_to_who_may_see_the_register_alone(both: Exercise, serve: Serve) -> None:
    """The duties by law are told to all who may see the law; those by the register are not."""
    copy = both["KOR"].copies()[0]
    recall(both["JPN"].node, copy.item, "w", by=both["JPN"].by(Role.DISCLOSURE))
    both.settle()
    kor = serve(both, "KOR")
    rights = Rights.load()
    seen = {}
    for role in Role.ALL:
        who = kor.player.by(role)
        answer = kor.ask("GET", "/v1/duties?party=KOR", who)
        if answer.status != 200:
            continue
        may = any(right.role == role for right in rights.acts["see-register"].rights)
        told = [one for one in answer.json()["duties"] if one.get("item") == copy.control_number]
        assert bool(told) is may, role
        seen[may] = role
    assert seen.keys() == {True, False}


def test_a_node_checks_itself_for_one_at_a_time(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is told to ask again, and costs nothing; a right is asked first."""
    by, none = kor.player.by(Role.SECURITY), kor.player.by(Role.LEGAL)
    json_ = [("content-type", "application/json")]
    made: list[int] = []
    told: list[int] = []
    answered = threading.Semaphore(0)

    def checks(_: House) -> list[Check]:
        made.append(1)
        if len(made) == 1:  # it takes until the others have their answers
            assert all(answered.acquire(timeout=60) for _ in range(2))
        return [Check(name="acts", counted=1)]

    async def ask(who: Acting) -> int:
        status = (await ask_app(kor.app, "POST", "/v1/checks", json_, b"{}", kor.certificate(who))).status
        answered.release()
        return status

    async def three() -> None:
        told.extend(await asyncio.gather(ask(by), ask(by), ask(none)))

    monkeypatch.setattr(House, "checks", checks)
    kor.loop.run_until_complete(three())
    assert sorted(told[:2]) == [201, 409] and told[2] == 403
    assert len(made) == 1
    assert kor.ask("POST", "/v1/checks", by, {}).json()["checks"][0]["holds"]
