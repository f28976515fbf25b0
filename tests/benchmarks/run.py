"""Measures over the database of DATABASE_URL, which is empty, and writes what came out."""

import argparse
import json
import signal
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--brief", action="store_true", help="only what the plot shows")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    import django

    # Not above: the workers import this file, too, before Django is set up there.
    django.setup()
    from tests.benchmarks.measuring import measure

    found = measure(options.customers, options.seed, is_brief=options.brief)
    options.output.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
