"""What was counted again and again, and whether it grew."""

from __future__ import annotations

from benchmarks.figure import Figure

WARM = 0.25  # of the way: until then pools fill, caches settle and databases find their size
LIMIT_PERCENT = 5.0
GROWTH = "growth from the second quarter to the last"


class Samples:
    """Counts by name, each with its unit, in the order in which they were taken."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}
        self.units: dict[str, str] = {}

    def add(self, name: str, value: float, unit: str = "") -> None:
        self.values.setdefault(name, []).append(round(value, 3))
        self.units[name] = unit

    def figures(self, scenario: str) -> list[Figure]:
        """Return what each count came to, and its growth with its limit."""
        told = []
        for name, values in self.values.items():
            told.append(Figure(scenario, f"{name}, at the end", values[-1], self.units[name]))
            told.append(Figure(scenario, f"{name}, {GROWTH}", growth(values), "%", limit=LIMIT_PERCENT))
        return told


def growth(values: list[float]) -> float:
    """Return by how many per cent the most of the last quarter is above the most of the second.

    The most, since idle connections come and go by themselves. From nothing to something is infinite.
    """
    warm, quarter = int(len(values) * WARM), max(1, len(values) // 4)
    before, after = max(values[warm : warm + quarter]), max(values[-quarter:])
    if before == 0:
        return 0.0 if after == 0 else float("inf")
    return 100 * after / before - 100
