"""How many jobs wait in a lane, counted no further than somebody wants to know."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, Engine, event, update

from models import backlog, transitions
from models.job import Job
from models.session import reading, writing
from models.state import Edge
from support.jobs import NOW, claim, new_job, queue, register


def test_all_that_is_queued_in_the_lane_counts_and_nothing_else(database: Engine) -> None:
    """Ready, with a message under way, and delayed; neither running nor finished ones, nor another lane's."""
    register(database, "w1")
    fed = [new_job(number, fed_at=NOW) for number in (3, 4)]
    queue(
        database, new_job(1), new_job(2), *fed, *(new_job(number) for number in (5, 6, 7)), new_job(8, lane="default")
    )
    delayed = claim(database, "job-5")
    claim(database, "job-6")
    with writing(database) as connection:
        transitions.hand_back(connection, Edge.SNOOZE, delayed, NOW + timedelta(hours=1), NOW)
        transitions.cancel(connection, Job.id == "job-7", NOW)
        connection.execute(update(Job).where(Job.id == "job-4").values(run_at=NOW))
    with reading(database) as connection:
        assert backlog.queued(connection, "bulk", 100) == 5
        assert backlog.queued(connection, "default", 100) == 1
        assert backlog.queued(connection, "interactive", 100) == 0


def test_counting_stops_behind_the_bound(database: Engine) -> None:
    """A million queued jobs cost no more than the bound: it is enough to know that there are more."""
    queue(database, *(new_job(number) for number in range(50)))
    with reading(database) as connection:
        assert backlog.queued(connection, "bulk", 10) == 11
        assert "LIMIT" in "".join(statements(connection))


def test_delayed_jobs_of_other_lanes_are_read_no_further_than_the_bound(database: Engine) -> None:
    """All lanes share their index; what is delayed elsewhere is not counted here."""
    queue(database, new_job(1), *(new_job(number, lane="default") for number in range(2, 22)))
    with writing(database) as connection:
        connection.execute(update(Job).where(Job.lane == "default").values(run_at=NOW))
    with reading(database) as connection:
        assert [backlog.queued(connection, "bulk", most) for most in (5, 100)] == [1, 1]
        assert [backlog.queued(connection, "default", most) for most in (5, 100)] == [6, 20]


def statements(connection: Connection) -> list[str]:
    """What a count sends to the database."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    backlog.queued(connection, "bulk", 10)
    return seen
