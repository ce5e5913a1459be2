"""The whole of `mmq run`: from a file of prompts to a file of answers, with nothing left running."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine

from mmq.formats.write import STDOUT, NotWritten
from mmq.local.folder import private_folder
from mmq.local.stack import Stack
from mmq.report.progress import Progress
from mmq.report.screen import Screen
from mmq.report.summary import Summary
from mmq.report.words import counted
from mmq.run.accept import Accepted, accept, open_batch
from mmq.run.ask import Ask
from mmq.run.earlier import earlier, spare_answers
from mmq.run.identity import batch_key
from mmq.run.intake import Intake
from mmq.run.interrupt import HASTE_S, Interrupted, Interrupts
from mmq.run.limits import LimitsView
from mmq.run.others import others_go_on
from mmq.run.reckon import reckon
from mmq.run.submission import read_all
from mmq.run.vigil import Vigil
from mmq.run.watch import Watch
from mmq.run.write import write_answers, write_failures
from models import pause, queries
from models.session import open_database, reading, writing
from tasks.enqueue import Entrance
from tasks.producer import producer
from worker.errors import MmqError
from worker.routing.accounts import serving
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `summary` is None if it ended before anything was enqueued.

    `signal_code` is the exit code where a signal ended it, `error` what did where something was in the way.
    """

    summary: Summary | None
    signal_code: int | None = None
    error: MmqError | None = None
    others_go_on: bool = False


class Run:
    """One run. `environ` is what `settings` came from; the workers inherit it."""

    def __init__(self, ask: Ask, settings: Settings, environ: Mapping[str, str], screen: Screen) -> None:
        """Start nothing yet."""
        self.ask = ask
        self.settings = settings
        self.environ = environ
        self.screen = screen
        self._begun = time.monotonic()
        self._accepted: Accepted | None = None
        self._before = 0
        self._progress = Progress()

    def go(self) -> Ending:
        """Answer what is not answered yet, write the files, and leave nothing running."""
        with Interrupts() as interrupts, self.screen, self._intake() as intake:
            error: MmqError | None = None
            try:
                before = earlier(self.ask, self.settings)
                spare_answers(self.ask, self.settings, before)
                if before and before.open:
                    # A worker would ask for jobs whose lines are gone or changed before they can be withdrawn.
                    self._take_in(intake)
                with Stack(self.settings, environ=self.environ) as stack:
                    self._answer(stack, intake, interrupts)
            except Interrupted:
                pass
            except MmqError as trouble:
                error = trouble
            self.screen.clear()
            # Only now, so that answers which came while the workers stopped are among them.
            summary = None
            try:
                summary = self._write(intake)
            except NotWritten as trouble:
                error = trouble
            return Ending(
                summary=summary,
                signal_code=interrupts.exit_code if interrupts.signal else None,
                error=error,
                others_go_on=self._accepted is not None and others_go_on(self.settings),
            )

    def _intake(self) -> AbstractContextManager[Intake]:
        private_folder(self.settings.home)
        return Intake(self.settings.home)

    def _answer(self, stack: Stack, intake: Intake, interrupts: Interrupts) -> None:
        try:
            if self._accepted is None:
                self._take_in(intake)  # the worker is starting meanwhile: by the time all is read, it is there
            self._wait(stack, intake)
        except Interrupted:
            self._tell_stopping(interrupts)
            raise

    def _take_in(self, intake: Intake) -> None:
        errors = None if self.ask.errors == STDOUT else self.ask.errors
        read_all(intake, self.ask, self.settings, self.screen, errors)
        database = open_database(self.settings.database_url)
        try:
            self._accept(database, intake)
        finally:
            database.dispose()

    def _accept(self, database: Engine, intake: Intake) -> None:
        key = batch_key(self.ask.source, intake.content_digest, self.settings.database_url)
        batch_id = open_batch(database, self.ask.name, key, fresh=self.ask.fresh)
        with writing(database) as connection:
            _lift(connection, {payer.name for payer in self.settings.payers})
        with producer(self.settings.broker_url) as app:
            self._accepted = accept(Entrance.of(self.settings, database, app), intake, batch_id, self.ask.lane)
        with reading(database) as connection:
            self._before = queries.counts(connection, batch_id).get("succeeded", 0) if self._accepted.known else 0
        if self._accepted.withdrawn:
            count = counted(self._accepted.withdrawn, "waiting job")
            self.screen.say(f"withdrew {count} of an earlier run: the lines are gone or have changed")

    def _wait(self, stack: Stack, intake: Intake) -> None:
        accepted = self._accepted
        if accepted is None:
            return
        limits = LimitsView(self.settings, intake.models)
        watch = Watch(stack.database, accepted.batch_id, self.ask.lane, limits.look)
        payers = self.settings.payers
        by_model = [[payer.name for payer in serving(payers, model)] for model in intake.models]
        vigil = Vigil(stack.check, serving=by_model)
        try:
            while True:
                look = watch.look()
                starting = not vigil.note and not look.ended and not look.in_flight and look.waiting and not look.holds
                self._progress = replace(look, note="a worker is starting" if starting else vigil.note)
                self.screen.show(self._progress)
                if self._progress.ended == self._progress.total:
                    return
                vigil.keep(self._progress)
                watch.rest()
        finally:
            limits.close()

    def _tell_stopping(self, interrupts: Interrupts) -> None:
        calls = counted(self._progress.in_flight, "call")
        again = "Ctrl-C again" if interrupts.signal == signal.SIGINT else "a second signal"
        self.screen.say(f"stopping: {calls} in flight may finish; {again}: within {HASTE_S} s")

    def _write(self, intake: Intake) -> Summary | None:
        if self._accepted is None:
            return None
        batch_id = self._accepted.batch_id
        database = open_database(self.settings.database_url)
        try:
            try:
                write_answers(database, batch_id, self.ask.output)
                failures = write_failures(database, batch_id, self.ask.errors, intake.bad_lines())
            except NotWritten as exc:
                raise NotWritten(f"{exc}; `mmq results {batch_id} -o OUT` writes the answers elsewhere") from exc
            return reckon(
                database,
                batch_id,
                bad_lines=intake.bad,
                before=self._before,
                seconds=time.monotonic() - self._begun,
                answers_file=None if self.ask.output == STDOUT else self.ask.output,
                errors_file=self.ask.errors if failures and self.ask.errors != STDOUT else None,
            )
        finally:
            database.dispose()


def _lift(connection: Connection, accounts: Collection[str]) -> None:
    """Open accounts that their own trouble had closed: whoever runs again has mended it, or will see it closed anew.

    What a person paused stays paused.
    """
    for row in pause.paused(connection):
        if row.kind == pause.ACCOUNT and row.name in accounts and row.probe_at is not None:
            pause.resume(connection, pause.ACCOUNT, row.name)
