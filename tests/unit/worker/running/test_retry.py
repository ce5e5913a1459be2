"""Which failures are tried again, how often, and after what wait: tenacity's loop on scripted errors."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import CallFailed
from worker.provider.classification import Action, Verdict
from worker.provider.refusal import Refusal
from worker.running.retry import backoff, jittered, persistently


def failed(action: Action, retries: int = 0) -> CallFailed:
    """A refused call of this class."""
    return CallFailed(Refusal(), Verdict(action, "code", "meaning", "remedy", "source", retries=retries))


@dataclass
class Script:
    """A job whose calls fail as scripted, then succeed; counts failures as an execution does."""

    errors: list[BaseException]
    failures: int = 0
    calls: int = 0
    told: list[tuple[BaseException, float]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    async def before_wait(self, error: BaseException, seconds: float) -> None:
        self.told.append((error, seconds))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def run(self) -> None:
        how = {"failures": lambda: self.failures, "before_wait": self.before_wait, "sleep": self.sleep}
        await persistently(self.attempt, **how)

    async def attempt(self) -> None:
        self.calls += 1
        if len(self.errors) >= self.calls:
            error = self.errors[self.calls - 1]
            if isinstance(error, CallFailed) and error.verdict.action in {Action.RETRY, Action.FAIL}:
                self.failures += 1
            raise error


@pytest.mark.parametrize(("n", "seconds"), [*enumerate([1, 2, 4, 8, 16, 30, 30, 30])])
def test_the_wait_doubles_up_to_thirty_seconds(n: int, seconds: float) -> None:
    """As the integration guide prescribes."""
    assert backoff(n) == seconds


@given(st.integers(0, 10**9))
def test_no_count_makes_the_wait_longer_or_fail(n: int) -> None:
    """Also a job that was tried a billion times waits half a minute."""
    assert 1 <= backoff(n) <= 30


@given(st.floats(0, 30))
def test_jitter_only_lengthens_and_by_a_quarter_at_most(seconds: float) -> None:
    """Never shorter than promised."""
    assert seconds <= jittered(seconds) <= seconds * 1.25


def test_jitter_differs() -> None:
    """What failed together must not come back together."""
    assert len({jittered(30) for _ in range(20)}) > 1


def test_a_passing_error_is_tried_again_after_growing_waits() -> None:
    """Three failures, then the answer; each wait is told before it is slept."""
    script = Script([failed(Action.RETRY, retries=5)] * 3)
    asyncio.run(script.run())
    assert (script.calls, script.failures) == (4, 3)
    assert script.slept == [seconds for _, seconds in script.told]
    for least, slept in zip([1, 2, 4], script.slept, strict=True):
        assert least <= slept <= least * 1.25


@pytest.mark.parametrize(("retries", "before", "calls"), [(0, 0, 1), (2, 0, 3), (2, 2, 1), (2, 7, 1), (5, 1, 5)])
def test_it_stops_after_the_retries_of_the_verdict(retries: int, before: int, calls: int) -> None:
    """Failures that earlier holders of the job spent count, too; what is raised is the last error itself."""
    error = failed(Action.RETRY, retries)
    script = Script([error] * 20, failures=before)
    with pytest.raises(CallFailed) as raised:
        asyncio.run(script.run())
    assert raised.value is error
    assert script.calls == calls


@pytest.mark.parametrize("action", [Action.SNOOZE, Action.PAUSE])
def test_a_limit_or_a_broken_account_is_no_end_and_spends_nothing(action: Action) -> None:
    """A hundred times refused, then answered: the way to a call keeps any wait, the loop itself sleeps none."""
    script = Script([failed(action)] * 100)
    asyncio.run(script.run())
    assert (script.calls, script.failures, set(script.slept)) == (101, 0, {0.0})


def test_the_wait_follows_the_failures_and_not_the_limits_between() -> None:
    """Throttled calls between two failures do not lengthen the second failure's wait."""
    retry = failed(Action.RETRY, retries=5)
    script = Script([retry, *[failed(Action.SNOOZE)] * 8, retry])
    asyncio.run(script.run())
    assert [0.0 if not slept else int(slept) for slept in script.slept] == [1, *[0.0] * 8, 2]


@pytest.mark.parametrize("error", [failed(Action.FAIL, 9), ValueError("ours"), TimeoutError()])
def test_nothing_else_is_tried_again(error: BaseException) -> None:
    """A hopeless request, a fault of ours, a deadline: one call, and the error as it was."""
    script = Script([error])
    with pytest.raises(type(error)) as raised:
        asyncio.run(script.run())
    assert raised.value is error
    assert (script.calls, script.told, script.slept) == (1, [], [])


def test_a_fault_of_ours_tells_where_also_after_a_retry() -> None:
    """The traceback ends where it was raised, and has none of the loop's frames."""
    script = Script([failed(Action.RETRY, retries=5), ValueError("ours")])
    with pytest.raises(ValueError, match="ours") as raised:
        asyncio.run(script.run())
    assert raised.traceback[-1].name == "attempt"
    assert not [entry for entry in raised.traceback if "tenacity" in str(entry.path)]
