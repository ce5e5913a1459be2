"""`mmq move`: put jobs into another lane, while workers run."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mmq.cli.options import AnyId, Json
from models.lane import Lane

ToLane = Annotated[Lane, typer.Option("--lane", help="Where they shall wait.", show_default=False)]


def command(which: AnyId, *, lane: ToLane, as_json: Json = False) -> None:
    """Let the jobs that have not ended wait in another lane, at once. Those that a worker holds stay with it."""
    from mmq.cli.place import jobs_of, opened, wake  # noqa: PLC0415
    from mmq.report.words import counted  # noqa: PLC0415
    from models import sweep  # noqa: PLC0415
    from models.session import reading  # noqa: PLC0415

    with opened() as (settings, database):
        with reading(database) as connection:
            jobs = jobs_of(connection, which)
        moved = sweep.change_lane(database, jobs, lane)
        if moved:
            wake(settings)
    print(json.dumps({"moved": moved, "lane": lane}) if as_json else f"moved {counted(moved, 'job')} to {lane}")
