"""Waiting for a batch that others work on."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine

from mmq.report.screen import Screen
from mmq.run.limits import LimitsView
from mmq.run.watch import Watch
from models import clock, leases, queries
from models.session import reading
from worker.settings import Settings

NOBODY = "no worker is running; start one with `mmq up` or `mmq worker`"


def wait_for(database: Engine, settings: Settings, batch_id: str, screen: Screen, timeout: float | None) -> bool:
    """Show how far the batch is until all its jobs have ended. False if they had not after `timeout` seconds."""
    with reading(database) as connection:
        models = queries.models(connection, batch_id)
    limits = LimitsView(settings, models)
    watch = Watch(database, batch_id, limits=limits.look)
    try:
        while True:
            progress = watch.look()
            screen.show(replace(progress, note="" if _anybody(database) else NOBODY))
            if progress.ended == progress.total:
                return True
            if timeout is not None and progress.elapsed_s >= timeout:
                return False
            watch.rest()
    finally:
        limits.close()


def _anybody(database: Engine) -> bool:
    with reading(database) as connection:
        return bool(leases.alive(connection, clock.now(connection)))
