"""A process that stands still in mid-transaction: others go on, and it hears of it when it wakes."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from sqlalchemy import Engine, update

from models.job import Job
from models.session import open_database, writing
from support.jobs import new_job, queue, read
from support.processes import Parent

FROZEN_AFTER_S = 1.0

WRITER = f"""
import os, sys
from sqlalchemy import update
from models.job import Job
from models.session import open_database, writing
from worker.outage import is_outage

database = open_database(os.environ["DATABASE"], frozen_after_s={FROZEN_AFTER_S})
try:
    with writing(database) as connection:
        connection.execute(update(Job).values(run_at=None))
        print("wrote", flush=True)
        input()
        connection.execute(update(Job).values(run_at=None))
except Exception as error:
    print("outage" if is_outage(error) else repr(error), flush=True)
else:
    print("committed", flush=True)
input()
"""


def write(url: str) -> None:
    """Write to the row of the frozen one; fail rather than wait for ever."""
    database = open_database(url)
    with writing(database) as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '20s'")
        connection.execute(update(Job).values(model="another"))
    database.dispose()


def test_a_writer_frozen_in_mid_transaction_lets_the_others_go_on(postgresql: Engine) -> None:
    """PostgreSQL ends its session and with it its locks; what it tries when it wakes is an outage, to be repeated."""
    url = postgresql.url.render_as_string(hide_password=False)
    queue(postgresql, new_job(1))
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with Parent(WRITER, {**os.environ, "DATABASE": url, "PYTHONPATH": path}) as frozen:
        assert frozen.answer == "wrote"
        frozen.send(signal.SIGSTOP)
        write(url)
        assert read(postgresql).model == "another"
        frozen.send(signal.SIGCONT)
        assert frozen.ask("go on") == "outage"


@pytest.mark.parametrize("frozen_after_s", [None, 5.0])
def test_the_limit_is_set_for_the_sessions_of_who_asks_for_it(postgresql: Engine, frozen_after_s: float | None) -> None:
    """Who reads results as slowly as somebody takes them must not lose them half-way."""
    database = open_database(postgresql.url.render_as_string(hide_password=False), frozen_after_s=frozen_after_s)
    with writing(database) as connection:
        limit = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
    database.dispose()
    assert limit == ("0" if frozen_after_s is None else "5s")
