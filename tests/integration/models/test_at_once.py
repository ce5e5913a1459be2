"""Two workers, two feeders, or a worker and its burial at the same moment, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine, text

from models import burial, feeding, leases, ledger, queries, transitions
from models.acceptance import accept
from models.session import reading, writing
from models.state import JobState
from support.jobs import HOUR, NOW, claim, new_job, queue, read, register, start

JOBS = [f"job-{number}" for number in range(200)]
LONGEST_WAIT_S = 20.0
TO_A_MESSAGE = 20


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for the other side of a race."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def wait_until_blocked(database: Engine) -> None:
    """Return when a connection of this PostgreSQL database waits for a lock of another."""
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(20_000):
        with database.connect() as connection:
            if connection.scalar(blocked):
                return
    raise AssertionError("nobody waits for a lock")


def test_two_workers_never_claim_the_same_job(database: Engine, threads: ThreadPoolExecutor) -> None:
    """Workers that claim the same ids at once share them: every job is claimed, and by one of them."""
    register(database, "w0", "w1", "w2", "w3")
    queue(database, *(new_job(number) for number in range(len(JOBS))))
    begin = Barrier(4)

    def work(number: int) -> list[str]:
        begin.wait(LONGEST_WAIT_S)
        mine: list[str] = []
        for first in range(0, len(JOBS), TO_A_MESSAGE):
            with writing(database) as connection:
                ids = JOBS[first : first + TO_A_MESSAGE]
                mine += [row.id for row in transitions.claim(connection, ids, f"w{number}", NOW)]
        return mine

    claimed = [job_id for ids in threads.map(work, range(4)) for job_id in ids]
    assert sorted(claimed) == sorted(JOBS)


def test_two_feeders_never_feed_the_same_job(database: Engine, threads: ThreadPoolExecutor) -> None:
    """Should two processes believe that they lead, a job still gets one message."""
    queue(database, *(new_job(number) for number in range(len(JOBS))))
    begin = Barrier(4)

    def feed(_: int) -> list[str]:
        begin.wait(LONGEST_WAIT_S)
        mine: list[str] = []
        for _round in range(20):
            with writing(database) as connection:
                mine += feeding.take_next(connection, "bulk", 10, NOW).ids
        return mine

    fed = [job_id for ids in threads.map(feed, range(4)) for job_id in ids]
    assert sorted(fed) == sorted(JOBS)


def test_claim_passes_by_what_another_is_claiming(postgresql: Engine) -> None:
    """On PostgreSQL a worker does not wait for another's open claim, but takes the rest."""
    register(postgresql, "w1", "w2")
    queue(postgresql, new_job(1), new_job(2))
    with writing(postgresql) as first, writing(postgresql) as second:
        assert len(transitions.claim(first, ["job-1"], "w1", NOW)) == 1
        (row,) = transitions.claim(second, ["job-1", "job-2"], "w2", NOW)
    assert row.id == "job-2"


def in_between(
    database: Engine, threads: ThreadPoolExecutor, first: Callable[[Connection], object], dead: str
) -> Future[list[str]]:
    """Bury a worker while `first` has been done but not committed; the burial must wait for it."""

    def bury() -> list[str]:
        with writing(database) as connection:
            return list(burial.bury(connection, [dead], NOW).rescued)

    with writing(database) as connection:
        first(connection)
        buried = threads.submit(bury)
        wait_until_blocked(database)
    return buried


def test_burial_sees_a_claim_under_way(postgresql: Engine, threads: ThreadPoolExecutor) -> None:
    """A job claimed while its worker is being buried is rescued, not left to a worker that no longer exists."""
    register(postgresql, "w1", lease_until=NOW)
    queue(postgresql, new_job())
    buried = in_between(postgresql, threads, lambda c: transitions.claim(c, ["job-1"], "w1", NOW), "w1")
    assert buried.result(LONGEST_WAIT_S) == ["job-1"]
    assert read(postgresql).state == JobState.QUEUED


def test_burial_sees_a_renewal_under_way(postgresql: Engine, threads: ThreadPoolExecutor) -> None:
    """A worker that renews at the last moment keeps its jobs."""
    register(postgresql, "w1", lease_until=NOW)
    queue(postgresql, new_job())
    claim(postgresql)
    buried = in_between(postgresql, threads, lambda c: leases.renew(c, "w1", NOW + HOUR), "w1")
    assert buried.result(LONGEST_WAIT_S) == []
    assert read(postgresql).state == JobState.RUNNING


def test_burial_counts_a_call_under_way(postgresql: Engine, threads: ThreadPoolExecutor) -> None:
    """A call written while its job is being rescued has its number counted, so that the next call has another."""
    register(postgresql, "w1", lease_until=NOW)
    queue(postgresql, new_job())
    hold = claim(postgresql)
    buried = in_between(postgresql, threads, lambda c: ledger.begin(c, [start(hold)]), "w1")
    assert buried.result(LONGEST_WAIT_S) == ["job-1"]
    assert read(postgresql).attempts == 1
    with reading(postgresql) as connection:
        assert [row.outcome for row in queries.attempts(connection, "job-1")] == ["lost"]


def test_reader_sees_one_snapshot(database: Engine) -> None:
    """Two reads in one transaction agree, whatever is committed in between."""
    queue(database, new_job(1, batch_id="b"))
    with reading(database) as connection:
        before = queries.counts(connection, "b")
        queue(database, new_job(2, batch_id="b"))
        assert queries.counts(connection, "b") == before == {"queued": 1}
    with reading(database) as connection:
        assert queries.counts(connection, "b") == {"queued": 2}


def test_sqlite_writer_waits_for_another(sqlite: Engine, threads: ThreadPoolExecutor) -> None:
    """A writer that reads first waits for the writer before it and sees its rows, rather than fail as locked."""
    queue(sqlite, new_job(1, batch_id="b"))
    asked = Barrier(2)

    def read_then_write() -> int:
        asked.wait(LONGEST_WAIT_S)
        with writing(sqlite) as connection:
            seen = sum(queries.counts(connection, "b").values())
            feeding.mark_fed(connection, ["job-1"], NOW)
        return seen

    with writing(sqlite) as connection:
        accept(connection, [new_job(2, batch_id="b")])
        second = threads.submit(read_then_write)
        asked.wait(LONGEST_WAIT_S)
        assert not second.done()
    assert second.result(LONGEST_WAIT_S) == 2
    assert read(sqlite).fed_at == NOW


def test_sqlite_reader_is_not_kept_waiting_by_a_writer(sqlite: Engine) -> None:
    """While somebody writes, others read what was committed before."""
    queue(sqlite, new_job(1, batch_id="b"))
    with writing(sqlite) as writer, reading(sqlite) as reader:
        writer.execute(text("DELETE FROM jobs"))
        assert queries.counts(reader, "b") == {"queued": 1}


def test_long_frozen_worker_finds_its_lease_gone(database: Engine) -> None:
    """A buried worker is told so when it renews, and can claim nothing under its old name."""
    register(database, "w1", lease_until=NOW)
    queue(database, new_job())
    with writing(database) as connection:
        assert burial.bury(connection, ["w1"], NOW + timedelta(seconds=1)).rescued == []
        assert not leases.renew(connection, "w1", NOW + HOUR)
        assert transitions.claim(connection, ["job-1"], "w1", NOW) == []
