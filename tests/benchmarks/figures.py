"""What was measured beside what is promised."""

from dataclasses import asdict, dataclass
from typing import Any

from tests.benchmarks.timing import Times


@dataclass(frozen=True)
class Figure:
    """One row of the table: `times` of ours, beside `others` of what it is compared with.

    `value` is what the promise is about: a ratio, or milliseconds. Where others have to be slower it is
    theirs over ours. `is_more`: their truth is more than that.
    """

    what: str
    beside: str
    times: Times | None = None
    others: Times | None = None
    value: float | None = None
    promise: float | None = None
    stretch: float | None = None
    unit: str = "x"
    is_at_least: bool = False
    is_more: bool = False
    note: str = ""

    def is_held(self) -> bool | None:
        """None where nothing is promised, or where the other was not waited for long enough to tell."""
        if self.promise is None or self.value is None:
            return None
        held = self.value >= self.promise if self.is_at_least else self.value <= self.promise
        return None if self.is_more and not held else held

    def promised(self) -> str:
        if self.promise is None:
            return ""
        return f"{'≥' if self.is_at_least else '≤'} {self.promise:g}{self.unit}"

    def measured(self) -> str:
        if self.value is None:
            return ""
        digits = 0 if self.value >= 20 else 1 if self.value >= 2 or self.unit == " ms" else 2
        return f"{'> ' if self.is_more else ''}{self.value:.{digits}f}{self.unit}"

    def verdict(self) -> str:
        held = self.is_held()
        if held is None:
            not_told = "not waited for" if self.is_more else ""
            return ": ".join(filter(None, (not_told, self.note)))
        is_stretched = self.stretch is not None and self.value is not None and self.value <= self.stretch
        word = "held, stretch too" if is_stretched else "held" if held else "MISSED"
        return f"{word}: {self.note}" if self.note else word

    def written(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, written: dict[str, Any]) -> "Figure":
        times = {name: Times(**written[name]) for name in ("times", "others") if written[name]}
        return cls(**{**written, **times})


def at_most(
    what: str,
    times: Times,
    beside: str,
    others: Times,
    promise: float | None = None,
    stretch: float | None = None,
) -> Figure:
    """Ours over the other's."""
    return Figure(what, beside, times, others, times.median / others.median, promise, stretch)


def at_least(
    what: str, times: Times, beside: str, others: Times, promise: float | None = None, note: str = ""
) -> Figure:
    """The other's over ours."""
    value, is_more = others.median / times.median, others.is_over
    return Figure(what, beside, times, others, value, promise, is_at_least=True, is_more=is_more, note=note)


def within(
    what: str, beside: str, milliseconds: float, promise: float, stretch: float, note: str = ""
) -> Figure:
    return Figure(what, beside, None, None, milliseconds, promise, stretch, unit=" ms", note=note)
