"""What the leader does for the jobs of workers that died or fell silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models import clock, feeding, leases
from models.session import reading, writing
from models.table import utcnow
from support.feeders import backlog, fed, live
from support.jobs import claim, read
from worker.feeding.upkeep import SILENT_AFTER, Upkeep
from worker.recording import liveness
from worker.recording.lease import LEASE


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home in which the leader, w1, holds its lock, and that of w2 is free: the kernel drops it with the process."""
    hold = liveness.hold(tmp_path, "w1")
    (tmp_path / "workers" / "w2.lock").touch()
    yield tmp_path
    hold.release()


def told(database: Engine) -> list[str]:
    """Three queued jobs of which w2 claims the first, and all of which are announced."""
    ids = backlog(database, 3)
    with writing(database) as connection:
        feeding.mark_fed(connection, ids, utcnow())
    claim(database, ids[0], "w2")
    return ids


def workers(database: Engine) -> set[str]:
    """The workers that are not buried."""
    with reading(database) as connection:
        return {row.id for row in leases.alive(connection, clock.now(connection))}


def test_a_dead_worker_of_this_host_is_buried_at_once(database: Engine, home: Path) -> None:
    """Its lease holds for an hour; its job is free, and what it was told of is announced anew."""
    live(database, "w1")
    live(database, "w2")
    ids = told(database)
    upkeep = Upkeep(database, "w1", home, 5)
    upkeep.look_after(False, lambda *_: {})
    assert (workers(database), [row.id for row in upkeep.workers]) == ({"w1"}, ["w1"])
    assert ([read(database, job_id).state for job_id in ids], fed(database)) == (["queued"] * 3, set())
    assert not (home / "workers" / "w2.lock").exists()


def test_a_worker_of_another_host_is_not_dead_by_its_lock(database: Engine, home: Path) -> None:
    """A disk that hosts share may not tell one of the other's locks."""
    live(database, "w1")
    live(database, "w2", host="elsewhere")
    ids = told(database)
    Upkeep(database, "w1", home, 5).look_after(False, lambda *_: {})
    assert workers(database) == {"w1", "w2"}
    assert (read(database, ids[0]).state, fed(database)) == ("running", set(ids[1:]))


def test_a_dead_worker_that_left_answers_in_its_spool_is_left_to_its_lease(database: Engine, home: Path) -> None:
    """They are recorded meanwhile; were its jobs given away at once, these answers would be paid for twice."""
    live(database, "w1")
    live(database, "w2")
    (home / "spool").mkdir()
    (home / "spool" / "w2.jsonl").touch()
    Upkeep(database, "w1", home, 5).look_after(False, lambda *_: {})
    assert workers(database) == {"w1", "w2"}


def test_a_leader_never_takes_itself_for_dead(database: Engine, home: Path) -> None:
    """Somebody may have removed its lock, and it lives."""
    live(database, "w2")
    Upkeep(database, "w2", home, 5).look_after(False, lambda *_: {})
    assert workers(database) == {"w2"}


def test_what_a_silent_worker_was_told_of_is_announced_anew_once(database: Engine, tmp_path: Path) -> None:
    """Two heartbeats missed: its job stays its own until its lease ends, and it counts for no window."""
    live(database, "w1")
    live(database, "w2", ends=LEASE - SILENT_AFTER)
    ids = told(database)
    upkeep = Upkeep(database, "w1", tmp_path, 5)
    upkeep.look_after(False, lambda *_: {})
    assert (read(database, ids[0]).state, fed(database)) == ("running", set())
    assert [row.id for row in upkeep.workers] == ["w1"]
    with writing(database) as connection:
        feeding.mark_fed(connection, ids[1:], utcnow())
    upkeep.look_after(False, lambda *_: {})
    assert fed(database) == set(ids[1:])


def test_a_leader_that_is_late_itself_goes_on_counting_itself(database: Engine, tmp_path: Path) -> None:
    """With a slow database its own heartbeats may be late: feeding goes on."""
    live(database, "w1", ends=LEASE - SILENT_AFTER)
    upkeep = Upkeep(database, "w1", tmp_path, 5)
    upkeep.look_after(False, lambda *_: {})
    assert [row.id for row in upkeep.workers] == ["w1"]
