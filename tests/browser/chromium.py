"""A real Chromium: where it is, how it is started so that it asks nobody, and its DevTools over a pair of pipes."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-device-scale-factor=1",
    "--proxy-server=127.0.0.1:9",
)


def chromium() -> str:
    """The path of Chromium; without it the test skips, unless GSOMIA_REQUIRE is set: then it fails."""
    if not CHROMIUM:
        missing = "Chromium is not installed: the page was not looked at in a browser"
        if os.environ.get("GSOMIA_REQUIRE"):
            pytest.fail(missing)
        pytest.skip(missing)
    return CHROMIUM


class DevTools:
    """The Chrome DevTools Protocol over pipes: JSON messages, each ended by a zero byte (`--remote-debugging-pipe`).

    Args:
        there, back: the file descriptors to write to and to read from.
    """

    def __init__(self, there: int, back: int) -> None:
        self._there, self._back = there, back
        self._count, self._read = 0, b""
        self.session = ""

    def ask(self, method: str, seconds: float = 60, **params: Any) -> dict[str, Any]:
        """Ask for one thing, of the page where one is attached, and wait for its answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._there, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + seconds
        while True:
            answer = self._next(end)
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._back], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._back, 65536) if ready else b""
            assert data, "the browser said nothing more"
            self._read += data
        text, _, self._read = self._read.partition(b"\0")
        value: dict[str, Any] = json.loads(text)
        return value

    def open(self, url: str) -> None:
        """Open a page and stay with it."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")
        went = self.ask("Page.navigate", url=url)
        assert "errorText" not in went, went
        while self.run("document.readyState") != "complete":
            time.sleep(0.02)

    def run(self, script: str) -> Any:
        """What a script in the page comes to, its promise awaited, as if the person had just clicked."""
        done = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")


@contextmanager
def devtools(folder: Path, *flags: str) -> Iterator[DevTools]:
    """A browser that is asked by its DevTools, and ended after."""
    path = chromium()
    theirs_in, there = os.pipe()
    back, theirs_out = os.pipe()
    # The browser reads from descriptor 3 and writes to 4.
    command = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "-"]
    browser = subprocess.Popen(
        [*command, path, *QUIET, "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}", *flags],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield DevTools(there, back)
    finally:
        os.close(there)
        os.close(back)
        browser.terminate()
        try:
            browser.wait(20)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait()
