"""`mmq doctor`: what is wrong with the configuration and everything it names, and how to mend it."""

from __future__ import annotations

import os

import typer

from mmq.cli.options import Json


def command(*, as_json: Json = False) -> None:
    """Look at the settings, the account, its host, the model, the database, Redis and the workers. Changes nothing.

    Exit code 0: jobs can run; 2: something must be mended first.
    """
    import sys  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    from mmq.cli.failure import USAGE  # noqa: PLC0415
    from mmq.doctor.check import Level  # noqa: PLC0415
    from mmq.doctor.examination import check  # noqa: PLC0415
    from mmq.formats.printable import printable_json  # noqa: PLC0415
    from mmq.report.health import rendered  # noqa: PLC0415
    from mmq.report.paper import put  # noqa: PLC0415

    checks = check(os.environ)
    if as_json:
        print(printable_json([asdict(found) for found in checks]))
    else:
        put(rendered(checks), sys.stdout)
    raise typer.Exit(USAGE if any(found.level is Level.FAIL for found in checks) else 0)
