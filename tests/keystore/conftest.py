"""The token of SoftHSM2 that the tests of this folder share: it reads where its tokens lie once in a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType
from pkcs11.util.ec import encode_named_curve_parameters
from tokens import MODULE, PIN, softhsm


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The token, with keys of several kinds."""
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
