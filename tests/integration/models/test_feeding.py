"""Which queued jobs get the next message."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, text

from models import feeding, transitions
from models.session import reading, writing
from models.state import Edge
from support.jobs import HOUR, NOW, claim, new_job, queue, read, register

STALE = NOW - timedelta(seconds=30)


def take(database: Engine, count: int = 10, lane: str = "bulk") -> list[str]:
    """Feed up to `count` jobs of a lane at NOW."""
    with writing(database) as connection:
        return list(feeding.take_next(connection, lane, count, NOW).ids)


def take_turns(database: Engine, counts: list[int]) -> list[list[str]]:
    """Feed again and again, each time from where the last stopped."""
    fed, after = [], feeding.NO_BATCH
    for count in counts:
        with writing(database) as connection:
            taken = feeding.take_next(connection, "bulk", count, NOW, after)
        fed.append(list(taken.ids))
        after = taken.last
    return fed


def test_a_small_batch_does_not_wait_behind_a_large_one(database: Engine) -> None:
    """Three batches and the jobs without one take turns, whatever their ranks, each in its own order."""
    large = [new_job(number, id=f"large-{number}", batch_id="a-large") for number in range(20)]
    small = [new_job(100 + number, id=f"small-{number}", batch_id="b-small") for number in range(2)]
    none = [new_job(200 + number, id=f"none-{number}") for number in range(3)]
    queue(database, *large, *small, *none)
    assert take_turns(database, [6, 4, 2]) == [
        ["large-0", "small-0", "none-0", "large-1", "small-1", "none-1"],
        ["large-2", "none-2", "large-3"],
        ["large-4", "large-5"],
    ]


def test_turns_go_round(database: Engine) -> None:
    """One job a time: every batch has its turn before any has its second, and those left share what is left."""
    queue(database, *(new_job(n, batch_id=f"b{n % 3}") for n in range(6)), new_job(6), new_job(7, batch_id="b1"))
    fed = [ids[0] for ids in take_turns(database, [1] * 8)]
    assert fed == ["job-0", "job-1", "job-2", "job-6", "job-3", "job-4", "job-5", "job-7"]


def test_many_batches_cost_no_more_than_some(database: Engine) -> None:
    """One feeding serves so many batches and leaves the others to the next."""
    count = feeding.MOST_BATCHES + 10
    queue(database, *(new_job(number, batch_id=f"b{number:03}") for number in range(count)))
    first, second = take_turns(database, [1000, 1000])
    assert (len(first), len(second)) == (feeding.MOST_BATCHES, 10)


def test_lowest_rank_goes_first_and_only_once(database: Engine) -> None:
    """Jobs leave their lane by rank, whatever the order of their insertion, each once."""
    queue(database, *(new_job(number) for number in (5, 3, 9, 1, 7)))
    assert [take(database, 2) for _ in range(4)] == [["job-1", "job-3"], ["job-5", "job-7"], ["job-9"], []]


def test_lane_is_fed_from_its_own_jobs(database: Engine) -> None:
    """A lane's messages name jobs of that lane."""
    queue(database, new_job(1, lane="bulk"), new_job(2, lane="default"), new_job(3, lane="interactive"))
    assert take(database, lane="default") == ["job-2"]


def test_only_jobs_that_could_run_now_are_fed(database: Engine) -> None:
    """Left out are jobs that wait for their moment, that are overdue, that have a message, or that run."""
    register(database, "w1")
    second = timedelta(seconds=1)
    queue(
        database,
        new_job(1, id="fed", fed_at=STALE),
        new_job(3, id="overdue", deadline=NOW),
        new_job(4, id="in-time", deadline=NOW + second),
        new_job(5, id="waiting"),
        new_job(6, id="due"),
        new_job(7, id="running"),
    )
    for job_id, run_at in (("waiting", NOW + second), ("due", NOW)):
        hold = claim(database, job_id)
        with writing(database) as connection:
            transitions.hand_back(connection, Edge.RETRY, hold, run_at, NOW)
    claim(database, "running")
    with writing(database) as connection:
        assert feeding.any_ripe(connection, NOW)
        assert feeding.ripen(connection, NOW) == 1
        assert not feeding.any_ripe(connection, NOW)
    assert take(database) == ["in-time", "due"]


def test_window_counts_messages_that_may_still_arrive(database: Engine) -> None:
    """Counted by lane are fed jobs that nobody claimed, all of them or those fed since a moment."""
    register(database, "w1")
    queue(
        database,
        new_job(1, fed_at=NOW),
        new_job(2, fed_at=STALE),
        new_job(3, fed_at=STALE - timedelta(seconds=1)),
        new_job(4, fed_at=NOW, lane="default"),
        new_job(5, fed_at=NOW),
        new_job(6),
    )
    claim(database, "job-5")
    with reading(database) as connection:
        assert feeding.fed_by_lane(connection, STALE) == {"bulk": 2, "default": 1}
        assert feeding.fed_by_lane(connection) == {"bulk": 3, "default": 1}
        assert feeding.oldest_fed(connection) == {
            "bulk": STALE - timedelta(seconds=1),
            "default": NOW,
        }
    with writing(database) as connection:
        assert feeding.unfeed_lost(connection, "bulk", STALE) == 1
        assert feeding.unfeed_lost(connection, "bulk", STALE) == 0
    assert read(database, "job-3").fed_at is None


def test_message_is_noted_on_queued_jobs_only(database: Engine) -> None:
    """A job claimed before its publication was noted stays as it is."""
    register(database, "w1")
    queue(database, new_job(1), new_job(2))
    claim(database, "job-1")
    with writing(database) as connection:
        feeding.mark_fed(connection, ["job-1", "job-2"], NOW)
    assert [read(database, job_id).fed_at for job_id in ("job-1", "job-2")] == [None, NOW]


def test_forgotten_messages_are_sent_again(database: Engine) -> None:
    """After Redis was flushed all jobs can be fed at once, or those that are named."""
    queue(database, *(new_job(number) for number in range(3)))
    take(database)
    with writing(database) as connection:
        feeding.unfeed(connection, ["job-1"])
    assert take(database) == ["job-1"]
    with writing(database) as connection:
        feeding.unfeed(connection)
    assert take(database) == ["job-0", "job-1", "job-2"]


def test_no_plan_feeds_more_than_asked(postgresql: Engine) -> None:
    """Even with a plan that would run a subquery once for each row it joins, `count` is the limit."""
    queue(postgresql, *(new_job(number) for number in range(300)))
    with writing(postgresql) as connection:
        for method in ("hashagg", "hashjoin", "mergejoin", "sort", "material", "indexscan", "bitmapscan"):
            connection.execute(text(f"SET LOCAL enable_{method} = off"))
        assert len(feeding.take_next(connection, "bulk", 5, NOW).ids) == 5
    with reading(postgresql) as connection:
        assert feeding.fed_by_lane(connection, NOW - HOUR) == {"bulk": 5}
