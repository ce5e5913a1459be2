"""The embedded Redis of a home: real servers, started and taken over."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from mmq.local.redis import EmbeddedRedis, answers, executable, installed
from support.processes import of_group
from support.waiting import eventually
from worker.configuration.broker import socket_path
from worker.errors import ConfigurationError, Unavailable


@pytest.fixture
def home():
    """A home whose socket path is short enough, which pytest's own folder often is not."""
    with tempfile.TemporaryDirectory(prefix="mmq-", dir="/tmp") as folder:
        yield Path(folder) / "home"


@pytest.fixture
def embedded(home):
    """An embedded Redis that is ended after the test."""
    server = EmbeddedRedis(home)
    yield server
    server.stop()


def client(home: Path) -> redis.Redis:
    """A client of the home's Redis."""
    return redis.Redis(unix_socket_path=str(socket_path(home)))


def test_it_answers_on_a_private_socket_alone_and_keeps_nothing(home, embedded):
    """Nobody else may connect, nothing listens on TCP, nothing is evicted and nothing is saved."""
    embedded.ensure()
    with client(home) as connection:
        assert connection.ping()
        settings = connection.config_get("*")
    assert settings["port"] == "0"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["appendonly"] == "no"
    assert settings["save"] == ""
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket_path(home).stat().st_mode) == 0o700


def test_it_does_not_get_our_environment(home, embedded, monkeypatch):
    """The key may be in there, and Redis has no use for it."""
    monkeypatch.setenv("MINIMAX_API_KEY", "sk-api-planted")
    embedded.ensure()
    command = ["ps", "ewww", "-p", str(embedded.child.pid)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "redis-server" in listing
    assert "sk-api-planted" not in listing


def test_stop_ends_it_and_a_second_stop_does_nothing(home, embedded):
    """Neither the server nor its watcher nor its socket is left."""
    embedded.ensure()
    pid = embedded.child.pid
    embedded.stop()
    embedded.stop()
    assert not answers(socket_path(home))
    assert not socket_path(home).exists()
    eventually(lambda: not of_group(pid))


def test_a_second_user_of_a_home_shares_the_server_and_does_not_end_it(home, embedded):
    """Whoever started it ends it."""
    embedded.ensure()
    second = EmbeddedRedis(home)
    second.ensure()
    assert second.child is None
    second.stop()
    assert answers(socket_path(home))


def test_whoever_is_left_takes_over_when_the_server_ends_with_another(home, embedded):
    """Two runs in one home: the first ends and takes its Redis with it, the second starts its own."""
    first = EmbeddedRedis(home)
    first.ensure()
    embedded.ensure()
    first.stop()
    embedded.ensure()
    assert embedded.child is not None
    assert answers(socket_path(home))


def test_a_server_of_ours_that_was_killed_is_started_again(home, embedded):
    """It leaves a socket behind that nobody listens on; that does not count as an answer."""
    embedded.ensure()
    first = embedded.child.pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: not answers(socket_path(home)))
    assert socket_path(home).exists()
    embedded.ensure()
    assert embedded.child.pid != first
    assert answers(socket_path(home))


def test_many_who_start_at_once_start_one_server(home):
    """They take turns by a file lock; the later ones find the first one's server."""
    servers = [EmbeddedRedis(home) for _ in range(4)]
    try:
        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(EmbeddedRedis.ensure, servers))
        assert len([server for server in servers if server.child]) == 1
    finally:
        for server in servers:
            server.stop()


def test_a_home_with_a_long_path_has_its_socket_in_a_private_folder(tmp_path):
    """The kernel allows about 100 bytes for a socket's path, people's project folders are longer."""
    home = tmp_path / ("long" * 30)
    server = EmbeddedRedis(home)
    try:
        server.ensure()
        with client(home) as connection:
            assert connection.ping()
        folder = socket_path(home).parent
        assert folder != home
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        server.stop()
        socket_path(home).parent.rmdir()


def test_a_server_that_does_not_come_up_says_why(home, embedded):
    """The error holds the server's own words."""
    socket_path(home).mkdir(parents=True)  # a folder where the socket should be
    with pytest.raises(Unavailable, match=r"(?s)did not start: .*[Ss]ocket"):
        embedded.ensure()


def test_the_bundled_server_or_an_installed_one_is_found():
    """This machine has one, or the project's tests would be skipped for want of it."""
    assert os.access(executable(), os.X_OK)


def fake_server(folder: Path, name: str, version_line: str) -> None:
    """A program that only tells its version."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{version_line}'\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("redis-server", "Redis server v=6.2.14 sha=0:0 malloc=libc bits=64 build=0"),
        ("redis-server", "Redis server v=8.0.0 sha=0:0 malloc=jemalloc-5.3.0 bits=64 build=0"),
        ("valkey-server", "Valkey server v=7.2.5 sha=0:0 malloc=jemalloc-5.3.0 bits=64 build=0"),
    ],
)
def test_an_installed_server_that_is_new_enough_is_taken(tmp_path, name, line):
    """Redis or Valkey, 6.2 or newer."""
    fake_server(tmp_path, name, line)
    assert installed(str(tmp_path)) == str(tmp_path / name)


def test_an_old_redis_is_passed_over_for_a_new_valkey(tmp_path):
    """The first that is new enough, not the first that is there."""
    fake_server(tmp_path, "redis-server", "Redis server v=6.0.16 sha=0:0")
    fake_server(tmp_path, "valkey-server", "Valkey server v=8.1.1 sha=0:0")
    assert installed(str(tmp_path)) == str(tmp_path / "valkey-server")


def test_no_server_new_enough_is_an_error_that_says_how_to_install_one(tmp_path):
    """It names what was found, and a way for Debian, macOS and pip."""
    fake_server(tmp_path, "redis-server", "Redis server v=6.0.16 sha=0:0")
    with pytest.raises(ConfigurationError) as caught:
        installed(str(tmp_path))
    for word in (f"{tmp_path}/redis-server is 6.0", "apt install", "brew install", "pip install", "MMQ_REDIS_URL"):
        assert word in str(caught.value)
