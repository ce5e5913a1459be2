"""What an earlier run of the same input left in the database."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import OperationalError, ProgrammingError

from mmq.formats.source import STDIN
from mmq.formats.write import STDOUT
from mmq.run.ask import Ask
from mmq.run.identity import batch_key
from models import membership, queries
from models.session import database_url, open_database, reading
from models.state import JobState
from worker import outage
from worker.errors import InvalidRequest, Problem, Unavailable
from worker.settings import DEFAULT_HOME, Settings, load


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier run's batch. `open` says whether some of its jobs are still to be done."""

    batch_id: str
    open: bool


def nowhere(settings: Settings) -> bool:
    """Return whether there is no database yet: opening it would make its file."""
    url = database_url(settings.database_url)
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def earlier(ask: Ask, settings: Settings) -> Earlier | None:
    """Return what is there of the file's earlier run, or None. Standard input is known only once it is read.

    Raises:
        Unavailable: the database is away, and nobody can say.
    """
    if ask.source == STDIN or nowhere(settings):
        return None
    database = open_database(settings.database_url)
    try:
        with reading(database) as connection:
            batch_id = membership.of_key(connection, batch_key(ask.source, "", settings.database_url))
            counts = queries.counts(connection, batch_id) if batch_id else {}
    except (OperationalError, ProgrammingError) as exc:
        if outage.is_outage(exc):
            raise Unavailable(f"the database cannot be used: {outage.brief(exc)}") from exc
        return None  # no tables yet, as each database calls it
    finally:
        database.dispose()
    return Earlier(batch_id, bool({JobState.QUEUED, JobState.RUNNING} & set(counts))) if batch_id else None


def spare_answers(ask: Ask, settings: Settings, before: Earlier | None) -> None:
    """Refuse to replace answers of which this database knows nothing: the same command elsewhere meant another one.

    Raises:
        InvalidRequest: OUT holds something, and no earlier run of this input wrote it here.
    """
    output = Path(ask.output)
    if before or ask.fresh or ask.source == STDIN or ask.output == STDOUT:
        return
    if output.is_file() and output.stat().st_size:
        home = settings.home.absolute()
        message = f"{ask.output!r} exists, and the queue in {str(home)!r} knows of no earlier run that wrote it"
        theirs = " or ".join(f"MMQ_HOME={shlex.quote(str(other))}" for other in _likely_homes(ask, settings))
        go_on = f"set {theirs or 'the MMQ_HOME of that run'} to go on with it"
        remedy = f"{go_on}; else remove it, name another -o, or add --fresh"
        raise InvalidRequest([Problem("OUT", message, remedy)])


def _likely_homes(ask: Ask, settings: Settings) -> list[Path]:
    """Return the homes beside the run's files whose queues know of an earlier run of the input."""
    folders = dict.fromkeys(Path(path).resolve().parent for path in (ask.output, ask.source))
    others = [folder / DEFAULT_HOME for folder in folders if folder / DEFAULT_HOME != settings.home]
    return [home for home in others if _knows(home, ask)]


def _knows(home: Path, ask: Ask) -> bool:
    settings = load({"MMQ_HOME": str(home), "MMQ_CONFIG": os.devnull})
    try:
        return earlier(ask, settings) is not None
    except Unavailable:
        return False
