"""Parcels by a node's address: made there and fetched, sent there and taken in, as on its host; or nothing of it."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from anywhere import Anywhere, Serving
from unwired import unwired

from gsomia.app import Home
from gsomia.cli.address import sending
from gsomia.node import Role, parcel_rows

OFFICERS = {"sato": Role.SECURITY, "mori": Role.REGISTRY, "ito": Role.LEGAL}


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nodes that know each other and have no wire; what each tells the other waits."""
    return unwired(tmp_path_factory.mktemp("carried"), OFFICERS)


@pytest.fixture
def nodes(enrolled: Path, tmp_path: Path) -> Path:
    """Copies of them."""
    return Path(shutil.copytree(enrolled, tmp_path / "nodes"))


@pytest.fixture
def jpn(nodes: Path, anywhere: Serving) -> Anywhere:
    """Japan's node, served."""
    return anywhere(nodes / "JPN")


@pytest.fixture
def kor(nodes: Path, anywhere: Serving) -> Callable[[], Anywhere]:
    """Serves Korea's node in the place of Japan's."""
    return lambda: anywhere(nodes / "KOR")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr("gsomia.cli.address.sending.time.sleep", lambda _: None)


def rows(home: Home) -> list[tuple[str, int, str]]:
    """The parcels that a node made and took in."""
    with home.store.reading() as reader:
        return [(row["way"], row["number"], row["there"]) for row in parcel_rows(reader)]


def test_one_is_made_and_taken_in_as_on_the_host(
    jpn: Anywhere, kor: Callable[[], Anywhere], nodes: Path, tmp_path: Path
) -> None:
    """By address and by folder the same is printed, but for the number."""
    stick = tmp_path / "stick"
    stick.mkdir()
    there = jpn.there("mori", "parcel", "export", stick, "--to", "KOR")
    first = stick / "JPN-KOR-000001.parcel"
    assert there[0] == 0 and there[1].startswith(f"{first}: parcel 1 for KOR: "), there
    here = jpn.here("parcel", "export", stick, "--to", "KOR")
    assert here[1] == there[1].replace("000001", "000002").replace("parcel 1", "parcel 2")
    assert sorted(path.name for path in stick.iterdir()) == ["JPN-KOR-000001.parcel", "JPN-KOR-000002.parcel"]
    shutil.copytree(nodes / "KOR", tmp_path / "KOR")
    told = jpn.run("parcel", "import", first, "--node", tmp_path / "KOR")
    korea = kor()
    assert korea.there("mori", "parcel", "import", first) == told and told[0] == 0 and "parcel 1 of JPN" in told[1]
    again = korea.there("mori", "parcel", "import", first)
    assert again[:2] == (0, "parcel 1 of JPN was taken in before; nothing was done\n")
    words = ("parcel", "import", stick / "JPN-KOR-000002.parcel", "--json")
    mine = jpn.run(*words, "--node", tmp_path / "KOR")
    assert json.loads(korea.there("mori", *words)[1]) == json.loads(mine[1])
    back = json.loads(korea.there("mori", "parcel", "export", tmp_path / "back", "--to", "JPN", "--json")[1])
    assert back["file"] == str(tmp_path / "back") and back["number"] == 1 and back["answers"]
    assert jpn.here("parcel", "import", tmp_path / "back")[0] == 0
    assert rows(jpn.home) == [("in", 1, "yes"), ("out", 1, "yes"), ("out", 2, "yes")]


def test_what_is_new_goes_once(jpn: Anywhere, tmp_path: Path) -> None:
    for name, held in (("one", "3 acts"), ("two", "what was received, and checkpoints")):
        status, out, _ = jpn.there("mori", "parcel", "export", tmp_path / name, "--to", "KOR", "--new")
        assert status == 0 and out.endswith(f"for KOR: {held}\n"), out


@pytest.mark.parametrize(("form", "told"), [((), "nothing to carry to KOR\n"), (("--json",), '"file": null')])
def test_where_nothing_is_to_carry_no_file_is_made(
    jpn: Anywhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr("gsomia.api.parcels.export_parcel", lambda *_, **__: None)
    status, out, _ = jpn.there("mori", "parcel", "export", tmp_path / "x", "--to", "KOR", *form)
    assert status == 0 and told in out and not (tmp_path / "x").exists()


WRONG: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "no parcel": (lambda _: b"PK\x03\x04 no parcel at all, by far", 5, "not a parcel: it does not begin as one"),
    "empty": (lambda _: b"", 5, "not a parcel: it does not begin as one"),
    "cut short": (lambda data: data[:-100], 5, "does not end as one"),
    "added to": (lambda data: data + b"x", 5, "does not end as one"),
    "a bit turned": (lambda data: data[:900] + bytes([data[900] ^ 1]) + data[901:], 5, "was altered"),
    "its signature turned": (lambda data: data[:-400] + bytes([data[-400] ^ 1]) + data[-399:], 5, ""),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_damaged_one_is_refused_as_on_the_host(
    jpn: Anywhere, kor: Callable[[], Anywhere], tmp_path: Path, fault: str
) -> None:
    """The same words and status, nothing of it counts, and the same file is refused again."""
    damage, status, why = WRONG[fault]
    file = tmp_path / "x.parcel"
    assert jpn.here("parcel", "export", file, "--to", "KOR")[0] == 0
    file.write_bytes(damage(file.read_bytes()))
    korea = kor()
    here = korea.here("parcel", "import", file)
    assert here[0] == status and why in here[2]
    for _ in range(2):
        assert korea.there("mori", "parcel", "import", file) == here
    assert rows(korea.home) == []


def test_one_s_own_and_an_older_one_are_refused_as_on_the_host(
    jpn: Anywhere, kor: Callable[[], Anywhere], tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("one", "two")]
    for file in files:
        assert jpn.there("mori", "parcel", "export", file, "--to", "KOR")[0] == 0
    assert jpn.there("mori", "parcel", "import", files[0]) == jpn.here("parcel", "import", files[0])
    korea = kor()
    assert korea.there("mori", "parcel", "import", files[1])[0] == 0
    status, _, err = korea.there("mori", "parcel", "import", files[0])
    assert status == 5 and "older than parcel 2" in err
    assert korea.here("parcel", "import", files[0])[2] == err


def test_what_cannot_be_is_said_before_a_number_is_used_up(jpn: Anywhere, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"x")
    wrong: list[tuple[int, str, tuple[object, ...]]] = [
        (2, "is there already", ("export", there, "--to", "KOR")),
        (2, "`USA` is not an enrolled peer", ("export", tmp_path, "--to", "USA")),
        (2, "there is no file", ("import", tmp_path / "gone")),
    ]
    for status, why, words in wrong:
        ended, out, err = jpn.there("mori", "parcel", *words)
        assert (ended, out) == (status, "") and why in err, err
        assert jpn.here("parcel", *words)[2].removeprefix("EXERCISE\n") == err.removeprefix("EXERCISE\n")
    assert rows(jpn.home) == [] and there.read_bytes() == b"x"


@pytest.mark.parametrize("officer", ["sato", "ito"])
def test_who_may_not_carry_does_neither(jpn: Anywhere, tmp_path: Path, officer: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x")
    for words in (("export", tmp_path / "one", "--to", "KOR"), ("import", file)):
        status, out, err = jpn.there(officer, "parcel", *words)
        assert (status, out) == (3, "") and "roles of `" in err, err
    assert rows(jpn.home) == [] and not (tmp_path / "one").exists()


def test_two_are_not_made_or_taken_in_at_once(jpn: Anywhere, tmp_path: Path) -> None:
    file = tmp_path / "x"
    assert jpn.there("mori", "parcel", "export", file, "--to", "KOR")[0] == 0
    with (jpn.folder / "parcel.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in (("export", tmp_path / "y", "--to", "KOR"), ("import", file)):
            ended, _, err = jpn.there("mori", "parcel", *words)
            assert ended == 6 and "at this moment" in err
            assert jpn.here("parcel", *words)[0] == 6
    assert not (tmp_path / "y").exists() and rows(jpn.home) == [("out", 1, "not known")]


def test_a_peer_with_a_wire_is_left_to_the_running_node(jpn: Anywhere, tmp_path: Path) -> None:
    settings = jpn.folder / "node.toml"
    settings.write_text(settings.read_text().replace('"parcel:"', '"https://127.0.0.1:1"'))
    with (jpn.folder / "outbox.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended, _, err = jpn.there("mori", "parcel", "export", tmp_path / "one", "--to", "KOR")
    assert ended == 6 and "at work with `KOR` by wire" in err and rows(jpn.home) == []


class Cut:
    """A way on which answers are lost, or only a part of them comes, after the node did what was asked.

    Args:
        asked: how a request begins whose answer is, method and path.
        times: how often.
    """

    def __init__(self, asked: str, times: int = 99) -> None:
        self.asked = asked
        self.left = times
        self.count = 0

    def __call__(self, request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if not f"{request.method} {request.url.path}".startswith(self.asked):
            return answer
        self.count += 1
        self.left -= 1
        if self.left < 0:
            return answer
        if request.method == "GET":
            return httpx2.Response(200, content=answer.content[: len(answer.content) // 2])
        raise httpx2.ReadError("cut")


def test_one_whose_way_was_cut_is_whole(jpn: Anywhere, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    way = jpn.way = Cut("GET /v1/parcel-exports/", times=2)
    assert jpn.there("mori", "parcel", "export", stick, "--to", "KOR")[0] == 0 and way.count == 3
    whole = (stick / "JPN-KOR-000001.parcel").read_bytes()
    assert whole.startswith(b"gsomia parcel 1\n") and whole.endswith(b"\n")


def test_one_that_does_not_come_leaves_nothing_and_the_next_has_all_of_it(jpn: Anywhere, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    jpn.way = Cut("GET /v1/parcel-exports/")
    status, _, err = jpn.there("mori", "parcel", "export", stick, "--to", "KOR")
    assert status == 1 and "bytes of the parcel" in err and list(stick.iterdir()) == []
    jpn.way = lambda _, answer: answer
    status, out, _ = jpn.there("mori", "parcel", "export", stick, "--to", "KOR")
    assert status == 0 and "parcel 2 for KOR: 3 acts" in out


HINT = "make the next without --new: it holds what was in this one"


@pytest.mark.parametrize("new", [(), ("--new",)])
def test_where_a_file_has_the_name_of_the_next_number_it_is_said_how_to_go_on(
    jpn: Anywhere, tmp_path: Path, new: tuple[str, ...]
) -> None:
    """Only the number that the node gave tells the name: the parcel goes there, and what it held is not lost."""
    (tmp_path / "JPN-KOR-000001.parcel").write_bytes(b"x")
    status, out, err = jpn.there("mori", "parcel", "export", tmp_path, "--to", "KOR", *new)
    assert (status, out) == (2, "") and "is there already" in err and HINT in err, err
    assert not [name for name in jpn.home.node.blobs.names() if name.startswith("parcel-")]
    assert (tmp_path / "JPN-KOR-000001.parcel").read_bytes() == b"x"
    status, out, _ = jpn.there("mori", "parcel", "export", tmp_path, "--to", "KOR")
    assert status == 0 and "parcel 2 for KOR: 3 acts" in out


@pytest.mark.parametrize("asked", ["GET /v1/parcel-exports/", "POST /v1/parcel-exports"])
def test_one_of_what_is_new_that_does_not_come_says_how_to_go_on(jpn: Anywhere, tmp_path: Path, asked: str) -> None:
    jpn.way = Cut(asked)
    status, _, err = jpn.there("mori", "parcel", "export", tmp_path / "x", "--to", "KOR", "--new")
    assert status == 1 and HINT in err and not (tmp_path / "x").exists(), err
    if asked.startswith("GET"):
        assert not [name for name in jpn.home.node.blobs.names() if name.startswith("parcel-")]
    jpn.way = lambda _, answer: answer
    status, out, _ = jpn.there("mori", "parcel", "export", tmp_path / "x", "--to", "KOR")
    assert status == 0 and "parcel 2 for KOR: 3 acts" in out


def test_an_answer_that_was_lost_is_given_again(jpn: Anywhere, kor: Callable[[], Anywhere], tmp_path: Path) -> None:
    """One parcel is made, and one is taken in, however often it had to be asked for."""
    file = tmp_path / "x"
    way = jpn.way = Cut("POST /v1/parcel-exports", times=2)
    assert jpn.there("mori", "parcel", "export", file, "--to", "KOR")[0] == 0 and way.count == 3
    assert rows(jpn.home) == [("out", 1, "not known")]
    korea = kor()
    korea.way = Cut("POST /v1/parcel-imports", times=2)
    status, out, _ = korea.there("mori", "parcel", "import", file)
    assert (status, "was taken in before" in out) == (0, False) and rows(korea.home) == [("in", 1, "yes")]


def test_an_upload_that_was_broken_off_takes_nothing_in_and_goes_on(
    jpn: Anywhere, kor: Callable[[], Anywhere], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x"
    assert jpn.there("mori", "parcel", "export", file, "--to", "KOR")[0] == 0
    monkeypatch.setattr("gsomia.node.transmission.contents._LEAST", 1)
    monkeypatch.setattr(sending, "_PIECE_BYTES", file.stat().st_size // 3)
    korea = kor()
    taken: list[str] = []

    def way(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        taken.append(request.method)
        if "PATCH" in taken:
            raise httpx2.ReadError("cut")
        return answer

    korea.way = way
    status, _, err = korea.there("mori", "parcel", "import", file)
    assert status == 1 and "cannot be reached" in err and rows(korea.home) == []
    pieces = korea.way = Cut("PATCH /v1/contents/", times=0)
    status, out, _ = korea.there("mori", "parcel", "import", file)
    assert status == 0 and "parcel 1 of JPN" in out and pieces.count == 3
    assert not [*korea.home.node.blobs.names(), *korea.home.node.blobs.partials()]
