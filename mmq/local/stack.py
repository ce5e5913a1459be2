"""The local stack of an MMQ_HOME: whatever is missing to do jobs here, for as long as it is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from mmq import schema
from mmq.local.folder import locked, private_folder
from mmq.local.process import Child
from mmq.local.reach import require_redis
from mmq.local.redis import EmbeddedRedis
from models import burial, clock, feeding, leases
from models.lane import Lane
from models.session import database_url, open_database, reading, writing
from worker.errors import Unavailable
from worker.recording import liveness
from worker.settings import Settings

# -P: whoever works in a folder with a `tasks.py` or a `models/` of their own shall not have it loaded for ours.
WORKER = (sys.executable, "-P", "-m", "mmq.cli.main", "worker")
RECORD_S = 10.0  # what a worker may need to record its last answer, on top of the longest call


class DatabaseAway(Unavailable):
    """The database does not answer."""


class Stack:
    """Redis, the schema and workers, as far as they are missing; entering starts them, leaving ends what was started.

    Nothing outlives this process, not even if it is killed: its children then stop as if it had stopped them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        workers: int = 1,
        worker_command: Sequence[str] = WORKER,
        environ: Mapping[str, str] | None = None,
        grace: float | None = None,
    ) -> None:
        """Start nothing yet.

        `workers` processes run `worker_command` in the environment `environ` (default: ours), which must be the one
        that the settings come from: it carries the key, which is never an argument. A stopping worker may take `grace`
        seconds; the default lets the longest call end.
        """
        self.settings = settings
        self.database: Engine = open_database(settings.database_url)
        self._workers = workers
        self._worker_command = worker_command
        self._environ = {**(os.environ if environ is None else environ), "MMQ_HOME": str(settings.home)}
        if settings.config_file:
            self._environ["MMQ_CONFIG"] = str(settings.config_file)
        self._grace = settings.timeouts.total + RECORD_S if grace is None else grace
        self.redis = EmbeddedRedis(settings.home)
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        """Start what is missing.

        Raises:
            ConfigurationError: there is no Redis to start here, or the home cannot be used.
            Unavailable: the database or the embedded Redis does not come up.
        """
        try:
            private_folder(self.settings.home)
            # Two runs that begin together would migrate the same database twice.
            with locked(self.settings.home / "stack.lock"):
                if self.settings.embedded_redis:
                    self.redis.ensure()
                self._prepare_database()
            self._start_workers()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """See that all still runs; to be called about once a second while waiting for jobs.

        What another run of this home had started, and took with it when it ended, is started here instead.

        Raises:
            ProcessEnded: a worker of ours ended by itself; the message holds its last log lines.
            Unavailable: the database or Redis is away; the next call tries again.
        """
        for child in self._children:
            if child.exit_code is not None:
                raise child.ended()
        if self.settings.embedded_redis:
            self.redis.ensure()
        else:
            require_redis(self.settings.redis_url)
        if not self._children:
            self._start_workers()

    def stop(self) -> None:
        """End the workers, all at once and each within its grace, then Redis, as far as they are ours."""
        try:
            for child in self._children:
                child.terminate()
            for child in self._children:
                child.stop()
        finally:
            for child in self._children:
                child.kill()
            self._children.clear()
            self.redis.stop()
            self.database.dispose()

    def _prepare_database(self) -> None:
        file = database_url(self.settings.database_url).database
        if self.database.dialect.name == "sqlite" and file:
            Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _available():
            schema.migrate(self.database)
            self._bury_the_dead()

    def _bury_the_dead(self) -> None:
        """Give back the jobs of workers that a killed run left behind, without waiting for their leases."""
        with reading(self.database) as connection:
            now = clock.now(connection)
            known = [*(worker.id for worker in leases.alive(connection, now)), *leases.expired(connection, now)]
        if dead := liveness.dead(self.settings.home, known):
            with writing(self.database) as connection:
                for worker_id in sorted(dead):
                    leases.renew(connection, worker_id, now)  # ends its lease: nobody who lives is buried
                burial.bury(connection, sorted(dead), now, self.settings.quarantine_after)
                feeding.unfeed(connection)  # what they had been told of but not claimed has no other message
            liveness.forget(self.settings.home, dead)

    def _start_workers(self) -> None:
        if self._workers and not self._served():
            # The workers keep Redis: if we are killed, it stays until the last of them has recorded its answers.
            keeps = [self.redis.child] if self.redis.child else []
            for number in range(1, self._workers + 1):
                log = self.settings.home / "logs" / f"worker-{number}.log"
                self._children.append(
                    Child(self._worker_command, log=log, grace=self._grace, environ=self._environ, keeps=keeps)
                )

    def _served(self) -> bool:
        """Return whether workers take the jobs of this database already, whatever their lane."""
        with _available(), reading(self.database) as connection:
            lanes = {worker.id: worker.lanes.split(",") for worker in leases.alive(connection, clock.now(connection))}
        # Workers of another home or machine share the database, but cannot hear our Redis.
        serving = liveness.serving(self.settings.home, lanes) if self.settings.embedded_redis else lanes
        return {lane for worker_id in serving for lane in lanes[worker_id]}.issuperset(Lane)


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except DBAPIError as exc:
        raise DatabaseAway(f"the database cannot be used: {exc.orig}") from exc
