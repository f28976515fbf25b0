"""Working on batches: one thread of this process, on one batch after the other.

The process may end at any time. The database then takes the part under way back, and whoever looks at the
batch next takes it up again, see `take_up`.
"""

import atexit
import contextvars
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import Error, InterfaceError, OperationalError, connections

from ems_site.lists.actions import batches, statistics
from ems_site.lists.models import Batch
from ems_site.verbs import OF

# In SQLite one writes at a time, and who waits looks every tenth of a second whether it is their turn.
PAUSE = 0.15
TRIES = 5
LAST_MOMENTS = 5
WRONG = "Something went wrong"

log = logging.getLogger("ems.batches")
_lock = threading.Lock()
_waiting: dict[int, contextvars.Context] = {}
_thread: threading.Thread | None = None
_ending = threading.Event()


def begin(batch: Batch) -> None:
    """Works on it in the thread, for the person whose request this is."""
    _start(batch.pk, contextvars.copy_context())


def take_up(batch: Batch) -> None:
    """Works on one that nobody works on any more; whoever looked at it has nothing to do with it."""
    _start(batch.pk, contextvars.Context())


def _start(key: int, context: contextvars.Context) -> None:
    global _thread
    with _lock:
        _waiting.setdefault(key, context)
        if _thread is None or not _thread.is_alive():
            # As a daemon: the process does not wait until the whole batch is done.
            _thread = threading.Thread(target=_go_through, name="batches", daemon=True)
            _thread.start()


def _go_through():
    global _thread
    while True:
        with _lock:
            if not _waiting or _ending.is_set():
                _thread = None
                return
            key = next(iter(_waiting))
            context = _waiting.pop(key)
        try:
            context.run(work, key)
        except Exception:
            log.exception("A batch could not be gone on with")
        with suppress(Exception):
            connections.close_all()


def work(key: int) -> None:
    """Does one part after the other, until nothing is left to do or somebody else is at it."""
    batch = _tried(batches.take_up, key)
    if batch:
        _tried(statistics.refresh)
    while batch and not _ending.is_set():
        batch = _next(batch)
        if not connections["default"].features.has_select_for_update:
            _ending.wait(PAUSE)
    if batch:
        batches.release(batch)


def _next(batch):
    verbs = OF[batch.listing]
    try:
        return _tried(batches.do_part, batch, verbs)
    except (OperationalError, InterfaceError):
        log.exception("A batch was broken off")
        return batches.break_off(batch, "Something went wrong. Resume it to try again.")
    except Exception:
        log.exception("A part of a batch failed")
        return _tried(batches.set_apart, batch, verbs, WRONG)


def _tried(act: Callable, *arguments):
    """Once more where the database took it back: a deadlock, somebody else's row, a lost connection."""
    for attempt in range(1, TRIES):
        try:
            return act(*arguments)
        except Error:
            log.warning("Trying a part of a batch again", exc_info=True)
            connections["default"].close_if_unusable_or_obsolete()
            time.sleep(PAUSE * attempt)
    return act(*arguments)


@atexit.register
def _end():
    _ending.set()
    if thread := _thread:
        thread.join(LAST_MOMENTS)
