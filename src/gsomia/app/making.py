"""A node is made: keys, certificate, settings, an empty register."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from gsomia.app.home import Home
from gsomia.app.law import offered_law
from gsomia.config import read_law_folder, shipped_law
from gsomia.errors import NodeError, UsageError
from gsomia.keys import SigningKey
from gsomia.keystore import HOW, KeyFiles, TokenKey, box_of, guessable
from gsomia.sealed import XWingPrivateKey
from gsomia.store import SqlStore
from gsomia.tlog import LogSigner

_SETTINGS = """\
# Settings of a gsomia node. `party` and `exercise` are fixed for ever.
party = "{party}"
exercise = {exercise}
{more}
[link]
host = "{host}"
port = {port}
"""


def init(
    folder: Path,
    party: str,
    *,
    exercise: bool,
    host: str = "127.0.0.1",
    port: int = 8443,
    passphrase: bytes | None = None,
    keystore: str = "",
    law_folders: Sequence[Path] = (),
) -> Home:
    """Make a node: keys, certificate, settings, empty register and logs.

    Args:
        folder: where; it must not hold anything yet.
        party: ISO 3166-1 alpha-3.
        exercise: fixed for ever.
        host, port: where peers reach it.
        passphrase: seals the keys.
        keystore: the `pkcs11:` URI of the key in an HSM that seals them instead; the key is made if it is not there.
        law_folders: agreements of one's own, beside those of this release.

    Raises:
        UsageError: not a Party's code, a Party to no agreement on offer, the folder is not empty, or a real node's keys
            would lie in the clear or under a passphrase that is soon guessed.
        NodeError: the HSM cannot be used, or the disk does not take it.
    """
    if len(party) != 3 or not party.isalpha() or not party.isascii() or not party.isupper():
        raise UsageError(f"not a Party: `{party}`", hint="ISO 3166-1 alpha-3, such as JPN, KOR, USA")
    own = {path.resolve(): read_law_folder(path) for path in law_folders}
    offered = offered_law(shipped_law() | {path.name: files for path, files in own.items()})
    known = sorted({one for agreement in offered.agreements.values() for one in agreement.parties})
    if party not in known:
        raise UsageError(
            f"unknown Party `{party}`: it is Party to no agreement on offer; known: {', '.join(known)}",
            hint="--law FOLDER offers an agreement of your own",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` is not an empty folder", hint="a node is made once, in a folder of its own")
    sealing = box_of(keystore, passphrase)
    if sealing is None and not exercise:
        raise UsageError(
            "a real node's keys do not lie in the clear",
            hint="set GSOMIA_PASSPHRASE_FILE, or give --keystore with an HSM's key",
        )
    if isinstance(sealing, TokenKey):
        sealing.make()
    elif passphrase is not None and (why := guessable(passphrase, party=party, exercise=exercise)):
        raise UsageError(f"the passphrase {why}", hint=HOW)
    from gsomia.web import make_certificate

    # Made beside its place and moved there whole, so that a node half made is never found.
    staging = folder.with_name(f".{folder.name}.making-{os.getpid()}")
    try:
        staging.mkdir(parents=True, mode=0o700)
        keys = KeyFiles(staging / "keys", sealing, exercise=exercise)
        keys.write("signing", "gsomia-signing", SigningKey.generate().seed)
        keys.write("sealing", "x-wing", XWingPrivateKey.generate().to_bytes())
        keys.write("log", "gsomia-log", LogSigner.generate(f"gsomia/{party}").seed)
        now = dt.datetime.now(dt.UTC)
        # TLS reads its key from a file, so that file is encrypted under a password which lies with the other secrets.
        password = secrets.token_hex(32).encode() if sealing is not None else b""
        if password:
            keys.write("tls", "tls-password", password)
        certificate, key = make_certificate(party, exercise=exercise, host=host, at=now, password=password)
        (staging / "keys" / "tls.pem").write_bytes(certificate)
        descriptor = os.open(staging / "keys" / "tls-key.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        more = {"keystore": keystore, "law_folders": [str(path) for path in own]}
        settings = _SETTINGS.format(
            party=party,
            exercise=str(exercise).lower(),
            more="".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in more.items() if value),
            host=host,
            port=port,
        )
        (staging / "node.toml").write_text(settings, encoding="utf-8")
        (staging / "items").mkdir()
        SqlStore.create(staging / "register.sqlite").close()
        if folder.is_dir():
            folder.rmdir()
        staging.rename(folder)
    except OSError as error:
        raise NodeError(f"cannot make a node in `{folder}`: {error.strerror}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Home(folder, passphrase=passphrase)
