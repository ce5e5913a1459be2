"""Taking an input in: read, checked, and enqueued."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from mmq.formats.write import STDOUT
from mmq.report.screen import Screen
from mmq.report.words import counted
from mmq.run.accept import Accepted, accept, open_batch
from mmq.run.ask import Ask
from mmq.run.identity import batch_key
from mmq.run.intake import Intake
from mmq.run.submission import read_all
from models import pause, pausing, queries
from models.session import open_database, reading, writing
from tasks.enqueue import Entrance
from tasks.producer import producer
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in. `before` counts the answers that an earlier run had brought."""

    batch_id: str
    before: int


def take_in(intake: Intake, ask: Ask, settings: Settings, screen: Screen) -> Taken:
    """Read an input and make its batch hold its lines.

    Raises:
        InvalidRequest: the input cannot be read.
    """
    read_all(intake, ask, settings, screen, None if ask.errors == STDOUT else ask.errors)
    database = open_database(settings.database_url)
    try:
        accepted = _accepted(database, intake, ask, settings)
        with reading(database) as connection:
            counts = queries.counts(connection, accepted.batch_id) if accepted.known else {}
    finally:
        database.dispose()
    if accepted.withdrawn:
        count = counted(accepted.withdrawn, "waiting job")
        screen.say(f"withdrew {count} of an earlier run: the lines are gone or have changed")
    return Taken(accepted.batch_id, counts.get("succeeded", 0))


def _accepted(database: Engine, intake: Intake, ask: Ask, settings: Settings) -> Accepted:
    key = batch_key(ask.source, intake.content_digest, settings.database_url)
    batch_id = open_batch(database, ask.name, key, fresh=ask.fresh)
    with writing(database) as connection:
        _lift(connection, {payer.name for payer in settings.payers})
    with producer(settings.broker_url) as app:
        return accept(Entrance.of(settings, database, app), intake, batch_id, ask.lane)


def _lift(connection: Connection, accounts: Collection[str]) -> None:
    """Open accounts that their own trouble had closed: whoever runs again has mended it, or will see it closed anew.

    What a person paused stays paused.
    """
    for row in pausing.paused(connection):
        if row.kind == pause.ACCOUNT and row.name in accounts and row.probe_at is not None:
            pausing.resume(connection, pause.ACCOUNT, row.name)
