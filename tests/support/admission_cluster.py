"""Workers that ask admission in any order, on a clock that the test moves, and a log of what was granted."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from support.admission_model import BudgetModel
from worker.admission.decision import Answer, Question
from worker.admission.keys import BudgetKey
from worker.admission.limits import Limits, Policy
from worker.admission.reservation import Crowd
from worker.admission.waiters import share

BUDGET = BudgetKey("account", "MiniMax-M2")
WORKERS = ("w1", "w2", "w3")
START_US = 1_700_000_000_000_000


@dataclass(frozen=True)
class Grant:
    """One call that was let out."""

    at_us: int  #: when it is to be sent
    lane: int
    tokens: int
    granted_us: int  #: when it was granted, somewhat before


class Cluster:
    """Three workers before one budget of the model. A subclass may put the questions elsewhere as well."""

    def __init__(self, limits: Limits, policy: Policy) -> None:
        self.limits, self.policy, self.clock_us = limits, policy, START_US
        self.model = BudgetModel(now=lambda: self.clock_us)
        self.held: dict[str, list[Grant]] = {worker: [] for worker in WORKERS}
        self.epoch = dict.fromkeys(WORKERS, 0)
        self.lessons = dict.fromkeys(WORKERS, "")
        self.late = dict.fromkeys(WORKERS, 0)
        self.crowd = dict.fromkeys(WORKERS, Crowd())
        self.log: list[Grant] = []
        self.unsent: list[Grant] = []  # of the log, those given back

    def admit(self, argv: list) -> list:
        return self.model.admit(argv)

    def refuse_by(self, argv: list) -> list:
        return self.model.refuse(argv)

    def ask(
        self, worker: str, waiting: tuple[int, int, int], batch: int, tokens: int, settled: int, used: int | None
    ) -> list:
        """Settle the worker's oldest calls, then ask for its first waiters; `used` None says they were not sent."""
        done, self.held[worker] = self.held[worker][:settled], self.held[worker][settled:]
        if used is None:
            self.unsent += done
        asks = [[tokens + i for i in range(count)] for count in share(waiting, batch)]
        question = Question(
            worker=worker,
            epoch=self.epoch[worker],
            held=len(self.held[worker]),
            waiting=waiting,
            asks=tuple(asks),
            limits=self.limits,
            returned=len(done) if used is None else 0,
            returned_us=max((grant.at_us for grant in done), default=0) if used is None else 0,
            correction=sum((used or 0) - grant.tokens for grant in done),
            ahead_us=int(self.policy.ahead_s * 1e6),
            late_us=self.late[worker],
            lived_us=self.clock_us - START_US,
            learned=self.lessons[worker],
            answered_at_us=0 if used is None else max((grant.granted_us for grant in done), default=0),
        )
        reply = self.admit(question.arguments(BUDGET, self.policy))
        self.epoch[worker], self.lessons[worker] = reply[6], reply[7]
        answer = Answer.from_reply(reply)
        calls = [(lane, asks[lane][i]) for lane, count in enumerate(answer.granted) for i in range(count)]
        for (lane, size), delay_us in zip(calls, answer.delays_us, strict=True):
            grant = Grant(self.clock_us + delay_us, lane, size, self.clock_us)
            self.held[worker].append(grant)
            self.log.append(grant)
            self.crowd[worker] = answer.before
        return reply

    def refuse(self, worker: str, dimension: str, retry_after_us: int, jitter: float) -> list:
        """The provider refuses the worker's newest call."""
        granted_at = self.held[worker][-1].granted_us if self.held[worker] else self.clock_us
        crowd = self.crowd[worker]
        argv = [granted_at, retry_after_us, jitter, dimension, self.limits.burst_us, 30e6, 0.2, 300e6]
        argv += [self.limits.told(dimension), crowd.second_calls, *crowd.used(dimension)]
        return self.refuse_by(argv)

    def be_late(self, worker: str, by_us: int) -> None:
        """A call of the worker was sent so much too late; it says so with its next question."""
        self.late[worker] = int(self.model.shift) + by_us

    def move(self, by_us: int) -> None:
        self.clock_us += by_us


counts = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
tokens = st.sampled_from([0, 1, 800, 3000])
asks = st.tuples(
    st.just("ask"),
    st.sampled_from(WORKERS),
    counts,
    st.integers(1, 4),
    tokens,
    st.integers(0, 3),
    st.sampled_from([None, 0, 10, 5000]),
)
moves = st.tuples(
    st.just("move"), st.sampled_from([1, 900, 25_000, 50_761, 110_000, 1_000_000, 3_100_000, 6_100_000, 61_000_000])
)
set_backs = st.tuples(st.just("move"), st.sampled_from([-1, -700_000, -3_600_000_000]))
lates = st.tuples(st.just("be_late"), st.sampled_from(WORKERS), st.sampled_from([1, 30_000, 5_000_000]))
refusals = st.tuples(
    st.just("refuse"),
    st.sampled_from(WORKERS),
    st.sampled_from(["requests", "requests", "tokens", "concurrency", "slope"]),
    st.sampled_from([-1, 0, 300_000]),
    st.sampled_from([0.0, 0.5, 1.0]),
)


def traffic(*kinds: tuple[int, st.SearchStrategy]) -> st.SearchStrategy:
    """Runs long enough to get somewhere; each kind of step as often as its weight says."""
    # one_of takes each alternative once, however often it is given.
    drawn = st.sampled_from([kind for weight, kind in kinds for _ in range(weight)]).flatmap(lambda kind: kind)
    return st.lists(drawn, min_size=15, max_size=60)


budgets = st.builds(
    Limits,
    rpm=st.sampled_from([None, 20, 1200, 100_000]),
    tpm=st.sampled_from([None, 100_000, 10_000_000]),
    concurrency=st.sampled_from([None, 1, 4, 10]),
    burst_s=st.sampled_from([0.0, 0.05, 1.0]),
    interactive_reserve=st.sampled_from([0.0, 0.3]),
    start_rpm=st.sampled_from([None, 60, 1200]),
    start_tpm=st.sampled_from([None, 100_000]),
)
