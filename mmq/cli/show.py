"""`mmq show`: everything about one job."""

from __future__ import annotations

from typing import Annotated

import typer

from mmq.cli.options import Json


def command(
    job: Annotated[str, typer.Argument(metavar="JOB", help="The job's id, as in the results and errors files.")],
    *,
    prompt: Annotated[bool, typer.Option("--prompt", help="Show the request, too.")] = False,
    answer: Annotated[bool, typer.Option("--answer", help="Show the answer, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show a job's state, why it waits or failed, and each call made for it, with MiniMax's code and request id."""
    import sys  # noqa: PLC0415

    from mmq.cli.place import opened  # noqa: PLC0415
    from mmq.formats.printable import printable_json  # noqa: PLC0415
    from mmq.report.paper import put  # noqa: PLC0415
    from mmq.report.record import as_record, rendered  # noqa: PLC0415
    from mmq.run.inspect import inspect  # noqa: PLC0415

    with opened() as (settings, database):
        found = inspect(settings, database, job)
    if as_json:
        print(printable_json(as_record(found, prompt=prompt, answer=answer)))
    else:
        put(rendered(found, prompt=prompt, answer=answer), sys.stdout)
