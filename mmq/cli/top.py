"""`mmq top`: the queue at work, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmq.cli.options import Json

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from worker.settings import Settings

LOOK_S = 1.0
#: Looking takes at most this share of the time, however busy the database is.
BURDEN = 0.1


def command(*, as_json: Json = False) -> None:
    """Watch lanes, budgets, workers and the last failures with their request ids, until Ctrl-C.

    With --json, or where standard output is no terminal: one look.
    """
    import sys  # noqa: PLC0415

    from typer import Exit  # noqa: PLC0415

    from mmq.cli.place import opened  # noqa: PLC0415
    from mmq.formats.printable import printable_json  # noqa: PLC0415
    from mmq.report.paper import put  # noqa: PLC0415
    from mmq.report.watched import rendered  # noqa: PLC0415
    from mmq.run.interrupt import Interrupted, Interrupts  # noqa: PLC0415
    from mmq.run.top import watch  # noqa: PLC0415

    with opened() as (settings, database):
        if as_json:
            print(printable_json(watch(settings, database).as_json()))
        elif not sys.stdout.isatty():
            put(rendered(watch(settings, database)), sys.stdout)
        else:
            with Interrupts() as interrupts:  # SIGTERM, too, must give the terminal back as it was
                try:
                    _show(settings, database)
                except Interrupted:
                    raise Exit(interrupts.exit_code) from None


def _show(settings: Settings, database: Engine) -> None:
    """Fill the terminal, look after look, until something is raised."""
    import time  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from mmq.report.watched import rendered  # noqa: PLC0415
    from mmq.run.top import watch  # noqa: PLC0415
    from worker import outage  # noqa: PLC0415

    with Live(console=Console(highlight=False), screen=True, auto_refresh=False) as screen:
        while True:
            begun = time.monotonic()
            try:
                screen.update(rendered(watch(settings, database)), refresh=True)
            except Exception as error:
                if not outage.is_outage(error):
                    raise
                screen.update(Text(f"  the database is away: {outage.brief(error)}", style="yellow"), refresh=True)
            time.sleep(max(LOOK_S, (time.monotonic() - begun) / BURDEN))
