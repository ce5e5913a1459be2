"""Where Redis is, in the forms that redis-py and Celery want."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from worker.configuration.broker import (
    SOCKET_PATH_BYTES,
    broker_complaint,
    broker_url,
    redis_complaint,
    socket_path,
)
from worker.errors import ConfigurationError
from worker.settings import load


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"MMQ_HOME": "/srv/mmq"}, "redis+socket:///srv/mmq/redis.sock"),
        ({"MMQ_REDIS_URL": "redis://:word@cache:6379/1"}, "redis://:word@cache:6379/1"),
        ({"MMQ_REDIS_URL": " redis://cache:6379/1\n"}, "redis://cache:6379/1"),
        ({"MMQ_REDIS_URL": "rediss://cache:6379/1"}, "rediss://cache:6379/1?ssl_cert_reqs=required"),
        ({"MMQ_REDIS_URL": "unix:///run/redis.sock"}, "redis+socket:///run/redis.sock"),
        ({"MMQ_REDIS_URL": "unix:///run/redis.sock?db=2"}, "redis+socket:///run/redis.sock?virtual_host=2"),
        ({"MMQ_REDIS_URL": "unix://:word@/run/redis.sock?db=2"}, "redis+socket://:word@/run/redis.sock?virtual_host=2"),
        ({"MMQ_BROKER_URL": "amqp://rabbit//", "MMQ_REDIS_URL": "redis://cache"}, "amqp://rabbit//"),
        ({"MMQ_BROKER_URL": " ", "MMQ_REDIS_URL": "redis://cache"}, "redis://cache"),
    ],
)
def test_celery_gets_the_broker_that_is_set_or_the_embedded_one(environ, url):
    """MMQ_BROKER_URL, else MMQ_REDIS_URL, else the socket of MMQ_HOME, in kombu's spelling."""
    assert broker_url(environ) == url


def test_the_embedded_broker_of_a_relative_home_is_absolute():
    """Celery may run in another folder than the one who enqueues."""
    assert broker_url({}) == f"redis+socket://{socket_path(Path.cwd() / '.mmq')}"


@pytest.mark.parametrize(
    "url", ["redis://cache", "redis://:word@cache:6379/0", "rediss://cache:1/0", "unix:///run/r.sock"]
)
def test_urls_that_redis_understands_have_no_complaint(url):
    """TCP, TLS and unix sockets."""
    assert redis_complaint(url) is None


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://:word@cache", "begins with 'http'"),
        ("cache:6379", "begins with 'cache'"),
        ("redis://", "names no host"),
        ("redis:///0", "names no host"),
        ("unix://", "names no socket"),
        ("redis://:word@cache:port", "is not a URL"),
        ("redis://[::1", "is not a URL"),
        ("sentinel://:word@one:26379;sentinel://two:26379", "names Sentinels"),
    ],
)
def test_a_complaint_tells_what_is_wrong_without_the_password(url, complaint):
    """It is printed and logged."""
    assert complaint in (redis_complaint(url) or "")
    assert "word" not in (redis_complaint(url) or "")


def test_the_socket_is_in_the_home_where_its_path_is_short_enough():
    """Whoever looks for it finds it there."""
    assert socket_path(Path("/srv/mmq")) == Path("/srv/mmq/redis.sock")


def test_a_long_home_has_its_socket_in_a_folder_of_its_own():
    """Below the kernel's limit, the same for the same home, another for another home or user."""
    home = Path("/home") / ("ü" * 60)
    path = socket_path(home)
    assert len(os.fsencode(path)) <= SOCKET_PATH_BYTES
    assert path == socket_path(home)
    assert path.parent != socket_path(home / "other").parent
    assert f"mmq-{os.getuid()}-" in str(path)


@pytest.mark.parametrize("name", ["MMQ_REDIS_URL", "MMQ_BROKER_URL"])
def test_sentinels_are_refused_with_the_way_that_works(name):
    """Celery would fail for want of the master's name, and admission could not ask them at all."""
    with pytest.raises(ConfigurationError, match=rf"{name}: names Sentinels.*one address that follows the master"):
        load({name: "sentinel://one:26379"})


def test_another_broker_than_redis_has_no_complaint():
    """What Celery knows is Celery's to judge."""
    assert broker_complaint("amqp://rabbit//") is None
