"""What a purge deletes, and what it must never touch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, func, select, update

from models import acceptance, ledger, queries, transitions
from models.attempt import Attempt
from models.batch import Batch
from models.job import Job
from models.purge import Old, Purged, _following, _locked, purge, survey
from models.session import reading, writing
from models.state import JobState, Outcome
from support.jobs import NOW, WAYS, claim, finish, move, new_job, queue, register, start

MONTH = timedelta(days=30)
OLD = Old(before=NOW + MONTH)
ANSWER = '{"choices": ["Zürich"]}'  # 23 characters, 24 bytes in UTF-8


def ended(database: Engine, number: int, state: JobState, batch_id: str | None = None) -> str:
    """Bring a job into a state at the moment NOW, and return its id."""
    queue(database, new_job(number, batch_id=batch_id, deadline=NOW - MONTH if state is JobState.EXPIRED else None))
    hold = transitions.Hold(f"job-{number}", 0, 0, 0)
    for edge in WAYS[state]:
        with writing(database) as connection:
            move(connection, edge, hold)
        hold = transitions.Hold(hold.job_id, 1, 0, 0)
    return hold.job_id


def answered(database: Engine, number: int, batch_id: str | None = None) -> str:
    """A job that was answered by its second call."""
    queue(database, new_job(number, batch_id=batch_id))
    hold = claim(database, f"job-{number}")
    with writing(database) as connection:
        ledger.begin(connection, [start(hold, number=1)])
        ledger.close(connection, [finish(hold, Outcome.FAILED, number=1, code="1000", error_body="x" * 10)])
        ledger.begin(connection, [start(hold, number=2)])
        ledger.close(connection, [finish(hold, Outcome.SUCCEEDED, number=2, answer=ANSWER)])
        transitions.succeed(connection, [hold], NOW)
    return hold.job_id


def run(database: Engine, old: Old = OLD, portion: int = 2) -> Purged:
    """Purge to the end."""
    return sum(purge(database, old, portion), Purged())


def ids(database: Engine) -> set[str]:
    """The jobs that are left."""
    with reading(database) as connection:
        return set(connection.scalars(select(Job.id)))


@pytest.fixture
def registered(database: Engine) -> Engine:
    """A database with a worker, since only workers claim."""
    register(database, "w1")
    return database


def test_what_ended_long_ago_goes_with_its_attempts(registered: Engine) -> None:
    """The counts and bytes are those that were surveyed before; ä and ü weigh two bytes on both databases."""
    for number in range(5):
        answered(registered, number)
    expected = Purged(jobs=5, attempts=10, bytes=5 * (len('{"messages": []}') + 10 + len(ANSWER.encode())))
    assert survey(registered, OLD) == expected
    assert run(registered) == expected
    assert ids(registered) == set()
    with reading(registered) as connection:
        assert connection.scalar(select(func.count()).select_from(Attempt)) == 0
    assert run(registered) == survey(registered, OLD) == Purged()


def test_every_final_state_goes_and_no_other(registered: Engine) -> None:
    """Queued and running jobs stay however old they are."""
    names = {state: ended(registered, number, state) for number, state in enumerate(JobState)}
    assert run(registered, Old(before=NOW + 100 * MONTH)).jobs == 4
    assert ids(registered) == {names[JobState.QUEUED], names[JobState.RUNNING]}


def test_younger_ones_stay(registered: Engine) -> None:
    """What counts is when a job ended, not when it came."""
    older, younger = (ended(registered, number, JobState.CANCELLED) for number in (1, 2))
    with writing(registered) as connection:
        connection.execute(update(Job).where(Job.id == younger).values(finished_at=NOW + MONTH))
    assert run(registered).jobs == 1
    assert ids(registered) == {younger} != {older}


def test_only_what_is_named_goes(registered: Engine) -> None:
    """States and a batch narrow it; an open state that is asked for is none of it."""
    ended(registered, 1, JobState.FAILED, "a")
    kept = {ended(registered, 2, JobState.CANCELLED, "a"), ended(registered, 3, JobState.FAILED, "b")}
    kept |= {ended(registered, 4, JobState.QUEUED, "a")}
    old = Old(NOW + MONTH, [JobState.FAILED, JobState.QUEUED], "a")
    assert survey(registered, old).jobs == run(registered, old).jobs == 1
    assert ids(registered) == kept


def test_batches_go_when_nothing_of_them_is_left(registered: Engine) -> None:
    """One that was empty all along, too, unless it is as young as one that is just being filled."""
    answered(registered, 1, "done")
    answered(registered, 2, "half")
    queue(registered, new_job(3, batch_id="half"))
    with writing(registered) as connection:
        acceptance.open_batch(connection, "bare", "bare", None, NOW)
        acceptance.open_batch(connection, "young", "young", None, NOW + MONTH)
    assert survey(registered, OLD).batches == run(registered).batches == 2
    with reading(registered) as connection:
        assert set(connection.scalars(select(Batch.id))) == {"half", "young"}


def test_a_job_whose_call_is_still_out_stays(registered: Engine) -> None:
    """It was cancelled in mid-call: the answer that may yet come is paid, and is to be kept."""
    queue(registered, new_job(1))
    hold = claim(registered)
    with writing(registered) as connection:
        ledger.begin(connection, [start(hold)])
        transitions.cancel(connection, Job.id == "job-1", NOW)
    assert run(registered) == survey(registered, OLD) == Purged()
    with writing(registered) as connection:
        ledger.close(connection, [finish(hold, Outcome.SUPERSEDED, answer=ANSWER)])
    assert run(registered).jobs == 1


def test_each_portion_is_committed_and_an_interrupted_purge_goes_on(registered: Engine) -> None:
    """Nobody waits for a lock longer than a portion takes, and what was deleted before Ctrl-C is deleted."""
    for number in range(5):
        ended(registered, number, JobState.CANCELLED)
    first = purge(registered, OLD, portion=2)
    assert next(first).jobs == 2
    first.close()
    assert len(ids(registered)) == 3
    commits: list[object] = []
    event.listen(registered, "commit", commits.append)
    assert [some.jobs for some in purge(registered, OLD, portion=2)] == [2, 1]


def test_a_job_reopened_after_it_was_found_stays(registered: Engine) -> None:
    """What was found is asked again, in the transaction that deletes it."""
    found = [ended(registered, number, JobState.CANCELLED) for number in (1, 2)]
    with writing(registered) as connection:
        connection.execute(update(Job).where(Job.id == "job-2").values(state="queued", finished_at=None))
    with writing(registered) as connection:
        assert _locked(connection, found, OLD) == ["job-1"]


def test_old_jobs_are_found_by_their_end(sqlite: Engine) -> None:
    """A purge of little among much reads little, in each of its portions: it goes by the index."""
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.append((statement, parameters))

    register(sqlite, "w1")
    ended(sqlite, 1, JobState.CANCELLED)
    event.listen(sqlite, "before_cursor_execute", note)
    (job,) = _following(sqlite, OLD, None, 1)
    assert _following(sqlite, OLD, job, 1) == []
    event.remove(sqlite, "before_cursor_execute", note)
    for statement, parameters in [one for one in seen if one[0].startswith("SELECT")]:
        with reading(sqlite) as connection:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        assert "USING INDEX ix_jobs_lately_ended" in str(steps)


def test_a_purged_key_is_new_again(registered: Engine) -> None:
    """What is not known any more cannot be recognised: the same key is another job."""
    queue(registered, new_job(1, idempotency_key="k"))
    with writing(registered) as connection:
        transitions.cancel(connection, Job.id == "job-1", NOW)
        assert acceptance.accept(connection, [new_job(2, idempotency_key="k")]) == set()
    run(registered)
    with writing(registered) as connection:
        assert acceptance.accept(connection, [new_job(2, idempotency_key="k")]) == {"job-2"}


def test_a_job_that_joins_an_old_batch_is_not_lost_with_it(postgresql: Engine) -> None:
    """Inserted and not yet committed while the batch is looked at: it would go with the batch, so the batch stays."""
    with writing(postgresql) as connection:
        acceptance.open_batch(connection, "old", "old", "k", NOW)
    with postgresql.connect() as producer, producer.begin():
        acceptance.accept(producer, [new_job(1, batch_id="old")])
        assert run(postgresql) == Purged()
    assert ids(postgresql) == {"job-1"}
    with reading(postgresql) as connection:
        assert queries.batch(connection, "old") is not None
