"""`mmq status`: the queue as a whole, or one batch."""

from __future__ import annotations

from typing import Annotated

import typer

from mmq.cli.options import Json


def command(
    batch: Annotated[str | None, typer.Argument(metavar="[BATCH]", help="A batch's id.", show_default=False)] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show lanes, accounts, workers, pauses and the newest batches; or what became of BATCH so far."""
    import sys  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    from mmq.cli.place import opened, require_batch  # noqa: PLC0415
    from mmq.formats.printable import printable_json  # noqa: PLC0415
    from mmq.report import overview, summary  # noqa: PLC0415
    from mmq.report.paper import put  # noqa: PLC0415
    from mmq.run.reckon import reckon  # noqa: PLC0415
    from mmq.run.survey import survey  # noqa: PLC0415
    from models.session import reading  # noqa: PLC0415

    with opened() as (settings, database):
        if batch is None:
            seen = survey(settings, database)
            told, layout = asdict(seen), overview.rendered(seen)
        else:
            with reading(database) as connection:
                require_batch(connection, batch)
            reckoned = reckon(database, batch)
            told, layout = reckoned.as_json(), summary.rendered(reckoned, f"mmq retry {batch}")
    if as_json:
        print(printable_json(told))
    else:
        put(layout, sys.stdout)
