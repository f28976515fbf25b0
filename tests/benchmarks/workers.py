"""Processes that work side by side, one for each core. They set Django up before they import its models."""

import itertools
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import Any

AHEAD = 2
KEPT = ExitStack()


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(function: Callable, calls: Iterable[tuple]) -> Iterator[Any]:
    """What the function returns for these arguments, in order; only some results wait at a time."""
    waiting: deque = deque()
    calls = iter(calls)
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores(), spawning, initializer=_start) as processes:
        for call in itertools.islice(calls, cores() * AHEAD):
            waiting.append(processes.submit(function, *call))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(processes.submit(function, *call) for call in itertools.islice(calls, 1))


def _start():
    import django

    django.setup()
    from tests.benchmarks.records import remembered_folding

    KEPT.enter_context(remembered_folding())


def memory() -> int:
    """Of the machine, in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
