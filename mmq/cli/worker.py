"""`mmq worker`: one worker process, that is Celery's worker with our engine in it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from models.lane import Lane


def command(
    lanes: Annotated[str, typer.Option(help="Lanes to serve, separated by commas.")] = ",".join(Lane),
    calls: Annotated[int | None, typer.Option(min=1, help="Calls in flight at a time; default MMQ_CALLS.")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Do jobs until told to stop. SIGTERM or Ctrl-C: no new calls; those in flight finish."""
    from mmq.cli.checks import lanes_of, level_of  # noqa: PLC0415
    from worker.settings import load  # noqa: PLC0415

    chosen, level = lanes_of(lanes), level_of(log_level)
    if calls is not None:
        os.environ["MMQ_CALLS"] = str(calls)  # the engine reads its settings by itself
    # Before Celery is loaded and connects: all that is wrong is said at once.
    settings = load(os.environ, key_needed=True)

    from worker.recording import liveness  # noqa: PLC0415

    # Likewise a home that cannot be written to: Celery would end by a traceback.
    liveness.probe(settings.home)

    from mmq.run.serve import serve  # noqa: PLC0415

    raise typer.Exit(serve(chosen, level, settings.warnings))
