"""A token of SoftHSM2 for a test, where the Debian package `softhsm2` is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "1234"
needs_softhsm = pytest.mark.skipif(
    shutil.which("softhsm2-util") is None or not MODULE.is_file(), reason="softhsm2 (Debian) is not installed"
)


def uri(label: str, *, token: str = "exercise", pin_source: Path | None = None) -> str:
    """The URI of a key in the test's token."""
    source = f"&pin-source={pin_source}" if pin_source is not None else ""
    return f"pkcs11:token={token};object={label}?module-path={MODULE}{source}"


@contextmanager
def softhsm(folder: Path) -> Iterator[None]:
    """Initialise the token `exercise`; SoftHSM2 reads where its tokens lie once in a process, so only once for all."""
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    (folder / "pin").write_text(PIN + "\n")
    before = {name: os.environ.get(name) for name in ("SOFTHSM2_CONF", "GSOMIA_PIN_FILE")}
    os.environ["SOFTHSM2_CONF"], os.environ["GSOMIA_PIN_FILE"] = str(conf), str(folder / "pin")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "exercise", "--pin", PIN, "--so-pin", "4321"],
        check=True,
        capture_output=True,
    )
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The token that all tests of one process share, with keys of several kinds."""
    import pkcs11
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    folder = tmp_path_factory.mktemp("softhsm")
    with softhsm(folder):
        made = pkcs11.lib(str(MODULE)).get_token(token_label="exercise")
        with made.open(user_pin=PIN, rw=True) as session:
            for bits in (2048, 3072):
                session.generate_keypair(KeyType.RSA, bits, label=f"rsa-{bits}", store=True)
            for curve in ("secp256r1", "secp384r1"):
                parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
                domain = session.create_domain_parameters(KeyType.EC, parameters, local=True)
                domain.generate_keypair(label=curve, store=True)
            session.generate_key(KeyType.AES, 128, label="short", store=True)
            loose = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
            session.generate_key(KeyType.AES, 256, label="loose", store=True, template=loose)
            for _ in range(2):
                session.generate_key(KeyType.AES, 256, label="twice", store=True)
        yield folder
