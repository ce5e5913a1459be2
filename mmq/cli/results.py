"""`mmq results`: the answers of a batch, in the order of its input."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mmq.cli.options import BatchId


def command(
    batch: BatchId,
    *,
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="- is standard output.")] = "-",
    errors: Annotated[str | None, typer.Option(metavar="ERR", help="Where failures go; default: nowhere.")] = None,
) -> None:
    """Write the answers that BATCH has so far. Exit code 0: all are there; 3: some failed or are still open."""
    from mmq.cli.failure import READER_LEFT, SOME_FAILED  # noqa: PLC0415
    from mmq.cli.place import opened, require_batch  # noqa: PLC0415
    from mmq.formats.write import ReaderLeft, require_target  # noqa: PLC0415
    from mmq.run.reckon import reckon  # noqa: PLC0415
    from mmq.run.write import write_answers, write_failures  # noqa: PLC0415
    from models.session import reading  # noqa: PLC0415

    for target in (output, errors):
        if target is not None:
            require_target(target)
    with opened() as (_, database):
        with reading(database) as connection:
            require_batch(connection, batch)
        code = None
        try:
            write_answers(database, batch, output)
        except ReaderLeft:
            code = READER_LEFT
        if errors is not None:
            write_failures(database, batch, errors)
        summary = reckon(database, batch)
    text = f"mmq: {summary.answered:,} answered, {summary.failed + summary.withdrawn:,} failed, {summary.open:,} open"
    print(text, file=sys.stderr)
    raise typer.Exit(code or (0 if summary.complete else SOME_FAILED))
