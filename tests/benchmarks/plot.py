"""A plot of time against number of customers as SVG, readable on light and dark pages."""

from collections.abc import Iterable, Iterator, Sequence
from math import log10
from pathlib import Path
from typing import Any

from tests.benchmarks.report import DOCUMENT, NAMES

FOLDER = DOCUMENT.parent / "performance"
LINES = ("list", "last page", "search hit", "search miss")
PANELS = ("EMS Customers", "Django admin, as well tuned as its options allow")
WIDTH, HEIGHT, TOP, BOTTOM, LEFT, GAP = 880, 400, 64, 56, 64, 40
PANEL = (WIDTH - LEFT - 2 * GAP) // 2
STYLE = """
    .ground { fill: #ffffff; }
    .grid { stroke: #d8dee6; }
    text { fill: #4a5568; font: 12px system-ui, sans-serif; }
    .title { fill: #1a202c; font-weight: 600; font-size: 13px; }
    .is-0 { color: #1f6feb; } .is-1 { color: #b7410e; } .is-2 { color: #0f7b4d; } .is-3 { color: #8250df; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #161b22; }
      .grid { stroke: #30363d; }
      text { fill: #aab4c0; }
      .title { fill: #f0f3f6; }
      .is-0 { color: #6cb6ff; } .is-1 { color: #f69d50; } .is-2 { color: #57d08c; } .is-3 { color: #c8a6ff; }
    }
    circle { fill: currentColor; }
    polyline { fill: none; stroke: currentColor; stroke-width: 2; }"""


def write(vendor: str, runs: Iterable[dict[str, Any]], folder: Path = FOLDER) -> Path:
    """runs: what was found at each size."""
    path = folder / f"{vendor}.svg"
    folder.mkdir(exist_ok=True)
    path.write_text(svg(vendor, sorted(runs, key=lambda run: run["customers"])), "utf-8")
    return path


def svg(vendor: str, runs: Sequence[dict[str, Any]]) -> str:
    medians = [times["median"] for run in runs for pair in run["points"].values() for times in pair]
    low, high = _power(min(medians), up=False), _power(max(medians), up=True)
    sizes = [run["customers"] for run in runs]
    title = f"Time of a page against number of customers, {NAMES[vendor]}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{title}</title>",
        f"<style>{STYLE}\n  </style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
    ]
    for side, panel in enumerate(PANELS):
        place = _Panel(LEFT + side * (PANEL + GAP), sizes, low, high)
        parts += [_text(place.left, TOP - 36, panel, "title"), *place.grid(with_times=side == 0)]
        for number, name in enumerate(LINES):
            values = [run["points"][name][side]["median"] for run in runs]
            parts += place.line(number, list(zip(sizes, values, strict=True)))
            across = place.left + number * 92
            parts += [
                f'<circle class="is-{number}" cx="{across + 4}" cy="{TOP - 18}" r="4"/>',
                _text(across + 13, TOP - 14, name),
            ]
    return "\n  ".join(parts) + "\n</svg>\n"


def _power(value, *, up):
    exact = log10(value)
    return int(exact // 1) + (1 if up and exact % 1 else 0)


class _Panel:
    """Both axes count in powers of ten."""

    def __init__(self, left: int, sizes: Sequence[int], low: int, high: int) -> None:
        self.left, self.low, self.high = left, low, max(high, low + 1)
        self.first, self.last = log10(min(sizes)), max(log10(max(sizes)), log10(min(sizes)) + 1)
        self.sizes = sizes

    def x(self, size: float) -> float:
        return self.left + 12 + (PANEL - 24) * (log10(size) - self.first) / (self.last - self.first)

    def y(self, milliseconds: float) -> float:
        share = (log10(milliseconds) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share

    def grid(self, *, with_times: bool) -> Iterator[str]:
        for power in range(self.low, self.high + 1):
            y = self.y(10**power)
            yield f'<line class="grid" x1="{self.left}" x2="{self.left + PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>'
            if with_times:
                yield _text(self.left - 8, y + 4, _duration(10**power), anchor="end")
        for size in self.sizes:
            yield _text(self.x(size), HEIGHT - BOTTOM + 20, f"{size:,}", anchor="middle")
        yield _text(self.left + PANEL / 2, HEIGHT - 14, "customers", anchor="middle")

    def line(self, number: int, points: list[tuple[int, float]]) -> Iterator[str]:
        places = [(self.x(size), self.y(value), size, value) for size, value in points]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
        yield f'<polyline class="is-{number}" points="{drawn}"/>'
        for x, y, size, value in places:
            told = f"<title>{LINES[number]}, {size:,} customers: {_duration(value)}</title>"
            yield f'<circle class="is-{number}" cx="{x:.1f}" cy="{y:.1f}" r="3">{told}</circle>'


def _duration(milliseconds):
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:.3g} ms"


def _text(x, y, text, css="", anchor="start"):
    named = f' class="{css}"' if css else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
