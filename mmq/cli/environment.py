"""The settings of a command: the environment, with what its options say on top."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from worker.provider.account import Api
from worker.settings import Settings, load


def overridden(environ: Mapping[str, str], *, model: str | None = None, api: Api | None = None) -> dict[str, str]:
    """Return the environment with these options in place of the variables of the same meaning."""
    given = {"MINIMAX_MODEL": model, "MINIMAX_API": api}
    return {**environ, **{name: str(value) for name, value in given.items() if value is not None}}


def calling_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of a command whose workers call MiniMax; print warnings.

    Raises:
        ConfigurationError: with every problem, a missing key among them.
    """
    settings = load(environ, key_needed=True)
    warn(settings)
    return settings


def warn(settings: Settings) -> None:
    """Print what is odd about the settings on stderr."""
    for warning in settings.warnings:
        print(f"mmq: warning: {warning}", file=sys.stderr)
