"""Submitting an input without doing its jobs."""

from __future__ import annotations

from mmq.formats.source import STDIN
from mmq.formats.write import write_jsonl
from mmq.queue import Queue
from mmq.report.progress import Progress
from mmq.report.remarks import Remarks
from mmq.report.screen import Screen
from mmq.run.accept import Accepted, accept, open_batch
from mmq.run.ask import Ask
from mmq.run.identity import batch_key
from mmq.run.intake import Intake
from worker.routing.judge import Judge
from worker.settings import Settings


def read_all(intake: Intake, ask: Ask, settings: Settings, screen: Screen, errors_file: str | None) -> None:
    """Read an input from its first line to its last, saying what is wrong with it."""
    remarks = Remarks(screen.complain, errors_file)

    def on_progress(count: int) -> None:
        screen.show(Progress(note=f"reading: {count:,} lines"))

    intake.read(
        ask.source,
        judge=Judge(settings.payers),
        model=settings.model,
        format=ask.format,
        on_remark=remarks.take,
        on_progress=on_progress,
    )
    remarks.finish()
    if not (intake.good or intake.bad):
        screen.say(f"mmq: {'standard input' if ask.source == STDIN else ask.source} holds no prompt")


def submit(ask: Ask, settings: Settings, screen: Screen, errors_file: str | None) -> tuple[Accepted, int]:
    """Enqueue an input's lines; write those that cannot run to `errors_file`, if any. Return how many these are, too.

    Raises:
        InvalidRequest: the input cannot be read.
        QueueFull: the lane has no room for it.
    """
    queue = Queue(settings)
    try:
        with Intake(settings.home if settings.home.is_dir() else None) as intake:
            read_all(intake, ask, settings, screen, errors_file)
            key = batch_key(ask.source, intake.content_digest, settings.database_url)
            batch_id = open_batch(queue.database, ask.name, key, fresh=ask.fresh)
            if errors_file and intake.bad:
                write_jsonl(errors_file, intake.bad_lines())
            return accept(queue.entrance, intake, batch_id, ask.lane), intake.bad
    finally:
        queue.close()
