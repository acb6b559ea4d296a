"""The kill tests so many times in a row: prints the seed and the outcome of each run, and what came of them all.

python tests/wire/kills.py 50
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

TESTS = ("test_crash.py", "test_three_nodes.py", "test_parcels_wire.py")


def main(times: int) -> int:
    """Run the tests; returns 0 if every run passed."""
    folder = Path(__file__).parent
    failed: list[int] = []
    begun = time.monotonic()
    for number in range(1, times + 1):
        seed = random.SystemRandom().randrange(1, 2**31)
        started = time.monotonic()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "-k",
                "kill",
                *(str(folder / name) for name in TESTS),
            ],
            cwd=folder.parents[1],
            env=os.environ | {"GSOMIA_SEED": str(seed)},
            capture_output=True,
            text=True,
            check=False,
        )
        passed = done.returncode == 0
        word = "passed" if passed else "FAILED"
        print(
            f"{number:>3} of {times}  GSOMIA_SEED={seed:<10}  {word} after {time.monotonic() - started:.0f} s",
            flush=True,
        )
        if not passed:
            failed.append(seed)
            print(done.stdout + done.stderr, flush=True)
    seeds = f"; failed: {', '.join(map(str, failed))}" if failed else ""
    print(f"{times - len(failed)} of {times} runs passed after {time.monotonic() - begun:.0f} s{seeds}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
