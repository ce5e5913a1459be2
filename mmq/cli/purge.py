"""`mmq purge`: delete jobs that ended long ago."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from mmq.cli.age import age_of
from mmq.cli.options import Json, Quiet


class Ended(StrEnum):
    """The states in which a job may be deleted."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


def command(
    batch_id: Annotated[str | None, typer.Argument(metavar="BATCH", help="Only of this batch.")] = None,
    *,
    older_than: Annotated[
        timedelta, typer.Option(parser=age_of, metavar="AGE", help="That ended before so long: 30d, 12h, 2w.")
    ],
    state: Annotated[list[Ended] | None, typer.Option(help="Only in this state; may be given again.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Delete nothing; say what would be.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Delete jobs that ended long ago, with their answers and attempts, and batches left empty. Open jobs stay.

    A request whose job was purged is a new job when it is submitted again. Interrupted, the same command goes on.
    """
    import json  # noqa: PLC0415
    import sys  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    from mmq.cli.place import opened, require_batch  # noqa: PLC0415
    from mmq.report.progress import Progress  # noqa: PLC0415
    from mmq.report.purged import advice, told  # noqa: PLC0415
    from mmq.report.screen import screen  # noqa: PLC0415
    from models.purge import Old, Purged, purge, survey  # noqa: PLC0415
    from models.session import reading  # noqa: PLC0415
    from models.state import FINAL, JobState  # noqa: PLC0415
    from models.table import utcnow  # noqa: PLC0415

    states = [JobState(each) for each in state] if state else FINAL
    with opened() as (_, database):
        if batch_id is not None:
            with reading(database) as connection:
                require_batch(connection, batch_id)
        old = Old(utcnow() - older_than, states, batch_id)
        done = Purged()
        if dry_run:
            done = survey(database, old)
        else:
            with screen("mmq purge", quiet=quiet or as_json) as display:
                for some in purge(database, old):
                    done += some
                    display.show(Progress(note=f"deleted {done.jobs:,} jobs"))
        print(json.dumps({**asdict(done), "dry_run": dry_run}) if as_json else told(done, dry_run=dry_run))
        if done.jobs and not (dry_run or quiet or as_json):
            print(advice(database.url), file=sys.stderr)
