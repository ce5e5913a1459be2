"""Noticing, while a run waits, what would make it wait for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from mmq.local.stack import DatabaseAway
from mmq.report.progress import Pause, Progress
from models import pause
from worker.errors import MmqError, Unavailable

CHECK_S = 1.0
#: An account that stays closed for so long is in trouble. Shorter: one refusal among answers, lifted by the next one.
PAUSED_S = 2.0
#: Calls in flight may still open it, but those that never end must not hold up the news.
PAUSED_AT_MOST_S = 30.0
DATABASE_BACK, REDIS_BACK, ROOM_AGAIN = "the database is back", "Redis is back", "there is room on the disk again"


class AccountPaused(MmqError):
    """The account cannot be used until somebody acts. Nothing is lost: its jobs wait."""

    def __init__(self, found: Pause) -> None:
        self.pause = found
        super().__init__(f"{found}\n     {found.mend}")


class Vigil:
    """Watches over the stack, the disk and the accounts."""

    def __init__(
        self,
        check: Callable[[], None],
        disk: Callable[[], str] = str,
        clock: Callable[[], float] = time.monotonic,
        *,
        serving: Sequence[Collection[str]] = (("default",),),
    ) -> None:
        """Look at nothing yet.

        `check` is the stack's; `disk` says what it lacks, if anything; `serving` names the accounts of each model.
        """
        #: What may pass by itself: what to say once it has -> what is amiss.
        self.amiss: dict[str, str] = {}
        self._check = check
        self._disk = disk
        self._serving = [frozenset(accounts) for accounts in serving]
        self._clock = clock
        self._check_due = 0.0
        self._paused_since: float | None = None

    @property
    def note(self) -> str:
        """What is amiss, in a line; nothing if nothing is."""
        return "; ".join(dict.fromkeys(self.amiss.values()))

    def has_database(self) -> None:
        """Take note that the database answers."""
        self.amiss.pop(DATABASE_BACK, None)

    def lacks_database(self, why: str) -> None:
        """Take note that it does not."""
        self.amiss[DATABASE_BACK] = f"the database is away, nothing goes on until it is back: {why}"

    def keep(self, progress: Progress) -> None:
        """Look now.

        Raises:
            ProcessEnded: a worker of ours died.
            AccountPaused: all accounts that could go on stay closed, and nothing is in flight that could open one.
        """
        now = self._clock()
        if now >= self._check_due:
            self._check_due = now + CHECK_S
            self._look()
        closed, of_all = self._closed(progress)
        if closed is None or (progress.in_flight and not of_all):  # other models go on
            self._paused_since = None
            return
        self._paused_since = self._paused_since or now
        since = now - self._paused_since
        if since >= PAUSED_AT_MOST_S or (since >= PAUSED_S and of_all and not progress.in_flight):
            raise AccountPaused(closed)

    def _look(self) -> None:
        self._note(ROOM_AGAIN, self._disk())
        try:
            self._check()
        except DatabaseAway as error:
            self._note(DATABASE_BACK, str(error))
        except Unavailable as error:
            self._note(REDIS_BACK, str(error))
        else:
            self._note(REDIS_BACK, "")

    def _note(self, passed: str, amiss: str) -> None:
        if amiss:
            self.amiss[passed] = amiss
        else:
            self.amiss.pop(passed, None)

    def _closed(self, progress: Progress) -> tuple[Pause | None, bool]:
        """Return why a model cannot be asked, if one cannot, and whether it is so for every model of the run."""
        paused = {found.name: found for found in progress.pauses if found.kind == pause.ACCOUNT}
        shut = [accounts for accounts in self._serving if accounts and accounts <= paused.keys()]
        return (paused[min(shut[0])], len(shut) == len(self._serving)) if shut else (None, False)
