"""Which accounts are paused, as far as this worker knows; refreshed with every heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from models import pause, pausing
from models.table import Row, utcnow
from worker.provider.classification import Verdict
from worker.recording.record import Recorder
from worker.telemetry import Telemetry

PROBE_AFTER = timedelta(seconds=60)  # then one job is let through to see whether somebody mended the account
#: Jobs that nobody can do while others go on come back after so long, or when their account is resumed. A few come back
#: when the next probe is due; were it all, a large backlog would do nothing but come and go.
BACK_AFTER = timedelta(minutes=10)
PROBERS = 20


class Pauses:
    """Pauses accounts whose trouble is not the jobs' fault, and lifts a pause at the first answer."""

    def __init__(self, recorder: Recorder, telemetry: Telemetry) -> None:
        self._recorder = recorder
        self._telemetry = telemetry
        self._rows: dict[str, Row] = {}
        self._told: dict[str, str] = {}
        self._probing: set[str] = set()
        self._back: tuple[datetime | None, int] = (None, 0)
        self._change: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def see(self, rows: Sequence[Row]) -> None:
        """Take note of what the database says."""
        before = self._rows.keys()
        self._rows = _by_account(rows)
        if self._rows.keys() != before:
            self._change.set_result(None)
            self._change = asyncio.get_running_loop().create_future()

    async def look(self) -> None:
        """Ask the database now."""
        self.see(await self._recorder.submit(pausing.paused))

    @property
    def change(self) -> asyncio.Future[None]:
        """Done when an account is next paused or resumed. For many to watch, for none to cancel."""
        return self._change

    def paused(self, account: str) -> bool:
        """Whether an account is paused, be it with a probe due."""
        return account in self._rows

    def back_at(self, accounts: Sequence[str]) -> datetime:
        """Return when a job is to come back that only these accounts, all paused, could do."""
        probe = min((row.probe_at for name in accounts if (row := self._rows.get(name)) and row.probe_at), default=None)
        count = self._back[1] if self._back[0] == probe else 0
        self._back = (probe, count + 1)
        return utcnow() + BACK_AFTER if probe is None or count >= PROBERS else probe

    async def sent_back(self, job_id: str, accounts: Sequence[str]) -> None:
        """Let a job that was sent back, now that it is committed, be ready at once if one of its accounts is open.

        Who resumed the account in between did not see that job.
        """

        def write(connection: Connection) -> Sequence[Row]:
            rows = pausing.paused(connection)
            if not _by_account(rows).keys() >= set(accounts):
                pausing.ready(connection, job_id)
            return rows

        self.see(await self._recorder.submit(write))

    async def take_probe(self, account: str) -> bool:
        """Whether the caller is to try a paused account: one call of all workers, each time that a probe is due."""
        row = self._rows.get(account)
        if row is None or row.probe_at is None or row.probe_at > utcnow() or account in self._probing:
            return False

        def write(connection: Connection) -> tuple[bool, Sequence[Row]]:
            now = utcnow()
            taken = pausing.take_probe(connection, pause.ACCOUNT, account, now, now + PROBE_AFTER)
            return taken, pausing.paused(connection)

        self._probing.add(account)
        try:
            taken, rows = await self._recorder.submit(write)
        finally:
            self._probing.discard(account)
        self.see(rows)
        return bool(taken)

    async def pause(self, account: str, verdict: Verdict) -> None:
        """Pause an account for everybody, with the reason and what to do about it."""
        if not self.paused(account) and self._told.get(account) != verdict.code:
            self._told[account] = verdict.code  # calls that were under way together are refused together
            self._telemetry.account_paused(account, f"{verdict.code}, {verdict.meaning}", verdict.remedy)
        why: dict[str, Any] = {"code": verdict.code, "reason": verdict.meaning, "remedy": verdict.remedy}

        def write(connection: Connection) -> Sequence[Row]:
            row = _by_account(pausing.paused(connection)).get(account)
            if row is None or row.probe_at is not None:  # what a person paused is for a person to resume
                now = utcnow()
                pausing.pause(connection, pause.ACCOUNT, account, now, probe_at=now + PROBE_AFTER, **why)
            return pausing.paused(connection)

        self.see(await self._recorder.submit(write))

    async def lift(self, account: str) -> None:
        """Open an account again if its own trouble had paused it: it has just answered."""
        self._told.pop(account, None)
        row = self._rows.get(account)
        if row is None or row.probe_at is None:  # what a person paused, a person resumes
            return

        def write(connection: Connection) -> Sequence[Row]:
            pausing.resume(connection, pause.ACCOUNT, account)
            return pausing.paused(connection)

        self.see(await self._recorder.submit(write))


def _by_account(rows: Sequence[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows if row.kind == pause.ACCOUNT}
