"""The Lua of admission against its plain Python model, decision by decision, on a clock that the test moves."""

from __future__ import annotations

from importlib.resources import files

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.admission_model import BudgetModel
from support.redis_server import running_redis
from worker.admission.decision import Question
from worker.admission.keys import LANES, BudgetKey
from worker.admission.limits import Limits, Policy

BUDGET = BudgetKey("account", "MiniMax-M2")
WORKERS = ("w1", "w2", "w3")
POLICY = Policy(default_floor=2, bulk_floor=3)
START_US = 1_700_000_000_000_000


class Twins:
    """The scripts in a real Redis and the model, asked the same at the same moment."""

    def __init__(self, client: redis.Redis, limits: Limits) -> None:
        self.client, self.limits, self.clock_us = client, limits, START_US
        self.model = self.new_model()
        self.held = {worker: [] for worker in WORKERS}  # (granted_at, tokens)
        self.epoch = dict.fromkeys(WORKERS, 0)
        client.flushall()

    def new_model(self) -> BudgetModel:
        return BudgetModel(now=lambda: self.clock_us)

    def run(self, name: str, keys: tuple[str, ...], argv: list) -> list:
        """Run a script with the test's clock in place of TIME, the one thing that a test cannot set in Redis."""
        source = files("worker.admission").joinpath("lua", f"{name}.lua").read_text()
        assert "redis.call('TIME')" in source
        seconds, micros = divmod(self.clock_us, 1_000_000)
        source = source.replace("redis.call('TIME')", f"{{ {seconds}, {micros} }}")
        reply = self.client.eval(source, len(keys), *keys, *argv)
        self.client.script_flush()  # each moment is another script
        return [value.decode() if isinstance(value, bytes) else value for value in reply]

    def ask(self, worker: str, waiting: tuple[int, int, int], batch: int, tokens: int, settled: int, used: int) -> None:
        done, self.held[worker] = self.held[worker][:settled], self.held[worker][settled:]
        asked = [min(count, batch) for count in waiting]
        question = Question(
            worker=worker,
            epoch=self.epoch[worker],
            held=len(self.held[worker]),
            waiting=waiting,
            asks=tuple([tokens + i for i in range(count)] for count in asked),
            limits=self.limits,
            returned=len(done) if used == 0 else 0,
            correction=sum(used - reserved for _, reserved in done),
            answered_at_us=max((granted_at for granted_at, _ in done), default=0),
        )
        argv = question.arguments(BUDGET, POLICY)
        reply = self.run("admit", BUDGET.all, argv)
        assert reply == self.model.admit(argv)
        self.epoch[worker] = reply[6]
        for granted in reply[:3]:
            self.held[worker] += [(self.clock_us, tokens + i) for i in range(granted)]
        self.compare()

    def refuse(self, worker: str, retry_after_us: int, jitter: float) -> None:
        granted_at, _ = self.held[worker][-1] if self.held[worker] else (self.clock_us, 0)
        argv = [granted_at, retry_after_us, jitter, "requests", self.limits.burst_us, 30_000_000, 0.2, 300_000_000]
        assert self.run("refuse", (BUDGET.state,), argv) == self.model.refuse(argv)

    def flush(self) -> None:
        self.client.flushall()
        self.model = self.new_model()

    def compare(self) -> None:
        """Everything that is kept, not only what was answered."""
        state = {name.decode(): float(value) for name, value in self.client.hgetall(BUDGET.state).items()}
        model = self.model
        for name in ("requests_at", "tokens_at", "gate_until", "closed_at", "refusals", "deferred_at", "quiet_until"):
            assert state[name] == getattr(model, name), name
        assert (state["held"], [state[f"waiting_{i}"] for i in (1, 2, 3)]) == (model.held, model.waiting)
        assert [state["passed_2"], state["passed_3"]] == model.passed[1:]
        for lane, turn in enumerate(BUDGET.all[3:]):
            assert [worker.decode() for worker in self.client.zrange(turn, 0, -1)] == model.round(lane)


counts = st.tuples(*[st.integers(0, 3)] * len(LANES))
asks = st.tuples(
    st.just("ask"),
    st.sampled_from(WORKERS),
    counts,
    st.integers(1, 3),
    st.integers(0, 3000),
    st.integers(0, 3),
    st.sampled_from([0, 10, 5000]),
)
moves = st.tuples(st.just("move"), st.sampled_from([1, 900, 25_000, 50_505, 110_000, 1_000_000, 2_500_000, 6_100_000]))
refusals = st.tuples(
    st.just("refuse"),
    st.sampled_from(WORKERS),
    st.sampled_from([-1, 0, 700_000, 400_000_000]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
flushes = st.tuples(st.just("flush"))
budgets = st.builds(
    Limits,
    rpm=st.sampled_from([None, 20, 1200, 100_000]),
    tpm=st.sampled_from([None, 100_000, 10_000_000]),
    concurrency=st.sampled_from([None, 1, 4, 10]),
    burst_s=st.sampled_from([0.0, 0.05, 1.0]),
    interactive_reserve=st.sampled_from([0.0, 0.3]),
)


@pytest.fixture(scope="module")
def client():
    with running_redis() as server, redis.Redis.from_url(server.unix_url) as connection:
        yield connection


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(limits=budgets, steps=st.lists(st.one_of(asks, asks, moves, refusals, flushes), max_size=30))
def test_lua_decides_as_the_model_does(client, limits, steps):
    """Any mix of questions, settles, refusals, flushes and time leaves script and model with equal replies and state."""
    twins = Twins(client, limits)
    for kind, *arguments in steps:
        match kind:
            case "ask":
                twins.ask(*arguments)
            case "move":
                twins.clock_us += arguments[0]
            case "refuse":
                twins.refuse(*arguments)
            case "flush":
                twins.flush()
