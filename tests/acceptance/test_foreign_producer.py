"""Jobs sent by a Celery application of somebody else, who has nothing of ours but `tasks/contract.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery

from mmq.sandbox.contract.digest import expected_digest
from models import pause, pausing, sweep
from models.job import Job
from models.session import writing
from models.table import utcnow
from support.workers import Place, Worker
from tasks.arguments import job_id_of
from tasks.contract import CONTRACT_VERSION, GENERATE
from worker.feeding import message

Send = Callable[..., None]
MARK = "a-marked-prompt"


@pytest.fixture
def worker(workplace: Place) -> Iterator[Worker]:
    """A worker that serves."""
    with workplace.worker("--log-level", "info") as worker:
        yield worker


@pytest.fixture
def send(workplace: Place) -> Iterator[Send]:
    """A foreign producer."""
    with Celery("theirs", broker=f"redis+socket://{workplace.redis.socket_path}", set_as_current=False) as app:

        def send(task_id: str, name: str = GENERATE, queue: str = "default", args: Any = (), **kwargs: Any) -> None:
            app.send_task(name, args=args, kwargs=kwargs, task_id=task_id, queue=queue, ignore_result=True)

        yield send
        app.close()


def test_a_message_is_answered_under_its_task_id_once(workplace: Place, worker: Worker, send: Send) -> None:
    """From each lane; the same task id again is the same job and no second call."""
    for lane in ("interactive", "default", "bulk"):
        for _ in range(2):
            send(f"their-{lane}", queue=lane, lane=lane, prompt=f"To {lane}", custom_id="c-1", temperature=0.5)
    for lane in ("interactive", "default", "bulk"):
        job = workplace.ended(f"their-{lane}")
        assert (job.state, job.lane, job.custom_id, job.attempts) == ("succeeded", lane, "c-1", 1)
        text = json.loads(workplace.attempts(job.id)[0].answer)["choices"][0]["message"]["content"]
        assert expected_digest([{"role": "user", "content": f"To {lane}"}]) in text
    send("their-bulk", prompt="Something else")
    send("last", prompt="The last")
    assert workplace.ended("last").state == "succeeded"
    assert workplace.sandbox.stats()["calls"] == 4


def test_what_cannot_be_run_is_kept_with_its_reason(workplace: Place, worker: Worker, send: Send) -> None:
    """Under the id that its producer chose: a failed job that says why, no call, and a worker that goes on."""
    odd: dict[str, tuple[str, dict[str, Any]]] = {
        "no-prompt": ("neither is given", {}),
        "both": ("both are given", {"prompt": MARK, "messages": []}),
        "number": ("must be a string", {"prompt": 5}),
        "nul": ("NUL", {"prompt": f"{MARK}\0"}),
        "version": ("no version", {"prompt": MARK, "version": "2"}),
        "lane": ("no lane", {"prompt": MARK, "lane": ["express"]}),
        "name": ("no text that can be stored", {"prompt": MARK, "custom_id": "a\0"}),
        "args": ("1 given", {"args": (MARK,)}),
    }
    for task_id, (_, arguments) in odd.items():
        send(task_id, **arguments)
    for task_id, (reason, _) in odd.items():
        job = workplace.ended(task_id)
        assert (job.state, job.error_code) == ("failed", "invalid_request")
        assert reason in job.error_message
        assert job.error_remedy
    assert workplace.sandbox.stats()["calls"] == 0
    assert MARK not in worker.log


def test_a_message_of_a_newer_contract_is_kept_and_can_be_retried(workplace: Place, worker: Worker, send: Send) -> None:
    """Refused under its id with what to do; what this version understands of it runs when a person says so."""
    send("newer", prompt="To whom it may concern", version=CONTRACT_VERSION + 1)
    job = workplace.ended("newer")
    assert (job.state, job.error_code, workplace.sandbox.stats()["calls"]) == ("failed", "newer_contract", 0)
    assert "upgrade the workers" in job.error_remedy
    assert sweep.reopen(workplace.database, Job.id == "newer", utcnow()).queued == 1
    assert workplace.ended("newer").state == "succeeded"


def test_a_message_for_a_full_lane_is_kept_and_can_be_retried(workplace: Place, send: Send) -> None:
    """It is refused like any producer, but nobody waits for the answer: the job keeps the request and says why."""
    workplace.environ["MMQ_MAX_QUEUED"] = "1"
    with workplace.worker("--log-level", "info"):
        with writing(workplace.database) as connection:
            pausing.pause(connection, pause.LANE, "default", utcnow())
        with workplace.queue() as queue:
            queue.submit("The one that there is room for")
        send("late", prompt="Too many")
        job = workplace.ended("late")
        assert (job.state, job.error_code) == ("failed", "queue_full")
        assert "mmq retry" in job.error_remedy
        with writing(workplace.database) as connection:
            pausing.resume(connection, pause.LANE, "default")
        sweep.reopen(workplace.database, Job.id == "late", utcnow())
        assert workplace.ended("late").state == "succeeded"


def test_a_task_id_too_long_for_its_column_is_refused_under_a_short_one(
    workplace: Place, worker: Worker, send: Send
) -> None:
    """80 characters: the message is neither lost nor run, the log and the row name what was kept."""
    send("t" * 80, prompt=MARK)
    send("last", prompt="The last")
    workplace.ended("last")
    row = workplace.job(job_id_of("t" * 80))
    assert row.state == "failed"
    assert row.id.startswith("t" * 47 + "~")
    assert "80 characters" in row.error_message
    assert row.id in worker.log


def test_a_message_of_a_newer_feeder_is_left_to_newer_workers(workplace: Place, worker: Worker, send: Send) -> None:
    """Its fields are unknown here; the job it names stays queued, and the worker goes on."""
    with workplace.queue() as queue:
        job = queue.submit("For a newer worker")
        assert job.wait(20).text
        send("m-1", message.TASK, version=message.VERSION + 1, lane="express", jobs=[job.id], colour="blue")
        assert queue.submit("Afterwards", lane="interactive").wait(20).text
    assert "left to newer workers" in worker.log
    assert "Traceback" not in worker.log
