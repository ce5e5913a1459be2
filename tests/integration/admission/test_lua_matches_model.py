"""The Lua of admission against its plain Python model, decision by decision, on a clock that the test moves."""

from __future__ import annotations

import struct

import pytest
import redis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.admission_cluster import BUDGET, Cluster, asks, budgets, lates, moves, refusals, set_backs, traffic
from support.admission_lessons import Ring
from support.admission_model import BudgetModel
from support.admission_round import order
from support.redis_server import running_redis
from worker.admission.limits import Limits, Policy
from worker.admission.scripts import Script

POLICY = Policy(default_floor=2, bulk_floor=3)
KEPT = ("epoch", "requests_at", "tokens_at", "credit", "gate_until", "closed_at", "refusals", "deferred_at")
KEPT += ("moment_at", "shift", "interactive_at", "quiet_until", "held")
#: A minute after a refund a report of a late call: which of the two the schedule is judged by.
LATE_AND_IDLE = (
    ("ask", "w3", (0, 0, 1), 1, 3000, 0, None),
    ("move", 110_000),
    ("ask", "w3", (0, 0, 0), 1, 0, 1, 0),
    ("ask", "w1", (0, 0, 0), 1, 0, 0, None),
    ("be_late", "w1", 5_000_000),
    ("move", 60_500_000),
    ("ask", "w1", (0, 0, 0), 1, 0, 0, None),
)
#: One waits and one has a call, which is refused when the clock has gone back an hour and nobody has asked since.
SET_BACK = (
    ("ask", "w1", (0, 0, 1), 1, 1, 0, None),
    ("move", 3_100_000),
    ("ask", "w1", (0, 0, 1), 1, 1, 0, None),
    ("ask", "w2", (0, 0, 1), 1, 1, 0, None),
    ("move", -3_600_000_000),
    ("refuse", "w1", "requests", 300_000, 0.0),
    ("ask", "w1", (0, 0, 0), 1, 1, 1, 0),
    ("ask", "w3", (0, 0, 1), 1, 1, 0, None),
)


class Twins(Cluster):
    """The scripts in a real Redis and the model, asked the same at the same moment, must stay the same."""

    def __init__(self, client: redis.Redis, limits: Limits) -> None:
        super().__init__(limits, POLICY)
        self.client = client
        self.channel = client.pubsub(ignore_subscribe_messages=True)
        self.channel.psubscribe("mmq:wake:*")
        self.said: list[tuple[str, str]] = []
        self.flush()

    def flush(self) -> None:
        self.client.flushall()
        self.model = BudgetModel(now=lambda: self.clock_us, publish=self.publish)

    def publish(self, *message: str) -> int:
        self.said.append(message)
        return 1

    def script(self, name: str, keys: tuple[str, ...], argv: list) -> list:
        """Run a script with the test's clock in place of TIME, the one thing that a test cannot set in Redis."""
        source = Script(name).source
        assert "redis.call('TIME')" in source
        seconds, micros = divmod(self.clock_us, 1_000_000)
        source = source.replace("redis.call('TIME')", f"{{ {seconds}, {micros} }}")
        reply = self.client.eval(source, len(keys), *keys, *argv)
        self.client.script_flush()  # each moment is another script
        return [value.decode() if isinstance(value, bytes) else value for value in reply]

    def admit(self, argv: list) -> list:
        reply = super().admit(argv)
        assert self.script("admit", BUDGET.all, argv) == reply
        self.compare()
        return reply

    def refuse_by(self, argv: list) -> list:
        reply = super().refuse_by(argv)
        assert self.script("refuse", (BUDGET.state,), argv) == reply
        assert self.client.hget(BUDGET.state, "lessons").decode() == self.model.book.lessons.text
        return reply

    def compare(self) -> None:
        """Everything that is kept and said, not only what was answered."""
        kept = self.client.hgetall(BUDGET.state)
        figures = struct.unpack("<46d", kept.pop(b"recent", bytes(368)))
        for ring, kept_figures in ((self.model.book.second, figures[:23]), (self.model.book.minute, figures[23:])):
            # The script writes them when something is counted, and turns them whenever it reads them.
            twin = Ring(ring.tick_us, kept_figures[0], list(kept_figures[1:12]), list(kept_figures[12:]))
            twin.turn(self.clock_us)
            assert twin == ring
        assert kept.pop(b"lessons").decode() == self.model.book.lessons.text
        state = {name.decode(): float(value) for name, value in kept.items()}
        for name in KEPT:
            assert state[name] == getattr(self.model, name), name
        assert [state[f"waiting_{i}"] for i in (1, 2, 3)] == self.model.waiting
        assert [state["passed_2"], state["passed_3"]] == self.model.passed[1:]
        for lane, turn in enumerate(BUDGET.all[3:]):
            scores = self.client.zrange(turn, 0, -1, withscores=True)
            round_ = [(worker, self.model.turns[lane][worker]) for worker in order(self.model.turns[lane])]
            assert [(worker.decode(), score) for worker, score in scores] == round_
        for message in self.said:
            heard = self.channel.get_message(timeout=5) or self.channel.get_message(timeout=5)
            assert (heard["channel"].decode(), heard["data"].decode()) == message
        self.said.clear()


@pytest.fixture(scope="module")
def client():
    with running_redis() as server, redis.Redis.from_url(server.unix_url) as connection:
        yield connection


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    limits=budgets,
    steps=traffic((9, asks), (6, moves), (1, refusals), (1, lates), (1, set_backs), (1, st.just(("flush",)))),
)
@example(limits=Limits(tpm=10_000_000, burst_s=0.0), steps=LATE_AND_IDLE)
@example(limits=Limits(rpm=1200, concurrency=1), steps=SET_BACK)
def test_lua_decides_as_the_model_does(client, limits, steps):
    """Any mix of questions, settles, refusals, flushes and steps of time leaves both with equal replies and state."""
    twins = Twins(client, limits)
    with twins.channel:
        for step, *arguments in steps:
            getattr(twins, step)(*arguments)
