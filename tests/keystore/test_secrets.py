"""What holds a secret does not show it: not printed, pickled, copied or logged, and not in an error."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import ec

from gsomia.app import Home, init
from gsomia.errors import NodeError
from gsomia.keys import SigningKey
from gsomia.keystore import KeyFiles, Passphrase
from gsomia.node import NodeKeys
from gsomia.sealed import CompositePrivateKey, Identity, XWingPrivateKey
from gsomia.tlog import LogSigner

SEED = bytes(range(100, 164))
PASSPHRASE = b"EXERCISE passphrase"
LOG = LogSigner("gsomia/JPN", SEED)
HELD: dict[str, Callable[[], object]] = {
    "signing": lambda: SigningKey(SEED),
    "x-wing": lambda: XWingPrivateKey(SEED[:32]),
    "composite": lambda: CompositePrivateKey("secp256r1-mlkem768", SEED, _curve()),
    "log": lambda: LOG,
    "identity": lambda: Identity(kid="k", key=XWingPrivateKey(SEED[:32])),
    "passphrase": lambda: Passphrase(PASSPHRASE),
    "node": lambda: NodeKeys(signing=SigningKey(SEED), sealing=XWingPrivateKey(SEED[:32]), log=LOG),
}


def _curve() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(SEED[:32], "big") >> 1, ec.SECP256R1())


def spellings(secret: bytes) -> list[str]:
    """How a secret could stand in a text."""
    return [secret.hex(), repr(secret)[2:-1], str(list(secret))[1:-1], repr(secret[:8])[2:-1], secret[:8].hex()]


def shows(text: str) -> bool:
    return any(spelt in text for secret in (SEED, SEED[:32], PASSPHRASE) for spelt in spellings(secret))


def test_the_test_sees_a_secret_that_is_shown() -> None:
    assert shows(f"seed={SEED!r}") and shows(SEED.hex()) and shows(str(PASSPHRASE))


@pytest.mark.parametrize("name", HELD)
def test_it_is_not_printed(name: str) -> None:
    held = HELD[name]()
    assert not shows(repr(held)) and not shows(str(held)) and not shows(f"{[held]} {held!r:.500}")


@pytest.mark.parametrize("name", HELD)
def test_it_is_not_pickled_or_copied(name: str) -> None:
    held = HELD[name]()
    for attempt in (pickle.dumps, copy.deepcopy, copy.copy):
        with pytest.raises(TypeError):
            attempt(held)


@pytest.mark.parametrize("name", HELD)
def test_it_is_not_shown_field_by_field(name: str) -> None:
    """As `dataclasses.asdict` does, and tools that show a traceback with its local variables."""
    held = HELD[name]()
    if dataclasses.is_dataclass(held) and not isinstance(held, type):
        with pytest.raises(TypeError):
            dataclasses.asdict(held)
        assert not shows(repr([getattr(held, field.name) for field in dataclasses.fields(held)]))


@pytest.mark.parametrize("name", HELD)
def test_it_is_not_logged(name: str) -> None:
    held, out = HELD[name](), io.StringIO()
    for renderer in (structlog.processors.JSONRenderer(), structlog.dev.ConsoleRenderer(colors=False)):
        log = structlog.wrap_logger(
            structlog.PrintLogger(out), processors=[structlog.processors.format_exc_info, renderer]
        )
        try:
            raise ValueError(f"with {held}")
        except ValueError:
            log.exception("failed", held=held, several=[held], named={"held": held})
    assert "failed" in out.getvalue() and not shows(out.getvalue())


def test_a_home_does_not_show_what_opens_it(tmp_path: Path) -> None:
    home = init(tmp_path / "n", "JPN", exercise=True, passphrase=PASSPHRASE)
    seed = home.node.keys.signing.seed
    assert not shows(repr(home)) and seed.hex() not in repr(home) and repr(seed)[2:20] not in repr(home)
    home.close()
    for path in (tmp_path / "n" / "keys").glob("*.key"):
        assert "box" in json.loads(path.read_text())
    assert b"ENCRYPTED PRIVATE KEY" in (tmp_path / "n" / "keys" / "tls-key.pem").read_bytes()
    Home(tmp_path / "n", passphrase=PASSPHRASE).close()


def test_an_error_about_a_key_does_not_show_it(tmp_path: Path) -> None:
    KeyFiles(tmp_path, Passphrase(PASSPHRASE)).write("signing", "kind", SEED)
    document = json.loads((tmp_path / "signing.key").read_text())
    for box, bent in ((Passphrase(b"wrong"), document), (Passphrase(PASSPHRASE), document | {"nonce": "%"})):
        (tmp_path / "signing.key").write_text(json.dumps(bent))
        with pytest.raises(NodeError) as caught:
            KeyFiles(tmp_path, box).read("signing", "kind")
        assert not shows("".join(traceback.format_exception(caught.value)))
