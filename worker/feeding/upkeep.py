"""Looking after what others left behind: dead workers, lost messages, deadlines, delayed jobs whose moment has come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from models import burial, clock, feeding, leases, transitions
from models.lane import Lane
from models.session import reading, writing
from models.table import Row
from worker.recording import lease, liveness, spool

log = logging.getLogger(__name__)

#: A worker unheard of for so long has missed two heartbeats. Its jobs stay its own until its lease ends, but what it
#: was told of and has not claimed is told to others: were it alive, claiming would sort that out.
SILENT_AFTER = timedelta(seconds=2.5 * lease.HEARTBEAT_S)

#: Returns the lanes where messages were lost, and before which moment they were sent: of the oldest message of each
#: lane (`models.feeding.oldest_fed`) and the present moment.
Lost = Callable[[Mapping[str, datetime], datetime], Mapping[Lane, datetime]]


class Upkeep:
    """Looks after the jobs of all workers, for the one that leads. Its SQL blocks the thread it is called in."""

    def __init__(self, database: Engine, worker_id: str, home: Path | None, quarantine_after: int) -> None:
        """Start nothing yet. `home` is where workers of this host hold their locks; None: only leases tell."""
        self.workers: Sequence[Row] = ()  #: those that can be counted on, as of the last look
        self._database = database
        self._worker_id = worker_id
        self._home = home
        self._quarantine_after = quarantine_after
        self._silent: set[str] = set()

    def look_after(self, fresh: bool, lost_of: Lost) -> None:
        """Do what is due. `fresh`: Redis is another, and every message in it may be gone."""
        with reading(self._database) as connection:
            now = clock.now(connection)
            alive = leases.alive(connection, now)
            expired = set(leases.expired(connection, now))
            overdue = transitions.any_overdue(connection, now)
            ripe = feeding.any_ripe(connection, now)
            lost = lost_of(feeding.oldest_fed(connection), now)
        fallen = self._fallen(alive)
        # Never itself: woken after a freeze it is alive, and its own heartbeat is about to say so.
        dead = (expired | fallen) - {self._worker_id}
        silent = {worker.id for worker in alive if now - (worker.lease_until - lease.LEASE) > SILENT_AFTER}
        silent.discard(self._worker_id)
        unheard = bool(silent - self._silent)
        self.workers = [worker for worker in alive if worker.id not in silent | dead]
        if not (fresh or dead or unheard or overdue or ripe or lost):
            self._silent = silent
            return
        with writing(self._database) as connection:
            self._end_leases(connection, fallen)
            buried = burial.bury(connection, sorted(dead), clock.now(connection), self._quarantine_after)
            transitions.expire_overdue(connection, now)
            feeding.ripen(connection, now)
            for lane, before in lost.items():
                feeding.unfeed_lost(connection, lane, before)
            if fresh or dead or unheard:  # their messages are gone, too
                feeding.unfeed(connection)
        self._silent = silent  # only now: had the write failed, nobody would see the news again
        if self._home is not None:
            liveness.forget(self._home, fallen)
        _tell(buried, len(dead))
        while overdue:  # very many with one deadline, in steps that keep nobody waiting
            with writing(self._database) as connection:
                overdue = bool(transitions.expire_overdue(connection, now))

    def _fallen(self, alive: Sequence[Row]) -> set[str]:
        """Return those workers of this host whose lock the kernel dropped: they are dead, whatever their lease says.

        Leaves out those with a spool: its answers are to be recorded before their jobs are asked again.
        """
        host = next((_host(worker) for worker in alive if worker.id == self._worker_id), None)
        if self._home is None or host is None:
            return set()
        # A home may be shared by hosts, over a disk that does not tell one of the other's locks.
        dead = liveness.dead(self._home, [worker.id for worker in alive if _host(worker) == host])
        return {worker_id for worker_id in dead if not (spool.folder(self._home) / f"{worker_id}.jsonl").exists()}

    def _end_leases(self, connection: Connection, fallen: set[str]) -> None:
        for worker_id in sorted(fallen):
            leases.renew(connection, worker_id, clock.now(connection))


def _host(worker: Row) -> str:
    return str(worker.name).rpartition("@")[2]


def _tell(buried: burial.Burial, dead: int) -> None:
    if buried.rescued:
        log.warning("rescued %d jobs of %d dead workers", len(buried.rescued), dead)
    if buried.quarantined:
        log.error("quarantined jobs whose calls were lost with their workers: %s", ", ".join(buried.quarantined))
