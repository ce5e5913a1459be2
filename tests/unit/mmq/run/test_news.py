"""Saying that trouble is over."""

from __future__ import annotations

from mmq.run.news import News


def test_what_has_passed_is_said_once_with_how_long_it_took() -> None:
    """Each by itself; what lasts is not repeated."""
    said: list[str] = []
    now = [0.0]
    news = News(said.append, lambda: now[0])
    for amiss in ([], ["Redis is back"], ["Redis is back", "the database is back"], ["Redis is back"], [], []):
        news.see(amiss)
        now[0] += 2.0
    assert said == ["mmq: the database is back, after 2.0 s", "mmq: Redis is back, after 6.0 s"]
