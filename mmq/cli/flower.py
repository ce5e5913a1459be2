"""`mmq flower`: Flower for our broker, with a password wherever others can reach it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

PASSWORD = "MMQ_FLOWER_BASIC_AUTH"  # noqa: S105  # the variable's name


def command(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens.")] = 5555,
    address: Annotated[
        str, typer.Option(help="On which address; beyond loopback it demands a password.")
    ] = "127.0.0.1",
) -> None:
    """Watch jobs and workers in a browser.

    MMQ_FLOWER_BASIC_AUTH=user:password sets a password, or MMQ_FLOWER_BASIC_AUTH_FILE names a file that holds it.
    Without one Flower shows everything and changes nothing.
    """
    from mmq.cli.environment import warn  # noqa: PLC0415
    from mmq.run.flower import serve  # noqa: PLC0415
    from mmq.run.guard import password_for  # noqa: PLC0415
    from worker.configuration.environment import Reader  # noqa: PLC0415
    from worker.errors import ConfigurationError  # noqa: PLC0415
    from worker.settings import load  # noqa: PLC0415

    settings = load(os.environ)
    warn(settings)
    reader = Reader(os.environ)
    given = reader.confided(PASSWORD) or ""
    if reader.problems:
        raise ConfigurationError(reader.problems)
    password = password_for(address, given)
    if password and not given:
        print(f"mmq: Flower's password, made for this run only: {password}", file=sys.stderr)
    os.environ[PASSWORD] = password  # where flowerconfig.py looks for it; `docker inspect` does not
    print(f"mmq: Flower is at http://{address}:{port}; Ctrl-C ends it", file=sys.stderr, flush=True)
    serve(settings, address, port)
