"""A provider that only counts: what it refuses and what it let through, on the loop's clock."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

STRETCH_S = 6.0
NO_RISE = 6  # calls in a stretch from which growth is measured at least


@dataclass
class SimulatedProvider:
    """`requests` and `tokens` a window, `concurrency` at once. A refused call does not count in the window.

    The network takes `transit_s` on average, exponentially distributed: calls sent evenly arrive bunched.
    """

    window_s: float = 60.0
    sliding: bool = True
    requests: float = float("inf")
    tokens: float = float("inf")
    concurrency: float = float("inf")
    growth: float = float("inf")  #: how many times the calls of one stretch of 6 s the next may hold
    moody: float = 0.0  #: the share of calls refused for their rate whatever it is
    answer_s: float = 0.2
    transit_s: float = 0.002
    seed: int = 0
    answered: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    arrivals: list[float] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    def __post_init__(self) -> None:
        self._window: deque[tuple[float, float]] = deque()
        self._window_tokens = 0.0
        self._stretches: dict[int, int] = {}
        self._random = random.Random(self.seed)

    async def call(self, tokens: float) -> str | None:
        """Return None for an answer, or the dimension of the refusal."""
        await asyncio.sleep(self._random.expovariate(1 / self.transit_s))
        now = asyncio.get_running_loop().time()
        self._forget(now)
        dimension = self._refusal(tokens, int(now // STRETCH_S))
        if dimension:
            self.refused[dimension] = self.refused.get(dimension, 0) + 1
            return dimension
        self._window.append((now, tokens))
        self._window_tokens += tokens
        self.arrivals.append(now)
        self._stretches[int(now // STRETCH_S)] = self._stretches.get(int(now // STRETCH_S), 0) + 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self.answer_s * self._random.uniform(0.5, 1.5))
        self.in_flight -= 1
        self.answered += 1
        return None

    def _forget(self, now: float) -> None:
        begins = now - self.window_s if self.sliding else now // self.window_s * self.window_s
        while self._window and (self._window[0][0] < begins or (self.sliding and self._window[0][0] == begins)):
            self._window_tokens -= self._window.popleft()[1]

    def _refusal(self, tokens: float, stretch: int) -> str | None:
        if self.moody and self._random.random() < self.moody:
            return "requests"
        if self._stretches.get(stretch, 0) >= self.growth * max(NO_RISE, self._stretches.get(stretch - 1, 0)):
            return "slope"
        if self.in_flight >= self.concurrency:
            return "concurrency"
        if len(self._window) >= self.requests:
            return "requests"
        return "tokens" if self._window_tokens + tokens > self.tokens else None
