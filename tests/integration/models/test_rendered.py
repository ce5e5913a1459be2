"""Statements that are rendered once do on both databases what SQLAlchemy would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, Select, Update, bindparam, event, or_, select, update

from models.among import among
from models.job import Job
from models.rendered import MOST_ROUNDED, Rendered
from models.session import reading, writing
from models.table import Moment
from support.jobs import NOW, new_job, queue, read

MANY = MOST_ROUNDED + 88


@dataclass(frozen=True)
class Ripe:
    """A moment for a job."""

    id: str
    moment: datetime


def _queued(dialect: str) -> Select[str, int]:
    moment = bindparam("moment", type_=Moment)
    due = or_(Job.created_at >= moment, Job.run_at >= moment)
    return select(Job.id, Job.prompt_tokens).where(among(dialect, Job.id), Job.state == "queued", due).order_by(Job.id)


def _ripe(_dialect: str) -> Update:
    return update(Job).where(Job.id == bindparam("id")).values(run_at=bindparam("moment", type_=Moment))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, MANY])
def test_any_number_of_ids_is_asked_for(database: Engine, count: int) -> None:
    """Those asked for come, each once, and no others; other parameters may stand in several places."""
    queue(database, *[new_job(number) for number in range(MANY + 1)])
    ids = sorted(f"job-{number}" for number in range(count))
    queued = Rendered(_queued)
    with reading(database) as connection:
        for moment, found in ((NOW - timedelta(days=1), ids), (NOW + timedelta(days=1), [])):
            rows = queued.execute(connection, {"ids": ids, "moment": moment})
            assert sorted(row.id for row in rows) == found


def test_few_texts_do_for_all_numbers_of_ids(database: Engine) -> None:
    """Whatever groups come, the driver meets statements that it has prepared before."""
    texts = set()

    def executed(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        texts.add(text)

    event.listen(database, "before_cursor_execute", executed)
    queued = Rendered(_queued)
    with reading(database) as connection:
        for count in range(1, 65):
            queued.execute(connection, {"ids": ["job-1"] * count, "moment": NOW})
    assert len([text for text in texts if "jobs" in text]) <= 7


@pytest.mark.parametrize("count", [1, 3])
def test_rows_are_written_each_with_its_own_values(database: Engine, count: int) -> None:
    """The types convert what is written, as a moment with its zone and without microseconds."""
    queue(database, *[new_job(number) for number in range(count)])
    moments = {f"job-{number}": NOW + timedelta(hours=number) for number in range(count)}
    with writing(database) as connection:
        Rendered(_ripe).execute_for(connection, [Ripe(*pair) for pair in moments.items()])
    assert {job_id: read(database, job_id).run_at for job_id in moments} == moments


def test_moment_without_a_zone_is_refused(database: Engine) -> None:
    """As everywhere: it would be wrong by hours, silently."""
    with writing(database) as connection, pytest.raises(ValueError, match="naive datetime"):
        Rendered(_ripe).execute_for(connection, [Ripe("job-1", NOW.replace(tzinfo=None))])
