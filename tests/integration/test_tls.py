"""TLS where a URL asks for it: what the clients say first, and that they say nothing secret to who cannot answer it."""

from __future__ import annotations

import asyncio
from ssl import CERT_NONE, CERT_REQUIRED, VerifyMode

import pytest
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from models.session import open_database, reading
from support.listener import listening
from tasks.producer import producer
from worker.admission.connection import connect
from worker.configuration.broker import for_celery

PASSWORD = "a-marked-password"
TLS_HELLO = b"\x16\x03"  # record type handshake, version 3.x
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL's question whether the server speaks TLS
NO_TLS = b"N"


def test_admission_speaks_tls_to_rediss() -> None:
    """The first bytes are a TLS hello, and the password is not among what was said."""

    async def ask(url: str) -> None:
        redis = connect(url)
        try:
            await redis.ping()
        finally:
            await redis.aclose()

    with listening() as listener, pytest.raises((RedisError, OSError)):
        asyncio.run(ask(f"rediss://:{PASSWORD}@127.0.0.1:{listener.port}/0"))
    assert listener.heard[0].startswith(TLS_HELLO)
    assert PASSWORD.encode() not in b"".join(listener.heard)


def test_celery_speaks_tls_to_rediss() -> None:
    """The same for the broker's connection, which is another library's."""
    with listening() as listener:
        app = producer(for_celery(f"rediss://:{PASSWORD}@127.0.0.1:{listener.port}/0"))
        try:
            with app.connection_for_write() as connection, pytest.raises((BrokerError, RedisError, OSError)):
                connection.connect()
        finally:
            app.close()
    assert listener.heard[0].startswith(TLS_HELLO)
    assert PASSWORD.encode() not in b"".join(listener.heard)


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("rediss://h:6379/0", CERT_REQUIRED),
        ("rediss://h:6379/0?ssl_ca_certs=/ca.pem", CERT_REQUIRED),
        ("rediss://h:6379/0?ssl_cert_reqs=none", CERT_NONE),
    ],
)
def test_celery_checks_certificates_unless_told_not_to(url: str, checked: VerifyMode) -> None:
    """Left to itself it would take any."""
    app = producer(for_celery(url))
    try:
        with app.connection_for_write() as connection:
            assert connection.ssl["ssl_cert_reqs"] == checked
    finally:
        app.close()


def test_admission_checks_certificates() -> None:
    """Both the certificate and that it is of this host, without being asked to."""
    redis = connect(f"rediss://:{PASSWORD}@127.0.0.1:6379/0")
    context = redis.connection_pool.make_connection().ssl_context
    assert (context.cert_reqs, context.check_hostname) == (CERT_REQUIRED, True)


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_postgresql_is_asked_for_tls_and_told_nothing_without_it(mode: str) -> None:
    """`sslmode` reaches the driver: where the server has no TLS, neither user nor password is sent."""
    with listening(NO_TLS) as listener:
        url = f"postgresql://me:{PASSWORD}@127.0.0.1:{listener.port}/jobs?sslmode={mode}&gssencmode=disable"
        database = open_database(url)
        with pytest.raises(OperationalError), reading(database):
            pass
        database.dispose()
    assert set(listener.heard) == {SSL_REQUEST}
