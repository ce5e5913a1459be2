"""Closing a run: its files are written, and what became of its lines is added up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from mmq.formats.write import STDOUT, NotWritten, ReaderLeft
from mmq.report.summary import Summary
from mmq.run.ask import Ask
from mmq.run.intake import Intake
from mmq.run.reckon import reckon
from mmq.run.write import write_answers, write_failures
from models import queries
from models.session import open_database, reading
from models.state import FINAL, JobState
from worker.errors import MmqError
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of a batch, and why a file could not be written, if one could not."""

    summary: Summary
    trouble: MmqError | None


def close(
    ask: Ask, settings: Settings, batch_id: str, intake: Intake | None, *, before: int, seconds: float
) -> Closing:
    """Write the files of a batch, whatever its state. Where one cannot be written, the other is.

    Answers that stand in OUT stay as long as the batch has none yet: as when `--fresh` met a key that was refused.
    `intake` is None if the input was not read to its end: then its bad lines are not known, and ERR stays as it is.
    """
    database = open_database(settings.database_url)
    trouble: list[MmqError] = []
    failures = 0
    try:
        try:
            if not _nothing_for_something(database, batch_id, ask.output):
                write_answers(database, batch_id, ask.output)
        except ReaderLeft as exc:
            trouble.append(ReaderLeft(f"{exc}; `mmq results {batch_id}` writes all answers again"))
        except NotWritten as exc:
            trouble.append(NotWritten(f"{exc}; `mmq results {batch_id} -o OUT` writes the answers elsewhere"))
        if intake is not None:
            try:
                failures = write_failures(database, batch_id, ask.errors, intake.bad_lines())
            except (ReaderLeft, NotWritten) as exc:
                trouble.append(NotWritten(f"{exc}; `mmq results {batch_id} --errors ERR` writes failures elsewhere"))
        summary = reckon(
            database,
            batch_id,
            bad_lines=intake.bad if intake else 0,
            before=before,
            seconds=seconds,
            answers_file=None if ask.output == STDOUT or trouble else ask.output,
            errors_file=ask.errors if failures and ask.errors != STDOUT else None,
        )
    finally:
        database.dispose()
    return Closing(summary, trouble[0] if trouble else None)


def _nothing_for_something(database: Engine, batch_id: str, output: str) -> bool:
    path = Path(output)
    if output == STDOUT or not path.is_file() or not path.stat().st_size:
        return False
    with reading(database) as connection:
        counts = queries.counts(connection, batch_id)
    return not counts.get(JobState.SUCCEEDED) and any(state not in FINAL for state in counts)
