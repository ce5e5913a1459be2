from __future__ import annotations

from typing import Any

import pytest

from worker.provider.reply import Usage
from worker.provider.wire.usage import usage_of


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, Usage(3, 4, 7)),
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4, 7)),
        ({"total_tokens": 7}, Usage(0, 0, 7)),
        ({"total_tokens": 7, "prompt_tokens_details": {"cached_tokens": 2}}, Usage(0, 0, 7, cached_tokens=2)),
        ({"total_tokens": 0, "prompt_tokens": 0}, None),
        ({"total_tokens": 2**40}, None),
        ({"total_tokens": -1}, None),
        ({"total_tokens": "7"}, None),
        (None, None),
    ],
)
def test_usage_is_read_or_is_none(reported: Any, usage: Usage | None) -> None:
    """Zeros and nonsense count nothing."""
    assert usage_of(reported) == usage


def test_a_sum_of_counts_fits_its_column() -> None:
    """PostgreSQL would refuse a larger number, and the answer with it."""
    most = 2**30 - 1
    usage = usage_of({"prompt_tokens": most, "completion_tokens": most})
    assert usage is not None
    assert usage.total_tokens < 2**31
