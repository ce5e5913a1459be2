"""`mmq run`: a file of prompts in, a file of answers out."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mmq.cli.options import Errors, InputFormat, Json, LaneName, Model, Output, Quiet, Source, WhichApi
from models.lane import Lane


def command(
    source: Source,
    *,
    output: Output = None,
    errors: Errors = None,
    lane: LaneName = Lane.DEFAULT,
    model: Model = None,
    api: WhichApi = None,
    format: InputFormat = None,  # noqa: A002
    name: Annotated[str | None, typer.Option(help="What to call the batch; default: the file's name.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask everything anew, also what is answered.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Answer all prompts of INPUT. The same command again goes on where it was; nothing is asked twice.

    Starts what is missing (Redis, a worker) and leaves nothing running. Exit code 0: all answered; 3: some failed;
    2: something must be mended first; 130: interrupted.
    """
    from mmq.cli.ending import finish  # noqa: PLC0415
    from mmq.cli.environment import calling_settings, overridden  # noqa: PLC0415
    from mmq.report.screen import screen  # noqa: PLC0415
    from mmq.run.ask import asked  # noqa: PLC0415
    from mmq.run.story import Run  # noqa: PLC0415

    environ = overridden(os.environ, model=model, api=api)
    settings = calling_settings(environ)
    ask = asked(source, output, errors, lane=lane, name=name, format=format, fresh=fresh)
    ending = Run(ask, settings, environ, screen(ask.title, quiet=quiet)).go()
    raise typer.Exit(finish(ending, quiet=quiet, as_json=as_json))
