"""An item's whole life in one file, checked offline: it holds, and each part that is altered fails at its own check."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lying import turned
from openings import rotated
from stories import Stage, finish, official, once

from gsomia.agreement import LegalAct, law_version
from gsomia.cli.ask import verify_command
from gsomia.config import shipped_law
from gsomia.errors import UsageError, VerificationError
from gsomia.keys import SigningKey, b64, canonical, sign, unb64
from gsomia.node import (
    Check,
    Note,
    Role,
    TrustedKeys,
    ask_witness,
    check_bundle,
    declare_compromised,
    enter_legal_acts,
    identity,
    instant,
    open_item,
    release,
    replace_officer_key,
    write_bundle,
)
from gsomia.node.bundle.writing import BUNDLE_TYPE, contents_digest
from gsomia.store import SqlStore
from gsomia.testing import Exercise, Player

DAY = timedelta(hours=24)


def bundle_of(player: Player, reference: str) -> bytes:
    sink = io.BytesIO()
    write_bundle(player.node, reference, lambda name, _version: shipped_law()[name], sink)
    return sink.getvalue()


def keys_of(*players: Player) -> dict[str, TrustedKeys]:
    return {p.node.party: TrustedKeys(signing=p.node.keys.signing.public, log=p.node.keys.log.public) for p in players}


def checked(both: Exercise, data: bytes, by: str = "KOR") -> list[Check]:
    return check_bundle(
        io.BytesIO(data), keys_of(both[by]), at=both.clock.at, unwitnessed=DAY, scratch=SqlStore.scratch
    )


def failing(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.holds]


@pytest.fixture
@once
def lived(stage: Stage) -> Exercise:
    """Two nodes, and one item sent, marked and receipted."""
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    finish(both["KOR"], both["KOR"].copies()[0].control_number)
    both.settle()
    return both


@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_the_whole_life_of_an_item_is_checked_by_its_writers_keys_alone(lived: Exercise, party: str) -> None:
    player = lived[party]
    checks = checked(lived, bundle_of(player, player.copies()[0].control_number), party)
    assert [(check.name, check.fault) for check in checks if not check.holds] == []
    assert [check.name for check in checks] == [
        "keys of the writer",
        "peers and officers",
        "signatures and signers of acts",
        "law adopted",
        "state of the agreement",
        "seal",
        "provenance",
        "label",
        "register",
        "rungs",
        "inclusion in logs",
        "cosignatures",
        WHOLE,
    ]
    assert all(check.counted for check in checks)
    version = law_version(shipped_law()["jpn-kor-2016"])[:12]
    assert f"jpn-kor-2016 {version} (transmit by JPN)" in checks[3].remark
    for step in ("transmit", "acceptance", "dispatched", "delivered", "mark", "receipted"):
        assert re.search(rf"jpn-kor-2016 {version} in-force at \S+ \({step}\)", checks[4].remark), step


def test_the_same_records_give_the_same_bundle(lived: Exercise) -> None:
    number = lived["KOR"].copies()[0].control_number

    def unsigned(data: bytes) -> tuple[dict[str, Any], list[tuple[str, int]]]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            value = json.loads(archive.read("bundle.json"))
            # ML-DSA-65 is signed with fresh chance each time.
            del value["signed"]
            return value, [(one.filename, one.CRC) for one in archive.infolist()[1:]]

    assert unsigned(bundle_of(lived["KOR"], number)) == unsigned(bundle_of(lived["KOR"], number))


def test_what_is_not_held_has_no_bundle(lived: Exercise) -> None:
    with pytest.raises(UsageError, match="no item `nothing`"):
        bundle_of(lived["KOR"], "nothing")


def test_nobody_vouches_for_keys_that_only_the_bundle_names(lived: Exercise) -> None:
    data = bundle_of(lived["KOR"], lived["KOR"].copies()[0].control_number)
    assert "keys of the writer" in failing(checked(lived, data, "JPN"))
    other = {"KOR": keys_of(lived["JPN"])["JPN"]}
    found = check_bundle(io.BytesIO(data), other, at=lived.clock.at, unwitnessed=DAY, scratch=SqlStore.scratch)
    assert failing(found)[0] == "keys of the writer"
    found = check_bundle(io.BytesIO(data), {}, at=lived.clock.at, unwitnessed=DAY, scratch=SqlStore.scratch)
    faults = {check.name: check.fault for check in found if not check.holds}
    assert [name for name, fault in faults.items() if fault == "not checked: no key of KOR"] == [
        "inclusion in logs",
        "cosignatures",
        WHOLE,
    ]
    assert not any("KeyError" in fault for fault in faults.values())


def test_a_bundle_without_a_key_to_check_it_by_says_exercise_and_what_to_give(lived: Exercise, tmp_path: Path) -> None:
    file = tmp_path / "life.bundle"
    file.write_bytes(bundle_of(lived["KOR"], lived["KOR"].copies()[0].control_number))
    done = CliRunner().invoke(verify_command, [str(file)])
    assert isinstance(done.exception, VerificationError)
    assert "--identity FILE" in done.exception.hint and "--node DIR" in done.exception.hint
    assert done.stdout.splitlines()[0] == "EXERCISE" and "KeyError" not in done.stdout
    assert json.loads(CliRunner().invoke(verify_command, [str(file), "--json"]).stdout)["exercise"] is True


def test_what_no_peer_has_cosigned_is_said_and_fails_after_a_day(lived: Exercise) -> None:
    def silent(*_: object) -> Any:
        raise AssertionError("nothing is sent")

    lived.wire.fault = silent
    lived["JPN"].transmit(b"report", to="KOR", level="極秘")
    item = next(copy.item for copy in lived["JPN"].copies() if copy.state == "authorised")
    data = bundle_of(lived["JPN"], item)
    found = checked(lived, data, "JPN")
    assert "cosignatures" not in failing(found) and "not yet witnessed" in found[-2].remark
    lived.pass_time(DAY + timedelta(seconds=1))
    assert failing(checked(lived, data, "JPN")) == ["cosignatures"]


def test_a_bundle_says_what_is_not_yet_cosigned_and_a_newer_one_has_it(lived: Exercise, tmp_path: Path) -> None:
    """An opening is in the internal log alone, which peers cosign once an hour: the bundle asks them first."""
    lived.pass_time(timedelta(minutes=2))
    kor = lived["KOR"]
    (copy,) = kor.copies()
    lived.enter(official("kim"), "KOR")
    lived.settle()
    assert open_item(kor.node, copy.id, "kim", io.BytesIO())
    sink = io.BytesIO()
    made = write_bundle(kor.node, copy.id, lambda name, _version: shipped_law()[name], sink)
    waiting = {one.log: one for one in made.uncosigned}["exercise.gsomia/KOR/internal"]
    assert waiting.acts and waiting.next_at is not None
    assert f"a peer is asked at {instant(waiting.next_at)}" in str(waiting)
    lived.pass_time(DAY * 2)
    assert failing(checked(lived, sink.getvalue())) == ["cosignatures"]
    at_its_own = check_bundle(sink, keys_of(kor), at=None, unwitnessed=DAY, scratch=SqlStore.scratch)
    assert failing(at_its_own) == []
    assert "when its writer says that it was written" in next(c for c in at_its_own if c.name == "cosignatures").remark
    assert ask_witness(kor.node, "JPN", now=True)
    newer = io.BytesIO()
    assert not write_bundle(kor.node, copy.id, lambda name, _version: shipped_law()[name], newer).uncosigned
    lived.pass_time(DAY * 2)
    assert failing(checked(lived, newer.getvalue())) == []


def test_an_exercise_bundle_is_not_judged_by_the_clock_of_the_day(lived: Exercise, tmp_path: Path) -> None:
    """It was written in 2018, by the clock of the exercise; what was not cosigned then is told and does not fail."""
    kor = lived["KOR"]
    lived.enter(official("kim"), "KOR")
    assert open_item(kor.node, kor.copies()[0].id, "kim", io.BytesIO())
    file, keys = tmp_path / "life", tmp_path / "kor.json"
    file.write_bytes(bundle_of(kor, kor.copies()[0].id))
    keys.write_text(json.dumps(identity(kor.node, certificate="")))
    done = CliRunner().invoke(verify_command, [str(file), "--identity", str(keys)])
    assert done.exit_code == 0, done.output
    assert "not yet witnessed" in done.stdout and "when its writer says that it was written" in done.stdout


def test_acts_by_a_key_declared_compromised_later_are_told(lived: Exercise) -> None:
    """The old key signed the mark and the receipt; it was replaced, and then it was found to have been stolen."""
    kor = lived["KOR"]
    old = kor.by(Role.REGISTRY)
    replace_officer_key(kor.node, old.officer, SigningKey(bytes(range(64))).public, by=kor.by(Role.SECURITY))
    key = old.key.public.fingerprint
    since = lived.clock.at - timedelta(days=1)
    # Declared again, as of other instants, each act is told once: as of the earliest.
    for other in (lived.clock.at, since, since - timedelta(hours=1), lived.clock.at):
        declare_compromised(kor.node, "KOR", old.officer, other, by=kor.by(Role.SECURITY), key=key)
    lived.settle()
    for party in ("KOR", "JPN"):
        checks = checked(lived, bundle_of(lived[party], lived[party].copies()[0].id), party)
        assert failing(checks) == []
        told = checks[2].remark
        assert told.count("declared compromised since") == 2
        assert told.count(f"declared compromised since {instant(since - timedelta(hours=1))}") == 2
        assert "`mark`" in told and "`receipted`" in told and "`transmit`" not in told


Change = Callable[[dict[str, Any], dict[str, bytes]], None]


def altered(data: bytes, change: Change, by: Player | None = None) -> bytes:
    """A bundle with something changed, and signed anew where its own writer lies."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    value = json.loads(members.pop("bundle.json"))
    change(value, members)
    if by is not None:
        said = {"v": 1, "item": value["item"]["id"], "sha256": contents_digest(value)}
        value["signed"] = sign(canonical(said), BUNDLE_TYPE, [by.node.keys.signing]).to_json()
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("bundle.json", json.dumps(value))
        for name, body in members.items():
            archive.writestr(name, body)
    return sink.getvalue()


def signed(value: dict[str, Any], kind: str, text: str = "") -> dict[str, Any]:
    """The JSON of the last act of a type that holds a text: its batch, with one act in it."""
    batches = [one["signed"][0] for one in value["acts"]]
    statements = [batch["acts"][0]["statement"] for batch in batches]
    found = [b for b, said in zip(batches, statements, strict=True) if f'"type":"{kind}"' in said and text in said]
    batch = found[-1]
    assert isinstance(batch, dict)
    return batch


def in_statement(kind: str, old: str, new: str) -> Change:
    def change(value: dict[str, Any], _: dict[str, bytes]) -> None:
        act = signed(value, kind)["acts"][0]
        assert old in act["statement"]
        act["statement"] = act["statement"].replace(old, new)

    return change


def without_act(kind: str, text: str = "") -> Change:
    def change(value: dict[str, Any], _: dict[str, bytes]) -> None:
        gone = signed(value, kind, text)
        value["acts"] = [one for one in value["acts"] if one["signed"][0] is not gone]
        statement = json.loads(gone["acts"][0]["statement"])["id"]
        value["proofs"] = [one for one in value["proofs"] if one["act"] != statement]

    return change


def put(*path: Any) -> Change:
    """Put the last of the path at the place that the others lead to."""

    def change(value: dict[str, Any], _: dict[str, bytes]) -> None:
        place: Any = value
        for key in path[:-2]:
            place = place[key]
        assert place[path[-2]] != path[-1]
        place[path[-2]] = path[-1]

    return change


def in_member(end: str, place: int) -> Change:
    def change(_: dict[str, Any], members: dict[str, bytes]) -> None:
        (name,) = [name for name in members if fnmatch(name, f"*{end}")]
        members[name] = turned(members[name], place)

    return change


def without_member(end: str) -> Change:
    def change(_: dict[str, Any], members: dict[str, bytes]) -> None:
        del members[next(name for name in members if fnmatch(name, f"*{end}"))]

    return change


def other_signature(kind: str) -> Change:
    def change(value: dict[str, Any], _: dict[str, bytes]) -> None:
        signature = signed(value, kind)["envelope"]["signatures"][-1]
        signature["sig"] = b64(turned(unb64(signature["sig"]), 7))

    return change


def without_officer(kind: str) -> Change:
    def change(value: dict[str, Any], _: dict[str, bytes]) -> None:
        envelope = signed(value, kind)["envelope"]
        envelope["signatures"] = envelope["signatures"][:2]

    return change


def in_proof(value: dict[str, Any], _: dict[str, bytes]) -> None:
    hashes = value["proofs"][-1]["hashes"]
    hashes[0] = b64(turned(unb64(hashes[0]), 3))


def in_salt(value: dict[str, Any], _: dict[str, bytes]) -> None:
    value["proofs"][-1]["salt"] = b64(turned(unb64(value["proofs"][-1]["salt"]), 3))


def no_proof(value: dict[str, Any], _: dict[str, bytes]) -> None:
    value["proofs"].pop()


def note_line(number: int) -> Change:
    """Alter the signature on one line of the last checkpoint's note: 0 and 1 the log's, 2 and 3 the witness's."""

    def change(value: dict[str, Any], _: dict[str, bytes]) -> None:
        text, _, tail = value["checkpoints"][-1]["note"].partition("\n\n")
        lines = tail.splitlines()
        head, sign, body = lines[number].rpartition(" ")
        lines[number] = head + sign + b64(turned(unb64(body), -9))
        value["checkpoints"][-1]["note"] = text + "\n\n" + "\n".join(lines) + "\n"

    return change


def other_order(value: dict[str, Any], _: dict[str, bytes]) -> None:
    first = next(i for i, one in enumerate(value["acts"]) if "enrol-key" in one["signed"][0]["acts"][0]["statement"])
    value["acts"].append(value["acts"].pop(first))


def other_order_of_rungs(value: dict[str, Any], _: dict[str, bytes]) -> None:
    number = next(i for i, one in enumerate(value["acts"]) if '"acceptance"' in str(one) and "valid_until" in str(one))
    value["acts"].insert(number - 1, value["acts"].pop(number))


ACTS, PEOPLE, LAW = "signatures and signers of acts", "peers and officers", "law adopted"
REGISTER, RUNGS, LOGS = "register", "rungs", "inclusion in logs"
WHOLE = "the writer's signature over the bundle"

CHANGES: dict[str, tuple[Change, str]] = {
    "no bundle at all": (put("schema", "gsomia/bundle/v2"), "bundle"),
    "the writer's key": (put("keys", "log", "text"), "keys of the writer"),
    "the writer": (put("party", "JPN"), "keys of the writer"),
    "real, not EXERCISE": (put("exercise", False), PEOPLE),
    "an officer's roles": (in_statement("enrol-key", '"roles":["', '"roles":["security","'), PEOPLE),
    "an officer's enrolment": (other_signature("enrol-key"), PEOPLE),
    "an officer's enrolment taken out": (without_act("enrol-key", '"officer":"kor-registry","roles"'), ACTS),
    "enrolments in another order": (other_order, PEOPLE),
    "a peer's enrolment": (other_signature("enrol-peer"), PEOPLE),
    "a peer's enrolment taken out": (without_act("enrol-peer"), PEOPLE),
    "an act's words": (in_statement("mark", '"origin":"JPN"', '"origin":"USA"'), ACTS),
    "an act's instant": (in_statement("receipted", '"at":"2018', '"at":"2017'), ACTS),
    "an act's signature": (other_signature("transmit"), ACTS),
    "an officer's signature taken off": (without_officer("receipted"), ACTS),
    "the act that adopted the law": (without_act("adopt-law", "jpn-kor-2016"), LAW),
    "a file of the law": (in_member("jpn-kor-2016/*/agreement.toml", 100), LAW),
    "a file of the law taken out": (without_member("jpn-kor-2016/*/agreement.toml"), LAW),
    "the entry into force taken out": (without_act("notify-entry"), "state of the agreement"),
    "the sealed item's payload": (in_member("item.tdf", 60), "seal"),
    "the sealed item's manifest": (in_member("item.tdf", -300), "seal"),
    "the sealed item taken out": (without_member("item.tdf"), "seal"),
    "the originator": (put("item", "originator", "KOR"), "provenance"),
    "the label": (put("item", "label", "{}"), "label"),
    "the level": (put("item", "level", "秘"), REGISTER),
    "the holder": (put("copies", 0, "destination", "USA"), REGISTER),
    "the mark": (put("copies", 0, "own_mark", "군사III급비밀"), REGISTER),
    "the transmission taken out": (without_act("transmit"), REGISTER),
    "no copies": (put("copies", []), REGISTER),
    "the state": (put("copies", 0, "state", "opened"), RUNGS),
    "the custodian": (put("copies", 0, "custodian", "JPN"), RUNGS),
    "the agreement of the copy": (put("copies", 0, "instrument", "tisa-2014"), REGISTER),
    "the number of the copy": (put("copies", 0, "control_number", "KOR-2018-000009"), RUNGS),
    "the title": (put("item", "title", "another"), REGISTER),
    "a rung's instant": (put("copies", 0, "rungs", -1, "at", "2018-01-10T04:00:00.000000Z"), RUNGS),
    "a rung's Party": (put("copies", 0, "rungs", 0, "party", "USA"), RUNGS),
    "the last rung of the register": (put("copies", 0, "rungs", -1, "rung", "opened"), RUNGS),
    "acts in another order than the log's": (other_order_of_rungs, LOGS),
    "a rung's act": (without_act("delivered"), RUNGS),
    "a rung of the register": (put("copies", 0, "rungs", []), RUNGS),
    "a proof": (in_proof, LOGS),
    "a salt": (in_salt, LOGS),
    "a proof taken out": (no_proof, LOGS),
    "a proof's checkpoint": (note_line(0), LOGS),
    "a checkpoint's second signature": (note_line(1), LOGS),
    "a cosignature": (note_line(2), "cosignatures"),
    "a cosignature's second half": (note_line(3), "cosignatures"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_part_that_is_altered_fails_at_its_own_check(lived: Exercise, name: str) -> None:
    change, where = CHANGES[name]
    data = bundle_of(lived["KOR"], lived["KOR"].copies()[0].control_number)
    assert failing(checked(lived, data)) == []
    found = failing(checked(lived, altered(data, change, lived["KOR"])))
    assert where in found
    # What an honest check rests on may fall with it; what was checked before it stands.
    names = [check.name for check in checked(lived, data)]
    assert where == "bundle" or found[0] == where or names.index(found[0]) >= names.index(where), found


@pytest.mark.parametrize("data", [b"", b"PK", b"text", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bundle_is_said(lived: Exercise, data: bytes) -> None:
    assert failing(checked(lived, data)) == ["bundle"]


def test_a_life_across_the_replacement_of_both_nodes_keys_is_checked_by_the_keys_of_today(lived: Exercise) -> None:
    old = keys_of(*lived.players.values())
    for party in ("JPN", "KOR", "JPN"):
        rotated(lived, party)
        lived.settle()
    for party in ("JPN", "KOR"):
        player = lived[party]
        data = bundle_of(player, player.copies()[0].control_number)
        everybody = keys_of(*lived.players.values())
        for trusted in (everybody, {party: everybody[party]}):
            checks = check_bundle(
                io.BytesIO(data), trusted, at=lived.clock.at, unwitnessed=DAY, scratch=SqlStore.scratch
            )
            assert [(check.name, check.fault) for check in checks if not check.holds] == []
        for stale in ({party: old[party]}, everybody | {other: old[other] for other in old if other != party}):
            checks = check_bundle(io.BytesIO(data), stale, at=lived.clock.at, unwitnessed=DAY, scratch=SqlStore.scratch)
            assert failing(checks), "keys that were replaced vouch for nothing"

    def another_successor(value: dict[str, Any], _: dict[str, bytes]) -> None:
        for entry in value["acts"]:
            said = json.loads(entry["signed"][0]["acts"][0]["statement"])
            if said["type"] == "replace-node-key" and said["party"] == value["party"]:
                said["body"]["replaces"]["signing"]["ed25519"] = b64(bytes(32))
                entry["signed"][0]["acts"][0]["statement"] = canonical(said).decode()

    checks = checked(
        lived, altered(bundle_of(lived["KOR"], lived["KOR"].copies()[0].control_number), another_successor)
    )
    assert "keys of the writer" in failing(checks)


def test_what_a_stranger_altered_is_not_what_the_writer_signed(lived: Exercise) -> None:
    def later(value: dict[str, Any], _: dict[str, bytes]) -> None:
        value["at"] = instant(lived.clock.at + DAY)

    data = bundle_of(lived["KOR"], lived["KOR"].copies()[0].control_number)
    assert failing(checked(lived, altered(data, later))) == [WHOLE]


def test_instants_that_nobody_signed_excuse_no_missing_cosignature(lived: Exercise) -> None:
    lived.pass_time(DAY + timedelta(hours=1))

    def stripped(value: dict[str, Any], _: dict[str, bytes]) -> None:
        for one in value["checkpoints"]:
            text, _, tail = one["note"].partition("\n\n")
            one["note"] = text + "\n\n" + "".join(line + "\n" for line in tail.splitlines()[:2])
        for one in value["acts"]:
            one["recorded_at"] = instant(lived.clock.at)

    data = bundle_of(lived["KOR"], lived["KOR"].copies()[0].control_number)
    assert failing(checked(lived, data)) == []
    assert "cosignatures" in failing(checked(lived, altered(data, stripped, lived["KOR"])))


@pytest.mark.parametrize("gone", [("give-notice",), ("give-notice", "withdraw-notice"), ("withdraw-notice",)])
def test_a_record_of_legal_acts_with_some_left_out_is_not_the_one_decided_on(
    stage: Stage, gone: tuple[str, ...]
) -> None:
    both = stage(at="2018-03-10T12:00:00+09:00")
    jpn = both["JPN"]
    for name, day in (("give-notice", 1), ("withdraw-notice", 5)):
        noted(both, f"jpn-kor-2016/{name}", name, datetime(2018, 3, day, tzinfo=UTC), "JPN", "KOR")
    jpn.transmit(b"report", to="KOR", level="極秘")
    both.settle()
    data = bundle_of(jpn, jpn.copies()[0].control_number)
    assert failing(checked(both, data, "JPN")) == []

    def left_out(value: dict[str, Any], members: dict[str, bytes]) -> None:
        for kind in gone:
            for _ in ("own", "reported"):
                without_act(kind)(value, members)

    found = checked(both, altered(data, left_out, jpn), "JPN")
    assert failing(found) == ["state of the agreement"]


def test_what_a_bundle_cannot_show_is_listed(lived: Exercise) -> None:
    remarks = {
        check.name: check.remark for check in checked(lived, bundle_of(lived["KOR"], lived["KOR"].copies()[0].id))
    }
    assert "not shown: the record by which `JPN` decided its `transmit`" in remarks["state of the agreement"]
    assert "not shown: that `KOR` left nothing out" in remarks[WHOLE]
    lived["KOR"].transmit(b"another", to="JPN", level="군사II급비밀")
    lived.settle()
    remarks = {
        check.name: check.remark for check in checked(lived, bundle_of(lived["KOR"], lived["KOR"].copies()[0].id))
    }
    assert "not shown: " in remarks["inclusion in logs"]


def noted(both: Exercise, name: str, kind: str, at: datetime, *parties: str) -> None:
    """A legal act of the first Party, entered by each."""
    for party in parties:
        legal = LegalAct(id=name, under="jpn-kor-2016", act=kind, by=parties[0], at=at, form="note", note="EXERCISE")
        note = Note.of_text("EXERCISE", b"EXERCISE", dated="2016-11-23")
        enter_legal_acts(both[party].node, [legal], note, by=both[party].by(Role.LEGAL))
    both.settle()


@pytest.mark.parametrize("party", ["KOR", "USA", "JPN"])
def test_a_life_through_the_hub_is_replayed_from_each_nodes_own_bundle(stage: Stage, party: str) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    korea, america, japan = three["KOR"], three["USA"], three["JPN"]
    first = korea.transmit(b"test", to="JPN", via=("USA",), level="군사II급비밀")
    three.settle()
    finish(america, first.id)
    second = release(america.node, first.id, "JPN", by=america.by(Role.DISCLOSURE))
    three.settle()
    finish(japan, second.id)
    three.settle()
    data = bundle_of(three[party], first.item)
    assert [(check.name, check.fault) for check in checked(three, data, party) if not check.holds] == []

    def no_release(value: dict[str, Any], _: dict[str, bytes]) -> None:
        value["copies"] = [one for one in value["copies"] if one["id"] != second.id]

    found = failing(checked(three, altered(data, no_release, three[party]), party))
    assert found[0] == REGISTER if party != "JPN" else found
