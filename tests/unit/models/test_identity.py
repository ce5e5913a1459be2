"""Ids and ranks."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from models import identity


def test_id_is_a_uuid_of_version_7() -> None:
    """An id has the form, the version and the variant of RFC 9562."""
    made = identity.new_id()
    parsed = uuid.UUID(made)
    assert str(parsed) == made
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)


def test_id_begins_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first 48 bits are milliseconds since 1970, so that ids sort by time."""
    moments = [0, 999_999, 1_000_000, 1_767_268_800_000_000_000, (2**48 - 1) * 1_000_000]
    ids = []
    for moment in moments:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        ids.append(identity.new_id())
    assert [uuid.UUID(text).int >> 80 for text in ids] == [moment // 1_000_000 for moment in moments]
    assert sorted(ids[2:]) == ids[2:]


def test_ids_of_one_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """74 random bits keep ids apart that are made at once."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_767_268_800_000_000_000)
    assert len({identity.new_id() for _ in range(10_000)}) == 10_000


def test_ranks_are_microseconds_and_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranks follow the clock, go on from the last one when many are taken at once, and never fall with the clock."""
    monkeypatch.setattr(identity, "_last_rank", 0)
    taken = []
    for moment, count in (
        (5_000_000, 3),
        (5_000_999, 2),
        (4_000_000, 2),
        (9_000_000, 1),
        (9_000_000, 0),
        (9_000_000, 1),
    ):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        taken.append(list(identity.next_ranks(count)))
    assert taken == [[5000, 5001, 5002], [5003, 5004], [5005, 5006], [9000], [], [9001]]


def test_threads_never_share_a_rank() -> None:
    """Ranks taken by many threads at once are all different, and each thread's own rise."""
    with ThreadPoolExecutor(4) as pool:
        ranges = list(pool.map(identity.next_ranks, [50] * 40))
    ranks = [rank for some in ranges for rank in some]
    assert len(set(ranks)) == 2000
    assert all(second - first == 1 for some in ranges for first, second in pairwise(some))
