"""The Chromium for the browser tests: found, or installed where that is possible."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD_SECONDS = 180
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
HOW_TO_INSTALL = (
    "Install it (on Debian: apt-get install chromium; elsewhere: .venv/bin/python -m playwright "
    "install --with-deps chromium), or name one in EMS_CHROMIUM."
)


class ChromiumMissing(Exception):
    """No usable Chromium was found; the text is one sentence for a person and how to install it."""


def find(environ: Mapping[str, str] = os.environ, python: str = sys.executable) -> str | None:
    """The path of a Chromium that starts, or None; `python` is one that has Playwright."""
    named = environ.get("EMS_CHROMIUM")
    if named:
        if not starts(named):
            raise ChromiumMissing(f"EMS_CHROMIUM names {named}, which does not start.")
        return named
    for program in PROGRAMS:
        path = shutil.which(program, path=environ.get("PATH"))
        if path and starts(path):
            return path
    path = playwrights_own(python)
    return path if path and starts(path) else None


def ensure(environ: Mapping[str, str] = os.environ, python: str = sys.executable) -> str:
    """Like find, but installs a Chromium if there is none. Raises ChromiumMissing."""
    path = find(environ, python)
    for install in (install_playwrights_own, install_debians):
        if not path:
            install(python)
            path = find(environ, python)
    if not path:
        raise ChromiumMissing(
            f"The browser tests need Chromium, and it can be neither found nor installed. {HOW_TO_INSTALL}"
        )
    return path


def launch_options() -> dict[str, Any]:
    """Keyword arguments for Playwright's `chromium.launch`."""
    path = find()
    if not path:
        raise ChromiumMissing(f"The browser tests need Chromium. {HOW_TO_INSTALL}")
    return {
        "executable_path": path,
        "headless": True,
        # The sandbox starts neither as root nor in most containers; the tests visit our own pages only.
        "chromium_sandbox": False,
        "args": list(FLAGS),
    }


def starts(path: str) -> bool:
    """Whether the program runs at all: a downloaded one may lack the system's libraries."""
    return succeeds([path, "--version"], seconds=30)


def playwrights_own(python: str) -> str | None:
    """The path of the Chromium that Playwright downloads, whether it is there or not."""
    script = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright:\n"
        "    print(playwright.chromium.executable_path)\n"
    )
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(
            [python, "-c", script], capture_output=True, text=True, timeout=30, check=True
        ).stdout.strip()
        return answer if Path(answer).is_file() else None
    return None


def install_playwrights_own(python: str) -> None:
    succeeds([python, "-m", "playwright", "install", "chromium"], seconds=DOWNLOAD_SECONDS)


def install_debians(python: str) -> None:
    """Install the distribution's package, as root on Debian and its kin only."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-q"]
    succeeds([*apt, "update"], seconds=300)
    succeeds([*apt, "install", "--yes", "--no-install-recommends", "chromium"], seconds=900)


def succeeds(command: list[str], seconds: float) -> bool:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            env=environ,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0
