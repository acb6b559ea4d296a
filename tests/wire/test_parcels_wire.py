"""Two nodes without any wire between them, in processes of their own: an exchange by files in a folder."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pair import MARKS, PARTIES, Pair

from gsomia.app import export_file, import_file
from gsomia.node import Role, Sending, mark, receipt, transmit_many
from gsomia.registry import Copy

pytestmark = pytest.mark.wire


def unwired(pair: Pair) -> None:
    """Take the wire away: the settings name no address."""
    for party in PARTIES:
        settings = pair.folder / party / "node.toml"
        lines = settings.read_text().splitlines()
        changed = ['url = "parcel:"' if line.startswith("url = ") else line for line in lines]
        assert changed != lines
        settings.write_text("\n".join(changed) + "\n")


def later(pair: Pair, span: timedelta) -> None:
    """Let the courier's time pass."""
    for party in PARTIES:
        home = pair.home(party)
        home.clock.set(home.clock.now() + span)
        home.close()


POST = """
import json
import sys
from pathlib import Path
from gsomia.app import Home, export_file, import_file
home = Home(Path(sys.argv[1]))
for line in sys.stdin:
    kind, path, *party = json.loads(line)
    if kind == "export":
        file, made = export_file(home, Path(path), *party)
        print(json.dumps([str(file), made.number]), flush=True)
    else:
        taken = import_file(home, Path(path))
        print(json.dumps([dict(taken.messages), list(taken.refused)]), flush=True)
"""


class Post:
    """One Party's post: a process of its own that makes parcels and takes them in."""

    def __init__(self, pair: Pair, party: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", POST, str(pair.folder / party)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=pair.environment(),
        )

    def do(self, *words: str) -> Any:
        """One parcel made or taken in; what the process says of it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def test_an_exchange_with_no_wire_at_all(pair: Pair, tmp_path: Path) -> None:
    unwired(pair)
    stick, document = tmp_path / "stick", tmp_path / "report"
    stick.mkdir()
    document.write_bytes(bytes(700_000))
    posts = {party: Post(pair, party) for party in PARTIES}

    def carried(sender: str, recipient: str) -> dict[str, int]:
        file, _ = posts[sender].do("export", str(stick), recipient)
        later(pair, timedelta(hours=7))
        messages, refused = posts[recipient].do("import", file)
        assert refused == []
        return dict(messages)

    done = pair.transmit("JPN", document, "--json")
    assert done.returncode == 6 and "gsomia parcel export DIR --to KOR" in done.stderr, done.stderr
    sent = json.loads(done.stdout)
    assert carried("JPN", "KOR")["offers"] == 1
    assert carried("KOR", "JPN")["answers"] == 1
    assert carried("JPN", "KOR")["deliver"] == 1
    home = pair.home("KOR")
    by = home.acting("", Role.REGISTRY)
    mark(home.node, sent["item"], MARKS["KOR"], by=by)
    receipt(home.node, sent["item"], by=by)
    home.close()
    assert carried("KOR", "JPN")["delivered"] == 1
    for post in posts.values():
        post.process.communicate(timeout=20)
    (row,) = pair.same_story()
    assert (row["state"], row["custodian"]) == ("receipted", "KOR")
    for party in PARTIES:
        done = pair.run(party, "verify")
        assert done.returncode == 0, done.stdout + done.stderr
    bundle = tmp_path / "life.bundle"
    assert pair.run("JPN", "bundle", sent["item"], "-o", str(bundle)).returncode == 0
    done = pair.run("KOR", "verify", str(bundle))
    assert done.returncode == 0, done.stdout + done.stderr


KILLS = int(os.environ.get("GSOMIA_KILLS", "2"))
SEED = int(os.environ.get("GSOMIA_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)

TAKER = """
import sys
from pathlib import Path
from gsomia.app import Home, import_file
home = Home(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(import_file(home, Path(sys.argv[2])).again, flush=True)
"""


def prepared(pair: Pair, stick: Path) -> Path:
    """The parcel that delivers thirty documents, one of them large; the others before it went."""
    unwired(pair)
    homes = {party: pair.home(party) for party in PARTIES}

    def carry(sender: str, recipient: str) -> None:
        made = export_file(homes[sender], stick, recipient)
        assert made is not None and import_file(homes[recipient], made[0]).refused == ()

    sending = Sending(to="KOR", level=MARKS["JPN"], subject="dprk-missile", purpose="defence", title="report")
    documents = [(io.BytesIO(bytes(size)), sending) for size in (*[3000] * 29, 3_000_000)]
    acting = homes["JPN"].acting("", Role.DISCLOSURE)
    assert all(isinstance(copy, Copy) for copy in transmit_many(homes["JPN"].node, documents, by=acting))
    carry("JPN", "KOR")
    carry("KOR", "JPN")
    made = export_file(homes["JPN"], stick, "KOR")
    assert made is not None and made[1].delivered == 30
    for home in homes.values():
        home.close()
    return made[0]


@pytest.mark.timeout(120 + 10 * KILLS)
def test_kill_9_of_an_import_and_again(pair: Pair, tmp_path: Path) -> None:
    """Wherever it was killed, the same parcel is taken in again, and everything is there once."""
    print(f"GSOMIA_SEED={SEED} GSOMIA_KILLS={KILLS}")
    chance = random.Random(SEED)
    parcel = prepared(pair, tmp_path)
    ended = 0
    for number in range(KILLS + 1):
        taker = subprocess.Popen(
            [sys.executable, "-c", TAKER, str(pair.folder / "KOR"), str(parcel)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=pair.environment(),
        )
        assert taker.stdin is not None and taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
        taker.stdin.write("\n")
        taker.stdin.flush()
        if number < KILLS:
            time.sleep(chance.uniform(0, 0.35))
            taker.kill()
        out, _ = taker.communicate(timeout=60)
        ended += out == "False\n"
    assert ended == 1 or out == "True\n"
    homes = {party: pair.home(party) for party in PARTIES}
    for sender, recipient in (("KOR", "JPN"), ("JPN", "KOR"), ("KOR", "JPN")):
        if (made := export_file(homes[sender], tmp_path, recipient)) is not None:
            assert import_file(homes[recipient], made[0]).refused == ()
    for home in homes.values():
        with home.node.store.reading() as reader:
            assert reader.outgoing() == [] and reader.refused() == []
            assert {*home.node.blobs.names()} == {item.id for item in reader.items()}
        home.close()
    rows = pair.same_story()
    assert len(rows) == 30 and {row["state"] for row in rows} == {"delivered"}
    pair.holds()
