"""How long calls take, measured side by side: what disturbs one disturbs the others."""

import gc
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import median

WARM, RUNS, FEWEST = 3, 40, 3
SECONDS = 20.0


@dataclass(frozen=True)
class Times:
    """Median and p95 in milliseconds. is_over: the truth is more than that, it was not waited for."""

    median: float
    p95: float
    is_over: bool = False

    @classmethod
    def of(cls, seconds: Iterable[float], *, is_over: bool = False) -> "Times":
        ordered = sorted(seconds)
        return cls(median(ordered) * 1000, percentile(ordered, 95) * 1000, is_over)

    def __str__(self) -> str:
        return f"{'> ' if self.is_over else ''}{shown(self.median)} / {shown(self.p95)}"

    written = asdict


def percentile(ordered: list[float], share: int) -> float:
    """The smallest that so many per cent do not exceed."""
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def shown(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 20 else f"{milliseconds:.1f} ms"


def once(call: Callable[[], object]) -> float:
    """Seconds."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def side_by_side(
    calls: Mapping[str, Callable[[], object]], *, runs: int = RUNS, seconds: float = SECONDS
) -> dict[str, Times]:
    """Each call in turn, again and again, after warming up; the slow ones less often, for so long at most."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        for _ in range(WARM):
            if once(call) > 1:
                break
    gc.collect()
    for _ in range(runs):
        for name, call in calls.items():
            if len(taken[name]) < FEWEST or sum(taken[name]) < seconds:
                taken[name].append(once(call))
    return {name: Times.of(found) for name, found in taken.items()}
