"""Feeding: handing queued jobs to Celery, a short window at a time.

The backlog stays in SQL. One worker leads and tops every lane's queue up to a few moments of work, so that priorities,
pauses and cancelling act on the whole backlog at once, and a million queued jobs cost a dispatch no more than a
thousand. Any worker can lead; another takes over within seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError
from sqlalchemy import Engine

from models import burial, clock, feeding, pause, pausing
from models.feeding import NO_BATCH
from models.lane import Lane
from models.session import reading, writing
from models.table import Row, utcnow
from worker import outage
from worker.admission.outage import UNAVAILABLE
from worker.feeding.pace import Pace
from worker.feeding.upkeep import Upkeep
from worker.recording import lease
from worker.routing.accounts import all_paused

log = logging.getLogger(__name__)

STARTING_S = 0.02  # between two looks while a lane's window grows from nothing: about the time from a hint to its claim
BUSY_S = 0.05  # while jobs are being fed
FULL_S = 0.1  # while all windows are full
IDLE_S = 1.0  # while there is none, unless a producer nudges
UPKEEP_S = 1.0  # between two looks at leases, deadlines and pauses
FOLLOWER_S = 1.0  # between two tries to lead
PROBE_EVERY_S = 60.0  # one job tries a paused account, and no other goes before its answer may have come
#: A message unclaimed for so long was lost, if those behind it went or its queue is empty. If all workers are merely
#: busy it still lies there, and another would lie beside it.
LOST_AFTER = timedelta(seconds=30)
LARGEST_MESSAGE = 50  # jobs to a message
LARGEST_FEEDING = 2000  # jobs to a transaction
NUDGE_KEY = "mmq:nudge"
#: Which server holds the messages. Another value, or none: they are gone, or, of a replica that took over or a server
#: that was restarted, perhaps the newest of them.
EPOCH_KEY = "mmq:epoch"

Publish = Callable[[str, Sequence[str]], None]


class Feeder:
    """Feeds while it leads. Runs as one task of the engine's loop; its SQL runs in a thread."""

    def __init__(
        self,
        database: Engine,
        redis: Redis,
        publish: Publish,
        worker_id: str,
        *,
        accounts: Collection[str] = ("default",),
        home: Path | None = None,
        quarantine_after: int = burial.QUARANTINE_AFTER,
    ) -> None:
        """Start nothing yet. While all `accounts` are paused, nothing is fed but probes; for `home` see `Upkeep`."""
        self.database = database
        self.redis = redis
        self.publish = publish
        self.worker_id = worker_id
        self.accounts = accounts
        self.upkeep = Upkeep(database, worker_id, home, quarantine_after)
        self._pauses: Sequence[Row] = ()
        self._paces: dict[Lane, Pace] = {}
        self._turns: dict[Lane, str] = {}
        self._upkeep_due = 0.0
        self._probe_due = 0.0

    async def run(self) -> None:
        """Feed until cancelled, and let another lead then. Trouble with Redis or the database is waited out."""
        try:
            await self._feed_on()
        finally:
            with suppress(*UNAVAILABLE):
                await lease.resign(self.redis, self.worker_id)

    async def _feed_on(self) -> None:
        away = False
        while True:
            try:
                await self._turn()
            except Exception as exc:
                if not outage.is_outage(exc):
                    raise
                if not away:
                    log.warning("feeding waits: %s", outage.brief(exc))
                away = True
                await asyncio.sleep(FOLLOWER_S)
            else:
                if away:
                    log.warning("feeding goes on")
                away = False

    async def _turn(self) -> None:
        if not await lease.lead(self.redis, self.worker_id):
            self._upkeep_due = 0.0
            self._paces.clear()  # what others fed meanwhile would count as claimed
            await asyncio.sleep(FOLLOWER_S)  # a follower that waited for nudges would take them from the leader
            return
        if time.monotonic() >= self._upkeep_due:
            await self._look_after()
            self._upkeep_due = time.monotonic() + UPKEEP_S
        await self._sleep(await asyncio.to_thread(self._feed))

    async def _sleep(self, seconds: float) -> None:
        if seconds < IDLE_S:
            await asyncio.sleep(seconds)
        else:
            await self.redis.blpop([NUDGE_KEY], timeout=seconds)

    async def _look_after(self) -> None:
        server = await self._server()
        fresh = await self.redis.get(EPOCH_KEY) != server.encode()
        # The queues of Redis as broker; those of another always look empty.
        empty = {lane for lane in Lane if not await self.redis.llen(lane)}
        await asyncio.to_thread(self.upkeep.look_after, fresh, lambda oldest, now: self._lost(oldest, now, empty))
        if fresh:  # only now: were the database away, nobody would see it again
            await self.redis.set(EPOCH_KEY, server)

    async def _server(self) -> str:
        """Return which Redis this is: another after each start. The same for all where it may not be asked."""
        try:
            found = await self.redis.info("server")
        except NoPermissionError:
            found = {}
        return str(found.get("run_id", "unknown"))

    def _lost(self, oldest: Mapping[str, datetime], now: datetime, empty: Collection[Lane]) -> dict[Lane, datetime]:
        """Return the lanes where messages were lost, and before which moment they were sent."""
        lost = {}
        for lane, fed_at in oldest.items():
            before = now - LOST_AFTER
            if lane not in empty:
                before = min(before, self._pace(lane).passed() or fed_at)
            if fed_at < before:
                lost[Lane(lane)] = before
        return lost

    def _feed(self) -> float:
        with reading(self.database) as connection:
            now = clock.now(connection)
            under_way = feeding.fed_by_lane(connection)
            ready = feeding.lanes_ready(connection)
            # Read anew: what a broken account hands back would be fed at once.
            self._pauses = pausing.paused(connection)
        wait = FULL_S if under_way else IDLE_S
        for lane in Lane:
            pace, fed = self._pace(lane), under_way.get(lane, 0)
            pace.look(time.monotonic(), now, fed)
            window = self._window(lane)
            room = window - fed
            if lane in ready and pace.starting:
                wait = STARTING_S
            if lane not in ready or room <= 0 or room < window / 4:  # topping up in fewer, larger steps
                continue
            with writing(self.database) as connection:
                taken = feeding.take_next(
                    connection, lane, min(room, LARGEST_FEEDING), now, after=self._turns.get(lane, NO_BATCH)
                )
            self._turns[lane] = taken.last
            self._publish(lane, taken.ids)
            pace.fed(len(taken.ids))
            wait = min(wait, BUSY_S) if taken.ids else wait
        return wait

    def _pace(self, lane: str) -> Pace:
        return self._paces.setdefault(Lane(lane), Pace())

    def _publish(self, lane: Lane, ids: Sequence[str]) -> None:
        try:
            for message in self._messages(lane, ids):
                self.publish(lane, message)
        except Exception:
            with writing(self.database) as connection:
                feeding.unfeed(connection, ids)
            raise
        if ids and self._account_paused():
            self._probe_due = time.monotonic() + PROBE_EVERY_S

    def _window(self, lane: Lane) -> int:
        if any(row.kind == pause.LANE and row.name == lane for row in self._pauses):
            return 0
        if (account := self._account_paused()) is not None:
            due = account.probe_at is not None and account.probe_at <= utcnow()
            return 1 if due and time.monotonic() >= self._probe_due else 0
        serving = [float(worker.capacity) for worker in self.upkeep.workers if lane in worker.lanes.split(",")]
        if lane is Lane.INTERACTIVE:  # producers publish these; what is left to feed is somebody's wait already
            return ceil(2 * sum(serving))
        return self._pace(lane).window(len(serving), sum(serving))

    def _account_paused(self) -> Row | None:
        return all_paused(self.accounts, self._pauses)

    def _messages(self, lane: Lane, ids: Sequence[str]) -> list[Sequence[str]]:
        # Small enough that every worker gets its share, large enough that Celery's cost a message is split.
        share = ceil(len(ids) / max(2 * len(self.upkeep.workers), 1))
        size = 1 if lane is Lane.INTERACTIVE else max(1, min(LARGEST_MESSAGE, share))
        return [ids[start : start + size] for start in range(0, len(ids), size)]
