"""The local stack: real Redis, real SQLite, stand-in workers; each test looks for what is left behind."""

from __future__ import annotations

import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from mmq import schema
from mmq.local.process import ProcessEnded
from mmq.local.redis import answers
from mmq.local.stack import Stack
from models import acceptance, leases
from models.job import Job
from models.lane import Lane
from models.session import reading, writing
from models.table import utcnow
from support.jobs import new_job
from support.processes import Parent, of_group
from support.waiting import eventually
from worker import settings
from worker.configuration.broker import socket_path
from worker.errors import ConfigurationError, Unavailable
from worker.recording import liveness

KEY = "sk-api-planted-in-a-test"
ALL_LANES = ",".join(Lane)
# Tells its process id, its home and its arguments, then works until it is asked to stop, as a worker does.
WORKER = ["sh", "-c", "trap 'echo stopped; exit 0' TERM; echo $$ $MMQ_HOME; while :; do sleep 0.02; done", "mmq-worker"]


@pytest.fixture
def home():
    """A home that does not exist yet, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="mmq-", dir="/tmp") as folder:
        yield Path(folder) / "home"


def stack_of(home: Path, **options) -> Stack:
    """A stack of stand-in workers, with a key in its environment."""
    environ = {"MMQ_HOME": str(home), "MINIMAX_API_KEY": KEY, "PATH": "/usr/bin:/bin"}
    options = {"worker_command": WORKER, "grace": 30, **options}
    return Stack(settings.load(environ), environ=environ, **options)


def worker_log(home: Path) -> str:
    """What the first worker wrote."""
    log = home / "logs" / "worker-1.log"
    return log.read_text() if log.exists() else ""


def register(stack: Stack, worker_id: str, lease=timedelta(minutes=5), lanes=ALL_LANES) -> None:
    """Put a worker into the workers' table, as a worker does that starts."""
    now = utcnow()
    row = {"id": worker_id, "name": "celery@here", "pid": 1, "lanes": lanes, "capacity": 1, "started_at": now}
    with writing(stack.database) as connection:
        leases.register(connection, row | {"lease_until": now + lease})


def test_entering_starts_redis_schema_and_worker_and_leaving_leaves_nothing(home):
    """All in one: with no service on the machine, jobs can be done; afterwards nothing runs."""
    with stack_of(home) as stack:
        eventually(lambda: str(home) in worker_log(home))
        worker = int(worker_log(home).split()[0])
        assert of_group(worker)
        assert answers(socket_path(home))
        assert not schema.behind(stack.database)
        stack.check()
    assert not answers(socket_path(home))
    assert "stopped" in worker_log(home)
    eventually(lambda: not of_group(worker))


def test_a_redis_of_others_that_is_away_is_named_without_its_password(home):
    """It is not ours to start, so a run would wait for it without a word."""
    environ = {"MMQ_HOME": str(home), "MINIMAX_API_KEY": KEY, "MMQ_REDIS_URL": "redis://:marked@127.0.0.1:1/0"}
    with Stack(settings.load(environ), worker_command=WORKER, grace=30, environ=environ) as stack:
        with pytest.raises(Unavailable, match=r"Redis does not answer: .*127\.0\.0\.1:1") as caught:
            stack.check()
        assert "marked" not in str(caught.value)


def test_what_holds_prompts_and_answers_is_private(home):
    """The home and the logs can be entered by their owner alone."""
    with stack_of(home, workers=0):
        pass
    assert [(home / name).stat().st_mode & 0o777 for name in (".", "logs")] == [0o700, 0o700]


def test_the_folder_of_a_sqlite_file_elsewhere_is_made_private(home):
    """MMQ_DATABASE_URL may name a file whose folder does not exist yet."""
    elsewhere = home.parent / "elsewhere"
    environ = {"MMQ_HOME": str(home), "MMQ_DATABASE_URL": f"sqlite:///{elsewhere}/jobs.sqlite3"}
    with Stack(settings.load(environ), workers=0, environ=environ):
        assert (elsewhere / "jobs.sqlite3").exists()
    assert elsewhere.stat().st_mode & 0o777 == 0o700


def test_no_key_in_arguments_or_logs(home):
    """Every user of the machine sees arguments; the key is in the worker's environment alone."""
    with stack_of(home):
        eventually(lambda: worker_log(home))
        arguments = subprocess.run(
            ["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True
        ).stdout
        assert "mmq-worker" in arguments
        assert KEY not in arguments
    assert all(KEY.encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_several_workers_are_started_and_stopped_together(home):
    """Each has a log of its own."""
    logs = [home / "logs" / f"worker-{number}.log" for number in (1, 2, 3)]
    with stack_of(home, workers=3):
        eventually(lambda: all(log.exists() and log.read_text() for log in logs))
    assert all("stopped" in log.read_text() for log in logs)


def test_a_worker_that_dies_early_is_an_error_with_its_last_words(home):
    """Nobody waits for ever on a worker that cannot start."""
    with stack_of(home, worker_command=["sh", "-c", "echo no such module >&2; exit 1"]) as stack:

        def died() -> ProcessEnded | None:
            try:
                stack.check()
            except ProcessEnded as error:
                return error
            return None

        assert "worker-1 ended with exit code 1" in (message := str(eventually(died)))
        assert message.endswith("no such module")
    assert not answers(socket_path(home))


def test_no_worker_is_started_beside_one_that_serves(home):
    """A second run in the same home uses the worker of the first."""
    with stack_of(home, workers=0) as first:
        hold = liveness.hold(home, "other")
        register(first, "other")
        with stack_of(home) as second:
            second.check()
            assert worker_log(home) == ""
            # The other one begins to stop: it takes no more jobs, so this run starts its own.
            hold.release()
            second.check()
            eventually(lambda: worker_log(home))


def test_workers_that_leave_a_lane_unserved_are_joined_by_one_of_ours(home):
    """A run's jobs may be in any lane, and would wait for ever in one that nobody serves."""
    with stack_of(home, workers=0) as first:
        locks = [liveness.hold(home, name) for name in ("a", "b")]
        register(first, "a", lanes="interactive,default")
        with stack_of(home):
            eventually(lambda: worker_log(home))
        (home / "logs" / "worker-1.log").unlink()
        register(first, "b", lanes="bulk")
        with stack_of(home):
            assert worker_log(home) == ""
        for lock in locks:
            lock.release()


def test_a_worker_elsewhere_does_not_count_where_redis_is_embedded(home):
    """It shares the database, but cannot hear a Redis that listens on this machine's socket."""
    with stack_of(home, workers=0) as first:
        register(first, "on-another-machine")
    with stack_of(home):
        eventually(lambda: worker_log(home))


def test_a_run_takes_over_redis_from_one_that_ended(home):
    """Two runs in one home: the first had started Redis; the second starts its own as soon as it checks."""
    first = stack_of(home, workers=0)
    first.__enter__()
    with stack_of(home, workers=0) as second:
        first.stop()
        assert not answers(socket_path(home))
        second.check()
        assert answers(socket_path(home))


def running_job(stack: Stack, worker_id: str) -> None:
    """Put a job into SQL that a worker holds."""
    now = utcnow()
    with writing(stack.database) as connection:
        connection.execute(
            insert(Job).values(
                id="job", lane="default", rank=1, model="MiniMax-M2.7", request="{}", state="running", claim=1,
                worker_id=worker_id, created_at=now, claimed_at=now, attempts=1,
            )
        )  # fmt: skip


def state_of_job(stack: Stack) -> str:
    """The state that SQL holds."""
    with reading(stack.database) as connection:
        return connection.scalar(select(Job.state))


def test_jobs_of_a_killed_worker_are_given_back_at_once(home):
    """Its lease holds for minutes more, but its lock shows that it is dead. What it was only told of is fed anew."""
    with (
        stack_of(home, workers=0) as stack,
        Parent(
            "from pathlib import Path; from worker.recording import liveness\n"
            f"hold = liveness.hold(Path({str(home)!r}), 'killed'); print('held', flush=True); input()"
        ),
    ):
        register(stack, "killed")
        running_job(stack, "killed")
        with writing(stack.database) as connection:
            acceptance.accept(connection, [new_job(2, batch_id=None, fed_at=utcnow())])
    with stack_of(home, workers=0) as stack:
        assert state_of_job(stack) == "queued"
        with reading(stack.database) as connection:
            assert connection.scalars(select(Job.fed_at)).all() == [None, None]
            assert leases.alive(connection, utcnow()) == []
    assert list((home / "workers").iterdir()) == []


def test_jobs_of_a_living_worker_are_left_alone(home):
    """A second run in the same home buries nobody who lives."""
    with stack_of(home, workers=0) as first:
        hold = liveness.hold(home, "living")
        register(first, "living")
        running_job(first, "living")
        with stack_of(home, workers=0) as second:
            assert state_of_job(second) == "running"
        hold.release()


def test_a_killed_run_leaves_nothing_and_the_next_one_starts_anew(home):
    """SIGKILL of the process that holds the stack: worker and Redis end by themselves."""
    script = f"""
import os
from mmq.local.stack import Stack
from worker import settings
environ = dict(os.environ, MMQ_HOME={str(home)!r})
with Stack(settings.load(environ), worker_command={WORKER!r}, environ=environ, grace=30) as stack:
    print(stack.redis.child.pid, flush=True); input()
"""
    with Parent(script) as parent:
        eventually(lambda: worker_log(home))
        assert answers(socket_path(home))
    worker = int(worker_log(home).split()[0])
    eventually(lambda: "stopped" in worker_log(home))
    eventually(lambda: not of_group(worker))
    eventually(lambda: not of_group(int(parent.answer)))
    with stack_of(home):
        eventually(lambda: worker_log(home).count(str(home)) == 2)


def test_two_runs_that_begin_together_share_one_new_home(home):
    """Neither migrates under the other's feet, and one Redis serves both."""
    script = f"""
from mmq.local.stack import Stack
from worker import settings
with Stack(settings.load({{'MMQ_HOME': {str(home)!r}}}), workers=0) as stack:
    print('redis' if stack.redis.child else 'shared', flush=True); input()
"""
    first, second = Parent(script), Parent(script)
    with first, second:
        assert sorted([first.answer, second.answer]) == ["redis", "shared"]


def test_a_database_that_is_away_is_told_without_its_password(home):
    """Nothing listens on that port; the error says so, and nothing is left running."""
    environ = {"MMQ_HOME": str(home), "MMQ_DATABASE_URL": "postgresql://mmq:secret-word@127.0.0.1:1/mmq"}
    with pytest.raises(Unavailable) as caught, Stack(settings.load(environ), environ=environ):
        pass
    assert "the database cannot be used" in str(caught.value)
    assert "secret-word" not in str(caught.value)
    assert not answers(socket_path(home))


def test_a_home_that_cannot_be_made_is_a_matter_of_settings(home):
    """The error names the variable to change."""
    home.parent.joinpath("file").touch()
    with pytest.raises(ConfigurationError, match="MMQ_HOME"), stack_of(home.parent / "file" / "home"):
        pass


def test_a_home_that_cannot_be_written_is_a_matter_of_settings(home):
    """As on a file system that may only be read; where its lock should be, there is no file that could be opened."""
    (home / "stack.lock").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="cannot be written"), stack_of(home):
        pass


def test_a_set_redis_is_used_and_none_is_started(home):
    """With MMQ_REDIS_URL set, workers are ours and Redis is not."""
    environ = {"MMQ_HOME": str(home), "MMQ_REDIS_URL": "redis://127.0.0.1:1/0"}
    with Stack(settings.load(environ), worker_command=WORKER, environ=environ, grace=30):
        eventually(lambda: worker_log(home))
        assert not answers(socket_path(home))
