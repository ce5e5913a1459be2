"""What the model of admission learns and counts, kept as `lua/lessons.lua` and `lua/recent.lua` keep it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from worker.admission import falling, learning
from worker.admission.learning import Learned, Lessons, Seen

DIMENSIONS = ("requests", "tokens", "concurrency")
MOST_ELAPSED_US = 5_000_000
RAMP_FLOOR = 6
SLOTS = 11


@dataclass
class Ring:
    """Calls and tokens of the last ten ticks and the one before."""

    tick_us: int
    tick: float = 0.0
    calls: list[float] = field(default_factory=lambda: [0.0] * SLOTS)
    tokens: list[float] = field(default_factory=lambda: [0.0] * SLOTS)

    def turn(self, now: int) -> None:
        tick = now // self.tick_us
        for gone in range(int(max(self.tick, tick - SLOTS)) + 1, tick + 1):
            self.calls[gone % SLOTS] = self.tokens[gone % SLOTS] = 0.0
        self.tick = tick

    def count(self, calls: float, tokens: float) -> None:
        self.calls[int(self.tick) % SLOTS] += calls
        self.tokens[int(self.tick) % SLOTS] += tokens

    def within(self, slots: list[float], now: int) -> float:
        tick = int(self.tick)
        oldest = slots[(tick - 10) % SLOTS] * (1 - (now / self.tick_us - tick))
        return max(0.0, sum(slots[(tick - i) % SLOTS] for i in range(10)) + oldest)

    @property
    def figures(self) -> list[float]:
        return [self.tick, *self.calls, *self.tokens]


@dataclass
class Book:
    """The lessons of one budget, which limit it was last held back by, and what went out lately."""

    lessons: Lessons = field(default_factory=Lessons)
    bound: str | None = None
    seen_at: float = 0.0
    second: Ring = field(default_factory=lambda: Ring(100_000))
    minute: Ring = field(default_factory=lambda: Ring(6_000_000))

    def elapse(self, now: int, ceilings: dict[str, float], starts: dict[str, float]) -> None:
        """Time passes: the limit that held the budget back may grow, the slope may steepen."""
        elapsed = max(0.0, min(now - self.seen_at, MOST_ELAPSED_US))
        if self.bound in DIMENSIONS:
            grown = learning.grow(
                getattr(self.lessons, self.bound),
                elapsed,
                ceiling=ceilings[self.bound],
                start=starts[self.bound],
            )
            self.lessons = replace(self.lessons, **{self.bound: grown})
        self.lessons = replace(self.lessons, slope=learning.steepen(self.lessons.slope, elapsed))
        self.seen_at = now
        self.second.turn(now)
        self.minute.turn(now)

    def count(self, calls: float, tokens: float) -> None:
        for ring in (self.second, self.minute):
            ring.count(calls, tokens)

    def crowd(self, now: int) -> list[str]:
        """Calls and tokens in the last second, then in the last minute, as the script writes them."""
        sums = [ring.within(slots, now) for ring in (self.second, self.minute) for slots in (ring.calls, ring.tokens)]
        return [f"{number:.17g}" for number in sums]

    def ramp_us(self) -> float:
        """The interval that the slope allows, 0 where it is free."""
        slope = self.lessons.slope.value
        if not slope:
            return 0.0
        return self.minute.tick_us / max(RAMP_FLOOR, slope * self.minute.calls[int(self.minute.tick - 1) % SLOTS])

    def interval_us(self, dimension: str, told_us: float, start: float, paced_minute: float) -> float:
        rate = getattr(self.lessons, dimension).value or (0.0 if told_us else start)
        return max(told_us, paced_minute / rate) if rate else told_us

    def slots(self, told: float, reserve: float) -> tuple[float, float]:
        """The concurrency and the part of it that is kept for the interactive lane."""
        learned = math.floor(self.lessons.concurrency.value)
        if learned and (told == 0 or learned < told):
            return learned, math.floor(reserve * learned / told) if told else 0
        return told, reserve

    def refused(self, dimension: str, first: bool, again: int, seen: Seen) -> None:
        """Learn from a refusal; `first` of its closing, `again` so many closings before without an answer since."""
        lessons, seen = self.lessons, replace(seen, again=again if first else 0)
        if dimension == "slope":
            learned: Learned = learning.flatten(lessons.slope) if first else lessons.slope
        elif dimension == "concurrency":
            learned = lessons.concurrency
            fresh = first or learned.top == 0
            learned = falling.fall_at_once(learned, seen) if fresh else falling.press_at_once(learned, seen)
        else:
            learned = getattr(lessons, dimension)
            fresh = first or learned.top == 0
            learned = falling.fall(learned, seen) if fresh else falling.press(learned, seen)
        self.lessons = replace(lessons, **{dimension: learned})
