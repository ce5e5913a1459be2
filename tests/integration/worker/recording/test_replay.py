"""What dead workers left in their spools is recorded by others: once, and as if they had lived to do it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models import ledger
from models.ledger import Finish
from models.session import writing
from models.state import Edge, Outcome
from models.transitions import Hold
from support.jobs import FAILURE, claim, finish, move, read, start
from support.recorders import answer, attempts, recording
from worker.recording import notation
from worker.recording.replay import Replay
from worker.recording.spool import HEADER, Spool, folder
from worker.running.endings import Ending, Failed, HandedBack, Held, Succeeded

Line = tuple[Ending, Finish | None]


def left(home: Path, *lines: Line, worker_id: str = "w1") -> Path:
    """A spool that a dead worker left."""
    spool = Spool(home, worker_id)
    spool.append([notation.write(ending, finish) for ending, finish in lines])
    spool.close()
    return spool.path


def replayed(database: Engine, home: Path, *, times: int = 1) -> None:
    """Let a worker of this home look for spools."""

    async def run() -> None:
        async with recording(database, home, "w2") as recorder:
            replay = Replay(home, recorder)
            for _ in range(times):
                await replay.look()

    asyncio.run(run())


def called(database: Engine, job_id: str = "job-1") -> Hold:
    """A job of `w1` whose first call is under way."""
    hold = claim(database, job_id)
    with writing(database) as connection:
        ledger.begin(connection, [start(hold)])
    return Hold(hold.job_id, hold.claim, 1, 0)


def rescued(database: Engine, hold: Hold) -> None:
    """Let its worker's lease run out."""
    with writing(database) as connection:
        ledger.mark_lost(connection, ["w1"], read(database).created_at)
        assert move(connection, Edge.RESCUE, hold)


def state(database: Engine, job_id: str = "job-1") -> str:
    """A job's state."""
    return str(read(database, job_id).state)


def test_an_answer_left_behind_is_the_jobs_answer(queued: Engine, tmp_path: Path) -> None:
    """Before the dead worker's lease ran out its job is finished; the file is gone, also its folder's only one."""
    hold = called(queued)
    left(tmp_path, (Succeeded(hold), answer("job-1")))
    replayed(queued, tmp_path)
    assert (state(queued), attempts(queued, "job-1")) == ("succeeded", [(1, "succeeded", "answer to job-1")])
    assert [*folder(tmp_path).iterdir()] == []


def test_an_answer_left_behind_is_adopted_by_a_rescued_job(queued: Engine, tmp_path: Path) -> None:
    """It was queued again, and its call marked as lost: nobody pays it twice."""
    hold = called(queued)
    rescued(queued, hold)
    left(tmp_path, (Succeeded(hold), answer("job-1")))
    replayed(queued, tmp_path)
    assert (state(queued), attempts(queued, "job-1")) == ("succeeded", [(1, "succeeded", "answer to job-1")])


def test_an_answer_left_behind_for_an_answered_job_is_kept_beside_it(queued: Engine, tmp_path: Path) -> None:
    """Another was faster: the late one is superseded."""
    hold = called(queued)
    rescued(queued, hold)
    second = claim(queued, "job-1", "w2")
    with writing(queued) as connection:
        ledger.begin(connection, [start(second, "w2", 2)])
        assert move(connection, Edge.SUCCEED, second)
        ledger.close(connection, [finish(second, Outcome.SUCCEEDED, 2, answer="first")])
    left(tmp_path, (Succeeded(hold), answer("job-1", "late")))
    replayed(queued, tmp_path)
    assert attempts(queued, "job-1") == [(1, "superseded", "late to job-1"), (2, "succeeded", "first")]


def test_other_endings_left_behind_are_as_if_they_were_told(queued: Engine, tmp_path: Path) -> None:
    """A refusal, a job handed back, an attempt that was to be followed by another: all without waiting for a lease."""
    refused, released, held = called(queued, "job-1"), claim(queued, "job-2"), called(queued, "job-3")
    left(
        tmp_path,
        (Failed(refused, FAILURE), finish(refused, Outcome.FAILED, 1, code="1026")),
        (HandedBack(released, Edge.RELEASE), None),
        (Held(held), finish(held, Outcome.FAILED, 1, code="1000")),
    )
    replayed(queued, tmp_path)
    assert [state(queued, f"job-{number}") for number in (1, 2, 3)] == ["failed", "queued", "running"]
    assert [attempts(queued, f"job-{number}")[0][1] for number in (1, 3)] == ["failed", "failed"]


def test_a_replay_that_was_killed_is_repeated_and_changes_nothing(queued: Engine, tmp_path: Path) -> None:
    """All of it had been recorded, the file not yet removed, and the job handed back went on meanwhile."""
    answered, released = called(queued, "job-1"), claim(queued, "job-2")
    lines: Sequence[Line] = [(Succeeded(answered), answer("job-1")), (HandedBack(released, Edge.RELEASE), None)]
    left(tmp_path, *lines)
    replayed(queued, tmp_path)
    again = claim(queued, "job-2", "w2")
    left(tmp_path, *lines, *lines)
    replayed(queued, tmp_path)
    assert attempts(queued, "job-1") == [(1, "succeeded", "answer to job-1")]
    job = read(queued, "job-2")
    assert (job.state, job.worker_id, job.claim) == ("running", "w2", again.claim)


def test_the_spool_of_a_living_worker_is_left_alone(queued: Engine, tmp_path: Path) -> None:
    """Its worker waits for the database and will record it."""
    hold = called(queued)
    spool = Spool(tmp_path, "w1")
    spool.append([notation.write(Succeeded(hold), answer("job-1"))])
    replayed(queued, tmp_path)
    assert (state(queued), spool.path.exists()) == ("running", True)
    spool.close()


def test_a_torn_last_line_is_left_out_and_told(
    queued: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker killed in mid-write: what was complete is recorded."""
    first, second = called(queued, "job-1"), called(queued, "job-2")
    path = left(tmp_path, (Succeeded(first), answer("job-1")), (Succeeded(second), answer("job-2")))
    path.write_bytes(path.read_bytes()[:-20])
    replayed(queued, tmp_path)
    assert (state(queued, "job-1"), state(queued, "job-2")) == ("succeeded", "running")
    assert "1 endings were lost, their lines were cut off" in caplog.text
    assert not path.exists()


def test_a_file_that_changed_is_told_of_anew(queued: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Only what was said already is left unsaid; a file that is recorded at last leaves nothing behind."""
    path = left(tmp_path, (Succeeded(called(queued)), answer("job-1")))
    ours = path.read_bytes()
    for content in (ours + b"noise\n", ours + b"noise\n" * 2):
        path.write_bytes(content)
        replayed(queued, tmp_path)
    assert caplog.text.count("that are not ours") == 2
    path.write_bytes(ours)
    replayed(queued, tmp_path)
    assert [*folder(tmp_path).iterdir()] == []


@pytest.mark.parametrize("content", [b"\x7fELF\x02" * 50, HEADER + b"noise\n", b'{"mmq spool":2}\n{}\n'])
def test_a_file_that_is_not_ours_is_kept_and_told_of_once(
    queued: Engine, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither removed nor tried again, and others beside it are recorded; the next worker need not say it all again."""
    strange = folder(tmp_path) / "a.jsonl"
    left(tmp_path, (Succeeded(called(queued)), answer("job-1")))
    strange.write_bytes(content)
    replayed(queued, tmp_path, times=3)
    replayed(queued, tmp_path)
    assert strange.read_bytes() == content
    assert caplog.text.count("kept the file for 1 lines that are not ours") == 1
    assert state(queued) == "succeeded"


def test_a_spool_of_another_database_is_kept_for_its_workers(
    queued: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A home served another database before: what this one does not know is not thrown away, what it knows is used."""
    mine, strange = called(queued), Hold("job-of-another", 1, 1, 0)
    path = left(tmp_path, (Succeeded(strange), answer("job-of-another")), (Succeeded(mine), answer("job-1")))
    replayed(queued, tmp_path)
    assert state(queued) == "succeeded"
    assert path.exists()
    assert "recorded 1 endings, kept the file for 1 lines" in caplog.text


def test_an_ending_that_the_database_refuses_takes_no_other_down(
    queued: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A count beyond any column: the other answer is recorded, and the file kept with both."""
    bad, good = called(queued, "job-1"), called(queued, "job-2")
    impossible = finish(bad, Outcome.SUCCEEDED, 1, answer="a marked answer", prompt_tokens=10**30)
    path = left(tmp_path, (Succeeded(bad), impossible), (Succeeded(good), answer("job-2")))
    replayed(queued, tmp_path)
    assert (state(queued, "job-1"), state(queued, "job-2"), path.exists()) == ("running", "succeeded", True)
    assert "job job-1: its ending is refused" in caplog.text
    assert "a marked answer" not in caplog.text
