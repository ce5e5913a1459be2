"""Whether counts that were taken again and again grew."""

from __future__ import annotations

import math

import pytest

from benchmarks.month.samples import Samples, growth


@pytest.mark.parametrize(
    ("values", "percent"),
    [
        ([1, 50, 50, 50, 50, 50, 50, 50], 0.0),  # filling at the beginning is none
        ([0, 0, 100, 20, 0, 0, 20, 100], 0.0),  # nor is coming and going
        ([0, 0, 100, 100, 0, 0, 0, 106], 6.0),
        ([9, 9, 0, 0, 0, 0, 0, 0], 0.0),
        ([0, 0, 0, 0, 0, 0, 0, 1], math.inf),
    ],
)
def test_growth_is_that_of_the_most_after_the_first_quarter(values: list[float], percent: float) -> None:
    """The last quarter of the way against the second."""
    assert growth(values) == pytest.approx(percent)


def test_a_count_that_grows_misses_its_limit() -> None:
    """Each count is told with where it ended and how it grew; a leak of a few per cent shows."""
    samples = Samples()
    for number in range(40):
        samples.add("flat", 7)
        samples.add("leak", 100 + number, "MB")
    held = {figure.name.partition(",")[0]: figure.held for figure in samples.figures("a month") if figure.limit}
    assert held == {"flat": True, "leak": False}
