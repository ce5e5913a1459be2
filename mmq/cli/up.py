"""`mmq up`: the parts that jobs need here, in the foreground."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer


def command(workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1) -> None:
    """Start what is missing (Redis, the database, workers) and keep it running until Ctrl-C or SIGTERM."""
    import time  # noqa: PLC0415

    from mmq.cli.environment import calling_settings  # noqa: PLC0415
    from mmq.local.stack import Stack  # noqa: PLC0415
    from mmq.run.interrupt import HASTE_S, Interrupted, Interrupts  # noqa: PLC0415
    from mmq.run.vigil import CHECK_S  # noqa: PLC0415
    from worker.errors import Unavailable  # noqa: PLC0415

    settings = calling_settings(os.environ)
    with Interrupts() as interrupts:
        try:
            with Stack(settings, workers=workers) as stack:
                _say(f"up; state and logs are in {settings.home}. Ctrl-C stops it.")
                away = False
                while True:
                    try:
                        time.sleep(CHECK_S)
                        stack.check()
                        away = False
                    except Unavailable as error:
                        if not away:
                            _say(str(error))
                        away = True
                    except Interrupted:
                        _say(f"stopping: calls in flight may finish; a second signal: within {HASTE_S} s")
                        raise
        except Interrupted:
            raise typer.Exit(interrupts.exit_code) from None


def _say(text: str) -> None:
    print(f"mmq: {text}", file=sys.stderr, flush=True)
