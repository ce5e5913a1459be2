"""`mmq limits`: what accounts may spend on models, seen and changed while workers run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mmq.cli.options import Json

if TYPE_CHECKING:
    from worker.settings import Settings

LOOK_S = 1.0
SHOW = "show"
CLEAR = "\x1b[H\x1b[2J"  # to the corner, and wipe


class Shown(TyperGroup):
    """`mmq limits default` means `mmq limits show default`, whatever is no command of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, with `show` put before them where they name no command."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [SHOW, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=Shown, help="Show each budget live, or change it while workers run.", add_completion=False)

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's name, as default.")]
OfModel = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]


@app.command(SHOW)
def show(
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT", help="Only this one.")] = None,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]]", help="Only this one.")] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """Show what each account may spend on each model, what it spends, the gate, and who waits."""
    import json  # noqa: PLC0415
    import sys  # noqa: PLC0415
    import time  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    from mmq.cli.failure import INTERRUPTED  # noqa: PLC0415
    from mmq.cli.place import opened  # noqa: PLC0415
    from mmq.report.budgets import rendered  # noqa: PLC0415
    from mmq.report.paper import put  # noqa: PLC0415
    from mmq.run.budgets import look  # noqa: PLC0415

    with opened() as (settings, database):
        try:
            while True:
                views, note = look(settings, database, account, model)
                if as_json:
                    print(json.dumps({"note": note or None, "budgets": [asdict(view) for view in views]}), flush=True)
                else:
                    if watch and sys.stdout.isatty():
                        print(CLEAR, end="")
                    put(rendered(views, note), sys.stdout)
                if not watch:
                    return
                time.sleep(LOOK_S)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


@app.command("set")
def set_command(
    account: Account,
    model: OfModel,
    *,
    rpm: Annotated[float | None, typer.Option(help="Requests a minute.", show_default=False)] = None,
    tpm: Annotated[float | None, typer.Option(help="Tokens a minute, in and out.", show_default=False)] = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls at a time.", show_default=False)] = None,
) -> None:
    """Set limits of one budget for all workers, within seconds and until `mmq limits unset`."""
    from mmq.cli.place import opened  # noqa: PLC0415
    from models import set_limits  # noqa: PLC0415
    from models.session import writing  # noqa: PLC0415
    from models.table import utcnow  # noqa: PLC0415

    given = {"rpm": rpm, "tpm": tpm, "concurrency": concurrency}
    limits = {name: value for name, value in given.items() if value is not None}
    if not limits:
        raise typer.BadParameter("nothing to set: give --rpm, --tpm or --concurrency")
    for name, value in limits.items():
        if not (value > 0 and math.isfinite(value)):
            raise typer.BadParameter(f"{value} is no limit; to let nothing out, `mmq pause`", param_hint=f"--{name}")
    with opened() as (settings, database):
        _require(settings, account, model)
        with writing(database) as connection:
            set_limits.set_limits(connection, account, model, limits, utcnow())
    print(f"set {', '.join(f'{name} {value:,}' for name, value in limits.items())} for {model} of {account}")


@app.command("unset")
def unset_command(account: Account, model: OfModel) -> None:
    """Let the configuration decide again about one budget."""
    from mmq.cli.place import opened  # noqa: PLC0415
    from models import set_limits  # noqa: PLC0415
    from models.session import writing  # noqa: PLC0415

    with opened() as (_, database), writing(database) as connection:
        was_set = set_limits.unset(connection, account, model)
    print(f"{'unset the limits' if was_set else 'nothing was set'} for {model} of {account}")


@app.command("reset")
def reset_command(account: Account, model: OfModel) -> None:
    """Forget what refusals taught about one budget: it begins again from what was told."""
    from mmq.cli.place import opened  # noqa: PLC0415
    from mmq.run.budgets import reset  # noqa: PLC0415
    from worker.admission.keys import BudgetKey  # noqa: PLC0415

    with opened() as (settings, database):
        reset(settings, database, BudgetKey(account, model))
    print(f"forgot what was learned of {model} of {account}")


def _require(settings: Settings, account: str, model: str) -> None:
    payers = {payer.name: payer for payer in settings.payers}
    if account not in payers:
        raise typer.BadParameter(f"no account {account!r}: choose from {', '.join(payers)}", param_hint="ACCOUNT")
    if not payers[account].serves(model):
        raise typer.BadParameter(f"account {account} does not serve {model!r}", param_hint="MODEL")
