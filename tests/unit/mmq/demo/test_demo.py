"""The demonstration's prompts and surroundings."""

from __future__ import annotations

from pathlib import Path

from mmq.demo.prompts import prompts
from mmq.demo.setting import environment, minimax


def test_there_are_200_different_prompts() -> None:
    """Always the same ones, and the first few already of different forms and subjects."""
    all_of_them = prompts(200)
    assert len(set(all_of_them)) == 200
    assert prompts(5) == all_of_them[:5]
    assert len({prompt.split()[0] for prompt in all_of_them[:5]}) > 3


def test_more_is_tried_than_is_allowed() -> None:
    """Or nobody would see a refusal by a limit, and how it is taken."""
    tried = int(environment({}, "http://127.0.0.1:1/v1", Path("/tmp/home"))["MMQ_RPM"])
    assert tried > 60 * minimax().rules[0].limits.requests[0].limit


def test_nobodys_account_takes_part() -> None:
    """Keys, databases and brokers of the environment are left out; the rest is kept."""
    mine = {"MINIMAX_API_KEY": "sk-real", "MMQ_DATABASE_URL": "postgresql://x", "MMQ_REDIS_URL": "redis://x", "A": "b"}
    seen = environment(mine, "http://127.0.0.1:1/v1", Path("/tmp/home"))
    assert seen["MINIMAX_API_KEY"] == minimax().keys[0][0]
    assert seen["A"] == "b"
    assert seen["MMQ_CONFIG"] == "/dev/null", "nor does a mmq.toml of the working folder"
    assert not {"MMQ_DATABASE_URL", "MMQ_REDIS_URL"} & set(seen)
