"""Looking over the whole queue."""

from __future__ import annotations

from sqlalchemy import Engine

from mmq.report.overview import AccountState, BatchState, LaneState, Overview, WorkerState
from mmq.report.progress import Pause
from models import clock, leases, pause, pausing, queries
from models.lane import Lane
from models.session import reading
from worker.settings import Settings

NEWEST_BATCHES = 10


def survey(settings: Settings, database: Engine, batches: int = NEWEST_BATCHES) -> Overview:
    """Return lanes, accounts, workers, pauses and the newest batches as they are now."""
    with reading(database) as connection:
        open_jobs = {(row.lane, row.state): row.jobs for row in queries.counts_by_lane(connection)}
        alive = leases.alive(connection, clock.now(connection))
        paused = pausing.paused(connection)
        newest = [
            BatchState(row.id, row.name, row.created_at, queries.counts(connection, row.id))
            for row in queries.batches(connection, batches)
        ]
    closed = {(row.kind, row.name) for row in paused}
    return Overview(
        lanes=[
            LaneState(
                str(lane),
                open_jobs.get((lane, "queued"), 0),
                open_jobs.get((lane, "running"), 0),
                (pause.LANE, lane) in closed,
            )
            for lane in Lane
        ],
        accounts=[
            AccountState(
                payer.name,
                str(payer.account.api),
                payer.account.base_url,
                None if payer.models is None else sorted(payer.models),
                (pause.ACCOUNT, payer.name) in closed,
            )
            for payer in settings.payers
        ],
        workers=[WorkerState(row.name, row.lanes, row.capacity, row.started_at) for row in alive],
        pauses=[Pause(row.kind, row.name, row.code, row.reason, row.remedy) for row in paused],
        batches=newest,
    )
