"""The command line of `./ems bench`: a database for each size, and the report."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests import postgres
from tests.benchmarks import databases, plot, report
from tests.benchmarks.workers import memory

ROOT = Path(__file__).resolve().parent.parent.parent
PLOTTED = (1_000, 10_000, 100_000)


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes = {options.customers}
    if options.plot:
        sizes |= {size for size in PLOTTED if size < options.customers}
    try:
        found = _all_sizes(sorted(sizes), options)
    except (postgres.PostgresMissing, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    print(report.table(found[-1]))
    if options.write:
        report.renew(found[-1])
    if options.plot:
        print(f"\nPlot: {plot.write(found[-1]['vendor'], found)}")
    return 0


def _options():
    parser = argparse.ArgumentParser(prog="./ems bench", allow_abbrev=False)
    parser.add_argument("--customers", type=_size, default=100_000, metavar="N", help="how many (100000)")
    parser.add_argument("--seed", type=int, default=7, help="another one makes other data")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    parser.add_argument("--write", action="store_true", help="renew the summary in docs/performance.md")
    parser.add_argument(
        "--plot", action="store_true", help="smaller sizes too, and the plot in docs/performance"
    )
    return parser.parse_args()


def _size(text):
    size = int(text.replace("_", "").replace(",", ""))
    if not 1_000 <= size <= 10_000_000:
        raise argparse.ArgumentTypeError("from 1000 to 10000000")
    return size


def _all_sizes(sizes, options) -> list[dict[str, Any]]:
    with ExitStack() as stack:
        # A quarter of the memory, as PostgreSQL's manual has it for a server of its own.
        environ = {"EMS_PG_SHARED_BUFFERS": f"{memory() // 4 // 2**20}MB", **os.environ}
        server = "" if options.sqlite else stack.enter_context(postgres.server(environ))
        found = []
        for size in sizes:
            with databases.of_its_own(server) if server else databases.in_a_file() as url:
                found.append(_one_size(size, url, options, is_brief=size != sizes[-1]))
        return found


def _one_size(size, url, options, *, is_brief):
    environ = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        "EMS_DEMO": "1",
        "LOG_LEVEL": "ERROR",
    }
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "found.json"
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.run",
            f"--customers={size}",
            f"--seed={options.seed}",
        ]
        command += [f"--output={output}"] + ["--brief"] * is_brief
        _watch(subprocess.Popen(command, cwd=ROOT, env=environ))
        return json.loads(output.read_text())


def _watch(process):
    try:
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code:
        raise subprocess.CalledProcessError(code, "measuring")


if __name__ == "__main__":
    sys.exit(main())
