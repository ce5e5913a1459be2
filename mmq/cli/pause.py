"""`mmq pause` and `mmq resume`: stop and restart the work of a lane or an account, while workers run."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from models.lane import Lane

if TYPE_CHECKING:
    from worker.settings import Settings


class Kind(StrEnum):
    """What can be paused."""

    LANE = "lane"
    ACCOUNT = "account"


KindName = Annotated[Kind, typer.Argument(help="What to pause.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Which one: a lane's name, or an account's, as default.")]


def pause_command(kind: KindName, name: Name) -> None:
    """Give a lane or an account no more work until it is resumed. Calls that are out still end."""
    from mmq.cli.place import opened  # noqa: PLC0415
    from models import pausing  # noqa: PLC0415
    from models.session import writing  # noqa: PLC0415
    from models.table import utcnow  # noqa: PLC0415

    with opened() as (settings, database):
        _require(kind, name, settings)
        with writing(database) as connection:
            pausing.pause(connection, kind, name, utcnow())
    print(f"paused {kind} {name}; `mmq resume {kind} {name}` opens it")


def resume_command(kind: KindName, name: Name) -> None:
    """Open a lane or an account that was paused, by a person or by its own trouble."""
    from mmq.cli.place import opened, wake  # noqa: PLC0415
    from models import pausing  # noqa: PLC0415
    from models.session import writing  # noqa: PLC0415

    with opened() as (settings, database):
        _require(kind, name, settings)
        with writing(database) as connection:
            closed = pausing.resume(connection, kind, name)
        if closed:
            wake(settings)
    print(f"resumed {kind} {name}" if closed else f"{kind} {name} was not paused")


def _require(kind: Kind, name: str, settings: Settings) -> None:
    known = list(Lane) if kind is Kind.LANE else [payer.name for payer in settings.payers]
    if name not in known:
        raise typer.BadParameter(f"no {kind} {name!r}: choose from {', '.join(known)}", param_hint="NAME")
