"""Real runs against a sandbox of 20 requests a second in a sliding window, 10 at once, 200 ms a call.

python -m benchmarks.pacing
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sqlalchemy import func, select

from benchmarks.figure import Figure, table
from benchmarks.place import Place, place, until
from models.job import Job
from models.session import reading

RPS, AT_ONCE = 20, 10
SANDBOX = ("--rps", str(RPS), "--concurrency", str(AT_ONCE), "--latency-ms", "200", "--jitter", "0")
JOBS = 300
LEARN_S, HOLD_S = 120.0, 60.0
BEFORE_S, HALVED_S, RESTORED_S, LAST_S = 20.0, 60.0, 90.0, 30.0
RATE_OVER_S = 10.0
SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Sample:
    """What the sandbox had counted at a moment, in seconds since the jobs were submitted."""

    at: float
    calls: int
    answered: int


def told(scenario: str, rpm: int, concurrency: int, most_s: float, refusals: tuple[str, float]) -> list[Figure]:
    """Run 300 jobs under these limits, from their submission to the last answer recorded."""
    with place(*SANDBOX, MMQ_RPM=str(rpm), MMQ_CONCURRENCY=str(concurrency)) as here:
        batch = here.queue.submit_many([f"prompt {number}" for number in range(JOBS)])
        counts = here.counts
        until(lambda: counts(batch.id).get("succeeded", 0) + counts(batch.id).get("failed", 0) == JOBS, "stuck", 180.0)
        with reading(here.database) as connection:
            ends = select(func.min(Job.created_at), func.max(Job.finished_at)).where(Job.batch_id == batch.id)
            begun, ended = connection.execute(ends).one()
        stats, lost = here.stats(), JOBS - counts(batch.id).get("succeeded", 0)
    refused = stats["calls"] - stats["answered"]
    unit, most = refusals
    share = refused if unit == "" else 100 * refused / stats["calls"]
    return [
        Figure(
            scenario, "300 jobs, from submission to the last record", (ended - begun).total_seconds(), "s", limit=most_s
        ),
        Figure(scenario, "refusals", share, unit, limit=most),
        Figure(scenario, "jobs lost", lost, limit=0),
    ]


def told_right() -> list[Figure]:
    """Return the figures for the limits as they are."""
    return told("right limits", RPS * 60, AT_ONCE, 15.5, ("", 3))


def told_twice() -> list[Figure]:
    """Return the figures for twice the limits."""
    return told("told twice the limits", 2 * RPS * 60, 2 * AT_ONCE, 16.7, ("%", 5.0))


def told_nothing() -> list[Figure]:
    """Return the figures where nothing is configured, the true rate being 2.4 times the published 500 a minute."""
    with place(*SANDBOX) as here:
        samples = watched(here, LEARN_S + HOLD_S)
    scenario = "told nothing, 2.4 times the published rate"
    reached = next((sample.at for sample in samples if rate(samples, sample.at) >= SHARE * RPS), float("inf"))
    held = (samples[-1].answered - at(samples, LEARN_S).answered) / (samples[-1].at - at(samples, LEARN_S).at)
    refused = samples[-1].calls - samples[-1].answered
    return [
        Figure(scenario, "90 % of the true rate reached after", reached, "s", limit=LEARN_S),
        Figure(scenario, "held in the minute after", 100 * held / RPS, "%", "at least", 100 * SHARE),
        Figure(scenario, "refusals", 100 * refused / samples[-1].calls, "%", limit=2.0),
    ]


def halved_and_restored() -> list[Figure]:
    """Return the figures for limits told right, halved by the provider in mid-run, and restored."""
    moments = [(BEFORE_S, RPS // 2), (BEFORE_S + HALVED_S, RPS)]
    end = BEFORE_S + HALVED_S + RESTORED_S
    with place(*SANDBOX, MMQ_RPM=str(RPS * 60), MMQ_CONCURRENCY=str(AT_ONCE)) as here:
        samples = watched(here, end, lambda now: moments and now >= moments[0][0] and steer(here, moments.pop(0)[1]))
    scenario = "limits halved and restored in mid-run"
    refused = samples[-1].calls - samples[-1].answered
    return [
        Figure(
            scenario, "last 30 s of the halved minute", last(samples, BEFORE_S + HALVED_S, RPS / 2), "%", "at least", 90
        ),
        Figure(scenario, "last 30 s, 60 s after restoring", last(samples, end, RPS), "%", "at least", 90),
        Figure(scenario, "refusals", 100 * refused / samples[-1].calls, "%"),
    ]


def steer(here: Place, rps: int) -> None:
    """Let the sandbox allow another rate from now on."""
    here.set_limits(rps=rps, concurrency=AT_ONCE)


def watched(here: Place, seconds: float, each: Callable[[float], object] = lambda _: None) -> list[Sample]:
    """Submit more jobs than can be done, and look at the sandbox every half second."""
    here.queue.submit_many([f"prompt {number}" for number in range(int(1.2 * RPS * seconds))])
    begun, samples = time.monotonic(), [Sample(0.0, 0, 0)]
    while samples[-1].at < seconds:
        time.sleep(0.5)
        stats, now = here.stats(), time.monotonic() - begun
        samples.append(Sample(now, stats["calls"], stats["answered"]))
        each(now)
    return samples


def at(samples: list[Sample], moment: float) -> Sample:
    """Return the last sample at or before a moment."""
    return max((sample for sample in samples if sample.at <= moment), key=lambda sample: sample.at)


def rate(samples: list[Sample], moment: float) -> float:
    """Return answers a second over the ten seconds before a moment, 0 before there are so many."""
    if moment < RATE_OVER_S:
        return 0.0
    now, before = at(samples, moment), at(samples, moment - RATE_OVER_S)
    return (now.answered - before.answered) / (now.at - before.at)


def last(samples: list[Sample], end: float, true_rate: float) -> float:
    """Return the percentage of a true rate over the 30 s before a moment."""
    now, before = at(samples, end), at(samples, end - LAST_S)
    return 100 * (now.answered - before.answered) / (now.at - before.at) / true_rate


def figures() -> list[Figure]:
    """Run all. The two long ones, which measure rates and not moments, run side by side."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        short = [*told_right(), *told_twice()]
        long = [pool.submit(told_nothing), pool.submit(halved_and_restored)]
        return [*short, *(figure for run in long for figure in run.result())]


if __name__ == "__main__":
    print(table(figures()))
