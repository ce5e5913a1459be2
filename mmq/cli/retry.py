"""`mmq retry`: ask again what ended without an answer."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mmq.cli.options import AnyId, Json


def command(
    which: AnyId,
    *,
    code: Annotated[str | None, typer.Option(help="Only jobs that failed with this code, as 1027.")] = None,
    as_json: Json = False,
) -> None:
    """Queue failed, cancelled or expired jobs again, with all their tries. Answered ones are left alone."""
    from mmq.cli.place import jobs_of, opened, wake  # noqa: PLC0415
    from mmq.report.words import counted  # noqa: PLC0415
    from models import sweep  # noqa: PLC0415
    from models.job import Job  # noqa: PLC0415
    from models.session import reading  # noqa: PLC0415
    from models.table import utcnow  # noqa: PLC0415

    with opened() as (settings, database):
        with reading(database) as connection:
            jobs = jobs_of(connection, which)
        if code is not None:
            jobs = jobs & (Job.error_code == code)
        moved = sweep.reopen(database, jobs, utcnow())
        if moved:
            wake(settings)
    print(json.dumps({"queued": moved}) if as_json else f"queued {counted(moved, 'job')} again")
