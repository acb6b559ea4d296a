"""The readers of `fuzzing.py` under atheris, which looks for input that takes a new way through the code.

Not collected by pytest: `python tests/marking/guided_fuzzing.py SECONDS SEED`, with the extra `fuzz`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # it has no types

with atheris.instrument_imports(include=["gsomia.marking", "gsomia.documents", "gsomia.cli.marking"]):
    from fuzzing import BYTES, TEXTS, check_one

READERS = [(read, True) for read, _ in TEXTS] + [(read, False) for read, _ in BYTES]
SEEDS = [[text.encode() for text in texts] for _, texts in TEXTS] + [samples for _, samples in BYTES]


def one_input(data: bytes) -> None:
    """The first byte chooses the reader, the rest is what it gets."""
    if data:
        read, is_text = READERS[data[0] % len(READERS)]
        check_one(read, data[1:].decode("utf-8", "replace") if is_text else data[1:])


def main() -> None:
    """Fuzz for the seconds of the first argument from the seed of the second."""
    with tempfile.TemporaryDirectory() as folder:
        for place, seeds in enumerate(SEEDS):
            for number, seed in enumerate(seeds):
                (Path(folder) / f"{place}-{number}").write_bytes(bytes([place]) + seed)
        options = [f"-max_total_time={sys.argv[1]}", f"-seed={sys.argv[2]}", "-max_len=65536", "-timeout=30"]
        atheris.Setup([sys.argv[0], *options, "-verbosity=0", "-print_final_stats=1", folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
