"""What the cluster knows of a budget, for people: `mmq limits` and `mmq show`."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from worker.admission.keys import LANES, BudgetKey
from worker.admission.learning import Lessons
from worker.admission.limits import HEADROOM, MINUTE_US

_FIELDS = """request_us token_us concurrency held minute used_requests used_tokens last_requests last_tokens
gate_until refusals waiting_1 waiting_2 waiting_3"""


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """One budget at one moment. Limits are those that its workers last paced by, None where unlimited or never used."""

    rpm: float | None
    tpm: float | None
    concurrency: int | None
    in_flight: int
    requests_last_minute: float  #: this clock minute's and the rest of the last one's, as a sliding estimate
    tokens_last_minute: float  #: the same; estimates until they are settled
    gate_s: float  #: seconds until the gate opens, 0 when it is open
    refusals: int  #: consecutive ones
    refused: dict[str, int]  #: dimension -> refusals since the budget's state began
    waiting: dict[str, int]  #: lane -> calls that wait in workers
    lessons: Lessons  #: what refusals taught; a dimension whose value is 0 holds as it was told


async def read_status(redis: Redis, budget: BudgetKey) -> BudgetStatus:
    """Read it in one transaction, by the clock of Redis.

    Raises:
        redis.RedisError, OSError: Redis is away.
    """
    async with redis.pipeline(transaction=True) as pipe:
        pipe.time()
        pipe.hgetall(budget.state)
        (seconds, micros), raw = await pipe.execute()
    now_us = seconds * 1_000_000 + micros
    text = {_text(name): _text(value) for name, value in raw.items()}
    field = {name: float(text.get(name, 0)) for name in _FIELDS.split()}
    minute, into = divmod(now_us, MINUTE_US)
    age = minute - field["minute"]
    return BudgetStatus(
        rpm=_per_minute(field["request_us"]),
        tpm=_per_minute(field["token_us"]),
        concurrency=int(field["concurrency"]) or None,
        in_flight=int(field["held"]),
        requests_last_minute=_sliding(field["used_requests"], field["last_requests"], age, into),
        tokens_last_minute=_sliding(field["used_tokens"], field["last_tokens"], age, into),
        gate_s=max(0.0, (field["gate_until"] - now_us) / 1e6),
        refusals=int(field["refusals"]),
        refused={name.removeprefix("refused_"): int(n) for name, n in text.items() if name.startswith("refused_")},
        waiting={lane: int(field[f"waiting_{i}"]) for i, lane in enumerate(LANES, start=1)},
        lessons=Lessons.from_text(text.get("lessons", "")),
    )


def _text(value: bytes | str) -> str:
    # What the scripts keep for themselves is binary.
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _per_minute(interval_us: float) -> float | None:
    return round(MINUTE_US / interval_us / (1 - HEADROOM), 6) if interval_us else None


def _sliding(used: float, last: float, age: float, into_us: float) -> float:
    """Weigh the last clock minute by how much of it lies within the past sixty seconds."""
    if age == 1:
        used, last = 0.0, used
    elif age > 1:
        return 0.0
    return max(0.0, used + last * (1 - into_us / MINUTE_US))
