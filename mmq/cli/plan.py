"""`mmq plan`: what a file of prompts would cost, and how long it would take."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mmq.cli.options import InputFormat, Json, Model, Source, WhichApi

TOKENS_AN_ANSWER = 500  # as workers guess before they have seen an answer


def command(
    source: Source,
    *,
    model: Model = None,
    api: WhichApi = None,
    format: InputFormat = None,  # noqa: A002
    answer_tokens: Annotated[int, typer.Option(min=0, help="How long an answer is likely to be.")] = TOKENS_AN_ANSWER,
    as_json: Json = False,
) -> None:
    """Say what INPUT would cost, how long it would take by the present limits, and every line that cannot run.

    Nothing is asked, enqueued or changed, and no key is needed. Exit code 0: all lines can run; 3: some cannot.
    """
    import sys  # noqa: PLC0415

    from mmq.cli.environment import overridden, warn  # noqa: PLC0415
    from mmq.cli.failure import SOME_FAILED  # noqa: PLC0415
    from mmq.formats.printable import printable_json  # noqa: PLC0415
    from mmq.report.paper import put  # noqa: PLC0415
    from mmq.report.plan import rendered  # noqa: PLC0415
    from mmq.report.screen import screen  # noqa: PLC0415
    from mmq.run.ask import asked  # noqa: PLC0415
    from mmq.run.plan import plan  # noqa: PLC0415
    from worker.settings import load  # noqa: PLC0415

    settings = load(overridden(os.environ, model=model, api=api))
    warn(settings)
    ask = asked(source, "-", "-", lane="default", format=format)
    with screen(f"looking at {source}", quiet=as_json) as display:
        found = plan(ask, settings, answer_tokens, display)
    if as_json:
        print(printable_json(found.as_json()))
    else:
        put(rendered(found), sys.stdout)
    raise typer.Exit(SOME_FAILED if found.bad else 0)
