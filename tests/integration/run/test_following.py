"""Following a batch through an outage of its database."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError, ProgrammingError

from mmq import schema
from mmq.local.stack import Stack
from mmq.report.screen import Plain
from mmq.run.following import Following
from models import transitions
from models.job import Job
from models.session import writing
from support.jobs import NOW, new_job, queue
from worker.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a home of one's own."""
    return load({"MINIMAX_API_KEY": "key", "MMQ_HOME": str(tmp_path)})


def failing(database: Engine, errors: list[Exception]) -> None:
    """Let as many statements fail, one after the other."""

    @event.listens_for(database, "before_cursor_execute")
    def fail(*_: object) -> None:
        if errors:
            raise errors.pop(0)


def followed(settings: Settings, errors: list[Exception]) -> str:
    """Follow a batch whose only job is withdrawn already; return what was said."""
    stream = StringIO()
    stack = Stack(settings, workers=0)
    try:
        schema.migrate(stack.database)
        queue(stack.database, new_job(1, batch_id="b"))
        with writing(stack.database) as connection:
            transitions.cancel(connection, Job.id == "job-1", NOW)
        failing(stack.database, errors)
        Following(settings, {"MiniMax-M2.7"}, "bulk", Plain(stream)).until_done(stack, "b")
    finally:
        stack.stop()
    return stream.getvalue()


def test_a_database_that_is_away_is_waited_for(settings: Settings) -> None:
    """It is said once that it is away, and once that it is back; the run goes on."""
    gone = [OperationalError("select 1", {}, Exception("server closed the connection")) for _ in range(3)]
    said = followed(settings, list(gone))
    assert said.count("the database is away, nothing goes on until it is back: Exception: server closed") == 1
    assert said.count("mmq: the database is back, after") == 1


def test_a_fault_of_ours_is_no_outage(settings: Settings) -> None:
    """It ends the run, as waiting would mend nothing."""
    with pytest.raises(ProgrammingError):
        followed(settings, [ProgrammingError("select nothing", {}, Exception("no such column"))])
