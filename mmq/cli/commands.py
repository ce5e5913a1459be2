"""What the command `mmq` offers."""

from __future__ import annotations

import typer

from mmq.cli import (
    cancel,
    demo,
    doctor,
    flower,
    limits,
    move,
    pause,
    plan,
    purge,
    results,
    retry,
    run,
    sandbox,
    show,
    status,
    submit,
    top,
    up,
    wait,
)
from mmq.cli import worker as work

# Nothing above imports more than Typer: what a command needs, it imports when it runs, so that help comes at once.
app = typer.Typer(
    name="mmq",
    help="MiniMax Queue: answers files of prompts by MiniMax, as fast as the account allows and no faster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_ASK, _LOOK, _STEER, _SERVE = "Ask", "Look", "Steer", "Run the parts"

app.command("plan", rich_help_panel=_ASK)(plan.command)
app.command("run", rich_help_panel=_ASK)(run.command)
app.command("demo", rich_help_panel=_ASK)(demo.command)
app.command("submit", rich_help_panel=_ASK)(submit.command)
app.command("wait", rich_help_panel=_ASK)(wait.command)
app.command("results", rich_help_panel=_ASK)(results.command)
app.command("top", rich_help_panel=_LOOK)(top.command)
app.command("status", rich_help_panel=_LOOK)(status.command)
app.command("show", rich_help_panel=_LOOK)(show.command)
app.add_typer(limits.app, name="limits", rich_help_panel=_LOOK)
app.command("doctor", rich_help_panel=_LOOK)(doctor.command)
app.command("cancel", rich_help_panel=_STEER)(cancel.command)
app.command("retry", rich_help_panel=_STEER)(retry.command)
app.command("move", rich_help_panel=_STEER)(move.command)
app.command("pause", rich_help_panel=_STEER)(pause.pause_command)
app.command("resume", rich_help_panel=_STEER)(pause.resume_command)
app.command("purge", rich_help_panel=_STEER)(purge.command)
app.command("up", rich_help_panel=_SERVE)(up.command)
app.command("worker", rich_help_panel=_SERVE)(work.command)
app.command("flower", rich_help_panel=_SERVE)(flower.command)
app.command("sandbox", rich_help_panel=_SERVE)(sandbox.command)
