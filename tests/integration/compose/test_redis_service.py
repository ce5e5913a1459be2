"""The Redis of docker-compose.yml, started here by its own command."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import yaml
from conftest import missing

from support.redis_server import redis_executable
from support.waiting import eventually

COMPOSE = yaml.safe_load(Path(__file__).parents[3].joinpath("docker-compose.yml").read_text())


@contextmanager
def composed_redis(socket: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The redis service's own command, run here, but for its address."""
    executable = redis_executable()
    if executable is None:
        missing("Redis")
    script = (
        COMPOSE["services"]["redis"]["command"][2]
        .replace("$$", "$")
        .replace("port 6379", f"port 0\nunixsocket {socket}")
    )
    environ = {"PATH": f"{Path(str(executable)).parent}:{os.environ['PATH']}", "REDISCLI_AUTH": "marked-password"}
    process = subprocess.Popen(["sh", "-ec", script], cwd=socket.parent, env=environ, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_redis_starts_as_it_is_told_and_shows_its_password_to_nobody() -> None:
    """The service's command gives a server that wants the password, keeps its data, and evicts nothing."""
    with tempfile.TemporaryDirectory(prefix="mmq-", dir="/tmp") as directory:
        socket = Path(directory) / "redis.sock"
        with (
            composed_redis(socket) as process,
            redis.Redis(unix_socket_path=str(socket), password="marked-password") as client,
            redis.Redis(unix_socket_path=str(socket)) as stranger,
        ):
            eventually(lambda: answers(client))
            with pytest.raises(redis.AuthenticationError):
                stranger.ping()
            wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "appendfsync": "everysec"}
            assert {name: client.config_get(name)[name] for name in wanted} == wanted
            arguments = subprocess.run(["ps", "-o", "args=", "-p", str(process.pid)], capture_output=True, check=True)
            assert b"redis-server" in arguments.stdout
            assert b"marked" not in arguments.stdout


def answers(client: redis.Redis) -> bool:
    """Whether the server is up."""
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
