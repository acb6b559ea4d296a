"""The wheel, installed into an empty environment, holds the law and runs the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run a command with an environment that knows nothing of this checkout."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "GSOMIA", "VIRTUAL_ENV"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and its locked requirements, and nothing else; gives the `gsomia` in it."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stderr
    wheel = next(folder.glob("*.whl"))
    venv.create(folder / "env", with_pip=False)
    install = (sys.executable, "-m", "pip", "--python", folder / "env" / "bin" / "python", "install", "--quiet")
    locked = run(*install, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt", cwd=folder)
    if locked.returncode != 0:
        if os.environ.get("GSOMIA_REQUIRE"):
            pytest.fail(f"the locked requirements cannot be installed: {locked.stderr}")
        pytest.skip("no package registry can be reached to install the locked requirements")
    done = run(*install, "--no-deps", "--no-index", wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "env" / "bin" / "gsomia"


@pytest.mark.wire
def test_the_wheel_ships_the_law(installed: Path, tmp_path: Path) -> None:
    """The agreements come with the package, not with the checkout."""
    shown = run(installed, "agreement", "show", "jpn-kor-2016", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "21.3" in shown.stdout
    rights = run(installed, "rights", "list", "--role", "reader", cwd=tmp_path)
    assert rights.returncode == 0 and "for-oneself" in rights.stdout, rights.stderr


@pytest.mark.wire
@pytest.mark.slow
def test_the_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    """The main job runs from the wheel alone, and every step has its outcome."""
    played = run(installed, "demo", "--out", tmp_path / "demo", cwd=tmp_path)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "EXERCISE ended as expected" in played.stdout
    assert (tmp_path / "demo" / "report.html").stat().st_size > 10_000
