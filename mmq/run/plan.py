"""Looking an input over before anything is spent."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from sqlalchemy.exc import OperationalError, ProgrammingError

from mmq.formats.output import bad_line_line
from mmq.formats.read import read
from mmq.formats.record import BadLine, Line
from mmq.report.plan import ModelPlan, Plan
from mmq.report.progress import Progress
from mmq.report.remarks import Remarks
from mmq.report.screen import Screen
from mmq.run.ask import Ask
from mmq.run.budgets import look
from mmq.run.earlier import earlier, nowhere
from mmq.run.intake import PROGRESS_EVERY
from mmq.run.rates import Rates, rates
from mmq.run.tally import Tally, minutes
from models import queries
from models.session import open_database, reading
from worker.errors import Unavailable
from worker.routing.judge import Judge
from worker.settings import Settings


def plan(ask: Ask, settings: Settings, tokens_an_answer: int, screen: Screen) -> Plan:
    """Read an input to its end, say all that is wrong with it, and add up what it asks for. Nothing is changed.

    Raises:
        InvalidRequest: the input cannot be read.
    """
    tally, good = Tally(tokens_an_answer), 0
    bad: list[dict[str, Any]] = []
    remarks = Remarks(screen.complain, None, most=sys.maxsize)
    items = read(ask.source, judge=Judge(settings.payers), defaults={"model": settings.model}, format=ask.format)
    for count, item in enumerate(items, 1):
        if isinstance(item, Line):
            good += 1
            tally.add(item.request)
        elif isinstance(item, BadLine):
            bad.append(bad_line_line(item))
        if not isinstance(item, Line) or item.warnings:
            remarks.take(item)
        if count % PROGRESS_EVERY == 0:
            screen.show(Progress(note=f"reading: {count:,} lines"))
    answered, rates = _present(ask, settings, tally.shares)
    shares = [(name, share, *rates[name]) for name, share in sorted(tally.shares.items())]
    models = [
        ModelPlan(
            model=name,
            requests=share.requests,
            prompt_tokens=share.prompt_tokens,
            answer_tokens=share.answer_tokens,
            cost=share.cost,
            currency=share.currency,
            prices_as_of=share.prices_as_of,
            rpm=rpm,
            tpm=tpm,
            minutes=minutes(share, rpm, tpm),
        )
        for name, share, rpm, tpm in shares
    ]
    return Plan(ask.source, good, len(bad), answered, tokens_an_answer, models, bad)


def _present(ask: Ask, settings: Settings, models: Iterable[str]) -> tuple[int, Rates]:
    """Return how many answers there are of an earlier run, and the limits of the models as they are now."""
    if nowhere(settings):
        return 0, rates(settings, models, [])
    database = open_database(settings.database_url)
    try:
        before = earlier(ask, settings)
        with reading(database) as connection:
            counts = queries.counts(connection, before.batch_id) if before else {}
        views, _ = look(settings, database, None, None)
    except (OperationalError, ProgrammingError, Unavailable):  # no tables yet, as each database calls it, or it is away
        return 0, rates(settings, models, [])
    finally:
        database.dispose()
    return counts.get("succeeded", 0), rates(settings, models, views)
