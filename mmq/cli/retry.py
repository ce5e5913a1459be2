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
    """Queue failed, cancelled or expired jobs again, with all their tries. Answered ones are left alone.

    A job for which an answer was kept, since it came too late, takes that answer instead of being asked again.
    """
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
        if moved.queued:
            wake(settings)
    if as_json:
        print(json.dumps({"queued": moved.queued, "recovered": moved.recovered}))
        return
    print(f"queued {counted(moved.queued, 'job')} again")
    if moved.recovered:
        print(f"{counted(moved.recovered, 'job')} took an answer that had been kept")
