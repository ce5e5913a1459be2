"""`mmq wait`: until all jobs of a batch have ended."""

from __future__ import annotations

from typing import Annotated

import typer

from mmq.cli.options import BatchId, Json, Quiet


def command(
    batch: BatchId,
    *,
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds to wait at most; default: for ever.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Wait until all jobs of BATCH have ended. Exit code 0: all answered; 3: some failed; 1: the time was up."""
    from mmq.cli.ending import present  # noqa: PLC0415
    from mmq.cli.failure import FAILED, INTERRUPTED, SOME_FAILED  # noqa: PLC0415
    from mmq.cli.place import opened, require_batch  # noqa: PLC0415
    from mmq.report.screen import screen  # noqa: PLC0415
    from mmq.run.reckon import reckon  # noqa: PLC0415
    from mmq.run.waiting import wait_for  # noqa: PLC0415
    from models.session import reading  # noqa: PLC0415

    with opened() as (settings, database):
        with reading(database) as connection:
            name = require_batch(connection, batch)
        try:
            with screen(f"waiting for {name}", quiet=quiet) as display:
                ended = wait_for(database, settings, batch, display, timeout)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        summary = reckon(database, batch)
    present(summary, quiet=quiet, as_json=as_json, again=f"mmq retry {batch}")
    if not ended:
        raise typer.Exit(FAILED)
    raise typer.Exit(0 if summary.complete else SOME_FAILED)
