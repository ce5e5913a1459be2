"""docker-compose.yml without Docker: its services' commands and environments, for processes on this machine."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

_REFERENCE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def environment(service: str, values: Mapping[str, str]) -> dict[str, str]:
    """The environment of a service, as Compose would make it of these values of .env.

    Raises:
        KeyError: one that must be set is not.
    """

    def value(reference: re.Match[str]) -> str:
        name, how, text = reference.groups()
        return values.get(name, text) if how == "-" else values[name]

    given: dict[str, str] = SERVICES[service].get("environment", {})
    return {name: _REFERENCE.sub(value, text) for name, text in given.items()}


def command(service: str) -> list[str]:
    """The command of a service whose image is ours, as it would stand in the container."""
    return [*SERVICES[service].get("entrypoint", ["mmq"]), *SERVICES[service]["command"]]


def shell_script(service: str) -> str:
    """The script of a service that is started by one."""
    shell, option, script = SERVICES[service]["command"]
    assert (shell, option) == ("sh", "-ec")
    return str(script).replace("$$", "$")


def free_port() -> int:
    """A port on loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
