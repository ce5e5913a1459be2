"""What a follower waits for."""

from __future__ import annotations

from contextlib import closing

from mmq.polling import LONGEST_POLL_S
from mmq.streaming.follow import Line


def test_redis_keeps_a_follower_no_longer_than_a_look_at_the_database() -> None:
    """One that swallows packets would put off its timeout: for so long, and once more for each time it is retried."""
    with closing(Line("redis://127.0.0.1:1/0", "j")) as line:
        settings = line._redis.get_connection_kwargs()
    assert settings["socket_timeout"] <= LONGEST_POLL_S
    assert settings["socket_connect_timeout"] <= LONGEST_POLL_S
    assert settings["retry"].get_retries() == 0
