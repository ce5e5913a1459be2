"""Looking at a batch again and again while workers do its jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Engine

from mmq.report.progress import Hold, Pause, Progress
from mmq.run.pace import Pace
from models import pause, pausing, queries
from models.session import reading

LOOK_S = 0.2
#: A look costs the database at most this share of the time, however large the batch.
BURDEN = 0.05


class Watch:
    """What is to be seen of one batch. `limits` tells what holds its calls back."""

    def __init__(
        self, database: Engine, batch_id: str, lane: str | None = None, limits: Callable[[], list[Hold]] = list
    ) -> None:
        """Watch a batch; `lane` is the one its jobs are in, if known: pauses of other lanes are not shown."""
        self._database = database
        self._batch_id = batch_id
        self._lane = lane
        self._limits = limits
        self._pace = Pace()
        self._begun = time.monotonic()
        self._cost_s = 0.0

    def look(self) -> Progress:
        """Return how far it is now."""
        now = time.monotonic()
        with reading(self._database) as connection:
            counts = queries.counts(connection, self._batch_id)
            in_flight = queries.calls_under_way(connection, self._batch_id)
            pauses = pausing.paused(connection)
        self._cost_s = time.monotonic() - now
        unfinished = counts.get("queued", 0) + counts.get("running", 0)
        progress = Progress(
            done=counts.get("succeeded", 0),
            failed=counts.get("failed", 0),
            withdrawn=counts.get("cancelled", 0) + counts.get("expired", 0),
            in_flight=min(in_flight, unfinished),
            waiting=max(unfinished - in_flight, 0),
            elapsed_s=now - self._begun,
            holds=self._limits() if unfinished else (),
            pauses=[
                Pause(row.kind, row.name, row.code, row.reason, row.remedy)
                for row in pauses
                if row.kind == pause.ACCOUNT or self._lane in (None, row.name)
            ],
        )
        self._pace.see(now, progress.ended)
        return replace(
            progress, per_minute=self._pace.per_minute, left_s=self._pace.seconds_for(unfinished) if unfinished else 0
        )

    def rest(self) -> None:
        """Wait until it is worth looking again."""
        time.sleep(max(LOOK_S, self._cost_s / BURDEN))
