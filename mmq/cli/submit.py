"""`mmq submit`: enqueue a file of prompts for workers that run elsewhere."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mmq.cli.options import InputFormat, Json, LaneName, Model, Quiet, Source
from models.lane import Lane


def command(
    source: Source,
    *,
    errors: Annotated[str | None, typer.Option(metavar="ERR", help="Where lines that cannot run go.")] = None,
    lane: LaneName = Lane.DEFAULT,
    model: Model = None,
    format: InputFormat = None,  # noqa: A002
    name: Annotated[str | None, typer.Option(help="What to call the batch; default: the file's name.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask everything anew, also what is answered.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Enqueue all prompts of INPUT and print the batch's id. The same again adds what is new, and nothing twice.

    Exit code 0: all lines were accepted; 3: some cannot run; 2: none could be read.
    """
    import json  # noqa: PLC0415
    import sys  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    from mmq.cli.environment import overridden, warn  # noqa: PLC0415
    from mmq.cli.failure import SOME_FAILED  # noqa: PLC0415
    from mmq.report.screen import screen  # noqa: PLC0415
    from mmq.run.ask import asked  # noqa: PLC0415
    from mmq.run.submission import submit  # noqa: PLC0415
    from worker.settings import load  # noqa: PLC0415

    settings = load(overridden(os.environ, model=model))
    warn(settings)
    ask = asked(source, "-", errors or "-", lane=lane, name=name, format=format, fresh=fresh)
    with screen(ask.title, quiet=quiet) as display:
        accepted, bad = submit(ask, settings, display, errors)
    if as_json:
        print(json.dumps({**asdict(accepted), "bad_lines": bad}))
    else:
        print(accepted.batch_id)
    if not quiet:
        print(f"mmq: {accepted.new:,} new, {accepted.known:,} known, {bad:,} cannot run", file=sys.stderr)
    raise typer.Exit(SOME_FAILED if bad else 0)
