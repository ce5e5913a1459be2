"""Checks of option values that Typer cannot make by itself."""

from __future__ import annotations

import typer

from models.lane import Lane

LEVELS = ("debug", "info", "warning", "error")


def lanes_of(text: str) -> list[str]:
    """Return the lanes named, in the order of their urgency, in which Celery reads their queues."""
    named = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := sorted(named - set(Lane)):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(Lane)}", param_hint="--lanes")
    if not named:
        raise typer.BadParameter("names no lane", param_hint="--lanes")
    return [str(lane) for lane in Lane if lane in named]


def level_of(text: str) -> str:
    """Return a log level's name as logging has it."""
    if text.lower() not in LEVELS:
        raise typer.BadParameter(f"{text}: choose from {', '.join(LEVELS)}", param_hint="--log-level")
    return text.upper()
