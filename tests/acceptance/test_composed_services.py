"""The services of docker-compose.yml at work: their own commands, environments and health checks, as processes here."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from secrets import token_hex

import pytest
import redis

from mmq.sandbox.config import SandboxConfig
from mmq.sandbox.thread import SandboxThread
from support.databases import PostgresqlServer
from support.stage import Stage
from support.waiting import eventually

MARK = f"marked{token_hex(6)}"  # of this run alone, since all processes of the machine are searched for it
KEY = f"{MARK}-key-of-minimax"
PASSWORDS = {name: f"{MARK}{name[:4]}" for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FLOWER_PASSWORD")}
WORKERS = ["worker-interactive", "worker-backlog"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, postgresql_databases: PostgresqlServer) -> Iterator[Stage]:
    """All services up: Redis, a migrated PostgreSQL, both workers, Flower; MiniMax is a sandbox."""
    folder = tmp_path_factory.mktemp("composed")
    secret = folder / "minimax_api_key"
    secret.write_text(KEY + "\n")
    with SandboxThread(SandboxConfig.of(keys=[(KEY, "1")])) as minimax:
        values = {**PASSWORDS, "MINIMAX_BASE_URL": minimax.base_url}
        with Stage(folder, values, database=postgresql_databases.empty(), secret=secret) as stage:
            stage.start_redis()
            stage.run("migrate")
            for name in [*WORKERS, "flower"]:
                stage.start(name)
            yield stage


def test_redis_wants_its_password_keeps_its_data_and_evicts_nothing(stage: Stage) -> None:
    """The service's script, fed by stdin, gives such a server."""
    with redis.Redis(port=stage.redis_port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "appendfsync": "everysec"}
    with redis.Redis(port=stage.redis_port, password=PASSWORDS["REDIS_PASSWORD"]) as client:
        assert {name: client.config_get(name)[name] for name in wanted} == wanted


@pytest.mark.parametrize("name", ["redis", *WORKERS, "flower"])
def test_a_service_becomes_healthy_by_its_own_check(stage: Stage, name: str) -> None:
    """What Compose would run inside the container ends with 0 once the service is up."""
    eventually(lambda: stage.health(name) == 0)


@pytest.mark.parametrize("lane", ["interactive", "default", "bulk"])
def test_every_lane_is_answered(stage: Stage, lane: str) -> None:
    """A batch submitted on standard input, as the mmq service does it, comes back whole."""
    batch = stage.run("mmq", "submit", "-", "--lane", lane, "--quiet", given='{"prompt": "Hello"}\n{"prompt": "Bye"}\n')
    stage.run("mmq", "wait", batch.strip(), "--quiet")
    answers = [json.loads(line) for line in stage.run("mmq", "results", batch.strip()).splitlines()]
    assert [answer["response"]["status_code"] for answer in answers] == [200, 200]


def status(url: str, password: str | None = None) -> int:
    """The HTTP status of a page."""
    login = {"Authorization": "Basic " + b64encode(f"mmq:{password}".encode()).decode()} if password else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=login)) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_flower_asks_for_its_password(stage: Stage) -> None:
    """Nobody sees jobs or workers without it."""
    eventually(lambda: stage.health("flower") == 0)
    for page in ("", "workers", "api/tasks"):
        assert status(f"{stage.flower_url}/{page}") == 401
    assert status(f"{stage.flower_url}/workers", "wrong") == 401
    assert status(f"{stage.flower_url}/workers", PASSWORDS["FLOWER_PASSWORD"]) == 200


def metrics(stage: Stage) -> str:
    """Flower's metrics, asked for without a password."""
    with urllib.request.urlopen(f"{stage.flower_url}/metrics") as response:
        return str(response.read().decode())


def test_flower_counts_jobs_for_everybody(stage: Stage) -> None:
    """Its metrics ask for no password, which is why docs/production.md shuts them off, and hold no prompt."""
    eventually(lambda: stage.health("flower") == 0)
    stage.run(
        "mmq", "wait", stage.run("mmq", "submit", "-", "--quiet", given='{"prompt": "Tell"}\n').strip(), "--quiet"
    )
    eventually(lambda: 'type="task-succeeded"' in metrics(stage))
    assert "Tell" not in metrics(stage)


def test_no_secret_shows_in_processes_or_logs(stage: Stage) -> None:
    """Neither the key nor a password is an argument of a process, or in what the services print."""
    arguments = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    assert "redis-server" in arguments
    assert MARK not in arguments
    logs = {path.name: path.read_text() for path in stage.folder.glob("*.log")}
    assert logs.keys() >= {f"{name}.log" for name in WORKERS}
    assert [name for name, text in logs.items() if MARK in text] == []


def test_a_stop_ends_them_in_order(stage: Stage) -> None:
    """SIGTERM, as Compose sends it, ends a worker without an error."""
    assert {name: stage.stop(name) for name in WORKERS} == dict.fromkeys(WORKERS, 0)
