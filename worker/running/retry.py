"""Which failures of a call are worth another, how many, and after what wait. The only door to tenacity."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from worker.errors import CallFailed
from worker.provider.classification import Action

LONGEST_WAIT_S = 30.0
_AT_ONCE = frozenset({Action.SNOOZE, Action.PAUSE})  # not the job's fault: the way to a call decides on any wait
JITTER = 0.25  # up to a quarter more, so that what failed together does not come back together


def backoff(n: int) -> float:
    """Return `min(2 ** n, 30)` seconds: 1 s, 2 s, 4 s, 8 s, 16 s, then 30 s, before jitter.

    Source: the integration guide, error 1002.
    """
    return min(2.0 ** min(n, 10), LONGEST_WAIT_S)


def jittered(seconds: float) -> float:
    """Return the wait, lengthened at random by up to a quarter: never shorter than what was promised."""
    return seconds * (1.0 + random.random() * JITTER)  # noqa: S311


def retrying(
    *,
    failures: Callable[[], int],
    before_wait: Callable[[BaseException, float], Awaitable[None]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncRetrying:
    """Return tenacity's loop for the attempts of one job.

    `failures` tells how many attempts the job has spent, over all workers that held it. `before_wait` is awaited with
    the error and the seconds to come. What is thrown in the end is the last error, as it was.
    """

    def wait(state: RetryCallState) -> float:
        # For a limit the gate keeps the wait, for everybody; a paused account leaves the way to another one. Here it is
        # only for what failed by itself.
        return 0.0 if _failed(state).verdict.action in _AT_ONCE else jittered(backoff(max(failures() - 1, 0)))

    def stop(state: RetryCallState) -> bool:
        verdict = _failed(state).verdict
        return verdict.action is Action.RETRY and failures() > verdict.retries

    async def before_sleep(state: RetryCallState) -> None:
        await before_wait(_failed(state), state.upcoming_sleep)

    return AsyncRetrying(
        retry=retry_if_exception(_again), wait=wait, stop=stop, sleep=sleep, before_sleep=before_sleep, reraise=True
    )


async def persistently(attempt: Callable[[], Awaitable[None]], **how: Any) -> None:
    """Await attempts as `retrying` says, which takes the other arguments.

    Tenacity is asked when the first has failed: to set up its loop takes a tenth of the CPU of a job that never does.
    What it threw holds nothing of the loop: they would hold each other, and the prompt, until the collector comes.
    """
    try:
        await attempt()
    except CallFailed as failed:
        failures = [failed]
    else:
        return
    loop = retrying(**how)
    thrown: BaseException | None = None
    trace: TracebackType | None = None

    async def step() -> None:
        nonlocal thrown, trace
        try:
            if failures:
                raise failures.pop()
            await attempt()
        except BaseException as exc:
            thrown, trace = exc, exc.__traceback__
            raise

    try:
        await loop(step)
    finally:
        if thrown is not None:
            thrown.__traceback__ = trace  # without the loop's own frames
        loop.iter_state.reset()
        thrown = trace = None


def _again(error: BaseException) -> bool:
    return isinstance(error, CallFailed) and error.verdict.action in {Action.RETRY, *_AT_ONCE}


def _failed(state: RetryCallState) -> CallFailed:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, CallFailed):  # pragma: no cover - _again let nothing else through
        raise TypeError(f"not a failed call: {error!r}")
    return error
