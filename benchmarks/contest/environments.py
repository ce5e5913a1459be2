"""The environments of the peers: each its own, made on first use, so that none bends another's versions or ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parents[1] / ".peers"
INSTALL_LIMIT_S = 600
PROJECT = "project"

#: environment to what is installed into it, in the versions that were compared
PACKAGES: dict[str, tuple[str, ...]] = {
    "saq": ("saq[redis,hiredis,postgres]==0.26.4", "aiohttp==3.14.5"),
    "dramatiq": ("dramatiq[redis]==2.2.1", "aiohttp==3.14.5"),
    "taskiq": ("taskiq==0.13.0", "taskiq-redis==1.2.4", "aiohttp==3.14.5"),
    "arq": ("arq==0.28.0", "aiohttp==3.14.5"),
    "procrastinate": ("procrastinate==3.10.0", "psycopg[binary,pool]==3.3.9", "aiohttp==3.14.5"),
    "pgqueuer": ("pgqueuer[asyncpg]==1.6.0", "aiohttp==3.14.5"),
    "flexllm": ("flexllm==0.17.10",),
    "async-batch-llm": ("async-batch-llm[openai]==0.28.0",),
    "litellm": ("litellm==1.106.2", "redis"),
    "curator": ("bespokelabs-curator==0.1.31",),
    "plots": ("matplotlib",),
}


class NotInstalled(Exception):
    """An environment could not be made; the message is the installer's last line."""


def python(environment: str) -> str:
    """Return the interpreter of an environment, which is made if it is missing; `project` is ours.

    Raises:
        NotInstalled: it cannot be made here.
    """
    if environment == PROJECT:
        return sys.executable
    home, wanted = PEERS / environment, "\n".join(PACKAGES[environment])
    made = home / "installed.txt"
    if not made.exists() or made.read_text() != wanted:
        _run(sys.executable, "-m", "venv", "--clear", str(home))
        pip = (str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(*pip, *PACKAGES[environment])
        made.write_text(wanted)
    return str(home / "bin" / "python")


def prepare() -> None:
    """Make all environments that are missing, so that no measurement waits for one; runs tell what cannot be had."""
    for environment in PACKAGES:
        try:
            python(environment)
        except NotInstalled as exc:
            print(f"{environment} {exc}", flush=True)


def _run(*command: str) -> None:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise NotInstalled(f"cannot be installed: {type(exc).__name__}") from exc
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if line.strip()]
        raise NotInstalled(f"cannot be installed: {lines[-1][:200] if lines else 'no reason given'}")
