"""The keys that take the place of a node's own, stored beside them: once, however often it is tried."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gsomia.errors import NodeError
from gsomia.keys import SigningKey
from gsomia.keystore import KeyFiles, write_new_keys
from gsomia.node import NewKeys


def test_the_same_keys_are_stored_again_and_no_others_under_their_names(tmp_path: Path) -> None:
    files, new = KeyFiles(tmp_path), NewKeys.generate()
    write_new_keys(files, new)
    names = files.names()
    write_new_keys(files, new)
    assert files.names() == names and len(names) == 2
    signing, sealing = sorted(names, reverse=True)
    files.path(sealing).unlink()
    write_new_keys(files, new)
    assert files.names() == names
    files.path(signing).unlink()
    files.write(signing, "gsomia-signing", SigningKey.generate().seed)
    with pytest.raises(NodeError, match=f"cannot write the key `{signing}`: File exists"):
        write_new_keys(files, new)
    write_new_keys(files, replace(new, signing=SigningKey.generate()))
