"""Admission in plain Python: the specification that its Lua is checked against, on a clock of the test's.

A `BudgetModel` takes the arguments of the scripts and gives their replies. A decision is a list of rules with names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from support import admission_round as rounds
from support import admission_schedule as schedule
from support.admission_lessons import Book
from support.admission_row import WorkerRow
from worker.admission.learning import Lessons, Seen

LANES, FAR = (0, 1, 2), math.inf
MOST_CREDIT_US, MOST_SHIFT_US = 10_000_000, 1_000_000


@dataclass
class BudgetModel:
    """One budget's state. `now` gives microseconds, `publish` takes (channel, message) and says how many heard."""

    now: Callable[[], int]
    publish: Callable[[str, str], int] = lambda channel, message: 1
    epoch: int = 0
    requests_at: float = 0.0
    tokens_at: float = 0.0
    request_us: float = 0.0
    token_us: float = 0.0
    credit: float = 0.0
    gate_until: float = 0.0
    moment_at: float = 0.0
    shift: float = 0.0
    closed_at: float = 0.0
    refusals: int = 0
    deferred_at: float = 0.0
    interactive_at: float = 0.0
    quiet_until: float = 0.0
    passed: list[int] = field(default_factory=lambda: [0, 0, 0])
    workers: dict[str, WorkerRow] = field(default_factory=dict)
    turns: tuple[dict[str, float], ...] = field(default_factory=lambda: ({}, {}, {}))
    book: Book = field(default_factory=Book)

    @property
    def held(self) -> int:
        return sum(row.held for row in self.workers.values())

    @property
    def waiting(self) -> list[int]:
        return [sum(row.waiting[lane] for row in self.workers.values()) for lane in LANES]

    def admit(self, argv: list[str | int | float]) -> list[int | str]:
        """Answer as `admit.lua` does."""
        return Decision(self, argv).reply()

    def refuse(self, argv: list[str | int | float]) -> list[int]:
        """Answer as `refuse.lua` does."""
        granted_at, retry_after, jitter, dimension, burst, longest, share, believed, told, *counts = argv
        now = max(self.now(), self.book.seen_at)
        retry_after = min(float(retry_after), float(believed))
        wait = max(0.0, retry_after)
        first, again = float(granted_at) > self.closed_at, self.refusals
        if first:
            if retry_after < 0:
                wait = min(2.0**self.refusals * 1_000_000, float(longest))
            wait *= 1 + float(share) * float(jitter)
            self.closed_at, self.refusals = now, self.refusals + 1
        self.gate_until = max(self.gate_until, now + wait)
        self.requests_at = max(self.requests_at, self.gate_until + float(burst))
        self.tokens_at = max(self.tokens_at, self.gate_until + float(burst))
        seen = Seen(*map(float, counts), told=float(told))
        self.book.refused(str(dimension), first, again, seen)
        return [max(0, math.ceil(self.gate_until - now)), self.refusals]


class Decision:
    """One run of the script."""

    def __init__(self, model: BudgetModel, argv: list[str | int | float]) -> None:
        self.model, self.now, self.me = model, model.now(), str(argv[0])
        self.known_epoch, self.my_held, *self.left = (int(value) for value in argv[1:6])
        self.request_us, self.token_us, self.told_at_once, self.reserve, self.burst = map(float, argv[6:11])
        self.bound: tuple[str | None] | None = None
        self.returned, self.correction, self.answered_at = map(float, argv[11:14])
        self.channel_prefix, self.budget = str(argv[14]), str(argv[15])
        self.lease, self.patience, self.deference, self.probe, self.hold, self.quiet = map(float, argv[16:22])
        self.floors = [0.0, *map(float, argv[22:24])]
        self.start = {"requests": float(argv[24]), "tokens": float(argv[25]), "concurrency": 0.0}
        self.paced_minute, self.known_lessons = float(argv[26]), str(argv[27])
        self.ahead, self.late, self.newest_returned, self.lived = map(float, argv[28:32])
        counts = [int(value) for value in argv[32:35]]
        tokens = [float(value) for value in argv[35:]]
        starts = (0, counts[0], counts[0] + counts[1])
        self.asks = [tokens[start : start + count] for start, count in zip(starts, counts, strict=True)]
        self.granted = [0, 0, 0]
        self.delays: tuple[list[int], ...] = ([], [], [])

    def reply(self) -> list[int | str]:
        """Take in the report, grant what may go, say what the rest waits for."""
        model = self.model
        schedule.set_back(model, self.now, self.lease)
        self.begin()
        for worker in [name for name, row in model.workers.items() if row.lease_ends <= self.now][:16]:
            self.forget(worker)
        self.was_held, self.deferred = model.held, model.deferred_at
        before = model.workers.pop(self.me, WorkerRow())
        self.others_held, self.others = model.held, model.waiting
        told_at = max(model.requests_at, model.tokens_at)
        self.settle()
        self.ramp_us = model.book.ramp_us()
        self.interval = max(self.request_us, self.probe if model.refusals else 0.0, self.ramp_us)
        crowd = [*model.book.crowd(self.now), self.held_now()]
        denied, dimension, wait = self.grant_all()
        if self.left[0] + self.others[0] > 0 or self.granted[0]:
            model.interactive_at = self.now
        self.take_turns(before)
        wait = wait if denied is None else self.stagger(denied, dimension, wait)
        self.call_next(told_at)
        held = self.my_held + sum(self.granted)
        if held + sum(self.left):
            model.workers[self.me] = WorkerRow(held, list(self.left), self.now + self.lease)
        if self.bound is not None:
            (model.book.bound,) = self.bound
        elif not any(self.others):
            model.book.bound = None
        told = [*self.granted, math.ceil(wait), dimension, self.now, model.epoch, model.book.lessons.text]
        return [*told, *crowd, int(model.shift), *(delay for lane in self.delays for delay in lane)]

    def begin(self) -> None:
        model, fresh = self.model, self.model.epoch == 0
        if fresh:
            model.epoch, model.book.lessons = self.now, Lessons.from_text(self.known_lessons)
            if self.known_epoch:
                model.quiet_until = self.now + self.quiet
        self.learn()
        if fresh:
            model.requests_at = self.now + max(0.0, self.request_us - self.lived) + self.burst
            model.tokens_at = self.now + self.burst
        model.requests_at = schedule.rescaled(model, self.now, model.requests_at, model.request_us, self.request_us)
        model.tokens_at = schedule.rescaled(model, self.now, model.tokens_at, model.token_us, self.token_us)
        model.request_us, model.token_us = self.request_us, self.token_us

    def learn(self) -> None:
        """Let the slower of what was told and what was learned hold."""
        book, intervals = self.model.book, {"requests": self.request_us, "tokens": self.token_us}
        ceilings = {name: self.paced_minute / us if us else 0.0 for name, us in intervals.items()}
        book.elapse(self.now, {**ceilings, "concurrency": self.told_at_once}, self.start)
        self.request_us, self.token_us = (
            book.interval_us(name, us, self.start[name], self.paced_minute) for name, us in intervals.items()
        )
        at_once, self.reserve = book.slots(self.told_at_once, self.reserve)
        self.concurrency = at_once or FAR

    def forget(self, worker: str) -> None:
        del self.model.workers[worker]
        for turn in self.model.turns:
            turn.pop(worker, None)

    def settle(self) -> None:
        model, known = self.model, self.known_epoch == self.model.epoch
        if model.tokens_at < self.now - 60_000_000:
            model.credit = 0.0
        if known:
            if self.returned:
                schedule.free_newest(model, self.newest_returned, self.request_us)
            late = max(0.0, min(self.late - model.shift, MOST_SHIFT_US))
            model.shift += late
            model.requests_at += late
            model.tokens_at += late
        if known or self.correction > 0:
            beyond = self.now - max(model.tokens_at, self.now) - self.correction * self.token_us
            model.tokens_at += self.correction * self.token_us
            if self.correction < 0:
                model.credit = min(model.credit + max(0.0, beyond), MOST_CREDIT_US)
        if self.returned or self.correction:
            model.book.count(-self.returned, self.correction)
        if self.answered_at > model.closed_at:
            model.refusals = 0

    def slots(self, lane: int) -> float:
        busy = self.now < self.model.interactive_at + self.hold
        return self.concurrency - self.reserve if lane and busy and self.concurrency < FAR else self.concurrency

    def held_now(self) -> int:
        return self.others_held + self.my_held + sum(self.granted)

    def moments(self) -> tuple[float, float]:
        """When the requests and when the tokens let the next call go, 0 where they do not pace."""
        requests = self.model.requests_at - self.burst if self.interval else 0.0
        return requests, self.model.tokens_at - self.burst if self.token_us else 0.0

    def obstacle(self, lane: int) -> tuple[str, float]:
        """The first rule that forbids a call of this lane now, and how long it will."""
        model = self.model
        requests, tokens = (max(0.0, moment - self.ahead - self.now) for moment in self.moments())
        if model.gate_until - self.ahead > self.now:
            return "gate", model.gate_until - self.ahead - self.now
        if model.quiet_until > self.now:
            return "redis", model.quiet_until - self.now
        if self.held_now() >= self.slots(lane):
            return "concurrency", self.patience
        if requests == tokens == 0:
            return "", 0.0
        if requests >= tokens:
            return "slope" if self.interval == self.ramp_us else "requests", requests
        return "tokens", tokens

    def first_lane(self, *, own_only: bool = False) -> int | None:
        """The lane whose turn it is, None when nobody waits."""
        waits = [self.left[lane] + (0 if own_only else self.others[lane]) for lane in LANES]
        for lane in (1, 2):
            due = 0 < self.floors[lane] <= self.model.passed[lane]
            if waits[lane] and due and self.held_now() < self.slots(lane):
                return lane
        return next((lane for lane in LANES if waits[lane]), None)

    def grant_all(self) -> tuple[int | None, str, float]:
        dimension, wait = "", 0.0
        while any(self.left):
            lane = self.first_lane()
            dimension, wait = self.obstacle(lane)
            self.bound = (dimension if dimension in {"requests", "tokens", "concurrency"} else None,)
            owes = self.left[lane] > 0 and not dimension and self.owed(lane)
            if owes or not self.left[lane]:
                lane, dimension, wait = self.yield_to_others(lane, dimension, wait, owes=owes)
            if dimension:
                return lane, dimension, wait
            if self.granted[lane] == len(self.asks[lane]):
                return None, "", 0.0
            self.grant(lane)
        return None, dimension, wait

    def contended(self, lane: int) -> bool:
        """Whether all places were taken until now, or one is kept."""
        return self.was_held >= self.slots(lane) or self.deferred > 0

    def owed(self, lane: int) -> bool:
        """Whether the last free place is that of another worker's waiter, who was passed over for long."""
        last = self.others[lane] > 0 and self.held_now() + 1 >= self.slots(lane) and self.contended(lane)
        return last and rounds.passed_over(self.model.turns[lane], self.me, self.now - self.patience)

    def yield_to_others(self, lane: int, dimension: str, wait: float, *, owes: bool) -> tuple[int, str, float]:
        """Another worker's waiter goes first, unless it leaves the room unused for longer than the deference."""
        mine = self.first_lane(own_only=True)
        if dimension:
            return mine, "lane" if dimension in {"requests", "tokens", "slope"} else dimension, wait
        self.model.deferred_at = self.model.deferred_at or (owes and self.deferred) or self.now
        wait = self.model.deferred_at + self.deference - self.now
        if owes and wait <= 0:
            self.deferred = rounds.excuse_first(self.model.turns[lane], self.me, self.now)
        return (mine, "lane", wait) if wait > 0 else (mine, *self.obstacle(mine))

    def grant(self, lane: int) -> None:
        model, tokens = self.model, self.asks[lane][self.granted[lane]]
        if not self.contended(lane) and self.now - model.requests_at + self.burst > self.interval / 2:
            rounds.excuse_first(model.turns[lane], self.me, self.now)
        self.granted[lane], self.left[lane] = self.granted[lane] + 1, self.left[lane] - 1
        model.deferred_at = 0.0
        model.book.count(1, tokens)
        moment = max(self.now, model.gate_until, *self.moments())
        model.moment_at = max(model.moment_at, moment)
        self.delays[lane].append(math.ceil(moment - self.now))
        model.requests_at = max(model.requests_at, moment) + self.interval
        model.tokens_at = max(model.tokens_at, moment) + tokens * self.token_us
        paid = min(model.credit, model.tokens_at - moment)
        model.tokens_at, model.credit = model.tokens_at - paid, model.credit - paid
        for lower in LANES[lane + 1 :]:
            model.passed[lower] = model.passed[lower] + 1 if self.left[lower] + self.others[lower] else 0
        if lane:
            model.passed[lane] = 0

    def take_turns(self, before: WorkerRow) -> None:
        for turn, *mine in zip(self.model.turns, self.left, self.granted, before.waiting, strict=True):
            rounds.join_or_leave(turn, self.me, self.now, *mine)

    def stagger(self, denied: int, dimension: str, wait: float) -> float:
        """Tell workers that wait for one moment to come one an interval."""
        if dimension not in {"requests", "tokens", "slope"} and (dimension != "lane" or self.model.deferred_at > 0):
            return wait
        ahead = rounds.order(self.model.turns[denied]).index(self.me) + sum(self.others[:denied])
        step = max(self.request_us, self.ramp_us) or self.interval
        if dimension == "tokens" and self.granted[denied] < len(self.asks[denied]):
            step = self.asks[denied][self.granted[denied]] * self.token_us / 2
        return min(wait + ahead * step, max(wait, self.patience))

    def call_next(self, told: float) -> None:
        """Wake the worker whose turn it is if it may go now, or sooner than it was told."""
        lane = self.first_lane()
        if lane is None or not self.others[lane]:
            return
        moment = max(self.model.requests_at, self.model.tokens_at)
        sooner = moment < told and told - self.burst - self.ahead > self.now
        if sooner or not self.obstacle(lane)[0]:
            rounds.call_first(self.model.turns[lane], self.me, self.now, self.call)

    def call(self, worker: str) -> int:
        return self.model.publish(self.channel_prefix + worker, self.budget)
