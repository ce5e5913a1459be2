"""Following a run's batch until all its jobs have ended, and saying what keeps them from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.exc import DBAPIError

from mmq.local.disk import shortage
from mmq.local.stack import Stack
from mmq.report.progress import Progress
from mmq.report.screen import Screen
from mmq.run.limits import LimitsView
from mmq.run.news import News
from mmq.run.vigil import Vigil
from mmq.run.watch import Watch
from worker import outage
from worker.routing.accounts import serving
from worker.settings import Settings

STARTING = "a worker is starting"


class Following:
    """Looks at a batch while a stack works on it. `progress` is what was seen last."""

    def __init__(self, settings: Settings, models: Collection[str], lane: str, screen: Screen) -> None:
        """`models` are those that the batch's jobs ask for, `lane` is theirs."""
        self.progress = Progress()
        self._settings = settings
        self._models = models
        self._lane = lane
        self._screen = screen
        self._news = News(screen.say)

    def until_done(self, stack: Stack, batch_id: str) -> None:
        """Return when all jobs have ended. The database may be away meanwhile.

        Raises:
            ProcessEnded: a worker of ours died.
            AccountPaused: nothing can go on until somebody acts.
        """
        limits = LimitsView(self._settings, self._models)
        watch = Watch(stack.database, batch_id, self._lane, limits.look)
        by_model = [[payer.name for payer in serving(self._settings.payers, model)] for model in self._models]
        vigil = Vigil(stack.check, lambda: shortage(self._settings.home), serving=by_model)
        try:
            while True:
                look = self._look(watch, vigil)
                self._show(look or self.progress, vigil)
                if look and look.ended == look.total:
                    return
                vigil.keep(self.progress)
                watch.rest()
        finally:
            limits.close()

    def _look(self, watch: Watch, vigil: Vigil) -> Progress | None:
        """Return how far the batch is, None while the database is away."""
        try:
            look = watch.look()
        except DBAPIError as error:
            if not outage.is_outage(error):
                raise
            vigil.lacks_database(outage.brief(error))
            return None
        vigil.has_database()
        return look

    def _show(self, look: Progress, vigil: Vigil) -> None:
        starting = not vigil.note and not look.ended and not look.in_flight and look.waiting and not look.holds
        self.progress = replace(look, note=STARTING if starting else vigil.note)
        self._screen.show(self.progress)
        paused = {f"{pause.kind} {pause.name} is open again": str(pause) for pause in look.pauses}
        self._news.see({**vigil.amiss, **paused})
