"""Whether this worker's account is paused, as far as it knows; refreshed with every heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from models import pause
from models.table import Row, utcnow
from worker.provider.classification import Verdict
from worker.record import Recorder
from worker.telemetry import Telemetry

PROBE_AFTER = timedelta(seconds=60)  # then one job is let through to see whether somebody mended the account


class Pauses:
    """Pauses an account whose trouble is not the jobs' fault, and lifts the pause at its first answer."""

    def __init__(self, account: str, recorder: Recorder, telemetry: Telemetry) -> None:
        self.account = account
        self._recorder = recorder
        self._telemetry = telemetry
        self._rows: Sequence[Row] = ()
        self._told: str | None = None

    def see(self, rows: Sequence[Row]) -> None:
        """Take note of what the database says."""
        self._rows = rows

    @property
    def account_paused(self) -> bool:
        """Whether the account is paused and no probe is due."""
        row = self._account_row()
        return row is not None and (row.probe_at is None or row.probe_at > utcnow())

    async def pause(self, verdict: Verdict) -> None:
        """Pause the account for everybody, with the reason and what to do about it."""
        if not self.account_paused and self._told != verdict.code:
            self._told = verdict.code  # calls that were under way together are refused together
            self._telemetry.account_paused(self.account, f"{verdict.code}, {verdict.meaning}", verdict.remedy)

        def write(connection: Connection) -> Sequence[Row]:
            now = utcnow()
            pause.pause(
                connection,
                pause.ACCOUNT,
                self.account,
                now,
                probe_at=now + PROBE_AFTER,
                code=verdict.code,
                reason=verdict.meaning,
                remedy=verdict.remedy,
            )
            return pause.paused(connection)

        self.see(await self._recorder.submit(write))

    async def lift(self) -> None:
        """Open the account again if its own trouble had paused it: it has just answered."""
        row = self._account_row()
        self._told = None
        if row is None or row.probe_at is None:  # what a person paused, a person resumes
            return

        def write(connection: Connection) -> Sequence[Row]:
            pause.resume(connection, pause.ACCOUNT, self.account)
            return pause.paused(connection)

        self.see(await self._recorder.submit(write))

    def _account_row(self) -> Row | None:
        return next((row for row in self._rows if row.kind == pause.ACCOUNT and row.name == self.account), None)
