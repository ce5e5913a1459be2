"""The whole of `mmq run`: from a file of prompts to a file of answers, with nothing left running."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

from mmq.local.folder import private_folder
from mmq.local.stack import Stack
from mmq.report.screen import Screen
from mmq.report.summary import Summary
from mmq.report.words import counted
from mmq.run.ask import Ask
from mmq.run.claim import claimed
from mmq.run.closing import close
from mmq.run.earlier import Earlier, earlier, spare_answers
from mmq.run.following import Following
from mmq.run.intake import Intake
from mmq.run.interrupt import HASTE_S, Interrupted, Interrupts
from mmq.run.others import others_go_on
from mmq.run.taking import Taken, take_in
from worker.errors import MmqError
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `summary` is None if there is no batch, or if it was not added up any more.

    `signal_code` is the exit code where a signal ended it, `error` what did where something was in the way.
    """

    summary: Summary | None
    signal_code: int | None = None
    error: MmqError | None = None
    others_go_on: bool = False
    fresh: bool = False  #: the same command would begin anew


class Run:
    """One run. `environ` is what `settings` came from; the workers inherit it."""

    def __init__(self, ask: Ask, settings: Settings, environ: Mapping[str, str], screen: Screen) -> None:
        """Start nothing yet."""
        self.ask = ask
        self.settings = settings
        self.environ = environ
        self.screen = screen
        self._begun = time.monotonic()
        self._earlier: Earlier | None = None
        self._taken: Taken | None = None

    def go(self) -> Ending:
        """Answer what is not answered yet, write the files, and leave nothing running.

        Raises:
            ConfigurationError, InvalidRequest: it cannot begin.
        """
        with Interrupts() as interrupts, self.screen:
            error: MmqError | None = None
            try:
                private_folder(self.settings.home)
                with Intake(self.settings.home) as intake, claimed(self.ask.output, self.settings):
                    try:
                        self._answer(intake, interrupts)
                    except Interrupted:
                        pass
                    except MmqError as trouble:
                        error = trouble
                    self.screen.clear()
                    interrupts.calm()
                    return self._end(intake, interrupts, error)
            except Interrupted:
                return Ending(None, interrupts.exit_code, error)

    def _answer(self, intake: Intake, interrupts: Interrupts) -> None:
        self._earlier = earlier(self.ask, self.settings)
        spare_answers(self.ask, self.settings, self._earlier)
        if self._earlier and self._earlier.open:
            # A worker would ask for jobs whose lines are gone or changed before they can be withdrawn.
            self._take_in(intake)
        with Stack(self.settings, environ=self.environ) as stack:
            following = Following(self.settings, intake.models, self.ask.lane, self.screen)
            try:
                # The worker is starting meanwhile: by the time all is read, it is there.
                taken = self._taken or self._take_in(intake)
                following.until_done(stack, taken.batch_id)
            except Interrupted:
                calls = counted(following.progress.in_flight, "call")
                again = "Ctrl-C again" if interrupts.signal == signal.SIGINT else "a second signal"
                self.screen.say(f"stopping: {calls} in flight may finish; {again}: within {HASTE_S} s")
                raise

    def _take_in(self, intake: Intake) -> Taken:
        self._taken = take_in(intake, self.ask, self.settings, self.screen)
        return self._taken

    def _end(self, intake: Intake, interrupts: Interrupts, error: MmqError | None) -> Ending:
        """Write the files: only now, so that answers which came while the workers stopped are among them."""
        summary = None
        if batch_id := self._batch_id():
            read = intake if self._taken else None
            before = self._taken.before if self._taken else 0
            seconds = time.monotonic() - self._begun
            closing = close(self.ask, self.settings, batch_id, read, before=before, seconds=seconds)
            summary, error = closing.summary, closing.trouble or error
        return Ending(
            summary=summary,
            signal_code=interrupts.exit_code if interrupts.signal else None,
            error=error,
            others_go_on=self._taken is not None and others_go_on(self.settings),
            fresh=self.ask.fresh and self._taken is not None,
        )

    def _batch_id(self) -> str | None:
        """Return whose answers are to be written: also those of an earlier run that was killed before it wrote them."""
        if self._taken:
            return self._taken.batch_id
        return self._earlier.batch_id if self._earlier and not self.ask.fresh else None
