"""What docker-compose.yml promises, read from its text: there need be no Docker to know it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from support.composed import COMPOSE, ROOT, SERVICES
from tasks.contract import LANES
from worker.provider.account import Timeouts
from worker.settings import VARIABLES

WORKERS = sorted(name for name in SERVICES if name.startswith("worker-"))
SERVING = sorted(name for name in SERVICES if name not in {"migrate", "mmq"})
REFERENCE = re.compile(r"(?<!\$)\$\{(\w+)([^}]*)\}")

every_service = pytest.mark.parametrize("name", sorted(SERVICES))
every_server = pytest.mark.parametrize("name", SERVING)
every_worker = pytest.mark.parametrize("name", WORKERS)


def texts(value: object) -> Iterator[str]:
    """All strings in a piece of YAML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in texts(item))


def seconds(duration: str) -> int:
    """A duration of Compose, as 1h30m or 11m."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", duration))


@every_service
def test_a_container_can_change_nothing_and_gain_nothing(name: str) -> None:
    """The root file system is read-only, no capability is left, and no setuid program can give one back."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices", "container_name"}


@every_service
def test_no_container_runs_as_root(name: str) -> None:
    """Our image has its own user, and each foreign one is told to use the one it brings."""
    service = SERVICES[name]
    if "build" in service:
        assert "user" not in service
        assert re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE) == ["mmq"]
    else:
        assert service["user"] == name


@every_service
def test_resources_and_logs_are_bounded(name: str) -> None:
    """No service can take the whole machine, nor fill its disk with logs."""
    assert SERVICES[name]["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}


@every_service
def test_ports_are_published_on_loopback_only(name: str) -> None:
    """Only Flower publishes a port, and only to this machine."""
    assert SERVICES[name].get("ports", []) == (["127.0.0.1:5555:5555"] if name == "flower" else [])


@every_service
def test_images_name_a_release(name: str) -> None:
    """A foreign image is pinned to a release and a distribution: PostgreSQL's sorting changes with its C library."""
    image = SERVICES[name]["image"]
    assert re.fullmatch("minimax-queue" if "build" in SERVICES[name] else r"\w+:\d+(\.\d+)?-bookworm", image)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_data_services_reach_nothing_and_are_reached_by_nobody_else(name: str) -> None:
    """They live on the internal network, and keep their data in a volume that is declared."""
    assert SERVICES[name]["networks"] == ["queue"]
    assert COMPOSE["networks"]["queue"] == {"internal": True}
    assert SERVICES[name]["volumes"][0].split(":")[0] in COMPOSE["volumes"]


@every_server
def test_what_serves_comes_back_and_is_watched(name: str) -> None:
    """It restarts by itself, and its health check has limits."""
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"].keys() >= {"test", "interval", "timeout", "retries", "start_period"}


@pytest.mark.parametrize(
    ("name", "proof"),
    [
        ("postgres", "pg_isready -h 127.0.0.1"),
        ("redis", "redis-cli ping | grep -qx PONG"),
        ("flower", "http://127.0.0.1:5555/healthcheck"),
        *((name, "python -m worker.health") for name in WORKERS),
    ],
)
def test_health_is_asked_of_the_service_itself(name: str, proof: str) -> None:
    """Each check asks what the service is there for, and a worker its lease."""
    assert proof in " ".join(SERVICES[name]["healthcheck"]["test"])


def test_no_password_has_a_default() -> None:
    """Each use of a password stops Compose with an explanation if it is not set."""
    uses = [use for text in texts(COMPOSE) for use in REFERENCE.findall(text) if "PASSWORD" in use[0]]
    assert {name for name, _ in uses} == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "FLOWER_PASSWORD"}
    assert all(modifier.startswith(":?set it in .env") for _, modifier in uses)


def test_the_example_names_all_that_must_be_set_and_sets_nothing() -> None:
    """`.env.example` lists the required variables, empty; what else it shows is read by the compose file."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    required = {name for text in texts(COMPOSE) for name, how in REFERENCE.findall(text) if how.startswith(":?")}
    known = {name for text in texts(COMPOSE) for name, _ in REFERENCE.findall(text)}
    assert {line for line in lines if line and not line.startswith("#")} == {f"{name}=" for name in required}
    assert {line[1:].split("=")[0] for line in lines if re.match(r"#[A-Z]", line)} <= known


def test_the_key_is_a_file_that_only_workers_see() -> None:
    """It is in no environment, where `docker inspect` would show it, and in no other container."""
    assert COMPOSE["secrets"] == {"minimax_api_key": {"file": "./secrets/minimax_api_key"}}
    assert [name for name in sorted(SERVICES) if SERVICES[name].get("secrets")] == WORKERS
    assert not any("MINIMAX_API_KEY" in service.get("environment", {}) for service in SERVICES.values())
    for name in WORKERS:
        assert SERVICES[name]["environment"]["MINIMAX_API_KEY_FILE"] == "/run/secrets/minimax_api_key"


@every_service
def test_every_setting_is_one_that_is_read(name: str) -> None:
    """A variable that nothing reads would be a wish that nobody hears."""
    ours = {key for key in SERVICES[name].get("environment", {}) if key.startswith(("MMQ_", "MINIMAX_"))}
    assert ours <= VARIABLES


def test_every_lane_is_served_and_interactive_has_workers_of_its_own() -> None:
    """A backlog cannot take the places of those who wait for an answer."""
    commands = {name: SERVICES[name]["command"] for name in WORKERS}
    lanes = {name: command[command.index("--lanes") + 1].split(",") for name, command in commands.items()}
    assert sorted(lane for served in lanes.values() for lane in served) == sorted(LANES)
    assert ["interactive"] in lanes.values()


@every_worker
def test_a_worker_may_finish_its_calls_before_it_is_killed(name: str) -> None:
    """Docker waits longer than the longest call, and longer than the worker itself does."""
    assert seconds(SERVICES[name]["stop_grace_period"]) > Timeouts().total


@every_worker
def test_a_worker_starts_on_a_migrated_database(name: str) -> None:
    """The migration runs once, to its end, after PostgreSQL answers and before any worker."""
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["restart"] == "no"
