"""`mmq cancel`: withdraw jobs that have not ended."""

from __future__ import annotations

import json

from mmq.cli.options import AnyId, Json


def command(which: AnyId, *, as_json: Json = False) -> None:
    """Withdraw the jobs that have not ended. Calls that are out still end; their answers are kept, but not adopted."""
    from mmq.cli.place import jobs_of, opened  # noqa: PLC0415
    from mmq.report.words import counted  # noqa: PLC0415
    from models import sweep  # noqa: PLC0415
    from models.session import reading  # noqa: PLC0415
    from models.table import utcnow  # noqa: PLC0415

    with opened() as (_, database):
        with reading(database) as connection:
            jobs = jobs_of(connection, which)
        moved = sweep.cancel(database, jobs, utcnow())
    print(json.dumps({"cancelled": moved}) if as_json else f"cancelled {counted(moved, 'job')}")
