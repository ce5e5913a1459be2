"""Limits, over real sockets and many calls at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from support.waiting import eventually

if TYPE_CHECKING:
    from conftest import Asker

Start = Callable[..., "Asker"]


def codes(asker: Asker, calls: int, at_once: int = 6, **fields: Any) -> Counter[int]:
    """Return how often each status code came, for so many different prompts."""
    with ThreadPoolExecutor(at_once) as pool:
        return Counter(pool.map(lambda n: asker.code(f"prompt {n}", **fields), range(calls)))


def test_request_rate_is_exact(start: Start) -> None:
    """Of twelve calls at once, the seven beyond the limit are refused."""
    asker = start(rpm=5)
    assert codes(asker, 12) == {0: 5, 1002: 7}
    assert asker.sandbox.stats()["outcomes"] == {"1002": 7, "ok": 5}


def test_token_rate_is_exact(start: Start) -> None:
    """Each of these calls costs six prompt tokens, its header and its two words: four fit into 39."""
    asker = start(tpm=39, words=(2, 2), reasoning_words=0)
    assert asker.post("prompt x").json()["usage"]["total_tokens"] == 8
    asker.sandbox.reset()
    assert codes(asker, 10) == {0: 4, 1039: 6}


def test_concurrency_is_never_exceeded(start: Start) -> None:
    """Two calls hang: a third is refused, until one of them leaves."""
    asker = start(concurrency=2)
    with asker.opened("[[mmq:hang]] one"):
        with asker.opened("[[mmq:hang]] two"):
            assert asker.code("three") == 1041
        eventually(lambda: asker.sandbox.stats()["in_flight"] == 1)
        assert asker.code("three") == 0
    assert asker.sandbox.stats()["budgets"][0]["max_in_flight"] == 2


def test_models_have_budgets_of_their_own_and_keys_of_a_group_share(start: Start) -> None:
    """Per account and model, not per key."""
    asker = start(rpm=1, keys=[("k1", "7"), ("k2", "7"), ("k3", "8")])
    assert asker.code("a", key="k1") == 0
    assert asker.code("a", key="k2") == 1002
    assert asker.code("a", key="k3") == 0
    assert asker.code("a", key="k1", model="MiniMax-M3") == 0


def test_limits_change_while_it_runs(start: Start) -> None:
    """Through the control path, for one model; reset brings back those of the start."""
    asker = start(rpm=100)
    body = {"model": "MiniMax-M2.5", "rpm": 1}
    assert asker.control("POST", "limits", json=body).json() == {"limits": body}
    assert [asker.code("a"), asker.code("b")] == [0, 1002]
    asker.control("POST", "reset")
    assert [asker.code("a"), asker.code("b")] == [0, 0]


@pytest.mark.parametrize("body", [[], {"rpm": "many"}, {"speed": 3}, {"model": 3, "rpm": 3}, {"growth": {"x": 1}}])
def test_impossible_limits_are_refused(asker: Asker, body: object) -> None:
    """And nothing changes."""
    before = asker.sandbox.stats()["budgets"]
    assert asker.control("POST", "limits", json=body).status_code == 400
    assert asker.sandbox.stats()["budgets"] == before


def test_refused_stream_is_json(start: Start) -> None:
    """A stream that is not let in is no stream."""
    asker = start(rpm=0)
    response = asker.post("a", stream=True)
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["choices"] is None
