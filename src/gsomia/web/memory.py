"""What the served side must remember beyond a restart: answers given once, proofs used once, tokens, its own secret.

It is a file of its own beside the register: nothing decisive stands in it. Lost, it costs the tokens, and requests in
flight are asked anew.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gsomia.errors import NodeError

__all__ = ["Given", "Joiner", "Memory", "Token"]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS given (caller TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, "
    "status INTEGER NOT NULL, body BLOB NOT NULL, until REAL NOT NULL, PRIMARY KEY (caller, key))",
    "CREATE INDEX IF NOT EXISTS ix_given_caller_until ON given (caller, until)",
    "CREATE TABLE IF NOT EXISTS used (name TEXT PRIMARY KEY, until REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS token (digest TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, person TEXT NOT NULL, "
    "officer TEXT NOT NULL, key TEXT NOT NULL, jkt TEXT NOT NULL, acts TEXT, way TEXT NOT NULL, made REAL NOT NULL, "
    "authenticated REAL NOT NULL, until REAL NOT NULL, idle REAL NOT NULL, used REAL NOT NULL, since TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS signed_out (person TEXT PRIMARY KEY, since REAL NOT NULL, until REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS joiner (name TEXT PRIMARY KEY, display TEXT NOT NULL, external TEXT NOT NULL, "
    "active INTEGER NOT NULL)",
)
_GIVEN = 4096
"""So many answers are kept for a caller; the oldest give way."""
_SWEEP = 256
"""What is over is removed each time so many things were added."""
_TOKENS = "SELECT id, person, officer, key, jkt, acts, way, made, authenticated, until, idle, used, since FROM token"
_ENDED = (
    "DELETE FROM given WHERE until < ?",
    "DELETE FROM used WHERE until < ?",
    "DELETE FROM token WHERE min(until, used + idle) < ?",
    "DELETE FROM signed_out WHERE until < ?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer that was given to a request; `status` 0 says that the request is at work, or broke off."""

    digest: str
    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token: whose, by which act key it was asked for, which key it is bound to, for what it is good and until when.

    Args:
        id: its name, which is no secret.
        person: the person's id.
        officer: the officer's id; "" where no officer's key showed who it is.
        key: the fingerprint of the officer's or the person's key at the time, or the account at a provider; with that
            it ends.
        jkt: the thumbprint of the key that must prove each request (RFC 9449, section 6.1).
        acts: the acts of the table of rights that it is good for, None for all; never more than its holder may.
        way: how its holder authenticated, such as `certificate`.
        made: when it was made.
        authenticated: when its holder authenticated for it (`auth_time`; OpenID Connect Core 1.0, section 2).
        until: its absolute end.
        idle: it ends too once nothing was asked with it for so long.
        used: when something was asked with it last.
        since: the act that bound the account or sign-in key, or that brought the officer's person back, "" for none:
            another act in its place came after the person's end, and with that the token ended.
    """

    id: str
    person: str
    officer: str
    key: str
    jkt: str
    acts: tuple[str, ...] | None
    way: str
    made: datetime
    authenticated: datetime
    until: datetime
    idle: timedelta
    used: datetime
    since: str

    @property
    def ends(self) -> datetime:
        """When it ends, if nothing is asked with it before."""
        return min(self.until, self.used + self.idle)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """A person whom a directory announced: it gives them nothing; a security officer's act enters a person.

    Args:
        name: the id under which an officer may enter them.
        display: the name to show.
        external: the directory's own id.
        active: whether the directory still has them.
    """

    name: str
    display: str = ""
    external: str = ""
    active: bool = True


class Memory:
    """A small SQLite file, each change durable.

    Args:
        path: where it lies; made where it is not there.

    `signings_out` counts how often all of a person's sessions were ended since it was opened.

    Raises:
        NodeError: the disk does not take it.
    """

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        self._turns = tuple(threading.Lock() for _ in range(64))
        self._added = 0
        self._signed_out: dict[str, datetime] = {}
        self.signings_out = 0
        try:
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=20000"):
                self._connection.execute(f"PRAGMA {pragma}")
            for table in _TABLES:
                self._connection.execute(table)
            for person, since in self._connection.execute("SELECT person, since FROM signed_out").fetchall():
                self._signed_out[person] = datetime.fromtimestamp(since, UTC)
            # The tables hold what only the node's own user may read.
            for part in (path, path.with_name(path.name + "-wal")):
                if part.exists():
                    part.chmod(0o600)
        except (OSError, sqlite3.Error) as error:
            raise NodeError(f"`{path}` cannot be used: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise NodeError(f"what the API remembers cannot be kept: {error}") from error

    def secret(self, name: str) -> bytes:
        """32 bytes of this node's own, made when they are first asked for."""
        with self._writing() as tx:
            tx.execute("INSERT OR IGNORE INTO secret VALUES (?, ?)", (name, secrets.token_bytes(32)))
            return bytes(tx.execute("SELECT value FROM secret WHERE name = ?", (name,)).fetchone()[0])

    def use_once(self, name: str, until: datetime, at: datetime, *, token: str = "") -> bool:
        """Use a name up until an instant; False where it was used before and that is not over.

        Args:
            name: the name.
            until: when it is free again.
            at: now.
            token: the digest of the token with which something is asked by it.
        """
        with self._writing() as tx:
            tx.execute("DELETE FROM used WHERE name = ? AND until < ?", (name, at.timestamp()))
            added = tx.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (name, until.timestamp())).rowcount == 1
            if added and token:
                tx.execute("UPDATE token SET used = ? WHERE digest = ?", (at.timestamp(), token))
            self._sweep(tx, at)
            return added

    def count_on(self, name: str, value: int) -> bool:
        """Keep a counter's new value; False where it did not go on. One that was always 0 does not count."""
        with self._writing() as tx:
            row = tx.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
            if row is not None and value <= row[0]:
                return bool(value == row[0] == 0)
            tx.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (name, value))
            return True

    @contextmanager
    def turn(self, caller: str, key: str) -> Iterator[None]:
        """One at a time for each idempotency key; some keys share a turn."""
        with self._turns[zlib.crc32(f"{caller}\n{key}".encode()) % len(self._turns)]:
            yield

    def begin(self, caller: str, key: str, digest: str, *, at: datetime, span: timedelta) -> Given | None:
        """Begin a request under its idempotency key; what is known of it where it was begun before.

        Args:
            caller: who asks; keys are each caller's own.
            key: the key.
            digest: of the request.
            at: now.
            span: how long the answer is kept.
        """
        with self._writing() as tx:
            row = tx.execute(
                "SELECT digest, status, body FROM given WHERE caller = ? AND key = ? AND until >= ?",
                (caller, key, at.timestamp()),
            ).fetchone()
            if row is not None:
                return Given(digest=row[0], status=row[1], body=row[2])
            until = (at + span).timestamp()
            tx.execute("INSERT OR REPLACE INTO given VALUES (?, ?, ?, 0, X'', ?)", (caller, key, digest, until))
            tx.execute(
                "DELETE FROM given WHERE rowid IN "
                "(SELECT rowid FROM given WHERE caller = ? ORDER BY until DESC, rowid DESC LIMIT -1 OFFSET ?)",
                (caller, _GIVEN),
            )
            self._sweep(tx, at)
            return None

    def give(self, caller: str, key: str, status: int, body: bytes) -> None:
        """Keep the answer that a request got."""
        with self._writing() as tx:
            tx.execute(
                "UPDATE given SET status = ?, body = ? WHERE caller = ? AND key = ?", (status, body, caller, key)
            )

    def forget(self, caller: str, key: str) -> None:
        """Forget a request that came to no answer worth keeping, so that it may be asked again."""
        with self._writing() as tx:
            tx.execute("DELETE FROM given WHERE caller = ? AND key = ?", (caller, key))

    def put_token(self, digest: str, token: Token, at: datetime) -> None:
        """Keep a token by its hash; the token itself is nowhere."""
        with self._writing() as tx:
            row = (
                digest, token.id, token.person, token.officer, token.key, token.jkt,
                None if token.acts is None else " ".join(token.acts), token.way, token.made.timestamp(),
                token.authenticated.timestamp(), token.until.timestamp(), token.idle.total_seconds(),
                token.used.timestamp(), token.since,
            )  # fmt: skip
            tx.execute("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._sweep(tx, at)

    def token(self, digest: str) -> Token | None:
        """The token with this hash, whether or not it is over."""
        found = self._tokens(f"{_TOKENS} WHERE digest = ?", digest)
        return found[0] if found else None

    def tokens(self, person: str = "") -> list[Token]:
        """A person's tokens, or everybody's, by id, whether or not they are over."""
        if not person:
            return self._tokens(f"{_TOKENS} ORDER BY id")
        return self._tokens(f"{_TOKENS} WHERE person = ? ORDER BY id", person)

    def _tokens(self, query: str, *values: str) -> list[Token]:
        with self._turn:
            rows = self._connection.execute(query, values).fetchall()

        def instant(seconds: float) -> datetime:
            return datetime.fromtimestamp(seconds, UTC)

        return [
            Token(
                id=row[0],
                person=row[1],
                officer=row[2],
                key=row[3],
                jkt=row[4],
                acts=None if row[5] is None else tuple(row[5].split()),
                way=row[6],
                made=instant(row[7]),
                authenticated=instant(row[8]),
                until=instant(row[9]),
                idle=timedelta(seconds=row[10]),
                used=instant(row[11]),
                since=row[12],
            )
            for row in rows
        ]

    def end_token(self, token: str, *, person: str = "") -> bool:
        """End a token, or one of a person's alone; whether there was one."""
        with self._writing() as tx:
            query = "DELETE FROM token WHERE id = ? AND (? = '' OR person = ?)"
            return tx.execute(query, (token, person, person)).rowcount == 1

    def sign_out(self, person: str, at: datetime, until: datetime) -> None:
        """End all by which a person is signed in: tokens, and certificates that are valid from before now.

        Args:
            person: the person.
            at: now.
            until: no certificate that is valid from before now is so for longer.
        """
        with self._writing() as tx:
            tx.execute("DELETE FROM token WHERE person = ?", (person,))
            row = (person, at.timestamp(), until.timestamp())
            tx.execute("INSERT OR REPLACE INTO signed_out VALUES (?, ?, ?)", row)
            self._signed_out[person] = at
            self.signings_out += 1

    def signed_out(self, person: str, authenticated: datetime) -> bool:
        """Whether a sign-in was ended by that which ended all of the person's."""
        since = self._signed_out.get(person)
        return since is not None and authenticated <= since

    def put_joiner(self, joiner: Joiner, *, new: bool = False) -> bool:
        """Keep who was announced; False where it is to be new and somebody of that name was announced before."""
        row = (joiner.name, joiner.display, joiner.external, int(joiner.active))
        with self._writing() as tx:
            if new:
                return tx.execute("INSERT OR IGNORE INTO joiner VALUES (?, ?, ?, ?)", row).rowcount == 1
            tx.execute("INSERT OR REPLACE INTO joiner VALUES (?, ?, ?, ?)", row)
            return True

    def joiners(self) -> dict[str, Joiner]:
        """Who was announced, by name."""
        with self._turn:
            rows = self._connection.execute(
                "SELECT name, display, external, active FROM joiner ORDER BY name"
            ).fetchall()
        return {row[0]: Joiner(name=row[0], display=row[1], external=row[2], active=bool(row[3])) for row in rows}

    def end_joiner(self, name: str) -> None:
        """Forget who was announced."""
        with self._writing() as tx:
            tx.execute("DELETE FROM joiner WHERE name = ?", (name,))

    def _sweep(self, tx: sqlite3.Connection, at: datetime) -> None:
        self._added += 1
        if self._added % _SWEEP == 0:
            for statement in _ENDED:
                tx.execute(statement, (at.timestamp(),))
